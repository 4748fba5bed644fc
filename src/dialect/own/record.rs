//! Records: their schemas, what these cannot state, and the lowering.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::dialect::Expected;
use crate::dialect::Problem;
use crate::dialect::fields;
use crate::dialect::schema::Schema;
use crate::model::Kind;
use crate::model::Record;
use crate::source::Spanned;
use crate::yaml::Node;

static ATTESTATION: Schema = Schema::new(include_str!("../../../schemas/attestation.json"));
static OVERRIDE: Schema = Schema::new(include_str!("../../../schemas/budget-override.json"));
static INCIDENT: Schema = Schema::new(include_str!("../../../schemas/incident.json"));
static RETIREMENT: Schema = Schema::new(include_str!("../../../schemas/retirement.json"));

/// The fields that hold an instant: when it begins, and when it ends.
const FROM: [&str; 3] = ["since", "from", "start"];
const UNTIL: [&str; 2] = ["until", "end"];

/// The field that holds a day.
const DATE: &str = "date";

/// The fields that hold what is lowered by a name of its own.
const TOLD: [&str; 18] = [
    "apiVersion",
    "kind",
    "id",
    "policy",
    "tier",
    "slo",
    "slos",
    "paths",
    "since",
    "from",
    "start",
    "until",
    "end",
    "date",
    "by",
    "approvedBy",
    "reason",
    "statement",
];

/// An example of an instant.
const INSTANT: &str = "2026-12-31T09:00:00Z";

/// An example of a day.
const DAY: &str = "2026-12-31";

/// Returns the kind of record of a name, with its schema.
fn known(kind: &str) -> Option<(Kind, &'static Schema)> {
    Some(match kind {
        "Attestation" => (Kind::Attestation, &ATTESTATION),
        "BudgetOverride" => (Kind::BudgetOverride, &OVERRIDE),
        "Incident" => (Kind::Incident, &INCIDENT),
        "Retirement" => (Kind::Retirement, &RETIREMENT),
        _ => return None,
    })
}

/// Returns whether an object says of SLOs who decided something, or when it was: kinds such as `Incident` are
/// those of other tools too.
pub(super) fn has_fields(node: Node<'_>) -> bool {
    let has = |fields: &[&str]| fields.iter().any(|field| node.given(field).is_some());
    has(&["slo", "slos"]) && has(&["by", "approvedBy", "start"])
}

/// Checks a record and lowers it; nothing for a kind that is no record.
pub(super) fn read(node: Node<'_>, kind: &str) -> Option<(Record, Vec<Problem>)> {
    let (kind, schema) = known(kind)?;
    let head = node.given("kind").map_or(node.span(), Node::span);
    let mut problems = schema.check(node, head);
    check_times(node, &mut problems);
    let first = |fields: &[&str]| fields.iter().find_map(|field| fields::text(node, field));
    let slo = first(&["slo"]);
    let evidence =
        ["evidence", "ticket", "postmortem"].into_iter().flat_map(|field| texts(node, field));
    let rest = node.entries().filter_map(|entry| {
        let key = entry.key.text().filter(|key| !TOLD.contains(key))?;
        Some((key.to_owned(), entry.value.text().unwrap_or_default().to_owned()))
    });
    let record = Record {
        kind,
        id: first(&["id"]),
        policy: first(&["policy"]),
        tier: first(&["tier"]),
        slos: slo.into_iter().chain(texts(node, "slos")).collect(),
        paths: texts(node, "paths"),
        from: instant(node, &FROM),
        until: instant(node, &UNTIL),
        date: node
            .given(DATE)
            .and_then(|node| Some(Spanned::new(node.text()?.parse().ok()?, node.span()))),
        by: first(&["by", "approvedBy"]),
        reason: first(&["reason", "statement"]),
        evidence: evidence.collect(),
        rest: rest.collect(),
        head,
        span: node.span(),
        is_whole: problems.is_empty(),
    };
    Some((record, problems))
}

fn texts(node: Node<'_>, field: &str) -> Vec<Spanned<String>> {
    let Some(node) = node.given(field) else { return Vec::new() };
    let spanned = |node: Node<'_>| Some(Spanned::new(node.text()?.to_owned(), node.span()));
    if node.is_mapping() {
        return Vec::new();
    }
    spanned(node).into_iter().chain(node.items().filter_map(spanned)).collect()
}

/// Returns the instant that one of some fields gives; a day is its first instant in UTC.
fn instant(node: Node<'_>, fields: &[&str]) -> Option<Spanned<Timestamp>> {
    let node = fields.iter().find_map(|field| node.given(field))?;
    Some(Spanned::new(timestamp(node.text()?)?, node.span()))
}

fn timestamp(text: &str) -> Option<Timestamp> {
    let of_day = |day: Date| Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp());
    text.parse().ok().or_else(|| of_day(text.parse().ok()?))
}

/// Says which form an instant or a day has, also where the calendar has no such day.
fn check_times(node: Node<'_>, problems: &mut Vec<Problem>) {
    problems.retain(|problem| match problem {
        Problem::InvalidValue { found, expected, .. } => {
            !found.trim().is_empty() || *expected != Expected::Pattern
        }
        _ => true,
    });
    for problem in problems.iter_mut() {
        let Problem::InvalidValue { field, expected, .. } = problem else { continue };
        if *expected == Expected::Pattern {
            *expected = Expected::Like(if field == DATE { DAY } else { INSTANT });
        }
    }
    for field in FROM.into_iter().chain(UNTIL).chain([DATE]) {
        let Some(value) = node.given(field) else { continue };
        // What is empty has no value, which is told.
        let Some(text) = value.text().filter(|text| !text.trim().is_empty()) else { continue };
        let is_read =
            if field == DATE { text.parse::<Date>().is_ok() } else { timestamp(text).is_some() };
        if is_read || problems.iter().any(|problem| value.place().contains(problem.span())) {
            continue;
        }
        problems.push(Problem::InvalidValue {
            span: value.span(),
            field: field.to_owned(),
            found: text.to_owned(),
            expected: Expected::Like(if field == DATE { DAY } else { INSTANT }),
        });
    }
}
