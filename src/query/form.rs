//! How a label writes the status of a response: as a code, or as one of three words for its class.
//!
//! **Invariant:** the form of a label is known for metrics whose makers document it, and for lists of its
//! values; it is never guessed from a query.
//!
//! # Why
//!
//! A matcher in the wrong form is valid and matches nothing: `5xx` no code, `500` no class. `5..` matches
//! both, so what counts is which words a matcher lets through, not how it looks.

use super::status::Codes;
use super::status::class_words;
use super::tree::MatchOperator;
use super::tree::Matcher;
use super::values::Automata;
use super::values::Values;

/// How a label writes the status of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `503`.
    Codes,
    /// `5xx`.
    Classes,
    /// `5XX`.
    Capitals,
    /// `5`.
    Digits,
}

/// The classes of codes, by their first digit.
pub const CLASSES: std::ops::RangeInclusive<u16> = 1..=5;

/// Metrics by how their names begin and end, with a label and its form.
///
/// # Source
///
/// Documentation of Prometheus and its Go client, Kubernetes, Istio, Traefik, HAProxy, the VTS module of
/// nginx, the NGINX Prometheus Exporter, and Envoy; OpenTelemetry semantic conventions for HTTP, where the
/// code is a number; Datadog, "Trace Metrics". The labels of ingress-nginx depend on a flag, so it is not
/// among them.
const KNOWN: [(&str, &str, &str, Form); 17] = [
    ("trace.", ".by_http_status", "http.status_class", Form::Classes),
    ("trace.", ".by_http_status", "http.status_code", Form::Codes),
    ("", "", "http_response_status_code", Form::Codes),
    ("", "", "http.response.status_code", Form::Codes),
    ("apiserver_request_total", "", "code", Form::Codes),
    ("rest_client_requests_total", "", "code", Form::Codes),
    ("prometheus_http_requests_total", "", "code", Form::Codes),
    ("promhttp_metric_handler_requests_total", "", "code", Form::Codes),
    ("istio_requests_total", "", "response_code", Form::Codes),
    ("traefik_service_requests_total", "", "code", Form::Codes),
    ("traefik_entrypoint_requests_total", "", "code", Form::Codes),
    ("haproxy_", "_http_responses_total", "code", Form::Classes),
    ("nginx_vts_", "_requests_total", "code", Form::Classes),
    ("nginxplus_server_zone_responses", "", "code", Form::Classes),
    ("nginxplus_location_zone_responses", "", "code", Form::Classes),
    ("nginxplus_upstream_server_responses", "", "code", Form::Classes),
    ("envoy_", "_rq_xx", "envoy_response_code_class", Form::Digits),
];

impl Form {
    /// Every form.
    pub const ALL: [Self; 4] = [Self::Codes, Self::Classes, Self::Capitals, Self::Digits];

    /// Returns the form of a label of a metric, where its maker says it.
    pub fn of(metric: &str, label: &str) -> Option<Self> {
        let is_one = |(begin, end, known, _): &&(&str, &str, &str, Self)| {
            let is_metric = match (*begin, *end) {
                ("", "") => true,
                (whole, "") => metric == whole,
                (begin, end) => metric.starts_with(begin) && metric.ends_with(end),
            };
            is_metric && label == *known
        };
        KNOWN.iter().find(is_one).map(|(.., form)| *form)
    }

