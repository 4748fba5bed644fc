use crate::finding::Level;
use crate::indicators::Sli;
use crate::indicators::protocol::owners;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;

pub(super) const RULE: Rule = Rule {
    name: "retry-unit-undeclared",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::Queries,
    since: "0.1.0",
    docs: include_str!("retry_unit_undeclared.md"),
    settings: &[],
    check: Check::Indicator(check),
};

/// The annotation that says which part of a journey an objective is about.
const LEG: &str = "slo/leg";

/// The annotation that says what one event is.
const UNIT: &str = "slo/event-unit";

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let machine = owners(sli).find(|meta| meta.declares(LEG, "machine"));
    let Some(leg) = machine.and_then(|meta| meta.declared(LEG)) else { return };
    if owners(sli).any(|meta| meta.declared(UNIT).is_some()) {
        return;
    }
    let message = format!("an event may be one attempt or a whole operation: `{UNIT}` is missing");
    let finding = checker.report(leg.span, message);
    finding.label("machines try again, and an attempt that failed may have hurt nobody");
    finding.help(format!("write `{UNIT}: operation` and count how each operation ended"));
}
