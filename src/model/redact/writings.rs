//! WRITINGS: encodings of a value, one row for each, with whether it is hidden in that encoding. Tests check
//! both kinds of rows. Pure.
// flat table: may be long

use crate::digest::sha256;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};

/// An encoding of a value.
pub struct Writing {
    /// Its name.
    pub name: &'static str,
    /// Whether a value in it is found and replaced by dots.
    pub is_hidden: bool,
    /// Sentences; the first is the summary.
    pub doc: &'static str,
    /// Encodes a value.
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

/// All encodings.
pub const WRITINGS: &[Writing] = &[
    hidden(
        "as it is",
        "The value itself, anywhere in a text. In a value of several lines, each line of at least 20 characters is also hidden on its own.",
        str::to_string,
    ),
    hidden("lower case", "All letters in lower case, as in host names.", str::to_lowercase),
    hidden("upper case", "All letters in upper case.", str::to_uppercase),
    hidden(
        "base64",
        "Alone or inside a longer text that is encoded as a whole, with or without padding. In a longer text only the characters that contain the value are hidden.",
        |s| BASE64_STANDARD.encode(format!("user:{s}")),
    ),
    hidden("base64 for URLs", "Base64 with `-` and `_`.", |s| BASE64_URL_SAFE_NO_PAD.encode(format!("a{s}"))),
    hidden("base64 in lines", "Base64 that is split into lines, indented or not.", |s| {
        lines(&BASE64_STANDARD.encode(s), 16, "\n  ")
    }),
    hidden("base64 twice", "Base64 of base64.", |s| BASE64_STANDARD.encode(BASE64_STANDARD.encode(s))),
    hidden("base64 of JSON", "Base64 of the value in JSON.", |s| BASE64_STANDARD.encode(json(s))),
    hidden("base64 of a URL", "Base64 of the value in a URL.", |s| BASE64_STANDARD.encode(url(s, "%20"))),
    hidden("base32", "Alone or inside a longer text, in upper case.", |s| base32(&format!("ab{s}"))),
    hidden("hex", "Two digits a byte, in lower or upper case.", |s| bytes(s, "", |b| format!("{b:02x}"))),
    hidden(
        "separated hex",
        "Bytes in hex, separated by blanks, colons, commas or the like, on one line or several, with or without `0x`.",
        |s| bytes(s, ", ", |b| format!("0x{b:02X}")),
    ),
    hidden("bytes in decimal", "A list of bytes as numbers, on one line or several.", |s| {
        format!("[{}]", bytes(s, ", ", |b| b.to_string()))
    }),
    hidden("URL", "Percent encoding of the characters that need it, or of all.", |s| url(s, "%20")),
    hidden("form", "Percent encoding, with `+` for blanks.", |s| url(s, "+")),
    hidden("URL in a URL", "Percent encoding, twice.", |s| url(&url(s, "%20"), "%20")),
    hidden("JSON", "In quotes, with backslash escapes.", json),
    hidden("JSON in JSON", "Backslash escapes, twice.", |s| json(&json(s))),
    hidden("JSON, every character", "`\\u` and four digits for each character.", |s| {
        s.encode_utf16().map(|u| format!("\\u{u:04x}")).collect()
    }),
    hidden(
        "escapes of programming languages",
        "`\\x41`, `\\101`, `\\u{41}`, `\\U00000041` and the like.",
        |s| {
            s.chars()
                .map(|c| {
                    if c.is_ascii() { format!("\\x{:02x}", c as u32) } else { format!("\\U{:08x}", c as u32) }
                })
                .collect()
        },
    ),
    hidden("single quotes of a shell", "Quotes in the value are written as `'\\''` or `'\"'\"'`.", |s| {
        format!("'{}'", s.replace('\'', r"'\''"))
    }),
    hidden("double quotes of a shell", "Backslashes before characters that a shell would interpret.", |s| {
        format!(
            "\"{}\"",
            s.chars()
                .map(|c| if "\"\\$`".contains(c) { format!("\\{c}") } else { c.into() })
                .collect::<String>()
        )
    }),
    hidden("dollar in a compose file", "`$` is written as `$$`.", |s| s.replace('$', "$$")),
    hidden(
        "quotes in quotes",
        "`'` is written as `''`, as in YAML and SQL, and `\"` as `\"\"`, as in CSV.",
        |s| format!("\"{}\"", s.replace('"', "\"\"")),
    ),
    hidden("percent in a systemd unit", "`%` is written as `%%`.", |s| s.replace('%', "%%")),
    hidden(
        "HTML, names",
        "Names of characters of ASCII and Latin-1, and of the euro sign and dashes.",
        |s| {
            let names = [("&", "&amp;"), ("\"", "&quot;"), ("'", "&apos;"), ("ü", "&uuml;"), ("ë", "&euml;")];
            names.iter().fold(s.to_string(), |s, (c, name)| s.replace(c, name))
        },
    ),
    hidden("HTML, numbers", "Numbers of characters, decimal or in hex.", |s| {
        s.chars().map(|c| format!("&#{};", c as u32)).collect()
    }),
    hidden("mail", "Quoted-printable: bytes as `=C3`, lines split by `=`.", |s| {
        let coded = |b: &u8| match b {
            b if *b == b'=' || !b.is_ascii() => format!("={b:02X}"),
            b => char::from(*b).to_string(),
        };
        // an escape is kept whole
        s.as_bytes()
            .chunks(16)
            .map(|line| line.iter().map(coded).collect())
            .collect::<Vec<String>>()
            .join("=\n")
    }),
    hidden("in lines", "Split by line breaks anywhere, with indented lines or not.", |s| {
        lines(s, 5, "\n    ")
    }),
    hidden(
        "other whitespace",
        "Tabs, line breaks, several blanks or none where the value has a blank, if the value has six characters without them.",
        |s| s.replace(' ', "\n\t "),
    ),
    hidden("colours", "Escape sequences of terminals inside the value: colours, links, titles.", |s| {
        s.chars().map(|c| if c == ' ' { "\u{1b}[0m \u{1b}[38;5;1m".into() } else { c.to_string() }).collect()
    }),
    hidden(
        "invisible characters",
        "Characters without width, marks of writing direction and control characters inside the value.",
        |s| s.chars().flat_map(|c| [c, '\u{200b}', '\0']).collect(),
    ),
    hidden("separated characters", "A blank after each character.", |s| {
        s.chars().map(String::from).collect::<Vec<_>>().join(" ")
    }),
    hidden(
        "cut",
        "At least four characters of its beginning before `…`, or of its end after `…`, where ccci cut a text.",
        |s| {
            let half = s.chars().count() / 2;
            format!("{}…", s.chars().take(half.max(4)).collect::<String>())
        },
    ),
    seen("a part of it", "A part of the value alone, without a `…` that marks a cut.", |s| {
        s.chars().skip(2).collect()
    }),
    seen("three deep", "Three levels of escapes.", |s| url(&url(&url(s, "%20"), "%20"), "%20")),
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
        "dumps with a text column",
        "A dump that shows the characters next to the bytes: from the second line on, the value is split.",
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
        "lines with a prefix",
        "A value that is split into lines, with a name, a number or lines of something else between them.",
        |s| lines(&format!("app | {s}"), 11, "\napp | "),
    ),
    seen("put together by code", "Pieces in quotes, with `+` or commas between them.", |s| {
        lines(s, 5, "\" + \"")
    }),
    seen(
        "characters with other separators",
        "Hyphens, dots or more than one blank between the characters.",
        |s| s.chars().map(String::from).collect::<Vec<_>>().join("-"),
    ),
    seen("backwards", "The last character first.", |s| s.chars().rev().collect()),
    seen(
        "other characters that look the same",
        "Characters as several code points, of full width or of other scripts.",
        |s| s.replace('ü', "u\u{308}").replace('ë', "e\u{308}").replace('S', "Ｓ"),
    ),
    seen("HTML, other names", "Names of characters beyond Latin-1, or numbers without `;`.", |s| {
        s.chars().map(|c| format!("&#{}", c as u32)).collect()
    }),
    seen("rotated", "Each letter replaced by another, as in ROT13.", |s| {
        let turned = |c: u8, first: u8| char::from(first + (c - first + 13) % 26);
        let one = |c: char| match c {
            'a'..='z' => turned(c as u8, b'a'),
            'A'..='Z' => turned(c as u8, b'A'),
            c => c,
        };
        s.chars().map(one).collect()
    }),
    seen("computed values", "Digests and signatures of the value, and encrypted or compressed forms.", |s| {
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

/// The text with `between` after every `letters` characters.
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

    /// Characters of a value that may remain: quotes and brackets around it, characters of base64 that also
    /// contain neighbouring bytes.
    const MOST_LEFT: usize = 16;

    #[test]
    fn every_row_of_writings_is_true_of_its_example() {
        let r = Redactor::default();
        assert_eq!(r.add("sample", &Secret::new(SAMPLE)), Added::Hidden);
        for row in WRITINGS {
            let written = (row.write)(SAMPLE);
            let hidden_text = r.hide(&written);
            let found = r.find(written.as_bytes());
            if row.is_hidden {
                let left = hidden_text.replace(DOTS, "").chars().count();
                assert!(
                    hidden_text.contains(DOTS) && left <= MOST_LEFT,
                    "`{}` is not hidden: {hidden_text:?}",
                    row.name
                );
                assert_eq!(found.len(), usize::from(row.name != "cut"), "`{}` and the last scan", row.name);
            } else {
                assert_eq!(hidden_text, written, "`{}` is hidden", row.name);
                assert!(found.is_empty(), "`{}` is found", row.name);
            }
            assert!(written.chars().count() > 8, "`{}` has no example", row.name);
        }
    }

    #[test]
    fn writings_have_unique_names_and_their_docs_are_sentences() {
        for (i, row) in WRITINGS.iter().enumerate() {
            assert!(!WRITINGS[..i].iter().any(|o| o.name == row.name), "{} twice", row.name);
            assert!(row.doc.ends_with('.'), "{}", row.name);
        }
        let first_seen = WRITINGS.iter().position(|row| !row.is_hidden).unwrap();
        assert!(WRITINGS[first_seen..].iter().all(|row| !row.is_hidden), "what is hidden comes first");
    }
}
