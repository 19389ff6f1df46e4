//! Finds functions in the scanned text.

use super::tokens::Token;
use std::ops::Range;

/// A function in the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Observed {
    /// Its name.
    pub name: String,
    /// Range of the name, in bytes.
    pub name_at: Range<usize>,
    /// How many parameters it has.
    pub params: usize,
    /// Whether it is private.
    pub private: bool,
    /// Whether it is a method of a type: `fn int.half()`.
    pub of_type: bool,
    /// Where its body begins, in bytes.
    pub body_at: usize,
}

/// The functions in the code, in the order of the text.
pub(super) fn functions(text: &str, tokens: &[Token]) -> Vec<Observed> {
    let word = |t: &Token| matches!(t, Token::Word(from, to) if &text[*from..*to] == "fn");
    let begins = tokens.iter().enumerate().filter(|(_, t)| word(t));
    begins.filter_map(|(i, _)| function(text, tokens, i)).collect()
}

/// The function whose `fn` is this token.
fn function(text: &str, tokens: &[Token], at: usize) -> Option<Observed> {
    let private = at.checked_sub(1).and_then(|before| tokens.get(before));
    let private = matches!(private, Some(Token::Word(from, to)) if &text[*from..*to] == "private");
    let mut rest = tokens.get(at + 1..)?;
    let of_type = matches!(rest, [Token::Word(..) | Token::Text, Token::Sign(_, b'.'), ..]);
    if of_type {
        rest = &rest[2..];
    }
    let [Token::Word(from, to), Token::Sign(_, b'('), rest @ ..] = rest else { return None };
    let (params, body_at) = parameters(rest)?;
    let name_at = *from..*to;
    Some(Observed { name: text[name_at.clone()].to_string(), name_at, params, private, of_type, body_at })
}

/// Number of names up to the closing parenthesis, and the position of the brace after it.
fn parameters(mut rest: &[Token]) -> Option<(usize, usize)> {
    let mut params = 0;
    loop {
        rest = match rest {
            [Token::Word(..), Token::Sign(_, b','), more @ ..] => more,
            [Token::Word(..), Token::Sign(_, b')'), ..] => &rest[1..],
            [Token::Sign(_, b')'), Token::Sign(body_at, b'{'), ..] => return Some((params, *body_at)),
            _ => return None,
        };
        params += 1;
    }
}

/// A function that is written inside a comment or a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// Its name.
    pub name: String,
    /// Range of the name, in bytes.
    pub name_at: Range<usize>,
}

/// The functions that begin at a line start in a range of bytes.
pub(super) fn written<'a>(text: &'a str, stretch: &Range<usize>) -> impl Iterator<Item = Written> + 'a {
    let mut next = stretch.start;
    text[stretch.clone()].split_inclusive('\n').filter_map(move |line| {
        let at = next;
        next += line.len();
        let name = written_name(line)?;
        Some(Written { name: line[name.clone()].to_string(), name_at: at + name.start..at + name.end })
    })
}

/// Range of the name in a line that begins a function. A `}` before the `fn` is allowed.
fn written_name(line: &str) -> Option<Range<usize>> {
    let start = line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '}' | ';'));
    let after = |rest: &'static str, of: &'_ str| {
        let more = of.strip_prefix(rest)?;
        let blank = more.len() - more.trim_start().len();
        (blank > 0).then_some(rest.len() + blank)
    };
    let skip = after("private", start).unwrap_or(0);
    let skip = skip + after("fn", &start[skip..])?;
    let rest = &start[skip..];
    let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let named = rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let from = line.len() - rest.len();
    (named && rest[len..].trim_start().starts_with('(')).then_some(from..from + len)
}
