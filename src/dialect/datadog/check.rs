//! What the schemas of Datadog cannot state.

use std::collections::HashSet;

use crate::yaml::Entry;

use super::Expected;
use super::Problem;
use super::faults::Faults;
use super::fields;
use super::form::Form;
use super::form::Target;
use super::formulas;
use super::parts;
use super::parts::Scale;

/// Checks an SLO.
pub(super) fn form(form: &Form<'_>, faults: &mut Faults) {
    let mut seen = HashSet::new();
    for target in &form.targets {
        parts::check_target(target.node, target.goal, Scale::Percent, faults);
        warning(target, faults);
        // A timeframe has one target.
        if target.timeframe.is_some_and(|name| !seen.insert(name))
            && let Some(entry) = target.node.entry("timeframe")
        {
            faults.wrong(entry, Expected::Unique);
        }
    }
    if let Some(specification) = form.specification {
        let (holder, span) = (specification.value, specification.key.span());
        faults.exactly_one(holder, span, "sli_specification", &["time_slice", "count"]);
    }
    measure(form, faults);
    if let Some(count) = form.count {
        events(count, faults);
    }
    for holder in formulas::holders(form) {
        formulas::check(holder, faults);
    }
}

/// A warning comes before the target is missed.
fn warning(target: &Target<'_>, faults: &mut Faults) {
    let number = |field: &str| fields::number(target.node, field);
    let (Some(warning), Some(goal)) = (number(target.warning), number(target.goal)) else {
        return;
    };
    if warning.value <= goal.value
        && let Some(entry) = target.node.entry(target.warning)
    {
        faults.wrong(entry, Expected::Above(goal.value.to_string()));
    }
}

/// What is measured goes with the type.
fn measure(form: &Form<'_>, faults: &mut Faults) {
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
    // What only a run of Terraform tells may be it.
    let may_have = |field: &&str| {
        form.node.given(field).is_some_and(crate::yaml::Node::is_unknown)
            || faults.explain(form.node, field)
    };
    if has || fields.iter().any(may_have) {
        return;
    }
    if let [only] = fields.as_slice() {
        faults.missing(kind.place(), form.node, only, "");
    } else {
        let (span, of) = (kind.place(), String::new());
        faults.push(Problem::MissingOneOf { span, fields, of });
    }
}

/// Two of good, bad and valid events say what the third is.
fn events(count: Entry<'_>, faults: &mut Faults) {
    let is_given = |field: &&str| count.value.given(field).is_some();
    let given = formulas::COUNTS.iter().filter(|field| is_given(field)).count();
    if given < 2 && !faults.are_of(count) {
        let lacks = formulas::COUNTS.into_iter().filter(|field| !is_given(field));
        faults.push(Problem::MissingOneOf {
            span: count.key.span(),
            fields: lacks.collect(),
            of: "count".to_owned(),
        });
    }
}
