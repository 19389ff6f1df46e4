//! Rules of Traefik's routers as authors write them. Traefik v3 parses a rule as an expression of the language Go, in which
//! the matchers are functions. Quotes, line ends, comments and commas have the same meaning as in Go. Pure.

mod scan;
mod v3;

use scan::{Scanner, Token};
use std::fmt;

/// How deep parentheses and `!` may nest here; a recipe needs three.
const DEEPEST: usize = 50;

/// The matchers of Traefik v3, and how many values each takes.
pub const MATCHERS: &[(&str, std::ops::RangeInclusive<usize>)] = &[
    ("ClientIP", 1..=1),
    ("Header", 2..=2),
    ("HeaderRegexp", 2..=2),
    ("Host", 1..=1),
    ("HostRegexp", 1..=1),
    ("Method", 1..=1),
    ("Path", 1..=1),
    ("PathPrefix", 1..=1),
    ("PathRegexp", 1..=1),
    ("Query", 1..=2),
    ("QueryRegexp", 1..=2),
];

/// The matchers of Traefik v2, which takes any number of values for each.
pub const OLD_MATCHERS: &[&str] = &[
    "ClientIP",
    "Headers",
    "HeadersRegexp",
    "Host",
    "HostHeader",
    "HostRegexp",
    "Method",
    "Path",
    "PathPrefix",
    "Query",
];

/// A rule that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// One matcher.
    Is(Call),
    /// The negation.
    Not(Box<Rule>),
    /// All of them; flat, since a long chain of pairs inside each other would exhaust the stack.
    All(Vec<Rule>),
    /// Any of them.
    Any(Vec<Rule>),
}

/// A matcher and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The matcher as written.
    pub name: String,
    /// Its values, without quotes.
    pub values: Vec<String>,
}

/// Why a rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// Traefik refuses it, for this reason.
    Refused(String),
    /// It is not supported here, for this reason; what Traefik does with it is not known.
    Unknown(String),
}

impl From<String> for Flaw {
    fn from(why: String) -> Flaw {
        Flaw::Refused(why)
    }
}

impl From<&str> for Flaw {
    fn from(why: &str) -> Flaw {
        Flaw::Refused(why.into())
    }
}

impl Rule {
    /// Reads a rule; the names of matchers are not checked.
    pub fn parse(text: &str) -> Result<Rule, Flaw> {
        let mut parser = Parser { scanner: Scanner::new(text), token: Token::End };
        parser.next()?;
        let rule = parser.either(0)?;
        let line_ended = parser.token == Token::LineEnd;
        if line_ended {
            parser.next()?;
        }
        match parser.token {
            Token::End => Ok(rule),
            _ if line_ended => Err(Flaw::Refused(
                "it ends with its first line: an operator stands at the end of a line, not at the beginning of the next".into(),
            )),
            _ => parser.unexpected("`&&` or `||`"),
        }
    }

    /// The rule in the syntax of v3, if it is in that of v2.
    pub fn in_v3(&self) -> Option<String> {
        v3::form(self)
    }

    /// The matchers, in order.
    pub fn calls(&self) -> Vec<&Call> {
        match self {
            Rule::Is(call) => vec![call],
            Rule::Not(inner) => inner.calls(),
            Rule::All(rules) | Rule::Any(rules) => rules.iter().flat_map(Rule::calls).collect(),
        }
    }
}

impl Call {
    /// Finds the matcher in a list. Traefik knows four spellings: as listed, lower case, upper case, and lower case with a
    /// capital.
    pub fn matcher<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        names.find(|name| {
            let lower = name.to_ascii_lowercase();
            let title = format!("{}{}", &name[..1], &lower[1..]);
            [*name, &lower, &title, &name.to_ascii_uppercase()].contains(&self.name.as_str())
        })
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = self.values.iter().map(|v| quoted(v)).collect();
        write!(f, "{}({})", self.name, values.join(", "))
    }
}

/// A value as rules write it.
fn quoted(value: &str) -> String {
    if value.contains('`') { format!("{value:?}") } else { format!("`{value}`") }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = |rule: &Rule| match rule {
            Rule::Any(_) | Rule::All(_) => format!("({rule})"),
            _ => rule.to_string(),
        };
        match self {
            Rule::Is(call) => write!(f, "{call}"),
            Rule::Not(rule) => write!(f, "!{}", inner(rule)),
            Rule::All(rules) => write!(f, "{}", rules.iter().map(inner).collect::<Vec<_>>().join(" && ")),
            Rule::Any(rules) => {
                let all: Vec<String> = rules.iter().map(ToString::to_string).collect();
                write!(f, "{}", all.join(" || "))
            }
        }
    }
}

/// The only rule of a list; none of several.
fn alone(rules: &mut Vec<Rule>) -> Option<Rule> {
    if rules.len() == 1 { rules.pop() } else { None }
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    token: Token,
}

