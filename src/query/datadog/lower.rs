//! A query of Datadog as the PromQL that counts the same events.
//!
//! [`lower`] gives a tree whose extents are those of the query of Datadog.
//!
//! **Invariant:** only what adds up counts is lowered. Averages, percentiles, filters with `OR`,
//! placeholders and functions that change more than the value of absent data give nothing.
//!
//! # Why
//!
//! Which events a query counts, and whether all good ones are valid, is asked of both languages in
//! the same way. A filter of tags is a matcher of labels, a wildcard a regular expression, and a
//! count over an interval of time a sum of samples that are counts themselves.
//!
//! # Source
//!
//! Datadog documentation: "Metric-based SLOs"; "Advanced Filtering", wildcards and negation; "Functions",
//! `default_zero`; "Getting Started with Tags": tags are kept in lower case.

use crate::query::Extent;
use crate::query::functions;
use crate::query::tree as promql;
use crate::query::tree::MatchOperator;
use crate::query::tree::Name;
use crate::query::tree::NameForm;
use crate::query::tree::Number;

use super::tree::Aggregator;
use super::tree::BinaryOperator;
use super::tree::Call;
use super::tree::ConditionOperator;
use super::tree::Expression;
use super::tree::ExpressionKind;
use super::tree::Modifier;
use super::tree::Selection;
use super::tree::Term;

/// Returns the PromQL that counts the same events; nothing where that is not certain.
pub fn lower(tree: &Expression) -> Option<promql::Expression> {
    let kind = match &tree.kind {
        ExpressionKind::Number(value) => number(*value),
        ExpressionKind::Selection(selection) => return selected(selection),
        ExpressionKind::Parenthesized(inner) => {
            promql::ExpressionKind::Parenthesized(Box::new(lower(inner)?))
        }
        ExpressionKind::Modified(modified) => {
            return modified.modifiers.iter().try_fold(lower(&modified.operand)?, changed);
        }
        ExpressionKind::Call(call) => return called(call, tree.extent),
        ExpressionKind::Unary(unary) => promql::ExpressionKind::Unary(promql::Unary {
            sign: unary.sign,
            sign_extent: unary.sign_extent,
            operand: Box::new(lower(&unary.operand)?),
        }),
        ExpressionKind::Binary(binary) => {
            let operator = match binary.operator {
                BinaryOperator::Add => promql::BinaryOperator::Add,
                BinaryOperator::Subtract => promql::BinaryOperator::Subtract,
                BinaryOperator::Multiply => promql::BinaryOperator::Multiply,
                BinaryOperator::Divide => promql::BinaryOperator::Divide,
                _ => return None,
            };
            let (left, right) = (lower(&binary.left)?, lower(&binary.right)?);
            combined(operator, binary.operator_extent, left, right)
        }
        _ => return None,
    };
    Some(promql::Expression { extent: tree.extent, kind })
}

fn number(value: f64) -> promql::ExpressionKind {
    promql::ExpressionKind::Number(Number { value, nanoseconds: None })
}

fn combined(
    operator: promql::BinaryOperator,
    operator_extent: Extent,
    left: promql::Expression,
    right: promql::Expression,
) -> promql::ExpressionKind {
    promql::ExpressionKind::Binary(Box::new(promql::Binary {
        operator,
        operator_extent,
        bool_extent: None,
        matching: None,
        fill: None,
        left,
        right,
    }))
}

/// Returns a call of a function of PromQL.
fn call(name: &str, extent: Extent, arguments: Vec<promql::Expression>) -> promql::ExpressionKind {
    promql::ExpressionKind::Call(Box::new(promql::Call {
        name: Name { text: name.to_owned(), extent, form: NameForm::Bare },
        function: functions::find(name),
        arguments,
    }))
}

