//! Splits a script into words, signs, comments and texts.

use std::ops::Range;

/// A word or sign of the code, with its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// A name or a word of the language, with where it ends.
    Word(usize, usize),
    /// A text, or a part of one.
    Text,
    /// Anything else that is not blank: one byte.
    Sign(usize, u8),
}

/// A comment without an end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Open {
    /// Where it begins.
    pub at: usize,
    /// Where the first comment inside it begins that has an end.
    pub inner: Option<usize>,
}

/// An end of a comment outside of a comment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stray {
    /// Where it stands.
    pub at: usize,
    /// Where the previous comment begins, if there is one.
    pub before: Option<usize>,
}

/// A range that is not code although a reader may take its lines for code.
#[derive(Debug)]
pub(crate) struct Hiding {
    /// The range, in bytes.
    pub range: Range<usize>,
    /// Where the comment or text begins.
    pub begins: usize,
    /// Whether it is a text.
    pub is_text: bool,
}

/// Result of splitting a text.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub tokens: Vec<Token>,
    /// Ranges of comments.
    pub comments: Vec<Range<usize>>,
    pub open_comment: Option<Open>,
    /// Positions of `/**/`.
    pub empty_docs: Vec<usize>,
    pub stray_ends: Vec<Stray>,
    /// Ranges of non-ASCII characters in the code.
    pub foreign: Vec<Range<usize>>,
    pub hiding: Vec<Hiding>,
    /// Quotes in raw texts after which Rhai does not count the line ending.
    pub lost_lines: Vec<usize>,
}

/// Splits a text.
pub(crate) fn read(text: &str) -> Read {
    // some editors begin a file with a byte order mark, which is not part of its text
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader =
        Reader { bytes: text.as_bytes(), at, templates: vec![], comment: None, out: Read::default() };
    while reader.at < reader.bytes.len() {
        reader.step();
    }
    reader.out
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// For each open `${`: where its text begins, and the number of open braces inside.
    templates: Vec<(usize, usize)>,
    /// Where the last comment began.
    comment: Option<usize>,
    out: Read,
}

