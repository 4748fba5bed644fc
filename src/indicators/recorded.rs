//! What series count that a rule of Prometheus in the repository records.
//!
//! [`Records::expand`] sets in what the rule computes where a query names the series.
//!
//! **Invariant:** a series is expanded where one rule alone records it, and where what the query asks of
//! its labels can be asked of the series behind it instead. Any other is left as it stands.
//!
//! # Why
//!
//! A query of two recorded series says nothing by itself: `job:errors:rate5m / job:requests:rate5m` is
//! as sound as the two rules behind it.
//!
//! # Source
//!
//! Prometheus documentation, "Recording rules": a rule's labels are added to the result, or overwrite
//! those that are there.

use std::collections::HashMap;

use crate::model::Inset;
use crate::model::PrometheusRules;
use crate::model::Query;
use crate::model::RecordingRule;
use crate::query;
use crate::query::Extent;
use crate::query::events;
use crate::query::tree::Aggregation;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::GroupingKind;
use crate::query::tree::MatchOperator;
use crate::query::tree::Matcher;
use crate::query::tree::VectorSelector;

/// How deep rules may name series that other rules record.
const MAX_DEPTH: usize = 8;

/// The most bytes of an expanded query.
const MAX_LENGTH: usize = 1 << 15;

/// The label that holds the name of a metric.
const NAME: &str = "__name__";

/// Functions whose result has other labels than their arguments, or none.
const FORGETFUL: [&str; 8] = [
    "absent",
    "absent_over_time",
    "count_values",
    "info",
    "label_join",
    "label_replace",
    "scalar",
    "vector",
];

/// The rules that record series, by the names of the series.
#[derive(Debug, Default)]
pub struct Records<'a> {
    known: HashMap<&'a str, Vec<&'a RecordingRule>>,
}

/// A query with what is computed in the place of recorded series.
#[derive(Debug)]
pub struct Expansion<'a> {
    /// The query.
    pub query: Query,
    /// The recorded series that it names, in order.
    pub series: Vec<Series<'a>>,
}

/// A recorded series that a query names.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// Where the query names it.
    pub extent: Extent,
    /// The rule that records it.
    pub rule: &'a RecordingRule,
}

impl<'a> Records<'a> {
    /// Lists the rules that record series.
    pub fn new(rules: &'a PrometheusRules) -> Self {
        let mut known: HashMap<&str, Vec<&RecordingRule>> = HashMap::new();
        for rule in &rules.records {
            known.entry(&rule.name).or_default().push(rule);
        }
        Self { known }
    }

    /// Returns a query with what is computed in the place of recorded series; nothing where it names none.
    pub fn expand(&self, query: &Query, tree: &Expression) -> Option<Expansion<'a>> {
        if self.known.is_empty() {
            return None;
        }
        let mut work = Work { depth: 0, length: 0 };
        let (insets, series) = self.insets(tree, &mut work)?;
        (!insets.is_empty()).then(|| Expansion { query: query.with(&insets), series })
    }

    /// Returns what is computed in the place of each recorded series; nothing where that is too much.
    fn insets(&self, tree: &Expression, work: &mut Work) -> Option<(Vec<Inset>, Vec<Series<'a>>)> {
        let (mut insets, mut series) = (Vec::new(), Vec::new());
        for selector in instants(tree) {
            let Some(rule) = self.rule(selector) else { continue };
            let Some(text) = self.computed(rule, selector, work) else {
                if work.is_spent() {
                    return None;
                }
                continue;
            };
            insets.push(Inset { replaced: selector.extent, text });
            series.push(Series { extent: selector.extent, rule });
        }
        Some((insets, series))
    }

    /// Returns the one rule that records a series.
    fn rule(&self, selector: &VectorSelector) -> Option<&'a RecordingRule> {
        let [rule] = self.known.get(events::metric(selector)?)?.as_slice() else { return None };
        let modifiers = &selector.modifiers;
        // What is moved in time would have to be moved inside.
        let is_moved =
            modifiers.offset.is_some() || modifiers.at.is_some() || modifiers.edges.is_some();
        (!is_moved && selector.placeholders.is_empty()).then_some(*rule)
    }

    /// Returns what a selector gets of the rule that records it.
    fn computed(
        &self,
        rule: &RecordingRule,
        selector: &VectorSelector,
        work: &mut Work,
    ) -> Option<String> {
        let is_named = |matcher: &&Matcher| matcher.label.text != NAME;
        let mut asked: Vec<&Matcher> = selector.matchers.iter().filter(is_named).collect();
        asked.retain(|matcher| !is_given(matcher, rule));
        if asked.iter().any(|matcher| !rule.labels.get(&matcher.label.text).is_empty()) {
            return None;
        }
        // Every text counts when it is read, so what grows as it is expanded ends soon.
        work.length = work.length.saturating_add(rule.expression.text.len());
        if work.is_spent() {
            return None;
        }
        let narrowed = narrowed(&rule.expression, &asked)?;
        let tree = sound(&narrowed)?;
        work.depth += 1;
        let inner = self.insets(&tree, work);
        work.depth -= 1;
        Some(format!("({})", narrowed.with(&inner?.0).text))
    }
}

