//! Reads the event that started a workflow: which change is under review, and where it comes from.
//!
//! Bytes in, values out: who reads the file, and who asks the environment for its name, is the caller.
//! Nothing here is trusted. A commit must be a commit's hexadecimal name and a branch free of control
//! characters before they leave this module; titles, bodies and comments are not read at all.
//!
//! # Why
//!
//! The payload is walked by hand instead of being derived, because an error must name the field that is wrong
//! (`pull_request.base.sha`), and because only a dozen of several hundred fields matter. A field that is not
//! read cannot fail.

use serde_json::Value;

use crate::forge::Error;

/// The largest payload that is read, in bytes: above the 25 MB that GitHub itself allows a webhook.
///
/// # Source
///
/// GitHub documentation, "Webhook events and payloads", payload cap.
pub const LARGEST_PAYLOAD: usize = 32 * 1024 * 1024;

/// Where the full name of a branch begins.
const BRANCHES: &str = "refs/heads/";

/// What an event says of the change under review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Which event it is.
    pub kind: Kind,
    /// The pull request, where the event is about one.
    pub pull_request: Option<PullRequest>,
    /// The two ends of a merge queue's group, where the event is about one.
    pub merge_group: Option<MergeGroup>,
    /// The repository in which the event happened; for a pull request, the one that it wants to change.
    pub repository: Option<Repository>,
    /// The commit a branch pointed at before a push; `None` where the branch is new, or the event is no push.
    pub before: Option<String>,
    /// The commit a branch points at after a push; `None` where the branch was deleted, or the event is no push.
    pub after: Option<String>,
    /// The branch that was pushed to; `None` for a tag, or where the event is no push.
    pub pushed_branch: Option<String>,
    /// The name of the repository's default branch.
    pub default_branch: Option<String>,
}

/// Which event a payload belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `pull_request`: a change is proposed; from a fork its token may only read.
    PullRequest,
    /// `pull_request_target`: as above, but run with the base branch's secrets.
    PullRequestTarget,
    /// `merge_group`: a merge queue asks whether a group of changes may land.
    MergeGroup,
    /// `push`: a branch or tag was moved.
    Push,
    /// Any other event, by its name.
    Other(String),
}

impl Kind {
    /// Returns the kind that an event's name stands for.
    pub fn from_name(name: &str) -> Kind {
        match name {
            // Of a review, the runner checks out the same merge.
            "pull_request" | "pull_request_review" => Kind::PullRequest,
            "pull_request_target" => Kind::PullRequestTarget,
            "merge_group" => Kind::MergeGroup,
            "push" => Kind::Push,
            other => Kind::Other(other.to_owned()),
        }
    }
}

/// A proposed change.
///
/// Everything but the number and the two commits was chosen by its author: escape it before showing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number in the repository, from 1.
    pub number: u64,
    /// The tip of the branch it wants to change, when the event happened.
    pub base_sha: String,
    /// The name of that branch.
    pub base_ref: String,
    /// The tip of the proposed branch. In a workflow, HEAD is a merge of the two instead.
    pub head_sha: String,
    /// The name of the proposed branch.
    pub head_ref: String,
    /// The names of its labels, in the order of the payload.
    pub labels: Vec<String>,
    /// The login of its author; `None` where the account is deleted.
    pub author: Option<String>,
    /// Whether the proposed branch lies in another repository, or in one that is deleted.
    pub from_fork: bool,
}

/// The two ends of a merge queue's group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeGroup {
    /// The name of the branch that the group wants to change.
    pub base_ref: Option<String>,
    /// The commit that the group is built upon.
    pub base_sha: String,
    /// The commit that lands if every check passes.
    pub head_sha: String,
}

/// A repository's place on the forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// The login of the user or organization it belongs to.
    pub owner: String,
    /// Its name, without the owner.
    pub name: String,
}

/// Reads the payload of the event called `name`.
///
/// Fields beside the ones of [`Event`] are passed over. `null` counts as absent; what is required is what GitHub
/// always sends: the pull request of `pull_request` and `pull_request_target`, the group of `merge_group`, the
/// two commits of `push`.
///
/// # Errors
///
/// [`Error::EventTooLarge`], [`Error::EventNotJson`], and, with the path of the field,
/// [`Error::EventFieldMissing`] and [`Error::EventFieldInvalid`].
pub fn read(name: &str, payload: &[u8]) -> Result<Event, Error> {
    let kind = Kind::from_name(name);
    if payload.len() > LARGEST_PAYLOAD {
        return Err(Error::EventTooLarge {
            event: name.to_owned(),
            bytes: payload.len(),
            limit: LARGEST_PAYLOAD,
        });
    }
    let payload = payload.strip_prefix(b"\xef\xbb\xbf").unwrap_or(payload);
    let value: Value = serde_json::from_slice(payload)
        .map_err(|source| Error::EventNotJson { event: name.to_owned(), source })?;
    let root = Field { event: name, path: String::new(), value: Some(&value) };
    root.object()?;

    let pull_request = match kind {
        Kind::PullRequest | Kind::PullRequestTarget => Some(pull_request(&root)?),
        _ if root.key("pull_request").is_absent() => None,
        _ => Some(pull_request(&root)?),
    };
    let merge_group = match kind {
        Kind::MergeGroup => Some(merge_group(&root.key("merge_group"))?),
        _ => None,
    };
    let (before, after) = match kind {
        Kind::Push => {
            (root.key("before").commit_unless_zero()?, root.key("after").commit_unless_zero()?)
        }
        _ => (None, None),
    };
    let (repository, default_branch) = repository(&root.key("repository"))?;
    let pushed_branch = match kind {
        Kind::Push => root.key("ref").optional(Field::name)?,
        _ => None,
    };
    let pushed_branch = pushed_branch.as_deref().and_then(|name| name.strip_prefix(BRANCHES));
    let pushed_branch = pushed_branch.map(str::to_owned);
    Ok(Event {
        kind,
        pull_request,
        merge_group,
        repository,
        before,
        after,
        pushed_branch,
        default_branch,
    })
}