impl Parser<'_> {
    fn next(&mut self) -> Result<Token, Flaw> {
        let next = self.scanner.next().map_err(Flaw::Refused)?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn either(&mut self, depth: usize) -> Result<Rule, Flaw> {
        let mut rules = vec![self.both(depth)?];
        while self.token == Token::Or {
            self.next()?;
            rules.push(self.both(depth)?);
        }
        Ok(alone(&mut rules).unwrap_or(Rule::Any(rules)))
    }

    fn both(&mut self, depth: usize) -> Result<Rule, Flaw> {
        let mut rules = vec![self.one(depth)?];
        while self.token == Token::And {
            self.next()?;
            rules.push(self.one(depth)?);
        }
        Ok(alone(&mut rules).unwrap_or(Rule::All(rules)))
    }

    fn one(&mut self, depth: usize) -> Result<Rule, Flaw> {
        if depth > DEEPEST {
            return Err(Flaw::Unknown(format!("it is nested deeper than {DEEPEST} levels")));
        }
        match self.token {
            Token::Not => {
                self.next()?;
                Ok(Rule::Not(Box::new(self.one(depth + 1)?)))
            }
            Token::Open => {
                self.next()?;
                let inside = self.either(depth + 1)?;
                self.expect(&Token::Close, "`)`")?;
                Ok(inside)
            }
            _ => self.call().map(Rule::Is),
        }
    }

    fn call(&mut self) -> Result<Call, Flaw> {
        let Token::Name(_) = self.token else { return self.unexpected("a matcher such as Host(`…`)") };
        let Token::Name(name) = self.next()? else { return self.unexpected("a matcher") };
        self.expect(&Token::Open, "`(`")?;
        let mut values = vec![];
        let mut last = false;
        while self.token != Token::Close && !last {
            values.push(self.value()?);
            if self.token == Token::Dots {
                self.next()?;
                last = true;
            }
            match self.token {
                Token::Comma => drop(self.next()?),
                Token::Close => {}
                _ => return self.unexpected("`,` or `)`"),
            }
        }
        self.expect(&Token::Close, "`)`")?;
        Ok(Call { name, values })
    }

    fn value(&mut self) -> Result<String, Flaw> {
        match &self.token {
            Token::Text(_) => match self.next()? {
                Token::Text(value) => Ok(value),
                _ => self.unexpected("a value"),
            },
            Token::SingleQuoted(text) => Err(Flaw::Refused(format!(
                "a value must be in backquotes or double quotes, and {text} is in single quotes"
            ))),
            Token::Name(name) => Err(Flaw::Refused(format!("the value `{name}` is not in backquotes"))),
            _ => self.unexpected("a value in backquotes"),
        }
    }

    fn expect(&mut self, token: &Token, what: &str) -> Result<(), Flaw> {
        if self.token != *token {
            return self.unexpected(what);
        }
        self.next().map(drop)
    }

    fn unexpected<T>(&self, what: &str) -> Result<T, Flaw> {
        Err(Flaw::Refused(format!("{what} is missing {}", self.token.before())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        Rule::parse(text).map(|r| r.to_string()).unwrap_or_else(|flaw| match flaw {
            Flaw::Refused(why) | Flaw::Unknown(why) => why,
        })
    }

    #[test]
    fn a_rule_is_read_and_written_in_one_way() {
        for (text, same) in [
            ("Host(`a`)||Host(\"b\")&&!Path(`/x`,)", "Host(`a`) || Host(`b`) && !Path(`/x`)"),
            ("(Host(`a`) || host(`b`)) /* or */ && Path(`/`) // x", "(Host(`a`) || host(`b`)) && Path(`/`)"),
            ("Host(\n`a`...)\n", "Host(`a`)"),
            ("Host()", "Host()"),
            ("Path(\"/a\\x62\\u0063\\141\")", "Path(`/abca`)"),
        ] {
            assert_eq!(read(text), same, "{text}");
        }
    }

    #[test]
    fn what_is_no_rule_is_said() {
        for (text, part) in [
            ("", "a matcher such as Host(`…`) is missing at its end"),
            ("Host(`a`", "`,` or `)` is missing at its end"),
            ("Host(a)", "the value `a` is not in backquotes"),
            ("Host('a.b')", "'a.b' is in single quotes"),
            ("Host(`a`) Host(`b`)", "`&&` or `||` is missing before `Host`"),
            ("Host(`a`)\n|| Host(`b`)", "it ends with its first line"),
            ("Host(`a`\n)", "is missing before the end of a line"),
            ("Host(`a`) | Host(`b`)", "is missing before `|`"),
            ("Host(`a", "a ` is not closed"),
        ] {
            assert!(read(text).contains(part), "{text}: {}", read(text));
        }
    }

    #[test]
    fn a_chain_of_any_length_is_read_and_deep_nesting_is_not_guessed() {
        let chain = vec!["Path(`/x`)"; 20_000].join("||");
        assert_eq!(Rule::parse(&chain).unwrap().calls().len(), 20_000);
        for deep in ["(".repeat(10_000), "!".repeat(10_000)] {
            assert!(matches!(Rule::parse(&deep), Err(Flaw::Unknown(why)) if why.contains("deeper")));
        }
    }

    #[test]
    fn the_spellings_of_matchers_are_those_that_traefik_knows() {
        for (name, known) in [
            ("PathPrefix", true),
            ("pathprefix", true),
            ("Pathprefix", true),
            ("PATHPREFIX", true),
            ("pathPrefix", false),
        ] {
            let call = Call { name: name.into(), values: vec![] };
            assert_eq!(call.matcher(MATCHERS.iter().map(|m| m.0)).is_some(), known, "{name}");
        }
    }
}
