//! Keeps one comment on a pull request: found again, updated in place, turned to resolved, never doubled.
//!
//! A comment is ours when its first line is the marker **and** its author is the one we post as: anybody can
//! write the marker, and a comment of another author is never changed and never deleted.
//!
//! # Why
//!
//! All pages are read before anything is posted, since a comment that is missed on page four is posted twice.
//! A list that cannot be read to its end is an error for the same reason. After a POST without a clear answer
//! the comments are listed again, because such a POST may have been carried out; only a GET and a PATCH, which
//! change nothing the second time, are simply repeated. Two jobs that post at the same instant each list the
//! comments again and both keep the lower number, so whatever the order, one comment is left.

use std::time::Duration;

use serde::Deserialize;

use crate::forge::Error;
use crate::forge::Token;
use crate::forge::api;
use crate::forge::api::Again;
use crate::forge::api::Api;
use crate::forge::api::Call;
use crate::forge::api::Failure;
use crate::forge::api::Method;
use crate::forge::api::Text;
use crate::forge::body;
use crate::forge::body::Marker;

/// The login under which a workflow's own token posts.
pub const USUAL_AUTHOR: &str = "github-actions[bot]";

/// How many pages of a hundred comments are read.
const MOST_PAGES: usize = 100;

/// The pull request that carries the comment, and who speaks to it.
#[derive(Clone, Debug)]
pub struct Target {
    /// `GITHUB_API_URL`, such as `https://api.github.com`. The token goes to this host only.
    pub api_url: String,
    /// The owner of the repository that the pull request wants to change.
    pub owner: String,
    /// The name of that repository.
    pub repo: String,
    /// The number of the pull request.
    pub number: u64,
    /// A token that may write to pull requests.
    pub token: Token,
    /// The login that the token posts as; usually [`USUAL_AUTHOR`].
    pub author: String,
    /// The first line of the comment.
    pub marker: Marker,
    /// How long to wait, and how often to try.
    pub pace: Pace,
}

/// How long to wait for answers, and how often to ask again.
#[derive(Clone, Debug)]
pub struct Pace {
    /// The longest wait for a connection.
    pub connect: Duration,
    /// The longest silence on a connection.
    pub silence: Duration,
    /// The longest that the whole work may take.
    pub total: Duration,
    /// How often one request is sent, the first time included.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles with each further one.
    pub pause: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            total: Duration::from_secs(180),
            attempts: 3,
            pause: Duration::from_secs(1),
        }
    }
}

/// When to comment; the setting `comment`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every run, whatever it found.
    Always,
    /// When the change fails; and when it passes after it failed, to say so in the same comment.
    OnFailure,
    /// Not at all.
    Never,
}

/// What became of the comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// What was done.
    pub action: Action,
    /// Where a person can read it; `None` where there is no comment, or the server does not say.
    pub url: Option<String>,
    /// The login that a new comment got, where it is not [`Target::author`]: the next run does not find
    /// that comment, and posts another one.
    pub other_author: Option<String>,
}

impl Published {
    fn new(action: Action, url: Option<String>) -> Published {
        Published { action, url, other_author: None }
    }
}

/// What was done to the comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// There was none, and now there is one.
    Created,
    /// It says something new.
    Updated,
    /// It says it already, and nothing was sent.
    Unchanged,
    /// There is none, and none is wanted.
    Skipped,
}

