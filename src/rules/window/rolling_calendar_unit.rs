use crate::finding::Level;
use crate::model::Subject;
use crate::model::WindowKind;
use crate::quantity::Duration;
use crate::quantity::Unit;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;

pub(super) const RULE: Rule = Rule {
    name: "rolling-calendar-unit",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::Windows,
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
    if !matches!(window.kind, WindowKind::Rolling) {
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
/// Nothing for a unit of one length. Four years hold 1461 days.
fn days(length: Duration) -> Option<(u64, u64, u64)> {
    let (shortest, longest) = length.calendar_days()?;
    let months = match length.unit {
        Unit::Quarter => 3,
        Unit::Year => 12,
        _ => 1,
    };
    let months = length.count.saturating_mul(months);
    let weeks = (months.saturating_mul(2 * 1_461) / (48 * 7)).div_ceil(2);
    Some((shortest, longest, weeks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_whole_weeks_stand_for_a_calendar_unit() {
        let of = |text: &str| Duration::parse(text).and_then(days);
        assert_eq!(of("1M"), Some((28, 31, 4)));
        assert_eq!(of("2M"), Some((59, 62, 9)));
        assert_eq!(of("1Q"), Some((90, 92, 13)));
        assert_eq!(of("12M"), Some((365, 366, 52)));
        assert_eq!(of("4Y"), Some((1461, 1461, 209)));
        assert_eq!(of("4w"), None);
    }
}
