//! One request to the API and its answer: where it may go, how long it may take, when it may be repeated.
//!
//! **Invariant:** a request goes to the scheme, host and port of the address that the caller named, and to no
//! other, whatever an answer says. That is checked before anything is sent, so the token cannot follow.

use std::error::Error as StdError;
use std::time::Duration;

use http::HeaderMap;
use http::Uri;
use http::header::ACCEPT;
use http::header::LINK;
use http::header::LOCATION;
use http::header::RETRY_AFTER;
use http_body_util::BodyExt as _;
use http_body_util::LengthLimitError;
use http_body_util::Limited;
use octocrab::Octocrab;
use serde::Serialize;

use crate::forge::Error;
use crate::forge::Token;
use crate::forge::comment::Pace;

/// The largest answer that is read, in bytes: a hundred comments of the greatest length, each character escaped.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// How many redirects within the API are followed, for one request.
const MOST_REDIRECTS: usize = 3;

/// The longest wait that a server can ask for, before the work is given up instead.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How much of what a server says of a failure is repeated, in characters.
const LONGEST_SAYING: usize = 200;

/// The API at one address, reached with one token.
pub(super) struct Api {
    client: Octocrab,
    base: Base,
    token: Token,
    pace: Pace,
}

/// What is asked of the API.
pub(super) struct Call<'a> {
    pub(super) method: Method<'a>,
    /// An absolute address, made by [`Api::address`] or [`Api::next_page`].
    pub(super) address: String,
    /// What is attempted and on what, for messages.
    pub(super) what: String,
}

pub(super) enum Method<'a> {
    Get,
    Post(&'a Text<'a>),
    Patch(&'a Text<'a>),
    Delete,
}

/// The body of a request that writes a comment.
#[derive(Serialize)]
pub(super) struct Text<'a> {
    pub(super) body: &'a str,
}

/// A successful answer.
pub(super) struct Answer {
    headers: HeaderMap,
    bytes: Vec<u8>,
}

/// A failed request, and whether another one may succeed.
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) again: Again,
}

#[derive(Clone, Copy)]
pub(super) enum Again {
    /// The answer is final, and nothing was done.
    Never,
    /// It may pass. Unless the method is safe to repeat, look first whether it was done.
    After(Duration),
}

impl Api {
    /// Sets up the client. Must be called inside the runtime that will use it.
    pub(super) fn new(address: &str, token: &Token, pace: &Pace) -> Result<Api, Error> {
        let base = Base::parse(address)?;
        let unavailable =
            |source| Error::ClientUnavailable { address: base.origin.to_string(), source };
        // The origin alone: the client would add a path to an address that does not start with it.
        let origin = base.origin.to_string();
        let client = Octocrab::builder()
            .base_uri(origin.as_str())
            .and_then(|builder| builder.upload_uri(origin.as_str()))
            .and_then(|builder| {
                builder
                    .personal_token(token.reveal())
                    .add_header(ACCEPT, "application/vnd.github+json".to_owned())
                    .set_connect_timeout(Some(pace.connect))
                    .set_read_timeout(Some(pace.silence))
                    .set_write_timeout(Some(pace.silence))
                    .build()
            })
            .map_err(|error| unavailable(Box::new(error)))?;
        Ok(Api { client, base, token: token.clone(), pace: pace.clone() })
    }

