use crate::finding::Level;
use crate::model::WindowKind;
use crate::quantity::Duration;
use crate::quantity::Unit;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Subject;

pub(super) const RULE: Rule = Rule {
    name: "rolling-calendar-unit",
    level: Level::Warning,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("rolling_calendar_unit.md"),
    settings: &[],
    check: Check::Slo(check),
};

fn check(slo: &Subject<'_>, checker: &mut Checker<'_>) {
    let Some(window) = &slo.window else { return };
    let length = window.duration.value;
    let Some((shortest, longest, weeks)) = days(length) else {
        return;
    };
    if !matches!(window.kind, WindowKind::Rolling) || length.count == 0 {
        return;
    }
    let fixed = Duration::new(weeks.saturating_mul(7), Unit::Day);
    let written = checker.text(window.duration.span).trim_matches(['"', '\'']);
    let is_read = Duration::parse(&fixed.to_string()).is_some();
    let edit = (is_read && Duration::parse(written) == Some(length))
        .then(|| checker.rewrite(window.duration.span, &fixed.to_string()))
        .flatten();
    let finding = checker.report(
        window.duration.span,
        format!("a rolling window of `{length}` has no length of its own"),
    );
    finding.label(format!("{shortest} to {longest} days, as each tool decides"));
    match edit {
        Some(edit) => {
            finding.unsafe_fix(format!("write `{fixed}`, which is whole weeks"), vec![edit])
        }
        None if !is_read => finding.help("align it to a calendar, or make it shorter"),
        None => finding
            .help(format!("make it {fixed}, which is whole weeks, or align it to a calendar")),
    };
}

/// Returns the fewest and the most days of a calendar unit, and the whole weeks nearest to it.
///
/// Nothing for a unit of one length. Four years hold 1461 days; the century without a leap day is
/// left out.
fn days(length: Duration) -> Option<(u64, u64, u64)> {
    const CYCLE: u64 = 48;
    const CYCLE_DAYS: u64 = 1_461;
    let unit: u8 = match length.unit {
        Unit::Month => 1,
        Unit::Quarter => 3,
        Unit::Year => 12,
        _ => return None,
    };
    let months = length.count.saturating_mul(u64::from(unit));
    // Quarters and years begin with one of the calendar.
    let starts = (0..CYCLE).step_by(usize::from(unit));
    let whole = (months / CYCLE).saturating_mul(CYCLE_DAYS);
    let rest = |start: u64| (start..start + months % CYCLE).map(month_days).sum::<u64>();
    let shortest = starts.clone().map(rest).min()?;
    let longest = starts.map(rest).max()?;
    let weeks = (months.saturating_mul(2 * CYCLE_DAYS) / (CYCLE * 7)).div_ceil(2);
    Some((whole.saturating_add(shortest), whole.saturating_add(longest), weeks))
}

/// Returns the days of a month, counted from a January before a leap year by three years.
fn month_days(index: u64) -> u64 {
    match (index % 12, index / 12 % 4) {
        (1, 3) => 29,
        (1, _) => 28,
        (3 | 5 | 8 | 10, _) => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_units_are_as_long_as_the_calendar_says() {
        let of = |text: &str| Duration::parse(text).and_then(days);
        assert_eq!(of("1M"), Some((28, 31, 4)));
        assert_eq!(of("2M"), Some((59, 62, 9)));
        assert_eq!(of("3M"), Some((89, 92, 13)));
        assert_eq!(of("1Q"), Some((90, 92, 13)));
        assert_eq!(of("12M"), Some((365, 366, 52)));
        assert_eq!(of("4Y"), Some((1461, 1461, 209)));
        assert_eq!(of("4w"), None);
    }
}
