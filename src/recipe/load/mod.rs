//! Reads `recipe.toml` into a `Recipe`. One walk over the tree compares it with KEYS and collects all
//! diagnostics with their places. Layers are read in order; a later one overrides single keys. Pure: takes
//! texts, returns values.

use super::keys::{KEYS, Key, Status};
use super::kind::BadValue;
use super::settings::{Recipe, UpgradeBase};
use ccci_model::diag::fix::{Fix, Safety};
use ccci_model::diag::nearest::{did_you_mean, nearest};
use ccci_model::diag::{Diagnostic, Diagnostics, Help, Place, Text, codes};
use ccci_model::name::{RecipeName, Version};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The place of each key that was set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans(BTreeMap<&'static str, Place>);

impl Spans {
    /// The place of a key's value, if a file sets it.
    pub fn of(&self, key: &str) -> Option<&Place> {
        self.0.get(key)
    }

    /// The place of an entry's name in a table, if a file sets it.
    pub fn entry(&self, key: &str, name: &str) -> Option<Place> {
        let value = self.of(key)?;
        let content = &value.text.content;
        // a `[section]` has the place of its header; its entries come after it
        let part = |c: char| c.is_alphanumeric() || "_-".contains(c);
        let whole = |(at, _): &(usize, &str)| {
            let (before, after) =
                (&content[..value.range.start + at], &content[value.range.start + at + name.len()..]);
            !before.ends_with(part) && !after.starts_with(part)
        };
        let (at, _) = content[value.range.start..].match_indices(name).find(whole)?;
        let at = value.range.start + at;
        Some(Place::new(&value.text, at..at + name.len()))
    }
}

/// Settings that were read.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The values: those of the files, and else the defaults.
    pub recipe: Recipe,
    /// Their places.
    pub spans: Spans,
    /// Everything that is wrong.
    pub diagnostics: Diagnostics,
}

/// Reads the layers of a recipe's settings; later layers override earlier ones. Without layers: the defaults.
pub fn load(name: RecipeName, layers: &[Arc<Text>]) -> Loaded {
    load_with(KEYS, name, layers)
}

/// Reads with other rows, for tests of what rows can report.
pub fn load_with(rows: &[Key], name: RecipeName, layers: &[Arc<Text>]) -> Loaded {
    let mut loaded = Loaded {
        recipe: Recipe::defaults(name),
        spans: Spans::default(),
        diagnostics: Diagnostics::default(),
    };
    for text in layers {
        let (document, errors) = DeTable::parse_recoverable(&text.content);
        let mut reader = Reader { rows, text, loaded: &mut loaded, found: vec![] };
        reader.table("", document.get_ref());
        let found = reader.found;
        let lines = Lines::of(&text.content);
        let broken = syntax_errors(text, &lines, &errors, &mut loaded.diagnostics);
        // values that the parser recovered from a broken line must not cause further reports
        let same_line =
            |d: &Diagnostic| d.place.as_ref().is_some_and(|p| broken.contains(&lines.of_byte(p.range.start)));
        found.into_iter().filter(|d| !same_line(d)).for_each(|d| loaded.diagnostics.push(d));
    }
    base_of_recipes(rows, &mut loaded);
    loaded
}

/// Reports an upgrade base that is no recipe version, unless the settings say that versions look differently.
fn base_of_recipes(rows: &[Key], loaded: &mut Loaded) {
    if loaded.recipe.versions.is_some() {
        return;
    }
    let wrong = loaded.recipe.upgrade_bases.iter().find_map(|base| match base {
        UpgradeBase::Version(v) => Version::parse(v.as_str()).err(),
        UpgradeBase::Auto | UpgradeBase::None => None,
    });
    let Some(e) = wrong else { return };
    let example = rows.iter().find(|row| row.name == BASE).map_or("", |row| row.example);
    let d = Diagnostic::new(codes::IMPOSSIBLE_VALUE, format!("`{BASE}`: {e}, nor `auto`, nor `none`"));
    let d = d.help(format!("for example `{BASE} = {example}`"));
    loaded.diagnostics.push(match loaded.spans.0.remove(BASE) {
        Some(place) => d.at(place),
        None => d,
    });
    loaded.recipe.upgrade_bases = vec![UpgradeBase::Auto];
}

