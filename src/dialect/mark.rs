//! Tells from bytes alone whether a file may hold an object that is read.
//!
//! # Why
//!
//! Most YAML of a repository is none of ours, and parsing is a hundred times slower than a search.
//! One text that every object holds would be `apiVersion: openslo/v1`, and an object in which just
//! that is missing or misspelled would be passed over in silence; so the kinds and the fields that
//! the format alone has are searched for too, in whatever case.

use std::borrow::Cow;

use memchr::memmem;

use crate::source;

use super::datadog;
use super::openslo;
use super::pyrra;
use super::recognize::is_own_kind;
use super::sloth;

/// Texts, in lowercase, that stand in files of ours and in no others.
const OWN: [&str; 22] = [
    "journeycoverage",
    "openslo",
    "slo/v",
    "errorbudgetpolicy",
    "error_budget_policies",
    "ratiometric",
    "indicatorref",
    "metricsourceref",
    "slok.dev",
    "prometheus/v",
    "pyrra.dev/",
    "n9/v",
    "metrics.keptn.sh",
    "analysisdefinition",
    "analysisvaluetemplateref",
    "sre.google.com",
    "datadogslo",
    "service_level_objective",
    "grafana_slo",
    "google_monitoring_slo",
    "service_level_indicator",
    "servicelevelindicator",
];

/// Words, in lowercase, of formats that have no word of their own: a file that holds one may be a dashboard.
const HINTS: [&str; 19] = [
    "openapi",
    "swagger",
    "approvedby",
    "attestation",
    "incident",
    "spec_version",
    "total_score",
    "manifestsrc",
    "rollingperiod",
    "rolling_period",
    "calendarperiod",
    "calendar_period",
    "basic_sli",
    "_based_sli",
    "timeframe",
    "sli_specification",
    "monitor_ids",
    "denominator",
    "default_exporters",
];

/// Fields, in lowercase, that other tools write too.
const SHARED: [&str; 4] =
    ["budgetingmethod", "thresholdmetric", "total_query", "error_ratio_query"];

/// The keys, in lowercase, that every file of rules of Prometheus has.
const RULES: [&str; 3] = ["expr", "groups", "rules"];

/// Returns whether the bytes of a file may hold something that is read: an object, or rules of
/// Prometheus, which may speak of one.
///
/// A file of which this is false is passed over before it is parsed. Where it rests on rules or on words
/// that many write, it is not the business of anybody here that it is no text, or too large.
pub fn is_worth_parsing(bytes: &[u8]) -> bool {
    let is_text = || bytes.len() <= source::MAX_BYTES && std::str::from_utf8(bytes).is_ok();
    may_hold_objects(bytes) || (may_hold_rules(bytes) || is_hinted(bytes)) && is_text()
}

/// Returns whether the bytes of a file, or its first ones, may hold an object that is read.
///
/// UTF-16 and UTF-32 are worth a word of their own where a byte-order mark says so, or where their
/// characters do.
pub fn may_hold_objects(bytes: &[u8]) -> bool {
    if source::has_wide_mark(bytes) {
        return true;
    }
    let narrow: Option<Vec<u8>> =
        source::is_wide(bytes).then(|| bytes.iter().copied().filter(|&byte| byte != 0).collect());
    let text = narrow.as_deref().unwrap_or(bytes);
    is_marked(text) || unescaped(text).is_some_and(|text| is_marked(&text))
}

/// Returns a word without quotes, with its escapes read.
pub(super) fn plain(word: &str) -> Cow<'_, str> {
    let word = word.trim_matches(['"', '\'']);
    let Some(read) = unescaped(word.as_bytes()) else { return Cow::Borrowed(word) };
    Cow::Owned(String::from_utf8_lossy(&read).into_owned())
}

fn may_hold_rules(bytes: &[u8]) -> bool {
    // The first of the keys is rare, so most files are told by one search.
    let is_key = |word: &&str| {
        let mut found = memmem::find_iter(bytes, word.as_bytes());
        found.any(|at| {
            let rest = bytes.get(at + word.len()..).unwrap_or_default();
            let rest = rest.strip_prefix(b"\"").or(rest.strip_prefix(b"'")).unwrap_or(rest);
            rest.trim_ascii_start().starts_with(b":")
        })
    };
    let is_rule = || ["alert", "record"].iter().any(is_key);
    RULES.iter().all(is_key) && is_rule()
}

fn is_hinted(bytes: &[u8]) -> bool {
    holds_any(&bytes.to_ascii_lowercase(), &HINTS)
}

fn is_marked(text: &[u8]) -> bool {
    // A copy in lowercase and plain searches take a third of the time of one search that minds no
    // case.
    let lower = text.to_ascii_lowercase();
    let mut keys = memmem::find_iter(&lower, "kind");
    holds_any(&lower, &OWN)
        || holds_any(&lower, &SHARED)
        || keys.any(|at| lower.get(at + 4..).is_some_and(is_followed_by_a_kind))
}

