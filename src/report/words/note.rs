//! What people should know beside a verdict.

use crate::budget::Measurement;
use crate::gate;
use crate::gate::Miss;
use crate::gate::Refusal;
use crate::gate::Verdict;
use crate::policy::Warning;
use crate::report::Note;

use super::measured;
use super::objective_name;

/// The most commits that are named one by one.
const NAMED_COMMITS: usize = 5;

/// How many paths that no commit explains are named.
const NAMED_PATHS: usize = 5;

/// Returns what people should know beside a verdict.
pub(super) fn notes(verdict: &Verdict, measurements: &[Measurement]) -> Vec<Note> {
    let mut notes = Vec::new();
    let blocked = verdict.answer.outcome == gate::Outcome::Block;
    let refused = verdict.deciding().map(|decision| &decision.refusals).find(|all| !all.is_empty());
    if let Some(refusals) = refused.filter(|_| blocked) {
        notes.push(not_exempt(refusals));
    }
    let unexplained =
        verdict.deciding().map(|decision| &decision.unexplained).find(|all| !all.is_empty());
    if let Some(paths) = unexplained.filter(|_| blocked) {
        notes.push(not_explained(paths));
    }
    for note in &verdict.notes {
        let view = note_view(note);
        if !notes.iter().any(|other: &Note| other.label == view.label && other.what == view.what) {
            notes.push(view);
        }
    }
    notes.extend(measured::notes(measurements));
    notes
}

