use crate::finding::Level;
use crate::indicators::Language;
use crate::indicators::Sli;
use crate::indicators::direction;
use crate::indicators::statuses::declared_good;
use crate::indicators::statuses::good_codes;
use crate::query::Extent;
use crate::query::status::Codes;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;

use super::codes;
use super::has_plain_filters;
use super::name;

pub(super) const RULE: Rule = Rule {
    name: "server-errors-counted-good",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Queries,
    since: "0.1.0",
    docs: include_str!("server_errors_counted_good.md"),
    settings: &[],
    check: Check::Indicator(check),
};

/// The class of successful responses, by its first digit.
const SUCCESS: u16 = 2;

/// The class of server errors, by its first digit.
const SERVER_ERRORS: u16 = 5;

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let Some(good) = good_codes(sli, checker.automata()) else { return };
    let mut errors = good.codes.of_class(SERVER_ERRORS);
    // What asks for the wrong events is not incomplete but inverted.
    let is_inverted = good.codes.of_class(SUCCESS).is_empty()
        || direction::inverted(sli, checker.automata()).is_some();
    if let Some(valid) = &good.valid {
        errors = errors.without(&Codes::all().without(valid));
    }
    // What only one of several SLOs declares does not hold for the others.
    let users = sli.queries.users.iter().map(|user| declared_good(&user.slo.slo.meta));
    let declared = users.collect::<Option<Vec<_>>>().unwrap_or_default();
    let by_all = declared.split_first().map(|(first, rest)| {
        let others = rest.iter().map(|codes| Codes::all().without(codes));
        others.fold(first.clone(), |codes, others| codes.without(&others))
    });
    for declared in by_all.iter().chain(&declared_good(&sli.queries.indicator.meta)) {
        errors = errors.without(declared);
    }
    let Some(matcher) = good.matchers.first().filter(|_| !errors.is_empty() && !is_inverted) else {
        return;
    };
    let query = good.side.query;
    let (own, found) = (name(good.side, sli), codes(&errors));
    let is_good = sli.good.is_some();
    let is_datadog = good.side.parsed.language == Language::Datadog;
    let edit = match good.matchers.as_slice() {
        [_] if is_datadog && !has_plain_filters(&query.text) => None,
        [only] => all_of_class(only, is_good, is_datadog).and_then(|text| {
            let part = only.operator_extent.join(only.value_extent);
            checker.rewrite_part(query, part, text)
        }),
        _ => None,
    };
    let message = format!("server errors count as good: status {found}");
    let finding = checker.report(checker.place(query, matcher.extent), message);
    finding.label(if is_good {
        format!("{own} lets them through")
    } else {
        format!("{own} does not ask for them")
    });
    match edit {
        Some(edit) => {
            let before = Extent { end: matcher.operator_extent.start, ..matcher.extent };
            let title = format!("write `{}{}`", before.slice(&query.text).trim_end(), edit.text);
            finding.unsafe_fix(title, vec![edit])
        }
        None => {
            finding.help("count every 5xx as bad, or name those that are not in `slo/good-status`")
        }
    };
}

/// Returns what asks for all server errors, or for none, where a matcher asks for one of them.
fn all_of_class(matcher: &Matcher, is_good: bool, is_datadog: bool) -> Option<&'static str> {
    let is_code = matcher.value.starts_with('5')
        && matcher.value.len() == 3
        && matcher.value.bytes().all(|byte| byte.is_ascii_digit());
    let text = match matcher.operator {
        MatchOperator::NotEqual if is_good && is_datadog => ":5*",
        MatchOperator::NotEqual if is_good => "!~\"5..\"",
        MatchOperator::Equal if !is_good && is_datadog => ":5*",
        MatchOperator::Equal if !is_good => "=~\"5..\"",
        _ => return None,
    };
    is_code.then_some(text)
}
