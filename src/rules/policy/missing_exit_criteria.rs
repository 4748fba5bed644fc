use crate::change::Formulas;
use crate::change::implies;
use crate::finding::Level;
use crate::model::Catalog;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::Lasting;
use crate::model::Tier;
use crate::policy::Names;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::yaml::Added;
use crate::yaml::append_entries;

use super::MOST_TIERS;
use super::whole;

pub(super) const RULE: Rule = Rule {
    name: "missing-exit-criteria",
    level: Level::Error,
    set: Set::Strict,
    judges: Judges::Policies,
    since: "0.1.0",
    docs: include_str!("missing_exit_criteria.md"),
    settings: &[],
    check: Check::Catalog(check),
};

fn check(_: &Catalog, checker: &mut Checker<'_>) {
    for policy in whole(checker) {
        let blocking = policy.tiers.iter().filter(|tier| tier.gate.value >= GateKind::Approve);
        for tier in blocking.take(MOST_TIERS) {
            match &tier.exit {
                Some(exit) => by_time_alone(policy, tier, exit, checker),
                None if tier.exit_span.is_none() => unsaid(tier, checker),
                None => {}
            }
        }
    }
}

fn unsaid(tier: &Tier, checker: &mut Checker<'_>) {
    let edit =
        checker.mend(tier.span, |tier| append_entries(tier, &[("exit", Added::Text("auto"))]));
    let message = format!("the tier {} does not say when it ends", quote(&tier.name.value));
    let finding = checker.report(tier.name.span, message);
    finding
        .note("what is not said is `auto`: it ends as soon as `enter` is false")
        .help("write the condition on which changes pass again, or `exit: auto`");
    if let Some(edit) = edit {
        finding.unsafe_fix("write `exit: auto`, as it is judged already", vec![edit]);
    }
}

/// An exit that holds once the tier itself has lasted is met by waiting.
fn by_time_alone(
    policy: &ErrorBudgetPolicy,
    tier: &Tier,
    exit: &Condition,
    checker: &mut Checker<'_>,
) {
    let mut own = Vec::new();
    Names::of(policy).each_part([exit], &mut |part, _| {
        if let Condition::Sustained { what: Lasting::Tier(name), time, .. } = part
            && name.value == tier.name.value
        {
            own.push((part, time));
        }
    });
    if own.is_empty() {
        return;
    }
    let mut formulas = Formulas::within(policy, None);
    let Some(ends) = formulas.formula(exit, true) else { return };
    let time = own.into_iter().find_map(|(part, time)| {
        let lasted = formulas.formula(part, true)?;
        implies(&lasted, &ends).then_some(time)
    });
    let Some(time) = time else { return };
    let name = quote(&tier.name.value);
    let message = format!("the tier {name} ends after {}, whatever is measured", time.value);
    checker
        .report(time.span, message)
        .label("waiting is enough")
        .also(tier.gate.span, "from then on changes pass again")
        .help("ask in the `exit` for a low burn rate");
}
