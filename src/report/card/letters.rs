//! Letters as outlines, from a part of the font DejaVu Sans that is built in (`LICENSE-DejaVu.txt`): Latin letters,
//! digits and signs. Every other letter becomes a box. Pure.

use std::fmt::Write;
use std::sync::LazyLock;
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// The usual letters.
pub(super) static REGULAR: LazyLock<Font> = LazyLock::new(|| Font::of(include_bytes!("DejaVuSans.ttf")));
/// Bold letters.
pub(super) static BOLD: LazyLock<Font> = LazyLock::new(|| Font::of(include_bytes!("DejaVuSans-Bold.ttf")));

/// A font.
pub(super) struct Font(Face<'static>);

impl Font {
    fn of(bytes: &'static [u8]) -> Font {
        Font(Face::parse(bytes, 0).expect("the font that is built in can be read; tested"))
    }

    /// Units in the height of a letter.
    pub(super) fn units(&self) -> f32 {
        f32::from(self.0.units_per_em())
    }

    /// How wide a text is at a size, px.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| self.advance(c)).sum::<f32>() * size / self.units()
    }

    /// The first of the sizes at which the text fits into `room` px, or else the last.
    pub(super) fn size_for(&self, text: &str, room: f32, sizes: &[f32]) -> f32 {
        let fits = sizes.iter().find(|size| self.width(text, **size) <= room);
        fits.or(sizes.last()).copied().unwrap_or(16.0)
    }

    /// The text cut to `room` px; `…` marks a cut.
    pub(super) fn cut(&self, text: &str, size: f32, room: f32) -> String {
        if self.width(text, size) <= room {
            return text.to_string();
        }
        let (mut out, mut used) = (String::new(), self.width("…", size));
        for c in text.chars() {
            used += self.advance(c) * size / self.units();
            if used > room {
                break;
            }
            out.push(c);
        }
        out.push('…');
        out
    }

    /// The text in two lines of at most `room` px, broken between words; what is more is cut.
    pub(super) fn wrap(&self, text: &str, size: f32, room: f32) -> [String; 2] {
        let mut first = String::new();
        let mut words = text.split_inclusive(' ').peekable();
        while let Some(word) =
            words.next_if(|w| self.width(&format!("{first}{}", w.trim_end()), size) <= room)
        {
            first.push_str(word);
        }
        let rest = self.cut(&words.collect::<String>(), size, room);
        // a word that is longer than a line is cut there
        if first.is_empty() { [rest, String::new()] } else { [first.trim_end().to_string(), rest] }
    }

    /// The outlines of a text as the data of an SVG path, in units of the font, from the left on the base line.
    pub(super) fn path(&self, text: &str) -> String {
        let mut outlines = Outlines { data: String::new(), x: 0.0 };
        for c in text.chars() {
            self.0.outline_glyph(self.glyph(c), &mut outlines);
            outlines.x += self.advance(c);
        }
        outlines.data
    }

    fn glyph(&self, c: char) -> GlyphId {
        self.0.glyph_index(c).unwrap_or(GlyphId(0))
    }

    /// Units from the beginning of a letter to the next one.
    fn advance(&self, c: char) -> f32 {
        self.0.glyph_hor_advance(self.glyph(c)).map_or(0.0, f32::from)
    }
}

struct Outlines {
    data: String,
    x: f32,
}

impl OutlineBuilder for Outlines {
    fn move_to(&mut self, x: f32, y: f32) {
        let _ = write!(self.data, "M{} {y}", x + self.x);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        let _ = write!(self.data, "L{} {y}", x + self.x);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let _ = write!(self.data, "Q{} {y1} {} {y}", x1 + self.x, x + self.x);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let _ = write!(self.data, "C{} {y1} {} {y2} {} {y}", x1 + self.x, x2 + self.x, x + self.x);
    }
    fn close(&mut self) {
        self.data.push('Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_and_versions_are_made_of_has_outlines_of_its_own() {
        for font in [&REGULAR, &BOLD] {
            let unknown = font.path("\u{65e5}");
            for c in ('!'..='~').chain(['é', 'ß', '…', '→']) {
                let path = font.path(&c.to_string());
                assert!(!path.is_empty() && path != unknown, "{c}");
            }
            assert!(!unknown.is_empty(), "other letters are boxes");
        }
    }

    #[test]
    fn words_are_cut_to_their_room() {
        for text in ["custom-html", "a", "", &"w".repeat(300), &"日".repeat(80)] {
            let cut = REGULAR.cut(text, 20.0, 150.0);
            assert!(REGULAR.width(&cut, 20.0) <= 150.0, "{cut}");
            assert_eq!(cut.ends_with('…'), cut != *text);
        }
        let [one, two] =
            REGULAR.wrap("the command in service `app` exited with 1: no such file", 20.0, 300.0);
        assert_eq!(one, "the command in service");
        assert!(two.starts_with("`app` exited with 1") && two.ends_with('…'), "{two}");
        assert!([&one, &two].iter().all(|line| REGULAR.width(line, 20.0) <= 300.0));
        assert_eq!(REGULAR.wrap("short", 20.0, 300.0), ["short".to_string(), String::new()]);
        let [one, two] = REGULAR.wrap(&"w".repeat(300), 20.0, 300.0);
        assert!(one.ends_with('…') && two.is_empty());
        assert_eq!(BOLD.size_for("short", 500.0, &[40.0, 20.0]), 40.0);
        assert_eq!(BOLD.size_for(&"w".repeat(90), 500.0, &[40.0, 20.0]), 20.0);
    }
}
