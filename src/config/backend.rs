//! `[backend.NAME]`: where good and valid events are measured, and which source it answers.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::config::decode::Decoder;
use crate::config::decode::Length;
use crate::config::decode::Node;
use crate::config::decode::Table;
use crate::config::decode::short;
use crate::config::expand;
use crate::config::nearest::nearest;
use crate::config::stays_inside;
use crate::quantity::Duration;
use crate::quantity::Unit;
use crate::source::Spanned;

/// The `type` of everything that answers the HTTP API of Prometheus.
pub const PROMETHEUS: &str = "prometheus";

/// The `type` of a file of recorded measurements.
pub const RECORDED: &str = "recorded";

/// The keys of `[backend.NAME]`.
pub(super) const KEYS: &[&str] = &[
    "type",
    "url",
    "path",
    "sources",
    "bearer-token-env",
    "basic-user-env",
    "basic-password-env",
    "headers",
    "ca-file",
    "client-cert-file",
    "client-key-file",
    "timeout",
    "deadline",
    "retries",
    "concurrency",
    "scrape-interval",
    "sample",
];

/// Headers that say who asks, and so may not hold their value in plain text.
const SECRET_HEADERS: &[&str] = &["authorization", "proxy-authorization", "cookie"];

/// Where good and valid events are measured.
///
/// Every string may hold `${NAME}` and has to pass [`expand`](crate::config::expand) before it is
/// used; a path has to pass [`stays_inside`] again afterwards.
#[derive(Clone, Debug)]
pub struct Backend {
    /// `type`: [`PROMETHEUS`], [`RECORDED`], or one that this version may not speak.
    pub kind: Spanned<String>,
    /// `url`: the address that the API's own path is added to; always there for `prometheus`.
    pub url: Option<Spanned<String>>,
    /// `path`: the file from the root; always there for `recorded`.
    pub path: Option<Spanned<String>>,
    /// `sources`: names of DataSources and types of sources that this backend answers.
    pub sources: Vec<String>,
    /// `bearer-token-env`: the variable that holds the token.
    pub bearer_token_env: Option<String>,
    /// `basic-user-env`: the variable that holds the user.
    pub basic_user_env: Option<String>,
    /// `basic-password-env`: the variable that holds the password.
    pub basic_password_env: Option<String>,
    /// `headers`: sent with every request, by name.
    pub headers: BTreeMap<String, String>,
    /// `ca-file`: certificates to trust besides those of the system.
    pub ca_file: Option<String>,
    /// `client-cert-file`: the certificate to show; comes with `client_key_file`.
    pub client_cert_file: Option<String>,
    /// `client-key-file`: the key of that certificate.
    pub client_key_file: Option<String>,
    /// `timeout` of one request; 30 seconds by default, an hour at most.
    pub timeout: Duration,
    /// `deadline`: how long everything that is asked of the backend for the definitions of one tree
    /// may take; 5 minutes by default, an hour at most. Those of a change come after the agreed ones.
    pub deadline: Duration,
    /// `retries` after a failed request; 3 by default, 10 at most.
    pub retries: u32,
    /// `concurrency`: requests at one time; 4 by default, 1 to 64.
    pub concurrency: u32,
    /// `scrape-interval`: how often the backend takes samples.
    pub scrape_interval: Option<Duration>,
    /// `sample`: how often a threshold metric is compared with its objective; every minute by default.
    pub sample: Duration,
}

impl Backend {
    /// Returns whether the backend is a file of recorded measurements.
    pub fn is_recorded(&self) -> bool {
        self.kind.value == RECORDED
    }
}

/// Why no backend answers a source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoBackend {
    /// No backend fits: the state of the SLO is Error, with reason `no-backend`.
    #[error("no backend of `slo.toml` answers the source")]
    NoneFits,
    /// Several fit, by name: the configuration is wrong.
    #[error("several backends of `slo.toml` answer the source: `{}`", .0.join("`, `"))]
    SeveralFit(Vec<String>),
}

