//! WRITINGS: in which ways a value may be written, one row each, and whether it is hidden then. Every row is proved both
//! ways: what is said to be hidden is, and what is said not to be is not. Pure.
// flat table: may be long

use crate::digest::sha256;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};

/// A way to write a value.
pub struct Writing {
    /// What it is called.
    pub name: &'static str,
    /// Whether a value is found in it and replaced by dots.
    pub is_hidden: bool,
    /// Sentences; the first is the summary.
    pub doc: &'static str,
    /// Writes a value so.
    pub write: fn(&str) -> String,
}

/// The value of the examples.
pub const SAMPLE: &str = "S3cret & 5% \"für\" 'Zoë' $x/y+z";

const fn hidden(name: &'static str, doc: &'static str, write: fn(&str) -> String) -> Writing {
    Writing { name, is_hidden: true, doc, write }
}

const fn seen(name: &'static str, doc: &'static str, write: fn(&str) -> String) -> Writing {
    Writing { name, is_hidden: false, doc, write }
}

/// All of them.
pub const WRITINGS: &[Writing] = &[
    hidden(
        "as it is",
        "The value itself, wherever it stands. Of a value of several lines, each line of 20 letters or more is hidden by itself too.",
        str::to_string,
    ),
    hidden("lower case", "All letters in lower case, as host names are written.", str::to_lowercase),
    hidden("upper case", "All letters in upper case.", str::to_uppercase),
    hidden(
        "base64",
        "Alone or inside of a longer text that is encoded as a whole, with or without padding. Of a longer text only the letters that hold the value are hidden.",
        |s| BASE64_STANDARD.encode(format!("user:{s}")),
    ),
    hidden("base64 for URLs", "Base64 with `-` and `_`.", |s| BASE64_URL_SAFE_NO_PAD.encode(format!("a{s}"))),
    hidden("base64 in lines", "Base64 that is broken into lines, indented or not.", |s| {
        lines(&BASE64_STANDARD.encode(s), 16, "\n  ")
    }),
    hidden("base64 twice", "Base64 of base64.", |s| BASE64_STANDARD.encode(BASE64_STANDARD.encode(s))),
    hidden("base64 of JSON", "Base64 of the value as JSON has it.", |s| BASE64_STANDARD.encode(json(s))),
    hidden("base64 of a URL", "Base64 of the value as URLs have it.", |s| {
        BASE64_STANDARD.encode(url(s, "%20"))
    }),
    hidden("base32", "Alone or inside of a longer text, in upper case.", |s| base32(&format!("ab{s}"))),
    hidden("hex", "Two digits a byte, in lower or upper case.", |s| bytes(s, "", |b| format!("{b:02x}"))),
    hidden(
        "hex apart",
        "Bytes in hex apart by blanks, colons, commas or the like, on one line or several, `0x` before them or not.",
        |s| bytes(s, ", ", |b| format!("0x{b:02X}")),
    ),
    hidden("bytes in decimal", "A list of bytes as numbers, on one line or several.", |s| {
        format!("[{}]", bytes(s, ", ", |b| b.to_string()))
    }),
    hidden("URL", "Percent signs, for those letters that need it or for all.", |s| url(s, "%20")),
    hidden("form", "As a URL, with `+` for blanks.", |s| url(s, "+")),
    hidden("URL in a URL", "Percent signs twice.", |s| url(&url(s, "%20"), "%20")),
    hidden("JSON", "In quotes, with backslashes.", json),
    hidden("JSON in JSON", "Backslashes twice.", |s| json(&json(s))),
    hidden("JSON, every letter", "`\\u` and four digits for each letter.", |s| {
        s.encode_utf16().map(|u| format!("\\u{u:04x}")).collect()
    }),
    hidden("escapes of languages", "`\\x41`, `\\101`, `\\u{41}`, `\\U00000041` and the like.", |s| {
        s.chars()
            .map(
                |c| {
                    if c.is_ascii() { format!("\\x{:02x}", c as u32) } else { format!("\\U{:08x}", c as u32) }
                },
            )
            .collect()
    }),
    hidden("single quotes of a shell", "Quotes in it as `'\\''` or `'\"'\"'`.", |s| {
        format!("'{}'", s.replace('\'', r"'\''"))
    }),
    hidden("double quotes of a shell", "Backslashes before what a shell would change.", |s| {
        format!(
            "\"{}\"",
            s.chars()
                .map(|c| if "\"\\$`".contains(c) { format!("\\{c}") } else { c.into() })
                .collect::<String>()
        )
    }),
    hidden("dollar in a compose file", "`$$` for `$`.", |s| s.replace('$', "$$")),
    hidden(
        "quotes in quotes",
        "`''` for `'` as YAML and SQL have it, `\"\"` for `\"` as tables have it.",
        |s| format!("\"{}\"", s.replace('"', "\"\"")),
    ),
    hidden("percent in a unit of systemd", "`%%` for `%`.", |s| s.replace('%', "%%")),
    hidden("HTML, names", "Names of letters of ASCII and Latin-1, and of the euro sign and dashes.", |s| {
        let names = [("&", "&amp;"), ("\"", "&quot;"), ("'", "&apos;"), ("ü", "&uuml;"), ("ë", "&euml;")];
        names.iter().fold(s.to_string(), |s, (c, name)| s.replace(c, name))
    }),
    hidden("HTML, numbers", "Numbers of letters, decimal or in hex.", |s| {
        s.chars().map(|c| format!("&#{};", c as u32)).collect()
    }),
    hidden("mail", "Quoted-printable: bytes as `=C3`, lines broken by `=`.", |s| {
        let coded = |b: &u8| match b {
            b if *b == b'=' || !b.is_ascii() => format!("={b:02X}"),
            b => char::from(*b).to_string(),
        };
        // an escape stays whole
        s.as_bytes()
            .chunks(16)
            .map(|line| line.iter().map(coded).collect())
            .collect::<Vec<String>>()
            .join("=\n")
    }),
    hidden("in lines", "Broken by line breaks anywhere, the lines indented or not.", |s| {
        lines(s, 5, "\n    ")
    }),
    hidden(
        "other whitespace",
        "Tabs, line breaks, several blanks or none where the value has a blank, if it has six letters without them.",
        |s| s.replace(' ', "\n\t "),
    ),
    hidden("colours", "Escape sequences of terminals inside of it: colours, links, titles.", |s| {
        s.chars().map(|c| if c == ' ' { "\u{1b}[0m \u{1b}[38;5;1m".into() } else { c.to_string() }).collect()
    }),
    hidden(
        "unseen letters",
        "Letters without width, marks of direction and control characters inside of it.",
        |s| s.chars().flat_map(|c| [c, '\u{200b}', '\0']).collect(),
    ),
    hidden("letters apart", "A blank after each letter.", |s| {
        s.chars().map(String::from).collect::<Vec<_>>().join(" ")
    }),
    hidden(
        "cut",
        "Its beginning before `…` or its end after it, from four letters on, where ccci cut a text.",
        |s| {
            let half = s.chars().count() / 2;
            format!("{}…", s.chars().take(half.max(4)).collect::<String>())
        },
    ),
    seen("a part of it", "A piece of the value by itself, where no `…` says that it was cut.", |s| {
        s.chars().skip(2).collect()
    }),
    seen("three deep", "Escapes of escapes of escapes.", |s| url(&url(&url(s, "%20"), "%20"), "%20")),
    seen("base64 three times", "Base64 of base64 of base64.", |s| {
        BASE64_STANDARD.encode(BASE64_STANDARD.encode(BASE64_STANDARD.encode(s)))
    }),
    seen("base64 of other encodings", "Base64 of hex, of HTML, of lists, of UTF-16.", |s| {
        BASE64_STANDARD.encode(bytes(s, "", |b| format!("{b:02x}")))
    }),
    seen(
        "bytes in octal",
        "A list of bytes in octal, as `od -b` prints it. `\\303` in a text is hidden.",
        |s| bytes(s, " ", |b| format!("{b:03o}")),
    ),
    seen(
        "dumps with letters beside",
        "A dump with the letters beside the bytes: from its second line on, the value is in pieces.",
        |s| {
            let line = |(n, line): (usize, &[u8])| {
                let hex: Vec<String> = line.iter().map(|b| format!("{b:02x}")).collect();
                let letter = |b: &u8| if b.is_ascii_graphic() { char::from(*b) } else { '.' };
                format!(
                    "{:08x}  {}  |{}|\n",
                    16 * n,
                    hex.join(" "),
                    line.iter().map(letter).collect::<String>()
                )
            };
            s.as_bytes().chunks(16).enumerate().map(line).collect()
        },
    ),
    seen(
        "something before each line",
        "A value that is broken into lines, with a name, a number or lines of something else between.",
        |s| lines(&format!("app | {s}"), 11, "\napp | "),
    ),
    seen("put together by code", "Pieces in quotes, with `+` or commas between them.", |s| {
        lines(s, 5, "\" + \"")
    }),
    seen(
        "letters apart by something else",
        "Hyphens, dots or more than one blank between its letters.",
        |s| s.chars().map(String::from).collect::<Vec<_>>().join("-"),
    ),
    seen("backwards", "The last letter first.", |s| s.chars().rev().collect()),
    seen(
        "other letters that look alike",
        "Letters in several code points, of full width or of other scripts.",
        |s| s.replace('ü', "u\u{308}").replace('ë', "e\u{308}").replace('S', "Ｓ"),
    ),
    seen("HTML, other names", "Names of letters beyond Latin-1, or numbers without `;`.", |s| {
        s.chars().map(|c| format!("&#{}", c as u32)).collect()
    }),
    seen("rotated", "Each letter by another, as ROT13 does.", |s| {
        let turned = |c: u8, first: u8| char::from(first + (c - first + 13) % 26);
        let one = |c: char| match c {
            'a'..='z' => turned(c as u8, b'a'),
            'A'..='Z' => turned(c as u8, b'A'),
            c => c,
        };
        s.chars().map(one).collect()
    }),
    seen("what is computed from it", "Digests, signatures, what is encrypted or compressed.", |s| {
        sha256(s.as_bytes())
    }),
];

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn url(text: &str, blank: &str) -> String {
    let one = |b: u8| match b {
        b if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) => char::from(b).to_string(),
        b' ' => blank.to_string(),
        b => format!("%{b:02X}"),
    };
    text.bytes().map(one).collect()
}