fn pull_request(root: &Field<'_>) -> Result<PullRequest, Error> {
    let field = root.key("pull_request");
    field.object()?;
    let number = match root.key("number") {
        outer if outer.is_absent() => field.key("number").number()?,
        outer => outer.number()?,
    };
    let (base, head) = (field.key("base"), field.key("head"));
    Ok(PullRequest {
        number,
        base_sha: base.key("sha").commit()?,
        base_ref: base.key("ref").name()?,
        head_sha: head.key("sha").commit()?,
        head_ref: head.key("ref").name()?,
        labels: labels(&field.key("labels"))?,
        author: field.key("user").optional(|user| user.key("login").name())?,
        from_fork: from_fork(&base, &head)?,
    })
}

/// Says whether a change comes from a fork. A head without a repository is one that was deleted since.
fn from_fork(base: &Field<'_>, head: &Field<'_>) -> Result<bool, Error> {
    let base_id = base.key("repo").key("id").number()?;
    let head_id = head.key("repo").optional(|repo| repo.key("id").number())?;
    Ok(head_id != Some(base_id))
}

fn labels(field: &Field<'_>) -> Result<Vec<String>, Error> {
    let Some(labels) = field.optional(Field::list)? else {
        return Ok(Vec::new());
    };
    labels.iter().map(|label| label.key("name").name()).collect()
}

fn merge_group(field: &Field<'_>) -> Result<MergeGroup, Error> {
    let base_ref = field.key("base_ref").optional(Field::name)?;
    let base_ref = base_ref.map(|name| name.strip_prefix(BRANCHES).unwrap_or(&name).to_owned());
    Ok(MergeGroup {
        base_ref,
        base_sha: field.key("base_sha").commit()?,
        head_sha: field.key("head_sha").commit()?,
    })
}

fn repository(field: &Field<'_>) -> Result<(Option<Repository>, Option<String>), Error> {
    if field.is_absent() {
        return Ok((None, None));
    }
    let owner = field.key("owner");
    let login = match owner.key("login") {
        login if login.is_absent() && !owner.key("name").is_absent() => owner.key("name"),
        login => login,
    };
    let repository = Repository { owner: login.name()?, name: field.key("name").name()? };
    Ok((Some(repository), field.key("default_branch").optional(Field::name)?))
}

/// A place in the payload, with the path that leads there. What lies below an absent field is absent.
struct Field<'a> {
    event: &'a str,
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Field<'a> {
    fn key(&self, key: &str) -> Field<'a> {
        let path =
            if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Field { event: self.event, path, value: self.value.and_then(|value| value.get(key)) }
    }

    fn is_absent(&self) -> bool {
        self.value.is_none_or(Value::is_null)
    }

    fn optional<T>(
        &self,
        read: impl FnOnce(&Field<'a>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        if self.is_absent() { Ok(None) } else { read(self).map(Some) }
    }

    fn object(&self) -> Result<(), Error> {
        if self.present()?.is_object() { Ok(()) } else { Err(self.invalid("an object")) }
    }

    fn list(&self) -> Result<Vec<Field<'a>>, Error> {
        let items = self.present()?.as_array().ok_or_else(|| self.invalid("a list"))?;
        let place = |(index, value)| Field {
            event: self.event,
            path: format!("{}[{index}]", self.path),
            value: Some(value),
        };
        Ok(items.iter().enumerate().map(place).collect())
    }

    fn number(&self) -> Result<u64, Error> {
        self.present()?
            .as_u64()
            .filter(|number| *number > 0)
            .ok_or_else(|| self.invalid("a positive whole number"))
    }

    /// Reads the name of a branch, a label or an account: no control characters, so that it stays on its line.
    fn name(&self) -> Result<String, Error> {
        let usable = |text: &&str| !text.is_empty() && !text.chars().any(char::is_control);
        let text = self.present()?.as_str().filter(usable);
        text.map(str::to_owned).ok_or_else(|| self.invalid("a text of one line"))
    }

    /// Reads a commit's name, so that nothing else can reach a command or an address in its place.
    fn commit(&self) -> Result<String, Error> {
        let usable = |text: &&str| {
            matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        let text = self.present()?.as_str().filter(usable);
        text.map(str::to_ascii_lowercase)
            .ok_or_else(|| self.invalid("the hexadecimal name of a commit"))
    }

    fn commit_unless_zero(&self) -> Result<Option<String>, Error> {
        let commit = self.commit()?;
        Ok(if commit.bytes().all(|byte| byte == b'0') { None } else { Some(commit) })
    }

    fn present(&self) -> Result<&'a Value, Error> {
        let missing =
            || Error::EventFieldMissing { event: self.event.to_owned(), field: self.path.clone() };
        self.value.filter(|value| !value.is_null()).ok_or_else(missing)
    }

    fn invalid(&self, expected: &'static str) -> Error {
        let field =
            if self.path.is_empty() { "(the whole payload)".to_owned() } else { self.path.clone() };
        Error::EventFieldInvalid { event: self.event.to_owned(), field, expected }
    }
}
