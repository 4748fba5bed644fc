//! Numbers and durations: where one ends, and what it is worth.
//!
//! # Source
//!
//! Prometheus documentation, "Querying basics", float literals and time durations; the integer
//! literals of Go, which Prometheus reads numbers with.

use crate::query::problem::ProblemKind;

/// What stands at a digit, or at a dot before one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scanned {
    /// A number of this many bytes.
    Number(usize),
    /// Something with units, of this many bytes.
    Duration(usize),
    /// Neither; this many bytes make no sense.
    Nothing(usize),
}

/// Finds the end of the number or duration that begins the text.
pub(super) fn scan(text: &str) -> Scanned {
    let bytes = text.as_bytes();
    let (is_number, end) = scan_number(bytes);
    if is_number {
        return Scanned::Number(end);
    }
    match scan_units(bytes, end) {
        Ok(end) => Scanned::Duration(end),
        Err(end) => Scanned::Nothing(end),
    }
}

/// Returns the value of a number, or nothing if it is malformed or too large.
pub(super) fn value(text: &str) -> Option<f64> {
    if text.eq_ignore_ascii_case("inf") {
        return Some(f64::INFINITY);
    }
    if text.eq_ignore_ascii_case("nan") {
        return Some(f64::NAN);
    }
    if text.ends_with('_') {
        return None;
    }
    let digits = text.replace('_', "").to_ascii_lowercase();
    if let Some(hexadecimal) = digits.strip_prefix("0x") {
        return widen(i64::from_str_radix(hexadecimal, 16).ok()?);
    }
    if digits.len() > 1 && digits.starts_with('0') {
        // As in Go and C, a leading zero makes a number octal where its digits allow it.
        if let Ok(octal) = i64::from_str_radix(&digits, 8) {
            return widen(octal);
        }
    }
    digits.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// Returns the length of a duration in nanoseconds.
///
/// # Errors
///
/// [`ProblemKind::InvalidDuration`] when it has a fraction, an unknown unit or units out of
/// order; [`ProblemKind::DurationOutOfRange`] when it is longer than 64 bits can hold.
pub(super) fn nanoseconds(text: &str) -> Result<i64, ProblemKind> {
    let mut rest = text;
    let mut total: i64 = 0;
    let mut smallest = UNITS.len();
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (count, after) = rest.split_at(digits);
        let letters = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let position = UNITS.iter().position(|(name, _)| *name == unit);
        let position = position.filter(|position| *position < smallest);
        let (Some(position), false) = (position, count.is_empty()) else {
            return Err(ProblemKind::InvalidDuration);
        };
        smallest = position;
        let scale = UNITS.get(position).map_or(0, |(_, scale)| *scale);
        total = count
            .parse::<i64>()
            .ok()
            .and_then(|count| count.checked_mul(scale))
            .and_then(|length| total.checked_add(length))
            .ok_or(ProblemKind::DurationOutOfRange)?;
        rest = after;
    }
    Ok(total)
}

/// Returns a number of seconds as nanoseconds, or nothing if it is longer than 64 bits can hold.
pub(super) fn seconds_to_nanoseconds(seconds: f64) -> Option<i64> {
    let nanoseconds = (seconds * 1e9).round();
    #[expect(clippy::cast_possible_truncation, reason = "the line checks the range itself")]
    (nanoseconds.abs() < 9.223_372_036_854_775e18).then_some(nanoseconds as i64)
}

