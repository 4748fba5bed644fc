use crate::change::Change;
use crate::change::ChangeKind;
use crate::finding::Level;
use crate::model::Catalog;
use crate::model::Kind;
use crate::model::Record;
use crate::model::Slo;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Comparison;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    name: "slo-deleted-without-tombstone",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::SlosAndPolicies,
    since: "0.1.0",
    docs: include_str!("slo_deleted_without_tombstone.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// How a record comes with a change.
const WRITTEN: &[ChangeKind] = &[ChangeKind::RecordAdded, ChangeKind::RecordChanged];

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let Some(comparison) = checker.comparison() else { return };
    for change in comparison.of(&[ChangeKind::SloRemoved]) {
        // It may stand where nothing can be read, which is told there.
        let Some(slo) = gone(change, comparison) else { continue };
        if slo.is_draft() {
            continue;
        }
        let Some(place) = comparison.place(change) else { continue };
        if comparison.templates.contains(path(slo, comparison)) {
            judge_template(slo, place, comparison, checker);
        } else if !catalog.may_hold(&change.name) {
            judge(slo, place, comparison, checker);
        }
    }
}

/// Returns the SLO that a change removes.
fn gone<'a>(change: &Change, comparison: Comparison<'a>) -> Option<&'a Slo> {
    let mut slos = comparison.before.0.slos();
    slos.find(|slo| Some(slo.meta.place()) == change.before_span).map(AsRef::as_ref)
}

/// Returns the file in which an SLO stood.
fn path<'a>(slo: &Slo, comparison: Comparison<'a>) -> &'a str {
    comparison.before.1.file(slo.meta.place().source).path.as_str()
}

/// Judges an SLO whose file is passed over from now on.
fn judge_template(slo: &Slo, place: Span, comparison: Comparison<'_>, checker: &mut Checker<'_>) {
    if record_of(slo, comparison, checker).is_some() {
        return;
    }
    let name = quote(slo.meta.name());
    checker
        .report(place, format!("the SLO {name} is in a template now, where nothing judges it"))
        .label("stood here")
        .help("keep what is rendered beside the template, or write down that it is given up, as a `Retirement`");
}

/// Returns the record by which this change gives an SLO up; one that was there before speaks of another time.
fn record_of<'a>(
    slo: &Slo,
    comparison: Comparison<'_>,
    checker: &Checker<'a>,
) -> Option<&'a Record> {
    let written: Vec<Span> =
        comparison.of(WRITTEN).filter_map(|change| change.after_span).collect();
    let is_it = |record: &&Record| {
        record.kind == Kind::Retirement && record.is_about(slo) && written.contains(&record.head)
    };
    checker.catalog().records().iter().find(is_it)
}

fn judge(slo: &Slo, place: Span, comparison: Comparison<'_>, checker: &mut Checker<'_>) {
    let name = quote(slo.meta.name());
    let Some(record) = record_of(slo, comparison, checker) else {
        let today = checker.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let message = format!("the SLO {name} is removed, and nothing says why");
        checker.report(place, message).label("stood here").help(format!(
            "write down that it is given up: `{{apiVersion: slo/v1, kind: Retirement, slo: {}, reason: …, date: {today}, \
             approvedBy: …}}`",
            slo.meta.name()
        ));
        return;
    };
    let Some(by) = &record.by else { return };
    if comparison.proposal.is_some_and(|proposal| proposal.is_author(&by.value)) {
        let message = format!("whoever removes the SLO {name} approved it alone");
        checker
            .report(by.span, message)
            .label("wrote a part of this change")
            .help("let somebody approve who wrote none of it");
    }
}
