//! The cookies of one session.
//! The jar takes at most `limits::COOKIES`, so that no app can fill the memory.

use ccci_script::limits::COOKIES;
use ccci_swarm::ports::web::WebError;
use reqwest::Url;
use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// A jar, and the bytes of each cookie in it, because the jar does not show how much it holds.
#[derive(Default)]
pub(super) struct Cookies {
    jar: Jar,
    bytes: Mutex<HashMap<String, usize>>,
}

impl Cookies {
    /// The header for a request to `url`, if there is a cookie for it.
    pub(crate) fn of(&self, url: &Url) -> Option<HeaderValue> {
        self.jar.cookies(url)
    }

    /// Keeps the cookies that an answer from `url` sets. If they would exceed the limit of a session, this is an
    /// error and none of the answer's cookies is kept.
    pub(crate) fn keep(&self, headers: &HeaderMap, url: &Url) -> Result<(), WebError> {
        if !headers.contains_key(SET_COOKIE) {
            return Ok(());
        }
        let set = || headers.get_all(SET_COOKIE).iter();
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let coming = set().map(|cookie| (identity(cookie, url), cookie.len() + url.as_str().len()));
        let mut after = bytes.clone();
        after.extend(coming);
        if after.values().sum::<usize>() > COOKIES.most {
            return Err(WebError::too_many_cookies(url.as_str(), COOKIES.most));
        }
        *bytes = after;
        self.jar.set_cookies(&mut set(), url);
        Ok(())
    }
}

/// What distinguishes cookies (RFC 6265, 5.3): name, host or `Domain`, and `Path` or the folder of the page. A
/// cookie that is set again replaces the older one.
fn identity(cookie: &HeaderValue, url: &Url) -> String {
    let text = String::from_utf8_lossy(cookie.as_bytes());
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().and_then(|pair| pair.split('=').next()).unwrap_or_default().to_string();
    let places: Vec<String> = parts
        .map(str::to_ascii_lowercase)
        .filter(|part| part.starts_with("domain=") || part.starts_with("path="))
        .collect();
    let folder = url.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = if places.iter().any(|p| p.starts_with("path=")) { "" } else { folder };
    format!("{name} {} {folder} {}", url.host_str().unwrap_or_default(), places.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer that sets these cookies.
    fn setting(cookies: &[String]) -> HeaderMap {
        cookies.iter().map(|c| (SET_COOKIE, c.parse().unwrap())).collect()
    }

    fn url(path: &str) -> Url {
        format!("https://a.ccci.test{path}").parse().unwrap()
    }

    #[test]
    fn a_cookie_that_is_set_again_takes_no_more_room() {
        let cookies = Cookies::default();
        for n in 0..COOKIES.most / 100 {
            let again = setting(&[format!("id={n:0>2000}; Path=/; Secure")]);
            cookies.keep(&again, &url(&format!("/page/{n}"))).unwrap();
        }
        let sent = cookies.of(&url("/")).unwrap();
        assert_eq!(sent.len(), "id=".len() + 2000);
    }

    #[test]
    fn bound_cookies_are_refused_beyond_it_and_those_before_stay() {
        let cookies = Cookies::default();
        let mut kept = 0;
        let refused = loop {
            let more = setting(&[format!("c{kept}={}; Path=/", "x".repeat(4000))]);
            match cookies.keep(&more, &url("/")) {
                Ok(()) => kept += 1,
                Err(e) => break e.to_string(),
            }
            assert!(kept < 300, "more than a session may hold");
        };
        assert!(refused.contains("1048576 bytes"), "{refused}");
        assert_eq!(cookies.of(&url("/")).unwrap().to_str().unwrap().matches('=').count(), kept);
    }

    #[test]
    fn cookies_of_one_name_count_for_each_place() {
        let cookies = Cookies::default();
        cookies.keep(&setting(&["id=1".into()]), &url("/one/page")).unwrap();
        cookies.keep(&setting(&["id=2".into()]), &url("/two/page")).unwrap();
        cookies.keep(&setting(&["id=3".into()]), &url("/two/other")).unwrap();
        assert_eq!(cookies.bytes.lock().unwrap().len(), 2);
        assert_eq!(cookies.of(&url("/two/x")).unwrap(), "id=3");
    }
}