/// How much has been expanded.
struct Work {
    /// How many rules stand inside each other.
    depth: usize,
    /// The bytes of all that was set in.
    length: usize,
}

impl Work {
    fn is_spent(&mut self) -> bool {
        // Too deep is too much for good: who asks after it came back up hears the same.
        if self.depth > MAX_DEPTH {
            self.length = usize::MAX;
        }
        self.length > MAX_LENGTH
    }
}

/// Returns the tree of a query without a mistake.
fn sound(query: &Query) -> Option<Expression> {
    let (tree, problems) = query::parse(&query.text);
    tree.filter(|_| problems.is_empty())
}

/// Returns whether a rule adds the very label that a matcher asks for.
fn is_given(matcher: &Matcher, rule: &RecordingRule) -> bool {
    let [given] = rule.labels.get(&matcher.label.text) else { return false };
    let is_equal = *given.value == *matcher.value;
    match matcher.operator {
        MatchOperator::Equal => is_equal,
        MatchOperator::NotEqual => !is_equal,
        _ => false,
    }
}

/// Returns the selectors whose last sample is asked for, in the order of the text.
fn instants(tree: &Expression) -> Vec<&VectorSelector> {
    match &tree.kind {
        ExpressionKind::Vector(selector) => vec![selector],
        _ => tree.children().into_iter().flat_map(instants).collect(),
    }
}

/// Returns a query that asks for some labels of its result in the series behind it; nothing where it does
/// not keep them.
fn narrowed(query: &Query, asked: &[&Matcher]) -> Option<Query> {
    if asked.is_empty() {
        return Some(query.clone());
    }
    let tree = sound(query)?;
    let mut found = Vec::new();
    if !narrow(&tree, asked, &mut found) {
        return None;
    }
    let wanted: Vec<String> = asked.iter().map(ToString::to_string).collect();
    let wanted = wanted.join(",");
    let insets = found.into_iter().map(|selector| match (selector.braces, &selector.name) {
        (Some(braces), name) => {
            let is_more = !selector.matchers.is_empty()
                || name.as_ref().is_some_and(|name| braces.contains(name.extent));
            let start = Extent { start: braces.start, end: braces.start + 1 };
            let comma = if is_more { "," } else { "" };
            Some(Inset { replaced: start, text: format!("{{{wanted}{comma}") })
        }
        (None, Some(name)) => {
            let text = format!("{}{{{wanted}}}", name.extent.slice(&query.text));
            Some(Inset { replaced: name.extent, text })
        }
        (None, None) => None,
    });
    Some(query.with(&insets.collect::<Option<Vec<_>>>()?))
}

/// Finds the selectors whose labels become those of the result; tells whether all that are asked for do.
fn narrow<'t>(
    tree: &'t Expression,
    asked: &[&Matcher],
    found: &mut Vec<&'t VectorSelector>,
) -> bool {
    match &tree.kind {
        ExpressionKind::Vector(selector) => found.push(selector),
        ExpressionKind::Range(range) => found.push(&range.selector),
        ExpressionKind::Aggregation(aggregation) => {
            return keeps(aggregation, asked) && narrow(&aggregation.operand, asked, found);
        }
        ExpressionKind::Binary(binary) if binary.matching.is_some() => return false,
        ExpressionKind::Call(call) if FORGETFUL.contains(&call.name.text.as_str()) => return false,
        ExpressionKind::Text(_) | ExpressionKind::Placeholder(_) => return false,
        _ => return tree.children().into_iter().all(|child| narrow(child, asked, found)),
    }
    true
}

