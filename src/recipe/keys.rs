//! KEYS: every setting of `recipe.toml`, one row for each. The reader, its messages, the schema, the
//! reference page and the plan's "differs from default" are made from the rows. A row stores and shows its
//! setting.

use super::kind::{Kind, Value};
use super::settings::{Capable, EnvFrom, Recipe, UpgradeBase};
use ccci_model::name::RecipeName;
use ccci_model::time::Span;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Whether a key may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It can be used.
    Stable,
    /// It works, but there is a better form.
    Deprecated {
        /// What to write instead.
        write: &'static str,
    },
    /// It has no effect any more.
    Removed {
        /// What to write instead.
        write: &'static str,
    },
    /// It belongs to the contract but is not built yet: values other than the default are refused, because
    /// they would have no effect.
    NotYet,
}

/// A row of the table of settings.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Dotted name, as in TOML.
    pub name: &'static str,
    /// Kind of its value.
    pub kind: Kind,
    /// Sentences; the first is the summary.
    pub doc: &'static str,
    /// A value in TOML that differs from the default.
    pub example: &'static str,
    /// Whether it can be used.
    pub status: Status,
    /// Stores a value of the row's kind. A value of another kind is a bug in the row and is not stored.
    pub set: fn(&mut Recipe, Value),
    /// The value in TOML; empty if there is no value.
    pub get: fn(&Recipe) -> String,
}

/// Makes a function that stores the payload of the variant that the row's kind produces.
macro_rules! set {
    ($variant:ident, $($field:ident).+) => {
        |r, v| if let Value::$variant(v) = v { r.$($field).+ = v.into() }
    };
}

const fn removed(name: &'static str, doc: &'static str, write: &'static str) -> Key {
    let status = Status::Removed { write };
    Key { name, kind: Kind::Gone, doc, example: "", status, set: |_, _| {}, get: |_| String::new() }
}

/// Longest wait in seconds. A longer one is a mistake: it is twice the default limit of a whole run.
const LONGEST: u64 = 7_200;

