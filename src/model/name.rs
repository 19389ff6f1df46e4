//! Names, each parsed once into a type of its own. Pure.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// Longest name of a service that Swarm accepts: a label of DNS.
pub const LONGEST_SERVICE_NAME: usize = 63;
/// Longest name that Swarm accepts for a secret or a config (measured: longer ones are refused).
pub const LONGEST_SWARM_NAME: usize = 64;

macro_rules! word {
    ($(#[$doc:meta])* $name:ident, $ok:expr, $want:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        // a record may come from anywhere, so names in it are parsed as well
        impl TryFrom<String> for $name {
            type Error = BadName;
            fn try_from(text: String) -> Result<$name, BadName> {
                $name::parse(&text)
            }
        }

        impl $name {
            /// Parses a name; the error contains what was expected and what was given.
            pub fn parse(text: &str) -> Result<$name, BadName> {
                let ok: fn(&str) -> bool = $ok;
                if ok(text) { Ok($name(text.to_string())) } else { Err(BadName { got: text.to_string(), expected: $want }) }
            }
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// A text that is not a valid name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{got}` is not {expected}")]
pub struct BadName {
    /// What was given.
    pub got: String,
    /// What was expected.
    pub expected: &'static str,
}

fn plain(text: &str, extra: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
}

word!(
    /// A recipe's name, as in `recipes/<name>`.
    RecipeName, |t| plain(t, "-_.") && !t.contains(char::is_uppercase), "a recipe name (lower case letters, digits, `-`, `_`, `.`)");
word!(
    /// A service's name inside its stack, without the stack's prefix.
    ServiceName, |t| plain(t, "-_."), "a service name (letters, digits, `-`, `_`, `.`)");
word!(
    /// A stack's name: the domain with dots as underscores.
    StackName, |t| plain(t, "-_"), "a stack name (letters, digits, `-`, `_`)");
word!(
    /// A domain of a run, such as `cust-1a2b3c.ccci.test`.
    Domain, |t| plain(t, "-.") && !t.ends_with('.'), "a domain (letters, digits, `-`, `.`)");
word!(
    /// A git commit: 40 lower-case hex digits.
    Revision, |t| t.len() == 40 && t.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)), "a git commit (40 hex digits)");
word!(
    /// A run's id: sortable by its start.
    RunId, |t| plain(t, "-"), "a run id (letters, digits, `-`)");
word!(
    /// The id of a call of `ccci run`, which may make several runs: sortable by its start.
    CallId, |t| plain(t, "-"), "the id of a call (letters, digits, `-`)");

impl Domain {
    /// The stack that is deployed with this domain.
    pub fn stack(&self) -> StackName {
        StackName(self.0.replace('.', "_"))
    }

    /// The domain of a run: four letters of the recipe, six hex digits from recipe, head and run, then the
    /// zone (SPEC 8).
    pub fn of_run(recipe: &RecipeName, head: &str, run: &RunId, zone: &str) -> Result<Domain, BadName> {
        let letters: String = recipe.0.chars().filter(char::is_ascii_alphanumeric).take(4).collect();
        let text = format!("{recipe}|{head}|{run}");
        let digest = crate::digest::sha256(text.as_bytes());
        Domain::parse(&format!("{letters}-{}.{zone}", &digest[..6]))
    }
}

impl Revision {
    /// The first eight digits, as in abra's labels.
    pub fn short(&self) -> &str {
        &self.0[..8]
    }
}

/// A recipe's version: `<recipe semver>+<upstream version>`, such as `1.10.0+6.4.3`. Ordered by recipe semver.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    text: String,
    numbers: [u64; 3],
    pre: String,
    upstream: String,
}

impl Version {
    /// Parses a tag. A leading `v` and leading zeros are allowed; three numbers and a `+` part are required.
    pub fn parse(text: &str) -> Result<Version, BadName> {
        let bad = || BadName { got: text.to_string(), expected: "a recipe version (like `1.2.0+6.4.3`)" };
        let (recipe, upstream) = text.split_once('+').ok_or_else(bad)?;
        let recipe = recipe.strip_prefix('v').unwrap_or(recipe);
        let (core, pre) = recipe.split_once('-').unwrap_or((recipe, ""));
        let parts: Vec<u64> = core.split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| bad())?;
        let numbers: [u64; 3] = parts.try_into().map_err(|_| bad())?;
        if upstream.is_empty() || upstream.contains(char::is_whitespace) {
            return Err(bad());
        }
        Ok(Version { text: text.to_string(), numbers, pre: pre.to_string(), upstream: upstream.to_string() })
    }

    /// The version that a tag has by a scheme such as `v*`: `*` stands for numbers with dots and what follows them.
    pub fn in_scheme(scheme: &str, tag: &str) -> Option<Version> {
        let (before, after) = scheme.split_once('*')?;
        Version::loose(tag, tag.strip_prefix(before)?.strip_suffix(after)?)
    }

    /// Parses what `*` stands for in a scheme. Of more than three numbers the others are compared last.
    fn loose(text: &str, version: &str) -> Option<Version> {
        let (core, upstream) = version.split_once('+').unwrap_or((version, ""));
        let (core, pre) = core.split_once('-').unwrap_or((core, ""));
        let mut numbers = [0; 3];
        let parts: Vec<u64> = core.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
        numbers.iter_mut().zip(&parts).for_each(|(number, part)| *number = *part);
        let rest: Vec<String> = parts.iter().skip(3).map(u64::to_string).collect();
        let upstream = format!("{}{upstream}", rest.join("."));
        Some(Version { text: text.to_string(), numbers, pre: pre.to_string(), upstream })
    }

    /// A version of either form, as settings and records have it: a recipe version, or else the first numbers of a text.
    pub fn of_either_form(text: &str) -> Result<Version, BadName> {
        Version::parse(text).or_else(|e| {
            let from = text.find(|c: char| c.is_ascii_digit());
            from.and_then(|from| Version::loose(text, &text[from..])).ok_or(e)
        })
    }

    /// The text as in the tag.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the first number of the recipe's semver is greater than that of another one.
    pub fn raises_first(&self, other: &Version) -> bool {
        self.numbers[0] > other.numbers[0]
    }

    /// Whether the recipe's semver differs from another one in its last number only.
    pub fn is_patch_of(&self, other: &Version) -> bool {
        self.numbers[..2] == other.numbers[..2] && self.numbers[2] > other.numbers[2]
    }
}

