use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::finding::Level;
use crate::model::Burn;
use crate::model::Catalog;
use crate::model::Condition;
use crate::model::Operator;
use crate::model::Tier;
use crate::policy::Asked;
use crate::policy::Obstacle;
use crate::policy::Peak;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::list;
use crate::rules::words::percent;
use crate::rules::words::quote;
use crate::source::Span;

use super::MOST_TIERS;
use super::obstacle;
use super::reach;
use super::whole;

pub(super) const RULE: Rule = Rule {
    name: "unreachable-tier",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Policies,
    since: "0.1.0",
    docs: include_str!("unreachable_tier.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// What there cannot be, with the tiers that ask for it.
struct Vain<'a> {
    asked: Asked<'a>,
    peak: Option<Peak<'a>>,
    tiers: Vec<&'a Tier>,
}

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let governance = checker.governance();
    for policy in whole(checker) {
        // Several tiers may begin with one condition that has a name.
        let mut vain: BTreeMap<Span, Vain<'_>> = BTreeMap::new();
        for tier in policy.tiers.iter().take(MOST_TIERS) {
            let Some((obstacle, peak)) = obstacle(policy, tier, catalog, governance) else {
                continue;
            };
            match obstacle {
                Obstacle::Impossible(asked) => {
                    let span = place(asked);
                    let vain = vain.entry(span).or_insert(Vain { asked, peak, tiers: Vec::new() });
                    vain.tiers.push(tier);
                }
                Obstacle::Opposites(one, other) => opposites(tier, one, other, checker),
                Obstacle::Contradiction => {
                    never(tier, "its `enter` contradicts itself", tier.name.span, checker)
                        .help("write `any` for `all`, or ask for one of what excludes each other");
                }
                Obstacle::Exit => exit(tier, peak.as_ref(), checker),
            }
        }
        for vain in vain.values() {
            impossible(vain, checker);
        }
    }
}

/// Returns the number that is compared with.
fn place(asked: Asked<'_>) -> Span {
    match asked {
        Asked::Burn(burn) => burn.threshold.span,
        Asked::Share(share, _) => share.span,
    }
}

fn impossible(vain: &Vain<'_>, checker: &mut Checker<'_>) {
    let Vain { asked, peak, tiers } = vain;
    let names: Vec<&str> = tiers.iter().map(|tier| tier.name.value.as_str()).collect();
    let plural = if names.len() == 1 { "" } else { "s" };
    let who = format!("the tier{plural} {} can never begin", list(&names, "and"));
    // What is asked for is a high burn rate: `lte` stands under a `not` here.
    let is_above = matches!(asked.operator(), Operator::Gt | Operator::Lte);
    let what = match asked {
        Asked::Burn(burn) => {
            let above = if is_above { "above " } else { "of " };
            format!("a burn rate {above}{} over {}", asked.threshold(), reach(burn.lookback.value))
        }
        Asked::Share(share, of) => {
            format!("incidents that take more than {} of the budget of {of}", percent(&share.value))
        }
    };
    let span = place(*asked);
    let finding = match peak {
        Some(peak) => {
            let needed = percent(&(asked.threshold() * &peak.target.value.complement()));
            let more = if is_above { "more than " } else { "" };
            let target = percent(&peak.target.value);
            let need = if matches!(asked, Asked::Burn(_)) { "needs" } else { "need" };
            let message =
                format!("{who}: {what} {need} {more}{needed} errors at a target of {target}");
            explained(checker.report(span, message), *asked, peak)
        }
        None => checker
            .report(span, format!("{who}: no burn rate is below 0"))
            .help("compare with a number above 0"),
    };
    for tier in tiers.iter().filter(|tier| !tier.span.contains(span)) {
        finding.also(tier.name.span, "begins only with this condition");
    }
}

/// Says how it is known that there is no such burn rate, and what to do.
fn explained<'f>(finding: &'f mut Finding, asked: Asked<'_>, peak: &Peak<'_>) -> &'f mut Finding {
    let most = peak.highest.significant(4);
    let budget = percent(&peak.target.value.complement());
    let name = quote(peak.slo.meta.name());
    let label = match asked {
        Asked::Burn(_) => format!("never reached: the highest possible burn rate is {most}"),
        Asked::Share(..) => {
            format!("never reached: all that can fail takes {most} times the budget")
        }
    };
    let among = match peak.slos {
        1 => format!("{name} has an error budget of {budget}"),
        count => format!(
            "{name}, of {count} SLOs the one that can burn fastest, has an error budget of {budget}"
        ),
    };
    finding.label(label).also(peak.target.span, among);
    if peak.largest < Ratio::one() {
        let share = percent(&peak.largest);
        finding
            .note(format!("`slo/max-error-ratio` says that at most {share} of events can be bad"));
    }
    match asked {
        Asked::Burn(_) => finding.help("lower the burn rate, and lengthen the lookback"),
        Asked::Share(..) => finding.help("write a share of the budget: 0.2 is a fifth of it"),
    }
}

fn never<'f>(tier: &Tier, why: &str, span: Span, checker: &'f mut Checker<'_>) -> &'f mut Finding {
    let name = quote(&tier.name.value);
    checker.report(span, format!("the tier {name} can never begin: {why}"))
}

fn opposites(tier: &Tier, one: &Burn, other: &Burn, checker: &mut Checker<'_>) {
    let words = |burn: &Burn| {
        let threshold = &burn.threshold.value;
        match burn.operator {
            Operator::Gt => format!("above {threshold}"),
            Operator::Gte => format!("at least {threshold}"),
            Operator::Lt => format!("below {threshold}"),
            Operator::Lte => format!("at most {threshold}"),
        }
    };
    let why = format!(
        "a burn rate over {} cannot be {} and {}",
        reach(one.lookback.value),
        words(one),
        words(other)
    );
    never(tier, &why, other.threshold.span, checker)
        .label("excludes the other")
        .also(one.threshold.span, "is asked for, too")
        .help("write `any` for `all`, or turn one comparison around");
}

/// An exit wins over an enter: a tier whose exit holds whenever its enter does is active never.
fn exit(tier: &Tier, peak: Option<&Peak<'_>>, checker: &mut Checker<'_>) {
    let Some(span) = tier.exit_span else { return };
    let why = "its `exit` holds whenever its `enter` does";
    let finding = never(tier, why, span, checker);
    finding.label("an `exit` that holds wins over `enter`");
    if let Some(peak) = peak {
        let (most, name) = (peak.highest.significant(4), quote(peak.slo.meta.name()));
        finding.also(peak.target.span, format!("the highest burn rate, that of {name}, is {most}"));
    }
    let turned = |operator: Operator| match operator {
        Operator::Gt => Some("lte"),
        Operator::Gte => Some("lt"),
        Operator::Lt | Operator::Lte => None,
    };
    let operator = match &tier.exit {
        // Nothing is below 0.
        Some(Condition::Burn(burn)) if burn.threshold.value > Ratio::zero() => {
            turned(burn.operator).zip(Some(burn))
        }
        _ => None,
    };
    match operator {
        Some((turned, burn)) => {
            let (old, threshold) = (burn.operator.name(), &burn.threshold.value);
            finding.help(format!("write `{turned}: {threshold}` for `{old}: {threshold}`"))
        }
        None => finding.help(
            "let the `exit` ask for a lower burn rate than the one that the tier begins with",
        ),
    };
}