// flat table: may be long
/// All settings: first those that can be used, then those that were removed, each group sorted by name.
pub const KEYS: &[Key] = &[
    Key {
        name: "app",
        kind: Kind::ServiceName,
        doc: "The main service of a stack that is no recipe of Co-op Cloud and has no service `app`. Rules that only Co-op Cloud has do not apply then.",
        example: "\"web\"",
        status: Status::Stable,
        set: set!(Text, app),
        get: |r| text(&r.app),
    },
    Key {
        name: "backup.capable",
        kind: Kind::Capable,
        doc: "Whether the app has data to back up. `auto` looks for the backup label in the composed files; `true` and `false` override it.",
        example: "false",
        status: Status::Stable,
        set: set!(Capable, backup_capable),
        get: |r| match r.backup_capable {
            Capable::Auto => text("auto"),
            Capable::Yes => "true".into(),
            Capable::No => "false".into(),
        },
    },
    Key {
        name: "canonical",
        kind: Kind::Flag,
        doc: "Enrols the recipe for a canonical (a kept known-good deployment), the quick lane and sweeps.",
        example: "true",
        status: Status::NotYet,
        set: set!(Flag, canonical),
        get: |r| r.canonical.to_string(),
    },
    Key {
        name: "check.accept",
        kind: Kind::Accepted,
        doc: "Findings of `ccci check` and of the lint rung that stay, each with its reason: the name of a rule or of a warning, and a file after a space for those in one file only. What stops a run cannot be accepted.",
        example: "{ moving-tag = \"upstream has no versions\" }",
        status: Status::Stable,
        set: set!(Map, accept),
        get: |r| table(&r.accept),
    },
    Key {
        name: "check.deny",
        kind: Kind::Codes,
        doc: "Warnings that `ccci check` treats as errors, by the name of the rule or code.",
        example: "[\"healthcheck\"]",
        status: Status::Stable,
        set: set!(Names, deny),
        get: |r| list(r.deny.iter().map(|d| text(d))),
    },
    Key {
        name: "deploy.timeout",
        kind: Kind::Span { min: 1, max: LONGEST },
        doc: "Timeout of each wait after a deploy: for convergence, for an accepted answer, for `ready_probe`.",
        example: "\"20m\"",
        status: Status::Stable,
        set: set!(Span, deploy_timeout),
        get: |r| span(r.deploy_timeout),
    },
    Key {
        name: "deps",
        kind: Kind::Recipes,
        doc: "Recipes that must run before this one.",
        example: "[\"keycloak\"]",
        status: Status::NotYet,
        set: set!(Names, deps),
        get: |r| list(r.deps.iter().map(|d| text(d))),
    },
    Key {
        name: "env",
        kind: Kind::Env,
        doc: "Extra app env for every deploy; overrides `.env.sample` and `abra.sh`.",
        example: "{ TIMEOUT = \"600\" }",
        status: Status::Stable,
        set: set!(Map, env),
        get: |r| table(&r.env),
    },
    Key {
        name: "expected_na",
        kind: Kind::Reasons,
        doc: "Rungs that do not apply to this recipe, each with its reason. A rung that ran keeps its result, and lint always applies.",
        example: "{ backup_restore = \"keeps no data\" }",
        status: Status::Stable,
        set: set!(Map, expected_na),
        get: |r| table(&r.expected_na),
    },
    Key {
        name: "health.ok",
        kind: Kind::Statuses,
        doc: "Accepted statuses. 404 is the proxy's own answer to an unknown name, so accept it only if the app itself answers 404.",
        example: "[200, 401]",
        status: Status::Stable,
        set: set!(Statuses, health.ok),
        get: |r| list(r.health.ok.iter().map(u16::to_string)),
    },
    Key {
        name: "health.path",
        kind: Kind::UrlPath,
        doc: "Path of the HTTP health request. Without a routed service (no `traefik.enable`) there is no health request.",
        example: "\"/health\"",
        status: Status::Stable,
        set: set!(Text, health.path),
        get: |r| text(&r.health.path),
    },
    Key {
        name: "health.timeout",
        kind: Kind::Span { min: 1, max: LONGEST },
        doc: "Timeout for the first healthy answer.",
        example: "\"10m\"",
        status: Status::Stable,
        set: set!(Span, health.timeout),
        get: |r| span(r.health.timeout),
    },
    Key {
        name: "may_end",
        kind: Kind::Services,
        doc: "Services whose tasks may end by themselves after they have converged, each with its reason. Any other task that ends is a failure, also if Swarm starts another.",
        example: "{ worker = \"restarts itself after each batch\" }",
        status: Status::Stable,
        set: set!(Map, may_end),
        get: |r| table(&r.may_end),
    },
    Key {
        name: "ready.stable",
        kind: Kind::Count { min: 1, max: 100 },
        doc: "How many times in a row `ready_probe` must return true.",
        example: "3",
        status: Status::Stable,
        set: set!(Count, ready_stable),
        get: |r| r.ready_stable.to_string(),
    },
    Key {
        name: "screenshot",
        kind: Kind::Flag,
        doc: "Whether a picture of the app is kept, taken when it is healthy and nothing has changed it yet. The hook `screenshot` chooses the view.",
        example: "false",
        status: Status::Stable,
        set: set!(Flag, screenshot),
        get: |r| r.screenshot.to_string(),
    },
    Key {
        name: "source",
        kind: Kind::Source,
        doc: "Git URL or path of the recipe repository. A relative path is relative to the directory of the settings file; `--source` overrides it.",
        example: "\"../../dev/lab/repos/custom-html\"",
        status: Status::Stable,
        set: set!(Text, source),
        get: |r| r.source.as_deref().map(text).unwrap_or_default(),
    },
    Key {
        name: "upgrade.base",
        kind: Kind::Bases,
        doc: "Version to upgrade from. `auto` chooses the newest published version that is older than the head, or the tip of the target branch; `none` skips the upgrade. With a list each base is a path of its own: one run after the other, and the worst result counts.",
        example: "\"1.2.0+6.4.3\"",
        status: Status::Stable,
        set: set!(Bases, upgrade_bases),
        get: |r| match r.upgrade_bases.as_slice() {
            [one] => base(one),
            several => list(several.iter().map(base)),
        },
    },
    Key {
        name: "upgrade.env",
        kind: Kind::Env,
        doc: "Extra app env from the deploy of the head on.",
        example: "{ COMPOSE_FILE = \"compose.yml:compose.ports.yml\" }",
        status: Status::Stable,
        set: set!(Map, upgrade_env),
        get: |r| table(&r.upgrade_env),
    },
    Key {
        name: "upgrade.env_from",
        kind: Kind::EnvFrom,
        doc: "Whose `.env.sample` makes the env of the head's deploy in an upgrade. `base`: an installed app keeps its env, and what the release notes tell operators to add stands in `upgrade.env`. `head`: as if the operator had added all that is new in the sample.",
        example: "\"head\"",
        status: Status::Stable,
        set: set!(EnvFrom, upgrade_env_from),
        get: |r| match r.upgrade_env_from {
            EnvFrom::Base => text("base"),
            EnvFrom::Head => text("head"),
        },
    },
    Key {
        name: "versions",
        kind: Kind::Scheme,
        doc: "Which tags are versions, in a repository that is no recipe of Co-op Cloud: `*` stands for numbers with dots. Rules that only Co-op Cloud has do not apply then.",
        example: "\"v*\"",
        status: Status::Stable,
        set: set!(Text, versions),
        get: |r| r.versions.as_deref().map(text).unwrap_or_default(),
    },
    removed("BACKUP_CAPABLE", "Old spelling of `backup.capable`.", "`backup.capable = true`"),
    removed("BACKUP_VERIFY", "Is a hook now.", "`fn backup_verify(ctx)` in hooks.rhai"),
    removed("CHAOS_BASE_DEPLOY", "The plan decides how the base is deployed.", "remove it"),
    removed("DEPLOY_TIMEOUT", "Old spelling of `deploy.timeout`.", "`deploy.timeout = \"10m\"`"),
    removed("DEPS", "Old spelling of `deps`.", "`deps = [\"keycloak\"]`"),
    removed("EXPECTED_NA", "Old spelling of `expected_na`.", "`expected_na.upgrade = \"why\"`"),
    removed(
        "EXTRA_ENV",
        "Old spelling of `env`.",
        "`env.NAME = \"value\"`, or `fn extra_env(ctx)` in hooks.rhai",
    ),
    removed("HEALTH_OK", "Old spelling of `health.ok`.", "`health.ok = [200, 301, 302]`"),
    removed("HEALTH_PATH", "Old spelling of `health.path`.", "`health.path = \"/\"`"),
    removed("HTTP_TIMEOUT", "Old spelling of `health.timeout`.", "`health.timeout = \"5m\"`"),
    removed("OIDC_AT_INSTALL", "Deps are always ready before the install.", "remove it"),
    removed("READY_PROBE", "Is a hook now.", "`fn ready_probe(ctx)` in hooks.rhai"),
    removed("SCREENSHOT", "Is a hook now.", "`fn screenshot(page, ctx)` in hooks.rhai"),
    removed("SKIP_GENERIC", "The generic assertions always run.", "remove it"),
    removed("UPGRADE_BASE_VERSION", "Old spelling of `upgrade.base`.", "`upgrade.base = \"1.2.0+6.4.3\"`"),
    removed(
        "UPGRADE_EXTRA_ENV",
        "Old spelling of `upgrade.env`.",
        "`upgrade.env.NAME = \"value\"`, or `fn upgrade_extra_env(ctx)` in hooks.rhai",
    ),
    removed("WARM_CANONICAL", "Old spelling of `canonical`.", "`canonical = true`"),
];

