use std::num::NonZeroU32;

use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::prelude::prop;
use proptest::prelude::prop_assert;
use proptest::prelude::prop_assert_eq;
use proptest::prelude::prop_oneof;
use proptest::prelude::proptest;

use crate::query::MAX_HEIGHT;
use crate::query::MAX_LENGTH;
use crate::query::counts;
use crate::query::counts::Declared;
use crate::query::functions::ValueType;
use crate::query::parse;
use crate::query::problem::Expected;
use crate::query::problem::ProblemKind;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::NameForm;

/// Writes an expression with parentheses around every operation, so that its shape shows.
fn shape(expression: &Expression) -> String {
    match &expression.kind {
        ExpressionKind::Unary(unary) => format!("({}{})", unary.sign, shape(&unary.operand)),
        ExpressionKind::Binary(binary) => {
            format!("({} {} {})", shape(&binary.left), binary.operator, shape(&binary.right))
        }
        _ => expression.to_string(),
    }
}

fn parsed(text: &str) -> Expression {
    let (expression, problems) = parse(text);
    assert_eq!(problems, [], "{text}");
    expression.expect("a query without problems has a tree")
}

/// Asserts what the first problem of a query is, and which part of it that is about.
fn refused(text: &str, kind: &ProblemKind, part: &str) {
    let (_, problems) = parse(text);
    let first = problems.first().unwrap_or_else(|| panic!("{text} has no problem"));
    assert_eq!((&first.kind, first.extent.slice(text)), (kind, part), "{text}");
}

fn unexpected(expected: Expected) -> ProblemKind {
    ProblemKind::Unexpected { expected }
}

#[test]
fn operators_bind_as_in_prometheus() {
    for (text, expected) in [
        ("a + b * c ^ d", "(a + (b * (c ^ d)))"),
        ("a - b - c", "((a - b) - c)"),
        ("2 ^ 3 ^ 2", "(2 ^ (3 ^ 2))"),
        ("-a ^ b", "(-(a ^ b))"),
        ("-a * b", "((-a) * b)"),
        ("a ^ -b ^ c * d", "((a ^ (-(b ^ c))) * d)"),
        ("a or b and c unless d == e", "(a or ((b and c) unless (d == e)))"),
        ("a OR b Atan2 c", "(a or (b atan2 c))"),
    ] {
        assert_eq!(shape(&parsed(text)), expected, "{text}");
    }
}

#[test]
fn keywords_are_names_where_nothing_else_can_be_meant() {
    for text in [
        "sum",
        "by",
        "offset + offset",
        "start @ start()",
        "and{or=\"by\"}",
        "sum by (by, on, bool) (x)",
        "fill + fill_left",
        "rate(range[range()]) / range()",
        "Start - start",
    ] {
        parsed(text);
    }
    refused("on", &unexpected(Expected::Expression), "on");
    refused("sum by (without) (x)", &unexpected(Expected::Label), "without");
    refused("and(x)", &unexpected(Expected::OperatorOrEnd), "(");
}

#[test]
fn placeholders_stand_for_durations_numbers_and_names() {
    for text in [
        "rate(x[{{.window}}])",
        "rate(x[$__rate_interval] offset $__interval)",
        "max_over_time(x[${RANGE}:$step])",
        "$metric{$label=\"$value\", $matchers}",
        "{{.prefix}}_total > $threshold",
        "topk($n, sum by ($label) (x @ $time))",
        "{{.function}}(x[5m])",
    ] {
        let expression = parsed(text);
        assert_eq!(expression.extent.slice(text), text);
    }
    let ExpressionKind::Vector(selector) = parsed("slo_${a}:rate5m{}").kind else {
        panic!("a name with a placeholder in it begins a selector");
    };
    let name = selector.name.expect("the selector has a name");
    assert_eq!((name.text.as_str(), name.form), ("slo_${a}:rate5m", NameForm::Placeholder));
}

