use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Level;
use crate::model::AlertPolicy;
use crate::model::Catalog;
use crate::model::Found;
use crate::model::Object;
use crate::model::Referable;
use crate::model::Slo;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Span;

use crate::alerts::is_exempt;
use crate::alerts::is_true;
use crate::alerts::tells_of_breaches;

pub(super) const RULE: Rule = Rule {
    name: "breach-not-alerted",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::OpenSlo,
    since: "0.1.0",
    docs: include_str!("breach_not_alerted.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// The SLOs of which no policy tells, by the first policy of each, and what else tells nobody.
type Untold<'a> = BTreeMap<Span, (&'a AlertPolicy, Vec<&'a Slo>, Vec<Span>)>;

fn check(_: &Catalog, checker: &mut Checker<'_>) {
    let catalog = checker.catalog();
    let mut off: BTreeMap<Span, &AlertPolicy> = BTreeMap::new();
    let mut untold = Untold::new();
    for object in catalog.objects() {
        match object {
            Object::AlertPolicy(policy) => note_off(policy, &mut off),
            Object::Slo(slo) => {
                for policy in &slo.alert_policies {
                    if let Referable::Inline(policy) = policy {
                        note_off(policy, &mut off);
                    }
                }
                // An alert of Prometheus tells of it.
                if !checker.watched().contains(&slo.meta.span) {
                    note_untold(catalog, slo, &mut untold);
                }
            }
            _ => {}
        }
    }
    for (span, policy) in off {
        report_off(span, policy, checker);
    }
    for (span, (policy, slos, others)) in untold {
        report_untold(span, policy, &slos, &others, checker);
    }
}

/// Notes a policy that says of nothing that anybody is told, and of a breach that nobody is.
fn note_off<'a>(policy: &'a AlertPolicy, off: &mut BTreeMap<Span, &'a AlertPolicy>) {
    if let Some(flag) = &policy.when_breaching
        && is_off(policy)
    {
        off.insert(flag.span, policy);
    }
}

fn is_off(policy: &AlertPolicy) -> bool {
    !tells_of_breaches(policy)
        && !is_true(policy.when_no_data.as_ref())
        && !is_true(policy.when_resolved.as_ref())
}

/// Notes an SLO of which no policy tells that the budget burns, although none is switched off.
fn note_untold<'a>(catalog: &'a Catalog, slo: &'a Arc<Slo>, untold: &mut Untold<'a>) {
    let mut policies = Vec::new();
    for used in &slo.alert_policies {
        match catalog.alert_policy(used) {
            Found::One(policy) if tells_of_breaches(policy) || is_off(policy) => return,
            Found::One(policy) => policies.push(policy),
            // It may be the one that tells.
            Found::Nothing | Found::Unreadable => return,
        }
    }
    let mut flags = policies.iter().filter_map(|policy| policy.when_breaching.as_ref());
    let (Some(flag), Some(first)) = (flags.next(), policies.first()) else { return };
    if is_exempt(slo) {
        return;
    }
    let (_, slos, others) =
        untold.entry(flag.span).or_insert_with(|| (first, Vec::new(), Vec::new()));
    others.extend(flags.map(|flag| flag.span).filter(|_| slos.is_empty()));
    slos.push(slo);
}

fn report_off(span: Span, policy: &AlertPolicy, checker: &mut Checker<'_>) {
    let message = format!("{} tells nobody anything", in_a_message(policy));
    let edit = checker.rewrite(span, "true");
    let finding = checker.report(span, message);
    finding.label("not of a breach");
    let flags = [(&policy.when_no_data, "missing data"), (&policy.when_resolved, "the end of one")];
    for (flag, what) in flags {
        // An alias may bring it.
        if let Some(flag) = flag.as_ref().filter(|flag| flag.span != span) {
            finding.also(flag.span, format!("not of {what}"));
        }
    }
    match edit {
        Some(edit) => finding.unsafe_fix(TITLE, vec![edit]),
        None => finding.help(TITLE),
    };
}

/// Returns an alert policy as the subject of a message.
fn in_a_message(policy: &AlertPolicy) -> String {
    match policy.meta.name() {
        "" => "this alert policy".to_owned(),
        name => format!("the alert policy {}", quote(name)),
    }
}

const TITLE: &str = "set `alertWhenBreaching: true`";

fn report_untold(
    span: Span,
    policy: &AlertPolicy,
    slos: &[&Slo],
    others: &[Span],
    checker: &mut Checker<'_>,
) {
    let first = slos.first().map_or("", |slo| slo.meta.name());
    let more = match slos.len() {
        0 | 1 => String::new(),
        2 => " and of 1 other SLO".to_owned(),
        count => format!(" and of {} other SLOs", count - 1),
    };
    let edit = checker.rewrite(span, "true");
    let message = format!("{} tells nobody of a breach", in_a_message(policy));
    let finding = checker.report(span, message);
    finding.note(format!("no other tells that the budget of {}{more} burns", quote(first)));
    finding.label(
        match (is_true(policy.when_no_data.as_ref()), is_true(policy.when_resolved.as_ref())) {
            (true, true) => "this policy speaks of missing data and of the end of a breach alone",
            (true, false) => "this policy speaks of missing data alone",
            (false, _) => "this policy speaks of the end of a breach alone",
        },
    );
    for other in others {
        finding.also(*other, "nor does this one tell");
    }
    match edit {
        Some(edit) => finding.unsafe_fix(TITLE, vec![edit]),
        None => finding.help(TITLE),
    };
}
