//! Requests to a server: who asks, how often again, and what an answer may be.
//!
//! # Why
//!
//! Redirects are never followed: a token that follows one is a token given away. A query goes by
//! POST, since long ones break the limits of addresses, and by GET once a server forbids POST. A
//! server that answers nothing and lets three requests fail, each with all its retries, is not asked
//! again by this client, so that a dead one costs minutes and not hours; one that has answered is asked
//! until the `deadline` is over. So queries that fail speak of themselves: whoever proposes a change
//! chooses which services it touches, and must not lose one's numbers by another's. What a change
//! proposes is asked by a client of its own.
//!
//! # Source
//!
//! Thanos, Query API: `partial_response` and `max_source_resolution`; without the latter a querier
//! with automatic downsampling answers from means of minutes or hours, in which `rate` over a short
//! range finds nothing. VictoriaMetrics, cluster version: `deny_partial_response`. Others ignore
//! what they do not know; one that refuses it is asked without.

use std::fmt;
use std::io::Read;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ureq::Agent;
use ureq::http::Response;

use crate::backend::World;
use crate::budget::Failure;
use crate::config::Backend;
use crate::config::address_fault;

use super::answer;
use super::secret::Secrets;
use super::secret::Vault;
use super::tls;

/// The largest answer that is read, in bytes, unpacked: several times one full page of one series.
const LARGEST_BODY: u64 = 4 * 1024 * 1024;

/// The parameters that ask for whole answers, from samples as they were taken.
const WHOLE: [(&str, &str); 3] = [
    ("partial_response", "false"),
    ("deny_partial_response", "1"),
    ("max_source_resolution", "0s"),
];

/// The share of the `timeout` after which the server is to give up a query, in thousandths: before this
/// client does, so that it says so itself and no request counts as lost.
const GIVEN_UP_PERMILLE: u64 = 900;

/// How many requests may fail before a server that has answered none is given up.
const MOST_LOST: u32 = 3;

/// The first pause between two attempts; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest pause, also when the server asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A server, and what has been learned about it while asking for the definitions of one tree.
pub(super) struct Client<'a> {
    agent: Agent,
    /// The address without its query and without a slash at the end.
    base: String,
    /// The query of the address, with its `?`.
    query: String,
    headers: Vec<(String, String)>,
    secrets: Secrets,
    retries: u32,
    timeout_seconds: u64,
    pause: &'a (dyn Fn(Duration) + Sync),
    elapsed: &'a (dyn Fn() -> Duration + Sync),
    /// How long everything may take, and until when that is.
    deadline: crate::quantity::Duration,
    until: Duration,
    only_get: AtomicBool,
    /// Whether the server refuses parameters that it does not know.
    only_known: AtomicBool,
    /// Whether the server has answered anything.
    is_alive: AtomicBool,
    lost: AtomicU32,
}

/// How one attempt ended.
enum Attempt {
    Answered(Vec<u8>),
    /// Another attempt may succeed, after the pause that the server asks for.
    Again(Failure, Option<Duration>),
    /// The server gave up this query; another attempt may succeed.
    GivenUp(Failure, Option<Duration>),
    Failed(Failure),
    /// The server forbids POST.
    PostForbidden,
    /// The server does not know a parameter of [`WHOLE`], and minds.
    ParameterUnknown,
}

