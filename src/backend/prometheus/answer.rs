//! What a server answers to `query_range`, as samples.

use serde::Deserialize;
use serde_json::Value as Json;

use crate::budget::Failure;
use crate::quantity::Ratio;

mod samples;
mod warning;

pub(super) use samples::OneSeries;

/// The most warnings of one answer that are kept.
const MOST_WARNINGS: usize = 20;

/// One sample's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A number.
    Number(Ratio),
    /// No number: nothing divided by nothing.
    NotANumber,
    /// More than any number.
    Infinity,
    /// Less than any number.
    MinusInfinity,
}

/// One page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// The one series; without samples where there is none.
    pub(super) series: OneSeries,
    /// What the server warns of.
    pub(super) warnings: Vec<String>,
}

/// What stands around the samples.
#[derive(Deserialize)]
struct Answer {
    status: String,
    data: Option<Kind>,
    #[serde(rename = "errorType")]
    error_type: Option<String>,
    error: Option<String>,
    warnings: Option<Vec<String>>,
    #[serde(rename = "isPartial")]
    is_partial: Option<bool>,
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "resultType")]
    result_type: String,
}

/// Reads the answer to `query_range`.
///
/// What stands around the samples is read first, and the samples only where they are some.
///
/// # Errors
///
/// [`Failure`] says what came instead of one series of samples.
pub(super) fn read(body: &[u8]) -> Result<Page, Failure> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| not_json(body, &error))?;
    if answer.status != "success" {
        let text = said(answer.error_type, answer.error);
        return Err(Failure::Refused(text.unwrap_or_else(|| "no reason given".to_owned())));
    }
    if answer.is_partial == Some(true) {
        return Err(Failure::Partial("a part of the server did not answer".to_owned()));
    }
    let mut warnings: Vec<String> = Vec::new();
    for warning in answer.warnings.unwrap_or_default() {
        if warning::leaves_out(&warning) {
            return Err(Failure::Partial(warning));
        }
        if warnings.len() < MOST_WARNINGS && !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    let malformed = |text: &str| Failure::Malformed(text.to_owned());
    let kind = answer.data.ok_or_else(|| malformed("an answer without data"))?.result_type;
    if kind != "matrix" {
        // No more than the words of the API: they are ours, and hold no secret.
        let kind =
            ["scalar", "string", "vector", "streams"].into_iter().find(|known| kind == *known);
        let kind = kind.map_or("another result".to_owned(), |kind| format!("a `{kind}`"));
        return Err(Failure::Malformed(format!("{kind} where a `matrix` was asked for")));
    }
    let series = samples::read(body).map_err(|error| not_json(body, &error))??;
    Ok(Page { series, warnings })
}

/// Returns the server's own words about an error, if the body is an error of Prometheus.
pub(super) fn error(body: &[u8]) -> Option<String> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    said(answer.error_type, answer.error)
}

/// Returns whether the body says that the query was given up, which speaks of no other query.
///
/// # Source
///
/// Prometheus, `web/api/v1`: HTTP 503 with `timeout` for a query that takes too long, and `canceled`
/// for one that is stopped.
pub(super) fn is_given_up(body: &[u8]) -> bool {
    let answer: Option<Answer> = serde_json::from_slice(body).ok();
    let kind = answer.and_then(|answer| answer.error_type);
    kind.is_some_and(|kind| matches!(kind.as_str(), "timeout" | "canceled"))
}

/// Returns the version of a server, from the answer to `status/buildinfo`.
pub(super) fn version(body: &[u8]) -> Option<String> {
    let answer: Json = serde_json::from_slice(body).ok()?;
    let data = answer.get("data")?;
    // Other programs that speak the API say their name here, and count their versions otherwise.
    if data.get("application").is_some() {
        return None;
    }
    Some(data.get("version")?.as_str()?.to_owned())
}

fn said(kind: Option<String>, text: Option<String>) -> Option<String> {
    match (kind, text) {
        (Some(kind), Some(text)) => Some(format!("{kind}: {text}")),
        (None, text) => text,
        (kind, None) => kind,
    }
}

