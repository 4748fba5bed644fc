use crate::finding::Level;
use crate::model::Subject;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent;

use super::counted;

pub(super) const RULE: Rule = Rule {
    name: "target-100",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Slos,
    since: "0.1.0",
    docs: include_str!("target_100.md"),
    settings: &[],
    check: Check::Slo(check),
};

fn check(slo: &Subject<'_>, checker: &mut Checker<'_>) {
    for objective in &slo.objectives {
        let Some(target) = &objective.target else {
            continue;
        };
        if target.value == Ratio::one() {
            checker
                .report(target.span, "a target of 100 % leaves no error budget")
                .label(format!("a single bad {} breaks it for a whole window", counted(slo)))
                .note(
                    "a burn rate divides by an error budget of 0, so no burn-rate alert is defined",
                )
                .help("write the lowest share of good events that users accept, such as 99.9 %");
        } else if target.value < Ratio::one() && is_one_to_a_backend(&target.value) {
            let message = format!("a target of {} is 1 to every backend", percent(&target.value));
            checker
                .report(target.span, message)
                .label("nearer to 1 than a floating-point number can be")
                .help("write the lowest share of good events that users accept, such as 99.9 %");
        }
    }
}

/// Returns whether the nearest binary float is 1: backends compute with 53 bits.
fn is_one_to_a_backend(target: &Ratio) -> bool {
    Ratio::new(1, 1_u64 << 54).is_some_and(|half_step| target.complement() <= half_step)
}