/// Publishes a report as the one comment of its marker.
///
/// * `text`: the report, in Markdown; the marker is put before it unless it is there, and it is cut by [`body::cap`].
/// * `failing`: whether the change fails; with [`Mode::OnFailure`] a passing one is commented only where an earlier
///   comment stands, with `resolved_text`.
///
/// # Errors
///
/// Any [`Error`] that does not speak of events. The report is then not (or not certainly) on the pull request, and
/// belongs into the summary of the job; the verdict is what it was.
pub fn publish(
    target: &Target,
    text: &str,
    mode: Mode,
    failing: bool,
    resolved_text: &str,
) -> Result<Published, Error> {
    if mode == Mode::Never {
        return Ok(Published::new(Action::Skipped, None));
    }
    check_names(&target.owner, &target.repo)?;
    let wanted = if failing || mode == Mode::Always { text } else { resolved_text };
    let wanted = compose(&target.marker, wanted);
    let post_anew = failing || mode == Mode::Always;
    let what = format!("comment on {}", place(target));
    api::block_on(&target.api_url, &what, target.pace.total, async {
        let api = Api::new(&target.api_url, &target.token, &target.pace)?;
        Thread { api, target }.settle(&wanted, post_anew).await
    })
}

/// Puts the marker before a text, unless it is there, and cuts the whole to its greatest length.
fn compose(marker: &Marker, text: &str) -> String {
    if marker.is_on(text) {
        return body::cap(text).into_owned();
    }
    body::cap(&format!("{marker}\n{text}")).into_owned()
}

fn place(target: &Target) -> String {
    format!("{}/{}#{}", target.owner, target.repo, target.number)
}

/// Refuses what would lead a request to another path of the API.
pub(super) fn check_names(owner: &str, repo: &str) -> Result<(), Error> {
    let usable = |name: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !matches!(name, "" | "." | "..") && name.len() <= 100 && name.bytes().all(allowed)
    };
    if usable(owner) && usable(repo) {
        return Ok(());
    }
    let name = format!("{owner}/{repo}");
    Err(Error::RepositoryInvalid { name: name.escape_debug().take(200).collect() })
}

/// As much of a comment as is read. GitHub sends `"user": null` for a deleted account.
#[derive(Deserialize)]
struct Comment {
    id: u64,
    body: Option<String>,
    html_url: Option<String>,
    user: Option<User>,
}

#[derive(Deserialize)]
struct User {
    login: Option<String>,
}

/// The comments of one pull request.
struct Thread<'a> {
    api: Api,
    target: &'a Target,
}

