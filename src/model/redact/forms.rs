//! All encodings of a value that are searched for directly, because no reading decodes them: base64 and
//! base32 at any alignment, hex, shell quotes, host names, separated characters. Pure.

use super::SHORTEST;
use super::escapes::{gap, layout, read};
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine};

/// Lines of a value with at least this length are hidden on their own, because logs add a prefix to each line
/// of a key.
const LONG_LINE: usize = 20;

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// Every form of a value, without duplicates.
pub(super) fn of(value: &str) -> Vec<Vec<u8>> {
    let json = serde_json::to_string(value).unwrap_or_default();
    let json = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
    let mut all = vec![
        value.as_bytes().to_vec(),
        value.to_lowercase().into_bytes(),
        value.to_uppercase().into_bytes(),
        value.replace('\'', r"'\''").into_bytes(),
        value.replace('\'', r#"'"'"'"#).into_bytes(),
        hex(value.as_bytes(), LOWER),
        hex(value.as_bytes(), UPPER),
    ];
    all.extend([read(value, layout), read(value, gap)]);
    all.extend(base32_forms(value.as_bytes()));
    let urls = URL_LETTERS.map(|kept| percent(value.as_bytes(), kept));
    for inner in [value, json].into_iter().chain(urls.iter().map(String::as_str)) {
        all.extend(base64_forms(inner.as_bytes()));
    }
    // a secret may be encoded before it is put into a manifest, which encodes it again
    all.extend(base64_forms(value.as_bytes()).iter().flat_map(|once| base64_forms(once)));
    let lines = value.lines().map(str::trim).filter(|l| l.len() >= LONG_LINE && !l.starts_with("-----"));
    all.extend(lines.map(|l| l.as_bytes().to_vec()));
    all.retain(|f| f.len() >= SHORTEST);
    all.sort();
    all.dedup();
    all
}

/// Characters that writers of URLs leave unchanged: none, those of RFC 3986, those of JavaScript.
const URL_LETTERS: [&[u8]; 3] = [b"", b"-_.~", b"-_.~!*'()"];

fn percent(bytes: &[u8], kept: &[u8]) -> String {
    let mut out = String::new();
    for b in bytes {
        match b {
            b if b.is_ascii_alphanumeric() || kept.contains(b) => out.push(*b as char),
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    bytes.iter().flat_map(|b| [digits[usize::from(b >> 4)], digits[usize::from(b & 15)]]).collect()
}

/// The characters of the value, separated by blanks.
pub(super) fn apart(value: &str) -> Vec<u8> {
    let letters: Vec<String> = value.chars().map(String::from).collect();
    letters.join(" ").into_bytes()
}

/// Base64 of the value at each of the three alignments that it can have inside a longer text, in both
/// alphabets. The characters at the edges depend on neighbouring bytes and are cut off; they contain at most
/// six bits of the value.
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

/// Alphabet of base32.
pub(super) const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Base32 of the value at each of the five alignments, without the characters that depend on neighbouring
/// bytes.
fn base32_forms(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut out = vec![];
    for shift in 0..5usize {
        let bit = |at: usize| at.checked_sub(8 * shift).map_or(0, |at| bytes[at / 8] >> (7 - at % 8) & 1);
        let letter = |n: usize| (0..5).fold(0, |letter, i| letter << 1 | bit(5 * n + i));
        let inside = (8 * shift).div_ceil(5)..8 * (shift + bytes.len()) / 5;
        out.push(inside.map(|n| BASE32[usize::from(letter(n))]).collect());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_as_the_standard_has_it() {
        // RFC 4648: foobar, fooba
        let forms =
            |text: &str| base32_forms(text.as_bytes()).into_iter().map(|f| String::from_utf8(f).unwrap());
        assert_eq!(forms("foobar").next().unwrap(), "MZXW6YTBO");
        assert_eq!(forms("fooba").next().unwrap(), "MZXW6YTB");
        // after one byte, the first two characters contain bits of that byte: `xfooba` is PBTG633CME
        assert_eq!(forms("fooba").nth(1).unwrap(), "TG633CM");
    }
}
