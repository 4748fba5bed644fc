//! Stands in for GitHub: the comments of one pull request, and the ways in which GitHub fails.
//!
//! What it is sent and what it answers is judged by [`Description`]; what that does not know (paging, authentication,
//! the greatest length, what was there before) is kept here.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;

use serde_json::Value;
use serde_json::json;

use super::description::Description;
use super::description::query_of;
use super::http::Reply;
use super::http::Request;
use super::http::Server;

/// The one token that may write.
pub(crate) const TOKEN: &str = "ghs_the-secret-of-this-job";
/// Who that token posts as.
pub(crate) const AUTHOR: &str = "github-actions[bot]";
/// The one repository there is, and its number, by which GitHub's own links name it.
const REPOSITORY: &str = "/repos/octo/shop";
const REPOSITORY_BY_ID: &str = "/repositories/1296269";
/// Its one pull request.
pub(crate) const NUMBER: u64 = 7;

/// A comment on the pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    /// `None` for a deleted account.
    pub(crate) author: Option<String>,
    pub(crate) body: String,
}

/// What happens to the next request of a method, instead of or beside what it asks for.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// It is answered like this, and nothing is done.
    Answer { status: u16, headers: Vec<(String, String)>, body: Value },
    /// It is carried out and answered 502 nevertheless.
    CarriedOut502,
    /// It is carried out, and the answer is not what the API promises.
    CarriedOutGarbled,
    /// It is carried out, and the connection breaks before the answer.
    CarriedOutHangUp,
    /// Another job posts just before or just after it is carried out.
    Beside { before: bool, comment: Comment },
    /// Somebody deletes a comment just before.
    Deleted(u64),
    /// No answer comes.
    Silence,
    /// Its answer says that the next page lies there.
    NextPageAt(String),
}