/// Writes a length of time as Prometheus writes it: `1h30m`, `5m`, `90d`.
///
/// * `nanoseconds`: 0 or more; what is less than a millisecond is left out, for durations have no
///   smaller unit.
pub(super) fn duration_text(nanoseconds: i64) -> String {
    let mut rest = nanoseconds.max(0);
    let mut text = String::new();
    for (unit, scale) in UNITS.iter().rev() {
        // `90d` reads easier than `12w6d`: years and weeks are written only when nothing is left.
        if matches!(*unit, "y" | "w") && rest % scale != 0 {
            continue;
        }
        if rest >= *scale {
            text.push_str(&(rest / scale).to_string());
            text.push_str(unit);
            rest %= scale;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLISECOND;

/// The units of durations with their nanoseconds, smallest first.
const UNITS: [(&str, i64); 7] = [
    ("ms", MILLISECOND),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", 3_600 * SECOND),
    ("d", 86_400 * SECOND),
    ("w", 7 * 86_400 * SECOND),
    ("y", 365 * 86_400 * SECOND),
];

fn widen(value: i64) -> Option<f64> {
    value.to_string().parse().ok()
}

fn is_alphanumeric(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// Tells whether a number begins the bytes, and where it or the attempt ends.
///
/// Prometheus finds the end of a number before it asks whether the number makes sense, so `1e` is
/// one malformed number, not a number and a name; an `e` at the very end is not even that.
fn scan_number(bytes: &[u8]) -> (bool, usize) {
    let is = |at: usize, set: &[u8]| bytes.get(at).is_some_and(|byte| set.contains(byte));
    let mut digits: &[u8] = b"0123456789";
    let mut at = 0;
    if is(0, b"0") {
        at = 1;
        if is(1, b"xX") {
            at = if is(2, b"_") { 3 } else { 2 };
            digits = b"0123456789abcdefABCDEF";
        }
    }
    at += usize::from(is(at, b"."));
    // A dot that begins the number does not count as its dot: `.5.5` is refused later, by value.
    at += usize::from(is(at, digits));
    let (mut dot, mut exponent) = (false, false);
    loop {
        if is(at, b".") {
            if dot || is(at + 1, b"_.") {
                return (false, at + 1);
            }
            dot = true;
            at += 1;
            if digits.len() > 10 {
                return (false, at);
            }
        } else if is(at, b"eE") {
            if exponent {
                return (false, at + 1);
            }
            exponent = true;
            at += 1;
            at += usize::from(is(at, b"+-"));
            if is(at, b"._eE") || at >= bytes.len() {
                return (false, at);
            }
        } else if is(at, b"_") {
            at += 1;
            if is(at, b"._eE") || at >= bytes.len() {
                return (false, at);
            }
        } else if is(at, digits) {
            // In a run of hexadecimal digits, only an `e` that begins it can be an exponent.
            while is(at, digits) {
                at += 1;
            }
        } else {
            break;
        }
    }
    (!is_alphanumeric(bytes.get(at)), at)
}

/// Finds the end of a duration whose first count ends at `at`.
fn scan_units(bytes: &[u8], at: usize) -> Result<usize, usize> {
    let is = |at: usize, set: &[u8]| bytes.get(at).is_some_and(|byte| set.contains(byte));
    let mut at = at;
    let mut units: &[u8] = b"smhdwy";
    loop {
        if !is(at, units) {
            return Err(at);
        }
        at += 1;
        at += usize::from(is(at, b"s"));
        if !is(at, b"0123456789") {
            break;
        }
        while is(at, b"0123456789") {
            at += 1;
        }
        units = b"smhdw";
    }
    if is_alphanumeric(bytes.get(at)) { Err(at) } else { Ok(at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        for (text, expected) in [
            ("5", Some(5.0)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1e3", Some(1000.0)),
            ("0x1F", Some(31.0)),
            ("017", Some(15.0)),
            ("08", Some(8.0)),
            ("1_000", Some(1000.0)),
            ("1e", None),
            ("1_", None),
            ("1e999", None),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
        assert!(value("NaN").is_some_and(f64::is_nan));
    }

    #[test]
    fn durations_keep_their_order_of_units() {
        assert_eq!(nanoseconds("1h30m"), Ok(5_400 * SECOND));
        assert_eq!(nanoseconds("500ms"), Ok(500 * MILLISECOND));
        assert_eq!(nanoseconds("30m1h"), Err(ProblemKind::InvalidDuration));
        assert_eq!(nanoseconds("1.5h"), Err(ProblemKind::InvalidDuration));
        assert_eq!(nanoseconds("5hs"), Err(ProblemKind::InvalidDuration));
        assert_eq!(nanoseconds("300y"), Err(ProblemKind::DurationOutOfRange));
    }

    #[test]
    fn a_written_duration_reads_back() {
        for text in ["5m", "1h30m", "90d", "2w", "1y", "1d12h", "1s500ms", "100d"] {
            assert_eq!(nanoseconds(text).map(duration_text).as_deref(), Ok(text));
        }
        assert_eq!(duration_text(0), "0s");
    }
}
