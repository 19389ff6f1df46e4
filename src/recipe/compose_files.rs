//! COMPOSE_FILE: which compose files an app is made of. Gathering, the lint rung and the deploy ask here alone.
//!
//! It means what it means to abra and to docker compose (measured with compose-go 2.4.9): the value is cut at each `:`
//! and every part is a path as it is written, blanks included. An empty part is the directory itself, which neither can
//! read. Without the variable it is `compose.yml`. `COMPOSE_PATH_SEPARATOR` is docker compose's alone: abra, which
//! deploys recipes, cuts at `:` whatever that says.

use crate::compose::{Around, Composed};
use crate::source::{Files, tidy};
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::diag::{Code, Diagnostic, Diagnostics, Text, codes};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The variable.
pub const COMPOSE_FILE: &str = "COMPOSE_FILE";
/// What stands between two files.
pub(crate) const SEPARATOR: char = ':';
/// The file of a recipe that names none.
pub(crate) const DEFAULT: &str = "compose.yml";
/// What a file of a recipe has to be, said of one that is not.
pub const UNREADABLE_HELP: &str = "it has to be a text in UTF-8 inside the repository that is not too large";
/// Docker compose's variable for another separator.
const PATH_SEPARATOR: &str = "COMPOSE_PATH_SEPARATOR";

/// The files that an env names, in their order; `DEFAULT` if it does not say. A part may be empty or no file.
pub fn names(env: &BTreeMap<String, String>) -> Vec<String> {
    let list = env.get(COMPOSE_FILE).map_or(DEFAULT, String::as_str);
    list.split(SEPARATOR).map(Into::into).collect()
}

/// The texts of the files that an env names, in their order, or what is wrong with each part that is none.
pub fn read(env: &BTreeMap<String, String>, files: &Files) -> Result<Vec<Arc<Text>>, Vec<Fault>> {
    let names = names(env);
    let (mut texts, mut faults) = (vec![], vec![]);
    for (at, name) in names.iter().enumerate() {
        match files.text_at(name) {
            Some(text) => texts.push(text.clone()),
            None if name.is_empty() => faults.push(Fault::EmptyPart { at, list: names.join(":") }),
            None => faults.push(match files.unreadable_at(name) {
                Some(why) => Fault::Unreadable { name: name.clone(), why },
                None => Fault::Missing { name: name.clone(), help: help(name, env, files) },
            }),
        }
    }
    if faults.is_empty() { Ok(texts) } else { Err(faults) }
}

/// Composes texts with this env, in which `COMPOSE_FILE` names the first of them. Docker's loader begins the relative
/// paths of configs, secrets and env files at the directory of the first file.
pub fn compose(
    texts: &[Arc<Text>],
    env: &BTreeMap<String, String>,
    files: &Files,
) -> (Option<Composed>, Diagnostics) {
    let first = names(env).into_iter().next().and_then(|name| tidy(&name)).unwrap_or_default();
    let directory = first.rsplit_once('/').map(|(directory, _)| directory);
    let beside = |path: &str| match directory {
        Some(directory) if !path.starts_with('/') => format!("{directory}/{path}"),
        _ => path.to_string(),
    };
    let read = |path: &str| files.text_at(&beside(path)).map(|t| t.content.clone());
    let (mut composed, mut found) = Composed::build(texts, &Around { env, read: &read });
    found.0.iter_mut().filter(|d| d.code == codes::MISSING_VARIABLE && d.help.is_none()).for_each(to_do);
    if directory.is_some() {
        composed.iter_mut().for_each(|composed| composed.move_files(beside));
    }
    (composed, found)
}

/// Says what to do about a required variable without a value.
fn to_do(missing: &mut Diagnostic) {
    let name = missing.about.as_deref().unwrap_or("NAME");
    let default = format!("a default: `${{{name}:-…}}`");
    missing.help = Some(format!("give it a value in `.env.sample` or in the setting `env`, or {default}"));
}

/// What is wrong with one part of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is empty.
    EmptyPart {
        /// Which part, from 0.
        at: usize,
        /// The whole list.
        list: String,
    },
    /// The recipe has no such file.
    Missing {
        /// As it is written.
        name: String,
        /// What to do.
        help: String,
    },
    /// There is something, but no text.
    Unreadable {
        /// As it is written.
        name: String,
        /// Why it is none.
        why: String,
    },
}