impl<'a> Client<'a> {
    /// Prepares to ask a server; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Failure::Unreachable`] names the variable or the file that is missing.
    pub(super) fn new(backend: &Backend, world: &World<'a>) -> Result<Self, Failure> {
        let vault = Vault::new(world.variables);
        let url = backend.url.as_ref().map(|url| url.value.as_str()).unwrap_or_default();
        let written = url;
        let url = vault.expand(written)?;
        if let Some(fault) = address_fault(&url) {
            return Err(Failure::Unreachable(format!("{fault}: {}", fault.hint())));
        }
        vault.keep_address(written, &url);
        let (base, query) = match url.split_once('?') {
            Some((base, query)) => (base, format!("?{query}")),
            None => (url.as_str(), String::new()),
        };
        let base = base.trim_end_matches('/').to_owned();
        let headers = headers(backend, &vault)?;
        let timeout_seconds = backend.timeout.nominal_seconds().max(1);
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("slo/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls::config(backend, &vault, world.files)?);
        if is_this_machine(&base) {
            config = config.proxy(None);
        }
        Ok(Self {
            agent: config.build().new_agent(),
            base,
            query,
            headers,
            secrets: vault.into_secrets(),
            retries: backend.retries,
            timeout_seconds,
            pause: world.pause,
            elapsed: world.elapsed,
            deadline: backend.deadline,
            until: (world.elapsed)() + Duration::from_secs(backend.deadline.nominal_seconds()),
            only_get: AtomicBool::new(false),
            only_known: AtomicBool::new(false),
            is_alive: AtomicBool::new(false),
            lost: AtomicU32::new(0),
        })
    }

    /// Asks for the values of a query at instants from `first` to `last`.
    ///
    /// # Errors
    ///
    /// [`Failure`] says what came instead of one series of samples.
    pub(super) fn range(
        &self,
        query: &str,
        [first, last, step]: [i64; 3],
    ) -> Result<answer::Page, Failure> {
        let [first, last, step] = [first, last, step].map(|number| number.to_string());
        let timeout = format!("{}ms", self.timeout_seconds.saturating_mul(GIVEN_UP_PERMILLE));
        let form = [
            ("query", query),
            ("start", &first),
            ("end", &last),
            ("step", &step),
            ("timeout", &timeout),
        ];
        let body = self.ask("query_range", &form)?;
        let mut page =
            answer::read(&body).map_err(|failure| self.secrets.clean_failure(failure))?;
        page.warnings.iter_mut().for_each(|warning| *warning = self.secrets.clean(warning));
        Ok(page)
    }

    /// Returns the version of a Prometheus or a Thanos, where the server tells it.
    pub(super) fn version(&self) -> Option<String> {
        let url = self.address("status/buildinfo");
        let request = self.prepared(self.agent.get(url), self.left().ok()?);
        match self.attempt(request.call(), false, &[]) {
            Attempt::Answered(body) => {
                self.is_alive.store(true, Ordering::Relaxed);
                answer::version(&body)
            }
            _ => None,
        }
    }

    /// Returns how much time is left for this run.
    fn left(&self) -> Result<Duration, Failure> {
        let left = self.until.checked_sub((self.elapsed)()).filter(|left| !left.is_zero());
        left.ok_or_else(|| {
            let text = format!("the {} that a run may take (`deadline`) are over", self.deadline);
            Failure::Unreachable(text)
        })
    }

    fn ask(&self, path: &str, form: &[(&str, &str)]) -> Result<Vec<u8>, Failure> {
        let mut attempts = 0;
        loop {
            let is_alive = self.is_alive.load(Ordering::Relaxed);
            if !is_alive && self.lost.load(Ordering::Relaxed) >= MOST_LOST {
                let text = format!("given up: no answer, and {MOST_LOST} requests that failed");
                return Err(Failure::Unreachable(text));
            }
            let by_get = self.only_get.load(Ordering::Relaxed);
            let whole = self.whole();
            let pairs = form.iter().chain(&whole).copied();
            let (url, left) = (self.address(path), self.left()?);
            let response = if by_get {
                self.prepared(self.agent.get(url), left).query_pairs(pairs).call()
            } else {
                self.prepared(self.agent.post(url), left).send_form(pairs)
            };
            let (failure, wanted, is_lost) = match self.attempt(response, !by_get, &whole) {
                Attempt::Answered(body) => {
                    self.is_alive.store(true, Ordering::Relaxed);
                    return Ok(body);
                }
                Attempt::PostForbidden => {
                    self.only_get.store(true, Ordering::Relaxed);
                    continue;
                }
                Attempt::ParameterUnknown => {
                    self.only_known.store(true, Ordering::Relaxed);
                    continue;
                }
                Attempt::Failed(failure) => return Err(self.secrets.clean_failure(failure)),
                Attempt::Again(failure, wanted) => (failure, wanted, true),
                Attempt::GivenUp(failure, wanted) => (failure, wanted, false),
            };
            let usual = FIRST_PAUSE.saturating_mul(1 << attempts.min(16));
            let pause = wanted.unwrap_or(usual).min(LONGEST_PAUSE);
            if attempts >= self.retries || self.left()? <= pause {
                self.lost.fetch_add(u32::from(is_lost), Ordering::Relaxed);
                return Err(self.secrets.clean_failure(failure));
            }
            (self.pause)(pause);
            attempts += 1;
        }
    }

    /// Returns the parameters that ask for whole answers; what the address says itself stands.
    fn whole(&self) -> Vec<(&'static str, &'static str)> {
        let said = |name: &str| {
            let mut pairs = self.query.trim_start_matches('?').split('&');
            pairs.any(|pair| pair.split('=').next() == Some(name))
        };
        let is_sent = !self.only_known.load(Ordering::Relaxed);
        WHOLE.into_iter().filter(|(name, _)| is_sent && !said(name)).collect()
    }

    fn address(&self, path: &str) -> String {
        format!("{}/api/v1/{path}{}", self.base, self.query)
    }

    /// Adds the headers, and the time that the request and its answer may take together.
    fn prepared<B>(
        &self,
        request: ureq::RequestBuilder<B>,
        left: Duration,
    ) -> ureq::RequestBuilder<B> {
        let timeout = Duration::from_secs(self.timeout_seconds).min(left);
        let request = request.config().timeout_global(Some(timeout)).build();
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    fn attempt(
        &self,
        response: Result<Response<ureq::Body>, ureq::Error>,
        by_post: bool,
        whole: &[(&str, &str)],
    ) -> Attempt {
        let mut response = match response {
            Ok(response) => response,
            Err(error) => return self.broken(&error),
        };
        let status = response.status().as_u16();
        let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
        let wanted = header("retry-after").and_then(|text| text.trim().parse().ok());
        let wanted = wanted.map(Duration::from_secs);
        let location = header("location");
        let mut body = Vec::new();
        let read = response.body_mut().as_reader().take(LARGEST_BODY + 1).read_to_end(&mut body);
        if by_post && matches!(status, 403 | 405) {
            return Attempt::PostForbidden;
        }
        if let Err(error) = read {
            let kind = error.kind();
            if let ureq::Error::Timeout(_) = ureq::Error::from(error) {
                return self.too_slow();
            }
            let text = format!("the answer broke off: {kind}");
            return Attempt::Again(Failure::Unreachable(text), None);
        }
        if body.len() as u64 > LARGEST_BODY {
            let text = format!(
                "an answer of more than {} MiB: is the query aggregated?",
                LARGEST_BODY / 1024 / 1024
            );
            return Attempt::Failed(Failure::Malformed(text));
        }
        let said = answer::error(&body).map(|text| format!("HTTP {status}: {text}"));
        let plain = || format!("HTTP {status}");
        match status {
            200..=299 => Attempt::Answered(body),
            300..=399 => {
                let host = location.as_deref().map(host).unwrap_or_default();
                let text = format!("HTTP {status}: redirected to `{host}`, which is not followed");
                Attempt::Failed(Failure::Refused(text))
            }
            400 if minds(&body, whole) => Attempt::ParameterUnknown,
            503 if answer::is_given_up(&body) => {
                Attempt::GivenUp(Failure::Refused(said.unwrap_or_else(plain)), wanted)
            }
            429 | 500..=599 => {
                let failure = said.map(Failure::Refused);
                Attempt::Again(failure.unwrap_or_else(|| Failure::Unreachable(plain())), wanted)
            }
            _ => Attempt::Failed(Failure::Refused(said.unwrap_or_else(plain))),
        }
    }

    /// Says that there is no answer yet.
    fn too_slow(&self) -> Attempt {
        match self.left() {
            Ok(_) => {
                let text = format!("no answer in {} s", self.timeout_seconds);
                Attempt::Again(Failure::Unreachable(text), None)
            }
            Err(over) => Attempt::Failed(over),
        }
    }

    /// Says why there is no answer; never with the address, whose query may be long.
    fn broken(&self, error: &ureq::Error) -> Attempt {
        let again = |text: String| Attempt::Again(Failure::Unreachable(text), None);
        match error {
            ureq::Error::Timeout(_) => self.too_slow(),
            ureq::Error::HostNotFound => again("the host is not known".to_owned()),
            ureq::Error::ConnectionFailed => again("no connection".to_owned()),
            // This is how a failed handshake of TLS arrives.
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Attempt::Failed(Failure::Unreachable(format!("TLS: {error}")))
            }
            ureq::Error::Io(error) => again(format!("connection: {}", error.kind())),
            ureq::Error::Protocol(_) => again("an answer that is not HTTP".to_owned()),
            ureq::Error::Rustls(error) => {
                Attempt::Failed(Failure::Unreachable(format!("TLS: {error}")))
            }
            other => Attempt::Failed(Failure::Unreachable(other.to_string())),
        }
    }
}

impl fmt::Debug for Client<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Client(..)")
    }
}

