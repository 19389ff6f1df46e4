//! Moments and durations as values. Only the Clock port reads a clock.

use std::fmt;
use std::time::Duration;
use time::{OffsetDateTime, PrimitiveDateTime};

/// A point in time of one run: milliseconds since the zero of its clock. Monotonic.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize,
)]
pub struct Moment(pub u64);

impl Moment {
    /// This moment plus a duration; saturates.
    pub fn after(self, span: Duration) -> Moment {
        Moment(self.0.saturating_add(span.as_millis() as u64))
    }

    /// Duration from `earlier` to this moment; zero if `earlier` is later.
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Parses a duration with a unit, as in settings: `"90s"`, `"5m"`, `"1h 30m"`, `"250ms"`. A number without a
/// unit is refused, and so is a unit without a number.
pub fn parse_span(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    let mut any = false;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit_ms = match &rest[..end] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        total += Duration::from_millis(number.checked_mul(unit_ms)?);
        rest = rest[end..].trim_start();
        any = true;
    }
    any.then_some(total)
}

/// UTC as `20260131-235959`, from milliseconds since 1970; sortable, for ids.
pub fn utc_stamp(ms: u64) -> String {
    let [y, mo, d, h, mi, s] = utc(ms);
    format!("{y:04}{mo:02}{d:02}-{h:02}{mi:02}{s:02}")
}

/// UTC as RFC 3339 with seconds, from milliseconds since 1970.
pub fn utc_rfc3339(ms: u64) -> String {
    let [y, mo, d, h, mi, s] = utc(ms);
    format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}Z")
}

/// Year, month, day, hour, minute, second; of what lies beyond the calendar its last second.
fn utc(ms: u64) -> [u64; 6] {
    let seconds = i64::try_from(ms / 1_000).unwrap_or(i64::MAX);
    let last = PrimitiveDateTime::MAX.assume_utc();
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(last);
    let [month, day, hour, minute, second] =
        [u8::from(at.month()), at.day(), at.hour(), at.minute(), at.second()].map(u64::from);
    [u64::from(at.year().unsigned_abs()), month, day, hour, minute, second]
}

/// Shows a duration: `250ms`, `1.3s`, `90s`, `5m`, `1h30m`.
pub struct Span(pub Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        match ms {
            0..=999 => write!(f, "{ms}ms"),
            1_000..=119_999 if ms.is_multiple_of(1_000) => write!(f, "{}s", ms / 1_000),
            1_000..=119_999 => write!(f, "{:.1}s", ms as f64 / 1_000.0),
            _ => {
                let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
                if h > 0 {
                    write!(f, "{h}h")?;
                }
                if m > 0 {
                    write!(f, "{m}m")?;
                }
                if s > 0 { write!(f, "{s}s") } else { Ok(()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_with_their_units_and_a_bare_number_is_refused() {
        let ok = |t: &str, ms: u64| assert_eq!(parse_span(t), Some(Duration::from_millis(ms)), "{t}");
        ok("90s", 90_000);
        ok("5m", 300_000);
        ok("1h 30m", 5_400_000);
        ok("250ms", 250);
        for bad in ["", "5", "m", "5 parsecs", "-5s", "99999999999999999999s"] {
            assert_eq!(parse_span(bad), None, "{bad}");
        }
    }

    #[test]
    fn dates_are_right_on_leap_days_and_at_the_ends_of_years() {
        assert_eq!(utc_rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc_rfc3339(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(utc_rfc3339(1_798_761_599_000), "2026-12-31T23:59:59Z");
        assert_eq!(utc_stamp(1_798_761_599_000), "20261231-235959");
        assert_eq!(utc_rfc3339(u64::MAX), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn spans_are_shown_as_people_read_them() {
        let show = |ms| Span(Duration::from_millis(ms)).to_string();
        assert_eq!(show(250), "250ms");
        assert_eq!(show(1_300), "1.3s");
        assert_eq!(show(90_000), "90s");
        assert_eq!(show(300_000), "5m");
        assert_eq!(show(5_400_000), "1h30m");
    }
}
