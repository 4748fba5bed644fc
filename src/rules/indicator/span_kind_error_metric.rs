use crate::finding::Level;
use crate::indicators::Sli;
use crate::indicators::protocol::owners;
use crate::indicators::spans::Counts;
use crate::indicators::spans::Side;
use crate::indicators::spans::Traced;
use crate::indicators::spans::side;
use crate::indicators::spans::traced;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

pub(super) const RULE: Rule = Rule {
    name: "span-kind-error-metric",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::PromQl,
    since: "0.1.0",
    docs: include_str!("span_kind_error_metric.md"),
    settings: &[],
    check: Check::Indicator(check),
};

/// The annotation that says which statuses the tracer counts as errors.
const STATUSES: &str = "slo/error-statuses";

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let all = traced(sli);
    let is_of = |counts: Counts| move |traced: &&Traced<'_, '_>| traced.counts == counts;
    let is_declared = owners(sli).any(|meta| meta.declared(STATUSES).is_some());
    for errors in all.iter().filter(is_of(Counts::Errors)) {
        let mut hits = all.iter().filter(is_of(Counts::Hits)).peekable();
        let other = hits.peek().copied();
        let is_apart = hits.all(|hits| hits.operation != errors.operation);
        match other.filter(|_| is_apart) {
            Some(hits) => report_apart(errors, hits, checker),
            None if !is_declared => report_kind(errors, checker),
            None => {}
        }
    }
}

/// Says that errors of one operation are divided by all spans of another.
fn report_apart(errors: &Traced<'_, '_>, hits: &Traced<'_, '_>, checker: &mut Checker<'_>) {
    let [metric, whole] = [errors, hits].map(|traced| quote(&traced.selection.metric.text));
    let place = checker.place(errors.parsed.query, errors.selection.metric.extent);
    let there = checker.place(hits.parsed.query, hits.selection.metric.extent);
    let finding = checker.report(place, format!("{metric} and {whole} count different spans"));
    finding.label(format!("spans of `{}`", errors.operation));
    finding.also(there, format!("spans of `{}`", hits.operation));
    finding.help("count errors and hits of one operation, that which serves the users");
}

/// Says that spans of a client fail by the faults of the client.
fn report_kind(errors: &Traced<'_, '_>, checker: &mut Checker<'_>) {
    let metric = quote(&errors.selection.metric.text);
    let place = checker.place(errors.parsed.query, errors.selection.metric.extent);
    let finding = match side(errors.operation) {
        Side::Other => return,
        Side::Client => {
            let message = format!("{metric} counts status 4xx, and no server error");
            let finding = checker.report(place, message);
            finding.label("spans of a client: requests that the service makes");
            finding.note("the span of a client fails by 400 to 499, that of a server by 500 to 599")
        }
        Side::Either => {
            let message = format!("{metric} may count status 4xx, and no server error");
            let finding = checker.report_at(Level::Warning, place, message);
            finding.label("in Java, JavaScript and .NET spans of a client, which fail by 4xx");
            finding.note("in Go servers have spans of this name too, which fail by 5xx")
        }
    };
    finding.help(
        "count spans of the server by status, `trace.web.request.hits.by_http_status` with \
         `http.status_class:5xx`, or write in `slo/error-statuses` what the tracer counts",
    );
}