    /// Returns the absolute address of a path of the API, which starts with a slash.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{}{path}", self.base.origin, self.base.path)
    }

    /// Returns the address of the page after this one, or `None` on the last.
    pub(super) fn next_page(&self, answer: &Answer, what: &str) -> Result<Option<String>, Error> {
        let mut links = answer.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        links.find_map(next_link).map(|target| self.within(target, what)).transpose()
    }

    /// Sends a request that is safe to repeat, and repeats it while that may help.
    pub(super) async fn repeat(&self, call: &Call<'_>) -> Result<Answer, Error> {
        let mut attempt = 1;
        loop {
            match self.once(call).await {
                Ok(answer) => return Ok(answer),
                Err(Failure { again: Again::After(wait), .. }) if attempt < self.pace.attempts => {
                    self.wait(attempt, wait).await;
                    attempt += 1;
                }
                Err(failure) => return Err(failure.error),
            }
        }
    }

    /// Waits before the attempt that follows number `attempt`: longer each time, and never less than was asked for.
    pub(super) async fn wait(&self, attempt: u32, asked_for: Duration) {
        let doubled = self.pace.pause.saturating_mul(1 << attempt.saturating_sub(1).min(6));
        tokio::time::sleep(doubled.max(asked_for).min(LONGEST_WAIT)).await;
    }

    /// Sends a request once, following redirects inside the API.
    pub(super) async fn once(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let mut address = call.address.clone();
        for _ in 0..=MOST_REDIRECTS {
            let (status, headers, bytes) =
                self.exchange(&call.method, &address, &call.what).await?;
            let repeats_method = matches!(status, 307 | 308) || matches!(call.method, Method::Get);
            match status {
                200..=299 => return Ok(Answer { headers, bytes }),
                301 | 302 | 307 | 308 if repeats_method => {
                    let target = headers
                        .get(LOCATION)
                        .and_then(|value| value.to_str().ok())
                        .unwrap_or_default();
                    address = self.within(target, &call.what).map_err(Failure::last)?;
                }
                _ => return Err(self.failure(status, &headers, &bytes, &call.what)),
            }
        }
        Err(Failure::last(Error::LedElsewhere {
            what: call.what.clone(),
            place: "one redirect after another".to_owned(),
        }))
    }

    async fn exchange(
        &self,
        method: &Method<'_>,
        address: &str,
        what: &str,
    ) -> Result<(u16, HeaderMap, Vec<u8>), Failure> {
        let unanswered = |source| Failure {
            error: Error::Unanswered { what: what.to_owned(), source },
            again: Again::After(Duration::ZERO),
        };
        let response = match method {
            Method::Get => self.client._get(address).await,
            Method::Post(text) => self.client._post(address, Some(text)).await,
            Method::Patch(text) => self.client._patch(address, Some(text)).await,
            Method::Delete => self.client._delete(address, None::<&()>).await,
        };
        let (parts, body) = response.map_err(|error| unanswered(Box::new(error)))?.into_parts();
        let bytes = match Limited::new(body, LARGEST_ANSWER).collect().await {
            Ok(collected) => collected.to_bytes().to_vec(),
            Err(error) if error.is::<LengthLimitError>() => {
                return Err(Failure::last(Error::AnswerTooLarge {
                    what: what.to_owned(),
                    limit: LARGEST_ANSWER,
                }));
            }
            Err(error) => return Err(unanswered(error)),
        };
        Ok((parts.status.as_u16(), parts.headers, bytes))
    }

    /// Sorts an answer that is not a success.
    fn failure(&self, status: u16, headers: &HeaderMap, bytes: &[u8], what: &str) -> Failure {
        let (what, said) = (what.to_owned(), self.said(bytes));
        let asked_for = header_number(headers, RETRY_AFTER.as_str()).map(Duration::from_secs);
        let exhausted = header_number(headers, "x-ratelimit-remaining") == Some(0);
        let again = match asked_for {
            Some(wait) if wait > LONGEST_WAIT => Again::Never,
            Some(wait) => Again::After(wait),
            None => Again::After(Duration::ZERO),
        };
        match status {
            429 => Failure { error: Error::RateLimited { what, status, said }, again },
            403 if asked_for.is_some() => {
                Failure { error: Error::RateLimited { what, status, said }, again }
            }
            // The hour's allowance is spent: it comes back at a time that is too far away to wait for.
            403 if exhausted => Failure::last(Error::RateLimited { what, status, said }),
            401 | 403 | 404 | 410 => Failure::last(Error::NotAllowed { what, status, said }),
            408 | 500.. => Failure { error: Error::ServerFailed { what, status, said }, again },
            _ => Failure::last(Error::Refused { what, status, said }),
        }
    }

    /// Returns what a server said of a failure, fit for one line of a log.
    fn said(&self, bytes: &[u8]) -> String {
        let message = serde_json::from_slice::<serde_json::Value>(bytes).ok();
        let message =
            message.as_ref().and_then(|value| value.get("message")?.as_str()).unwrap_or_default();
        let message = message.replace(self.token.reveal(), "***");
        let line: String = message
            .chars()
            .map(|character| if character.is_control() { ' ' } else { character })
            .take(LONGEST_SAYING)
            .collect();
        if line.trim().is_empty() { String::new() } else { format!(" ({})", line.trim()) }
    }

    /// Returns the address that an answer leads to, if it lies in the API.
    fn within(&self, target: &str, what: &str) -> Result<String, Error> {
        let elsewhere =
            |place: &str| Error::LedElsewhere { what: what.to_owned(), place: place.to_owned() };
        if target.starts_with('/') && !target.starts_with("//") {
            return Ok(format!("{}{target}", self.base.origin));
        }
        let uri: Uri = target.parse().map_err(|_| elsewhere("an address that cannot be read"))?;
        let origin = Origin::of(&uri).ok_or_else(|| elsewhere("an address that cannot be read"))?;
        if origin != self.base.origin {
            return Err(elsewhere(&origin.to_string()));
        }
        // Written anew, so that the token is sent to the very host that the caller named.
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(format!("{origin}{path}"))
    }
}

