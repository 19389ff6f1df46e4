//! The texts of compiled scripts: converts Rhai's files and positions to places that people can open.

use super::assertion;
use super::node::{Tree, What};
use ccci_model::diag::{Place, Text};
use rhai::Position;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// An assertion of a script: where it starts, and the text of its expression.
type Assertion = (Position, String);

/// All texts of a recipe's scripts, by the name that Rhai uses for them.
#[derive(Debug, Default)]
pub(super) struct Sources {
    texts: BTreeMap<String, Arc<Text>>,
    /// Assertions by file and by line and column of the whole expression, which is the position of a failed
    /// assertion.
    asserts: HashMap<(String, Option<usize>, Option<usize>), Assertion>,
}

impl Sources {
    /// Adds a file and its assertions.
    pub(super) fn add(&mut self, file: &str, text: &Arc<Text>, tree: &Tree) {
        self.texts.insert(file.to_string(), text.clone());
        let bodies = tree.functions.iter().flat_map(|f| &f.body);
        let ends = text.content.match_indices('\n').map(|(i, _)| i + 1);
        let starts: Vec<usize> = std::iter::once(0).chain(ends).collect();
        for node in tree.top.iter().chain(bodies) {
            node.visit(&mut |n| {
                if let What::Assert(inner) = &n.what {
                    let line = starts.get(n.at.line().unwrap_or(1) - 1).copied().unwrap_or(0);
                    let before =
                        text.content[line..].chars().take(n.at.position().unwrap_or(1).saturating_sub(1));
                    let start = line + before.map(char::len_utf8).sum::<usize>();
                    let expected = (n.at, assertion::expression(&text.content, start).to_string());
                    self.asserts.insert((file.to_string(), inner.at.line(), inner.at.position()), expected);
                }
            });
        }
    }

    /// Shows a position as `path:line:column`.
    pub(super) fn show(&self, file: &str, at: Position) -> String {
        let path = self.texts.get(file).map_or(file, |t| t.path.as_str());
        match (at.line(), at.position()) {
            (Some(line), column) => format!("{path}:{line}:{}", column.unwrap_or(1).max(1)),
            (None, _) => path.to_string(),
        }
    }

    /// Place and expression of the assertion whose expression is at this position.
    pub(super) fn assertion(&self, file: &str, at: Position) -> Option<(String, String)> {
        let (start, text) = self.asserts.get(&(file.to_string(), at.line(), at.position()))?;
        Some((self.show(file, *start), text.clone()))
    }
}

/// Instead of a number of characters: the word, text or sign at the position.
pub(super) const TOKEN: usize = usize::MAX;

/// Characters of signs, which may stand together.
const SIGNS: &str = "=!<>&|+-*/%^?:.";

/// Place of a Rhai position, with a length of `chars` characters, or of the [`TOKEN`] there.
pub(super) fn place(text: &Arc<Text>, at: Position, chars: usize) -> Place {
    let (Some(line), column) = (at.line(), at.position()) else { return Place::start_of(text) };
    let at = |chars| Place::at_line(text, line, column.unwrap_or(1).max(1), chars);
    if chars != TOKEN {
        return at(chars);
    }
    let start = at(0).range.start;
    Place::new(text, start..start + token(&text.content[start..]))
}

/// Length of the first token, bytes: at least one character, if there is one.
fn token(rest: &str) -> usize {
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let Some(first) = rest.chars().next() else { return 0 };
    let while_it_is = |of: &dyn Fn(char) -> bool| rest.find(|c| !of(c)).unwrap_or(rest.len());
    match first {
        c if is_of_word(c) => while_it_is(&is_of_word),
        c if SIGNS.contains(c) => while_it_is(&|c| SIGNS.contains(c)),
        '"' | '`' | '\'' => quoted(rest, first).unwrap_or(1),
        c => c.len_utf8(),
    }
}

/// Length of a text in quotes, if it ends in its line.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = true;
    for (at, c) in rest.lines().next()?.char_indices() {
        match c {
            c if c == quote && !escaped => return Some(at + c.len_utf8()),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

/// Place of a function's name. Rhai keeps only the start of the body, so the name is searched backwards from
/// there.
pub(super) fn function_place(text: &Arc<Text>, name: &str, body_at: Position) -> Place {
    let body = place(text, body_at, 0).range.start;
    let before = &text.content[..body];
    let found = before.rmatch_indices("fn").find_map(|(i, _)| {
        let rest = &before[i + 2..];
        let gap = rest.len() - rest.trim_start().len();
        let after = rest.trim_start().strip_prefix(name)?;
        (gap > 0 && after.trim_start().starts_with('(')).then_some(i + 2 + gap)
    });
    match found {
        Some(at) => Place::new(text, at..at + name.len()),
        None => place(text, body_at, TOKEN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_word_a_text_or_a_sign() {
        for (rest, first) in [
            ("ctx.get()", "ctx"),
            ("404)", "404"),
            ("\"a \\\" b\", 1", "\"a \\\" b\""),
            ("\"open\n\"", "\""),
            ("== 1", "=="),
            ("(a)", "("),
            ("ä", "ä"),
            ("", ""),
        ] {
            assert_eq!(&rest[..token(rest)], first);
        }
    }

    #[test]
    fn the_name_of_a_function_is_found_before_its_body() {
        let content = "fn a(x) { 1 }\nprivate  fn  bc ( x, y )\n{\n}\n";
        let text = Arc::new(Text { path: "h".into(), content: content.into() });
        assert_eq!(function_place(&text, "bc", Position::new(3, 1)).to_string(), "h:2:14");
        assert_eq!(function_place(&text, "a", Position::new(1, 9)).to_string(), "h:1:4");
    }
}
