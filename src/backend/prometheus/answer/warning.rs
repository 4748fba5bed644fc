//! Which warnings of a server mean that its answer lacks something.
//!
//! # Why
//!
//! A server that cannot reach a part of its data answers all the same, with what it has and a
//! warning: a querier of Thanos without one of its stores, a Prometheus without one of its remote
//! reads. Such an answer looks like a service with less traffic and fewer errors, and would let a
//! change pass by accident. So every warning means that something is missing, except those that are
//! known to mean something else: the remarks of the query engine on the query. Its warnings of
//! samples that it left out, such as histograms among floats, are none of these.
//!
//! # Source
//!
//! Prometheus, `util/annotations`: what the engine remarks begins with `PromQL info: ` or
//! `PromQL warning: `. Since version 3 the former are `infos`, which are not read; before, both
//! stood among the `warnings`. What begins otherwise comes from storage; so does, possibly, what the
//! server leaves out of a long list (`5 more warning annotations omitted`).

/// How remarks begin that leave nothing out.
const INFO: &str = "PromQL info: ";

/// How warnings of the query engine begin.
const WARNING: &str = "PromQL warning: ";

/// Warnings of the query engine that come with a value made of every sample.
const COMPLETE: &[&str] = &[
    "quantile value should be between 0 and 1",
    "ratio value should be between -1 and 1",
    "this native histogram metric is not a counter",
    "this native histogram metric is not a gauge",
    "conflicting counter resets",
];

/// Returns whether a warning means that samples are missing from the answer.
pub(super) fn leaves_out(warning: &str) -> bool {
    let is_complete = |text: &str| COMPLETE.iter().any(|known| text.starts_with(known));
    !warning.starts_with(INFO) && !warning.strip_prefix(WARNING).is_some_and(is_complete)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_on_the_query_leave_nothing_out_and_everything_else_may() {
        for whole in [
            "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"up\" (1:10)",
            "PromQL warning: quantile value should be between 0 and 1, got 2 (1:20)",
        ] {
            assert!(!leaves_out(whole), "{whole}");
        }
        for partial in [
            "partial response: store sidecar-1 unavailable",
            "No StoreAPIs matched for this query",
            "remote_read: connection refused",
            "PromQL warning: encountered a mix of histograms and floats for metric name \"a\"",
            "PromQL warning: bucket label \"le\" is missing or has a malformed value of \"x\"",
            "5 more warning annotations omitted",
            "",
        ] {
            assert!(leaves_out(partial), "{partial}");
        }
    }
}
