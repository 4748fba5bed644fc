use std::collections::BTreeSet;

use crate::change::Change;
use crate::change::ChangeKind;
use crate::config;
use crate::config::baseline;
use crate::finding::Level;
use crate::model::Catalog;
use crate::model::ErrorBudgetPolicy;
use crate::model::Kind;
use crate::model::Record;
use crate::proposal::Proposal;
use crate::quantity::Duration;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Comparison;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Sources;
use crate::source::Spanned;

pub(super) const RULE: Rule = Rule {
    name: "self-approved-override",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Policies,
    since: "0.1.0",
    docs: include_str!("self_approved_override.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// What may open a gate.
const OPENS: &[ChangeKind] = &[ChangeKind::RecordAdded, ChangeKind::RecordChanged];

/// What a policy may be that was stricter.
const LOOSENS: &[ChangeKind] =
    &[ChangeKind::PolicyLoosened, ChangeKind::PolicyRemoved, ChangeKind::PolicyChanged];

/// The trailer and the class of a change that cannot wait.
const CLASS: &str = "Change-Class";
const EMERGENCY: &str = "p0";

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let Some(comparison) = checker.comparison() else { return };
    let gated = gated_path(comparison, catalog, checker);
    for change in comparison.of(OPENS) {
        let is_it = |record: &&Record| Some(record.head) == change.after_span;
        let Some(record) = catalog.records().iter().find(is_it) else { continue };
        if matches!(record.kind, Kind::BudgetOverride | Kind::Attestation) {
            judge(record, gated.as_deref(), comparison, checker);
        }
    }
    if let Some(path) = gated {
        for change in comparison.of(LOOSENS) {
            judge_policy(change, &path, comparison, checker);
        }
    }
}

/// Returns a path of the change that a gate judges: one that holds neither definitions nor what is agreed on;
/// nothing where the commits say that it cannot wait.
fn gated_path(
    comparison: Comparison<'_>,
    catalog: &Catalog,
    checker: &Checker<'_>,
) -> Option<String> {
    let proposal = comparison.proposal?;
    let (before, old) = comparison.before;
    let ours: BTreeSet<&str> =
        [(catalog, checker.sources()), (before, old)].into_iter().flat_map(paths).collect();
    let services = &checker.config().services;
    let is_gated = |path: &str| {
        let is_agreed = [config::FILE_NAME, baseline::FILE_NAME]
            .iter()
            .any(|name| path.rsplit('/').next() == Some(name));
        let is_of_service =
            || services.is_empty() || services.values().any(|globs| globs.matches(path));
        !ours.contains(path) && !is_agreed && is_of_service()
    };
    let waits = proposal.commits.at_hand().iter().filter(|commit| {
        !commit.trailers(CLASS).any(|class| class.eq_ignore_ascii_case(EMERGENCY))
    });
    waits.flat_map(|commit| &commit.paths).find(|path| is_gated(path)).cloned()
}

/// Returns the paths of files that define something.
fn paths<'a>((catalog, sources): (&'a Catalog, &'a Sources)) -> Vec<&'a str> {
    let objects = catalog.objects().iter().map(|object| object.meta().span.source);
    let records = catalog.records().iter().map(|record| record.span.source);
    objects.chain(records).map(|source| sources.file(source).path.as_str()).collect()
}

fn judge(
    record: &Record,
    gated: Option<&str>,
    comparison: Comparison<'_>,
    checker: &mut Checker<'_>,
) {
    let name = match (record.kind, &record.tier, &record.id) {
        (Kind::BudgetOverride, Some(tier), _) => format!("the override of {}", quote(&tier.value)),
        (Kind::BudgetOverride, None, _) => "the override".to_owned(),
        (_, _, Some(id)) => format!("the attestation {}", quote(&id.value)),
        _ => "the attestation".to_owned(),
    };
    // What somebody attests they may bring themselves.
    let is_author = |by: &&Spanned<String>| {
        record.kind == Kind::BudgetOverride
            && comparison.proposal.is_some_and(|proposal: &Proposal| proposal.is_author(&by.value))
    };
    if let Some(by) = record.by.as_ref().filter(is_author) {
        checker
            .report(by.span, format!("whoever proposes {name} approved it alone"))
            .label("wrote a part of this change")
            .help("let somebody approve who wrote none of it");
    } else if let Some(path) = gated {
        checker
            .report(record.head, format!("{name} comes with what it lets pass"))
            .label(format!("the change touches {} as well", quote(path)))
            .help("merge the record first, by itself: the gate counts it from then on");
    }
    if record.kind == Kind::BudgetOverride {
        judge_length(record, &name, checker);
    }
}

fn judge_length(record: &Record, name: &str, checker: &mut Checker<'_>) {
    let Some(until) = record.until else { return };
    if until.value <= checker.now() {
        checker
            .report(until.span, format!("{name} is over before it begins"))
            .help("write an instant that is to come, or leave the record out");
        return;
    }
    let Some(from) = record.from else { return };
    let seconds = u64::try_from(until.value.duration_since(from.value).as_secs()).unwrap_or(0);
    let longest = longest(record, checker);
    let Some(longest) = longest else { return };
    if longest.value.seconds().is_some_and(|most| seconds > most) {
        checker
            .report(until.span, format!("{name} is longer than the policy lets it be"))
            .label(format!("{} at most", longest.value))
            .also(longest.span, "agreed on here")
            .help("let it end sooner");
    }
}

/// Returns how long the policy of an override lets it last, where there is one.
fn longest(record: &Record, checker: &Checker<'_>) -> Option<Spanned<Duration>> {
    let is_meant = |policy: &&ErrorBudgetPolicy| match &record.policy {
        Some(name) => name.value == policy.meta.name(),
        None => policy
            .tiers
            .iter()
            .any(|tier| record.tier.as_ref().is_some_and(|named| named.value == tier.name.value)),
    };
    let mut policies = checker.policies().into_iter().map(AsRef::as_ref);
    policies.find(is_meant)?.overrides.as_ref()?.max_duration
}

fn judge_policy(
    change: &Change,
    path: &str,
    comparison: Comparison<'_>,
    checker: &mut Checker<'_>,
) {
    let Some(place) = comparison.place(change) else { return };
    let done = match change.kind {
        ChangeKind::PolicyRemoved => "removed",
        ChangeKind::PolicyLoosened => "loosened",
        _ => "changed",
    };
    let message = format!("the policy {} is {done} by what it judges", quote(&change.name));
    checker
        .report(place, message)
        .label(format!("the change touches {} as well", quote(path)))
        .help("merge the policy first, by itself: the gate goes by it from then on");
}