/// Returns the headers that every request carries.
fn headers(backend: &Backend, vault: &Vault<'_>) -> Result<Vec<(String, String)>, Failure> {
    let mut headers = Vec::new();
    if let Some(name) = &backend.bearer_token_env {
        let token = sendable(vault.secret(name)?, name)?;
        headers.push(("authorization".to_owned(), format!("Bearer {token}")));
    } else if let Some(name) = &backend.basic_user_env {
        let user = vault.variable(name)?;
        let password = backend.basic_password_env.as_ref();
        let password = password.map(|name| vault.secret(name)).transpose()?;
        let pair = STANDARD.encode(format!("{user}:{}", password.unwrap_or_default()));
        vault.keep(&pair);
        headers.push(("authorization".to_owned(), format!("Basic {pair}")));
    }
    for (name, value) in &backend.headers {
        headers.push((name.to_ascii_lowercase(), sendable(vault.expand(value)?, name)?));
    }
    Ok(headers)
}

/// Returns a value that a header can hold.
fn sendable(value: String, name: &str) -> Result<String, Failure> {
    if value.chars().any(char::is_control) {
        let text = format!("`{name}` holds a control character, which no header can");
        return Err(Failure::Unreachable(text));
    }
    Ok(value)
}

/// Returns whether a refusal names one of the parameters that were sent.
fn minds(body: &[u8], sent: &[(&str, &str)]) -> bool {
    let text = String::from_utf8_lossy(body);
    sent.iter().any(|(name, _)| text.contains(name))
}