/// Returns what has a value of its own where there is no data.
fn defaulted(inner: promql::Expression, value: f64, extent: Extent) -> promql::Expression {
    let value = promql::Expression { extent, kind: number(value) };
    let vector = promql::Expression { extent, kind: call("vector", extent, vec![value]) };
    let whole = inner.extent.join(extent);
    let kind = combined(promql::BinaryOperator::Or, extent, inner, vector);
    promql::Expression { extent: whole, kind }
}

fn called(tree: &Call, extent: Extent) -> Option<promql::Expression> {
    let (first, rest) = tree.arguments.split_first()?;
    match tree.name.text.as_str() {
        "default_zero" => Some(defaulted(lower(&first.value)?, 0.0, tree.name.extent)),
        "exclude_null" => lower(&first.value),
        name @ ("clamp_min" | "clamp_max") => {
            let [bound] = rest else { return None };
            let arguments = vec![lower(&first.value)?, lower(&bound.value)?];
            Some(promql::Expression { extent, kind: call(name, tree.name.extent, arguments) })
        }
        _ => None,
    }
}

/// Returns what a modifier leaves; nothing where that is another number.
fn changed(inner: promql::Expression, modifier: &Modifier) -> Option<promql::Expression> {
    let word = |place: usize| match &modifier.arguments.get(place)?.value.kind {
        ExpressionKind::Word(word) | ExpressionKind::Text(word) => Some(word.as_str()),
        _ => None,
    };
    match (modifier.name.text.as_str(), word(0)) {
        ("fill", Some("zero")) => Some(defaulted(inner, 0.0, modifier.extent)),
        ("as_count" | "as_rate", _)
        | ("rollup", Some("sum"))
        | ("fill", Some("null" | "last" | "linear")) => Some(inner),
        _ => None,
    }
}

fn selected(selection: &Selection) -> Option<promql::Expression> {
    let aggregation = selection.aggregation.as_ref()?;
    // `count` counts the values of a distribution, which `sum` adds up.
    if aggregation.aggregator? != Aggregator::Sum || aggregation.threshold.is_some() {
        return None;
    }
    let scope = selection.scope.as_ref()?;
    let matchers = scope.conjunction()?.iter().map(matcher).collect::<Option<_>>()?;
    let extent = selection.metric.extent.join(scope.extent);
    let selector = promql::VectorSelector {
        extent,
        name: Some(selection.metric.clone()),
        braces: Some(scope.extent),
        matchers,
        placeholders: Vec::new(),
        modifiers: promql::Modifiers::default(),
    };
    let range = promql::Duration {
        extent,
        kind: promql::DurationKind::Placeholder("$interval".to_owned()),
    };
    let range = promql::RangeSelector { selector, range, modifiers: promql::Modifiers::default() };
    let range = promql::Expression { extent, kind: promql::ExpressionKind::Range(Box::new(range)) };
    let counted = promql::Expression { extent, kind: call("sum_over_time", extent, vec![range]) };
    let grouping = selection.grouping.as_ref().map(|grouping| promql::Grouping {
        extent: grouping.extent,
        kind: promql::GroupingKind::By,
        labels: grouping.tags.iter().map(lowercase).collect(),
    });
    let summed = promql::Aggregation {
        aggregator: promql::Aggregator::Sum,
        aggregator_extent: aggregation.name.extent,
        grouping,
        parameter: None,
        operand: counted,
    };
    let whole = promql::Expression {
        extent: selection.extent,
        kind: promql::ExpressionKind::Aggregation(Box::new(summed)),
    };
    selection.modifiers.iter().try_fold(whole, changed)
}

