//! Parses plain scalars by the rules of the YAML reader in the docker client (yaml.v3): YAML 1.2 with parts
//! of 1.1 (`0777` is octal, dates are dates), but without its booleans (`yes`, `on` are texts). Prints
//! numbers as Go does.

use super::tree::Value;
use regex::Regex;
use std::sync::LazyLock;

/// Value of an unquoted scalar.
pub(super) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let number = match text.as_bytes().first() {
        Some(b'.') => float_with_underscores(text).map(Value::Float),
        Some(b'0'..=b'9' | b'+' | b'-') => digits(text),
        _ => None,
    };
    number.unwrap_or_else(|| Value::Str(text.to_string()))
}

fn digits(text: &str) -> Option<Value> {
    if let Some(time) = timestamp(text) {
        return Some(Value::Time(time));
    }
    let bare = text.replace('_', "");
    if let Some(i) = whole(&bare) {
        return Some(Value::Int(i));
    }
    static FLOAT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$").expect("a valid pattern")
    });
    if FLOAT.is_match(&bare) {
        return bare.parse::<f64>().ok().filter(|f| f.is_finite()).map(Value::Float);
    }
    None
}

/// Go's `ParseInt` with base 0, within 64 bits: a sign, then `0x`, `0o`, `0b`, a leading zero (octal), or decimal.
fn whole(text: &str) -> Option<i128> {
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = body.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let size = i128::from_str_radix(digits, radix).ok()?;
    let value = if negative { -size } else { size };
    // ParseUint accepts no sign, so only a number without one can be greater than the signed maximum
    let most = if text.starts_with(['+', '-']) { i128::from(i64::MAX) } else { i128::from(u64::MAX) };
    (i128::from(i64::MIN)..=most).contains(&value).then_some(value)
}

/// A scalar that starts with a point is passed unchanged to Go's `ParseFloat`.
fn float_with_underscores(text: &str) -> Option<f64> {
    let shape = text[1..].starts_with(|c: char| c.is_ascii_digit());
    text.parse::<f64>().ok().filter(|f| shape && f.is_finite())
}

/// A date, or a date with a time, as Go's `time.Time` prints it.
fn timestamp(text: &str) -> Option<String> {
    static TIME: LazyLock<Regex> = LazyLock::new(|| {
        let time = r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?";
        Regex::new(&format!(r"^(\d{{4}})-(\d{{1,2}})-(\d{{1,2}})(?:([Tt]){time}(Z|[-+]\d\d:\d\d)| {time})?$"))
            .expect("a valid pattern")
    });
    let c = TIME.captures(text)?;
    let number = |i: usize| c.get(i).map_or(Some(0), |m| m.as_str().parse::<u32>().ok());
    let (year, month, day) = (number(1)?, number(2)?, number(3)?);
    let at = if c.get(4).is_some() { 5 } else { 10 };
    let (h, m, s) = (number(at)?, number(at + 1)?, number(at + 2)?);
    if !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) || h > 23 || m > 59 || s > 59 {
        return None;
    }
    let fraction = c.get(at + 3).map_or("", |f| f.as_str());
    let fraction = fraction[..fraction.len().min(9)].trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    let zone = match c.get(9).map(|z| z.as_str()) {
        None | Some("Z" | "+00:00" | "-00:00") => "+0000 UTC".to_string(),
        Some(z) => format!("{0} {0}", z.replace(':', "")),
    };
    Some(format!("{year:04}-{month:02}-{day:02} {h:02}:{m:02}:{s:02}{dot}{fraction} {zone}"))
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

/// A float as Go's `%v`: the shortest digits, with an exponent below 1e-4 and from 1e6 on.
pub(super) fn go_float(f: f64) -> String {
    if f.is_nan() {
        return "NaN".into();
    }
    if f.is_infinite() {
        return if f > 0.0 { "+Inf".into() } else { "-Inf".into() };
    }
    let scientific = format!("{f:e}");
    let (digits, exponent) = scientific.split_once('e').expect("the form of {:e}");
    let exponent: i32 = exponent.parse().expect("the form of {:e}");
    if (-4..6).contains(&exponent) {
        return format!("{f}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Value) {
        assert_eq!(plain(text), expected, "{text}");
    }

    #[test]
    fn plain_scalars_have_the_values_of_the_docker_client() {
        for text in ["on", "yes", "y", "NO", "a", "1.2.3", "0o9", "1e", "--1", "+", "1:30", "2026-13-01", "."]
        {
            check(text, Value::Str(text.into()));
        }
        check("0777", Value::Int(511));
        check("0o17", Value::Int(15));
        check("0x1F", Value::Int(31));
        check("-0b11", Value::Int(-3));
        check("1_000", Value::Int(1000));
        check("+5", Value::Int(5));
        check("1.10", Value::Float(1.1));
        check("1e3", Value::Float(1000.0));
        check("08", Value::Float(8.0));
        check("~", Value::Null);
        check("True", Value::Bool(true));
        check("2026-11-23", Value::Time("2026-11-23 00:00:00 +0000 UTC".into()));
        check("2026-1-2T3:4:5.60Z", Value::Time("2026-01-02 03:04:05.6 +0000 UTC".into()));
    }

    #[test]
    fn floats_print_as_go_prints_them() {
        for (f, text) in [
            (1.1, "1.1"),
            (3.0, "3"),
            (0.00001, "1e-05"),
            (1e20, "1e+20"),
            (100000.0, "100000"),
            (1234567.5, "1.2345675e+06"),
        ] {
            assert_eq!(go_float(f), text);
        }
    }
}
