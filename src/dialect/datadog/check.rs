//! What the schemas of Datadog cannot state.

use crate::yaml::Entry;

use super::Expected;
use super::Problem;
use super::fields;
use super::form::Form;
use super::form::Target;
use super::formulas;
use super::parts;

/// Checks an SLO.
pub(super) fn form(form: &Form<'_>, problems: &mut Vec<Problem>) {
    for target in &form.targets {
        parts::check_percent(target.node, target.goal, problems);
        warning(target, problems);
    }
    twice(form, problems);
    if let Some(specification) = form.specification {
        parts::exactly_one(specification, &["time_slice", "count"], problems);
    }
    measure(form, problems);
    if let Some(count) = form.count {
        events(count, problems);
    }
    for holder in formulas::holders(form) {
        formulas::check(holder, problems);
    }
}

/// A warning comes before the target is missed.
fn warning(target: &Target<'_>, problems: &mut Vec<Problem>) {
    let number = |field: &str| fields::number(target.node, field);
    let (Some(warning), Some(goal)) = (number(target.warning), number(target.goal)) else {
        return;
    };
    let is_told = problems.iter().any(|problem| problem.span() == warning.span);
    if warning.value <= goal.value && !is_told {
        problems.push(Problem::InvalidValue {
            span: warning.span,
            field: target.warning.to_owned(),
            found: warning.value.to_string(),
            expected: Expected::Above(goal.value.to_string()),
        });
    }
}

/// A timeframe has one target.
fn twice(form: &Form<'_>, problems: &mut Vec<Problem>) {
    for (index, target) in form.targets.iter().enumerate() {
        let Some(name) = target.timeframe else { continue };
        let mut before = form.targets.iter().take(index);
        if before.any(|other| other.timeframe == Some(name))
            && let Some(value) = target.node.given("timeframe")
        {
            let (field, found) = ("timeframe".to_owned(), name.to_owned());
            let (span, expected) = (value.place(), Expected::Unique);
            problems.push(Problem::InvalidValue { span, field, found, expected });
        }
    }
}

/// What is measured goes with the type.
fn measure(form: &Form<'_>, problems: &mut Vec<Problem>) {
    let Some(kind) = form.node.given("type") else { return };
    let is_resource = form.metadata.is_some();
    let specification = if is_resource { "timeSlice" } else { "sli_specification" };
    let (has, fields): (bool, Vec<&'static str>) = match kind.text() {
        Some("metric") if is_resource => (form.query.is_some(), vec!["query"]),
        Some("metric") => {
            (form.query.is_some() || form.count.is_some(), vec!["query", "sli_specification"])
        }
        Some("monitor") => {
            let field = if is_resource { "monitorIDs" } else { "monitor_ids" };
            (form.monitors.is_some(), vec![field])
        }
        Some("time_slice") => (form.slices.is_some(), vec![specification]),
        _ => return,
    };
    let is_told = |field: &&str| {
        let meant = |problem: &Problem| match problem {
            Problem::UnknownField { nearest: Some(nearest), .. } => nearest == field,
            _ => false,
        };
        form.node.entry(field).is_some_and(|entry| {
            let whole = entry.key.span().cover(entry.value.span());
            problems.iter().any(|problem| whole.contains(problem.span()))
        }) || problems.iter().any(meant)
    };
    if has || fields.iter().any(is_told) {
        return;
    }
    let (span, of) = (kind.place(), String::new());
    problems.push(match fields.as_slice() {
        [only] => Problem::MissingFields {
            span,
            object: form.node.span(),
            fields: vec![(*only).to_owned()],
            of,
            weak: false,
        },
        _ => Problem::MissingOneOf { span, fields, of },
    });
}

/// Two of good, bad and valid events say what the third is.
fn events(count: Entry<'_>, problems: &mut Vec<Problem>) {
    let whole = count.value.span();
    let given = formulas::COUNTS.iter().filter(|field| count.value.given(field).is_some()).count();
    if given < 2 && !problems.iter().any(|problem| whole.contains(problem.span())) {
        let lacks = formulas::COUNTS.into_iter().filter(|field| count.value.given(field).is_none());
        problems.push(Problem::MissingOneOf {
            span: count.key.span(),
            fields: lacks.collect(),
            of: "count".to_owned(),
        });
    }
}
