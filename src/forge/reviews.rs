//! Who approved a pull request by a review.
//!
//! # Why
//!
//! A review is given by whoever is signed in, so it is a better approval than a trailer, which anybody can write.
//! It speaks of the commit that was reviewed: what was pushed since, nobody has approved. Of several reviews of one
//! person the last that decides counts; a comment decides nothing.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::forge::Error;
use crate::forge::Token;
use crate::forge::api;
use crate::forge::api::Api;
use crate::forge::api::Call;
use crate::forge::api::Method;
use crate::forge::comment::Pace;
use crate::forge::comment::check_names;

/// How many pages of a hundred reviews are read.
const MOST_PAGES: usize = 20;

/// A pull request whose reviews are asked for.
#[derive(Clone, Debug)]
pub struct Reviewed {
    /// `GITHUB_API_URL`, such as `https://api.github.com`. The token goes to this host only.
    pub api_url: String,
    /// The owner of the repository that the pull request wants to change.
    pub owner: String,
    /// The name of that repository.
    pub repo: String,
    /// The number of the pull request.
    pub number: u64,
    /// A token that may read pull requests.
    pub token: Token,
    /// The tip of the proposed branch.
    pub head_sha: String,
    /// How long to wait, and how often to try.
    pub pace: Pace,
}

/// As much of a review as is read.
#[derive(Deserialize)]
struct Review {
    user: Option<User>,
    state: Option<String>,
    commit_id: Option<String>,
}

#[derive(Deserialize)]
struct User {
    login: Option<String>,
}

/// Returns the logins of those who approve the tip of the proposed branch, in order.
///
/// # Errors
///
/// Any [`Error`] that does not speak of events. Nobody has approved, as far as is known.
pub fn approvers(reviewed: &Reviewed) -> Result<Vec<String>, Error> {
    check_names(&reviewed.owner, &reviewed.repo)?;
    let Reviewed { owner, repo, number, .. } = reviewed;
    let what = format!("list the reviews of {owner}/{repo}#{number}");
    let reviews = api::block_on(&reviewed.api_url, &what, reviewed.pace.total, async {
        let api = Api::new(&reviewed.api_url, &reviewed.token, &reviewed.pace)?;
        let path = format!("/repos/{owner}/{repo}/pulls/{number}/reviews?per_page=100");
        let mut reviews: Vec<Review> = Vec::new();
        let mut next = Some(api.address(&path));
        for _ in 0..MOST_PAGES {
            let Some(address) = next else { break };
            let answer =
                api.repeat(&Call { method: Method::Get, address, what: what.clone() }).await?;
            reviews.extend(answer.read::<Vec<Review>>(&what)?);
            next = api.next_page(&answer, &what)?;
        }
        match next {
            Some(_) => Err(Error::TooManyPages { what: what.clone(), limit: MOST_PAGES }),
            None => Ok(reviews),
        }
    })?;
    Ok(of_head(reviews, &reviewed.head_sha))
}

/// Returns whose last review that decides approves a commit.
fn of_head(reviews: Vec<Review>, head: &str) -> Vec<String> {
    let mut last: BTreeMap<String, bool> = BTreeMap::new();
    for review in reviews {
        let Some(login) = review.user.and_then(|user| user.login) else { continue };
        let approves = match review.state.as_deref() {
            Some("APPROVED") => {
                review.commit_id.is_some_and(|commit| commit.eq_ignore_ascii_case(head))
            }
            Some("CHANGES_REQUESTED" | "DISMISSED") => false,
            _ => continue,
        };
        last.insert(login.to_lowercase(), approves);
    }
    last.into_iter().filter_map(|(login, approves)| approves.then_some(login)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_review_that_decides_counts_where_it_is_of_the_head() {
        let review = |login: &str, state: &str, commit: &str| Review {
            user: Some(User { login: Some(login.to_owned()) }),
            state: Some(state.to_owned()),
            commit_id: Some(commit.to_owned()),
        };
        let reviews = vec![
            review("ann", "APPROVED", "HEAD"),
            review("ann", "COMMENTED", "head"),
            review("bob", "APPROVED", "head"),
            review("Bob", "CHANGES_REQUESTED", "head"),
            review("cid", "CHANGES_REQUESTED", "old"),
            review("cid", "APPROVED", "head"),
            review("dan", "APPROVED", "old"),
            review("eve", "APPROVED", "head"),
            review("eve", "DISMISSED", "head"),
            Review { user: None, state: Some("APPROVED".to_owned()), commit_id: None },
        ];
        assert_eq!(of_head(reviews, "head"), ["ann", "cid"]);
    }
}
