//! Regular expressions as Traefik, which is written in Go, reads them. They are translated, because the same text may have
//! another meaning here: `\d` matches more digits, `{` must be escaped, a class may contain another class. Pure.

use super::rule::Flaw;
use regex::Regex;
use std::iter::Peekable;
use std::str::Chars;

/// The highest count of repetitions.
const MOST: u32 = 1000;

/// Names of classes such as `[:alpha:]`.
const POSIX: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

/// Names after `\p` that have the same meaning in Go and here. Go has more.
const UNICODE: &[&str] = &[
    "C", "Cc", "Cf", "Co", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl", "No",
    "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs",
    "Arabic", "Armenian", "Cyrillic", "Georgian", "Greek", "Han", "Hangul", "Hebrew", "Hiragana", "Katakana",
    "Latin", "Thai",
];

/// Reads a regular expression.
pub(super) fn regex(text: &str) -> Result<Regex, Flaw> {
    let refused = |why: &str| Flaw::Refused(format!("`{text}` is no regular expression: {why}"));
    let unknown = |why: &str| Flaw::Unknown(format!("the regular expression `{text}`, for {why}"));
    let mut out = Translator {
        rest: text.chars().peekable(),
        out: String::new(),
        before: Before::Nothing,
        names: vec![],
    };
    out.all().map_err(|odd| match odd {
        Odd::Refused(why) => refused(&why),
        Odd::Unknown(why) => unknown(&why),
    })?;
    Regex::new(&out.out).map_err(|e| {
        let last = e.to_string().lines().last().unwrap_or_default().trim().to_string();
        // parentheses are not checked before: if they are wrong here, they are wrong in Go
        match e {
            regex::Error::Syntax(_) => refused(&last),
            _ => unknown(&last),
        }
    })
}

enum Odd {
    Refused(String),
    Unknown(String),
}

fn refuse<T>(why: impl Into<String>) -> Result<T, Odd> {
    Err(Odd::Refused(why.into()))
}

/// What comes before a repetition.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Something,
    Repetition,
    Flags,
}

struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    before: Before,
    names: Vec<String>,
}

