//! Where the parts of a tree may stand.

use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::prelude::prop;
use proptest::prelude::prop_assert;
use proptest::prelude::prop_oneof;
use proptest::prelude::proptest;

use crate::query::Extent;
use crate::query::datadog::parse;
use crate::query::datadog::tree::Argument;
use crate::query::datadog::tree::Expression;
use crate::query::datadog::tree::ExpressionKind;
use crate::query::datadog::tree::Filter;
use crate::query::datadog::tree::FilterKind;
use crate::query::datadog::tree::Modifier;

/// Asserts that every node lies inside the one around it, and on whole characters.
pub(super) fn assert_places(expression: &Expression, text: &str) {
    let outer = expression.extent;
    let inside = |inner: Extent| {
        assert!(outer.contains(inner), "{inner:?} is outside {outer:?} in {text}");
        let range = inner.start as usize..inner.end as usize;
        assert!(text.get(range).is_some(), "{inner:?} is no part of {text}");
    };
    inside(outer);
    match &expression.kind {
        ExpressionKind::Selection(selection) => {
            assert_eq!(selection.extent, outer, "{text}");
            inside(selection.metric.extent);
            assert_eq!(selection.metric.text, selection.metric.extent.slice(text));
            if let Some(aggregation) = &selection.aggregation {
                inside(aggregation.extent);
                assert!(aggregation.extent.contains(aggregation.name.extent), "{text}");
                if let Some(threshold) = &aggregation.threshold {
                    assert!(aggregation.extent.contains(threshold.extent), "{text}");
                    if let Some(bound) = &threshold.comparison {
                        assert!(threshold.extent.contains(bound.operator_extent), "{text}");
                        assert!(threshold.extent.contains(bound.value_extent), "{text}");
                    }
                }
            }
            if let Some(scope) = &selection.scope {
                inside(scope.extent);
                if let Some(filter) = &scope.filter {
                    assert_filter_places(filter, scope.extent, text);
                }
            }
            if let Some(grouping) = &selection.grouping {
                inside(grouping.extent);
                assert!(grouping.tags.iter().all(|tag| grouping.extent.contains(tag.extent)));
            }
            assert_modifier_places(&selection.modifiers, outer, text);
        }
        ExpressionKind::Modified(modified) => {
            assert_modifier_places(&modified.modifiers, outer, text);
        }
        ExpressionKind::Call(call) => inside(call.name.extent),
        ExpressionKind::Unary(unary) => inside(unary.sign_extent),
        ExpressionKind::Binary(binary) => inside(binary.operator_extent),
        ExpressionKind::Window(window) => {
            inside(window.aggregator.extent);
            inside(window.length.extent);
        }
        _ => {}
    }
    let mut end = outer.start;
    for child in expression.children() {
        assert!(outer.contains(child.extent) && end <= child.extent.start, "{text}");
        end = child.extent.end;
        assert_places(child, text);
    }
}

fn assert_modifier_places(modifiers: &[Modifier], outer: Extent, text: &str) {
    for modifier in modifiers {
        assert!(outer.contains(modifier.extent), "{text}");
        assert!(modifier.extent.contains(modifier.name.extent), "{text}");
        for Argument { name, value } in &modifier.arguments {
            assert!(name.iter().all(|name| modifier.extent.contains(name.extent)), "{text}");
            assert!(modifier.extent.contains(value.extent), "{text}");
            assert_places(value, text);
        }
    }
}

fn assert_filter_places(filter: &Filter, outer: Extent, text: &str) {
    let extent = filter.extent;
    assert!(outer.contains(extent), "{extent:?} is outside {outer:?} in {text}");
    let range = extent.start as usize..extent.end as usize;
    assert!(text.get(range).is_some(), "{extent:?} is no part of {text}");
    match &filter.kind {
        FilterKind::Everything => assert_eq!(extent.slice(text), "*"),
        FilterKind::Condition(condition) => {
            assert_eq!(condition.extent, extent, "{text}");
            let operator = condition.operator_extent;
            let names = condition.key.iter().chain(&condition.values).map(|name| name.extent);
            for part in names.chain(operator) {
                assert!(extent.contains(part), "{part:?} is outside {extent:?} in {text}");
                let range = part.start as usize..part.end as usize;
                assert!(text.get(range).is_some(), "{part:?} is no part of {text}");
            }
        }
        FilterKind::Parenthesized(inner) => assert_filter_places(inner, extent, text),
        FilterKind::Not(negation) => {
            assert!(extent.contains(negation.form_extent), "{text}");
            assert_filter_places(&negation.operand, extent, text);
        }
        FilterKind::All(filters) | FilterKind::Any(filters) => {
            assert!(filters.len() > 1, "one filter is not joined with others: {text}");
            for filter in filters {
                assert_filter_places(filter, extent, text);
            }
        }
    }
}

/// Texts of pieces that mean something to the grammar, so that many are nearly queries.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "sum:",
            "avg",
            "p99.9:",
            "count(v: v<=2.5):",
            "a.b",
            "{",
            "}",
            "{*}",
            "{a:b,!c:d}",
            "{a IN (b,c)}",
            "(",
            ")",
            ",",
            ":",
            "*",
            "+",
            "-",
            "/",
            ">",
            " by {",
            " by ",
            " AND ",
            " OR ",
            " NOT ",
            " IN ",
            "!",
            ".as_count()",
            ".rollup(sum, 60)",
            ".",
            "$env",
            "${a.b}",
            "{{ .x }}",
            "${",
            "{{",
            "%{",
            "$",
            "\"",
            "'",
            "\\",
            "5",
            "1e3",
            "f(",
            "avg(last_5m):",
            "direction='both'",
            "=",
            " ",
            "\n",
            "ß",
            "日",
            "key:value",
            "<",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_place_is_in_the_text_and_in_the_place_around_it(text in texts()) {
        let (tree, problems) = parse(&text);
        prop_assert!(tree.is_some() || !problems.is_empty());
        if let Some(tree) = &tree {
            assert_places(tree, &text);
            if problems.is_empty() {
                prop_assert!(tree.extent.slice(&text) == text.trim());
            }
        }
        for problem in &problems {
            let range = problem.extent.start as usize..problem.extent.end as usize;
            prop_assert!(text.get(range).is_some(), "{:?} in {:?}", problem, text);
        }
    }
}
