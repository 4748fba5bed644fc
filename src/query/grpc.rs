//! The codes of gRPC, and the labels that hold them.

use super::form;
use super::form::Form;
use super::tree::MatchOperator;
use super::tree::Matcher;
use super::values::Automata;
use super::values::Values;

/// The names of the codes, by their numbers.
///
/// # Source
///
/// gRPC, "Status codes and their use in gRPC".
pub const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The number of the code of a call that its client gave up.
pub const CANCELLED: usize = 1;

/// Labels that hold the code of a gRPC call, whatever the metric.
///
/// # Source
///
/// `go-grpc-prometheus`, Istio, OpenTelemetry semantic conventions for gRPC.
const LABELS: [&str; 6] = [
    "grpc_code",
    "grpc_status",
    "grpc_status_code",
    "grpc_response_status",
    "rpc_grpc_status_code",
    "rpc.grpc.status_code",
];

/// Returns whether a label of a metric holds the code of a gRPC call.
pub fn is_code_of(metric: &str, label: &str) -> bool {
    let is_gateway =
        metric.split('_').any(|word| ["gateway", "http", "rest", "web"].contains(&word));
    let is_metric = ["grpc_server_", "grpc_client_"].iter().any(|begin| metric.starts_with(begin));
    LABELS.contains(&label) || is_metric && !is_gateway && label == "code"
}

/// Returns whether a metric is one that the interceptors of gRPC libraries give, with codes by their names.
pub fn is_handled(metric: &str) -> bool {
    ["grpc_server_handled_total", "grpc_client_handled_total"].contains(&metric)
}

/// Returns whether a text is a code, by its name in any spelling or by its number.
pub fn is_code(text: &str) -> bool {
    (0..CODES.len()).any(|code| spellings(code).iter().any(|spelling| spelling == text)) || {
        let plain = |text: &str| -> String {
            let letters = text.chars().filter(char::is_ascii_alphanumeric);
            letters.map(|letter| letter.to_ascii_lowercase()).collect()
        };
        let own = plain(text);
        CODES.iter().any(|name| plain(name) == own) || own == "canceled"
    }
}

/// Returns how a code is written: as libraries in several languages do, and by its number.
pub fn spellings(code: usize) -> Vec<String> {
    let Some(name) = CODES.get(code) else { return Vec::new() };
    let mut found = vec![code.to_string()];
    let names = if code == CANCELLED { vec![*name, "CANCELED"] } else { vec![*name] };
    for name in names {
        let lower = name.to_ascii_lowercase();
        let title = |word: &str| {
            let (first, rest) = word.split_at_checked(1).unwrap_or_default();
            format!("{}{rest}", first.to_ascii_uppercase())
        };
        let camel: String = lower.split('_').map(title).collect();
        found.extend([name.to_owned(), name.replace('_', ""), lower.replace('_', "")]);
        found.extend([lower, camel]);
    }
    found
}

/// Returns the codes that a matcher names, whether to let them through or to refuse them; nothing where
/// nobody knows its values.
pub fn named(matcher: &Matcher, automata: &Automata) -> Option<Vec<usize>> {
    let values = Values::of([&form::positive(matcher)], automata);
    let mut named = Vec::new();
    for code in 0..CODES.len() {
        let spelled: Option<Vec<bool>> =
            spellings(code).iter().map(|spelling| values.contain(spelling)).collect();
        if spelled?.contains(&true) {
            named.push(code);
        }
    }
    Some(named)
}

/// Returns whether a matcher names codes of HTTP and none of gRPC.
pub fn is_of_http(matcher: &Matcher, automata: &Automata) -> bool {
    let is_http = |named: &form::Named| named.forms.iter().any(|form| *form != Form::Digits);
    let http = form::named(matcher, automata).unwrap_or_default();
    http.iter().any(is_http) && named(matcher, automata).is_some_and(|codes| codes.is_empty())
}

/// Returns the words that a matcher names one by one; none where it is more than a list of words.
pub fn listed(matcher: &Matcher) -> Vec<&str> {
    let value = matcher.value.as_str();
    let words: Vec<&str> = match matcher.operator {
        MatchOperator::Equal | MatchOperator::NotEqual => vec![value],
        MatchOperator::Matches | MatchOperator::NotMatches => {
            let value = value.strip_prefix('^').unwrap_or(value);
            let value = value.strip_suffix('$').unwrap_or(value);
            let inner = value.strip_prefix('(').and_then(|value| value.strip_suffix(')'));
            inner.unwrap_or(value).split('|').collect()
        }
    };
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_word = |word: &&str| word.bytes().all(is_letter);
    if words.iter().all(is_word) { words } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query;

    fn found<T>(matchers: &str, find: impl Fn(&Matcher) -> T) -> T {
        let (tree, _) = query::parse(&format!("x{matchers}"));
        let tree = tree.expect("it is a query");
        let selectors = tree.selectors();
        find(selectors.first().and_then(|one| one.matchers.first()).expect("it has a matcher"))
    }

    #[test]
    fn codes_are_known_by_every_spelling() {
        for text in
            ["OK", "Canceled", "CANCELLED", "deadline_exceeded", "dataloss", "DataLoss", "14"]
        {
            assert!(is_code(text), "{text}");
        }
        for text in ["Timeout", "500", "17", "", "5xx"] {
            assert!(!is_code(text), "{text}");
        }
    }

    #[test]
    fn a_matcher_names_codes_of_one_protocol() {
        let automata = Automata::default();
        let codes = |matchers| found(matchers, |matcher| named(matcher, &automata));
        assert_eq!(codes(r#"{a=~"Internal|14"}"#), Some(vec![13, 14]));
        assert_eq!(codes(r#"{a!="OK"}"#), Some(vec![0]));
        assert_eq!(codes(r#"{a="$code"}"#), None);
        let is_http = |matchers| found(matchers, |matcher| is_of_http(matcher, &automata));
        assert!(is_http(r#"{a=~"5.."}"#) && is_http(r#"{a!="5xx"}"#) && is_http(r#"{a="500"}"#));
        assert!(!is_http(r#"{a=~"5.*"}"#) && !is_http(r#"{a="5"}"#) && !is_http(r#"{a=~".+"}"#));
    }

    #[test]
    fn words_are_listed_where_a_pattern_is_a_list() {
        let words = |matchers| found(matchers, |matcher| listed(matcher).join(" "));
        assert_eq!(words(r#"{a=~"^(Internal|Timeout)$"}"#), "Internal Timeout");
        assert_eq!(words(r#"{a!="Timeout"}"#), "Timeout");
        assert_eq!(words(r#"{a="{{.code}}"}"#), "");
        assert_eq!(words(r#"{a=~"In.*|Timeout"}"#), "");
    }

    #[test]
    fn labels_of_codes_are_those_of_grpc() {
        assert!(is_code_of("x", "grpc_code") && is_code_of("grpc_server_handled_total", "code"));
        assert!(!is_code_of("grpc_gateway_http_requests_total", "code"));
        assert!(!is_code_of("grpc_server_http_requests_total", "code"));
    }
}