impl Reader<'_> {
    fn starts(&self, with: &[u8]) -> bool {
        self.bytes[self.at..].starts_with(with)
    }

    fn step(&mut self) {
        let at = self.at;
        match self.bytes[at] {
            b'/' if self.starts(b"//") => {
                self.at = self.find(at, b"\n").unwrap_or(self.bytes.len());
                self.out.comments.push(at..self.at);
            }
            b'/' if self.starts(b"/*") => {
                self.comment();
                self.out.comments.push(at..self.at);
            }
            b'"' => self.quoted(b'"'),
            b'\'' => self.quoted(b'\''),
            b'`' => {
                self.at += 1;
                self.template(at);
            }
            b'#' if self.starts(b"#\"") || self.starts(b"##") => self.raw(),
            b'}' if self.templates.last().is_some_and(|t| t.1 == 0) => {
                let (begins, _) = self.templates.pop().expect("just looked");
                self.at += 1;
                self.template(begins);
            }
            b if b.is_ascii_alphabetic() || b == b'_' => {
                self.at = self.end_of_word();
                self.out.tokens.push(Token::Word(at, self.at));
            }
            b if b.is_ascii_digit() => {
                self.at = self.end_of_word();
                self.out.tokens.push(Token::Sign(at, b));
            }
            b'*' if self.starts(b"*/") && !self.starts(b"*/*") => {
                self.out.stray_ends.push(Stray { at, before: self.comment });
                self.at += 2;
            }
            b if !b.is_ascii() => {
                self.at += self.bytes[at..].iter().take_while(|b| !b.is_ascii()).count();
                self.out.foreign.push(at..self.at);
            }
            b => self.sign(b),
        }
    }

    fn sign(&mut self, b: u8) {
        match (b, self.templates.last_mut()) {
            (b'{', Some(open)) => open.1 += 1,
            (b'}', Some(open)) => open.1 -= 1,
            _ => {}
        }
        if !b.is_ascii_whitespace() {
            self.out.tokens.push(Token::Sign(self.at, b));
        }
        self.at += 1;
    }

    fn end_of_word(&self) -> usize {
        let more = self.bytes[self.at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_');
        self.at + more.count()
    }

    fn find(&self, from: usize, what: &[u8]) -> Option<usize> {
        memchr::memmem::find(&self.bytes[from..], what).map(|i| from + i)
    }

    /// Reads a comment with those inside it. What follows an inner comment looks like code to a reader who
    /// does not expect comments to nest.
    fn comment(&mut self) {
        let (begins, mut open, mut inner, mut bare) = (self.at, vec![self.at], None, None);
        self.comment = Some(begins);
        if self.starts(b"/**/") {
            self.out.empty_docs.push(begins);
        }
        // Rhai takes a following star as part of the opening
        self.at += if self.starts(b"/**") { 3 } else { 2 };
        while !open.is_empty() {
            let Some(next) = memchr::memchr2(b'/', b'*', &self.bytes[self.at..]) else {
                self.at = self.bytes.len();
                self.out.open_comment = Some(Open { at: begins, inner });
                return;
            };
            self.at += next;
            let at = self.at;
            let (opens, ends) = (self.starts(b"/*"), self.starts(b"*/"));
            if !opens && !ends {
                self.at += 1;
                continue;
            }
            self.hide(bare.take(), at, begins, false);
            self.at += 2;
            if opens {
                open.push(at);
            } else if let Some(closed) = open.pop() {
                inner.get_or_insert(closed);
                bare = Some(self.at);
            }
        }
    }

    fn hide(&mut self, from: Option<usize>, to: usize, begins: usize, is_text: bool) {
        if let Some(from) = from.filter(|from| *from < to) {
            self.out.hiding.push(Hiding { range: from..to, begins, is_text });
        }
    }

    /// Reads a text of one line, or of several if lines end in a backslash; or a character.
    fn quoted(&mut self, quote: u8) {
        let begins = self.at;
        self.out.tokens.push(Token::Text);
        self.at += 1;
        while let Some(b) = self.bytes.get(self.at) {
            self.at += match b {
                b'\\' if self.bytes[self.at + 1..].starts_with(b"\r\n") => 3,
                b'\\' => 2,
                // the end is missing: the engine reports it, and the scan continues at the next line
                b'\n' => break,
                b if *b != quote => 1,
                _ if self.bytes.get(self.at + 1) == Some(&quote) => 2,
                _ => {
                    self.at += 1;
                    break;
                }
            };
        }
        self.at = self.at.min(self.bytes.len());
        self.lines(begins, begins);
    }

    /// Reads a text in backticks, from after its opening or after the `}` of an inner expression, to its end
    /// or the next `${`.
    fn template(&mut self, begins: usize) {
        let from = self.at;
        self.out.tokens.push(Token::Text);
        while let Some(b) = self.bytes.get(self.at) {
            match b {
                b'\\' if self.starts(b"\\${") => self.at += 3,
                b'$' if self.starts(b"${") => {
                    self.lines(from, begins);
                    self.templates.push((begins, 0));
                    self.at += 2;
                    return;
                }
                b'`' if self.starts(b"``") => self.at += 2,
                b'`' => {
                    self.at += 1;
                    break;
                }
                _ => self.at += 1,
            }
        }
        self.lines(from, begins);
    }

    /// Reads a raw text, which ends at a quote with as many `#` as it began with.
    fn raw(&mut self) {
        let begins = self.at;
        let marks = self.bytes[begins..].iter().take_while(|b| **b == b'#').count();
        self.at += marks;
        if self.bytes.get(self.at) != Some(&b'"') {
            return;
        }
        self.out.tokens.push(Token::Text);
        self.at += 1;
        let end = [b"\"".as_slice(), &self.bytes[begins..begins + marks]].concat();
        let ends = self.find(self.at, &end);
        if let Some(end) = ends {
            self.lost_lines(self.at, end);
        }
        self.at = ends.map_or(self.bytes.len(), |at| at + end.len());
        self.lines(begins, begins);
    }

    fn lost_lines(&mut self, from: usize, to: usize) {
        for end in memchr::memchr_iter(b'\n', &self.bytes[from..to]).map(|i| from + i) {
            let marks = self.bytes[from..end].iter().rev().take_while(|b| **b == b'#').count();
            if let Some(quote) = (end - marks).checked_sub(1).filter(|q| *q >= from && self.bytes[*q] == b'"')
            {
                self.out.lost_lines.push(quote);
            }
        }
    }

    /// Notes the lines that begin inside a text.
    fn lines(&mut self, from: usize, begins: usize) {
        let first = memchr::memchr(b'\n', &self.bytes[from..self.at]).map(|i| from + i + 1);
        self.hide(first, self.at, begins, true);
    }
}
