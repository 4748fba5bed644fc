//! Which protocol an indicator's requests are spoken in, beside HTTP that carries it.
//!
//! **Invariant:** a protocol is declared, or a label asks for it; the look of a path is not enough where
//! other protocols have paths that look the same.

use crate::model::Meta;
use crate::query::events::EventSet;
use crate::query::form;
use crate::query::form::Form;
use crate::query::form::Named;
use crate::query::grpc;
use crate::query::status::is_status;
use crate::query::tree::Matcher;
use crate::query::values::Automata;
use crate::query::values::Values;
use crate::source::Span;

use super::Side;
use super::Sli;
use super::asked;
use super::asked::Asked;

const PROTOCOL: &str = "slo/protocol";

/// How it is known which protocol is spoken.
#[derive(Clone, Copy, Debug)]
pub enum Witness<'s, 'a> {
    /// `slo/protocol` says it, here.
    Declared(Span),
    /// A matcher asks for it.
    Asked(Asked<'s, 'a>),
}

/// A side that tells its events from the others by the HTTP status alone.
#[derive(Debug)]
pub struct ByStatus<'s, 'a> {
    /// The side: good events, or bad ones.
    pub side: &'s Side<'a>,
    /// The first matcher of the status.
    pub matcher: &'s Matcher,
}

/// Returns who speaks for an indicator: the SLOs that use it, and itself.
pub fn owners<'s>(sli: &'s Sli<'_>) -> impl Iterator<Item = &'s Meta> {
    let users = sli.queries.users.iter().map(|user| &user.slo.slo.meta);
    users.chain([&sli.queries.indicator.meta])
}

/// Returns where a protocol is declared; nothing where it is not.
pub fn declared(sli: &Sli<'_>, protocol: &str) -> Option<Span> {
    let mut found = owners(sli).filter(|meta| meta.declares(PROTOCOL, protocol));
    Some(found.next()?.declared(PROTOCOL)?.span)
}

/// Returns whether another protocol than this one is declared.
pub fn is_another(sli: &Sli<'_>, protocol: &str) -> bool {
    owners(sli).any(|meta| meta.declared(PROTOCOL).is_some() && !meta.declares(PROTOCOL, protocol))
}

/// Returns whether somebody says how failures of a protocol become an HTTP status.
pub fn is_mapped(sli: &Sli<'_>) -> bool {
    owners(sli).any(|meta| meta.declared("slo/status-mapping").is_some())
}

/// Returns how it is known that an indicator counts gRPC calls.
///
/// # Source
///
/// Istio, "Istio Standard Metrics": `request_protocol`; OpenTelemetry semantic conventions for RPC:
/// `rpc.system`.
pub fn grpc<'s, 'a>(sli: &'s Sli<'a>, automata: &Automata) -> Option<Witness<'s, 'a>> {
    const LABELS: [&str; 3] = ["request_protocol", "rpc_system", "rpc.system"];
    if let Some(span) = declared(sli, "grpc") {
        return Some(Witness::Declared(span));
    }
    let is_grpc = |asked: &Asked<'_, '_>| {
        let values = Values::of([asked.matcher], automata);
        LABELS.contains(&asked.matcher.label.text.as_str())
            && asked.matcher.operator.is_positive()
            && values.contain("grpc") == Some(true)
            && values.contain("http") == Some(false)
    };
    asked::matchers(sli).into_iter().find(is_grpc).map(Witness::Asked)
}

/// Returns how it is known that an indicator counts requests of GraphQL: it is declared, or a path ends so.
pub fn graphql<'s, 'a>(sli: &'s Sli<'a>) -> Option<Witness<'s, 'a>> {
    if let Some(span) = declared(sli, "graphql") {
        return Some(Witness::Declared(span));
    }
    let is_graphql = |asked: &Asked<'_, '_>| {
        PATHS.contains(&asked.matcher.label.text.as_str())
            && asked.matcher.operator.is_positive()
            && ends_in_graphql(&asked.matcher.value)
    };
    asked::matchers(sli).into_iter().find(is_graphql).map(Witness::Asked)
}

/// The labels that hold the path of a request.
///
/// # Source
///
/// OpenTelemetry semantic conventions for HTTP and URL, Prometheus middleware of several languages, Datadog
/// for `resource_name`.
pub const PATHS: [&str; 16] = [
    "endpoint",
    "handler",
    "http.route",
    "http.target",
    "http_path",
    "http_route",
    "http_target",
    "path",
    "request_path",
    "resource",
    "resource_name",
    "route",
    "uri",
    "url",
    "url.path",
    "url_path",
];

/// Returns whether a path, or one of those that an expression fits, ends in `graphql` or `gql`.
///
/// What lies below, such as `/graphql/health`, is no endpoint of GraphQL.
fn ends_in_graphql(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    ["graphql", "gql"].iter().any(|word| {
        lower.match_indices(word).any(|(at, _)| {
            let before = lower.get(..at).unwrap_or_default();
            let after = lower.get(at + word.len()..).unwrap_or_default();
            let next = after.strip_prefix(['/', '.', '\\']).unwrap_or(after);
            !before.ends_with(is_part) && !after.starts_with(is_part) && !next.starts_with(is_part)
        })
    })
}

/// Returns the side that tells its events by their HTTP status: no other label and no other metric tells
/// them from the valid ones.
pub fn by_status<'s, 'a>(sli: &'s Sli<'a>, automata: &Automata) -> Option<ByStatus<'s, 'a>> {
    let side = sli.good.as_ref().or(sli.bad.as_ref())?;
    let total = sli.total.as_ref()?;
    let (sets, all) = (&side.events.as_ref()?.sets, &total.events.as_ref()?.sets);
    let is_valid = |label: &str| all.iter().any(|set| set.matchers(label).next().is_some());
    let is_known =
        |set: &&EventSet<'_>| !set.is_taken && all.iter().any(|valid| valid.metric == set.metric);
    let mut matchers = sets.iter().map(|set| {
        let mut asked = set.selector.matchers.iter();
        let status = asked.find(|matcher| is_told(set, matcher, automata))?;
        let is_other = |label: &&str| *label != status.label.text && !is_valid(label);
        let is_alone = is_known(&set) && !set.labels().iter().any(is_other);
        is_alone.then_some(status)
    });
    let matcher = matchers.next()??;
    matchers.all(|other| other.is_some()).then_some(ByStatus { side, matcher })
}

/// Returns whether a matcher tells some statuses of HTTP from others.
fn is_told(set: &EventSet<'_>, matcher: &Matcher, automata: &Automata) -> bool {
    let label = &matcher.label.text;
    if !is_status(label) || grpc::is_code_of(set.metric, label) {
        return false;
    }
    let is_http = |named: &Named| named.forms.iter().any(|form| *form != Form::Digits);
    let named = form::named(matcher, automata).unwrap_or_default();
    let told = named.iter().filter(|named| is_http(named)).count();
    (1..form::CLASSES.count()).contains(&told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_of_graphql_where_it_ends_so() {
        for path in
            ["/graphql", "/api/GraphQL/", "POST /gql", "/(graphql|rest)", ".*/graphql.*", "^/gql$"]
        {
            assert!(ends_in_graphql(path), "{path}");
        }
        for path in ["/graphql/health", "/graphql-docs", "/graphiql", "/mygraphql", "/graphql.html"]
        {
            assert!(!ends_in_graphql(path), "{path}");
        }
    }
}