#[test]
fn names_and_matchers_keep_their_places() {
    let text = r#"{"http.requests", "label.name"=~"5..", code!~'4\d\d'}"#;
    refused(text, &ProblemKind::InvalidEscape, r"\d");
    let text = r#"{"http.requests", "label.name"=~"5..", code!~`4\d\d`}"#;
    let ExpressionKind::Vector(selector) = parsed(text).kind else {
        panic!("braces are a selector");
    };
    let name = selector.name.expect("the selector has a name");
    assert_eq!(
        (name.text.as_str(), name.extent.slice(text)),
        ("http.requests", "\"http.requests\"")
    );
    let [first, second] = selector.matchers.as_slice() else { panic!("there are two matchers") };
    assert_eq!(
        (first.label.text.as_str(), first.value_extent.slice(text)),
        ("label.name", "\"5..\"")
    );
    assert_eq!((second.operator_extent.slice(text), second.value.as_str()), ("!~", r"4\d\d"));
}

#[test]
fn every_selector_is_listed_in_the_order_of_the_text() {
    let text = "sum(rate(a{x=\"y\"}[5m])) / ignoring (l) (b offset 1h or max_over_time(c[1h:5m]))";
    let expression = parsed(text);
    let places = expression.selectors().into_iter().map(|selector| selector.extent.slice(text));
    assert_eq!(places.collect::<Vec<_>>(), ["a{x=\"y\"}", "b offset 1h", "c"]);
}

#[test]
fn the_first_problem_is_precise() {
    refused("", &ProblemKind::Empty, "");
    refused("# nothing", &ProblemKind::Empty, "");
    refused("sum(rate(x[5m])", &ProblemKind::Unclosed { end: 15 }, "(");
    refused("x{a=\"b\"", &ProblemKind::Unclosed { end: 7 }, "{");
    refused("x[5m", &ProblemKind::Unclosed { end: 4 }, "[");
    refused("x + ", &unexpected(Expected::Expression), "");
    refused("x y", &unexpected(Expected::OperatorOrEnd), "y");
    refused("x{a:b=\"c\"}", &unexpected(Expected::Matcher), "a:b");
    refused("x{a \"b\"}", &unexpected(Expected::MatchOperator), "\"b\"");
    refused("x{a=b}", &unexpected(Expected::String), "b");
    refused("x{a=\"b\" c=\"d\"}", &unexpected(Expected::CommaOrBrace), "c");
    refused("x[5m y]", &unexpected(Expected::ColonOrBracket), "y");
    refused("x[5m:1m 2]", &unexpected(Expected::ClosingBracket), "2");
    refused("x offset y", &unexpected(Expected::Duration), "y");
    refused("x @ y", &unexpected(Expected::Timestamp), "y");
    refused("a + on x b", &unexpected(Expected::OpeningParenthesis), "x");
    refused("a + fill(b) c", &unexpected(Expected::Number), "b");
    refused("a + fill(1) fill_left(2) c", &ProblemKind::UnknownFunction, "fill_left");
    refused("x = 5", &unexpected(Expected::OperatorOrEnd), "=");
    refused("x{a=\"b}", &ProblemKind::UnterminatedString, "\"b}");
    refused("x[5min]", &ProblemKind::InvalidNumber, "5min");
    refused("x[30m1h]", &ProblemKind::InvalidDuration, "30m1h");
    refused("x[0s]", &ProblemKind::DurationNotPositive, "0s");
    refused("x offset 300y", &ProblemKind::DurationOutOfRange, "300y");
    refused("sum(x,)", &ProblemKind::TrailingComma, ",");
    refused("(x)[5m]", &ProblemKind::RangeOnNonSelector, "[5m]");
    refused("x offset 1h [5m]", &ProblemKind::ModifierBeforeRange, "offset 1h");
    refused("sum(x) offset 1h", &ProblemKind::MisplacedModifier, "offset 1h");
    refused("x offset 1h offset 2h", &ProblemKind::RepeatedModifier, "offset 2h");
    refused("x @ inf", &ProblemKind::TimestampOutOfRange, "@ inf");
}