/// Returns the matcher of a condition; nothing where a placeholder fills it in.
fn matcher(term: &Term<'_>) -> Option<promql::Matcher> {
    let condition = term.condition;
    let is_open = |name: &Name| name.form == NameForm::Placeholder;
    let (first, last) = (condition.values.first()?, condition.values.last()?);
    if condition.values.iter().chain(&condition.key).any(is_open) {
        return None;
    }
    let is_told = condition.operator != ConditionOperator::Has;
    let label = lowercase(if is_told { condition.key.as_ref()? } else { first });
    let values: Vec<String> = condition.values.iter().map(|it| it.text.to_lowercase()).collect();
    let (value, is_exact) = match values.as_slice() {
        _ if !is_told => (".+".to_owned(), false),
        [only] if !only.contains('*') => (only.clone(), true),
        _ => (values.iter().map(|value| expression(value)).collect::<Vec<_>>().join("|"), false),
    };
    let operator = match (is_exact, term.is_excluded) {
        (true, false) => MatchOperator::Equal,
        (true, true) => MatchOperator::NotEqual,
        (false, false) => MatchOperator::Matches,
        (false, true) => MatchOperator::NotMatches,
    };
    let value_extent = first.extent.join(last.extent);
    Some(promql::Matcher {
        extent: term.extent,
        label,
        operator,
        operator_extent: condition.operator_extent.unwrap_or(term.extent),
        value,
        value_extent,
    })
}

fn lowercase(name: &Name) -> Name {
    Name { text: name.text.to_lowercase(), ..name.clone() }
}

/// Returns the regular expression of a value with wildcards. A lone one asks for any value, but for one.
fn expression(value: &str) -> String {
    if value == "*" {
        return ".+".to_owned();
    }
    value.split('*').map(regex_syntax::escape).collect::<Vec<_>>().join(".*")
}

#[cfg(test)]
mod tests {
    use super::lower;
    use crate::query::datadog;

    /// Returns the PromQL of a query as it prints.
    fn lowered(query: &str) -> Option<String> {
        let (tree, problems) = datadog::parse(query);
        assert!(problems.is_empty(), "{query}: {problems:?}");
        Some(lower(&tree?)?.to_string())
    }

    fn assert_lowers(query: &str, expected: &str) {
        assert_eq!(lowered(query).as_deref(), Some(expected), "{query}");
    }

    #[test]
    fn filters_are_matchers() {
        assert_lowers(
            "sum:web.hits{Service:Shop,!code:5*} by {Env}.as_count()",
            "sum by (env) (sum_over_time(\
             web.hits{service=\"shop\", code!~\"5.*\"}[$interval]))",
        );
        assert_lowers(
            "sum:a{b.c IN (x,Y*) AND NOT d:e}.as_count()",
            "sum(sum_over_time(a{b.c=~\"x|y.*\", d!=\"e\"}[$interval]))",
        );
        assert_lowers("sum:a{*}.as_rate()", "sum(sum_over_time(a[$interval]))");
        assert_lowers(
            "sum:a{k:*,canary,!k:b}.as_count()",
            "sum(sum_over_time(a{k=~\".+\", canary=~\".+\", k!=\"b\"}[$interval]))",
        );
    }

    #[test]
    fn arithmetic_and_what_stands_for_no_data_are_kept() {
        let a = "sum(sum_over_time(a[$interval]))";
        assert_lowers("default_zero(sum:a{*}.as_count())", &format!("{a} or vector(0)"));
        assert_lowers("sum:a{*}.rollup(sum, 60).fill(zero)", &format!("{a} or vector(0)"));
        assert_lowers("(100 * sum:a{*}.as_count()) / sum:a{*}", &format!("(100 * {a}) / {a}"));
        assert_lowers("clamp_min(sum:a{*}, 1)", &format!("clamp_min({a}, 1)"));
    }

    #[test]
    fn what_is_no_sum_of_counts_is_not_lowered() {
        for query in [
            "avg:a{*}",
            "a{*}",
            "p99:a{*}",
            "count:a{*}",
            "sum:a{$env}.as_count()",
            "sum:a{env:$env.value}.as_count()",
            "sum:a{b:c OR d:e}.as_count()",
            "sum:a{*}.rollup(avg, 60)",
            "moving_rollup(sum:a{*}, 60, 'avg')",
            "sum:a{*}.as_count(), sum:b{*}.as_count()",
            "count(v: v<=2):a{*}.as_count()",
        ] {
            assert_eq!(lowered(query), None, "{query}");
        }
    }
}
