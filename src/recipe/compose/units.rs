//! Parses durations, sizes and numbers of CPUs as the libraries in the docker client do. Pure.

/// Go's `time.ParseDuration`, in nanoseconds: `1h30m`, `1.5s`, `-2ms`, `0`.
pub(super) fn duration_ns(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let unit_end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let unit: i128 = match &after[..unit_end] {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') || number.len() > 30 {
            return None;
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let part = format!("0.{fraction}").parse::<f64>().ok()? * unit as f64;
        total = total.checked_add(whole.checked_mul(unit)?.checked_add(part as i128)?)?;
        rest = &after[unit_end..];
    }
    i64::try_from(total * sign).ok()
}

/// docker's `RAMInBytes`: `512M`, `1.5g`, `100 MiB`, `1024`.
pub(crate) fn bytes(text: &str) -> Option<i64> {
    let last = text.rfind(|c: char| c.is_ascii_digit() || c == '.' || c == ' ')?;
    let (number, suffix) = match text.as_bytes()[last] {
        b' ' => (&text[..last], &text[last + 1..]),
        _ => text.split_at(last + 1),
    };
    let number: f64 = number.parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0)?;
    let suffix = suffix.to_ascii_lowercase();
    let power = match suffix.as_bytes() {
        [] | [b'b'] => 0,
        [unit] | [unit, b'b'] | [unit, b'i', b'b'] => b"kmgtp".iter().position(|u| u == unit)? + 1,
        _ => return None,
    };
    Some((number * 1024f64.powi(power as i32)) as i64)
}

/// docker's `ParseCPUs`, in billionths of a CPU; a finer value is refused.
pub(crate) fn nano_cpus(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |t: &str| t.chars().all(|c| c.is_ascii_digit());
    let fraction = fraction.trim_end_matches('0');
    if (whole.is_empty() && !digits.starts_with('.'))
        || !all_digits(whole)
        || !all_digits(fraction)
        || fraction.len() > 9
    {
        return None;
    }
    let nano: i64 = format!("0{whole}{fraction:0<9}").parse().ok()?;
    Some(if text.starts_with('-') { -nano } else { nano })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, ns) in [
            ("1m30s", 90_000_000_000),
            ("1.5s", 1_500_000_000),
            ("0", 0),
            ("-2ms", -2_000_000),
            (".5s", 500_000_000),
        ] {
            assert_eq!(duration_ns(text), Some(ns), "{text}");
        }
        for text in ["", "30", "s", "1 s", "1d", "1m 30s", "-", "1..5s", "."] {
            assert_eq!(duration_ns(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_are_read_as_docker_reads_them() {
        for (text, n) in [
            ("512M", 536_870_912),
            ("1.5g", 1_610_612_736),
            ("100 KiB", 102_400),
            ("7", 7),
            ("7b", 7),
            ("1kb", 1024),
        ] {
            assert_eq!(bytes(text), Some(n), "{text}");
        }
        for text in ["", "M", "-5m", "5x", "5mm", "5 m b"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn cpus_are_billionths() {
        assert_eq!(nano_cpus("0.25"), Some(250_000_000));
        assert_eq!(nano_cpus(".5"), Some(500_000_000));
        assert_eq!(nano_cpus("2"), Some(2_000_000_000));
        assert_eq!(nano_cpus("0.0000000001"), None);
        assert_eq!(nano_cpus("all"), None);
    }
}