    /// Returns the form that matchers name classes in, by the words that they hold.
    pub fn of_words<'m>(matchers: impl IntoIterator<Item = &'m Matcher>) -> Option<Self> {
        let mut words = matchers.into_iter().flat_map(|matcher| class_words(&matcher.value));
        let (_, word) = words.next()?;
        Some(if word.ends_with('X') { Self::Capitals } else { Self::Classes })
    }

    /// Returns the form that all of some values have.
    pub fn of_values(values: &[String]) -> Option<Self> {
        let has = |form: &Self| values.iter().all(|value| form.holds(value));
        Self::ALL.into_iter().find(has).filter(|_| !values.is_empty())
    }

    /// Returns whether a value has the form.
    fn holds(self, value: &str) -> bool {
        match self {
            Self::Codes => matches!(value.as_bytes(), [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9']),
            _ => CLASSES.into_iter().any(|class| self.word(class) == value),
        }
    }

    /// Returns a word for a class; of codes, the first.
    pub fn word(self, class: u16) -> String {
        match self {
            Self::Codes => (class * 100).to_string(),
            Self::Classes => format!("{class}xx"),
            Self::Capitals => format!("{class}XX"),
            Self::Digits => class.to_string(),
        }
    }
}

/// The forms in which a matcher names a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The class, by its first digit.
    pub class: u16,
    /// The forms, at least one.
    pub forms: Vec<Form>,
}

/// Returns the classes that a matcher names, whether to let them through or to refuse them, with the forms
/// that it knows them by; nothing where nobody knows its values.
pub fn named(matcher: &Matcher, automata: &Automata) -> Option<Vec<Named>> {
    let values = Values::of([&positive(matcher)], automata);
    let codes = Codes::of(&values)?;
    let mut named = Vec::new();
    for class in CLASSES {
        let mut forms = Vec::new();
        for form in Form::ALL {
            let is_named = match form {
                Form::Codes => codes.has_class(class),
                _ => values.contain(&form.word(class))?,
            };
            if is_named {
                forms.push(form);
            }
        }
        if !forms.is_empty() {
            named.push(Named { class, forms });
        }
    }
    Some(named)
}

/// Returns the matcher that lets through what the given one names, whether that lets it through or not.
pub(super) fn positive(matcher: &Matcher) -> Matcher {
    let operator = match matcher.operator {
        MatchOperator::Equal | MatchOperator::NotEqual => MatchOperator::Equal,
        MatchOperator::Matches | MatchOperator::NotMatches => MatchOperator::Matches,
    };
    Matcher { operator, ..matcher.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query;

    fn forms(matchers: &str) -> Option<Vec<(u16, Vec<Form>)>> {
        let (tree, _) = query::parse(&format!("x{matchers}"));
        let tree = tree?;
        let selectors = tree.selectors();
        let matcher = selectors.first()?.matchers.first()?;
        let named = named(matcher, &Automata::default())?;
        Some(named.into_iter().map(|named| (named.class, named.forms)).collect())
    }

    #[test]
    fn a_matcher_names_classes_in_some_forms() {
        use Form::*;
        assert_eq!(forms(r#"{a=~"2xx|404"}"#), Some(vec![(2, vec![Classes]), (4, vec![Codes])]));
        assert_eq!(forms(r#"{a!~"5.."}"#), Some(vec![(5, vec![Codes, Classes, Capitals])]));
        assert_eq!(forms(r#"{a!="5XX"}"#), Some(vec![(5, vec![Capitals])]));
        assert_eq!(forms(r#"{a="5"}"#), Some(vec![(5, vec![Digits])]));
        assert_eq!(forms(r#"{a="$a"}"#), None);
        assert_eq!(forms(r#"{a="ok"}"#), Some(vec![]));
    }

    #[test]
    fn the_form_of_a_label_is_documented_or_listed() {
        assert_eq!(Form::of("apiserver_request_total", "code"), Some(Form::Codes));
        assert_eq!(Form::of("haproxy_server_http_responses_total", "code"), Some(Form::Classes));
        assert_eq!(Form::of("http_requests_total", "code"), None);
        let of = |values: &[&str]| {
            Form::of_values(&values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(of(&["200", "503"]), Some(Form::Codes));
        assert_eq!(of(&["2xx", "5xx"]), Some(Form::Classes));
        assert_eq!(of(&["2xx", "404"]), None);
        assert_eq!(of(&[]), None);
    }
}
