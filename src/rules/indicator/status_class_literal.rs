use crate::finding::Level;
use crate::indicators::Language;
use crate::indicators::Sli;
use crate::indicators::asked;
use crate::indicators::asked::Asked;
use crate::query::form;
use crate::query::form::Form;
use crate::query::form::Named;
use crate::query::grpc;
use crate::query::status::class_words;
use crate::query::status::is_status;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::query::values::Automata;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::list;
use crate::rules::words::quote;
use crate::source::Edit;

use super::has_plain_filters;

pub(super) const RULE: Rule = Rule {
    name: "status-class-literal",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Queries,
    since: "0.1.0",
    docs: include_str!("status_class_literal.md"),
    settings: &[],
    check: Check::Indicator(check),
};

/// How the form of a label is known.
enum Source<'s, 'a> {
    Documented,
    Declared,
    /// Another matcher of the indicator asks for codes.
    Other(Asked<'s, 'a>),
}

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let asked = asked::matchers(sli);
    let is_foreign = |one: &&Asked<'_, '_>| grpc::is_code_of(one.metric, &one.matcher.label.text);
    for one in asked.iter().filter(|one| !is_foreign(one)) {
        let Some((form, source)) = form(one, &asked, checker) else { continue };
        let named = form::named(one.matcher, checker.automata()).unwrap_or_default();
        let is_stray = |named: &&Named| {
            // A single digit may be the code of another protocol.
            let is_digit = form == Form::Codes && named.forms == [Form::Digits];
            !named.forms.contains(&form) && !is_digit
        };
        let strays: Vec<u16> = named.iter().filter(is_stray).map(|named| named.class).collect();
        if !strays.is_empty() {
            report(one, form, &source, &strays, checker);
        }
    }
}

fn form<'s, 'a>(
    one: &Asked<'s, 'a>,
    all: &[Asked<'s, 'a>],
    checker: &Checker<'_>,
) -> Option<(Form, Source<'s, 'a>)> {
    let label = one.matcher.label.text.as_str();
    if let Some(values) = checker.config().metrics.values_of(one.metric, label) {
        return Some((Form::of_values(values)?, Source::Declared));
    }
    if let Some(form) = Form::of(one.metric, label) {
        return Some((form, Source::Documented));
    }
    let is_same = |other: &&Asked<'_, '_>| {
        other.metric == one.metric && other.matcher.label.text == label && is_status(label)
    };
    let mut others = all.iter().filter(is_same);
    let other = others.find(|other| are_codes(other.matcher, checker.automata()))?;
    Some((Form::Codes, Source::Other(*other)))
}

/// Returns whether a matcher names codes, and nothing that is one only in another form.
fn are_codes(matcher: &Matcher, automata: &Automata) -> bool {
    let named = form::named(matcher, automata).unwrap_or_default();
    !named.is_empty() && named.iter().all(|named| named.forms == [Form::Codes])
}

fn report(
    one: &Asked<'_, '_>,
    form: Form,
    source: &Source<'_, '_>,
    strays: &[u16],
    checker: &mut Checker<'_>,
) {
    let (matcher, query) = (one.matcher, one.query);
    let label = &matcher.label.text;
    let verb = if matcher.operator.is_positive() { "finds" } else { "refuses" };
    let classes: Vec<String> = strays.iter().map(|class| Form::Classes.word(*class)).collect();
    let values = match form {
        Form::Codes => "codes",
        Form::Classes | Form::Capitals => "classes",
        Form::Digits => "digits",
    };
    let example = strays.first().map(|class| form.word(*class)).unwrap_or_default();
    let message = format!(
        "{} {verb} no response of {}: `{label}` holds {values} such as `{example}`",
        quote(matcher.extent.slice(&query.text)),
        list(&classes, "or"),
    );
    let edit = rewritten(one, form, checker);
    let other = match source {
        Source::Other(other) => Some(checker.place(other.query, other.matcher.extent)),
        _ => None,
    };
    let level = if other.is_some() { Level::Warning } else { RULE.level };
    let finding = checker.report_at(level, checker.place(query, matcher.extent), message);
    finding.label(format!("no value of `{label}` is written so"));
    match source {
        Source::Declared => finding.note("`metrics.yaml` lists the values of this label"),
        Source::Documented => {
            finding.note(format!("so the maker of {} documents it", quote(one.metric)))
        }
        Source::Other(_) => finding,
    };
    if let Some(other) = other {
        finding.also(other, "asks for codes");
    }
    match edit {
        Some(edit) => finding.unsafe_fix(format!("write `{}`", edit.text), vec![edit]),
        None => finding.help(format!("write {values} such as `{example}`")),
    };
}

/// Returns the edit that writes the words for classes in the form of the label.
///
/// Nothing where there are none, for what names a code may be meant to find that code alone.
fn rewritten(one: &Asked<'_, '_>, form: Form, checker: &Checker<'_>) -> Option<Edit> {
    let (matcher, query) = (one.matcher, one.query);
    let is_datadog = one.parsed.language == Language::Datadog;
    if is_datadog && !has_plain_filters(&query.text) {
        return None;
    }
    let written = matcher.value_extent.slice(&query.text);
    let mut text = written.to_owned();
    let words: Vec<_> = class_words(written).collect();
    for (at, word) in words.iter().rev() {
        let class: u16 = word.get(..1)?.parse().ok()?;
        let new = match form {
            Form::Codes if is_datadog => format!("{class}*"),
            Form::Codes => format!("{class}.."),
            _ => form.word(class),
        };
        text.replace_range(*at..at + word.len(), &new);
    }
    let operator = match matcher.operator {
        _ if is_datadog => matcher.operator_extent.slice(&query.text),
        MatchOperator::Equal if form == Form::Codes => "=~",
        MatchOperator::NotEqual if form == Form::Codes => "!~",
        _ => matcher.operator_extent.slice(&query.text),
    };
    let extent = matcher.label.extent.join(matcher.value_extent);
    let text = format!("{}{operator}{text}", matcher.label.extent.slice(&query.text));
    let edit = checker.rewrite_part(query, extent, &text)?;
    (!words.is_empty()).then_some(edit)
}
