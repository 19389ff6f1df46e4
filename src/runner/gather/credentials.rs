//! Secrets in the address of a source: a password or token before the host, and tokens in the query. Pure.

use ccci_model::secret::Secret;
use percent_encoding::percent_decode_str;
use reqwest::Url;

/// The secrets of an HTTP address. A path has none, and neither has the user of an SSH address.
pub(crate) fn of(source: &str) -> Vec<Secret> {
    let Some(url) = Url::parse(source).ok().filter(|u| ["http", "https"].contains(&u.scheme())) else {
        return vec![];
    };
    // a token can stand alone, in place of the user
    let login = url.password().unwrap_or(url.username()).to_string();
    let values = url.query_pairs().map(|(_, value)| value.into_owned());
    // the redactor also finds the percent-encoded form, so it needs the decoded value
    let login = percent_decode_str(&login).decode_utf8_lossy().into_owned();
    std::iter::once(login).chain(values).filter(|v| !v.is_empty()).map(Secret::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::redact::Redactor;

    #[test]
    fn what_is_secret_in_an_address_is_hidden_however_it_is_shown() {
        for (source, secret) in [
            ("https://joe:S3cretTok@git.example/x.git", "S3cretTok"),
            ("https://ghp_0123456789@git.example/x.git", "ghp_0123456789"),
            ("https://joe:S3%24cr%2BtTok@git.example/x.git", "S3$cr+tTok"),
            ("http://git.example/x.git?access_token=glpat-77xw", "glpat-77xw"),
        ] {
            let r = Redactor::default();
            for secret in of(source) {
                r.add("source", &secret);
            }
            assert!(!r.hide(source).contains(secret), "{}", r.hide(source));
            assert!(!r.hide(&format!("fatal: {secret} refused")).contains(secret));
            assert_ne!(r.hide(source), source);
            assert!(r.hide(source).contains("git.example/x.git"));
        }
    }

    #[test]
    fn what_is_no_login_stays_readable() {
        for source in
            ["../recipes/joomla", "git@git.example:co-op/joomla.git", "ssh://forgejo@git.example/joomla.git"]
        {
            assert!(of(source).is_empty(), "{source}");
        }
    }
}
