//! Splits a rule into tokens as Go's scanner does. Tokens of Go that no rule can use become `Other`.

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name.
    Name(String),
    /// A value in backquotes or double quotes, without them.
    Text(String),
    /// Something in single quotes, with them.
    SingleQuoted(String),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `...`
    Dots,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `!`
    Not,
    /// The end of a line that ends an expression.
    LineEnd,
    /// Anything else.
    Other(String),
    /// The end of the rule.
    End,
}

impl Token {
    /// Describes the position before this token, for messages.
    pub(super) fn before(&self) -> String {
        let text = match self {
            Token::Name(text) | Token::Text(text) | Token::SingleQuoted(text) | Token::Other(text) => text,
            Token::Open => "(",
            Token::Close => ")",
            Token::Comma => ",",
            Token::Dots => "...",
            Token::And => "&&",
            Token::Or => "||",
            Token::Not => "!",
            Token::LineEnd => return "before the end of a line".into(),
            Token::End => return "at its end".into(),
        };
        format!("before `{text}`")
    }

    /// Whether an expression may end after it; then the end of the line ends the expression.
    fn ends(&self) -> bool {
        matches!(self, Token::Name(_) | Token::Text(_) | Token::SingleQuoted(_) | Token::Close)
    }
}

/// Returns one token after the other.
pub(super) struct Scanner<'a> {
    rest: &'a str,
    ends: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Scanner<'a> {
        Scanner { rest: text, ends: false }
    }

    /// The next token; an error says what is not closed or not known.
    pub(super) fn next(&mut self) -> Result<Token, String> {
        if self.skip()? {
            self.ends = false;
            return Ok(Token::LineEnd);
        }
        let token = self.word()?;
        self.ends = token.ends();
        Ok(token)
    }

    /// Skips space and comments. Returns true at a line end that ends an expression.
    fn skip(&mut self) -> Result<bool, String> {
        loop {
            let spaces: &[char] = if self.ends { &[' ', '\t', '\r'] } else { &[' ', '\t', '\r', '\n'] };
            self.rest = self.rest.trim_start_matches(spaces);
            if let Some(rest) = self.rest.strip_prefix('\n') {
                self.rest = rest;
                return Ok(true);
            }
            if let Some(rest) = self.rest.strip_prefix("//") {
                self.rest = rest.find('\n').map_or("", |end| &rest[end..]);
            } else if let Some(rest) = self.rest.strip_prefix("/*") {
                let (inside, rest) = rest.split_once("*/").ok_or("a comment is not closed")?;
                self.rest = rest;
                if self.ends && inside.contains('\n') {
                    return Ok(true);
                }
            } else {
                return Ok(false);
            }
        }
    }

    fn word(&mut self) -> Result<Token, String> {
        const SIGNS: &[(&str, Token)] = &[
            ("...", Token::Dots),
            ("&&", Token::And),
            ("||", Token::Or),
            ("(", Token::Open),
            (")", Token::Close),
            (",", Token::Comma),
        ];
        let Some(first) = self.rest.chars().next() else { return Ok(Token::End) };
        if let Some((sign, token)) = SIGNS.iter().find(|(sign, _)| self.rest.starts_with(sign)) {
            self.rest = &self.rest[sign.len()..];
            return Ok(token.clone());
        }
        match first {
            '`' => self.raw(),
            '"' => self.escaped('"').map(|inside| inside.1).map(Token::Text),
            '\'' => self.escaped('\'').map(|inside| Token::SingleQuoted(format!("'{}'", inside.0))),
            '!' if !self.rest.starts_with("!=") => {
                self.rest = &self.rest[1..];
                Ok(Token::Not)
            }
            c if c.is_alphanumeric() || c == '_' => {
                let end =
                    self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
                let (word, rest) = self.rest.split_at(end);
                self.rest = rest;
                let name = !first.is_numeric();
                Ok(if name { Token::Name(word.into()) } else { Token::Other(word.into()) })
            }
            c => {
                self.rest = &self.rest[c.len_utf8()..];
                Ok(Token::Other(c.into()))
            }
        }
    }

    fn raw(&mut self) -> Result<Token, String> {
        let (inside, rest) = self.rest[1..].split_once('`').ok_or("a ` is not closed")?;
        self.rest = rest;
        Ok(Token::Text(inside.replace('\r', "")))
    }

    /// Reads a text between quotes with escapes: as written, and its meaning.
    fn escaped(&mut self, quote: char) -> Result<(&'a str, String), String> {
        let inside = &self.rest[1..];
        let mut bytes = vec![];
        let mut rest = inside;
        loop {
            let open = || format!("a {quote} is not closed");
            let c = rest.chars().next().filter(|c| *c != '\n').ok_or_else(open)?;
            rest = &rest[c.len_utf8()..];
            if c == quote {
                let written = &inside[..inside.len() - rest.len() - 1];
                self.rest = rest;
                return Ok((written, String::from_utf8_lossy(&bytes).into_owned()));
            }
            if c == '\\' {
                rest = escape(rest, quote, &mut bytes).ok_or_else(|| {
                    format!("`\\{}` means nothing in {quote}…{quote}", &rest[..shown(rest)])
                })?;
            } else {
                bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
            }
        }
    }
}

fn shown(rest: &str) -> usize {
    rest.chars().next().map_or(0, char::len_utf8)
}

/// Reads what follows a `\` and returns the rest; `None` if Go knows no such escape.
fn escape<'a>(rest: &'a str, quote: char, out: &mut Vec<u8>) -> Option<&'a str> {
    const PLAIN: &[(char, u8)] =
        &[('a', 7), ('b', 8), ('f', 12), ('n', 10), ('r', 13), ('t', 9), ('v', 11), ('\\', 92)];
    let first = rest.chars().next()?;
    let after = &rest[first.len_utf8()..];
    if let Some((_, byte)) = PLAIN.iter().find(|(c, _)| *c == first) {
        out.push(*byte);
        return Some(after);
    }
    if first == quote {
        out.push(u8::try_from(quote).ok()?);
        return Some(after);
    }
    let (digits, length, radix) = match first {
        'x' => (after, 2, 16),
        'u' => (after, 4, 16),
        'U' => (after, 8, 16),
        '0'..='7' => (rest, 3, 8),
        _ => return None,
    };
    let value = digits.get(..length).filter(|d| d.chars().all(|c| c.is_digit(radix)))?;
    let value = u32::from_str_radix(value, radix).ok()?;
    match first {
        'u' | 'U' => out.extend(char::from_u32(value)?.encode_utf8(&mut [0; 4]).bytes()),
        _ => out.push(u8::try_from(value).ok()?),
    }
    Some(&digits[length..])
}
