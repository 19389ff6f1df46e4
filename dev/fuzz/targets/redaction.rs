//! Redaction. An input has lines with the secrets, an empty line, and the text. In the text `{0b}` stands for
//! secret 0 in the encoding `b` of `ENCODINGS`, and `{0B}` for the secret in one of the hidden writings.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use ccci_model::redact::writings::WRITINGS;
use ccci_model::redact::{Added, RedactingWriter, Redactor};
use ccci_model::secret::Secret;
use std::io::Write;

pub(super) const WORDS: &[&str] = &[
    "{0a}",
    "{0b}",
    "{0c}",
    "{1d}",
    "{0e}",
    "{1f}",
    "{0g}",
    "{0h}",
    "{0A}",
    "{1B}",
    "{0R}",
    "{1S}",
    "{0U}",
    "{0V}",
    "\\",
    "%",
    "&amp;",
    "\\u0041",
    "=\n",
    "\n\n",
    "\u{1b}[1m",
    "…",
    "\u{200b}",
    "0x41,",
    "65, ",
];

/// An encoding of a secret.
type Encoding = fn(&str) -> String;
/// Encodings by letter.
const ENCODINGS: &[(char, Encoding)] = &[
    ('a', str::to_string),
    ('b', |s| BASE64_STANDARD.encode(s)),
    ('c', |s| BASE64_STANDARD.encode(format!("x{s}yz"))),
    ('d', |s| BASE64_URL_SAFE_NO_PAD.encode(format!("ab{s}"))),
    ('e', |s| s.bytes().map(|b| format!("%{b:02X}")).collect()),
    ('f', |s| serde_json::to_string(s).expect("a text")),
    ('g', |s| s.bytes().map(|b| format!("{b:02x}")).collect()),
    ('h', |s| s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")),
];

pub(super) fn run(data: &[u8]) {
    let input = String::from_utf8_lossy(data);
    let (secrets, text) = input.split_once("\n\n").unwrap_or((&input, ""));
    // a secret that contains the replacement cannot be distinguished from it
    let secrets: Vec<&str> = secrets.lines().filter(|s| !s.contains('•')).take(4).collect();
    let redactor = Redactor::default();
    let hidden: Vec<&str> =
        secrets.iter().copied().filter(|s| redactor.add(s, &Secret::new(*s)) == Added::Hidden).collect();
    let text = wrapped(text, &secrets);
    let told = redactor.hide(&text);
    nothing_is_left(&redactor, &hidden, told.as_bytes());
    assert_eq!(redactor.hide(&told), told, "hiding twice is not hiding once");
    if redactor.find(text.as_bytes()).is_empty() {
        assert!(
            told == text || may_be_cut(&text),
            "{text:?} became {told:?}: something was hidden that is no secret"
        );
    }
    nothing_is_left(&redactor, &hidden, &redactor.hide_bytes(text.as_bytes()));
    for size in [1, 7, 4096] {
        let mut writer = RedactingWriter::new(redactor.clone(), vec![]);
        for piece in text.as_bytes().chunks(size) {
            writer.write_all(piece).expect("writing to a vector cannot fail");
            if data.len().is_multiple_of(2) {
                writer.flush().expect("writing to a vector cannot fail");
            }
        }
        nothing_is_left(&redactor, &hidden, &writer.finish().expect("a vector takes all"));
    }
}

/// Next to the mark of a cut a part of a secret is hidden, which the final scan does not search for.
fn may_be_cut(text: &str) -> bool {
    ["…", "u2026", "E2", "e2", "hellip", "226", "8230"].iter().any(|mark| text.contains(mark))
}

fn encoding(letter: char) -> Option<Encoding> {
    let own = ENCODINGS.iter().find(|(l, _)| *l == letter).map(|(_, encode)| *encode);
    // rows of the table that are not in our list come after the first ten
    let row = (letter as usize).checked_sub('A' as usize).and_then(|i| WRITINGS.get(10 + i));
    own.or_else(|| row.filter(|_| letter.is_ascii_uppercase()).map(|row| row.write))
}

fn wrapped(text: &str, secrets: &[&str]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let mut letters = after.chars();
        let secret = letters.next().and_then(|c| c.to_digit(10)).and_then(|i| secrets.get(i as usize));
        let encoding = letters.next().and_then(encoding);
        match (secret, encoding, letters.next()) {
            (Some(secret), Some(encode), Some('}')) => {
                out.push_str(&encode(secret));
                rest = &after[3..];
            }
            _ => {
                out.push('{');
                rest = after;
            }
        }
    }
    out + rest
}

fn nothing_is_left(redactor: &Redactor, secrets: &[&str], told: &[u8]) {
    let told_text = String::from_utf8_lossy(told);
    let found = redactor.find(told);
    assert!(found.is_empty(), "{found:?} is left in {told_text:?}");
    for secret in secrets.iter().map(|s| s.trim()) {
        for (letter, encode) in ENCODINGS.iter().filter(|(l, _)| !"cd".contains(*l)) {
            let form = encode(secret);
            let form = match letter {
                // the last character of base64 may depend on what follows
                'b' => &form[..secret.len() * 8 / 6],
                'f' => &form[1..form.len() - 1],
                _ => &form,
            };
            assert!(!told_text.contains(form), "{secret:?} is left as `{letter}` in {told_text:?}");
        }
    }
}