impl Translator<'_> {
    fn all(&mut self) -> Result<(), Odd> {
        while let Some(c) = self.rest.next() {
            match c {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.open()?,
                '|' => self.plain('|', Before::Nothing),
                ')' | '.' | '^' | '$' => self.plain(c, Before::Something),
                '*' | '+' | '?' => self.repeat(&c.to_string())?,
                '{' => match self.count()? {
                    Some(count) => self.repeat(&count)?,
                    None => self.literal('{'),
                },
                c => self.literal(c),
            }
        }
        Ok(())
    }

    fn plain(&mut self, c: char, before: Before) {
        self.out.push(c);
        self.before = before;
    }

    fn literal(&mut self, c: char) {
        self.out.push_str(&regex::escape(&c.to_string()));
        self.before = Before::Something;
    }

    fn repeat(&mut self, sign: &str) -> Result<(), Odd> {
        match self.before {
            Before::Nothing => return refuse(format!("there is nothing to repeat before `{sign}`")),
            Before::Repetition => return refuse(format!("`{sign}` repeats a repetition")),
            Before::Flags => return Err(Odd::Unknown(format!("`{sign}` after flags"))),
            Before::Something => {}
        }
        self.out.push_str(sign);
        if self.rest.next_if_eq(&'?').is_some() {
            self.out.push('?');
        }
        self.before = Before::Repetition;
        Ok(())
    }

    /// Reads `2}`, `2,}` or `2,3}`; anything else is plain text.
    fn count(&mut self) -> Result<Option<String>, Odd> {
        let inside: String = self.rest.clone().take_while(|c| *c != '}').collect();
        let number = |t: &str| t.chars().all(|c| c.is_ascii_digit()).then(|| t.parse::<u32>().ok()).flatten();
        let (least, most) = inside.split_once(',').unwrap_or((&inside, &inside));
        let closed = self.rest.clone().nth(inside.chars().count()) == Some('}');
        let digits = |t: &str| !t.is_empty() && t.chars().all(|c| c.is_ascii_digit());
        if !closed || !digits(least) || !(most.is_empty() || digits(most)) {
            return Ok(None);
        }
        let fits = |t: &str| number(t).is_some_and(|n| n <= MOST);
        let ordered = most.is_empty() || number(least) <= number(most);
        if !fits(least) || !(most.is_empty() || fits(most)) || !ordered {
            return refuse(format!("`{{{inside}}}` is no count of repetitions"));
        }
        self.rest.by_ref().take(inside.chars().count() + 1).for_each(drop);
        Ok(Some(format!("{{{inside}}}")))
    }

    /// Reads what follows `(`. A name that is not valid here, or not unique, is left out.
    fn open(&mut self) -> Result<(), Odd> {
        self.out.push('(');
        self.before = Before::Nothing;
        if self.rest.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        let named = self.rest.next_if_eq(&'P').is_some();
        if self.rest.next_if_eq(&'<').is_some() {
            let name = self
                .until('>')
                .filter(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
            let name = name.ok_or_else(|| Odd::Refused("a group has no name that it can have".into()))?;
            if !name.starts_with(|c: char| c.is_ascii_digit()) && !self.names.contains(&name) {
                self.out.push_str(&format!("?P<{name}>"));
                self.names.push(name);
            }
            return Ok(());
        }
        if named {
            return refuse("`(?P` begins nothing");
        }
        let flags: String = self.rest.clone().take_while(|c| !":)".contains(*c)).collect();
        let known = flags.chars().all(|c| "imsU-".contains(c)) && flags.matches('-').count() <= 1;
        if !known || flags.ends_with('-') || (flags.is_empty() && self.rest.peek() != Some(&':')) {
            return refuse(format!("`(?{flags}` is not known"));
        }
        self.rest.by_ref().take(flags.len()).for_each(drop);
        self.out.push('?');
        self.out.push_str(&flags);
        match self.rest.next() {
            Some(':') => self.plain(':', Before::Nothing),
            Some(_) => self.plain(')', Before::Flags),
            None => return refuse("a parenthesis is not closed"),
        }
        Ok(())
    }

    fn until(&mut self, end: char) -> Option<String> {
        let mut out = String::new();
        loop {
            match self.rest.next()? {
                c if c == end => return Some(out),
                c => out.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Odd> {
        self.before = Before::Something;
        match self.rest.peek().copied() {
            Some(c @ ('A' | 'z')) => self.out.extend(['\\', c]),
            Some('b') => self.out.push_str(r"(?-u:\b)"),
            Some('B') => return Err(Odd::Unknown(r"its `\B`".into())),
            Some('Q') => {
                self.rest.next();
                return self.quoted();
            }
            _ => {
                if let Some(set) = self.set()? {
                    self.out.push_str(&set);
                } else {
                    let c = self.character()?;
                    self.literal(c);
                }
                return Ok(());
            }
        }
        self.rest.next();
        Ok(())
    }

    /// Reads plain text up to `\E`.
    fn quoted(&mut self) -> Result<(), Odd> {
        let text: String = self.rest.clone().collect();
        let inside = text.split_once("\\E").map_or(text.as_str(), |(inside, _)| inside);
        let behind = if inside.len() < text.len() { 2 } else { 0 };
        self.rest.by_ref().take(inside.chars().count() + behind).for_each(drop);
        inside.chars().for_each(|c| self.literal(c));
        Ok(())
    }

    /// Reads a class after `\`, such as `\d`.
    fn set(&mut self) -> Result<Option<String>, Odd> {
        let set = match self.rest.peek() {
            Some('d') => "[0-9]",
            Some('D') => "[^0-9]",
            Some('w') => "[0-9A-Za-z_]",
            Some('W') => "[^0-9A-Za-z_]",
            Some('s') => r"[\t\n\x0C\r ]",
            Some('S') => r"[^\t\n\x0C\r ]",
            Some('p' | 'P') => return self.unicode().map(Some),
            _ => return Ok(None),
        };
        self.rest.next();
        Ok(Some(set.to_string()))
    }

    fn unicode(&mut self) -> Result<String, Odd> {
        let sign = self.rest.next().unwrap_or('p');
        let name = match self.rest.next() {
            Some('{') => self.until('}'),
            Some(c) => Some(c.to_string()),
            None => None,
        };
        let name = name.ok_or_else(|| Odd::Refused(format!("`\\{sign}` has no name")))?;
        if name.is_empty() || name.chars().any(|c| c.is_ascii_digit()) {
            return refuse(format!("`{name}` is no class of characters"));
        }
        match UNICODE.contains(&name.as_str()) {
            true => Ok(format!("\\{sign}{{{name}}}")),
            false => Err(Odd::Unknown(format!("its class of characters `{name}`"))),
        }
    }

    /// Reads one character after `\`.
    fn character(&mut self) -> Result<char, Odd> {
        let Some(first) = self.rest.next() else { return refuse("it ends with `\\`") };
        let no = || Odd::Refused(format!("`\\{first}` means nothing"));
        match first {
            'a' => Ok('\x07'),
            'f' => Ok('\x0C'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\x0B'),
            'x' => self.hexadecimal().and_then(char::from_u32).ok_or_else(no),
            '0'..='7' => {
                let octal = |rest: &mut Peekable<Chars<'_>>| rest.next_if(|c| ('0'..='7').contains(c));
                let more: Vec<char> =
                    [octal(&mut self.rest), octal(&mut self.rest)].into_iter().flatten().collect();
                if first != '0' && more.is_empty() {
                    return Err(no());
                }
                let value = more.iter().fold(first as u32 - 48, |n, c| n * 8 + (*c as u32 - 48));
                char::from_u32(value).ok_or_else(no)
            }
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok(c),
            _ => Err(no()),
        }
    }

    fn hexadecimal(&mut self) -> Option<u32> {
        let (digits, lengths) = match self.rest.next_if_eq(&'{') {
            Some(_) => (self.until('}')?, 1..=8),
            None => (self.rest.by_ref().take(2).collect::<String>(), 2..=2),
        };
        let right = lengths.contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit());
        right.then(|| u32::from_str_radix(&digits, 16).ok()).flatten()
    }

    /// Reads what follows `[`.
    fn class(&mut self) -> Result<(), Odd> {
        self.before = Before::Something;
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            match self.rest.peek().copied() {
                None => return refuse("a `]` is missing"),
                Some(']') if !first => break,
                Some('[') if self.posix()? => {}
                _ => self.member()?,
            }
            first = false;
        }
        self.rest.next();
        self.out.push(']');
        Ok(())
    }

    /// Reads `[:name:]`. Without `:]` it is plain text.
    fn posix(&mut self) -> Result<bool, Odd> {
        let text: String = self.rest.clone().collect();
        let Some((name, _)) = text.strip_prefix("[:").and_then(|t| t.split_once(":]")) else {
            return Ok(false);
        };
        if !POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return refuse(format!("`[:{name}:]` is no class of characters"));
        }
        self.out.push_str(&format!("[:{name}:]"));
        self.rest.by_ref().take(name.chars().count() + 4).for_each(drop);
        Ok(true)
    }

    /// Reads one character, one range, or one class with `\` inside a class.
    fn member(&mut self) -> Result<(), Odd> {
        let escaped = self.rest.peek() == Some(&'\\');
        if escaped {
            let mut ahead = self.rest.clone();
            ahead.next();
            if ahead.peek().is_some_and(|c| "dDwWsSpP".contains(*c)) {
                self.rest.next();
                if let Some(set) = self.set()? {
                    self.out.push_str(&set);
                }
                return Ok(());
            }
        }
        let low = self.single()?;
        let mut ahead = self.rest.clone();
        let range = ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']');
        self.out.push_str(&format!("\\x{{{:X}}}", low as u32));
        if range {
            self.rest.next();
            let high = self.single()?;
            if high < low {
                return refuse(format!("the range `{low}-{high}` goes backwards"));
            }
            self.out.push_str(&format!("-\\x{{{:X}}}", high as u32));
        }
        Ok(())
    }

    fn single(&mut self) -> Result<char, Odd> {
        match self.rest.next() {
            Some('\\') => self.character(),
            Some(c) => Ok(c),
            None => refuse("a `]` is missing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_what_it_means_to_go() {
        for (text, yes, no) in [
            (r"^\d\w\s$", "1a ", "١a "),
            (r"^[\d[a-]$", "[", "b"),
            (r"^a{,2}$", "a{,2}", "aa"),
            (r"^{x}[]]$", "{x}]", "x]"),
            (r"^[a&&b]$", "&", "ab"),
            (r"^\Qa.b\E+$", "a.bb", "axb"),
            (r"^\141\x62\x{63}$", "abc", "abd"),
            (r"^(?P<1>a)(?i:B)(?:c)$", "abc", "Abc"),
            (r"^[[:^digit:]x-z]$", "y", "1"),
            (r"a\b", "aä", "ab"),
        ] {
            let pattern = regex(text).unwrap();
            assert!(pattern.is_match(yes) && !pattern.is_match(no), "{text}: {pattern}");
        }
    }

    #[test]
    fn what_is_none_is_refused_and_what_is_not_known_is_said() {
        for text in [
            "(",
            ")",
            "[",
            "[z-a]",
            "*a",
            "a**",
            "a++",
            "a{2}{3}",
            "a{1001}",
            "a{2,1}",
            r"\1",
            r"\u0061",
            r"a\",
            r"\Z",
            "(?x)a",
            "(?!a)",
            "(?P<>a)",
            "(?P<a-b>a)",
            "[[:alfa:]]",
            r"\x6",
            r"\p{L1}",
            r"\C",
            "(?i",
            r"[\Qa]",
        ] {
            assert!(matches!(regex(text), Err(Flaw::Refused(_))), "{text}: {:?}", regex(text));
        }
        for text in [r"\p{Runic}", r"a\B", "a(?i)*", "(((a{1000}){1000}){1000})"] {
            assert!(matches!(regex(text), Err(Flaw::Unknown(_))), "{text}: {:?}", regex(text));
        }
    }
}
