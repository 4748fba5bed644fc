//! One row of recorded measurements: five texts that have to make sense together.

use jiff::Timestamp;

use crate::budget::Counts;
use crate::quantity::Ratio;

use super::Entry;

/// The names of the columns, and of the keys in JSON.
pub(super) const COLUMNS: [&str; 5] = ["slo", "start", "seconds", "good", "valid"];

/// The longest row, in seconds: ten years.
const LONGEST: i64 = 10 * 366 * 86_400;

/// What is wrong, and on which line.
pub(super) struct Problem {
    pub(super) line: u64,
    pub(super) message: String,
}

/// Reads a row from the texts of [`COLUMNS`].
///
/// # Errors
///
/// [`Problem`] says which text is wrong.
pub(super) fn read(line: u64, texts: [&str; 5]) -> Result<(String, Entry), Problem> {
    let [slo, start, seconds, good, valid] = texts;
    let problem = |message: String| Problem { line, message };
    if slo.is_empty() {
        return Err(problem("`slo` is empty".to_owned()));
    }
    let start = instant(start).map_err(problem)?;
    let seconds = self::seconds(seconds).map_err(problem)?;
    let end = start.as_second().checked_add(seconds);
    let end = end.and_then(|end| Timestamp::from_second(end).ok());
    let end = end.ok_or_else(|| problem("the row ends beyond the year 9999".to_owned()))?;
    let counts = counts(good, valid).map_err(problem)?;
    Ok((slo.to_owned(), Entry { line, start, end, counts }))
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let parsed = text.parse::<Timestamp>().ok();
    let Some(start) = parsed.filter(|_| is_rfc_3339(text)) else {
        return Err(format!("`start` is `{}`, which is not an RFC 3339 instant", short(text)));
    };
    if start.subsec_nanosecond() != 0 {
        return Err(format!("`start` is `{}`, which is not on a whole second", short(text)));
    }
    Ok(start)
}

/// Returns whether an instant is spelled as RFC 3339 does: not `20260228T21Z`, nor with the name of a
/// time zone in brackets, as in RFC 9557.
fn is_rfc_3339(text: &str) -> bool {
    let shape: String =
        text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let Some(rest) = shape.strip_prefix("0000-00-00") else { return false };
    let rest = rest.strip_prefix(['T', 't', ' ']).and_then(|rest| rest.strip_prefix("00:00:00"));
    let Some(rest) = rest else { return false };
    let rest = rest.strip_prefix('.').map_or(rest, |rest| rest.trim_start_matches('0'));
    matches!(rest, "Z" | "z" | "+00:00" | "-00:00")
}

fn seconds(text: &str) -> Result<i64, String> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = text.parse::<i64>().ok().filter(|seconds| (1..=LONGEST).contains(seconds));
    let wrong = || format!("`seconds` is `{}`, which is not a whole number from 1 on", short(text));
    seconds.filter(|_| is_digits).ok_or_else(wrong)
}

fn counts(good: &str, valid: &str) -> Result<Option<Counts>, String> {
    match (good.is_empty(), valid.is_empty()) {
        (true, true) => return Ok(None),
        (true, false) => return Err("`good` is empty while `valid` is not".to_owned()),
        (false, true) => return Err("`valid` is empty while `good` is not".to_owned()),
        (false, false) => {}
    }
    let counts = Counts { good: number("good", good)?, valid: number("valid", valid)? };
    if counts.good > counts.valid {
        return Err(format!("`good` is {good}, more than `valid`, which is {valid}"));
    }
    Ok(Some(counts))
}

fn number(column: &str, text: &str) -> Result<Ratio, String> {
    let number = Ratio::parse(text);
    let number = number
        .ok_or_else(|| format!("`{column}` is `{}`, which is not a decimal number", short(text)))?;
    if number.is_negative() {
        return Err(format!("`{column}` is {}, below zero", short(text)));
    }
    Ok(number)
}

/// Returns text of a file as a message shows it: without control characters, and not too long.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 60;
    let shown = text.chars().map(|it| if it.is_control() { '\u{fffd}' } else { it });
    let mut shown: String = shown.take(MOST + 1).collect();
    if shown.chars().count() > MOST {
        shown = shown.chars().take(MOST).chain(['…']).collect();
    }
    shown
}
