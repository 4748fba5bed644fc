//! How rules say shares, times and names.

use crate::alerts::largest_error_ratio;
use crate::finding::Level;
use crate::model::Slo;
use crate::quantity::Duration;
use crate::quantity::Ratio;

/// Returns names in a sentence: "`a`, `b` or `c`".
pub(super) fn list(names: &[impl AsRef<str>], last: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    sentence(&quoted, last)
}

/// Returns words in a sentence: "one, two and three".
pub(super) fn sentence(words: &[String], last: &str) -> String {
    match words {
        [rest @ .., end] if !rest.is_empty() => format!("{} {last} {end}", rest.join(", ")),
        words => words.concat(),
    }
}

/// Returns the first few of some things in words, and how many more there are.
pub(super) fn few<T>(things: &[T], word: impl Fn(&T) -> String) -> Vec<String> {
    /// The most things of a kind that a message names.
    const MAX_NAMED: usize = 5;
    let mut words: Vec<String> = things.iter().take(MAX_NAMED).map(word).collect();
    if let Some(more) = things.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        words.push(format!("{more} more"));
    }
    words
}

/// Returns text from a file as it may stand in a message: on one line, cut where it is long.
pub(super) fn quote(text: &str) -> String {
    const LONGEST: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    let end = line.char_indices().nth(LONGEST).map_or(line.len(), |(end, _)| end);
    let rest = if end < text.trim_end().len() { "…" } else { "" };
    format!("`{}{rest}`", line.get(..end).unwrap_or_default())
}

/// Returns a share as people write it: "99.9 %", in full where the decimal ends.
pub(super) fn percent(share: &Ratio) -> String {
    format!("{} %", share.percent())
}

/// Returns a length of time in the unit that people would use: "2.08 days", "20.6 hours".
pub(super) fn in_words(seconds: &Ratio) -> String {
    const UNITS: [(i64, &str); 3] = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let fits = |(length, _): &&(i64, &str)| seconds.compare_whole(2 * length).is_ge();
    let (length, unit) = UNITS.iter().find(fits).unwrap_or(&(1, "second"));
    let count = (seconds / *length).significant(3);
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

/// Returns a share as people write it, short where its decimal is long: "2 %", "13.9 %".
pub(super) fn about_percent(share: &Ratio) -> String {
    let percent = share.percent();
    let exact = percent.to_string();
    let text = if exact.len() <= 6 { exact } else { percent.significant(3) };
    format!("{text} %")
}

/// Returns a share like [`about_percent`], with as many digits as tell it from another one.
pub(super) fn percent_beside(share: &Ratio, other: &Ratio) -> String {
    let other = other.percent();
    let percent = share.percent();
    let differs = |digits: &u32| percent.significant(*digits) != other.significant(*digits);
    match (3..12).find(differs) {
        None | Some(3) => about_percent(share),
        Some(digits) => format!("{} %", percent.significant(digits)),
    }
}

/// Returns what stands before a number that a window gives: months differ in length.
pub(super) fn about(window: Duration) -> &'static str {
    if window.unit.is_calendar() { "about " } else { "" }
}

/// Returns the level of what is grave for an SLO of the first priority.
pub(super) fn level(is_critical: bool) -> Level {
    if is_critical { Level::Error } else { Level::Warning }
}

/// Returns what the worst outage of an SLO is: a full one, or what `slo/max-error-ratio` lets fail.
pub(super) fn worst_outage_name(slo: &Slo) -> String {
    let largest = largest_error_ratio(slo);
    if largest == Ratio::one() {
        return "a full outage".to_owned();
    }
    format!("an outage of {}", percent(&largest))
}