impl Key {
    /// Whether it has an effect, now or when it is built.
    pub fn has_effect(&self) -> bool {
        !matches!(self.status, Status::Removed { .. })
    }

    /// Its default in TOML.
    pub fn default(&self) -> String {
        (self.get)(&all_defaults())
    }
}

/// A recipe with all defaults.
fn all_defaults() -> Recipe {
    Recipe::defaults(RecipeName::parse("recipe").expect("a plain word is a name"))
}

/// The settings that differ from the default: key and value in TOML.
pub fn changed(recipe: &Recipe) -> Vec<(&'static Key, String)> {
    let default = all_defaults();
    let live = KEYS.iter().filter(|k| k.has_effect());
    live.map(|k| (k, (k.get)(recipe))).filter(|(k, shown)| *shown != (k.get)(&default)).collect()
}

/// The JSON Schema of `recipe.toml` for editors, from the rows.
pub fn json_schema() -> Json {
    let mut root: Map<String, Json> = Map::new();
    for key in KEYS.iter().filter(|k| k.has_effect()) {
        let (section, leaf) = key.name.split_once('.').unwrap_or(("", key.name));
        let at = if section.is_empty() { &mut root } else { properties_of(&mut root, section) };
        at.insert(leaf.to_string(), property(key));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "recipe.toml",
        "description": "Settings of a recipe for ccci.",
        "type": "object",
        "properties": root,
        "additionalProperties": false,
    })
}