fn holds_any(text: &[u8], marks: &[&str]) -> bool {
    marks.iter().any(|mark| memmem::find(text, mark.as_bytes()).is_some())
}

/// Returns whether what follows `kind` makes it a key of which a kind is the value.
fn is_followed_by_a_kind(rest: &[u8]) -> bool {
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let Some(rest) = rest.trim_ascii_start().strip_prefix(b":") else {
        return false;
    };
    let rest = rest.trim_ascii_start();
    let rest = match rest {
        [b'"' | b'\'', value @ ..] | value => value,
    };
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_');
    let word = rest.split(|byte| !is_letter(byte)).next().unwrap_or_default();
    let formats = [openslo::FORMATS, sloth::FORMATS, pyrra::FORMATS, datadog::FORMATS];
    let kinds = formats.into_iter().flatten().flat_map(|format| format.kinds).copied();
    kinds.chain(["SLOList"]).any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
        || std::str::from_utf8(word).is_ok_and(is_own_kind)
}

/// Returns the bytes with `\x6f`, `\u006f`, `\U0000006f` and `\/` read where they stand for ASCII, as
/// a quoted text may write any of its letters; nothing where there is no such escape.
fn unescaped(bytes: &[u8]) -> Option<Vec<u8>> {
    let is_escape = |&at: &usize| matches!(bytes.get(at + 1), Some(b'x' | b'u' | b'U' | b'/'));
    memchr::memchr_iter(b'\\', bytes).find(is_escape)?;
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let (byte, length) = escape(rest).unwrap_or((first, 1));
        text.push(byte);
        rest = rest.get(length..).unwrap_or(after);
    }
    Some(text)
}

/// Reads an escape at the start of the bytes: the ASCII character, and how long the escape is.
fn escape(bytes: &[u8]) -> Option<(u8, usize)> {
    let digits = match bytes {
        [b'\\', b'/', ..] => return Some((b'/', 2)),
        [b'\\', b'x', ..] => 2,
        [b'\\', b'u', ..] => 4,
        [b'\\', b'U', ..] => 8,
        _ => return None,
    };
    let text = std::str::from_utf8(bytes.get(2..2 + digits)?).ok()?;
    let character = u8::from_str_radix(text, 16).ok().filter(u8::is_ascii)?;
    Some((character, 2 + digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_worth_parsing_whichever_of_its_words_is_wrong() {
        for text in [
            "apiVersion: openslo/v1",
            "apiVersion: OPENSLO/v1",
            "kind: SLO\nmetadata: {}",
            "{\"kind\":\"SLI\"}",
            "kind:   'AlertPolicy'",
            "kind: Datasource",
            "kind: Service # of ours?",
            "kind: ErrorBudgetPolcy",
            "kind: error_budget_policy",
            "apiVersion: opens1o/v1\nspec:\n  budgetingMethod: Occurrences",
            "spec: { ratiometric: {} }",
            "\"open\\x73lo/v1\"",
            "\"\\u006Fpens\\U0000006co/v1\"",
        ] {
            assert!(is_worth_parsing(text.as_bytes()), "{text}");
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert!(is_worth_parsing(&wide), "{text}, as UTF-16");
        }
    }

    #[test]
    fn what_others_write_is_not() {
        for text in [
            "",
            "apiVersion: apps/v1\nkind: Deployment",
            "kind: ServiceMonitor",
            "kind: ServiceAccount",
            "kinds: [SLO]",
            "kind of SLO: none",
            "services:\n  web:\n    image: shop",
            "\"\\x\\u12\\U\\\\\"",
            "\0",
            "\0\0",
        ] {
            assert!(!is_worth_parsing(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn rules_are_worth_parsing_where_they_are_text() {
        let rules = "groups:\n- rules:\n  - alert: A\n    expr: up == 0\n";
        let json = r#"{"groups":[{"rules":[{"record":"a","expr":"up"}]}]}"#;
        for text in [rules, json] {
            assert!(is_worth_parsing(text.as_bytes()) && !may_hold_objects(text.as_bytes()));
        }
        let dashboard = r#"{"panels":[{"alert":{},"targets":[{"expr":"up"}]}]}"#;
        let settings = "groups: [a]\nrules: [b]\nexpression: alert\n";
        let latin = [rules.as_bytes(), b"# caf\xE9\n"].concat();
        let hint = br#"{"type":"metric","thresholds":[{"timeframe":"7d"}],"name":""#;
        assert!(is_worth_parsing(hint) && !may_hold_objects(hint));
        assert!(!is_worth_parsing(&[&hint[..], b"caf\xE9"].concat()));
        for text in [dashboard.as_bytes(), settings.as_bytes(), &latin] {
            assert!(!is_worth_parsing(text));
        }
    }
}
