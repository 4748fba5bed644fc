//! Which protocol an indicator's requests are spoken in, beside HTTP that carries it.
//!
//! **Invariant:** a protocol is declared, or a label asks for it; the look of a path is not enough where
//! other protocols have paths that look the same.

use crate::model::Meta;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::query::values::Automata;
use crate::query::values::Values;
use crate::source::Span;

use super::Side;
use super::Sli;
use super::asked;
use super::asked::Asked;
use super::statuses;

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
fn owners<'s>(sli: &'s Sli<'_>) -> impl Iterator<Item = &'s Meta> {
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
            && is_positive(asked.matcher)
            && values.contain("grpc") == Some(true)
            && values.contain("http") == Some(false)
    };
    asked::matchers(sli).into_iter().find(is_grpc).map(Witness::Asked)
}

/// Returns whether a matcher asks for values, and does not refuse some.
fn is_positive(matcher: &Matcher) -> bool {
    matches!(matcher.operator, MatchOperator::Equal | MatchOperator::Matches)
}

/// Returns the side that tells its events by their HTTP status: no other label and no other metric tells
/// them from the valid ones.
pub fn by_status<'s, 'a>(sli: &'s Sli<'a>, automata: &Automata) -> Option<ByStatus<'s, 'a>> {
    let side = sli.good.as_ref().or(sli.bad.as_ref())?;
    let total = sli.total.as_ref()?;
    let (events, all) = (side.events.as_ref()?, total.events.as_ref()?);
    let (_, matchers) = statuses::asked(events, automata)?;
    let matcher = *matchers.first()?;
    let is_valid = |metric: &str| all.sets.iter().any(|set| set.metric == metric);
    let is_told = events.sets.iter().all(|set| is_valid(set.metric))
        && events.sets.iter().flat_map(|set| set.labels()).all(|label| {
            label == matcher.label.text
                || all.sets.iter().any(|set| set.matchers(label).next().is_some())
        });
    is_told.then_some(ByStatus { side, matcher })
}
