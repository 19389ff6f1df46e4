//! Kinds of settings: how a TOML value is converted, which values are allowed, and its JSON Schema. Messages
//! do not contain the key; the caller adds it.

use super::acceptance;
use super::entries::{acceptance, optional_rungs, reason, service, texts, variable};
use super::settings::{Capable, EnvFrom, UpgradeBase};
use ccci_model::diag::{Code, codes};
use ccci_model::name::{RecipeName, ServiceName, Version};
use ccci_model::time::{Span, parse_span};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeArray, DeValue};

/// Kind of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A path or a URL that git can read.
    Source,
    /// The name of a service.
    ServiceName,
    /// A text in which `*` stands for a version.
    Scheme,
    /// The path part of a URL.
    UrlPath,
    /// A list of HTTP statuses.
    Statuses,
    /// A duration with a unit; limits in seconds.
    Span { min: u64, max: u64 },
    /// A whole number.
    Count { min: u32, max: u32 },
    /// `true` or `false`.
    Flag,
    /// `"auto"`, `true` or `false`.
    Capable,
    /// `"auto"`, `"none"` or a version; or a list of `"auto"` and versions.
    Bases,
    /// `"base"` or `"head"`.
    EnvFrom,
    /// A table of variables.
    Env,
    /// A table of rungs and reasons.
    Reasons,
    /// A table of services and reasons.
    Services,
    /// A table of findings and reasons.
    Accepted,
    /// A list of names of rules and codes.
    Codes,
    /// A list of recipe names.
    Recipes,
    /// For a removed key: no value is allowed.
    Gone,
}

/// A parsed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Of `Source`, `ServiceName`, `Scheme` and `UrlPath`.
    Text(String),
    /// Of `Statuses`.
    Statuses(Vec<u16>),
    /// Of `Span`.
    Span(Duration),
    /// Of `Count`.
    Count(u32),
    /// Of `Flag`.
    Flag(bool),
    /// Of `Capable`.
    Capable(Capable),
    /// Of `Bases`.
    Bases(Vec<UpgradeBase>),
    /// Of `EnvFrom`.
    EnvFrom(EnvFrom),
    /// Of `Env`, `Reasons`, `Services` and `Accepted`.
    Map(BTreeMap<String, String>),
    /// Of `Recipes` and `Codes`.
    Names(Vec<String>),
}

/// What is wrong with a value, and its place in the file.
#[derive(Debug, PartialEq, Eq)]
pub struct BadValue {
    /// `WRONG_TYPE` or `IMPOSSIBLE_VALUE`.
    pub code: &'static Code,
    /// Range in the file, in bytes.
    pub range: Range<usize>,
    /// What was found and what is allowed, without the key.
    pub message: String,
    /// Help that replaces the row's example.
    pub help: Option<String>,
}

type Toml<'a> = Spanned<DeValue<'a>>;