fn bytes(text: &str, between: &str, one: fn(u8) -> String) -> String {
    text.bytes().map(one).collect::<Vec<_>>().join(between)
}

/// The text with something after every so many letters.
fn lines(text: &str, letters: usize, between: &str) -> String {
    let letters: Vec<(usize, char)> = text.chars().enumerate().map(|(i, c)| (i / letters, c)).collect();
    let pieces: Vec<String> =
        letters.chunk_by(|a, b| a.0 == b.0).map(|p| p.iter().map(|(_, c)| c).collect()).collect();
    pieces.join(between)
}

fn base32(text: &str) -> String {
    let bits: Vec<u8> = text.bytes().flat_map(|b| (0..8).rev().map(move |i| b >> i & 1)).collect();
    let letter = |five: &[u8]| five.iter().chain(&[0; 5]).take(5).fold(0, |n, bit| n << 1 | bit);
    bits.chunks(5).map(|five| char::from(super::forms::BASE32[usize::from(letter(five))])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::{Added, DOTS, Redactor};
    use crate::secret::Secret;

    /// What is left of a value's letters: quotes and brackets around it, letters of base64 that hold its neighbours as well.
    const MOST_LEFT: usize = 16;

    #[test]
    fn every_row_of_the_writings_is_as_it_says_of_its_example() {
        let r = Redactor::default();
        assert_eq!(r.add("sample", &Secret::new(SAMPLE)), Added::Hidden);
        for row in WRITINGS {
            let written = (row.write)(SAMPLE);
            let told = r.hide(&written);
            let found = r.find(written.as_bytes());
            if row.is_hidden {
                let left = told.replace(DOTS, "").chars().count();
                assert!(told.contains(DOTS) && left <= MOST_LEFT, "`{}` is not hidden: {told:?}", row.name);
                assert_eq!(found.len(), usize::from(row.name != "cut"), "`{}` and the last scan", row.name);
            } else {
                assert_eq!(told, written, "`{}` is hidden", row.name);
                assert!(found.is_empty(), "`{}` is found", row.name);
            }
            assert!(written.chars().count() > 8, "`{}` has no example", row.name);
        }
    }

    #[test]
    fn writings_have_names_of_their_own_and_docs_are_sentences() {
        for (i, row) in WRITINGS.iter().enumerate() {
            assert!(!WRITINGS[..i].iter().any(|o| o.name == row.name), "{} twice", row.name);
            assert!(row.doc.ends_with('.'), "{}", row.name);
        }
        let first_seen = WRITINGS.iter().position(|row| !row.is_hidden).unwrap();
        assert!(WRITINGS[first_seen..].iter().all(|row| !row.is_hidden), "what is hidden comes first");
    }
}
