//! What a server answers to `query_range`, as samples.

use serde::Deserialize;
use serde_json::Value as Json;

use crate::budget::Failure;
use crate::quantity::Ratio;

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

/// The samples of one page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// The instants, in seconds since the Unix epoch, and the values.
    pub(super) samples: Vec<(i64, Value)>,
    /// What the server warns of.
    pub(super) warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    data: Option<Data>,
    #[serde(rename = "errorType")]
    error_type: Option<String>,
    error: Option<String>,
    warnings: Option<Vec<String>>,
    #[serde(rename = "isPartial")]
    is_partial: Option<bool>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    result_type: String,
    result: Json,
}

/// Reads the answer to `query_range`.
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
        let text = "the answer is partial: a part of the server did not answer";
        return Err(Failure::Refused(text.to_owned()));
    }
    let malformed = |text: &str| Failure::Malformed(text.to_owned());
    let data = answer.data.ok_or_else(|| malformed("an answer without data"))?;
    if data.result_type != "matrix" {
        let text = format!("a `{}` where a `matrix` was asked for", data.result_type);
        return Err(Failure::Malformed(text));
    }
    let Json::Array(result) = data.result else {
        return Err(malformed("a result that is no list"));
    };
    let mut found: Option<Vec<(i64, Value)>> = None;
    for series in &result {
        if series.get("histograms").is_some() {
            return Err(malformed("histograms where numbers were asked for"));
        }
        let values = series.get("values").and_then(Json::as_array);
        let values = values.ok_or_else(|| malformed("a series without values"))?;
        if values.is_empty() {
            continue;
        }
        if found.is_some() {
            return Err(Failure::NotAggregated);
        }
        let samples = values.iter().map(sample).collect::<Option<_>>();
        found = Some(samples.ok_or_else(|| malformed("a sample that is no time and number"))?);
    }
    let warnings = answer.warnings.unwrap_or_default();
    Ok(Page { samples: found.unwrap_or_default(), warnings })
}

/// Returns the server's own words about an error, if the body is an error of Prometheus.
pub(super) fn error(body: &[u8]) -> Option<String> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    said(answer.error_type, answer.error)
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

/// Reads `[1772323200.5, "0.25"]`; the instant has to be a whole second, as those asked for are.
fn sample(pair: &Json) -> Option<(i64, Value)> {
    let [time, value] = pair.as_array()?.as_slice() else {
        return None;
    };
    let time = Ratio::parse(&time.as_number()?.to_string())?.to_i64()?;
    let value = match value.as_str()? {
        "NaN" => Value::NotANumber,
        "+Inf" | "Inf" => Value::Infinity,
        "-Inf" => Value::MinusInfinity,
        number => Value::Number(Ratio::parse(number)?),
    };
    Some((time, value))
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
        assert_eq!(page, Ok(Page { samples, warnings: Vec::new() }));
        assert_eq!(matrix("[]"), Ok(Page::default()));
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
        assert!(matches!(text(&partial), Failure::Refused(_)));
        let odd = matrix(r#"[{"values":[[60.5,"1"]]}]"#);
        assert_eq!(odd, Err(malformed("a sample that is no time and number")));
        let two = matrix(r#"[{"values":[[60,"1"]]},{"values":[[60,"1"]]}]"#);
        assert_eq!(two, Err(Failure::NotAggregated));
    }
}
