use std::collections::BTreeMap;

use crate::alerts::is_meant_for_health;
use crate::alerts::urgency::Urgency;
use crate::alerts::watch::Uses;
use crate::alerts::watch::Watch;
use crate::alerts::watch::gather;
use crate::finding::Level;
use crate::model::Subject;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::about_percent;
use crate::rules::words::in_words;
use crate::rules::words::quote;
use crate::rules::words::worst_outage_name;
use crate::source::Span;
use crate::yaml::delete_entry;

pub(super) const RULE: Rule = Rule {
    name: "long-alert-after",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::Alerts,
    since: "0.1.0",
    docs: include_str!("long_alert_after.md"),
    settings: &[],
    check: Check::Slos(check),
};

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let mut first = First::default();
    // The longest of each condition: its policies may declare several.
    let mut shorts: BTreeMap<Span, u64> = BTreeMap::new();
    let judge = |watch: Watch<'_>| {
        if watch.wait() == 0 {
            return None;
        }
        let short = short_window(watch);
        let is_late = watch.outlasts_budget() && first.is(watch, checker);
        let is_found = is_late || is_long(watch, short);
        // What fires too late even at once is told of its burn rate.
        let is_told = is_found && !watch.is_too_late() && watch.is_live();
        if let Some(short) = short.filter(|_| is_told) {
            let longest = shorts.entry(watch.burn.span).or_default();
            *longest = short.max(*longest);
        }
        is_told.then_some(!is_late)
    };
    let mut late = None;
    // Of one condition those for which it is late come first: of the others it is one cause.
    for ((condition, is_early), uses) in gather(slos, judge) {
        if is_early && late == Some(condition) {
            continue;
        }
        late = (!is_early).then_some(condition).or(late);
        let short = shorts.get(&condition).copied();
        report(short, !is_early, &uses, checker);
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

/// When an SLO's alerts first tell of its worst outage, in seconds.
///
/// It is asked of one alert after the other, so that of the last SLO is kept.
#[derive(Default)]
struct First {
    slo: Span,
    page: Moment,
    /// The first of the pages and of all others.
    any: Moment,
}

/// When the first of some alerts tells.
#[derive(Default)]
struct Moment {
    told: Option<Ratio>,
    /// Whether it may come sooner, once what is reported of another alert is put right.
    is_unsure: bool,
}

impl First {
    /// Returns whether no other alert tells of the worst outage sooner.
    ///
    /// A ticket may wait for hours: it is the page that tells of an outage, and no ticket does in its
    /// place. Where an alert could not be found or read, or is wrong itself, it may come sooner.
    fn is(&mut self, watch: Watch<'_>, checker: &Checker<'_>) -> bool {
        if self.slo != watch.slo.meta.span {
            *self = Self::of(watch.slo, checker);
        }
        let is_page = checker.urgency(watch.alert.condition) == Urgency::Page;
        let first = if is_page { &self.page } else { &self.any };
        watch.slo.knows_alerts && !first.is_unsure && told(watch) <= first.told
    }

    fn of(slo: &Subject<'_>, checker: &Checker<'_>) -> Self {
        let mut first = Self { slo: slo.meta.span, ..Self::default() };
        for alert in &slo.alerts {
            if is_meant_for_health(Some(alert.policy), alert.condition) {
                continue;
            }
            let urgency = checker.urgency(alert.condition);
            let watch = Watch::of(slo, *alert);
            let sound = watch.filter(|watch| !watch.is_too_late() && watch.is_live());
            // Of a page that is late this rule itself tells.
            let is_late_page =
                urgency == Urgency::Page && sound.is_some_and(Watch::outlasts_budget);
            first.any.is_unsure |= is_late_page;
            first.any.add(sound);
            if urgency != Urgency::Ticket {
                first.page.add(sound);
            }
        }
        first
    }
}

impl Moment {
    /// Adds an alert, or one that is wrong in a way that another rule reports.
    fn add(&mut self, sound: Option<Watch<'_>>) {
        let told = sound.and_then(told);
        self.is_unsure |= told.is_none();
        if told.is_some() && (self.told.is_none() || told < self.told) {
            self.told = told;
        }
    }
}

/// Returns the seconds after which an alert tells of the worst outage.
fn told(watch: Watch<'_>) -> Option<Ratio> {
    Some(watch.worst_outage(&watch.strictest()?.value)?.0)
}

/// When an alert tells of the worst outage of an SLO.
struct Told<'a> {
    watch: Watch<'a>,
    seconds: Ratio,
    /// The share of the budget that is spent by then.
    share: Ratio,
}

impl<'a> Told<'a> {
    fn new(watch: Watch<'a>) -> Option<Self> {
        let (seconds, budget) = watch.worst_outage(&watch.strictest()?.value)?;
        let share = seconds.checked_div(&budget)?;
        Some(Self { watch, seconds, share })
    }
}

fn report(short: Option<u64>, is_late: bool, uses: &Uses<'_>, checker: &mut Checker<'_>) {
    let told: Vec<Told<'_>> = uses.watches().filter_map(Told::new).collect();
    let worst = told.iter().max_by(|one, other| one.share.cmp(&other.share));
    let (Some(wait), Some(worst)) = (uses.first.burn.alert_after, worst) else { return };
    let outage = worst_outage_name(worst.watch.slo);
    let after = format!(
        "{}: by then {} of the error budget is spent",
        in_words(&worst.seconds),
        about_percent(&worst.share)
    );
    let (level, message) = if is_late {
        let urgency = checker.urgency(worst.watch.alert.condition);
        let verb = if urgency == Urgency::Page { "pages" } else { "alerts" };
        (Level::Error, format!("{outage} {verb} nobody for {after}"))
    } else {
        let limit = limit(short, uses.first);
        (Level::Warning, format!("this alert waits {}, more than {limit}", wait.value))
    };
    let edit =
        checker.mend(uses.first.burn.span, |condition| delete_entry(condition, "alertAfter"));
    let finding = checker.report_at(level, wait.span, message);
    finding.label("whenever the burn rate dips, this time starts anew");
    for Told { watch, share, .. } in told.iter().filter(|_| is_late) {
        if let Some(target) = watch.strictest() {
            let (name, share) = (quote(watch.slo.meta.name()), about_percent(share));
            finding.also(target.span, format!("{name} has spent {share} of its budget by then"));
        }
    }
    if !is_late {
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
