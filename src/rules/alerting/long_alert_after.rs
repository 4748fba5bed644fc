use crate::finding::Level;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Subject;
use crate::rules::in_words;
use crate::rules::quote;
use crate::rules::urgency::Urgency;
use crate::rules::watch::Uses;
use crate::rules::watch::Watch;
use crate::rules::watch::about_percent;
use crate::rules::watch::gather;
use crate::rules::watch::watches;
use crate::rules::watch::worst_outage_name;
use crate::yaml::delete_entry;

pub(super) const RULE: Rule = Rule {
    name: "long-alert-after",
    level: Level::Warning,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("long_alert_after.md"),
    settings: &[],
    check: Check::Slos(check),
};

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let judge = |watch: Watch<'_>| {
        if watch.wait() == 0 {
            return None;
        }
        let short = short_window(watch);
        let is_found = is_long(watch, short) || loses_budget(watch);
        // What fires too late even at once is told of its burn rate.
        (is_found && !watch.is_too_late() && watch.is_live()).then_some(short)
    };
    for ((_, short), uses) in gather(slos, judge) {
        report(short, &uses, checker);
    }
}

/// Returns the seconds of the short window; nothing where it is none.
fn short_window(watch: Watch<'_>) -> Option<u64> {
    let short = watch.short_window()?.value.seconds();
    short.filter(|short| *short < watch.lookback)
}

/// Returns whether an alert waits for longer than its short window and a twelfth of its lookback.
fn is_long(watch: Watch<'_>, short: Option<u64>) -> bool {
    let wait = watch.wait();
    wait.saturating_mul(12) > watch.lookback && short.is_none_or(|short| wait > short)
}

/// Returns whether nobody is told of the worst outage while some of the budget is left, since this alert
/// waits and no other comes sooner.
///
/// A ticket may wait for hours: it is the page that tells of an outage, and no ticket does in its place.
fn loses_budget(watch: Watch<'_>) -> bool {
    if !watch.outlasts_budget() || !watch.slo.knows_alerts {
        return false;
    }
    let told = |watch: Watch<'_>| Some(watch.worst_outage(&watch.strictest()?.value)?.0);
    let Some(own) = told(watch) else { return false };
    let is_page = watch.urgency() == Urgency::Page;
    let others = watches(watch.slo).filter(|other| {
        let stands_in = !is_page || other.urgency() != Urgency::Ticket;
        stands_in && !other.is_too_late() && other.is_live()
    });
    others.filter_map(told).all(|other| own <= other)
}

/// When an alert tells of the worst outage of an SLO.
struct Told<'a> {
    watch: Watch<'a>,
    seconds: Ratio,
    /// The share of the budget that is spent by then.
    share: Ratio,
    /// Whether nobody is told while some of it is left.
    is_late: bool,
}

impl<'a> Told<'a> {
    fn new(watch: Watch<'a>) -> Option<Self> {
        let (seconds, budget) = watch.worst_outage(&watch.strictest()?.value)?;
        let share = seconds.checked_div(&budget)?;
        Some(Self { watch, seconds, share, is_late: loses_budget(watch) })
    }
}

fn report(short: Option<u64>, uses: &Uses<'_>, checker: &mut Checker<'_>) {
    let told: Vec<Told<'_>> = uses.watches().filter_map(Told::new).collect();
    // Those of whom nobody hears in time before the others, and of both the one that loses most.
    let worst = told.iter().max_by_key(|told| (told.is_late, &told.share));
    let (Some(wait), Some(worst)) = (uses.first.burn.alert_after, worst) else { return };
    let outage = worst_outage_name(worst.watch.slo);
    let after = format!(
        "{}: by then {} of the error budget is spent",
        in_words(&worst.seconds),
        about_percent(&worst.share)
    );
    let (level, message) = if worst.is_late {
        let verb = if worst.watch.urgency() == Urgency::Page { "pages" } else { "alerts" };
        (Level::Error, format!("{outage} {verb} nobody for {after}"))
    } else {
        let limit = limit(short, uses.first);
        (Level::Warning, format!("this alert waits {}, more than {limit}", wait.value))
    };
    let edit =
        checker.mend(uses.first.burn.span, |condition| delete_entry(condition, "alertAfter"));
    let finding = checker.report_at(level, wait.span, message);
    finding.label("whenever the burn rate dips, this time starts anew");
    for Told { watch, share, .. } in told.iter().filter(|told| told.is_late) {
        if let Some(target) = watch.strictest() {
            let (name, share) = (quote(watch.slo.meta.name()), about_percent(share));
            finding.also(target.span, format!("{name} has spent {share} of its budget by then"));
        }
    }
    if !worst.is_late {
        finding.note(format!("it tells of {outage} after {after}"));
    }
    let title = "remove `alertAfter`";
    match edit {
        Some(edit) => finding.unsafe_fix(title, vec![edit]),
        None => finding.help(title),
    };
}

/// Returns what an alert may wait for, in words.
fn limit(short: Option<u64>, watch: Watch<'_>) -> String {
    match short {
        Some(short) if short.saturating_mul(12) > watch.lookback => {
            format!("its short window of {}", Duration::from_seconds(short))
        }
        _ => format!("a twelfth of its lookback of {}", watch.burn.lookback.value),
    }
}