#[test]
fn types_and_matching_are_checked() {
    let (expected, found) = (ValueType::Range, ValueType::Instant);
    refused("rate(x)", &ProblemKind::Type { expected, found }, "x");
    let (minimum, maximum, found) = (1, Some(2), 3);
    let count = ProblemKind::ArgumentCount { minimum, maximum, found };
    refused("round(x, 1, 2)", &count, "round(x, 1, 2)");
    refused("histogram_share(x)", &ProblemKind::UnknownFunction, "histogram_share");
    refused("x[5m] + 1", &ProblemKind::OperandType { found: ValueType::Range }, "x[5m]");
    refused("1 == 1", &ProblemKind::ScalarComparisonWithoutBool, "==");
    refused("a + bool b", &ProblemKind::BoolWithoutComparison, "bool");
    refused("a and 1", &ProblemKind::SetOperatorOnScalar, "a and 1");
    refused("a and on(x) group_left b", &ProblemKind::GroupOnSetOperator, "group_left");
    refused("a * on(x, y) group_left(y) b", &ProblemKind::LabelInMatchingAndGroup, "y");
    refused("a and fill(0) b", &ProblemKind::FillOnSetOperator, "fill(0)");
    refused(
        "a + fill_left(0) fill_right(1) 1",
        &ProblemKind::FillOnScalar,
        "fill_left(0) fill_right(1)",
    );
    refused("1 * on(x) a", &ProblemKind::MatchingOnScalar, "on(x)");
    refused("{a=~\".*\"}", &ProblemKind::EmptySelector, "{a=~\".*\"}");
    refused("{a!~\"x|y\"}", &ProblemKind::EmptySelector, "{a!~\"x|y\"}");
    refused("x{__name__=\"y\"}", &ProblemKind::MetricNameTwice, "__name__=\"y\"");
    refused(
        "{a!~\"x-.+\", b=~\"(c|)\"}",
        &ProblemKind::EmptySelector,
        "{a!~\"x-.+\", b=~\"(c|)\"}",
    );
    refused("x{a=~\"(5..\"}", &ProblemKind::InvalidPattern, "\"(5..\"");
    refused("info(x, y)", &ProblemKind::InfoSelector, "y");
}

#[test]
fn what_is_too_large_is_a_problem_and_never_a_crash() {
    let high = MAX_HEIGHT as usize;
    for text in [
        "(".repeat(100_000),
        "-".repeat(100_000),
        "2^".repeat(100_000) + "2",
        "sum(".repeat(100_000),
        "x".to_owned() + &"[5m:]".repeat(100_000),
        "a+".repeat(100_000) + "a",
        "x[".to_owned() + &"(".repeat(100_000),
        "x[1".to_owned() + &"+1".repeat(100_000),
    ] {
        let (_, problems) = parse(&text);
        assert_eq!(problems.first().map(|problem| &problem.kind), Some(&ProblemKind::TooDeep));
    }
    refused(&"a".repeat(MAX_LENGTH + 1), &ProblemKind::TooLong, &"a".repeat(MAX_LENGTH + 1));
    parsed(&("a+".repeat(high - 2) + "a"));
    parsed(&("(".repeat(100) + "a" + &")".repeat(100)));
}

/// Expressions that hold no other.
#[rustfmt::skip]
const LEAVES: &[&str] = &[
    "x", "x_total", "a:b", "sum", "{\"a.b\"}", "x{a=\"b\"}", "x{a=~\"5..\", b!=''}",
    "{a=\"[5m]\", $m}", "5", "1e3", "0x1F", "5m", "Inf", "$n", "${n}", "{{.metric}}",
    "rate(x[5m])", "increase(x [ {{.window}} ])", "x offset -1h", "x @ end()", "vector(0)",
    "range()", "x[max_of(step(), 2 * range()) + 5m]", "sum_over_time(p[1h30m])", "max_over_time(x[1h:5m])", "x # c\n",
];

/// Operators with what may follow them.
#[rustfmt::skip]
const OPERATORS: &[&str] = &[
    "+", "-", "*", "/", "%", "^", "==", "!= bool", "<", ">=", "and", "or", "unless on (a)",
    "atan2", "/ ignoring (a) group_left (b)", "+ on () group_right", "</", ">/ on (a)", "/ fill (0)",
    "- on (a) group_left (b) fill_right (1) fill_left (-Inf)",
];