/// The setting of the upgrade base.
const BASE: &str = "upgrade.base";

/// Positions at which the lines of a text begin. A place counts its lines each time, which is too slow for a
/// file full of mistakes.
struct Lines(Vec<usize>);

impl Lines {
    fn of(content: &str) -> Lines {
        Lines(content.match_indices('\n').map(|(at, _)| at + 1).collect())
    }

    /// Number of the line of a byte, from 0.
    fn of_byte(&self, at: usize) -> usize {
        self.0.partition_point(|begin| *begin <= at)
    }
}

/// Reports each syntax error; returns the lines that have one.
fn syntax_errors(
    text: &Arc<Text>,
    lines: &Lines,
    errors: &[toml::de::Error],
    out: &mut Diagnostics,
) -> BTreeSet<usize> {
    let mut broken = BTreeSet::new();
    for e in errors {
        let place = Place::new(text, e.span().unwrap_or(0..0));
        // the parser often reports two errors for one mistake
        if broken.insert(lines.of_byte(place.range.start)) {
            let mut said = Diagnostic::new(codes::TOML_SYNTAX, e.message().to_string()).at(place);
            // messages of the parser for a bare `../path` or `1.0.0+1`, which it reads as numbers
            if e.message().starts_with("invalid mantissa") || e.message().starts_with("invalid float") {
                said = said.help("a text must be in quotes, like `source = \"../../example\"`");
            }
            out.push(said);
        }
    }
    broken
}