/// Why no request may be sent to an address; it never repeats the address, which may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// A user or a password stands before the host, and would be seen wherever the address is.
    #[error("`url` holds a user or a password")]
    Credentials,
    /// It holds a space or a control character.
    #[error("`url` holds a space or a control character")]
    Blank,
    /// It starts with neither `http://` nor `https://`.
    #[error("`url` is not an address of HTTP")]
    NotHttp,
    /// Nothing stands where the host should.
    #[error("`url` names no host")]
    NoHost,
}

impl AddressFault {
    /// Returns what to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Credentials => "use `basic-user-env` and `basic-password-env`",
            Self::Blank => "write `%20` for a space",
            Self::NotHttp => "start it with `https://` or `http://`",
            Self::NoHost => "write `https://HOST`",
        }
    }
}

/// Returns why no request may be sent to an address, if that is so.
pub fn address_fault(url: &str) -> Option<AddressFault> {
    let lower = url.to_ascii_lowercase();
    let rest = ["http://", "https://"].iter().find_map(|scheme| lower.strip_prefix(scheme));
    let authority = rest.unwrap_or(&lower).split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        Some(AddressFault::Credentials)
    } else if url.contains(|it: char| it.is_whitespace() || it.is_control()) {
        Some(AddressFault::Blank)
    } else if rest.is_none() {
        Some(AddressFault::NotHttp)
    } else if authority.is_empty() || authority.starts_with(':') {
        Some(AddressFault::NoHost)
    } else {
        None
    }
}

impl Config {
    /// Returns the backend that answers a metric source, with its name.
    ///
    /// It is the one whose `sources` holds the name of the DataSource, else the one whose `sources`
    /// holds the type of the source or whose own type equals it, without regard to case, else the
    /// only one there is. A recorded backend answers only where no other one fits.
    ///
    /// * `source`: the name of the DataSource, if the definition refers to one.
    /// * `kind`: the type of the source, if it is known.
    ///
    /// # Errors
    ///
    /// [`NoBackend::SeveralFit`] when two fit in one of these steps, [`NoBackend::NoneFits`] when
    /// none fits in any.
    pub fn backend_for(
        &self,
        source: Option<&str>,
        kind: Option<&str>,
    ) -> Result<(&str, &Backend), NoBackend> {
        let is_same = |left: &str, right: &str| left.to_lowercase() == right.to_lowercase();
        let by_name = |backend: &Backend| {
            source.is_some_and(|source| backend.sources.iter().any(|name| name == source))
        };
        let by_kind = |backend: &Backend| {
            kind.is_some_and(|kind| {
                is_same(&backend.kind.value, kind)
                    || backend.sources.iter().any(|name| is_same(name, kind))
            })
        };
        let steps: [&dyn Fn(&Backend) -> bool; 3] = [&by_name, &by_kind, &|_| true];
        for fits in steps {
            let fitting = || self.backends.iter().filter(|(_, backend)| fits(backend));
            let mut found: Vec<_> = fitting().filter(|(_, it)| !it.is_recorded()).collect();
            if found.is_empty() {
                found = fitting().collect();
            }
            match found[..] {
                [] => {}
                [(name, backend)] => return Ok((name, backend)),
                _ => {
                    let names = found.iter().map(|(name, _)| (*name).clone());
                    return Err(NoBackend::SeveralFit(names.collect()));
                }
            }
        }
        Err(NoBackend::NoneFits)
    }
}

