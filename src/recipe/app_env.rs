//! The app's env, made from `.env.sample`, `abra.sh` and the settings as an operator's tool would make it.
//! The env of hooks is added later. Pure.

use super::envfile::{EnvFile, abra_exports};
use ccci_model::diag::{Diagnostics, Text};
use ccci_model::name::{Domain, RecipeName};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An app's env and what it was made from.
#[derive(Debug, Clone, Default)]
pub struct AppEnv {
    /// `.env.sample` with the run's domain filled in; its secrets and their modifiers are read from here.
    pub sample: EnvFile,
    /// The variables.
    pub vars: BTreeMap<String, String>,
}

/// Sources of an app's env.
pub struct From<'a> {
    /// `.env.sample`.
    pub sample: Option<&'a Arc<Text>>,
    /// `abra.sh`.
    pub abra: Option<&'a Arc<Text>>,
    /// Variables of the settings; later tables override earlier ones.
    pub settings: &'a [&'a BTreeMap<String, String>],
    /// The run's domain.
    pub domain: &'a Domain,
    /// The recipe.
    pub recipe: &'a RecipeName,
}

/// Makes the env: the sample with the domain filled in, overridden by the exports of `abra.sh`, overridden by
/// the settings. `DOMAIN` and `STACK_NAME` are always the run's. `LETS_ENCRYPT_ENV` is empty unless the
/// settings set it, because nobody issues certificates for a run's domain.
pub fn app_env(from: &From<'_>) -> (AppEnv, Diagnostics) {
    let (sample, mut diagnostics) = match from.sample {
        Some(text) => read_sample(text, from),
        None => Default::default(),
    };
    let mut vars = sample.map();
    if vars.contains_key("LETS_ENCRYPT_ENV") {
        vars.insert("LETS_ENCRYPT_ENV".into(), String::new());
    }
    let exports = from.abra.map(abra_exports).unwrap_or_default();
    let settings = from.settings.iter().flat_map(|m| m.iter().map(|(k, v)| (k.clone(), v.clone())));
    vars.extend(exports.into_iter().chain(settings));
    vars.insert("DOMAIN".into(), from.domain.to_string());
    vars.insert("STACK_NAME".into(), from.domain.stack().to_string());
    // the text with the run's domain has other positions than the text that the author wrote
    diagnostics.0.iter_mut().for_each(|d| {
        if let (Some(place), Some(text)) = (&mut d.place, from.sample) {
            *place = ccci_model::diag::Place::at_line(text, place.line_column().0, place.line_column().1, 1);
        }
    });
    (AppEnv { sample, vars }, diagnostics)
}

/// Reads the sample as `abra app new` gives it to an operator: the run's domain replaces
/// `<recipe>.example.com` and is the value of `DOMAIN`, before other lines use it.
fn read_sample(text: &Arc<Text>, from: &From<'_>) -> (EnvFile, Diagnostics) {
    let named = format!("{}.example.com", from.recipe);
    let content = text.content.replace(&named, from.domain.as_str());
    let draft = Arc::new(Text { path: text.path.clone(), content });
    let mut content = draft.content.clone();
    let domains = EnvFile::parse(&draft).0.entries.into_iter().filter(|e| e.key == "DOMAIN");
    for entry in domains.collect::<Vec<_>>().into_iter().rev() {
        let from_key = entry.place.range.end;
        let end = content[from_key..].find('\n').map_or(content.len(), |n| from_key + n);
        content.replace_range(from_key..end, &format!("={}", from.domain));
    }
    let outer = BTreeMap::from([("DOMAIN".to_string(), from.domain.to_string())]);
    EnvFile::parse_with(&Arc::new(Text { path: text.path.clone(), content }), &outer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose_files;

    fn made(sample: &str, abra: &str, settings: &[(&str, &str)]) -> BTreeMap<String, String> {
        let text = |content: &str| Arc::new(Text { path: "x".into(), content: content.into() });
        let settings = settings.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect();
        let from = From {
            sample: Some(&text(sample)),
            abra: Some(&text(abra)),
            settings: &[&settings],
            domain: &Domain::parse("ghos-1a2b3c.ccci.test").unwrap(),
            recipe: &RecipeName::parse("ghost").unwrap(),
        };
        let (env, diagnostics) = app_env(&from);
        assert_eq!(diagnostics.0, vec![]);
        env.vars
    }

    #[test]
    fn the_runs_domain_stands_wherever_the_sample_has_its_own() {
        let env = made(
            "DOMAIN=old.example.org # yours\nURL=https://$DOMAIN/x\nMAIL=me@ghost.example.com\nEXTRA=${DOMAIN}\n",
            "",
            &[],
        );
        assert_eq!(env["DOMAIN"], "ghos-1a2b3c.ccci.test");
        assert_eq!(env["URL"], "https://ghos-1a2b3c.ccci.test/x");
        assert_eq!(env["MAIL"], "me@ghos-1a2b3c.ccci.test");
        assert_eq!(env["EXTRA"], "ghos-1a2b3c.ccci.test");
        assert_eq!(env["STACK_NAME"], "ghos-1a2b3c_ccci_test");
    }

    #[test]
    fn abra_sh_lies_over_the_sample_and_the_settings_over_both() {
        let env =
            made("A=sample\nB=sample\nC=sample\n", "export B=abra\nexport C=abra\n", &[("C", "settings")]);
        assert_eq!((&*env["A"], &*env["B"], &*env["C"]), ("sample", "abra", "settings"));
    }

    #[test]
    fn no_certificate_is_asked_for_unless_the_settings_say_so() {
        assert_eq!(made("LETS_ENCRYPT_ENV=production\n", "", &[])["LETS_ENCRYPT_ENV"], "");
        let env = made("LETS_ENCRYPT_ENV=production\n", "", &[("LETS_ENCRYPT_ENV", "staging")]);
        assert_eq!(env["LETS_ENCRYPT_ENV"], "staging");
        assert!(!made("", "", &[]).contains_key("LETS_ENCRYPT_ENV"));
    }

    #[test]
    fn compose_file_extends_itself() {
        let sample = "COMPOSE_FILE=\"compose.yml\"\nCOMPOSE_FILE=\"$COMPOSE_FILE:compose.smtp.yml\"\n";
        assert_eq!(compose_files::names(&made(sample, "", &[])), ["compose.yml", "compose.smtp.yml"]);
    }
}