impl Kind {
    /// The allowed values; completes "should be".
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Source => "a path or a git URL in quotes",
            Kind::ServiceName => "the name of a service in quotes",
            Kind::Scheme => "a text in quotes in which `*` stands for the version",
            Kind::UrlPath => "a path in quotes that starts with `/`",
            Kind::Statuses => "a list of HTTP statuses",
            Kind::Span { .. } => "a duration with a unit, in quotes",
            Kind::Count { .. } => "a whole number",
            Kind::Flag => "`true` or `false`",
            Kind::Capable => "`\"auto\"`, `true` or `false`",
            Kind::Bases => "`\"auto\"`, `\"none\"` or a version in quotes, or a list of versions",
            Kind::EnvFrom => "`\"base\"` or `\"head\"`",
            Kind::Env => "a table of variables with their values in quotes",
            Kind::Reasons => "a table of rungs with a reason in quotes each",
            Kind::Services => "a table of services with a reason in quotes each",
            Kind::Accepted => "a table of rules or codes with a reason in quotes each",
            Kind::Codes => "a list of names of rules and codes in quotes",
            Kind::Recipes => "a list of recipe names in quotes",
            Kind::Gone => "removed",
        }
    }

    /// Parses a value; everything that is wrong with it is added to `out`.
    pub fn read(self, value: &Toml<'_>, out: &mut Vec<BadValue>) -> Option<Value> {
        match (self, value.get_ref()) {
            (Kind::Source, DeValue::String(s)) => one(value, out, source(s)),
            (Kind::ServiceName, DeValue::String(s)) => one(value, out, service_name(s)),
            (Kind::Scheme, DeValue::String(s)) => one(value, out, scheme(s)),
            (Kind::UrlPath, DeValue::String(s)) => one(value, out, url_path(s)),
            (Kind::Statuses, DeValue::Array(items)) => statuses(value, items, out),
            (Kind::Span { min, max }, DeValue::String(s)) => one(value, out, span(s, min, max)),
            (Kind::Count { min, max }, DeValue::Integer(n)) => {
                one(value, out, count(&n.to_string(), min, max))
            }
            (Kind::Flag, DeValue::Boolean(b)) => Some(Value::Flag(*b)),
            (Kind::Capable, DeValue::Boolean(true)) => Some(Value::Capable(Capable::Yes)),
            (Kind::Capable, DeValue::Boolean(false)) => Some(Value::Capable(Capable::No)),
            (Kind::Capable, DeValue::String(s)) => one(value, out, capable(s)),
            (Kind::Bases, DeValue::String(s)) => {
                one(value, out, upgrade_base(s).map(|b| Value::Bases(vec![b])))
            }
            (Kind::Bases, DeValue::Array(items)) => upgrade_bases(value, items, out),
            (Kind::EnvFrom, DeValue::String(s)) => one(value, out, env_from(s)),
            (Kind::Env, DeValue::Table(t)) => Some(Value::Map(texts(t, out, variable))),
            (Kind::Reasons, DeValue::Table(t)) => Some(Value::Map(texts(t, out, reason))),
            (Kind::Services, DeValue::Table(t)) => Some(Value::Map(texts(t, out, service))),
            (Kind::Accepted, DeValue::Table(t)) => Some(Value::Map(texts(t, out, acceptance))),
            (Kind::Codes, DeValue::Array(items)) => names(items, out, self.noun(), code),
            (Kind::Recipes, DeValue::Array(items)) => names(items, out, self.noun(), recipe),
            _ => {
                out.push(wrong_type(value, self.noun()));
                None
            }
        }
    }

    /// The JSON Schema of one value, without description and default.
    pub fn schema(self) -> Json {
        match self {
            Kind::Source => json!({"type": "string", "minLength": 1}),
            Kind::ServiceName => json!({"type": "string", "minLength": 1}),
            Kind::Scheme => json!({"type": "string", "pattern": "^[^*]*\\*[^*]*$"}),
            Kind::UrlPath => json!({"type": "string", "pattern": "^/[^\\s#]*$"}),
            Kind::Statuses => json!({"type": "array", "minItems": 1, "uniqueItems": true,
                "items": {"type": "integer", "minimum": 100, "maximum": 599}}),
            Kind::Span { .. } => {
                json!({"type": "string", "pattern": "^\\s*(\\d+\\s*(ms|s|m|h)\\s*)+$"})
            }
            Kind::Count { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
            Kind::Flag => json!({"type": "boolean"}),
            Kind::Capable => json!({"enum": ["auto", true, false]}),
            Kind::Bases => json!({"anyOf": [{"type": "string", "minLength": 1},
                {"type": "array", "minItems": 1, "uniqueItems": true,
                    "items": {"type": "string", "minLength": 1, "not": {"const": "none"}}}]}),
            Kind::EnvFrom => json!({"enum": ["base", "head"]}),
            Kind::Env => json!({"type": "object", "additionalProperties": {"type": "string"},
                "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}}),
            Kind::Reasons => {
                json!({"type": "object", "additionalProperties": {"type": "string", "minLength": 1},
                "propertyNames": {"enum": optional_rungs()}})
            }
            Kind::Services => {
                json!({"type": "object", "additionalProperties": {"type": "string", "minLength": 1}})
            }
            Kind::Accepted => {
                json!({"type": "object", "additionalProperties": {"type": "string", "minLength": 1}})
            }
            Kind::Codes | Kind::Recipes => {
                json!({"type": "array", "uniqueItems": true, "items": {"type": "string"}})
            }
            Kind::Gone => json!(false),
        }
    }
}

/// A value in words, for messages.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(s) => format!("the text `{s}`"),
        DeValue::Integer(n) => format!("the number {n}"),
        DeValue::Float(n) => format!("the number {n}"),
        DeValue::Boolean(b) => format!("`{b}`"),
        DeValue::Datetime(d) => format!("the date {d}"),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

pub(super) fn wrong_type(value: &Toml<'_>, noun: &str) -> BadValue {
    BadValue {
        code: codes::WRONG_TYPE,
        range: value.span(),
        message: format!("should be {noun}, but is {}", shown(value.get_ref())),
        help: None,
    }
}

pub(super) fn impossible(range: Range<usize>, message: String) -> BadValue {
    BadValue { code: codes::IMPOSSIBLE_VALUE, range, message, help: None }
}

fn one(value: &Toml<'_>, out: &mut Vec<BadValue>, read: Result<Value, String>) -> Option<Value> {
    read.map_err(|message| out.push(impossible(value.span(), message))).ok()
}

fn source(text: &str) -> Result<Value, String> {
    match text {
        t if t.trim().is_empty() => Err("is empty".into()),
        t if t.starts_with('-') => Err(format!("`{t}` would be read as an option of git")),
        t if t.contains("::") => Err(format!("`{t}` uses a transport helper of git, which ccci refuses")),
        t => Ok(Value::Text(t.to_string())),
    }
}

fn service_name(text: &str) -> Result<Value, String> {
    ServiceName::parse(text).map(|_| Value::Text(text.to_string())).map_err(|e| e.to_string())
}

fn scheme(text: &str) -> Result<Value, String> {
    match text.matches('*').count() {
        1 => Ok(Value::Text(text.to_string())),
        0 => Err(format!("`{text}` has no `*`, which stands for the version")),
        _ => Err(format!("`{text}` has more than one `*`")),
    }
}

fn url_path(text: &str) -> Result<Value, String> {
    match text {
        t if !t.starts_with('/') => Err(format!("`{t}` does not start with `/`")),
        t if t.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#') => {
            Err(format!("`{t}` has a character that is not allowed in the path of a URL"))
        }
        t => Ok(Value::Text(t.to_string())),
    }
}

fn span(text: &str, min: u64, max: u64) -> Result<Value, String> {
    let span = parse_span(text)
        .ok_or_else(|| format!("`{text}` is not a duration; units are `ms`, `s`, `m` and `h`"))?;
    let (low, high) = (Duration::from_secs(min), Duration::from_secs(max));
    if (low..=high).contains(&span) {
        Ok(Value::Span(span))
    } else {
        Err(format!("{} is out of range; {} to {} are allowed", Span(span), Span(low), Span(high)))
    }
}

fn count(text: &str, min: u32, max: u32) -> Result<Value, String> {
    match text.parse::<u32>() {
        Ok(n) if (min..=max).contains(&n) => Ok(Value::Count(n)),
        _ => Err(format!("{text} is out of range; {min} to {max} are allowed")),
    }
}

fn capable(text: &str) -> Result<Value, String> {
    match text {
        "auto" => Ok(Value::Capable(Capable::Auto)),
        t => Err(format!("`{t}` is neither `\"auto\"` nor `true` nor `false` (these two without quotes)")),
    }
}

fn upgrade_base(text: &str) -> Result<UpgradeBase, String> {
    match text {
        "auto" => Ok(UpgradeBase::Auto),
        "none" => Ok(UpgradeBase::None),
        // whether the form is right depends on `versions`
        t => Version::of_either_form(t)
            .map(UpgradeBase::Version)
            .map_err(|e| format!("{e}, nor `auto`, nor `none`")),
    }
}

/// Several paths. An upgrade from nothing is none of them.
fn upgrade_bases(value: &Toml<'_>, items: &DeArray<'_>, out: &mut Vec<BadValue>) -> Option<Value> {
    let before = out.len();
    let mut read: Vec<UpgradeBase> = vec![];
    for item in items.iter() {
        let DeValue::String(text) = item.get_ref() else {
            out.push(wrong_type(item, "`\"auto\"` or a version in quotes"));
            continue;
        };
        match upgrade_base(text) {
            Ok(UpgradeBase::None) => {
                out.push(impossible(item.span(), "`none` stands alone, not in a list of bases".into()));
            }
            Ok(base) if read.contains(&base) => {
                out.push(impossible(item.span(), format!("`{text}` occurs twice")));
            }
            Ok(base) => read.push(base),
            Err(message) => out.push(impossible(item.span(), message)),
        }
    }
    if items.is_empty() {
        out.push(impossible(value.span(), "is empty; `\"none\"` skips the upgrade".into()));
    }
    (out.len() == before).then_some(Value::Bases(read))
}

fn env_from(text: &str) -> Result<Value, String> {
    match text {
        "base" => Ok(Value::EnvFrom(EnvFrom::Base)),
        "head" => Ok(Value::EnvFrom(EnvFrom::Head)),
        t => Err(format!("`{t}` is neither `\"base\"` nor `\"head\"`")),
    }
}

fn statuses(value: &Toml<'_>, items: &DeArray<'_>, out: &mut Vec<BadValue>) -> Option<Value> {
    let before = out.len();
    let mut read: Vec<u16> = vec![];
    for item in items.iter() {
        let DeValue::Integer(n) = item.get_ref() else {
            out.push(wrong_type(item, Kind::Statuses.noun()));
            continue;
        };
        match n.to_string().parse::<u16>() {
            Ok(s) if read.contains(&s) => out.push(impossible(item.span(), format!("{s} occurs twice"))),
            Ok(s) if (100..=599).contains(&s) => read.push(s),
            _ => {
                out.push(impossible(item.span(), format!("{n} is not an HTTP status; these are 100 to 599")))
            }
        }
    }
    if items.is_empty() {
        out.push(impossible(value.span(), "is empty, so no answer would be healthy".into()));
    }
    (out.len() == before).then_some(Value::Statuses(read))
}

fn recipe(text: &str) -> Result<(), acceptance::Refused> {
    RecipeName::parse(text).map(|_| ()).map_err(|e| (e.to_string(), None))
}

fn code(text: &str) -> Result<(), acceptance::Refused> {
    acceptance::exists(text)
}

/// A list of names, each once.
fn names(
    items: &DeArray<'_>,
    out: &mut Vec<BadValue>,
    noun: &str,
    check: fn(&str) -> Result<(), acceptance::Refused>,
) -> Option<Value> {
    let before = out.len();
    let mut read: Vec<String> = vec![];
    for item in items.iter() {
        match item.get_ref() {
            DeValue::String(s) if read.iter().any(|r| *r == **s) => {
                out.push(impossible(item.span(), format!("`{s}` occurs twice")));
            }
            DeValue::String(s) => match check(s) {
                Ok(()) => read.push(s.to_string()),
                Err((message, help)) => out.push(BadValue { help, ..impossible(item.span(), message) }),
            },
            _ => out.push(wrong_type(item, noun)),
        }
    }
    (out.len() == before).then_some(Value::Names(read))
}