/// Reads `[backend]`.
pub(super) fn decode(decoder: &mut Decoder, node: &Node<'_>) -> BTreeMap<String, Backend> {
    let mut backends = BTreeMap::new();
    let Some(table) = decoder.table("`[backend]`", node) else {
        return backends;
    };
    for (name, node) in table.iter() {
        let shown = format!("`[backend.{}]`", short(name.get_ref()));
        let Some(table) = decoder.table(shown, node) else {
            continue;
        };
        decoder.check_keys(&table, KEYS);
        let Some(kind) = kind(decoder, &table, name.span()) else {
            continue;
        };
        let backend = read(decoder, &table, kind);
        check(decoder, &table, name.span(), &backend);
        backends.insert(name.get_ref().to_string(), backend);
    }
    backends
}

/// Reads `type`, which every backend has.
fn kind(
    decoder: &mut Decoder,
    table: &Table<'_, '_>,
    name: std::ops::Range<usize>,
) -> Option<Spanned<String>> {
    let known = [PROMETHEUS, RECORDED];
    let Some(node) = table.get("type") else {
        let hint = format!("add `type = \"{PROMETHEUS}\"` or `type = \"{RECORDED}\"`");
        decoder.problem(name, format!("{} has no `type`", table.name), Some(hint));
        return None;
    };
    let kind = decoder.string("type", node)?;
    // A type far from every known one may be that of a later version: it answers nothing here, and
    // what it is asked for is in state Error.
    if !known.contains(&kind.value.as_str())
        && let Some(meant) = nearest(&kind.value, &known)
    {
        let message = format!("`type` does not know `{}`", short(&kind.value));
        decoder.problem(node.span(), message, Some(format!("did you mean `{meant}`?")));
    }
    Some(kind)
}

/// Reads every key but `type`.
fn read(decoder: &mut Decoder, table: &Table<'_, '_>, kind: Spanned<String>) -> Backend {
    let mut string = |key: &str| {
        let text = decoder.string(key, table.get(key)?)?;
        check_variables(decoder, key, &text);
        Some(text)
    };
    let url = string("url");
    let path = string("path");
    let mut text = |key: &str| string(key).map(|text| text.value);
    let ca_file = text("ca-file");
    let client_cert_file = text("client-cert-file");
    let client_key_file = text("client-key-file");
    let mut integer = |key: &str, default, range| {
        let number = table.get(key).and_then(|node| decoder.integer(key, node, range));
        number.unwrap_or(default)
    };
    let retries = integer("retries", 3, 0..=10);
    let concurrency = integer("concurrency", 4, 1..=64);
    let mut duration = |key: &str| decoder.duration(key, table.get(key)?, Length::Short);
    let timeout = duration("timeout").unwrap_or(Duration::new(30, Unit::Second));
    let deadline = duration("deadline").unwrap_or(Duration::new(5, Unit::Minute));
    let scrape_interval = duration("scrape-interval");
    let sample = duration("sample").unwrap_or(Duration::new(1, Unit::Minute));
    let sources = table.get("sources").and_then(|node| decoder.texts("sources", node));
    Backend {
        kind,
        url,
        path,
        sources: sources.unwrap_or_default(),
        bearer_token_env: variable(decoder, table, "bearer-token-env"),
        basic_user_env: variable(decoder, table, "basic-user-env"),
        basic_password_env: variable(decoder, table, "basic-password-env"),
        headers: headers(decoder, table),
        ca_file,
        client_cert_file,
        client_key_file,
        timeout,
        deadline,
        retries,
        concurrency,
        scrape_interval,
        sample,
    }
}

/// Reads the name of a variable that holds a secret.
///
/// A message never repeats the value: who takes the key for the secret itself writes the secret.
fn variable(decoder: &mut Decoder, table: &Table<'_, '_>, key: &str) -> Option<String> {
    let text = decoder.string(key, table.get(key)?)?;
    if expand::is_name(&text.value) {
        return Some(text.value);
    }
    let message = format!("`{key}` expects the name of an environment variable");
    let hint = format!("write the bare name: `{key} = \"PROMETHEUS_SECRET\"`");
    decoder.problem(text.span.range(), message, Some(hint));
    None
}