/// Returns whether an aggregation keeps the labels that are asked for.
fn keeps(aggregation: &Aggregation, asked: &[&Matcher]) -> bool {
    let Some(grouping) = &aggregation.grouping else { return false };
    let is_named =
        |matcher: &&Matcher| grouping.labels.iter().any(|name| name.text == matcher.label.text);
    let is_by = grouping.kind == GroupingKind::By;
    asked.iter().all(|matcher| is_named(matcher) == is_by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect;
    use crate::source::Origin;
    use crate::source::Source;
    use crate::source::SourceId;
    use crate::source::Span;
    use crate::yaml;

    const RULES: &str = r#"
groups:
  - name: a
    rules:
      - {record: "job:bad:rate5m", expr: 'sum by (job) (rate(r_total{code=~"5.."}[5m]))'}
      - {record: "job:all:rate5m", expr: "sum by (job) (rate(r_total[5m]))"}
      - {record: "job:ratio", expr: "job:bad:rate5m / job:all:rate5m"}
      - {record: "all:rate5m", expr: "sum(job:all:rate5m)", labels: {tier: web}}
      - {record: twice, expr: a}
      - {record: twice, expr: b}
      - {record: "loop:a", expr: "loop:a + 1"}
      - {record: "loop:b", expr: "loop:b + loop:b + loop:b + loop:b + loop:b + loop:b + loop:b"}
      - {record: broken, expr: "sum("}
"#;

    fn expanded(text: &str) -> Option<String> {
        let source = Source::from_text("rules.yaml", RULES, Origin::Worktree);
        let stream = yaml::parse(SourceId::default(), &source);
        let rules = dialect::read(&stream).rules;
        assert_eq!(rules.records.len(), 9);
        let query = Query::new(text.to_owned(), Span::new(SourceId::default(), 0, text.len()));
        let tree = sound(&query).expect("the query is sound");
        Some(Records::new(&rules).expand(&query, &tree)?.query.text)
    }

    fn assert_expands(text: &str, expected: &str) {
        assert_eq!(expanded(text).as_deref(), Some(expected), "{text}");
    }

    #[test]
    fn what_a_rule_computes_stands_where_the_series_is_named() {
        assert_expands(
            "1 - job:bad:rate5m / job:all:rate5m",
            "1 - (sum by (job) (rate(r_total{code=~\"5..\"}[5m]))) / (sum by (job) (rate(r_total[5m])))",
        );
        assert_expands(
            "sum(job:ratio)",
            "sum(((sum by (job) (rate(r_total{code=~\"5..\"}[5m]))) / (sum by (job) (rate(r_total[5m])))))",
        );
    }

    #[test]
    fn labels_are_asked_of_the_series_behind_it() {
        assert_expands(
            "job:bad:rate5m{job=\"a\"}",
            "(sum by (job) (rate(r_total{job=\"a\",code=~\"5..\"}[5m])))",
        );
        assert_expands("all:rate5m{tier='web'}", "(sum((sum by (job) (rate(r_total[5m])))))");
        assert_expands(
            "job:ratio{job!='b'} > 1",
            "((sum by (job) (rate(r_total{job!=\"b\",code=~\"5..\"}[5m]))) / \
             (sum by (job) (rate(r_total{job!=\"b\"}[5m])))) > 1",
        );
    }

    #[test]
    fn what_cannot_be_known_is_left() {
        for text in [
            "job:bad:rate5m{code='500'}",
            "all:rate5m{job='a'}",
            "all:rate5m{tier='db'}",
            "all:rate5m{tier=~'w.*'}",
            "job:all:rate5m offset 1h",
            "avg_over_time(job:all:rate5m[1h])",
            "twice",
            "broken",
            "unknown",
        ] {
            assert_eq!(expanded(text), None, "{text}");
        }
    }

    #[test]
    fn rules_that_name_themselves_are_left() {
        assert_eq!(expanded("loop:a"), None);
        assert_eq!(expanded("sum(loop:b)"), None);
    }
}
