use crate::finding::Level;
use crate::indicators::Sli;
use crate::indicators::endpoints::merged;
use crate::indicators::protocol::owners;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

pub(super) const RULE: Rule = Rule {
    name: "write-endpoints-merged",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::Queries,
    since: "0.1.0",
    docs: include_str!("write_endpoints_merged.md"),
    settings: &[],
    check: Check::Indicator(check),
};

/// The annotation that says why several things are judged as one.
const AGGREGATION: &str = "slo/aggregation";

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    if owners(sli).any(|meta| meta.declared(AGGREGATION).is_some()) {
        return;
    }
    let Some(merged) = merged(sli, checker.automata()) else { return };
    let query = merged.side.query;
    let written = quote(merged.matcher.extent.slice(&query.text));
    let message = if merged.is_open {
        format!("{written} adds up every endpoint that writes")
    } else {
        format!("{written} adds up several endpoints that write")
    };
    let finding = checker.report(checker.place(query, merged.matcher.extent), message);
    finding.label("an endpoint with few requests may lose all of them unseen");
    finding.help(
        "write one indicator for each endpoint that saves what users entered, or say in \
         `slo/aggregation` why they are judged together",
    );
}
