//! Runs the chosen rules over a tree.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use jiff::Timestamp;
use rayon::prelude::*;

use crate::finding::Finding;
use crate::indicators;
use crate::indicators::Queries;
use crate::indicators::Sli;
use crate::model::Object;
use crate::model::Subject;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Context;
use crate::rules::Facts;
use crate::rules::Rule;
use crate::rules::Shared;
use crate::rules::Suppression;
use crate::rules::Use;
use crate::source::SourceId;
use crate::source::Span;

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
    let slos: Vec<_> = tree.catalog.slos().collect();
    let subjects: Vec<Subject<'_>> =
        slos.into_par_iter().map(|slo| Subject::new(&tree.catalog, slo)).collect();
    let (sources, catalog) = (&tree.sources, &tree.catalog);
    let shared = Shared::default();
    let facts = *facts;
    let context = Context { sources, catalog, subjects: &subjects, facts, shared: &shared };
    let chosen: Vec<&'static Rule> = rules.chosen().collect();
    let one_by_one = || {
        let found_by = |rule: &&'static Rule| {
            let mut checker = Checker::new(rule, &context);
            walk(rule, tree, &mut checker);
            leveled(rule, checker, tree, rules)
        };
        chosen.par_iter().map(found_by).collect::<Vec<Vec<Finding>>>()
    };
    let of_slos = chosen.iter().filter_map(|rule| match rule.check {
        Check::Slo(check) => Some((*rule, check as Look<Subject<'_>>)),
        _ => None,
    });
    let of_objects = chosen.iter().filter_map(|rule| match rule.check {
        Check::Object(check) => Some((*rule, check as Look<Object>)),
        _ => None,
    });
    let (of_slos, of_objects) = (of_slos.collect::<Vec<_>>(), of_objects.collect::<Vec<_>>());
    let together = || {
        let mut found = of_each(&subjects, &of_slos, &context, tree, rules);
        found.append(&mut of_each(catalog.objects(), &of_objects, &context, tree, rules));
        found.append(&mut of_indicators(&chosen, &context, tree, rules));
        found
    };
    // No rule waits for another.
    let (one_by_one, together) = rayon::join(one_by_one, together);
    let mut findings: Vec<Finding> = one_by_one.into_iter().chain(together).flatten().collect();
    let honored: Vec<&Suppression> = tree.suppressions.iter().filter(|one| counts(one)).collect();
    let uses = suppress(&honored, rules, &mut findings, facts.now);
    for rule in chosen {
        let Check::Suppression(check) = rule.check else {
            continue;
        };
        let mut checker = Checker::new(rule, &context);
        for (suppression, used) in honored.iter().zip(&uses) {
            check(suppression, used, &mut checker);
        }
        findings.extend(leveled(rule, checker, tree, rules));
    }
    sort(tree, &mut findings);
    findings
}

/// Returns what a rule found, each at the level that is configured where it stands.
pub(super) fn leveled(
    rule: &'static Rule,
    checker: Checker<'_>,
    tree: &Tree,
    rules: &RuleSet,
) -> Vec<Finding> {
    let found = checker.finish().into_iter();
    let leveled = found.filter_map(|finding| {
        let level = rules.level(rule, &finding, &tree.sources)?;
        Some(Finding { level, ..finding })
    });
    leveled.collect()
}

/// How a rule looks at one thing.
type Look<T> = fn(&T, &mut Checker<'_>);

/// Runs the rules that look at one indicator; without any, no query is parsed.
fn of_indicators<'a>(
    chosen: &[&'static Rule],
    context: &'a Context<'a>,
    tree: &Tree,
    rules: &RuleSet,
) -> Vec<Vec<Finding>> {
    let checks = chosen.iter().filter_map(|rule| match rule.check {
        Check::Indicator(check) => Some((*rule, check as Look<Sli<'_>>)),
        _ => None,
    });
    let checks: Vec<_> = checks.collect();
    if checks.is_empty() {
        return Vec::new();
    }
    let queries = indicators::read(context.catalog, context.subjects);
    let indicators: Vec<Sli<'_>> = queries.par_iter().map(Sli::new).collect();
    let mut found = of_each(&indicators, &checks, context, tree, rules);
    show_rules(&queries, &mut found, tree);
    found
}

/// Shows the rules of Prometheus behind the series that findings speak of.
fn show_rules(queries: &[Queries<'_>], found: &mut [Vec<Finding>], tree: &Tree) {
    let mut recorded: Vec<(Span, Span)> = Vec::new();
    for parsed in queries.iter().flat_map(|queries| &queries.each) {
        let raw = |span: Span| tree.sources.file(span.source).text.get(span.range());
        for series in parsed.series() {
            let Some(raw) = raw(parsed.query.span) else { continue };
            let place = parsed.query.place(series.extent, raw);
            recorded.push((place, series.rule.expression.span));
        }
    }
    for finding in found.iter_mut().flatten() {
        let places: Vec<Span> =
            finding.labels.iter().map(|label| label.span).chain([finding.span]).collect();
        let mut rules: Vec<Span> = recorded
            .iter()
            .filter(|(place, _)| places.contains(place))
            .map(|(_, rule)| *rule)
            .collect();
        rules.sort_unstable();
        rules.dedup();
        for rule in rules {
            finding.also(rule, "recorded here");
        }
    }
}

/// Runs the rules that look at one SLO, at one object or at one indicator.
///
/// They go from one to the next together, so that each is fetched from memory once and not for each
/// rule.
fn of_each<'a, T: Sync>(
    items: &[T],
    checks: &[(&'static Rule, Look<T>)],
    context: &'a Context<'a>,
    tree: &Tree,
    rules: &RuleSet,
) -> Vec<Vec<Finding>> {
    /// How many runs of neighbors each thread gets: enough to share the work evenly, few enough that
    /// no file is read many times to be mended.
    const RUNS: usize = 4;
    let length = items.len().div_ceil(rayon::current_num_threads() * RUNS).max(1);
    let found = items.par_chunks(length).flat_map_iter(|items| {
        let checkers =
            checks.iter().map(|(rule, check)| (*rule, check, Checker::new(rule, context)));
        let mut checkers: Vec<_> = checkers.collect();
        for item in items {
            for (_, check, checker) in &mut checkers {
                check(item, checker);
            }
        }
        let found =
            checkers.into_iter().map(|(rule, _, checker)| leveled(rule, checker, tree, rules));
        found.collect::<Vec<_>>()
    });
    found.collect()
}

fn walk(rule: &'static Rule, tree: &Tree, checker: &mut Checker<'_>) {
    match rule.check {
        Check::File(check) => tree.files.iter().for_each(|file| check(file, checker)),
        Check::Files(check) => check(&tree.files, checker),
        Check::Slos(check) => check(checker.subjects(), checker),
        Check::Catalog(check) => check(&tree.catalog, checker),
        Check::Object(_)
        | Check::Indicator(_)
        | Check::Slo(_)
        | Check::Suppression(_)
        | Check::Baseline(_) => {}
    }
}

/// The findings of one rule in one file: their places, and how often a comment begins to allow them
/// at each, or ends to.
#[derive(Default)]
struct Places {
    /// The start of each and its index, in order.
    starts: Vec<(u32, usize)>,
    /// One step for each place, and one for the end.
    steps: Vec<i64>,
}

impl Places {
    /// Returns whether any of them lies in a scope, and notes that a comment allows those.
    fn allow(&mut self, scope: Span, step: i64) -> bool {
        let end = scope.end.max(scope.start + 1);
        let from = self.starts.partition_point(|(start, _)| *start < scope.start);
        let to = self.starts.partition_point(|(start, _)| *start < end);
        for (place, step) in [(from, step), (to, -step)] {
            if let Some(steps) = self.steps.get_mut(place) {
                *steps += step;
            }
        }
        from < to
    }
}

/// Marks the findings that comments allow; returns what each comment was good for.
///
/// A thousand comments above an object of a thousand findings are a thousand steps, not a million.
fn suppress(
    honored: &[&Suppression],
    rules: &RuleSet,
    findings: &mut [Finding],
    now: Timestamp,
) -> Vec<Use> {
    let files: BTreeSet<SourceId> = honored.iter().map(|one| one.scope.source).collect();
    let mut places: BTreeMap<(SourceId, &str), Places> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        // Where two places are equally wrong, a comment at either allows it.
        let both = [Some(finding.span), finding.other_place()].into_iter().flatten();
        for place in both.filter(|place| files.contains(&place.source)) {
            let places = places.entry((place.source, finding.rule)).or_default();
            places.starts.push((place.start, index));
        }
    }
    for places in places.values_mut() {
        places.starts.sort_unstable();
        places.steps = vec![0; places.starts.len() + 1];
    }
    let chosen: BTreeMap<&str, &Rule> = rules.chosen().map(|rule| (rule.name, rule)).collect();
    let mut uses = Vec::with_capacity(honored.len());
    for suppression in honored {
        let expired = suppression.is_expired(now) || suppression.bad_date.is_some();
        let mut unused = Vec::new();
        for (place, name) in suppression.rules.iter().enumerate() {
            let Some(rule) = chosen.get(name.value.as_str()) else {
                continue;
            };
            let of_rule = places.get_mut(&(suppression.scope.source, rule.name));
            let speaks = of_rule.is_some_and(|of| of.allow(suppression.scope, i64::from(!expired)));
            if !speaks {
                unused.push(place);
            }
        }
        uses.push(Use { expired: suppression.is_expired(now), unused });
    }
    let mut allowed = Vec::new();
    for Places { starts, steps } in places.into_values() {
        let mut open = 0;
        for ((_, index), step) in starts.into_iter().zip(steps) {
            open += step;
            allowed.extend((open > 0).then_some(index));
        }
    }
    for index in allowed {
        if let Some(finding) = findings.get_mut(index) {
            finding.suppressed = true;
        }
    }
    uses
}

/// Puts findings in their order, path and place first, and says none twice.
pub(super) fn sort(tree: &Tree, findings: &mut Vec<Finding>) {
    let paths = tree.sources.shown().map(|(id, source)| (source.path.as_str(), id));
    let mut paths: Vec<(&str, SourceId)> = paths.collect();
    paths.sort_unstable();
    let ranks = paths.into_iter().enumerate().map(|(rank, (_, id))| (id, rank));
    let ranks: HashMap<SourceId, usize> = ranks.collect();
    let place = |Finding { span, rule, .. }: &Finding| {
        (ranks.get(&span.source).copied(), span.start, span.end, *rule)
    };
    findings.sort_by_cached_key(place);
    for alike in
        findings.chunk_by_mut(|one, other| one.span == other.span && one.rule == other.rule)
    {
        alike.sort_by(|one, other| one.message.cmp(&other.message));
    }
    findings.dedup_by(|later, earlier| {
        later.rule == earlier.rule && later.span == earlier.span && later.message == earlier.message
    });
}