impl Fault {
    /// The code of its diagnostic.
    pub fn code(&self) -> &'static Code {
        match self {
            Fault::EmptyPart { .. } | Fault::Missing { .. } => codes::NO_COMPOSE_FILE,
            Fault::Unreadable { .. } => codes::UNREADABLE_FILE,
        }
    }

    /// The path that is at fault; none if nothing is written there.
    pub fn name(&self) -> Option<&str> {
        match self {
            Fault::EmptyPart { .. } => None,
            Fault::Missing { name, .. } | Fault::Unreadable { name, .. } => Some(name),
        }
    }

    /// What is wrong, in one sentence without a stop.
    pub fn message(&self) -> String {
        match self {
            Fault::EmptyPart { list, .. } if list.is_empty() => {
                format!("{COMPOSE_FILE} is set and empty, so it names the recipe's directory and no file")
            }
            Fault::EmptyPart { at, list } => {
                format!("part {} of {COMPOSE_FILE} (`{list}`) is empty and names no file", at + 1)
            }
            Fault::Missing { name, .. } => format!("the recipe has no compose file `{name}`"),
            Fault::Unreadable { name, why } => format!("the compose file `{name}` cannot be read: {why}"),
        }
    }

    /// What to do about it.
    pub fn help(&self) -> &str {
        match self {
            Fault::EmptyPart { list, .. } if list.is_empty() => {
                "name the files, or leave the variable out: then it is `compose.yml`"
            }
            Fault::EmptyPart { .. } => "write one `:` between two files, and none before or after them",
            Fault::Missing { help, .. } => help,
            Fault::Unreadable { .. } => UNREADABLE_HELP,
        }
    }
}

/// What the author of a name that is no file may have meant.
fn help(name: &str, env: &BTreeMap<String, String>, files: &Files) -> String {
    let is_file = |name: &str| files.text_at(name).is_some();
    if is_file(name.trim()) {
        return format!("blanks are part of a name: write `{}` without them", name.trim());
    }
    let other = env.get(PATH_SEPARATOR).filter(|s| !s.is_empty()).map(String::as_str);
    let cut_at = |separator: &str| {
        let parts: Vec<&str> = name.split(separator).map(str::trim).filter(|p| !p.is_empty()).collect();
        parts.len() > 1 && parts.into_iter().all(is_file)
    };
    if let Some(separator) = other.into_iter().chain([",", ";", " "]).find(|s| cut_at(s)) {
        let unread = other.map(|_| format!(", and abra does not read {PATH_SEPARATOR}")).unwrap_or_default();
        return format!("files are separated by `{SEPARATOR}`, not by `{separator}`{unread}");
    }
    let known: Vec<&str> = files.texts.keys().map(String::as_str).filter(|p| is_compose_file(p)).collect();
    did_you_mean(name, known.iter().copied()).map(|h| h.text).unwrap_or_else(|| match known[..] {
        [] if name == DEFAULT => format!("a recipe has a `{DEFAULT}` at the root of its repository"),
        [] => format!("{COMPOSE_FILE} names files by their paths from the root of the repository"),
        _ => format!("there are {}", known.join(", ")),
    })
}

