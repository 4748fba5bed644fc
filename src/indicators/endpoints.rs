//! Whether an indicator counts several endpoints that write as if they were one.
//!
//! **Invariant:** that they write is said by the selector, or declared; that they are several by a
//! wildcard that runs over the parts of a path, by a list of paths, or by the lack of any path.

use crate::query::events::EventSet;
use crate::query::pattern::spans_paths;
use crate::query::status::is_status;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::query::values::Automata;
use crate::query::values::Values;

use super::Side;
use super::Sli;
use super::asked::SCOPES;
use super::protocol;
use super::protocol::PATHS;

/// Labels that hold the method of a request.
///
/// # Source
///
/// OpenTelemetry semantic conventions for HTTP, Prometheus middleware of several languages, Datadog.
const METHODS: [&str; 7] = [
    "method",
    "http_method",
    "http.method",
    "http_request_method",
    "http.request.method",
    "request_method",
    "verb",
];

const WRITES: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];

const READS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// Several endpoints that write.
#[derive(Debug)]
pub struct Merged<'s, 'a> {
    /// The valid events.
    pub side: &'s Side<'a>,
    /// What lets several of them through: a path, or a method without any path.
    pub matcher: &'s Matcher,
    /// Whether no path is asked for.
    pub is_open: bool,
}

/// Returns what merges endpoints that write; nothing where that is not certain.
pub fn merged<'s, 'a>(sli: &'s Sli<'a>, automata: &Automata) -> Option<Merged<'s, 'a>> {
    let side = sli.total.as_ref()?;
    let interactions = ["write", "bulk"];
    let is_declared = protocol::owners(sli)
        .any(|meta| interactions.iter().any(|word| meta.declares("slo/interaction", word)));
    side.events.as_ref()?.sets.iter().find_map(|set| {
        let writes = writes(set, automata);
        let mut paths = set.selector.matchers.iter().filter(|matcher| is_path(matcher)).peekable();
        if paths.peek().is_none() {
            // What another label asks for may be an endpoint.
            let matcher = writes.filter(|_| set.labels().iter().all(|label| is_general(label)))?;
            return Some(Merged { side, matcher, is_open: true });
        }
        let matcher = paths.find(|matcher| {
            let is_wild = matcher.operator == MatchOperator::Matches && spans_paths(&matcher.value);
            is_wild && (is_declared || writes.is_some() || begins_with_write(&matcher.value))
        })?;
        Some(Merged { side, matcher, is_open: false })
    })
}

fn is_path(matcher: &Matcher) -> bool {
    PATHS.contains(&matcher.label.text.as_str()) && matcher.operator.is_positive()
}

/// Returns whether a label tells no endpoints apart.
fn is_general(label: &str) -> bool {
    METHODS.contains(&label) || SCOPES.contains(&label) || is_status(label)
}

/// Returns the matcher of a method, where only those that write are let through.
fn writes<'s>(set: &'s EventSet<'_>, automata: &Automata) -> Option<&'s Matcher> {
    let is_method = |matcher: &&Matcher| METHODS.contains(&matcher.label.text.as_str());
    let matcher = set.selector.matchers.iter().find(is_method)?;
    let values = Values::of(set.matchers(&matcher.label.text), automata);
    let is_held = |word: &str| {
        let lower = word.to_ascii_lowercase();
        Some(values.contain(word)? || values.contain(&lower)?)
    };
    let held = |words: &[&str]| words.iter().map(|word| is_held(word)).collect::<Option<Vec<_>>>();
    let is_write = held(&WRITES)?.contains(&true) && !held(&READS)?.contains(&true);
    is_write.then_some(matcher)
}

/// Returns whether the name of a resource begins with a method that writes: `POST /orders`,
/// `post_/orders`.
fn begins_with_write(value: &str) -> bool {
    let lower = value.trim_start_matches('^').to_ascii_lowercase();
    WRITES.iter().any(|method| {
        let rest = lower.strip_prefix(&method.to_ascii_lowercase());
        rest.is_some_and(|rest| rest.starts_with(['_', ' ', '\\']))
    })
}