fn not_json(body: &[u8], error: &serde_json::Error) -> Failure {
    let first = body.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    let text = match (first, error.classify()) {
        (None, _) => "an empty answer",
        (Some(b'<'), _) => "HTML where JSON was asked for",
        (_, serde_json::error::Category::Eof) => "JSON that ends too early",
        (_, serde_json::error::Category::Data) => "JSON that is no answer of Prometheus",
        _ => "text that is not JSON",
    };
    Failure::Malformed(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(result: &str) -> Result<Page, Failure> {
        let data = format!(r#"{{"resultType":"matrix","result":{result}}}"#);
        read(format!(r#"{{"status":"success","data":{data}}}"#).as_bytes())
    }

    #[test]
    fn values_are_exact_decimals() {
        let page = matrix(r#"[{"metric":{},"values":[[60,"0.1"],[120.0,"NaN"],[180,"1e-05"]]}]"#);
        let number = |text| Value::Number(Ratio::parse(text).expect("a decimal"));
        let samples = vec![(60, number("0.1")), (120, Value::NotANumber), (180, number("0.00001"))];
        let series = OneSeries { samples, ..OneSeries::default() };
        assert_eq!(page, Ok(Page { series, warnings: Vec::new() }));
        assert_eq!(matrix("[]"), Ok(Page::default()));
        let two =
            r#"[{"metric":{"pod":"a"},"values":[]},{"metric":{"pod":"b"},"values":[[60,"1"]]}]"#;
        let labels = matrix(two).map(|page| page.series.labels).expect("one has samples");
        assert_eq!(labels.into_iter().collect::<Vec<_>>(), [("pod".to_owned(), "b".to_owned())]);
    }

    #[test]
    fn what_is_no_matrix_is_named() {
        let text = |body: &str| read(body.as_bytes()).expect_err("no matrix");
        let malformed = |text: &str| Failure::Malformed(text.to_owned());
        assert_eq!(text(" <html>"), malformed("HTML where JSON was asked for"));
        assert_eq!(text(""), malformed("an empty answer"));
        assert_eq!(text("{\"status\":\"succ"), malformed("JSON that ends too early"));
        assert_eq!(text("[1]"), malformed("JSON that is no answer of Prometheus"));
        assert_eq!(text("no"), malformed("text that is not JSON"));
        let vector = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
        assert_eq!(text(vector), malformed("a `vector` where a `matrix` was asked for"));
        let partial = vector.replace("{\"status\"", "{\"isPartial\":true,\"status\"");
        assert!(matches!(text(&partial), Failure::Partial(_)));
        let odd = matrix(r#"[{"values":[[60.5,"1"]]}]"#);
        assert_eq!(odd, Err(malformed("a sample that is no time and number")));
        let two = matrix(r#"[{"values":[[60,"1"]]},{"values":[[60,"1"]]}]"#);
        assert_eq!(two, Err(Failure::NotAggregated));
        assert_eq!(matrix("3"), Err(malformed("JSON that is no answer of Prometheus")));
        assert_eq!(matrix(r#"[{"metric":{}}]"#), Err(malformed("a series without values")));
        let histogram = matrix(r#"[{"histograms":[[60,{"count":"1"}]],"values":[[60,"1"]]}]"#);
        assert_eq!(histogram, Err(malformed("histograms where numbers were asked for")));
    }

    #[test]
    fn time_goes_forward() {
        let malformed = |text: &str| Err(Failure::Malformed(text.to_owned()));
        for values in [r#"[60,"1"],[60,"2"]"#, r#"[120,"1"],[60,"2"]"#, r#"[60,"1"],[60,"1"]"#] {
            let page = matrix(&format!(r#"[{{"values":[{values}]}}]"#));
            assert_eq!(page, malformed("samples that do not follow each other in time"));
        }
        let many = |count: i64| {
            let samples: Vec<String> = (0..count).map(|at| format!(r#"[{at},"1"]"#)).collect();
            matrix(&format!(r#"[{{"values":[{}]}}]"#, samples.join(",")))
        };
        assert_eq!(many(11_000).map(|page| page.series.samples.len()), Ok(11_000));
        assert_eq!(many(11_001), malformed("more samples than were asked for"));
    }
}
