//! Runs the chosen rules over a tree.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::finding::Finding;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Context;
use crate::rules::Facts;
use crate::rules::Rule;
use crate::rules::Suppression;
use crate::rules::Use;
use crate::source::SourceId;

use super::RuleSet;
use super::Tree;

/// Runs the chosen rules over a tree and returns what they report, sorted.
///
/// Findings that a comment allows are kept and marked. The same tree, rules and facts give the same
/// findings in the same order. What all objects of a tree have in common is reported of each of them:
/// [`fold`](super::fold) says it once, after whatever is not to be reported has been left out.
pub fn run(tree: &Tree, rules: &RuleSet, facts: &Facts<'_>) -> Vec<Finding> {
    run_allowing(tree, rules, facts, &|_| true)
}

/// Runs the chosen rules like [`run`], honoring only those comments that `counts` lets count.
pub fn run_allowing(
    tree: &Tree,
    rules: &RuleSet,
    facts: &Facts<'_>,
    counts: &dyn Fn(&Suppression) -> bool,
) -> Vec<Finding> {
    let context = Context { sources: &tree.sources, catalog: &tree.catalog, facts: *facts };
    let mut findings = Vec::new();
    for rule in rules.chosen() {
        let mut checker = Checker::new(rule, &context);
        walk(rule, tree, &mut checker);
        findings.extend(checker.finish().into_iter().filter_map(|finding| {
            let level = rules.level(rule, &finding, &tree.sources)?;
            Some(Finding { level, ..finding })
        }));
    }
    let honored: Vec<&Suppression> = tree.suppressions.iter().filter(|one| counts(one)).collect();
    let uses = suppress(&honored, rules, &mut findings, facts.now);
    for rule in rules.chosen() {
        let Check::Suppression(check) = rule.check else {
            continue;
        };
        let mut checker = Checker::new(rule, &context);
        for (suppression, used) in honored.iter().zip(&uses) {
            check(suppression, used, &mut checker);
        }
        findings.extend(checker.finish().into_iter().filter_map(|finding| {
            let level = rules.level(rule, &finding, &tree.sources)?;
            Some(Finding { level, ..finding })
        }));
    }
    sort(tree, &mut findings);
    findings
}

fn walk(rule: &'static Rule, tree: &Tree, checker: &mut Checker<'_>) {
    match rule.check {
        Check::File(check) => tree.files.iter().for_each(|file| check(file, checker)),
        Check::Slo(check) => tree.catalog.slos().for_each(|slo| check(slo, checker)),
        Check::Catalog(check) => check(&tree.catalog, checker),
        Check::Suppression(_) => {}
    }
}

/// Marks the findings that comments allow; returns what each comment was good for.
fn suppress(
    honored: &[&Suppression],
    rules: &RuleSet,
    findings: &mut [Finding],
    now: Timestamp,
) -> Vec<Use> {
    let mut uses = Vec::with_capacity(honored.len());
    let mut places: BTreeMap<(SourceId, &str), Vec<(u32, usize)>> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        let place = (finding.span.start, index);
        places.entry((finding.span.source, finding.rule)).or_default().push(place);
    }
    for places in places.values_mut() {
        places.sort_unstable();
    }
    for suppression in honored {
        let expired = suppression.is_expired(now) || suppression.bad_date.is_some();
        let mut unused = Vec::new();
        for (place, name) in suppression.rules.iter().enumerate() {
            let Some(rule) = rules.chosen().find(|rule| rule.name == name.value) else {
                continue;
            };
            let mut speaks = matches!(rule.check, Check::Suppression(_));
            let scope = suppression.scope;
            let end = scope.end.max(scope.start + 1);
            let of_rule = places.get(&(scope.source, rule.name)).map_or(&[][..], Vec::as_slice);
            let from = of_rule.partition_point(|(start, _)| *start < scope.start);
            let within = of_rule.iter().skip(from).take_while(|(start, _)| *start < end);
            for (_, index) in within {
                speaks = true;
                if let Some(finding) = findings.get_mut(*index) {
                    finding.suppressed |= !expired;
                }
            }
            if !speaks {
                unused.push(place);
            }
        }
        uses.push(Use { expired: suppression.is_expired(now), unused });
    }
    uses
}

fn sort(tree: &Tree, findings: &mut Vec<Finding>) {
    let path = |source: SourceId| tree.sources.file(source).path.as_str();
    findings.sort_by(|left, right| {
        let key = |finding: &Finding| (finding.span.start, finding.span.end, finding.rule);
        path(left.span.source)
            .cmp(path(right.span.source))
            .then_with(|| key(left).cmp(&key(right)))
            .then_with(|| left.message.cmp(&right.message))
    });
    findings.dedup_by(|later, earlier| {
        later.rule == earlier.rule && later.span == earlier.span && later.message == earlier.message
    });
}
