//! Numbers and days as a person reads them.

use jiff::SignedDuration;
use jiff::Timestamp;

use crate::quantity::Ratio;
use crate::report::Amount;
use crate::report::BudgetRow;
use crate::report::layout::grouped;
use crate::report::layout::width;

/// Returns a decimal with a minus sign that is as wide as a plus, and digits in groups of three.
pub(in crate::report) fn decimal(text: &str, unicode: bool) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (if unicode { "−" } else { "-" }, digits),
        None => ("", text),
    };
    match digits.split_once('.') {
        Some((whole, fraction)) => format!("{sign}{}.{fraction}", grouped(whole)),
        None => format!("{sign}{}", grouped(digits)),
    }
}

/// Returns a share with one digit behind the point: `31.0 %`.
pub(in crate::report) fn percent(share: &Ratio, unicode: bool) -> String {
    format!("{} %", decimal(&share.percent().fixed(1), unicode))
}

/// Returns the share of a budget that is left, `≈31.0 %` where it is an estimate.
pub(in crate::report) fn share_left(row: &BudgetRow, unicode: bool) -> Option<String> {
    let share = percent(row.remaining.as_ref()?, unicode);
    Some(if row.estimated { format!("{}{share}", about(unicode)) } else { share })
}

/// Returns the sign of an estimate.
pub(in crate::report) fn about(unicode: bool) -> char {
    if unicode { '≈' } else { '~' }
}

/// Returns what is left of a budget, with its unit: `12 401 events`, `38.5 minutes`.
pub(in crate::report) fn amount(amount: &Amount, unicode: bool) -> String {
    match amount {
        Amount::Events(events) => format!("{} events", decimal(&events.fixed(0), unicode)),
        Amount::Minutes(minutes) => format!("{} minutes", decimal(&minutes.fixed(1), unicode)),
    }
}

/// Returns the day of an instant as near as it can be named at `now`: `Tue`, `Nov 17`, `2027-01-03`.
pub(in crate::report) fn day(at: Timestamp, now: Option<Timestamp>) -> String {
    let distance = now.map(|now| at.duration_since(now).abs());
    let pattern = match distance {
        Some(distance) if distance < SignedDuration::from_hours(6 * 24) => "%a",
        Some(distance) if distance < SignedDuration::from_hours(300 * 24) => "%b %-d",
        _ => "%Y-%m-%d",
    };
    at.strftime(pattern).to_string()
}

/// Pads decimals, each perhaps with a unit behind a space, so that their points stand in a column.
///
/// A cell that is no number is put to the right.
pub(super) fn aligned(cells: &mut [String]) {
    let parts: Vec<_> = cells.iter().map(|cell| parts(cell)).collect();
    let wholes = parts.iter().flatten().map(|(whole, _, _)| width(whole)).max().unwrap_or(0);
    let fractions = parts.iter().flatten().map(|(_, part, _)| width(part)).max().unwrap_or(0);
    for (cell, parts) in cells.iter_mut().zip(parts) {
        if let Some((whole, fraction, unit)) = parts {
            let before = " ".repeat(wholes.saturating_sub(width(&whole)));
            let behind = " ".repeat(fractions.saturating_sub(width(&fraction)));
            *cell = format!("{before}{whole}{fraction}{behind}{unit}");
        }
    }
}

/// Divides `−1 234.5 %` into `−1 234`, `.5` and ` %`; nothing for what does not start as a number.
fn parts(cell: &str) -> Option<(String, String, String)> {
    let digits = |character: char| {
        character.is_ascii_digit() || matches!(character, ' ' | '−' | '-' | '≈' | '~')
    };
    let trimmed = cell.trim_start();
    if !trimmed.contains(|character: char| character.is_ascii_digit()) {
        return None;
    }
    let end = trimmed.find(|character| !digits(character)).unwrap_or(trimmed.len());
    let (whole, rest) = trimmed.split_at(end);
    let whole_end = whole.trim_end();
    if whole_end.is_empty() {
        return None;
    }
    let spaces = whole.get(whole_end.len()..).unwrap_or_default();
    let (fraction, unit) = match rest.strip_prefix('.') {
        Some(fraction) => {
            let count = fraction.bytes().take_while(u8::is_ascii_digit).count();
            rest.split_at(count + 1)
        }
        None => ("", rest),
    };
    Some((whole_end.to_owned(), fraction.to_owned(), format!("{spaces}{unit}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stand_in_a_column_and_units_too() {
        let mut cells = ["99.9 %", "99 %", "−114.25 %", "–"].map(str::to_owned);
        aligned(&mut cells);
        assert_eq!(cells, ["  99.9  %", "  99    %", "−114.25 %", "–"]);
    }

    #[test]
    fn days_are_named_as_near_as_they_can() {
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let now = Some(at("2026-11-22T09:00:00Z"));
        assert_eq!(day(at("2026-11-17T14:00:00Z"), now), "Tue");
        assert_eq!(day(at("2026-10-29T14:00:00Z"), now), "Oct 29");
        assert_eq!(day(at("2028-01-03T14:00:00Z"), now), "2028-01-03");
        assert_eq!(day(at("2026-11-17T14:00:00Z"), None), "2026-11-17");
    }
}
