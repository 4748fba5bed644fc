use crate::finding::Level;
use crate::model::ErrorBudgetPolicy;
use crate::model::Lookback;
use crate::model::Subject;
use crate::model::WindowKind;
use crate::policy::lookbacks;
use crate::quantity::Duration;
use crate::quantity::Unit;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::source::Spanned;

use super::LONGEST_WEEKS;
use super::WEEK;

pub(super) const RULE: Rule = Rule {
    name: "window-not-whole-weeks",
    level: Level::Info,
    set: Set::All,
    judges: Judges::Windows,
    since: "0.1.0",
    docs: include_str!("window_not_whole_weeks.md"),
    settings: &[],
    check: Check::Slos(check),
};

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    // Datadog has windows of 7, 30 and 90 days, and `backend-unsupported-window` knows them.
    if checker.config().exports.iter().any(|export| export == "datadog") {
        return;
    }
    let broken = |slo: &Subject<'_>| {
        if !slo.meta.dialect.takes_any_window() {
            return None;
        }
        let window = slo.window.as_ref()?;
        let seconds = window.duration.value.seconds()?;
        let is_rolling = matches!(window.kind, WindowKind::Rolling);
        (is_rolling && is_broken(seconds)).then_some((window.duration, seconds))
    };
    let found: Vec<(Spanned<Duration>, u64)> = slos.iter().filter_map(broken).collect();
    // Where a policy counts in such lengths, the windows follow it.
    if found.is_empty() || checker.catalog().policies().any(|policy| counts_so(policy)) {
        return;
    }
    let is_shared = found.len() == slos.len();
    for (length, seconds) in found {
        report(length, seconds, is_shared, checker);
    }
}

/// Returns whether a length is no whole weeks; that one is very short or long is said by another rule.
fn is_broken(seconds: u64) -> bool {
    (WEEK..=LONGEST_WEEKS * WEEK).contains(&seconds) && !seconds.is_multiple_of(WEEK)
}

fn counts_so(policy: &ErrorBudgetPolicy) -> bool {
    lookbacks(policy).into_iter().any(|lookback| match lookback.value {
        Lookback::Slo => false,
        Lookback::For(length) => length.seconds().is_some_and(is_broken),
    })
}

fn report(length: Spanned<Duration>, seconds: u64, is_shared: bool, checker: &mut Checker<'_>) {
    let (weeks, rest) = (seconds / WEEK, Duration::from_seconds(seconds % WEEK));
    let plural = if weeks == 1 { "" } else { "s" };
    let nearest = (seconds + WEEK / 2) / WEEK;
    let fixed = Duration::new(nearest * 7, Unit::Day);
    let is_near = (nearest * WEEK).abs_diff(seconds) * 10 <= seconds;
    let written = checker.text(length.span).trim_matches(['"', '\'']);
    let edit = (is_near && Duration::parse(written) == Some(length.value))
        .then(|| checker.rewrite(length.span, &fixed.to_string()))
        .flatten();
    let message = format!("a rolling window of {} is not whole weeks", length.value);
    let finding = checker.report(length.span, message);
    finding.label(format!(
        "{rest} more than {weeks} week{plural}: how many weekends it holds changes from day to day"
    ));
    match edit {
        Some(edit) => finding.unsafe_fix(format!("write `{fixed}`"), vec![edit]),
        None if is_near => finding.help(format!("make it {fixed}")),
        None => finding.help(format!("make it {}d or {}d", weeks * 7, weeks * 7 + 7)),
    };
    if is_shared {
        finding.once("no rolling window of the repository is whole weeks");
    }
}