fn not_exempt(refusals: &[Refusal]) -> Note {
    let named: Vec<&str> =
        refusals.iter().take(NAMED_COMMITS).map(|one| one.commit.as_str()).collect();
    let more = refusals.len().saturating_sub(NAMED_COMMITS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let count = refusals.len();
    let commits = if count == 1 { "commit" } else { "commits" };
    let misses = refusals.first().map_or(&[][..], |first| &first.misses);
    let mut reasons: Vec<String> =
        misses.iter().map(|(class, miss)| missing(class, miss)).collect();
    if let Some(Refusal { commit, parents, .. }) = refusals.iter().find(|one| one.parents > 2) {
        reasons.push(format!(
            "{commit} merges {parents} parents, and what differs from any of them is its own: merge two at \
             a time"
        ));
    }
    let why = if reasons.is_empty() { String::new() } else { format!("; {}", reasons.join("; ")) };
    Note {
        label: "not exempt".to_owned(),
        what: format!("{count} {commits}"),
        why: format!("{}{more}{why}", named.join(", ")),
    }
}

fn not_explained(paths: &[String]) -> Note {
    let named: Vec<&str> = paths.iter().take(NAMED_PATHS).map(String::as_str).collect();
    let more = paths.len().saturating_sub(NAMED_PATHS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let count = paths.len();
    let noun = if count == 1 { "path" } else { "paths" };
    Note {
        label: "not exempt".to_owned(),
        what: format!("{count} {noun} that no commit explains"),
        why: format!(
            "{}{more}; a merge brought what none of the commits changes",
            named.join(", ")
        ),
    }
}

fn missing(class: &str, miss: &Miss) -> String {
    match miss {
        Miss::Evidence => format!("nothing claims `{class}`"),
        Miss::Hidden { path } => {
            format!("`{class}` does not hold what lies behind the link or submodule `{path}`")
        }
        Miss::Incident => format!("`{class}` needs a trailer `Incident: ID`"),
        Miss::Slo => format!("`{class}` needs a trailer `SLO: NAME` with the frozen SLO"),
        Miss::Approvals { role, needed, found } => {
            format!("`{class}` needs {needed} approvals by {role}, {found} found")
        }
        Miss::TooLarge { lines, allowed } => {
            format!("`{class}` allows {allowed} changed lines, this change has {lines}")
        }
        Miss::Uncounted { allowed } => {
            format!(
                "`{class}` allows {allowed} changed lines, and what lies behind a link or a submodule is not \
                 counted"
            )
        }
        Miss::Undefined => format!("the policy does not define `{class}`"),
    }
}

fn ignored(record: &gate::Ignored) -> Note {
    let gate::Ignored { path, what, why } = record;
    Note {
        label: "record".to_owned(),
        what: format!("`{what}` does not count"),
        why: format!("{path}: {}", doubt(*why)),
    }
}

/// Returns why a record does not count.
fn doubt(doubt: gate::Doubt) -> &'static str {
    match doubt {
        gate::Doubt::Unreadable => "something of it cannot be read",
        gate::Doubt::Role => {
            "whoever signs it is in no role of `[owners]` that the policy lets sign"
        }
        gate::Doubt::Signature => {
            "whoever signs it neither wrote nor approved what brought it; a trailer `Approved-by` says so"
        }
        gate::Doubt::Author => "whoever signs it wrote a part of this change",
        gate::Doubt::Lasts => "it does not end, or lasts longer than the policy lets it",
        gate::Doubt::Quota => "there were as many before it as the policy lets be (`maxPer`)",
        gate::Doubt::Tier => "no policy has such a tier and lets somebody lift it",
        gate::Doubt::Cut => "what brought it is not at hand; fetch with `fetch-depth: 0`",
    }
}

fn note_view(note: &gate::Note) -> Note {
    let (label, what, why) = match note {
        gate::Note::NoPolicy => {
            ("policy", "none".to_owned(), "the base branch holds no ErrorBudgetPolicy".to_owned())
        }
        gate::Note::NamedPolicyMissing => (
            "policy",
            "none".to_owned(),
            "no file that `[gate] policies` names holds an ErrorBudgetPolicy in the base branch"
                .to_owned(),
        ),
        gate::Note::NothingGoverned => {
            ("policy", "governs nothing".to_owned(), "no policy selects an SLO".to_owned())
        }
        gate::Note::NoReleaseTag { tags } => (
            "releases",
            format!("no tag matches `{tags}`"),
            "nothing was released yet, or `releaseRate.tags` of the policy means other tags"
                .to_owned(),
        ),
        gate::Note::NoPathOfService { service } => (
            "services",
            format!("no file belongs to `{service}`"),
            format!("a change to it is not judged; correct the paths of `[services] {service}`"),
        ),
        gate::Note::HistoryUnread => (
            "history",
            "too much to read".to_owned(),
            "nothing is exempt in a change of so many commits or paths; split it".to_owned(),
        ),
        gate::Note::HistoryCut => (
            "history",
            "commits are not at hand".to_owned(),
            "without them nothing is exempt and no approval counts; fetch with `fetch-depth: 0`"
                .to_owned(),
        ),
        gate::Note::HeadNotJudged { slo, objective, failure } => (
            "not judged",
            format!("{} as proposed", objective_name(slo, *objective)),
            format!(
                "{}; the definition of the base stands",
                super::failure(failure, "the backend")
            ),
        ),
        gate::Note::RecordIgnored(record) => return ignored(record),
        gate::Note::EqualPrecedence { slo, policies } => {
            let names: Vec<&str> = policies.iter().map(|policy| policy.meta.name()).collect();
            (
                "policies",
                format!("{} govern {}", names.join(" and "), slo.meta.name()),
                "of equal precedence; the stricter counts".to_owned(),
            )
        }
        gate::Note::Evaluation { slo, policy, warning } => (
            "evaluation",
            format!("{} of {}", policy.meta.name(), slo.meta.name()),
            warned(warning),
        ),
    };
    Note { label: label.to_owned(), what, why }
}

fn warned(warning: &Warning) -> String {
    match warning {
        Warning::StepRaised { asked, used } => {
            let (asked, used) = (super::length(*asked), super::length(*used));
            format!("the step is {used} instead of {asked}: the measurements are no finer")
        }
        Warning::LatchExpired { at, .. } => {
            format!("a tier ended at {at} because it was not renewed for as long as `maxLatch`")
        }
        Warning::PriorityMissing { .. } => {
            "a tier asks for a priority, and the SLO has none".to_owned()
        }
    }
}