struct Reader<'a> {
    rows: &'a [Key],
    text: &'a Arc<Text>,
    loaded: &'a mut Loaded,
    found: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn table(&mut self, section: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = match section {
                "" => key.get_ref().to_string(),
                s => format!("{s}.{}", key.get_ref()),
            };
            let rows = self.rows;
            if let Some(row) = rows.iter().find(|r| r.name == name) {
                self.value(row, key.span(), value);
            } else if self.is_section(&name) {
                match value.get_ref() {
                    DeValue::Table(inner) => self.table(&name, inner),
                    _ => self.section_as_value(&name, value),
                }
            } else {
                self.unknown(&name, key.span());
            }
        }
    }

    fn is_section(&self, name: &str) -> bool {
        self.rows.iter().any(|r| r.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    }

    /// The names below a section, or all names.
    fn names(&self, section: &str) -> Vec<&'static str> {
        let live = self.rows.iter().filter(|r| r.has_effect()).map(|r| r.name);
        live.filter(|n| section.is_empty() || n.starts_with(&format!("{section}."))).collect()
    }

    fn say(&mut self, d: Diagnostic, range: Range<usize>) {
        self.found.push(d.at(Place::new(self.text, range)));
    }

    fn value(&mut self, row: &Key, key: Range<usize>, value: &Spanned<DeValue<'_>>) {
        match row.status {
            Status::Removed { write } => {
                let d = Diagnostic::new(codes::REMOVED_KEY, format!("`{}` was removed", row.name));
                let help = if write.starts_with('`') { format!("write {write}") } else { write.to_string() };
                return self.say(d.help(help), key);
            }
            Status::Deprecated { write } => {
                let d = Diagnostic::new(codes::DEPRECATED_KEY, format!("`{}` has a better form", row.name));
                self.say(d.help(format!("write {write}")), key.clone());
            }
            Status::Stable | Status::NotYet => {}
        }
        let mut bad = vec![];
        let read = row.kind.read(value, &mut bad);
        let good = bad.is_empty();
        for t in bad {
            self.bad_value(row, t);
        }
        let Some(read) = read else { return };
        // a later layer may set the default again where an earlier one sets something else
        let unchanged = (row.get)(&self.loaded.recipe) == row.default();
        (row.set)(&mut self.loaded.recipe, read);
        // of a map whose only entry was refused nothing is left
        if good
            && unchanged
            && row.status == Status::Stable
            && (row.get)(&self.loaded.recipe) == row.default()
        {
            self.needless(row, key.clone(), value.span());
        }
        self.loaded.spans.0.insert(row.name, Place::new(self.text, value.span()));
        if row.status == Status::NotYet && (row.get)(&self.loaded.recipe) != row.default() {
            let d = Diagnostic::new(
                codes::NOT_YET,
                format!("`{}` is not built yet and would have no effect", row.name),
            );
            self.say(d.help("remove it"), key);
        }
    }

    /// Reports a value that is the default. The whole line goes, if nothing else is in it.
    fn needless(&mut self, row: &Key, key: Range<usize>, value: Range<usize>) {
        let content = &self.text.content;
        let start = content[..key.start].rfind('\n').map_or(0, |n| n + 1);
        let end = content[value.end..].find('\n').map_or(content.len(), |n| value.end + n + 1);
        let message = format!("`{}` has its default, `{}`", row.name, row.default());
        let mut d = Diagnostic::new(codes::DEFAULT_VALUE, message).help("remove it");
        // of a dotted key the place is that of its last part
        let section = row.name.rsplit_once('.').map(|(section, _)| format!("{section}."));
        let before = content[start..key.start].trim();
        let first = before.is_empty() || Some(before) == section.as_deref();
        if first && content[value.end..end].trim().is_empty() {
            let title = format!("remove `{}`", row.name);
            d = d.fix(Fix::new(Safety::Safe, title, Place::new(self.text, start..end), ""));
        }
        self.say(d, key.start..value.end);
    }

    fn bad_value(&mut self, row: &Key, t: BadValue) {
        let join = if t.code == codes::WRONG_TYPE { "" } else { ":" };
        let message = format!("`{}`{join} {}", row.name, t.message);
        let help = t.help.unwrap_or_else(|| format!("for example `{} = {}`", row.name, row.example));
        self.say(Diagnostic::new(t.code, message).help(help), t.range);
    }

    fn section_as_value(&mut self, section: &str, value: &Spanned<DeValue<'_>>) {
        let names = self.names(section);
        let message = format!("`{section}` is a section, not a value");
        let rows = self.rows;
        let example = rows.iter().find(|r| r.name == names[0]).map_or("", |r| r.example);
        let help = format!("it has {}; for example `{} = {example}`", names.join(", "), names[0]);
        self.say(Diagnostic::new(codes::WRONG_TYPE, message).help(help), value.span());
    }

    fn unknown(&mut self, name: &str, key: Range<usize>) {
        let known = self.names("");
        let leaf = name.rsplit('.').next().unwrap_or(name);
        let same_leaf: Vec<String> =
            known.iter().filter(|k| k.rsplit('.').next() == Some(leaf)).map(|k| format!("`{k}`")).collect();
        let sections = known.iter().filter_map(|k| k.split_once('.')).map(|(s, _)| s);
        // inside of a section only the last part of the name is written
        let written = self.text.content[key.clone()].contains('.') || leaf == name;
        let near = did_you_mean(name, known.iter().copied()).map(|h| if written { h } else { h.text.into() });
        let help = near
            .or_else(|| {
                (!same_leaf.is_empty()).then(|| format!("did you mean {}?", same_leaf.join(" or ")).into())
            })
            .or_else(|| nearest(name, sections).map(|s| format!("did you mean the section `{s}`?").into()))
            .or_else(|| self.like_a_removed(name).map(Help::from))
            .unwrap_or_else(|| format!("known settings are {}", known.join(", ")).into());
        self.say(Diagnostic::new(codes::UNKNOWN_KEY, format!("unknown key `{name}`")).help(help), key);
    }

    fn like_a_removed(&self, name: &str) -> Option<String> {
        let gone = self.rows.iter().filter(|r| !r.has_effect()).map(|r| r.name);
        let row = nearest(name, gone).and_then(|n| self.rows.iter().find(|r| r.name == n))?;
        match row.status {
            Status::Removed { write } => {
                Some(format!("like `{}`, which was removed: write {write}", row.name))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_big_file_that_is_no_toml_is_refused_in_a_moment() {
        let text =
            Arc::new(Text { path: "recipe.toml".into(), content: "The first release.\n".repeat(20_000) });
        let loaded = load(RecipeName::parse("x").unwrap(), &[text]);
        assert!(loaded.diagnostics.has_errors());
        assert!(loaded.diagnostics.0.len() <= ccci_model::diag::MOST + 1);
    }
}
