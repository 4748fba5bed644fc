use crate::alerts::urgency::Urgency;
use crate::alerts::watch::Uses;
use crate::alerts::watch::Watch;
use crate::alerts::watch::gather;
use crate::alerts::watch::scrape_interval;
use crate::finding::Level;
use crate::model::Subject;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::annotation::annotate;
use crate::rules::words::in_words;
use crate::rules::words::percent;
use crate::rules::words::quote;
use crate::rules::words::worst_outage_name;
use crate::source::Edit;
use crate::source::Spanned;

pub(super) const RULE: Rule = Rule {
    name: "slow-reset",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::Alerts,
    since: "0.1.0",
    docs: include_str!("slow_reset.md"),
    settings: &[],
    check: Check::Slos(check),
};

/// The longest time, in seconds, that an alert may go on after the outage.
const LONGEST: u64 = 1_800;

/// The shortest lookback, in seconds, at which it matters of an alert that wakes nobody.
const DAY: u64 = 86_400;

const KEY: &str = "slo/short-window";

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let judge = |watch: Watch<'_>| {
        let is_page = checker.urgency(watch.alert.condition) == Urgency::Page;
        let matters = watch.lookback > LONGEST && (is_page || watch.lookback >= DAY);
        // One that could not be read is told elsewhere.
        let metas = [&watch.alert.condition.meta, &watch.alert.policy.meta];
        let is_single =
            || !metas.iter().any(|meta| meta.annotation(KEY).is_some() || meta.misspells(KEY));
        let is_slow = || reset(watch).is_some_and(|(reset, _)| reset > Ratio::whole(LONGEST));
        let is_found = matters && is_single() && is_slow();
        // One whose operator is inverted lacks a short window as well.
        (is_found && !watch.is_too_late() && watch.is_meant()).then_some(())
    };
    for (_, uses) in gather(slos, judge) {
        report(&uses, checker);
    }
}

/// Returns for how many seconds the alert goes on firing after the worst outage that it tells: until
/// the share of bad events over its lookback is that of the burn rate again; with the target of which
/// that is said.
///
/// # Source
///
/// Google, *The Site Reliability Workbook*, chapter 5, "Alert on Burn Rate": 58 minutes for a burn rate
/// of 36 over an hour at 99.9 %.
fn reset(watch: Watch<'_>) -> Option<(Ratio, &Spanned<Ratio>)> {
    let target = watch.strictest()?;
    // Once it is gone, what was seen of it has to leave the lookback. `alertAfter` delays the start and
    // not the end.
    watch.window()?;
    Some((Ratio::whole(watch.lookback) - watch.outage_seen(&target.value)?, target))
}

fn report(uses: &Uses<'_>, checker: &mut Checker<'_>) {
    let resets: Vec<_> = uses.watches().filter_map(|watch| Some((reset(watch)?, watch))).collect();
    let longest = resets.iter().max_by(|((one, _), _), ((other, _), _)| one.cmp(other));
    let Some(((longest, _), slowest)) = longest else { return };
    let burn = uses.first.burn;
    let fix = fix(uses.first, checker);
    let (longest, outage) = (in_words(longest), worst_outage_name(slowest.slo));
    let message = format!("this alert goes on for {longest} after {outage}");
    let finding = checker.report(burn.lookback.span, message);
    finding.label("bad events count until they leave this time");
    for ((reset, target), watch) in &resets {
        let (name, reset) = (quote(watch.slo.meta.name()), in_words(reset));
        let budget = percent(&target.value.complement());
        finding.also(target.span, format!("{name} has an error budget of {budget}: {reset}"));
    }
    match fix {
        Some((title, edit)) => finding.unsafe_fix(title, vec![edit]),
        None => finding.help("declare a short window of about a twelfth: `slo/short-window`"),
    };
}

/// Returns the edit that declares a short window of a twelfth, where that is whole minutes and long
/// enough to hold two samples.
fn fix(watch: Watch<'_>, checker: &Checker<'_>) -> Option<(String, Edit)> {
    let twelfth = watch.lookback / 12;
    let short = Duration::from_seconds(twelfth);
    let samples = scrape_interval(checker.config()).and_then(|(every, _)| every.seconds());
    let holds_two = samples.is_none_or(|every| every.saturating_mul(2) <= twelfth);
    if !watch.lookback.is_multiple_of(12 * 60) || !holds_two {
        return None;
    }
    let edit = annotate(&watch.alert.condition.meta, KEY, &short.to_string(), checker)?;
    Some((format!("declare the short window: `{KEY}: {short}`"), edit))
}
