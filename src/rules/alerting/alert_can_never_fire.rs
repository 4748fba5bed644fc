use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::finding::Level;
use crate::model::Alert;
use crate::model::BurnRate;
use crate::model::Operator;
use crate::model::Slo;
use crate::model::Subject;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::about_percent;
use crate::rules::words::percent;
use crate::rules::words::percent_beside;
use crate::rules::words::quote;
use crate::source::Edit;
use crate::source::Span;
use crate::source::Spanned;

use crate::alerts::can_fire;
use crate::alerts::is_upward;
use crate::alerts::largest_error_ratio;
use crate::alerts::longest_slice;
use crate::alerts::slower::slower;
use crate::alerts::slower::spent;
use crate::alerts::tells_of_breaches;
use crate::alerts::watch::Uses;
use crate::alerts::watch::Watch;
use crate::alerts::watch::gather;
use crate::alerts::watch::short_window;

use super::alert_after_budget_gone::spends_too_much;

pub(super) const RULE: Rule = Rule {
    name: "alert-can-never-fire",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Alerts,
    since: "0.1.0",
    docs: include_str!("alert_can_never_fire.md"),
    settings: &[],
    check: Check::Slos(check),
};

/// A condition with every target that it does not go with.
struct Pair {
    burn: BurnRate,
    /// The first is the lowest one, which needs the most errors.
    targets: BTreeSet<Ratio>,
    largest: Ratio,
    /// The windows of the SLOs, each once.
    windows: Vec<Duration>,
    has_short_window: bool,
    /// Whether an alert that spends the same would come too late.
    is_late: bool,
    /// The SLOs by name, with each of the targets.
    users: Vec<(String, Spanned<Ratio>)>,
    level: Level,
}

/// What is wrong, by its cause.
#[derive(Default)]
struct Found<'a> {
    /// By the place of the threshold, and how many events may be bad.
    pairs: BTreeMap<(Span, Ratio), Pair>,
    /// Targets that no SLO of theirs can miss, by their place, with the alerts that watch them.
    kept: BTreeMap<Span, Kept<'a>>,
}

/// A target that cannot be missed, since so few events can be bad.
struct Kept<'a> {
    slo: &'a Slo,
    target: Ratio,
    alerts: BTreeSet<Span>,
    level: Level,
}

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let mut found = Found::default();
    for slo in slos {
        for (alert, burn) in upward(slo) {
            judge(slo, alert, burn, checker, &mut found);
        }
    }
    let Found { pairs, kept } = found;
    for (span, kept) in kept {
        report_kept(span, &kept, checker);
    }
    for uses in gather(slos, |watch| watch.sees_one_slice().then_some(())).into_values() {
        report_short(&uses, checker);
    }
    // The targets that each condition stands under.
    let mut all: BTreeMap<Span, BTreeSet<Ratio>> =
        pairs.values().map(|pair| (pair.burn.threshold.span, BTreeSet::new())).collect();
    for slo in slos.iter().filter(|_| !pairs.is_empty()) {
        for (_, burn) in upward(slo) {
            if let Some(targets) = all.get_mut(&burn.threshold.span) {
                targets.extend(slo.targets().map(|target| target.value.clone()));
            }
        }
    }
    for pair in pairs.into_values() {
        let targets = all.get(&pair.burn.threshold.span);
        let is_alone = targets.is_some_and(|targets| targets.is_subset(&pair.targets));
        report(&pair, is_alone, checker);
    }
}

/// Returns the alerts that tell that the budget of an SLO burns, and fire while it burns fast.
fn upward<'a>(slo: &'a Subject<'_>) -> impl Iterator<Item = (Alert<'a>, &'a BurnRate)> {
    let alerts = slo.alerts.iter().filter(|alert| tells_of_breaches(alert.policy));
    let burns = alerts.filter_map(|alert| Some((*alert, alert.burn()?)));
    burns.filter(|(_, burn)| is_upward(burn) && burn.threshold.value > Ratio::zero())
}

/// Notes the targets of an SLO under which a condition is dead, or nearly.
fn judge<'a>(
    slo: &'a Subject<'a>,
    alert: Alert<'_>,
    burn: &BurnRate,
    checker: &Checker<'_>,
    found: &mut Found<'a>,
) {
    let largest = largest_error_ratio(slo);
    let half = &largest / 2;
    let is_alive = slo.targets().any(|target| can_fire(burn, &target.value, &largest));
    // `alert-after-budget-gone` says that, which is more.
    if is_alive && Watch::of(slo, alert).is_some_and(Watch::is_too_late) {
        return;
    }
    let is_late = Watch::of(slo, alert).is_some_and(|watch| spends_too_much(watch, checker));
    for target in slo.targets() {
        let needed = &burn.threshold.value * &target.value.complement();
        // A burn rate of 1 is the least worth an alert, however much a low target lets fail; and a
        // slower alert has to spend less first, as `alert-after-budget-gone` says.
        let is_least = burn.threshold.value <= Ratio::one() || is_late;
        if needed <= half || is_least && can_fire(burn, &target.value, &largest) {
            continue;
        }
        // A ladder of objectives may share an alert that is meant for its strictest one.
        let level = if is_alive { Level::Warning } else { Level::Error };
        if target.value.complement() >= largest {
            let kept = found.kept.entry(target.span).or_insert_with(|| Kept {
                slo,
                target: target.value.clone(),
                alerts: BTreeSet::new(),
                level,
            });
            kept.level = kept.level.max(level);
            kept.alerts.insert(burn.threshold.span);
            continue;
        }
        let key = (burn.threshold.span, largest.clone());
        let pair = found.pairs.entry(key).or_insert_with(|| Pair {
            burn: burn.clone(),
            targets: BTreeSet::new(),
            largest: largest.clone(),
            windows: Vec::new(),
            has_short_window: false,
            is_late,
            users: Vec::new(),
            level,
        });
        pair.level = pair.level.max(level);
        pair.is_late |= is_late;
        pair.targets.insert(target.value.clone());
        let window = slo.window.as_ref().map(|window| window.duration.value);
        pair.windows.extend(window.filter(|window| !pair.windows.contains(window)));
        pair.has_short_window |=
            short_window(&alert.condition.meta, Some(&alert.policy.meta)).is_some();
        let user = (slo.meta.name().to_owned(), target.clone());
        if !pair.users.contains(&user) {
            pair.users.push(user);
        }
    }
}