fn properties_of<'a>(root: &'a mut Map<String, Json>, section: &str) -> &'a mut Map<String, Json> {
    let empty = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let table = root.entry(section).or_insert(empty);
    table["properties"].as_object_mut().expect("made as an object above")
}

fn property(key: &Key) -> Json {
    let mut schema = key.kind.schema();
    schema["description"] = json!(key.doc);
    if let Some(default) = json_of(&key.default()) {
        schema["default"] = default;
    }
    schema["examples"] = Json::Array(json_of(key.example).into_iter().collect());
    schema
}

/// A TOML value as JSON.
fn json_of(toml: &str) -> Option<Json> {
    let doc: toml::Table = toml::from_str(&format!("v = {toml}")).ok()?;
    serde_json::to_value(doc.get("v")?).ok()
}

fn span(value: Duration) -> String {
    text(&Span(value).to_string())
}

fn base(base: &UpgradeBase) -> String {
    match base {
        UpgradeBase::Auto => text("auto"),
        UpgradeBase::None => text("none"),
        UpgradeBase::Version(v) => text(v.as_str()),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// An inline table on one line, so that it is valid TOML 1.0 whatever its values are.
fn table(map: &BTreeMap<String, String>) -> String {
    let entries: Vec<String> = map.iter().map(|(k, v)| format!("{} = {}", bare(k), text(v))).collect();
    if entries.is_empty() { "{}".into() } else { format!("{{ {} }}", entries.join(", ")) }
}

/// A key, in quotes if it needs them.
fn bare(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if !key.is_empty() && key.chars().all(plain) { key.into() } else { text(key) }
}

/// A TOML basic string on one line.
pub fn text(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Loaded, load};
    use ccci_model::diag::Text;
    use ccci_model::diag::codes;
    use std::sync::Arc;

    fn read(content: String) -> Loaded {
        load(all_defaults().name, &[Arc::new(Text { path: "recipe.toml".into(), content })])
    }

    fn live() -> impl Iterator<Item = &'static Key> {
        KEYS.iter().filter(|k| k.has_effect())
    }

    #[test]
    fn keys_are_unique_and_sorted_and_their_docs_are_sentences() {
        let (live, gone): (Vec<&Key>, Vec<&Key>) = KEYS.iter().partition(|k| k.has_effect());
        for part in [&live, &gone] {
            assert!(part.windows(2).all(|w| w[0].name < w[1].name), "not sorted or not unique");
        }
        assert!(KEYS.iter().take(live.len()).all(Key::has_effect), "removed keys stand below");
        for k in KEYS {
            assert!(k.doc.starts_with(char::is_uppercase) && k.doc.ends_with('.'), "{}", k.name);
        }
    }

    #[test]
    fn each_example_changes_its_own_row_only() {
        for key in live() {
            let loaded = read(format!("{} = {}\n", key.name, key.example));
            let said: Vec<&str> = loaded.diagnostics.0.iter().map(|d| d.code.id).collect();
            let want: &[&str] = if key.status == Status::NotYet { &["not-yet"] } else { &[] };
            assert_eq!(said, want, "{}: {:?}", key.name, loaded.diagnostics);
            assert!(loaded.spans.of(key.name).is_some(), "{}", key.name);
            for other in live() {
                let moved = (other.get)(&loaded.recipe) != other.default();
                assert_eq!(moved, other.name == key.name, "{} and {}", key.name, other.name);
            }
        }
    }

    #[test]
    fn the_shown_toml_of_each_key_loads_to_the_same_recipe() {
        let first = read(live().map(|k| format!("{} = {}\n", k.name, k.example)).collect());
        let again: String = live().map(|k| format!("{} = {}\n", k.name, (k.get)(&first.recipe))).collect();
        assert_eq!(read(again).recipe, first.recipe);
        let set = live().filter(|k| !k.default().is_empty());
        let defaults: String = set.map(|k| format!("{} = {}\n", k.name, k.default())).collect();
        let loaded = read(defaults);
        assert_eq!(loaded.recipe, all_defaults());
        let said = loaded.diagnostics.0.iter().map(|d| d.code.id);
        assert!(said.clone().all(|id| id == "default-value") && said.count() > 5, "{:?}", loaded.diagnostics);
    }

    #[test]
    fn odd_texts_survive_being_shown_and_read_again() {
        let odd = "a \"b\" \\ c\n\t\u{7}ö 'd'";
        let mut recipe = all_defaults();
        recipe.env.insert("ODD".into(), odd.into());
        let key = KEYS.iter().find(|k| k.name == "env").unwrap();
        assert_eq!(read(format!("env = {}", (key.get)(&recipe))).recipe, recipe);
    }

    #[test]
    fn the_help_of_a_removed_key_loads() {
        for key in KEYS.iter().filter(|k| !k.has_effect()) {
            let loaded = read(format!("{} = 1\n", key.name));
            assert_eq!(loaded.diagnostics.0.len(), 1);
            assert_eq!(loaded.diagnostics.0[0].code, codes::REMOVED_KEY);
            let Status::Removed { write } = key.status else { panic!("{}", key.name) };
            let code = write.split('`').nth(1).filter(|c| c.contains('='));
            let said = code.map(|c| read(format!("{c}\n")).diagnostics.0).unwrap_or_default();
            // the help shows the default, which is then said to be needless
            let fine = [codes::NOT_YET, codes::DEFAULT_VALUE];
            assert!(said.iter().all(|d| fine.contains(&d.code)), "{}: {said:?}", key.name);
        }
    }

    #[test]
    fn the_json_schema_has_every_live_key_with_its_default_and_its_example() {
        let schema = json_schema();
        for key in live() {
            let pointer = format!("/properties/{}", key.name.replace('.', "/properties/"));
            let at = schema.pointer(&pointer).unwrap_or_else(|| panic!("no {pointer}"));
            assert_eq!(at["description"], key.doc);
            assert_eq!(at.get("default").is_none(), key.default().is_empty(), "{}", key.name);
            assert_eq!(at["examples"].as_array().map(Vec::len), Some(1), "{}", key.name);
        }
        assert_eq!(schema.pointer("/properties/health/additionalProperties"), Some(&json!(false)));
    }
}