/// Queries of every construct, valid but for their types.
fn queries() -> impl Strategy<Value = String> {
    let named = "[a-z]{1,8}".prop_filter("no metric", |word| parse(word).1.is_empty());
    let leaf = prop_oneof![prop::sample::select(LEAVES).prop_map(str::to_owned), named];
    leaf.prop_recursive(5, 48, 3, |inner| {
        let operator = prop::sample::select(OPERATORS);
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
            inner.clone().prop_map(|inner| format!("({inner})")),
            inner.clone().prop_map(|inner| format!("-{inner}")),
            inner.clone().prop_map(|inner| format!("sum by (a, \"b.c\")\n({inner})")),
            inner.clone().prop_map(|inner| format!("MAX({inner}) without ()")),
            inner.clone().prop_map(|inner| format!("clamp_min(({inner}), 1)")),
            (inner.clone(), inner.clone()).prop_map(|(k, inner)| format!("topk({k}, {inner})")),
            inner.prop_map(|inner| format!("rate(({inner})[1h:5m])")),
        ]
    })
}

/// Asserts that every node's text is that node, inside its parent's.
fn assert_places(expression: &Expression, text: &str) {
    let own = expression.extent.slice(text);
    let (again, _) = parse(own);
    let again = again.map(|again| again.to_string());
    assert_eq!(again, Some(expression.to_string()), "{own} in {text}");
    let mut end = expression.extent.start;
    for child in expression.children() {
        assert!(expression.extent.contains(child.extent), "{own} in {text}");
        assert!(end <= child.extent.start, "{own} in {text}: children overlap");
        end = child.extent.end;
        assert_places(child, text);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_crash(text in any::<String>()) {
        let (_, problems) = parse(&text);
        for problem in problems {
            prop_assert!(text.get(problem.extent.start as usize..problem.extent.end as usize).is_some());
        }
    }

    #[test]
    fn anything_made_of_tokens_is_read_without_a_crash(
        text in r#"([-+*/%^=!<>~(){}\[\]",:@$ #'`\\\n]|\{\{|\}\}|sum|by|on|rate|offset|bool|x|5m|1e|0x|é){0,40}"#,
    ) {
        let (expression, problems) = parse(&text);
        prop_assert!(expression.is_some() || !problems.is_empty());
        for problem in &problems {
            prop_assert!(text.get(problem.extent.start as usize..problem.extent.end as usize).is_some());
        }
        if let (Some(expression), []) = (&expression, problems.as_slice()) {
            assert_places(expression, &text);
        }
    }

    #[test]
    fn every_node_is_where_its_extent_says(text in queries()) {
        if let (Some(expression), _) = parse(&text) {
            assert_places(&expression, &text);
        }
    }

    #[test]
    fn what_is_printed_reads_back_as_the_same(text in queries()) {
        let (expression, problems) = parse(&text);
        let Some(expression) = expression else { return Ok(()) };
        let printed = expression.to_string();
        let (again, problems_again) = parse(&printed);
        let again = again.map(|again| shape(&again));
        prop_assert_eq!(again, Some(shape(&expression)), "{}", printed);
        let kinds = |problems: Vec<crate::query::problem::Problem>| {
            problems.into_iter().map(|problem| problem.kind).collect::<Vec<_>>()
        };
        prop_assert_eq!(kinds(problems), kinds(problems_again));
    }

    #[test]
    fn every_plan_is_a_valid_query(text in queries(), seconds in 1_u32..100_000) {
        let step = NonZeroU32::new(seconds).expect("the range begins at 1");
        for declared in [Declared::Counter, Declared::Value] {
            let Ok(plan) = counts::plan(&text, declared, step) else { continue };
            let (_, problems) = parse(&plan.expression);
            prop_assert_eq!(problems, [], "{}", plan.expression);
            if let Some(samples) = plan.samples {
                prop_assert_eq!(samples.seconds * samples.expected, seconds);
            }
        }
    }
}
