//! Rules about what a change does to objectives, alerts and policies.
//!
//! # Why
//!
//! What a change lowers was agreed on before, so it asks for an agreement of its own, and the commits are where it
//! stands: a reason as a trailer, and an approval by somebody who wrote nothing of the change. Before a commit
//! there is no message, so nothing is missing from it yet; these rules then only remind, at the level `info`.

use crate::change::Change;
use crate::change::ChangeKind;
use crate::finding::Finding;
use crate::finding::Level;
use crate::model::Catalog;
use crate::model::Kind;
use crate::model::Object;
use crate::model::Slo;
use crate::source::Span;

use super::Checker;
use super::Comparison;
use super::Rule;
use super::approval::ENGINEERING;
use super::approval::PRODUCT;
use super::approval::Side;
use super::words::sentence;

mod alert_loosened_without_expiry;
mod api_changed_coverage_unchanged;
mod baseline_broken;
mod self_approved_override;
mod slo_deleted_without_tombstone;
mod suppression_without_expiry;
mod target_lowered_without_approval;

pub(super) const RULES: &[&Rule] = &[
    &target_lowered_without_approval::RULE,
    &slo_deleted_without_tombstone::RULE,
    &baseline_broken::RULE,
    &alert_loosened_without_expiry::RULE,
    &self_approved_override::RULE,
    &api_changed_coverage_unchanged::RULE,
    &suppression_without_expiry::RULE,
];

/// The trailer that says why an objective or an alert changes.
const REASON: &str = "SLO-Change";

/// What a change lacks to be agreed on.
enum Lack {
    /// Nothing is committed, so nothing can be told.
    Message,
    /// No commit says why.
    Reason,
    /// Nobody of these sides approved; nobody else at all, where `[owners]` knows none of them.
    Approval(Vec<&'static str>),
    /// Commits are missing, so who wrote them is not known, and neither is who may approve them.
    Commits,
}

/// Returns what a change of an object at a path lacks to be agreed on by some sides; nothing where it is.
fn lacks(
    sides: &[&'static str],
    path: &str,
    comparison: Comparison<'_>,
    checker: &Checker<'_>,
) -> Option<Lack> {
    let Some(proposal) = comparison.proposal else { return Some(Lack::Message) };
    let has_reason = proposal.trailers(REASON).next().is_some();
    if proposal.commits.is_cut() {
        return Some(Lack::Commits);
    }
    if !has_reason {
        return Some(Lack::Reason);
    }
    let owners = comparison.owners;
    let (mut known, mut absent) = (false, Vec::new());
    for name in sides {
        let side = Side::at(name, path, checker);
        let roles: Vec<&str> =
            owners.keys().map(String::as_str).filter(|role| side.holds(role)).collect();
        known |= !roles.is_empty();
        if !roles.is_empty() && proposal.approvals(roles.into_iter(), owners).is_empty() {
            absent.push(*name);
        }
    }
    let is_agreed = if known { absent.is_empty() } else { proposal.is_approved() };
    (!is_agreed).then_some(Lack::Approval(absent))
}

/// Reports what a change does and is not agreed on.
///
/// * `what`: what it does, as the start of a sentence.
fn report_lack<'c>(
    lack: &Lack,
    what: &str,
    place: Span,
    checker: &'c mut Checker<'_>,
) -> &'c mut Finding {
    let level = if matches!(lack, Lack::Message) { Level::Info } else { checker.rule.level };
    let message = match lack {
        Lack::Message => what.to_owned(),
        Lack::Reason => format!("{what}, and no commit says why"),
        Lack::Approval(sides) if sides.is_empty() => {
            format!("{what}, and nobody else approved it")
        }
        Lack::Approval(sides) => {
            format!("{what}, and nobody from {} approved it", sides.join(" or "))
        }
        Lack::Commits => format!("{what}, and commits that say who agreed are not at hand"),
    };
    checker.report_at(level, place, message)
}

/// Returns how to agree on a change.
fn remedy(lack: &Lack, sides: &[&'static str]) -> String {
    let names = |sides: &[&str]| {
        let words: Vec<String> = sides.iter().map(|side| (*side).to_owned()).collect();
        sentence(&words, "and")
    };
    let both = names(sides);
    match lack {
        Lack::Message => {
            format!("say why in the commit message, `{REASON}: REASON`; {both} have to approve it")
        }
        Lack::Reason => format!(
            "add the trailer `{REASON}: REASON` to a commit, and let {both} approve: a review, or `Approved-by: @LOGIN`"
        ),
        Lack::Approval(absent) if absent.is_empty() => {
            "let somebody approve who wrote none of it: a review, or the trailer `Approved-by: @LOGIN`"
                .to_owned()
        }
        Lack::Approval(absent) => format!(
            "let {} approve: a review, or the trailer `Approved-by: @LOGIN`, by a person of such a role in `[owners]`",
            names(absent)
        ),
        Lack::Commits => "fetch the commits of the change: `fetch-depth: 0` in a workflow".to_owned(),
    }
}

/// Returns an SLO that a change is about, as it was before.
fn before<'a>(change: &Change, comparison: Comparison<'a>) -> Option<&'a Slo> {
    let is_rename = |other: &&Change| {
        other.kind == ChangeKind::SloRenamed
            && (&other.name, &other.namespace) == (&change.name, &change.namespace)
    };
    let renamed = comparison.changes.iter().find(is_rename);
    let old = renamed.and_then(|renamed| renamed.before.as_deref());
    let name = old.map_or(change.name.as_str(), |old| old.rsplit('/').next().unwrap_or(old));
    named(comparison.before.0, name, change.namespace.as_deref())
}

/// Returns an SLO of a name; the one of the namespace, where there are several.
fn named<'a>(catalog: &'a Catalog, name: &str, namespace: Option<&str>) -> Option<&'a Slo> {
    let slos = || {
        catalog.named(Kind::Slo, name).filter_map(|object| match object {
            Object::Slo(slo) => Some(slo.as_ref()),
            _ => None,
        })
    };
    slos().find(|slo| slo.meta.namespace.as_deref() == namespace).or_else(|| slos().next())
}

/// Returns whether a change is about an SLO that bound nobody.
fn was_draft(change: &Change, comparison: Comparison<'_>) -> bool {
    before(change, comparison).is_some_and(Slo::is_draft)
}
