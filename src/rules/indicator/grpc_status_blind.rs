use crate::finding::Level;
use crate::indicators::Sli;
use crate::indicators::asked;
use crate::indicators::asked::Asked;
use crate::indicators::protocol;
use crate::indicators::protocol::Witness;
use crate::query::grpc;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::spelling;
use crate::spelling::Vocabulary;

use super::name;

pub(super) const RULE: Rule = Rule {
    name: "grpc-status-blind",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::PromQl,
    since: "0.1.0",
    docs: include_str!("grpc_status_blind.md"),
    settings: &[],
    check: Check::Indicator(check),
};

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let asked = asked::matchers(sli);
    let is_code = |one: &&Asked<'_, '_>| grpc::is_code_of(one.metric, &one.matcher.label.text);
    let mut codes = asked.iter().filter(is_code).peekable();
    let has_codes = codes.peek().is_some();
    let is_mapped = protocol::is_another(sli, "grpc") || protocol::is_mapped(sli);
    for one in codes {
        if grpc::is_of_http(one.matcher, checker.automata()) {
            if !is_mapped {
                report_http(one, checker);
            }
        } else if grpc::is_handled(one.metric) {
            report_unknown(one, checker);
        }
    }
    if !has_codes && !is_mapped {
        report_blind(sli, checker);
    }
}

/// Reports a label of gRPC codes that is asked for those of HTTP.
fn report_http(one: &Asked<'_, '_>, checker: &mut Checker<'_>) {
    let (matcher, query) = (one.matcher, one.query);
    let verb = if matcher.operator.is_positive() { "finds" } else { "refuses" };
    let written = quote(matcher.extent.slice(&query.text));
    let message = format!("{written} {verb} no call: the codes of gRPC are not those of HTTP");
    let finding = checker.report(checker.place(query, matcher.extent), message);
    finding.label("codes of gRPC are names such as `Internal`, or numbers from 0 to 16");
    finding.help(format!("ask `{}` for {}", matcher.label.text, failures(&matcher.label.text)));
}

/// Returns the codes of gRPC that are failures of the server, as a label writes them.
///
/// # Source
///
/// OpenTelemetry semantic conventions for gRPC: the codes that are errors of a server span.
fn failures(label: &str) -> &'static str {
    match label {
        "grpc_response_status" | "rpc_grpc_status_code" | "rpc.grpc.status_code" => {
            "`2|4|12|13|14|15`"
        }
        _ => "`Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss`",
    }
}

/// Reports words that are no codes of gRPC.
fn report_unknown(one: &Asked<'_, '_>, checker: &mut Checker<'_>) {
    let (matcher, query) = (one.matcher, one.query);
    let words = grpc::listed(matcher);
    let is_unknown = |word: &&&str| !word.is_empty() && !grpc::is_code(word);
    let Some(unknown) = words.iter().find(is_unknown) else { return };
    let names: Vec<String> =
        (0..grpc::CODES.len()).filter_map(|code| grpc::spellings(code).pop()).collect();
    let near = spelling::nearest(unknown, names.iter().map(String::as_str), Vocabulary::Words);
    let near = near.first().filter(|near| spelling::is_slip(unknown, near));
    let place = checker.place(query, matcher.value_extent);
    let finding = checker.report(place, format!("gRPC has no code {}", quote(unknown)));
    finding.label("no call ends so");
    match near {
        Some(near) => finding.help(format!("write `{near}`")),
        None => finding.help("write one of the 17 names, such as `DeadlineExceeded`"),
    };
}

/// Reports calls that are judged by the status of HTTP.
fn report_blind(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let Some(witness) = protocol::grpc(sli, checker.automata()) else { return };
    let Some(found) = protocol::by_status(sli, checker.automata()) else { return };
    let own = name(found.side, sli);
    let message =
        format!("{own} judges gRPC calls by their HTTP status, which is 200 even where they fail");
    let (place, words, label) = match witness {
        Witness::Declared(span) => (span, "gRPC is spoken", "grpc_code"),
        Witness::Asked(asked) => {
            let place = checker.place(asked.query, asked.matcher.extent);
            let is_istio = asked.metric.starts_with("istio_");
            (
                place,
                "gRPC is asked for",
                if is_istio { "grpc_response_status" } else { "grpc_code" },
            )
        }
    };
    let query = found.side.query;
    let finding = checker.report(checker.place(query, found.matcher.extent), message);
    finding.label("does not see failed calls");
    finding.also(place, words);
    finding.help(format!("ask the code of gRPC, such as `{label}`, for {}", failures(label)));
}