impl Answer {
    /// Reads the JSON of an answer.
    pub(super) fn read<T: serde::de::DeserializeOwned>(&self, what: &str) -> Result<T, Error> {
        serde_json::from_slice(&self.bytes)
            .map_err(|source| Error::AnswerUnreadable { what: what.to_owned(), source })
    }
}

impl Failure {
    fn last(error: Error) -> Failure {
        Failure { error, again: Again::Never }
    }
}

/// Where requests go: an origin, and a path below which the API lies (`/api/v3` on an own server).
struct Base {
    origin: Origin,
    path: String,
}

impl Base {
    fn parse(address: &str) -> Result<Base, Error> {
        let invalid = |reason| {
            // What stands before an `@` may be a password.
            let shown = address.rsplit('@').next().unwrap_or_default().to_owned();
            Error::AddressInvalid { address: shown, reason }
        };
        let uri: Uri = address.trim().parse().map_err(|_| invalid("it is not an address"))?;
        let origin = Origin::of(&uri)
            .ok_or_else(|| invalid("it is not `https://` or `http://` and a host"))?;
        if uri.query().is_some() {
            return Err(invalid("it has a query"));
        }
        Ok(Base { origin, path: uri.path().trim_end_matches('/').to_owned() })
    }
}

/// Scheme, host and port: what a token is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    scheme: &'static str,
    host: String,
    port: u16,
}

impl Origin {
    /// Returns the origin of an absolute address; none where it names a user, or is not HTTP.
    fn of(uri: &Uri) -> Option<Origin> {
        let (scheme, usual) = match uri.scheme_str()? {
            "https" => ("https", 443),
            "http" => ("http", 80),
            _ => return None,
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let host = authority.host().to_ascii_lowercase();
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            None => usual,
        };
        (!host.is_empty()).then_some(Origin { scheme, host, port })
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let usual = if self.scheme == "https" { 443 } else { 80 };
        write!(formatter, "{}://{}", self.scheme, self.host)?;
        if self.port == usual { Ok(()) } else { write!(formatter, ":{}", self.port) }
    }
}

fn header_number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// Returns the target of `rel="next"` in a `Link` header: `<https://…?page=2>; rel="next", <…>; rel="last"`.
fn next_link(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, opened)) = rest.split_once('<') {
        let (target, after) = opened.split_once('>')?;
        let parameters = after.split_once('<').map_or(after, |(parameters, _)| parameters);
        let is_next = parameters.split([';', ',']).any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel")
                && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(target);
        }
        rest = after;
    }
    None
}

/// Runs work that waits on the network, on a runtime of its own.
///
/// # Errors
///
/// What the work returns; [`Error::ClientUnavailable`] where no runtime can be had, as inside another one;
/// [`Error::TimedOut`] after `limit`.
pub(super) fn block_on<T>(
    address: &str,
    what: &str,
    limit: Duration,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let unavailable = |source: Box<dyn StdError + Send + Sync>| Error::ClientUnavailable {
        address: address.rsplit('@').next().unwrap_or_default().to_owned(),
        source,
    };
    if tokio::runtime::Handle::try_current().is_ok() {
        return Err(unavailable(
            "a blocking function was called on a thread that must not block".into(),
        ));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| unavailable(Box::new(error)))?;
    let result = runtime.block_on(async { tokio::time::timeout(limit, work).await });
    // Not waited for: a name that is still being looked up would hold the program back.
    runtime.shutdown_background();
    result.unwrap_or_else(|_| Err(Error::TimedOut { what: what.to_owned(), limit }))
}
