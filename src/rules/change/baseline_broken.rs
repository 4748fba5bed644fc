use crate::change::Change;
use crate::change::ChangeKind;
use crate::finding::Level;
use crate::model::Catalog;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Comparison;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::annotation::annotate;
use crate::rules::annotation::spelled;
use crate::rules::words::quote;
use crate::rules::words::sentence;

use super::before;
use super::named;

pub(super) const RULE: Rule = Rule {
    name: "baseline-broken",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::Slos,
    since: "0.1.0",
    docs: include_str!("baseline_broken.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// The annotation that names the day from which on an SLO counts anew.
const RESET: &str = "slo/baseline-reset";

/// What makes the past of an SLO that of another.
const BREAKS: &[ChangeKind] = &[
    ChangeKind::IndicatorChanged,
    ChangeKind::MethodChanged,
    ChangeKind::WindowLengthened,
    ChangeKind::WindowShortened,
    ChangeKind::WindowKindChanged,
];

fn check(_: &Catalog, checker: &mut Checker<'_>) {
    let Some(comparison) = checker.comparison() else { return };
    // What cannot be read on one side is told by the rules about reading.
    let is_read = |change: &&Change| change.before.is_some() && change.after.is_some();
    let breaks: Vec<&Change> = comparison.of(BREAKS).filter(is_read).collect();
    let of = |change: &Change| (change.name.clone(), change.namespace.clone());
    for changes in breaks.chunk_by(|one, other| of(one) == of(other)) {
        judge(changes, comparison, checker);
    }
}

fn judge(changes: &[&Change], comparison: Comparison<'_>, checker: &mut Checker<'_>) {
    let Some(first) = changes.first() else { return };
    let Some(old) = before(first, comparison) else { return };
    let Some(slo) = named(checker.catalog(), &first.name, first.namespace.as_deref()) else {
        return;
    };
    let reset = slo.meta.declared_day(RESET).map(|day| day.value);
    let is_told = reset.is_some() && reset != old.meta.declared_day(RESET).map(|day| day.value);
    if is_told || old.is_draft() || slo.meta.misspells(RESET) {
        return;
    }
    let place = first.after_span.unwrap_or_else(|| slo.meta.place());
    let mut words: Vec<String> =
        changes.iter().map(|change| what(change.kind).to_owned()).collect();
    words.dedup();
    let message = format!(
        "the history of the SLO {} ends here: {} changed",
        quote(&first.name),
        sentence(&words, "and")
    );
    let today = checker.now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    // What it said before has to be replaced by hand.
    let edit = reset.is_none().then(|| annotate(&slo.meta, RESET, &today, checker)).flatten();
    let finding = checker.report(place, message);
    if let Some(old) = &first.before {
        finding.label(format!("was {}", quote(old)));
    }
    let help = format!("say from which day on it counts: `{}: {today}`", spelled(&slo.meta, RESET));
    match edit {
        Some(edit) => finding.unsafe_fix(help, vec![edit]),
        None => finding.help(help),
    };
}

fn what(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::IndicatorChanged => "its indicator",
        ChangeKind::MethodChanged => "how its budget is counted",
        _ => "its window",
    }
}
