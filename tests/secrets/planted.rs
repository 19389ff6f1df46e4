//! Forty secrets and their writings, which no file and no stream may contain.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD, Engine};
use ccci_model::redact::writings::WRITINGS;

/// The planted values: as generators and people make them, with characters that are difficult to escape.
pub(crate) fn secrets() -> Vec<String> {
    let mut all: Vec<String> = [
        "hunter2'secret\"&<ä+ /$x",
        "correct horse battery staple",
        "p@ss:w0rd/with?every#thing",
        "tr0ub4dor&3=yes;no",
        "<script>alert('pw')</script>",
        "back\\slash\\\\twice\\n",
        "%41%42-looks-like-an-escape",
        "100%+sure+of+it",
        "${NOT_A_VARIABLE}$(nor a command)",
        "`ticks` and 'quotes' and \"more\"",
        "pässwörd-mit-ümlaut-€-😀",
        "tab\there and there\tagain",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "-----BEGIN KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqG\nSM49AwEHBG0wawIBAQQgNotAReal\n-----END KEY-----",
        "AKIA0PLANTED0EXAMPLE",
        "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "xoxb-000000000000-planted",
        "{\"user\":\"root\",\"pw\":\"in json\"}",
        "postgres://app:pl4nted@db:5432/app",
        "six-pw",
        "==equals=and=more==",
        "x9 y8 z7 w6 v5",
        "two  blanks and\ttabs\u{a0}of another kind",
        "emoji 👩\u{200d}👩\u{200d}👧 joined",
        "$$double$$ and %%percent%%",
        "C:\\temp\\new\\users\\x41",
        "&amp;&lt;not-markup&gt;&#65;",
        "Tm90IGJhc2U2NCBhdCBhbGw+/w==",
        "5ca1ab1e-0ddba11-c0ffee-decade",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK\n1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----",
    ]
    .map(str::to_string)
    .into();
    // as ccci generates them
    let letters: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect();
    let mut n: u64 = 0x9e37_79b9_7f4a_7c15;
    while all.len() < 40 {
        all.push(
            (0..24)
                .map(|_| {
                    n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    letters[(n >> 33) as usize % letters.len()]
                })
                .collect(),
        );
    }
    all
}

/// A secret in one writing.
pub(crate) struct Written {
    /// The name of the writing.
    pub way: &'static str,
    /// The whole text.
    pub text: String,
}

/// Every writing of a value.
pub(crate) fn written(s: &str) -> Vec<Written> {
    let percent = |s: &str, lower: bool, space: &str| -> String {
        let one = |b: u8| match b {
            b if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) => char::from(b).to_string(),
            b' ' => space.to_string(),
            b if lower => format!("%{b:02x}"),
            b => format!("%{b:02X}"),
        };
        s.bytes().map(one).collect()
    };
    let json = |s: &str| serde_json::to_string(s).unwrap();
    let inner = |s: &str| json(s)[1..json(s).len() - 1].to_string();
    let rust = |s: &str| format!("{s:?}")[1..format!("{s:?}").len() - 1].to_string();
    let html = |s: &str| s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let hex = |s: &str, gap: &str| s.bytes().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(gap);
    let lines = |s: &str, n: usize| -> String {
        s.as_bytes().chunks(n).map(|c| format!("{}\n", String::from_utf8_lossy(c))).collect()
    };
    let base64 = BASE64_STANDARD.encode(s);
    let all: Vec<(&'static str, String)> = vec![
        ("plain", s.to_string()),
        ("base64", base64.clone()),
        ("base64 without padding", base64.trim_end_matches('=').to_string()),
        ("base64 for URLs", BASE64_URL_SAFE.encode(s)),
        ("base64 for URLs without padding", BASE64_URL_SAFE_NO_PAD.encode(format!("a{s}z"))),
        ("base64 one byte on", BASE64_STANDARD.encode(format!("a{s}"))),
        ("base64 two bytes on", BASE64_STANDARD.encode(format!("ab{s}yz"))),
        ("basic auth", BASE64_STANDARD.encode(format!("joe:{s}"))),
        ("base64 in lines", lines(&base64, 16)),
        ("base64 of JSON", BASE64_STANDARD.encode(json(s))),
        ("URL, upper", percent(s, false, "%20")),
        ("URL, lower", percent(s, true, "%20")),
        ("form", percent(s, false, "+")),
        ("URL of a URL", percent(&percent(s, false, "%20"), false, "%20")),
        ("JSON", inner(s)),
        ("JSON in JSON", inner(&json(s))),
        ("JSON, every letter", s.encode_utf16().map(|u| format!("\\u{u:04x}")).collect()),
        ("HTML, names", html(s).replace('"', "&quot;").replace('\'', "&apos;")),
        ("HTML, numbers", html(s).replace('"', "&#34;").replace('\'', "&#39;")),
        ("HTML, every letter", s.chars().map(|c| format!("&#{};", c as u32)).collect()),
        ("HTML, every letter in hex", s.chars().map(|c| format!("&#x{:x};", c as u32)).collect()),
        ("shell", s.replace('\'', r"'\''")),
        (
            "shell, dollar",
            s.replace('\\', r"\\").replace('\'', r"\'").replace('\n', r"\n").replace('\t', r"\t"),
        ),
        ("hex", hex(s, "")),
        ("HEX", hex(s, "").to_uppercase()),
        ("hex dump", hex(s, " ")),
        ("Rust", rust(s)),
        ("compose", s.replace('$', "$$")),
        ("compose in quotes", inner(&s.replace('$', "$$"))),
        ("single quotes of YAML", s.replace('\'', "''")),
    ];
    let rows = WRITINGS.iter().filter(|row| row.is_hidden && !["as it is", "cut"].contains(&row.name));
    let rows = rows.map(|row| (row.name, (row.write)(s)));
    all.into_iter().chain(rows).map(|(way, text)| Written { way, text }).collect()
}

/// Searches for every writing of every secret at once.
pub(crate) struct Needles {
    automaton: aho_corasick::AhoCorasick,
    names: Vec<String>,
}

impl Needles {
    /// For these values.
    pub(crate) fn of(secrets: &[String]) -> Needles {
        let (mut texts, mut names) = (vec![], vec![]);
        for (i, s) in secrets.iter().enumerate() {
            for w in written(s) {
                // the first and last characters of base64 depend on what is next to the value
                let at_edges = ["base64", "base32", "basic auth"].iter().any(|way| w.way.contains(way));
                let core = if at_edges { 10 } else { 0 };
                let text = w.text.trim_end_matches(['=', '\n']);
                if text.len() > 2 * core + 5 {
                    texts.push(text[core..text.len() - core].to_string());
                    names.push(format!("secret {i} as {}", w.way));
                }
            }
        }
        Needles { automaton: aho_corasick::AhoCorasick::new(texts).unwrap(), names }
    }

    /// Panics if it finds something, and says what and where.
    pub(crate) fn not_in(&self, place: &str, bytes: &[u8]) {
        if let Some(m) = self.automaton.find(bytes) {
            let from = m.start().saturating_sub(80);
            let around = String::from_utf8_lossy(&bytes[from..(m.end() + 40).min(bytes.len())]);
            panic!("{} stands in {place}: {around:?}", self.names[m.pattern().as_usize()]);
        }
    }

    /// How many texts are searched for.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }
}
