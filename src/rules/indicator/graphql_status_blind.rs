use crate::finding::Level;
use crate::indicators::Sli;
use crate::indicators::protocol;
use crate::indicators::protocol::Witness;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;

use super::name;

pub(super) const RULE: Rule = Rule {
    name: "graphql-status-blind",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::PromQl,
    since: "0.1.0",
    docs: include_str!("graphql_status_blind.md"),
    settings: &[],
    check: Check::Indicator(check),
};

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let Some(witness) = protocol::graphql(sli) else { return };
    if protocol::is_another(sli, "graphql") || protocol::is_mapped(sli) {
        return;
    }
    let Some(found) = protocol::by_status(sli, checker.automata()) else { return };
    let own = name(found.side, sli);
    let message = format!(
        "{own} judges GraphQL by the HTTP status, which is 200 even where answers hold errors"
    );
    let (there, words) = match witness {
        Witness::Declared(span) => (span, "GraphQL is spoken"),
        Witness::Asked(asked) => {
            (checker.place(asked.query, asked.matcher.extent), "an endpoint of GraphQL")
        }
    };
    let place = checker.place(found.side.query, found.matcher.extent);
    let finding = checker.report(place, message);
    finding.label("does not see the errors of an answer");
    finding.also(there, words);
    finding.help(
        "count answers by their `errors`, or say in `slo/status-mapping` how these become a status",
    );
}