/// Reads `headers`.
fn headers(decoder: &mut Decoder, table: &Table<'_, '_>) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    let Some(table) = table.get("headers").and_then(|node| decoder.table("`headers`", node)) else {
        return headers;
    };
    for (key, node) in table.iter() {
        let name = key.get_ref().to_string();
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            let message = format!("`{}` is not the name of a header", short(&name));
            decoder.problem(key.span(), message, None);
            continue;
        }
        let Some(value) = decoder.string(&name, node) else {
            continue;
        };
        check_variables(decoder, &name, &value);
        if value.value.chars().any(char::is_control) {
            let message = format!("header `{name}` holds a control character");
            decoder.problem(node.span(), message, None);
        }
        let is_secret = SECRET_HEADERS.contains(&name.to_ascii_lowercase().as_str());
        if is_secret && !expand::has_variable(&value.value) {
            let hint = "use `bearer-token-env`, or write the secret as `${NAME}`".to_owned();
            let message = format!("header `{name}` holds a secret in plain text");
            decoder.problem(node.span(), message, Some(hint));
        }
        headers.insert(name, value.value);
    }
    headers
}

/// Notes a `${` that starts no variable.
fn check_variables(decoder: &mut Decoder, key: &str, text: &Spanned<String>) {
    if expand::broken(&text.value).is_some() {
        let hint =
            "write `${NAME}`, with a name of ASCII letters, digits and `_`; `$${` is a plain `${`";
        let message = format!("`{key}` holds a `${{` that starts no variable");
        decoder.problem(text.span.range(), message, Some(hint.to_owned()));
    }
}

/// Notes what does not go together in one backend.
fn check(
    decoder: &mut Decoder,
    table: &Table<'_, '_>,
    name: std::ops::Range<usize>,
    backend: &Backend,
) {
    let has = |key: &str| table.get(key).is_some();
    let kind = backend.kind.value.as_str();
    for (needs, key, other) in [(PROMETHEUS, "url", "path"), (RECORDED, "path", "url")] {
        if kind != needs {
            continue;
        }
        if !has(key) {
            let message = format!("{} has no `{key}`, which `{needs}` needs", table.name);
            decoder.problem(name.clone(), message, None);
        }
        if let Some(node) = table.get(other) {
            let message = format!("`{other}` means nothing to a backend of type `{needs}`");
            decoder.problem(node.span(), message, Some(format!("it reads `{key}`")));
        }
    }
    if let Some(url) = &backend.url {
        check_url(decoder, url);
    }
    if let Some(path) = &backend.path
        && !stays_inside(&path.value)
    {
        let message = "`path` leaves the repository".to_owned();
        let hint = "write it from the root, with `/` and without `..`".to_owned();
        decoder.problem(path.span.range(), message, Some(hint));
    }
    let needed = [
        ("basic-password-env", "basic-user-env"),
        ("client-cert-file", "client-key-file"),
        ("client-key-file", "client-cert-file"),
    ];
    for (key, other) in needed {
        if let Some(node) = table.get(key).filter(|_| !has(other)) {
            decoder.problem(node.span(), format!("`{key}` needs `{other}` beside it"), None);
        }
    }
    if let Some(node) = table.get("bearer-token-env").filter(|_| has("basic-user-env")) {
        let message = "`bearer-token-env` and `basic-user-env` exclude each other".to_owned();
        decoder.problem(node.span(), message, None);
    }
}

/// Notes an address that no request can be sent to, or that holds a secret.
fn check_url(decoder: &mut Decoder, url: &Spanned<String>) {
    let fault = address_fault(&url.value);
    // What a variable holds is known when a request is sent.
    let is_open = fault == Some(AddressFault::NotHttp) && expand::has_variable(&url.value);
    if let Some(fault) = fault.filter(|_| !is_open) {
        decoder.problem(url.span.range(), fault.to_string(), Some(fault.hint().to_owned()));
    }
}
