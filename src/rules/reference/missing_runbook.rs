use std::collections::BTreeMap;

use crate::alerts::urgency::Urgency;
use crate::finding::Level;
use crate::model::Alert;
use crate::model::AlertCondition;
use crate::model::AlertPolicy;
use crate::model::Annotation;
use crate::model::Meta;
use crate::model::Subject;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Span;

use super::has_service_elsewhere;

pub(super) const RULE: Rule = Rule {
    name: "missing-runbook",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::Alerts,
    since: "0.1.0",
    docs: include_str!("missing_runbook.md"),
    settings: &[],
    check: Check::Slos(check),
};

/// The last part of the key of an annotation that leads to a runbook, without `-` and `_`.
const KEYS: &[&str] = &["runbook", "runbookurl", "playbook", "playbookurl"];

/// Words that people write where they have nothing to say.
const NOTHING: &[&str] = &["n/a", "none", "tbd", "todo", "http://", "https://"];

/// The most SLOs that are shown of one condition.
const MAX_PLACES: usize = 10;

/// A condition that pages, and the SLOs for which nothing says what to do then.
struct Page<'a> {
    condition: &'a AlertCondition,
    lacking: Vec<(&'a AlertPolicy, &'a Subject<'a>)>,
}

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let mut pages: BTreeMap<Span, Page<'_>> = BTreeMap::new();
    for slo in slos {
        for Alert { policy, condition } in &slo.alerts {
            if checker.urgency(condition) != Urgency::Page {
                continue;
            }
            let page = pages.entry(condition.meta.span);
            let page = page.or_insert_with(|| Page { condition, lacking: Vec::new() });
            let service = slo.service.map(|service| &service.meta);
            let metas = [&condition.meta, &policy.meta, &slo.meta].into_iter().chain(service);
            if !metas.into_iter().any(has_runbook) && !has_service_elsewhere(slo, checker) {
                page.lacking.push((policy, slo));
            }
        }
    }
    let has_none = pages.values().all(|page| !page.lacking.is_empty());
    for page in pages.values().filter(|page| !page.lacking.is_empty()) {
        report(page, has_none, checker);
    }
}

/// Returns whether an object leads to a runbook.
fn has_runbook(meta: &Meta) -> bool {
    meta.annotations.iter().any(|annotation| is_key(annotation) && leads(&annotation.value.value))
}

fn is_key(annotation: &Annotation) -> bool {
    let key = annotation.key.value.as_str();
    let name = key.rsplit_once('/').map_or(key, |(_, name)| name);
    // Most keys are told apart by their first letter.
    if !name.starts_with(['r', 'R', 'p', 'P']) {
        return false;
    }
    let letters = || name.chars().filter(|letter| !matches!(letter, '-' | '_'));
    KEYS.iter().any(|key| key.chars().eq(letters().map(|letter| letter.to_ascii_lowercase())))
}

/// Returns whether a text is a URL or a path, or may become one when something else fills it in.
fn leads(text: &str) -> bool {
    let text = text.trim();
    let is_nothing = NOTHING.iter().any(|nothing| nothing.eq_ignore_ascii_case(text));
    let is_file = || {
        let ending = text.rsplit_once('.').map(|(_, ending)| ending);
        let is_ending =
            |ending: &str| !ending.is_empty() && ending.chars().all(char::is_alphanumeric);
        !text.contains(char::is_whitespace) && ending.is_some_and(is_ending)
    };
    !is_nothing && (text.contains(['/', '$', '{']) || is_file())
}

fn report(page: &Page<'_>, has_none: bool, checker: &mut Checker<'_>) {
    let Page { condition, lacking } = page;
    let name = match condition.meta.name() {
        "" => String::new(),
        name => format!(" {}", quote(name)),
    };
    let of_users = lacking.iter().flat_map(|(policy, slo)| {
        let service = slo.service.map(|service| &service.meta);
        [&policy.meta, &slo.meta].into_iter().chain(service)
    });
    let mut given =
        [&condition.meta].into_iter().chain(of_users).flat_map(|meta| meta.annotations.iter());
    let useless = given.find(|annotation| is_key(annotation)).map(|given| given.value.span);
    let message = format!("the alert{name} pages somebody without a runbook");
    let finding = checker.report(condition.meta.place(), message);
    if let Some(severity) = &condition.severity {
        finding.also(severity.span, "wakes people");
    }
    if let Some(span) = useless {
        finding.also(span, "neither a URL nor a path");
    }
    let is_shared = |slo: &&Subject<'_>| !slo.meta.span.contains(condition.meta.span);
    for slo in lacking.iter().map(|(_, slo)| *slo).filter(is_shared).take(MAX_PLACES) {
        finding.also(slo.meta.place(), format!("{} names none either", quote(slo.meta.name())));
    }
    finding.help("annotate the condition, its policy, the SLO or its Service with `runbook`: a URL or a path");
    if has_none {
        finding.once("no alert of the repository that pages somebody has a runbook");
    }
}
