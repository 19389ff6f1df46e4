//! Tests that a secret is hidden, whatever encoding it has.

use super::writings::WRITINGS;
use super::*;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, Engine};
use proptest::prelude::*;
use std::io::Write;

/// A way in which a value gets into a record: its name, and how it is encoded.
type Wrapper = (&'static str, fn(&str) -> String);
/// Combinations of encodings, and encodings that a row of `WRITINGS` only mentions.
const WRAPPERS: &[Wrapper] = &[
    ("base64 alone", |s| BASE64_STANDARD.encode(s)),
    ("base64 at alignment 2", |s| BASE64_STANDARD.encode(format!("ab{s}cd"))),
    ("base64 for URLs at alignment 2", |s| BASE64_URL_SAFE.encode(format!("ab{s}"))),
    ("base64 without padding", |s| BASE64_STANDARD.encode(s).trim_end_matches('=').to_string()),
    ("base64 in lines of 76", |s| {
        in_lines(&BASE64_STANDARD.encode(format!("{}{s}", "x".repeat(50))), 76, "\r\n")
    }),
    ("base64 of user:secret, twice", |s| BASE64_STANDARD.encode(BASE64_STANDARD.encode(format!("joe:{s}")))),
    ("base64 of base64 for URLs", |s| BASE64_STANDARD.encode(format!("x{}", BASE64_URL_SAFE.encode(s)))),
    ("URL, every byte", |s| s.bytes().map(|b| format!("%{b:02x}")).collect()),
    ("JSON in a URL", |s| form(&json(s), "%20")),
    ("base64 in a URL", |s| form(&BASE64_STANDARD.encode(s), "%20")),
    ("HTML in JSON", |s| json(&html(s, "&#34;", "&#x27;"))),
    ("colours in JSON", |s| json(&format!("{}\u{1b}[0m", coloured(s)))),
    ("colours in lines", |s| in_lines(s, 5, "\u{1b}[0m\r\n\u{1b}[1;31m")),
    ("each letter in its colour", |s| {
        s.chars().map(|c| format!("\u{1b}[38;2;255;0;99m{c}\u{1b}[39m")).collect()
    }),
    ("a link", |s| in_lines(s, 4, "\u{1b}]8;;https://example.org/\u{1b}\\")),
    ("mail, with CRLF", |s| {
        let line = |line: &[u8]| line.iter().map(coded).collect::<String>();
        s.as_bytes().chunks(9).map(line).collect::<Vec<_>>().join("=\r\n")
    }),
    ("bytes in JSON, one a line", |s| serde_json::to_string_pretty(s.as_bytes()).unwrap()),
    ("bytes of Rust", |s| format!("{:?}", s.as_bytes())),
    ("bytes of C", |s| s.bytes().map(|b| format!("0x{b:x},\n    ")).collect()),
    ("words of four digits", |s| {
        in_lines(&s.bytes().map(|b| format!("{b:02x}")).collect::<String>(), 4, " ")
    }),
    ("HTML, hex", |s| s.chars().map(|c| format!("&#x{:X};", c as u32)).collect()),
    ("compose in quotes of YAML", |s| json(&s.replace('$', "$$"))),
    ("single quotes of YAML", |s| s.replace('\'', "''")),
    ("backslashes of a shell", |s| {
        s.chars().map(|c| if c.is_ascii_alphanumeric() { c.into() } else { format!("\\{c}") }).collect()
    }),
    ("dollar quotes of a shell", |s| format!("$'{}'", s.replace('\\', r"\\").replace('\'', r"\'"))),
    ("octal of a shell", |s| s.bytes().map(|b| format!("\\{b:03o}")).collect()),
    ("quotes inside double quotes", |s| s.replace('\'', r#"'"'"'"#)),
    ("Rust", |s| format!("{s:?}")),
    ("Rust, every letter", |s| s.chars().map(|c| c.escape_unicode().to_string()).collect()),
    ("hex dump", |s| s.bytes().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ")),
    ("fingerprint", |s| s.bytes().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(":")),
    ("HEX", |s| s.bytes().map(|b| format!("{b:02X}")).collect()),
    ("blanks that do not break", |s| s.replace(' ', "\u{a0}")),
    ("marks of direction", |s| in_lines(s, 3, "\u{202e}")),
    ("UTF-16 of ASCII", |s| s.chars().map(|c| format!("{c}\0")).collect()),
];

fn in_lines(text: &str, letters: usize, between: &str) -> String {
    let letters: Vec<(usize, char)> = text.chars().enumerate().map(|(i, c)| (i / letters, c)).collect();
    let pieces: Vec<String> =
        letters.chunk_by(|a, b| a.0 == b.0).map(|p| p.iter().map(|(_, c)| c).collect()).collect();
    pieces.join(between)
}

fn coloured(text: &str) -> String {
    in_lines(text, 3, "\u{1b}[1;31m")
}

/// One byte in quoted-printable.
fn coded(b: &u8) -> String {
    if *b == b'=' || !b.is_ascii() { format!("={b:02X}") } else { char::from(*b).to_string() }
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn form(text: &str, space: &str) -> String {
    let one = |b: u8| match b {
        b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
        b' ' => space.to_string(),
        b => format!("%{b:02X}"),
    };
    text.bytes().map(one).collect()
}

fn html(text: &str, double: &str, single: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', double).replace('\'', single)
}

fn redactor(secrets: &[&str]) -> Redactor {
    let r = Redactor::default();
    for (i, secret) in secrets.iter().enumerate() {
        assert_eq!(r.add(&format!("s{i}"), &Secret::new(*secret)), Added::Hidden, "{secret:?}");
    }
    r
}

/// A secret as people and generators make them, with difficult characters.
fn secret() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9]{6,40}",
        "[!-~]{6,30}",
        "[a-z'\"&<>%+\\\\$/ äß€😀]{6,20}".prop_filter("spaces do not count", |s| s
            .split_whitespace()
            .map(str::len)
            .sum::<usize>()
            >= SHORTEST),
        "[a-f0-9]{64}",
    ]
}

/// All encodings in which whole values are hidden.
fn wrappers() -> Vec<Wrapper> {
    let rows = WRITINGS.iter().filter(|w| w.is_hidden && w.name != "cut").map(|w| (w.name, w.write));
    rows.chain(WRAPPERS.iter().copied()).collect()
}

fn wrapper() -> impl Strategy<Value = Wrapper> {
    prop::sample::select(wrappers())
}

/// Writes a text in pieces of these sizes, with a flush after some of them.
fn streamed(r: &Redactor, text: &str, sizes: &[usize]) -> String {
    let mut writer = RedactingWriter::new(r.clone(), vec![]);
    let mut rest = text.as_bytes();
    for size in sizes.iter().cycle() {
        let (now, later) = rest.split_at((*size).min(rest.len()));
        writer.write_all(now).unwrap();
        if size % 3 == 0 {
            writer.flush().unwrap();
        }
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

fn never_seen(r: &Redactor, text: &str, wrapped: &str, secret: &str) {
    let hidden = r.hide(text);
    assert!(hidden.contains(DOTS), "{text:?} became {hidden:?}");
    assert!(!hidden.contains(wrapped) && !hidden.contains(secret), "{hidden:?}");
    assert_eq!(r.find(text.as_bytes()), ["s0"]);
    assert_eq!(r.hide_bytes(text.as_bytes()), hidden.into_bytes());
}

#[test]
fn a_secret_directly_after_another_is_hidden_too() {
    for secret in [r"a$\+ß\", r"\141 x\", "%41b%c%", "'quotes''", "$money$$"] {
        let r = redactor(&[secret]);
        let seen = |text: &str| r.hide(text).chars().filter(|c| c.is_alphanumeric()).count();
        let wrapped: Vec<(String, usize)> =
            WRAPPERS.iter().map(|(_, wrap)| wrap(secret)).map(|text| (text.clone(), seen(&text))).collect();
        for ((one, of_one), (two, of_two)) in wrapped.iter().flat_map(|a| wrapped.iter().map(move |b| (a, b)))
        {
            let text = format!("{one}{two}");
            assert!(seen(&text) <= of_one + of_two, "{text} became {}", r.hide(&text));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_wrapping_shows_a_secret(
        secret in secret(),
        (_, wrap) in wrapper(),
        before in "[ -~\n]{0,20}",
        after in "[ -~\n]{0,20}",
    ) {
        // the spaces prevent that an escape in the text before it changes what the value means
        let wrapped = wrap(secret.trim());
        never_seen(&redactor(&[&secret]), &format!("{before} {wrapped} {after}"), &wrapped, secret.trim());
    }

    #[test]
    fn split_writes_hide_as_much_as_whole_ones(
        secret in secret(),
        (_, wrap) in wrapper(),
        filler in "[a-z\\\\%&\n]{0,50}",
        sizes in prop::collection::vec(1..1_500usize, 1..9),
        repeat in 1..6usize,
    ) {
        let (wrapped, r) = (wrap(secret.trim()), redactor(&[&secret]));
        let text = format!("{filler} {wrapped} {filler}\n").repeat(repeat);
        let out = streamed(&r, &text, &sizes);
        prop_assert!(!out.contains(&wrapped) && !out.contains(secret.trim()), "{out:?}");
        prop_assert_eq!(out, r.hide(&text));
    }

    #[test]
    fn hiding_twice_hides_no_more(
        secret in secret(),
        pieces in prop::collection::vec((wrapper(), "[ -~\n…]{0,12}"), 0..6),
    ) {
        let r = redactor(&[&secret]);
        let text: String = pieces.iter().map(|((_, wrap), filler)| format!("{filler}{}", wrap(secret.trim()))).collect();
        let once = r.hide(&text);
        prop_assert_eq!(r.hide(&once), once);
    }

    #[test]
    fn no_bytes_make_it_panic(
        secret in secret(),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        marks in "[%\\\\&#;xu{}0-9a-f+\r\n…]{0,80}",
    ) {
        let r = redactor(&[&secret]);
        for bytes in [bytes.as_slice(), marks.as_bytes()] {
            r.find(bytes);
            prop_assert_eq!(r.hide(&String::from_utf8_lossy(bytes)).is_empty(), bytes.is_empty());
            prop_assert_eq!(r.hide_bytes(bytes).is_empty(), bytes.is_empty());
        }
    }

    #[test]
    fn text_without_secrets_is_unchanged(text in "\\PC{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let r = redactor(&["correct-horse-battery"]);
        prop_assert_eq!(&r.hide(&text), &text);
        prop_assert_eq!(&r.hide_bytes(&bytes), &bytes);
        let mut writer = RedactingWriter::new(r, vec![]);
        writer.write_all(&bytes).unwrap();
        prop_assert_eq!(writer.finish().unwrap(), bytes);
    }
}

#[test]
fn every_wrapping_hides_an_ordinary_password() {
    let secret = "hunter2'secret\"&<ä+ /$x";
    let r = redactor(&[secret]);
    for (name, wrap) in wrappers() {
        let wrapped = wrap(secret);
        assert!(r.hide(&wrapped).contains(DOTS), "{name}: {wrapped}");
        never_seen(&r, &format!("x {wrapped} y"), &wrapped, secret);
    }
}

#[test]
fn a_long_stream_is_written_in_pieces_without_secrets() {
    let r = redactor(&["hunter2secret"]);
    let line = "a line of a log with pw=hunter2secret in it\n";
    assert_eq!(streamed(&r, &line.repeat(3_000), &[7_000]), r.hide(line).repeat(3_000));
}

#[test]
fn overlapping_secrets_are_both_hidden() {
    let r = redactor(&["abcdefgh", "efghijkl", "abcdefghij"]);
    assert_eq!(r.hide("<abcdefghijkl>"), format!("<{DOTS}>"));
    assert_eq!(r.hide("<abcdefgh>"), format!("<{DOTS}>"));
    assert_eq!(r.find(b"xabcdefghijkl"), ["s0", "s1", "s2"]);
}

#[test]
fn each_line_of_a_key_is_hidden_on_its_own() {
    let key = "-----BEGIN PRIVATE KEY-----\nof the host\nMIGHAgEAMBMGByqGSM49AgEG\nCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----";
    let r = redactor(&[key]);
    let hidden = r.hide("app | MIGHAgEAMBMGByqGSM49AgEG\napp | CCqGSM49AwEHBG0wawIBAQQg");
    assert_eq!(hidden, format!("app | {DOTS}\napp | {DOTS}"));
    for line in ["app | -----BEGIN PRIVATE KEY-----", "app | of the host"] {
        assert_eq!(r.hide(line), line, "what any key has says nothing");
    }
}

#[test]
fn a_value_too_short_to_hide_is_reported() {
    let r = Redactor::default();
    let added = r.add("pin", &Secret::new("1234 \n"));
    assert_eq!(added, Added::TooShort);
    assert_eq!(r.hide("1234"), "1234");
    let said = added.warning("pin").unwrap();
    assert!(
        said.contains("`pin` has fewer than 6 characters and is NOT hidden") && !said.contains("1234"),
        "{said}"
    );
}

#[test]
fn an_ordinary_word_is_not_hidden() {
    let r = Redactor::default();
    for word in ["password", "Postgres", "install\n", "000000000"] {
        assert_eq!(r.add("pw", &Secret::new(word)), Added::Word, "{word}");
    }
    assert_eq!(r.hide("install postgres: password"), "install postgres: password");
    assert!(r.find(b"password").is_empty());
    assert_eq!(r.add("pw", &Secret::new("password-of-mine")), Added::Hidden);
}

#[test]
fn the_beginning_of_a_secret_before_a_cut_is_hidden_too() {
    let r = redactor(&["hunter2secret", "correct horse battery"]);
    assert_eq!(r.hide("it said hunter2sec… (900 characters)"), format!("it said {DOTS}… (900 characters)"));
    assert_eq!(r.hide("\"a correct%20ho…\""), format!("\"a {DOTS}…\""));
    assert_eq!(r.hide("aGVsbG8 aHVudGVy…"), format!("aGVsbG8 {DOTS}…"), "base64 as well");
    assert_eq!(r.hide("the hunt goes on…"), "the hunt goes on…");
    assert!(r.find("a hunter2sec…".as_bytes()).is_empty(), "a beginning is no leak that turns a run red");
}

#[test]
fn the_end_of_a_secret_after_a_cut_is_hidden_too() {
    let r = redactor(&["hunter2secret", "correct horse battery"]);
    assert_eq!(r.hide("…ter2secret is the end"), format!("{DOTS} is the end"));
    assert_eq!(r.hide("{\"a\": \"…se%20battery\"}"), format!("{{\"a\": \"{DOTS}\"}}"));
    assert_eq!(r.hide("x …MnNlY3JldA== x"), format!("x {DOTS}A== x"), "base64 as well");
    assert_eq!(r.hide("…74 65 72 32 73 65 63 72 65 74]"), format!("{DOTS}]"), "and a list");
    assert_eq!(
        r.hide(r"\u2026ter2secret and hunter2s\u2026"),
        format!("{DOTS} and {DOTS}\\u2026"),
        "in JSON"
    );
    assert_eq!(r.hide("a hunter2…2secret b"), format!("a {DOTS} b"), "one cut, both sides");
    for same in ["…ret", "…the secret garden"] {
        assert_eq!(r.hide(same), same);
    }
    assert!(r.find("…ter2secret".as_bytes()).is_empty(), "an end is no leak that turns a run red");
}

#[test]
fn a_large_text_is_searched_in_pieces_and_loses_no_secret() {
    let r = redactor(&["hunter2secret"]);
    let line = "a line of a log with pw=hunter2%73ecret in it ä\n";
    let large = line.repeat(30_000);
    assert_eq!(r.hide(&large), r.hide(line).repeat(30_000));
    assert_eq!(r.hide_bytes(large.as_bytes()), r.hide(line).repeat(30_000).into_bytes());
}

#[test]
fn a_secret_is_found_without_the_line_break_of_its_file() {
    let r = redactor(&["hunter2secret\n"]);
    assert_eq!(r.hide("pw=hunter2secret!"), format!("pw={DOTS}!"));
}

#[test]
fn in_base64_only_characters_shared_with_neighbours_remain() {
    let r = redactor(&["hunter2secr3"]);
    for (text, expected) in [
        ("hunter2secr3", DOTS.to_string()),
        ("ahunter2secr3", format!("YW{DOTS}w==")),
        ("abhunter2secr3", format!("YWJ{DOTS}M=")),
        ("abchunter2secr3", format!("YWJj{DOTS}")),
        ("hunter2secr3d", format!("{DOTS}ZA==")),
    ] {
        assert_eq!(r.hide(&BASE64_STANDARD.encode(text)), expected, "{text}");
    }
}

#[test]
fn a_thousand_cuts_are_examined_in_each_piece() {
    let r = redactor(&["hunter2secret"]);
    let cuts = format!("hunter2sec…{:50}", "").repeat(MOST_CUTS + 1);
    let hidden = |length: usize| {
        let text = format!("{cuts}{}", "x".repeat(length - cuts.len()));
        r.hide(&text).matches(DOTS).count()
    };
    assert_eq!(hidden(100_000), MOST_CUTS);
    assert_eq!(hidden(LARGE), MOST_CUTS);
    assert_eq!(hidden(LARGE + 1), MOST_CUTS + 1);
}

#[test]
fn a_value_is_hidden_whenever_it_is_added() {
    let (redactor, much) = (Redactor::default(), "much ".repeat(WORTH / 5));
    let values = ["correct horse", "battery staple", "whatever comes next"];
    for (n, value) in values.iter().enumerate() {
        assert_eq!(redactor.hide(value), *value, "not known yet");
        redactor.add(&format!("s{n}"), &Secret::new(*value));
        for known in &values[..=n] {
            assert_eq!(redactor.hide(&format!("a {known}.")), format!("a {DOTS}."));
        }
        assert_eq!(redactor.hide(&format!("{value}{much}{value}")), format!("{DOTS}{much}{DOTS}"));
        assert_eq!(redactor.hide(&format!("b {value}.")), format!("b {DOTS}."));
    }
}

#[test]
fn the_expensive_automaton_is_made_late() {
    let r = redactor(&["hunter2secret"]);
    let inner = r.inner();
    inner.automaton(WORTH);
    assert!(inner.automaton.get().is_some() && inner.faster.get().is_none(), "so much is the cheap one's");
    inner.automaton(1);
    assert!(inner.faster.get().is_some(), "more is worth it");
}

#[test]
fn a_character_beyond_16_bits_is_decoded_from_two_escapes() {
    let r = redactor(&["hunter😀2secret"]);
    assert_eq!(r.hide(r"pw=hunter\ud83d\ude002secret!"), format!("pw={DOTS}!"));
    let other = r"pw=hunter\ud83d\ude012secret!";
    assert_eq!(r.hide(other), other, "another letter");
}
