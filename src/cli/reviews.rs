//! The reviews of the pull request that is judged.

use crate::change::Change;
use crate::change::ChangeKind;
use crate::forge;
use crate::forge::Token;
use crate::forge::comment::Pace;
use crate::forge::event::Event;
use crate::forge::event::Kind;
use crate::forge::reviews;
use crate::forge::reviews::Reviewed;
use crate::model::Catalog;
use crate::model::GateKind;
use crate::proposal::Review;

use super::arguments::Global;
use super::output;
use super::publish;
use super::runner;

/// What is agreed on by an approval.
const ASKS: [ChangeKind; 5] = [
    ChangeKind::TargetLowered,
    ChangeKind::ThresholdLoosened,
    ChangeKind::ObjectiveRemoved,
    ChangeKind::AlertLoosened,
    ChangeKind::AlertRemoved,
];

/// The letters of a commit's short name.
const SHORT: usize = 7;

/// Returns the reviews that approve a pull request as it is now, where an approval may matter; none where they
/// cannot be read, which is said.
pub(super) fn of(
    global: &Global,
    event: Option<&Event>,
    agreed: &Catalog,
    changes: &[Change],
) -> Vec<Review> {
    let is_asked = || asks_for_approval(agreed) || changes.iter().any(|it| ASKS.contains(&it.kind));
    let Some(reviewed) = event.and_then(reviewed).filter(|_| is_asked()) else {
        return Vec::new();
    };
    let found = reviewed.and_then(|reviewed| {
        let commit: String = reviewed.head_sha.chars().take(SHORT).collect();
        let approvers = reviews::approvers(&reviewed)?.into_iter();
        Ok(approvers.map(|login| Review { login, commit: commit.clone() }).collect())
    });
    found.unwrap_or_else(|error| {
        let why = publish::told(&error, error.hint());
        let text = format!("warning: no review counts: {why}");
        output::say(global, &text);
        Vec::new()
    })
}

/// Returns the pull request, where the run has a token to ask with.
fn reviewed(event: &Event) -> Option<Result<Reviewed, forge::Error>> {
    let request = match event.kind {
        Kind::PullRequest | Kind::PullRequestTarget => event.pull_request.as_ref()?,
        Kind::MergeGroup | Kind::Push | Kind::Other(_) => return None,
    };
    let token = publish::token()?;
    let repository = publish::repository(Some(event))?;
    let token = match Token::new(&token) {
        Ok(token) => token,
        Err(error) => return Some(Err(error)),
    };
    Some(Ok(Reviewed {
        api_url: runner::variable("GITHUB_API_URL")
            .unwrap_or_else(|| publish::USUAL_API.to_owned()),
        owner: repository.owner,
        repo: repository.name,
        number: request.number,
        token,
        head_sha: request.head_sha.clone(),
        pace: Pace::default(),
    }))
}

/// Returns whether any policy has something that an approval opens.
fn asks_for_approval(agreed: &Catalog) -> bool {
    agreed.policies().any(|policy| {
        policy.tiers.iter().any(|tier| tier.gate.value == GateKind::Approve)
            || policy.change_classes.iter().any(|class| !class.requires.approvals.is_empty())
    })
}