/// Whether a path is a compose file by its name: `compose.yml` or `compose.<what>.yml` at the root of the repository.
pub(crate) fn is_compose_file(path: &str) -> bool {
    path == DEFAULT || (path.starts_with("compose.") && path.ends_with(".yml") && !path.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a list in a recipe with two compose files: their paths, or what is said of each fault.
    fn read_list(list: Option<&str>, separator: Option<&str>) -> Result<String, String> {
        let given = [(COMPOSE_FILE, list), (PATH_SEPARATOR, separator)];
        let env = given.into_iter().filter_map(|(k, v)| Some((k.to_string(), v?.to_string()))).collect();
        let paths = ["compose.yml", "compose.smtp.yml", "conf/x.yml"];
        let text = |p: &str| (p.to_string(), Arc::new(Text { path: p.into(), content: String::new() }));
        let files = Files { texts: paths.iter().map(|p| text(p)).collect(), ..Files::default() };
        let paths =
            |texts: Vec<Arc<Text>>| texts.iter().map(|t| t.path.as_str()).collect::<Vec<_>>().join(" + ");
        let faults = |f: &Fault| format!("{}: {} ({})", f.code().id, f.message(), f.help());
        read(&env, &files).map(paths).map_err(|all| all.iter().map(faults).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn a_list_is_cut_at_colons_and_each_part_is_a_path() {
        for (list, read) in [
            (None, "compose.yml"),
            (Some("compose.yml"), "compose.yml"),
            (Some("compose.yml:compose.smtp.yml"), "compose.yml + compose.smtp.yml"),
            (
                Some("./compose.yml:x/../compose.smtp.yml:conf/x.yml"),
                "compose.yml + compose.smtp.yml + conf/x.yml",
            ),
            (Some("compose.yml:compose.yml"), "compose.yml + compose.yml"),
        ] {
            assert_eq!(read_list(list, None).as_deref(), Ok(read), "{list:?}");
            assert_eq!(read_list(list, Some(":")).as_deref(), Ok(read), "{list:?}");
        }
        // abra does not know the variable
        let both = read_list(Some("compose.yml:compose.smtp.yml"), Some(","));
        assert_eq!(both.as_deref(), Ok("compose.yml + compose.smtp.yml"));
    }

    #[test]
    fn paths_begin_at_the_directory_of_the_first_file() {
        let files = ["conf/x.yml", "conf/a.conf", "conf/.env", "compose.yml", "a.conf", ".env"].map(|path| {
            let content = match path.rsplit('/').next() {
                Some(".env") => format!("WHERE={path}\n"),
                Some("a.conf") => String::new(),
                _ => "services:\n  app:\n    image: x\n    env_file: .env\n    configs: [c]\nconfigs:\n  c: {file: a.conf}\n".into(),
            };
            (path.to_string(), Arc::new(Text { path: path.into(), content }))
        });
        let files = Files { texts: files.into_iter().collect(), ..Files::default() };
        for (list, file, env_file) in [
            ("conf/x.yml", "conf/a.conf", "conf/.env"),
            ("./conf/../conf/x.yml:compose.yml", "conf/a.conf", "conf/.env"),
            ("compose.yml:conf/x.yml", "a.conf", ".env"),
            ("./compose.yml", "a.conf", ".env"),
        ] {
            let env = BTreeMap::from([(COMPOSE_FILE.to_string(), list.to_string())]);
            let (composed, found) = compose(&read(&env, &files).unwrap(), &env, &files);
            let composed = composed.unwrap();
            assert!(!found.has_errors(), "{found:?}");
            assert_eq!(composed.referenced_files(), [file], "{list}");
            let yaml = composed.to_yaml().replace('"', "");
            assert!(yaml.contains(&format!("WHERE: {env_file}")), "{yaml}");
        }
    }

    #[test]
    fn every_odd_form_is_refused_with_what_to_write() {
        let one = "write one `:` between two files, and none before or after them";
        let part = |n: usize, list: &str| {
            format!("no-compose-file: part {n} of COMPOSE_FILE (`{list}`) is empty and names no file ({one})")
        };
        let absent = |name: &str, help: &str| {
            format!("no-compose-file: the recipe has no compose file `{name}` ({help})")
        };
        let blanks = "blanks are part of a name: write `compose.yml` without them";
        for (list, separator, said) in [
            ("compose.yml:", None, part(2, "compose.yml:")),
            (":compose.yml", None, part(1, ":compose.yml")),
            ("compose.yml::compose.smtp.yml", None, part(2, "compose.yml::compose.smtp.yml")),
            (":", None, format!("{}\n{}", part(1, ":"), part(2, ":"))),
            (" compose.yml", None, absent(" compose.yml", blanks)),
            ("compose.yml ", None, absent("compose.yml ", blanks)),
            (" ", None, absent(" ", "there are compose.smtp.yml, compose.yml")),
            ("compose.smpt.yml", None, absent("compose.smpt.yml", "did you mean `compose.smtp.yml`?")),
            ("/compose.yml", None, absent("/compose.yml", "did you mean `compose.yml`?")),
            (
                "compose.yml,compose.smtp.yml",
                None,
                absent("compose.yml,compose.smtp.yml", "files are separated by `:`, not by `,`"),
            ),
            (
                "compose.yml|compose.smtp.yml",
                Some("|"),
                absent(
                    "compose.yml|compose.smtp.yml",
                    "files are separated by `:`, not by `|`, and abra does not read COMPOSE_PATH_SEPARATOR",
                ),
            ),
        ] {
            assert_eq!(read_list(Some(list), separator), Err(said), "{list:?}");
        }
        let empty = "no-compose-file: COMPOSE_FILE is set and empty, so it names the recipe's directory and no file \
                     (name the files, or leave the variable out: then it is `compose.yml`)";
        assert_eq!(read_list(Some(""), None), Err(empty.to_string()));
        let directory = read_list(Some("conf"), None).unwrap_err();
        assert!(
            directory
                .starts_with("unreadable-file: the compose file `conf` cannot be read: it is a directory")
        );
    }
}