fn report(pair: &Pair, is_alone: bool, checker: &mut Checker<'_>) {
    let Pair { burn, targets, largest, .. } = pair;
    let Some(target) = targets.first() else { return };
    let budget = target.complement();
    let needed = percent_beside(&(&burn.threshold.value * &budget), largest);
    let rate = &burn.threshold.value;
    let more = match burn.operator.value {
        Operator::Gt => "more than ",
        _ => "",
    };
    let message = format!(
        "a burn rate of {rate} needs {more}{needed} errors at a target of {}",
        percent(target)
    );
    let most = largest.checked_div(&budget).map_or_else(String::new, |most| most.significant(4));
    // Another SLO may need the condition as it is.
    let fix = (is_alone && !pair.is_late).then(|| fix(pair, target, checker)).flatten();
    let finding = checker.report_at(pair.level, burn.threshold.span, message);
    finding.label(if can_fire(burn, target, largest) {
        format!(
            "fires only when more than half of what can fail does; the highest possible burn rate is {most}"
        )
    } else {
        format!("never reached: the highest possible burn rate is {most}")
    });
    for (name, target) in &pair.users {
        let budget = percent(&target.value.complement());
        finding.also(target.span, format!("`{name}` has an error budget of {budget}"));
    }
    if *largest < Ratio::one() {
        let share = percent(largest);
        finding
            .note(format!("`slo/max-error-ratio` says that at most {share} of events can be bad"));
    }
    match fix {
        Some((title, Some(edits))) => finding.unsafe_fix(title, edits),
        Some((title, None)) => finding.help(title),
        None if is_alone && pair.is_late => finding.help("lower the burn rate"),
        None if is_alone => finding.help("lower the burn rate and lengthen the lookback"),
        None => {
            let which = if targets.len() == 1 { "this target" } else { "each of these targets" };
            finding.help(format!("watch {which} with a condition of its own, at a lower burn rate"))
        }
    };
}

fn report_kept(span: Span, kept: &Kept<'_>, checker: &mut Checker<'_>) {
    let most = percent(&largest_error_ratio(kept.slo));
    let target = percent(&kept.target);
    let message =
        format!("at most {most} of events can be bad, so a target of {target} is never missed");
    let finding = checker.report_at(kept.level, span, message);
    finding.label(format!("leaves an error budget of {}", percent(&kept.target.complement())));
    if let Some(share) = kept.slo.meta.declared_share("slo/max-error-ratio") {
        finding.also(share.span, format!("says that at most {most} can be bad"));
    }
    for alert in &kept.alerts {
        finding.also(*alert, "is never reached");
    }
    finding.help("raise the target, or correct `slo/max-error-ratio`");
}

/// Returns a slower alert that spends the same share of the budget and needs at most half of all
/// possible errors, and the edits where they are all that is needed.
fn fix(pair: &Pair, target: &Ratio, checker: &Checker<'_>) -> Option<(String, Option<Vec<Edit>>)> {
    let burn = &pair.burn;
    let shortest = pair.windows.iter().map(|window| window.shortest_seconds()).min()?;
    let (rate, longer) = slower(burn, target, &pair.largest, shortest)?;
    let mut windows = pair.windows.iter();
    let of_budget = match (windows.next(), windows.next()) {
        (Some(window), None) => {
            let share = spent(&rate, longer, *window)?;
            format!("{} of a {window} budget", about_percent(&share))
        }
        _ => "share of each budget".to_owned(),
    };
    let title = format!("write `{rate}` over `{longer}`, which spends the same {of_budget}");
    if pair.has_short_window {
        return Some((format!("{title}, and lengthen the short window with it"), None));
    }
    let edits = vec![
        checker.rewrite(burn.threshold.span, &rate.to_string())?,
        checker.rewrite(burn.lookback.span, &longer.to_string())?,
    ];
    Some((title, Some(edits)))
}

fn report_short(uses: &Uses<'_>, checker: &mut Checker<'_>) {
    let slices = uses.slos.iter().filter_map(|slo| Some((slo, longest_slice(slo)?)));
    let longest = slices.clone().max_by_key(|(_, (seconds, _))| *seconds);
    let Some((_, (_, longest))) = longest else { return };
    let lookback = uses.first.burn.lookback;
    let message =
        format!("a lookback of {} holds less than two slices of {}", lookback.value, longest.value);
    let finding = checker.report_at(Level::Warning, lookback.span, message);
    finding.label("one slice is good or bad as a whole, so there is no rate to compare");
    for (slo, (_, slice)) in slices {
        let name = quote(slo.meta.name());
        finding.also(slice.span, format!("{name} counts slices of {}", slice.value));
    }
    let twice = Duration::new(longest.value.count.saturating_mul(2), longest.value.unit);
    finding.help(format!("look back at least {twice}"));
}
