//! All the ways a value is written that no escape explains: base64 wherever it begins, hex, shell quotes. Pure.

use super::SHORTEST;
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine};

/// Lines of a value this long are hidden on their own: logs put something before each line of a key.
const LONG_LINE: usize = 20;

/// Every form of a value, each once.
pub fn of(value: &str) -> Vec<Vec<u8>> {
    let json = serde_json::to_string(value).unwrap_or_default();
    let json = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
    let url = percent(value.as_bytes());
    let mut all = vec![
        value.as_bytes().to_vec(),
        value.replace('\'', r"'\''").into_bytes(),
        value.replace('\'', r#"'"'"'"#).into_bytes(),
        hex(value.as_bytes(), b"0123456789abcdef"),
        hex(value.as_bytes(), b"0123456789ABCDEF"),
    ];
    for inner in [value, json, &url] {
        all.extend(base64_forms(inner.as_bytes()));
    }
    let lines = value.lines().map(str::trim).filter(|l| l.len() >= LONG_LINE && !l.starts_with("-----"));
    all.extend(lines.map(|l| l.as_bytes().to_vec()));
    all.retain(|f| f.len() >= SHORTEST);
    all.sort();
    all.dedup();
    all
}

fn percent(bytes: &[u8]) -> String {
    let mut out = String::new();
    for b in bytes {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(*b as char),
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    bytes.iter().flat_map(|b| [digits[usize::from(b >> 4)], digits[usize::from(b & 15)]]).collect()
}

/// Base64 of the value at each of the three alignments it can have inside a longer text, both alphabets.
/// The letters at the edges that depend on the neighbours are cut off; they hold at most six bits of the value.
fn base64_forms(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut out = vec![];
    for shift in 0..3usize {
        let padded = [&[0, 0][..shift], bytes].concat();
        let text = BASE64_STANDARD_NO_PAD.encode(&padded).into_bytes();
        let first = [0, 2, 3][shift];
        let inside = &text[first..padded.len() * 8 / 6];
        let other = |b: &u8| match b {
            b'+' => b'-',
            b'/' => b'_',
            b => *b,
        };
        out.push(inside.iter().map(other).collect());
        out.push(inside.to_vec());
    }
    out
}