impl Thread<'_> {
    /// Brings our comment to `text`; where there is none, only if `post_anew`.
    async fn settle(&self, text: &str, post_anew: bool) -> Result<Published, Error> {
        let mut ours = self.ours().await?;
        let mut attempt = 1;
        loop {
            if ours.is_empty() {
                if post_anew {
                    return self.create(text).await;
                }
                return Ok(Published::new(Action::Skipped, None));
            }
            match self.keep(ours, text).await {
                // Gone since it was listed, perhaps by another job that saw it as one too many: look again.
                Err(Error::NotAllowed { status: 404 | 410, .. })
                    if attempt < self.target.pace.attempts =>
                {
                    ours = self.ours().await?;
                    attempt += 1;
                }
                settled => return settled,
            }
        }
    }

    /// Lists our comments, the lowest number first.
    async fn ours(&self) -> Result<Vec<Comment>, Error> {
        let what = format!("list the comments of {}", place(self.target));
        let mut ours = Vec::new();
        let mut next = Some(self.api.address(&format!("{}?per_page=100", self.comments())));
        for _ in 0..MOST_PAGES {
            let Some(address) = next else { break };
            let call = Call { method: Method::Get, address, what: what.clone() };
            let answer = self.api.repeat(&call).await?;
            let page: Vec<Comment> = answer.read(&what)?;
            ours.extend(page.into_iter().filter(|comment| self.is_ours(comment)));
            next = self.api.next_page(&answer, &what)?;
        }
        if next.is_some() {
            return Err(Error::TooManyPages { what, limit: MOST_PAGES });
        }
        ours.sort_by_key(|comment| comment.id);
        ours.dedup_by_key(|comment| comment.id);
        Ok(ours)
    }

    fn is_ours(&self, comment: &Comment) -> bool {
        let login =
            comment.user.as_ref().and_then(|user| user.login.as_deref()).unwrap_or_default();
        self.is_us(login)
            && comment.body.as_deref().is_some_and(|body| self.target.marker.is_on(body))
    }

    fn is_us(&self, login: &str) -> bool {
        !login.is_empty() && login.eq_ignore_ascii_case(&self.target.author)
    }

    /// Posts the comment. Whenever it is not clear that a POST was not carried out, looks before the next one.
    async fn create(&self, text: &str) -> Result<Published, Error> {
        let what = format!("comment on {}", place(self.target));
        let address = self.api.address(&self.comments());
        let call = Call { method: Method::Post(&Text { body: text }), address, what };
        let mut attempt = 1;
        loop {
            let (error, again) = match self.api.once(&call).await {
                Ok(answer) => match answer.read::<Comment>(&call.what) {
                    Ok(posted) => return self.keep_one(posted, text).await,
                    // It is posted, only the answer is spoiled: look for it, never post again.
                    Err(error) => (error, false),
                },
                Err(Failure { error, again: Again::Never }) => return Err(error),
                Err(Failure { error, again: Again::After(wait) }) => {
                    self.api.wait(attempt, wait).await;
                    (error, attempt < self.target.pace.attempts)
                }
            };
            let ours = self.ours().await?;
            if !ours.is_empty() {
                let kept = self.keep(ours, text).await?;
                return Ok(Published { action: Action::Created, ..kept });
            }
            if !again {
                return Err(error);
            }
            attempt += 1;
        }
    }

    /// Looks whether another job posted at the same time, and leaves one of the two.
    async fn keep_one(&self, posted: Comment, text: &str) -> Result<Published, Error> {
        let created = posted.id;
        let author = posted.user.as_ref().and_then(|user| user.login.clone());
        let other_author = author.filter(|login| !self.is_us(login));
        // Where the list fails now, the comment stands nevertheless, and the next run removes what is too many.
        let mut ours = self.ours().await.unwrap_or_default();
        if ours.iter().all(|comment| comment.id != created) {
            ours.push(Comment { body: Some(text.to_owned()), ..posted });
            ours.sort_by_key(|comment| comment.id);
        }
        let survives = ours.first().is_some_and(|comment| comment.id == created);
        let kept = self.keep(ours, text).await?;
        let action = if survives { Action::Created } else { Action::Updated };
        Ok(Published { action, other_author, ..kept })
    }

    /// Deletes all of our comments but the first, and brings that one to `text`.
    async fn keep(&self, ours: Vec<Comment>, text: &str) -> Result<Published, Error> {
        let mut ours = ours.into_iter();
        let Some(first) = ours.next() else {
            return Ok(Published::new(Action::Skipped, None));
        };
        for surplus in ours {
            self.delete(surplus.id).await?;
        }
        let url = first.html_url;
        if first.body.is_some_and(|body| same_text(&body, text)) {
            return Ok(Published::new(Action::Unchanged, url));
        }
        let what = format!("update comment {} on {}", first.id, place(self.target));
        let address = self.api.address(&self.comment(first.id));
        self.api
            .repeat(&Call { method: Method::Patch(&Text { body: text }), address, what })
            .await?;
        Ok(Published::new(Action::Updated, url))
    }

    async fn delete(&self, id: u64) -> Result<(), Error> {
        let what = format!("delete the surplus comment {id} on {}", place(self.target));
        let call =
            Call { method: Method::Delete, address: self.api.address(&self.comment(id)), what };
        match self.api.repeat(&call).await {
            // The other job was faster.
            Ok(_) | Err(Error::NotAllowed { status: 404 | 410, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn comments(&self) -> String {
        format!(
            "/repos/{}/{}/issues/{}/comments",
            self.target.owner, self.target.repo, self.target.number
        )
    }

    fn comment(&self, id: u64) -> String {
        format!("/repos/{}/{}/issues/comments/{id}", self.target.owner, self.target.repo)
    }
}

/// Says whether two texts are the same comment, whatever the server does to line breaks and the end.
fn same_text(left: &str, right: &str) -> bool {
    left.trim_end().lines().eq(right.trim_end().lines())
}
