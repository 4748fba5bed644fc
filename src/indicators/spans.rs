//! What metrics of Datadog count that tracers make from spans.
//!
//! **Invariant:** an operation is of a client where every tracer that names it so says it.
//!
//! # Source
//!
//! Datadog documentation, "Trace Metrics": `trace.<SPAN_NAME>.hits`, `.errors`; dd-trace-java,
//! `ClientNamingV0`, for the names of a client's spans; the configuration of the tracers for Java, .NET
//! and JavaScript, where `DD_TRACE_HTTP_CLIENT_ERROR_STATUSES` is `400-499` by default, and of the one for
//! Python, where spans of clients fail by 500 to 599, as those of servers do.

use crate::query::datadog::tree::Selection;

use super::Parsed;
use super::Role;
use super::Sli;

/// A metric of spans that a query selects.
#[derive(Clone, Copy, Debug)]
pub struct Traced<'s, 'a> {
    /// The query.
    pub parsed: &'s Parsed<'a>,
    /// The selection.
    pub selection: &'s Selection,
    /// The name of the spans: `web.request`.
    pub operation: &'s str,
    /// Which of them are counted.
    pub counts: Counts,
}

/// Which spans a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// All.
    Hits,
    /// Those that failed.
    Errors,
}

/// Who makes the spans of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A client: the service asks another one.
    Client,
    /// A client for some tracers, a server for others.
    Either,
    /// A server, or nobody knows.
    Other,
}

/// Returns the metrics of spans that the queries count, in the order of the text.
pub fn traced<'s, 'a>(sli: &'s Sli<'a>) -> Vec<Traced<'s, 'a>> {
    let counted = sli.queries.each.iter().filter(|parsed| parsed.role != Role::Value);
    let selections = counted.flat_map(|parsed| {
        let selections = parsed.sound_datadog().map(|tree| tree.selectors()).unwrap_or_default();
        selections.into_iter().map(move |selection| (parsed, selection))
    });
    let traced = selections.filter_map(|(parsed, selection)| {
        let (operation, counts) = operation(&selection.metric.text)?;
        Some(Traced { parsed, selection, operation, counts })
    });
    traced.collect()
}

/// Returns the operation in the name of a metric, and which of its spans the metric counts.
fn operation(metric: &str) -> Option<(&str, Counts)> {
    let name = metric.strip_prefix("trace.")?;
    let name = name.strip_suffix(".by_http_status").unwrap_or(name);
    let of = |end, counts| name.strip_suffix(end).map(|operation| (operation, counts));
    of(".hits", Counts::Hits).or_else(|| of(".errors", Counts::Errors))
}

/// Returns who makes the spans of an operation.
pub fn side(operation: &str) -> Side {
    const CLIENTS: [&str; 6] = [
        "akka-http.client.request",
        "jax-rs.client.call",
        "netty.client.request",
        "okhttp.request",
        "pekko-http.client.request",
        "play-ws.request",
    ];
    match operation {
        // Of clients in Java, JavaScript and .NET, and of servers too in Go.
        "http.request" => Side::Either,
        _ if CLIENTS.contains(&operation) => Side::Client,
        _ => Side::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_metric_holds_the_operation() {
        let found = |name: &'static str, counts| Some((name, counts));
        assert_eq!(operation("trace.web.request.hits"), found("web.request", Counts::Hits));
        assert_eq!(
            operation("trace.okhttp.request.errors.by_http_status"),
            found("okhttp.request", Counts::Errors)
        );
        for metric in ["trace.web.request.duration", "trace.web.request", "web.request.errors"] {
            assert_eq!(operation(metric), None, "{metric}");
        }
    }
}