/// Returns the host that an address names, its scheme where it names none, or the address's own place
/// on the same host.
fn host(location: &str) -> &str {
    let is_scheme = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let parts = location.split_once("://").filter(|(scheme, _)| is_scheme(scheme));
    let Some((scheme, rest)) = parts else { return location };
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    if host.is_empty() { scheme } else { host }
}

/// Returns whether an address is one of this machine, which no proxy is asked for.
fn is_this_machine(base: &str) -> bool {
    let host = host(base);
    let port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let host = host.rsplit_once(':').filter(|(_, it)| port(it)).map_or(host, |(host, _)| host);
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback());
    }
    let is_loopback = host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback());
    is_loopback || host.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_this_machine() {
        for own in [
            "http://localhost:9090/x",
            "http://127.0.0.1",
            "http://127.9.9.9:1",
            "http://[::1]",
            "http://[::1]:9090/",
        ] {
            assert!(is_this_machine(own), "{own}");
        }
        for other in [
            "http://127.evil.example",
            "http://127.0.0.1.example:80",
            "http://[::2]",
            "http://prom",
        ] {
            assert!(!is_this_machine(other), "{other}");
        }
    }

    #[test]
    fn a_redirect_is_named_by_what_it_has() {
        assert_eq!(host("https://bob:pw@prom.example:1/a?b"), "prom.example:1");
        assert_eq!(host("file:///etc/passwd"), "file");
        assert_eq!(host("/login?next=http://a"), "/login?next=http://a");
    }
}
