//! Positions of the protocol and bytes of a text. A position outside of the text is moved to the nearest one inside, so
//! a client that sends nonsense breaks nothing. Pure.

use gen_lsp_types::{Position, PositionEncodingKind, Range, TextDocumentContentChangeEvent};
use std::ops;

/// What a column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16,
}

impl Encoding {
    /// UTF-8 if the client offers it, else UTF-16, which every client knows.
    pub(super) fn chosen(offered: Option<&[PositionEncodingKind]>) -> Encoding {
        match offered.unwrap_or_default().contains(&PositionEncodingKind::UTF8) {
            true => Encoding::Utf8,
            false => Encoding::Utf16,
        }
    }

    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    fn units(self, c: char) -> usize {
        match self {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
        }
    }

    /// The byte of a position.
    pub(super) fn offset(self, text: &str, position: Position) -> usize {
        let mut begin = 0;
        for _ in 0..position.line {
            match text[begin..].find('\n') {
                Some(end) => begin += end + 1,
                None => return text.len(),
            }
        }
        let line = text[begin..].split('\n').next().unwrap_or_default();
        let line = line.strip_suffix('\r').unwrap_or(line);
        let mut left = position.character as usize;
        for (at, c) in line.char_indices() {
            if left < self.units(c) {
                return begin + at;
            }
            left -= self.units(c);
        }
        begin + line.len()
    }

    /// The position of a byte.
    pub(super) fn position(self, text: &str, at: usize) -> Position {
        let before = &text[..text.floor_char_boundary(at)];
        let line = before.matches('\n').count();
        let last = before.rsplit('\n').next().unwrap_or_default();
        let character: usize = last.chars().map(|c| self.units(c)).sum();
        Position { line: line as u32, character: character as u32 }
    }

    /// The range of these bytes.
    pub(super) fn range(self, text: &str, bytes: ops::Range<usize>) -> Range {
        Range { start: self.position(text, bytes.start), end: self.position(text, bytes.end) }
    }

    /// Makes one change of a text.
    pub(super) fn change(self, text: &mut String, change: TextDocumentContentChangeEvent) {
        match change {
            TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                let from = self.offset(text, part.range.start);
                let to = self.offset(text, part.range.end).max(from);
                text.replace_range(from..to, &part.text);
            }
            TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
                *text = whole.text
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a𝄞ü\r\nb\n";

    #[test]
    fn columns_count_what_was_agreed() {
        for (encoding, after) in [(Encoding::Utf8, 5), (Encoding::Utf16, 3)] {
            let at = TEXT.find('ü').unwrap();
            let position = encoding.position(TEXT, at);
            assert_eq!((position.line, position.character), (0, after));
            assert_eq!(encoding.offset(TEXT, position), at);
        }
    }

    #[test]
    fn every_byte_comes_back_from_its_position() {
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            let all = TEXT.char_indices().map(|(at, _)| at).filter(|at| TEXT.as_bytes()[*at] != b'\n');
            for at in all.chain([TEXT.len()]) {
                assert_eq!(encoding.offset(TEXT, encoding.position(TEXT, at)), at, "{encoding:?}");
            }
        }
    }

    #[test]
    fn a_position_outside_of_the_text_is_moved_inside() {
        let far = Position { line: 90, character: 90 };
        assert_eq!(Encoding::Utf16.offset(TEXT, far), TEXT.len());
        let behind = Position { line: 0, character: 90 };
        assert_eq!(Encoding::Utf16.offset(TEXT, behind), TEXT.find('\r').unwrap());
        let inside_of_a_character = Position { line: 0, character: 2 };
        assert_eq!(Encoding::Utf16.offset(TEXT, inside_of_a_character), 1);
    }
}