impl Fault {
    /// Refuses a request the way GitHub words it.
    pub(crate) fn status(status: u16, message: &str) -> Fault {
        let body = json!({ "message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string() });
        Fault::Answer { status, headers: Vec::new(), body }
    }

    /// Sends a request somewhere else.
    pub(crate) fn redirect(status: u16, location: &str) -> Fault {
        let body = json!({ "message": "Moved", "url": location });
        Fault::Answer { status, headers: vec![("location".to_owned(), location.to_owned())], body }
    }

    /// Adds a header to an answer.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Fault {
        if let Fault::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// The server, and what it remembers.
pub(crate) struct GitHub {
    state: Arc<Mutex<State>>,
    server: Server,
}

#[derive(Default)]
struct State {
    comments: Vec<Comment>,
    /// Who reviewed which commit, and what they decided.
    reviews: Vec<(String, String, String)>,
    last_id: u64,
    faults: Vec<(String, Fault)>,
    requests: Vec<Request>,
    wrong: Vec<String>,
    url: String,
    prefix: String,
}

impl GitHub {
    /// Starts the server with its API below `prefix`, which is empty or `/api/v3`.
    pub(crate) fn start(prefix: &str) -> GitHub {
        let state = Arc::new(Mutex::new(State { prefix: prefix.to_owned(), ..State::default() }));
        let (shared, description) = (Arc::clone(&state), Description::new());
        let server = Server::start(move |request| answer(&shared, &description, request));
        state.lock().unwrap().url = server.url();
        GitHub { state, server }
    }

    /// Returns the address of the API.
    pub(crate) fn url(&self) -> String {
        format!("{}{}", self.server.url(), self.state().prefix)
    }

    /// Adds a comment, as if somebody had written it before.
    pub(crate) fn planted(&self, author: Option<&str>, body: &str) -> u64 {
        self.state().add(author, body)
    }

    /// Makes the next request of `method` that has no fault yet meet this one.
    pub(crate) fn next(&self, method: &str, fault: Fault) {
        self.state().faults.push((method.to_owned(), fault));
    }

    /// Returns all comments, the oldest first.
    pub(crate) fn reviewed(&self, login: &str, commit: &str, state: &str) {
        let review = (login.to_owned(), commit.to_owned(), state.to_owned());
        self.state().reviews.push(review);
    }

    /// Returns the comments as they stand.
    pub(crate) fn comments(&self) -> Vec<Comment> {
        self.state().comments.clone()
    }

    /// Returns the methods of all requests since the last call, in their order.
    pub(crate) fn methods(&self) -> Vec<String> {
        std::mem::take(&mut self.state().requests)
            .into_iter()
            .map(|request| request.method)
            .collect()
    }

    /// Returns all requests since the last call to this or to [`GitHub::methods`].
    pub(crate) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state().requests)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Drop for GitHub {
    fn drop(&mut self) {
        let wrong = std::mem::take(&mut self.state().wrong);
        assert!(
            std::thread::panicking() || wrong.is_empty(),
            "against GitHub's description: {wrong:#?}"
        );
    }
}

/// Answers one request, and notes what its description has against it.
fn answer(state: &Mutex<State>, description: &Description, mut request: Request) -> Reply {
    let mut state = state.lock().unwrap();
    state.requests.push(request.clone());
    let path = request.target.strip_prefix(&state.prefix).unwrap_or(&request.target);
    // Descriptions and routes know a repository by its name alone.
    request.target = path.replacen(REPOSITORY_BY_ID, REPOSITORY, 1);
    let mut wrong = description.faults_of_request(&request);
    wrong.extend(faults_of_headers(&request));
    let fault = state.faults.iter().position(|(method, _)| *method == request.method);
    let fault = fault.map(|index| state.faults.remove(index).1);
    let (reply, judged) = state.meet(&request, fault);
    if let (Reply::Answer { status, body, .. }, true) = (&reply, judged) {
        wrong.extend(description.faults_of_answer(&request, *status, body));
    }
    let place = format!("{} {}: ", request.method, request.target);
    state.wrong.extend(wrong.into_iter().map(|fault| format!("{place}{fault}")));
    reply
}

/// Checks what GitHub's documentation asks of every request, and its description does not hold.
fn faults_of_headers(request: &Request) -> Vec<String> {
    let expected =
        [("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28")];
    let mut faults = Vec::new();
    for (name, value) in expected {
        if request.header(name) != [value] {
            faults.push(format!("header `{name}` is {:?}", request.header(name)));
        }
    }
    if request.header("user-agent").len() != 1 {
        faults.push("not exactly one `user-agent`".to_owned());
    }
    if request.header("authorization").len() != 1 {
        faults.push("not exactly one `authorization`".to_owned());
    }
    faults
}

impl State {
    fn add(&mut self, author: Option<&str>, body: &str) -> u64 {
        self.last_id += 1;
        self.comments.push(Comment {
            id: self.last_id,
            author: author.map(str::to_owned),
            body: body.to_owned(),
        });
        self.last_id
    }

    /// Answers a request that meets a fault; says too whether the answer should be as described.
    fn meet(&mut self, request: &Request, fault: Option<Fault>) -> (Reply, bool) {
        match fault {
            None => (self.carry_out(request), true),
            Some(Fault::Answer { status, headers, body }) => (
                Reply::Answer { status, headers, body: body.to_string().into_bytes() },
                status >= 400,
            ),
            Some(Fault::CarriedOut502) => {
                self.carry_out(request);
                (json_reply(502, &json!({ "message": "Bad Gateway" })), false)
            }
            Some(Fault::CarriedOutGarbled) => {
                self.carry_out(request);
                (json_reply(201, &json!({ "id": null })), false)
            }
            Some(Fault::CarriedOutHangUp) => {
                self.carry_out(request);
                (Reply::HangUp, false)
            }
            Some(Fault::Beside { before, comment }) => {
                if before {
                    self.add(comment.author.as_deref(), &comment.body);
                }
                let reply = self.carry_out(request);
                if !before {
                    self.add(comment.author.as_deref(), &comment.body);
                }
                (reply, true)
            }
            Some(Fault::Deleted(id)) => {
                self.comments.retain(|comment| comment.id != id);
                (self.carry_out(request), true)
            }
            Some(Fault::Silence) => (Reply::Silence, false),
            Some(Fault::NextPageAt(address)) => match self.carry_out(request) {
                Reply::Answer { status, body, .. } => {
                    let link = ("link".to_owned(), format!("<{address}>; rel=\"next\""));
                    (Reply::Answer { status, headers: vec![link], body }, true)
                }
                other => (other, true),
            },
        }
    }

    fn carry_out(&mut self, request: &Request) -> Reply {
        if request.header("authorization") != [format!("Bearer {TOKEN}")] {
            return refusal(401, "Bad credentials");
        }
        let path = request.target.split('?').next().unwrap();
        let id = path
            .strip_prefix(&format!("{REPOSITORY}/issues/comments/"))
            .and_then(|id| id.parse().ok());
        let of_pull_request = path == format!("{REPOSITORY}/issues/{NUMBER}/comments");
        let reviews = format!("{REPOSITORY}/pulls/{NUMBER}/reviews");
        match (request.method.as_str(), id) {
            ("GET", None) if path == reviews => self.list_reviews(),
            ("GET", None) if of_pull_request => self.list(request),
            ("POST", None) if of_pull_request => match body_of(request) {
                Ok(body) => {
                    let id = self.add(Some(AUTHOR), &body);
                    json_reply(201, &self.shown(id))
                }
                Err(refusal) => refusal,
            },
            ("PATCH", Some(id)) => self.update(request, id),
            ("DELETE", Some(id)) => match self.comments.iter().position(|comment| comment.id == id)
            {
                Some(index) => {
                    self.comments.remove(index);
                    Reply::Answer { status: 204, headers: Vec::new(), body: Vec::new() }
                }
                None => refusal(404, "Not Found"),
            },
            _ => refusal(404, "Not Found"),
        }
    }

    fn list_reviews(&self) -> Reply {
        let reviews = self.reviews.iter().enumerate().map(|(index, (login, commit, state))| {
            let number = index + 1;
            json!({
                "id": number,
                "node_id": format!("PRR_{number}"),
                "user": user(&self.url, login),
                "body": "",
                "state": state,
                "html_url": format!("https://github.com/octo/shop/pull/{NUMBER}#review-{number}"),
                "pull_request_url": format!("{}{}{REPOSITORY}/pulls/{NUMBER}", self.url, self.prefix),
                "_links": { "html": { "href": "h" }, "pull_request": { "href": "p" } },
                "submitted_at": "2026-11-02T08:00:00Z",
                "commit_id": commit,
                "author_association": "NONE",
            })
        });
        json_reply(200, &Value::from(reviews.collect::<Vec<Value>>()))
    }

    fn update(&mut self, request: &Request, id: u64) -> Reply {
        let body = match body_of(request) {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        match self.comments.iter_mut().find(|comment| comment.id == id) {
            Some(comment) => comment.body = body,
            None => return refusal(404, "Not Found"),
        }
        json_reply(200, &self.shown(id))
    }

    fn list(&self, request: &Request) -> Reply {
        let query = query_of(request);
        let number = |name: &str, usual: usize| {
            query
                .iter()
                .find(|(key, _)| key == name)
                .map_or(usual, |(_, text)| text.parse().unwrap())
        };
        let (length, page) = (number("per_page", 30).clamp(1, 100), number("page", 1).max(1));
        let pages = self.comments.len().div_ceil(length).max(1);
        let shown: Vec<Value> = self
            .comments
            .iter()
            .skip((page - 1) * length)
            .take(length)
            .map(|comment| self.shown(comment.id))
            .collect();
        let link = |page: usize, relation: &str| {
            let base =
                format!("{}{}{REPOSITORY_BY_ID}/issues/{NUMBER}/comments", self.url, self.prefix);
            format!("<{base}?per_page={length}&page={page}>; rel=\"{relation}\"")
        };
        let mut links = Vec::new();
        if page > 1 {
            links.push(link(page - 1, "prev"));
        }
        if page < pages {
            links.extend([link(page + 1, "next"), link(pages, "last")]);
        }
        let headers =
            if links.is_empty() { Vec::new() } else { vec![("link".to_owned(), links.join(", "))] };
        Reply::Answer { status: 200, headers, body: Value::from(shown).to_string().into_bytes() }
    }

    /// Draws a comment as GitHub does.
    fn shown(&self, id: u64) -> Value {
        let comment = self.comments.iter().find(|comment| comment.id == id).unwrap();
        let api = format!("{}{}{REPOSITORY}", self.url, self.prefix);
        json!({
            "id": id,
            "node_id": format!("IC_{id}"),
            "url": format!("{api}/issues/comments/{id}"),
            "html_url": format!("https://github.com/octo/shop/pull/{NUMBER}#issuecomment-{id}"),
            "issue_url": format!("{api}/issues/{NUMBER}"),
            "user": comment.author.as_deref().map(|login| user(&self.url, login)),
            "created_at": "2026-11-02T08:00:00Z",
            "updated_at": "2026-11-02T08:00:00Z",
            "author_association": "NONE",
            "body": comment.body,
            "performed_via_github_app": null,
        })
    }
}

/// Draws an account as GitHub does.
fn user(url: &str, login: &str) -> Value {
    let name = login.trim_end_matches("[bot]");
    let mut user = json!({
        "login": login, "id": 41_898_282, "node_id": "MDM6Qm90", "gravatar_id": "",
        "avatar_url": format!("{url}/avatars/{name}"), "html_url": format!("https://github.com/{name}"),
        "url": format!("{url}/users/{name}"), "type": if name == login { "User" } else { "Bot" }, "site_admin": false,
    });
    for list in [
        "followers",
        "following",
        "gists",
        "starred",
        "subscriptions",
        "repos",
        "events",
        "received_events",
    ] {
        user[format!("{list}_url")] = Value::from(format!("{url}/users/{name}/{list}"));
    }
    user["organizations_url"] = Value::from(format!("{url}/users/{name}/orgs"));
    user
}

/// Reads the text that a request wants to write, if GitHub takes it.
fn body_of(request: &Request) -> Result<String, Reply> {
    let value: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let body = value["body"].as_str().unwrap_or_default();
    if body.is_empty() || body.chars().count() > 65_536 {
        let problem = json!({ "resource": "IssueComment", "code": "unprocessable", "field": "data", "message": "Body is too long (maximum is 65536 characters)" });
        let body = json!({ "message": "Validation Failed", "errors": [problem], "documentation_url": "https://docs.github.com/rest" });
        return Err(json_reply(422, &body));
    }
    Ok(body.to_owned())
}

fn refusal(status: u16, message: &str) -> Reply {
    json_reply(
        status,
        &json!({ "message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string() }),
    )
}

fn json_reply(status: u16, body: &Value) -> Reply {
    let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
    Reply::Answer { status, headers, body: body.to_string().into_bytes() }
}
