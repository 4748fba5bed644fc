use crate::finding::Level;
use crate::indicators::Language;
use crate::indicators::Parsed;
use crate::indicators::Role;
use crate::indicators::Side;
use crate::indicators::Sli;
use crate::indicators::direction;
use crate::indicators::direction::Clue;
use crate::indicators::direction::Inversion;
use crate::model::Operator;
use crate::model::RawType;
use crate::query::form::Form;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Edit;

use super::codes;
use super::has_plain_filters;
use super::name;

pub(super) const RULE: Rule = Rule {
    name: "ratio-direction-inverted",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Queries,
    since: "0.1.0",
    docs: include_str!("ratio_direction_inverted.md"),
    settings: &[],
    check: Check::Indicator(check),
};

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    if let Some(inversion) = direction::inverted(sli, checker.automata()) {
        report(&inversion, sli, checker);
    } else {
        report_share(sli, checker);
    }
    for parsed in sli.queries.each.iter().filter(|parsed| parsed.role == Role::Value) {
        report_latency(parsed, sli, checker);
    }
}

fn report(inversion: &Inversion<'_, '_>, sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let side = inversion.side;
    let is_good = sli.good.as_ref().is_some_and(|good| std::ptr::eq(good, side));
    let (own, query) = (name(side, sli), side.query);
    let (wanted, counted) = if is_good { ("good", "failures") } else { ("bad", "successes") };
    let subject = match side.parsed.role {
        Role::Good | Role::Bad | Role::Total => own.to_owned(),
        Role::Ratio(_) | Role::Value => format!("{own}, which has to count {wanted} events,"),
    };
    let (extent, what, label, edit) = match &inversion.clue {
        Clue::Codes { codes: found, matchers } => {
            let Some(first) = matchers.first() else { return };
            let edit = if is_good { others(matchers, side, checker) } else { None };
            let label = format!("asks for {counted} alone");
            (first.extent, format!("status {}", codes(found)), label, edit)
        }
        Clue::Word { selector, word } => {
            let extent = selector.name.as_ref().map_or(selector.extent, |name| name.extent);
            let label = format!("`{word}` is no word for a {wanted} event");
            (extent, format!("`{}`", extent.slice(&query.text)), label, None)
        }
    };
    let message = format!("{subject} counts nothing but {counted}: {what}");
    let finding = checker.report(checker.place(query, extent), message);
    finding.label(label);
    match edit {
        Some(edit) => {
            let title = format!("ask for the others: {}", quote(&edit.text));
            finding.unsafe_fix(title, vec![edit]);
        }
        None => {
            finding.help(way_out(side.parsed.role, is_good));
        }
    }
}

/// Returns what to do about a side that counts the wrong events.
fn way_out(role: Role, is_good: bool) -> &'static str {
    match (role, is_good) {
        (Role::Good, _) => "name this query `bad`, or ask for good events",
        (Role::Bad | Role::Total, _) => "name this query `good`, or ask for bad events",
        (Role::Ratio(RawType::Success), _) => "write `rawType: failure`, or turn the share",
        (Role::Ratio(RawType::Failure), _) => "write `rawType: success`, or turn the share",
        (Role::Value, true) => "let the objectives ask for a low share, with `op: lt` or `op: lte`",
        (Role::Value, false) => {
            "let the objectives ask for a high share, with `op: gt` or `op: gte`"
        }
    }
}

/// Returns the edit that asks for all other values of a label.
fn others(matchers: &[&Matcher], side: &Side<'_>, checker: &Checker<'_>) -> Option<Edit> {
    let [only] = matchers else { return None };
    let query = side.query;
    // One code of several leaves the rest of the errors among the good events.
    let is_class = Form::of_words([*only]).is_some();
    let is_asked = only.operator == MatchOperator::Matches
        || (is_class && only.operator == MatchOperator::Equal);
    if !is_asked {
        return None;
    }
    if side.parsed.language == Language::Datadog {
        if !has_plain_filters(&query.text) {
            return None;
        }
        let written = only.extent.slice(&query.text);
        return checker.rewrite_part(query, only.extent, &format!("!{written}"));
    }
    let operator = if only.operator == MatchOperator::Matches { "!~" } else { "!=" };
    let text = format!(
        "{}{operator}{}",
        only.label.extent.slice(&query.text),
        only.value_extent.slice(&query.text)
    );
    checker.rewrite_part(query, only.extent, &text)
}

fn report_share(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let Some((role, level, word)) = direction::mistaken_share(sli) else { return };
    let Some(parsed) = sli.queries.of(role) else { return };
    let (said, other, kind) = match role {
        Role::Ratio(RawType::Success) => ("success", "failure", "failures"),
        _ => ("failure", "success", "successes"),
    };
    let extent = level.selector.name.as_ref().map_or(level.selector.extent, |name| name.extent);
    let written = extent.slice(&parsed.query.text);
    let message = format!("`rawType: {said}` is said of a share of {kind}: `{written}`");
    let finding = checker.report(checker.place(parsed.query, extent), message);
    let left = if level.is_complement { ", and the query gives what it leaves" } else { "" };
    finding.label(format!("`{word}` tells what the share is of{left}"));
    finding.help(format!("write `rawType: {other}`, or turn the share"));
}

fn report_latency(parsed: &Parsed<'_>, sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let Some(level) = parsed.sound().and_then(direction::level) else { return };
    let units = &checker.config().metrics.units;
    let is_time = units.get(level.metric).is_some_and(|unit| unit.ends_with("seconds"));
    if level.is_complement || !direction::is_latency(level.metric, is_time) {
        return;
    }
    let place = checker.place(parsed.query, level.selector.extent);
    for user in &sli.queries.users {
        let Some(operator) = &user.objective.operator else { continue };
        let (wanted, sense) = match operator.value {
            Operator::Gt => (Operator::Lt, "above"),
            Operator::Gte => (Operator::Lte, "at or above"),
            Operator::Lt | Operator::Lte => continue,
        };
        let value = user.objective.value.as_ref();
        let value = value.map_or_else(|| "its value".to_owned(), |value| value.value.to_string());
        let message =
            format!("a latency is good while it is {sense} {value}: slow answers are good");
        let edit = checker.rewrite(operator.span, wanted.name());
        let finding = checker.report(operator.span, message);
        finding.label(format!("good is what is {} {value}", operator.value.sign()));
        finding.also(place, "a latency: the lower, the better");
        let title = format!("write `{}`", wanted.name());
        match edit {
            Some(edit) => finding.unsafe_fix(title, vec![edit]),
            None => finding.help(title),
        };
    }
}
