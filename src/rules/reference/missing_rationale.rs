use unicode_width::UnicodeWidthStr;

use crate::finding::Level;
use crate::model::Subject;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    name: "missing-rationale",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::Slos,
    since: "0.1.0",
    docs: include_str!("missing_rationale.md"),
    settings: &[],
    check: Check::Slos(check),
};

/// The annotation that says why a target is what it is.
const RATIONALE: &str = "slo/rationale";

/// The fewest columns that a reason takes. A Japanese, Chinese or Korean character takes two, and
/// says about as much as two letters.
const MIN_COLUMNS: usize = 20;

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let lacking: Vec<_> = slos.iter().filter_map(|slo| Some((slo, fault(slo)?))).collect();
    let has_none = lacking.len() == slos.len();
    for (slo, (span, message)) in lacking {
        // What is not in force yet may still be looking for its reasons.
        let level = if slo.is_draft() { Level::Info } else { Level::Warning };
        let finding = checker.report_at(level, span, message);
        finding.help(HELP);
        if has_none {
            finding.once("no SLO of the repository says why it has its target");
        }
    }
}

const HELP: &str =
    "annotate `slo/rationale`: what users lose when it is missed, and where the number comes from";

/// Returns what is wrong with the rationale of an SLO, and where.
fn fault(slo: &Subject<'_>) -> Option<(Span, String)> {
    let Some(rationale) = slo.meta.declared(RATIONALE) else {
        if slo.meta.misspells(RATIONALE) {
            return None;
        }
        let place = slo.meta.annotation(RATIONALE).map_or(slo.meta.place(), |empty| empty.span);
        let name = quote(slo.meta.name());
        return Some((place, format!("nothing says why the SLO {name} has its target")));
    };
    // No character takes more than three bytes for a column, but for a few that nobody writes.
    let is_short = rationale.value.len() < 3 * MIN_COLUMNS && rationale.value.width() < MIN_COLUMNS;
    is_short.then(|| {
        let name = quote(slo.meta.name());
        (rationale.span, format!("the rationale of the SLO {name} is too short to be a reason"))
    })
}