impl TryFrom<String> for Version {
    type Error = BadName;
    fn try_from(text: String) -> Result<Version, BadName> {
        Version::of_either_form(&text)
    }
}

impl From<Version> for String {
    fn from(v: Version) -> String {
        v.text
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        // a pre-release sorts before its release, so an empty `pre` sorts last
        fn pre(v: &Version) -> (bool, Vec<Part<'_>>) {
            (v.pre.is_empty(), natural(&v.pre))
        }
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| pre(self).cmp(&pre(other)))
            .then_with(|| natural(&self.upstream).cmp(&natural(&other.upstream)))
            .then_with(|| self.text.cmp(&other.text))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Version) -> bool {
        self.text == other.text
    }
}

impl Eq for Version {}

/// A part of a version, in natural order: numbers before texts, and numbers by value, whatever their number
/// of digits.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Number { digits: usize, text: &'a str },
    Text(&'a str),
}

/// Splits a text into digits and other text.
fn natural(text: &str) -> Vec<Part<'_>> {
    let mut out = vec![];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_number = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != is_number).unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end);
        rest = behind;
        let number = part.trim_start_matches('0');
        out.push(match is_number {
            true => Part::Number { digits: number.len(), text: number },
            false => Part::Text(part),
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lesson_16_versions_sort_by_recipe_semver_and_never_as_text() {
        let mut v: Vec<Version> =
            ["1.10.0+1.27.0", "1.9.0+1.26.0", "2.0.0-rc.1+1", "2.0.0+1", "v1.9.0+1.27.0"]
                .map(|t| Version::parse(t).unwrap())
                .to_vec();
        v.sort();
        let shown: Vec<&str> = v.iter().map(Version::as_str).collect();
        assert_eq!(shown, ["1.9.0+1.26.0", "v1.9.0+1.27.0", "1.10.0+1.27.0", "2.0.0-rc.1+1", "2.0.0+1"]);
    }

    #[test]
    fn pre_releases_and_upstream_parts_are_in_natural_order() {
        let ordered = [
            "1.0.0-alpha+1",
            "1.0.0-alpha.1+1",
            "1.0.0-alpha.10+1",
            "1.0.0-beta+1",
            "1.0.0-rc.2+1",
            "1.0.0+1.9",
            "1.0.0+1.10",
            "1.0.0+99999999999999999999999999999999999999999",
            "1.0.0+100000000000000000000000000000000000000000",
            "1.0.0+latest",
        ];
        let mut v = ordered.map(|t| Version::parse(t).unwrap()).to_vec();
        v.reverse();
        v.sort();
        assert_eq!(v.iter().map(Version::as_str).collect::<Vec<_>>(), ordered);
    }

    #[test]
    fn tags_of_another_scheme_are_in_the_order_of_their_numbers() {
        let tags = ["v0.9", "v0.10.0-rc.1", "v0.10.0", "v1", "v1.2.3", "v1.2.3.4", "v10.0"];
        let mut v = tags.map(|t| Version::in_scheme("v*", t).unwrap()).to_vec();
        v.reverse();
        v.sort();
        assert_eq!(v.iter().map(Version::as_str).collect::<Vec<_>>(), tags);
        for other in ["1.2", "vx", "v", "v1.x", "nightly"] {
            assert_eq!(Version::in_scheme("v*", other), None, "{other}");
        }
        assert_eq!(Version::in_scheme("release-*-stack", "release-2.1-stack").unwrap().numbers, [2, 1, 0]);
        assert!(Version::of_either_form("v1.2").is_ok() && Version::of_either_form("main").is_err());
    }

    #[test]
    fn a_version_needs_three_numbers_and_an_upstream_part() {
        for bad in ["1.0+1", "1.0.0", "1.0.0+", "main", "1.0.0+a b", ""] {
            assert!(Version::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_run_domain_is_short_and_names_its_recipe() {
        let r = RecipeName::parse("custom-html").unwrap();
        let d = Domain::of_run(&r, "abc", &RunId::parse("r1").unwrap(), "ccci.test").unwrap();
        assert!(d.as_str().starts_with("cust-") && d.as_str().ends_with(".ccci.test"), "{d}");
        assert_eq!(d.stack().as_str(), d.as_str().replace('.', "_"));
    }
}
