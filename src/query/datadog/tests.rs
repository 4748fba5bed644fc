use crate::query::MAX_LENGTH;
use crate::query::datadog::parse;
use crate::query::datadog::problem::Expected;
use crate::query::datadog::problem::ProblemKind;
use crate::query::datadog::tests::places::assert_places;
use crate::query::datadog::tree::Aggregator;
use crate::query::datadog::tree::BinaryOperator;
use crate::query::datadog::tree::Condition;
use crate::query::datadog::tree::ConditionOperator;
use crate::query::datadog::tree::Expression;
use crate::query::datadog::tree::ExpressionKind;
use crate::query::datadog::tree::Filter;
use crate::query::datadog::tree::FilterKind;
use crate::query::datadog::tree::Selection;
use crate::query::tree::NameForm;

mod places;

fn parsed(text: &str) -> Expression {
    let (expression, problems) = parse(text);
    assert_eq!(problems, [], "{text}");
    let expression = expression.expect("a query without problems has a tree");
    assert_eq!(expression.extent.slice(text), text.trim(), "the tree is whole");
    assert_places(&expression, text);
    expression
}

/// Parses a query that is one selection.
fn selected(text: &str) -> Selection {
    match parsed(text).kind {
        ExpressionKind::Selection(selection) => *selection,
        other => panic!("{text} is {other:?}"),
    }
}

/// Asserts what all the problems of a query are, and which parts of it they are about.
fn refused(text: &str, expected: &[(ProblemKind, &str)]) -> Option<Expression> {
    let (expression, problems) = parse(text);
    let found: Vec<_> =
        problems.iter().map(|one| (one.kind.clone(), one.extent.slice(text))).collect();
    assert_eq!(found, expected, "{text}");
    expression
}

fn unexpected(expected: Expected) -> ProblemKind {
    ProblemKind::Unexpected { expected }
}

/// Writes an expression with parentheses around every operation, so that its shape shows.
fn shape(expression: &Expression, text: &str) -> String {
    match &expression.kind {
        ExpressionKind::Unary(unary) => {
            format!("({}{})", unary.sign_extent.slice(text), shape(&unary.operand, text))
        }
        ExpressionKind::Binary(binary) => {
            let operator = binary.operator_extent.slice(text);
            format!("({} {operator} {})", shape(&binary.left, text), shape(&binary.right, text))
        }
        ExpressionKind::Parenthesized(inner) => shape(inner, text),
        ExpressionKind::Window(window) => {
            format!("{}: {}", window.length.text, shape(&window.operand, text))
        }
        _ => expression.extent.slice(text).to_owned(),
    }
}

/// Writes a filter in the manner of Lisp.
fn filter_shape(filter: &Filter) -> String {
    let joined =
        |filters: &[Filter]| filters.iter().map(filter_shape).collect::<Vec<_>>().join(" ");
    match &filter.kind {
        FilterKind::Everything => "*".to_owned(),
        FilterKind::Condition(condition) => condition_shape(condition),
        FilterKind::Parenthesized(inner) => filter_shape(inner),
        FilterKind::Not(negation) => format!("(not {})", filter_shape(&negation.operand)),
        FilterKind::All(filters) => format!("(all {})", joined(filters)),
        FilterKind::Any(filters) => format!("(any {})", joined(filters)),
    }
}

fn condition_shape(condition: &Condition) -> String {
    let key = condition.key.as_ref().map_or("", |key| &key.text);
    let values: Vec<_> = condition.values.iter().map(|value| value.text.as_str()).collect();
    let operator = match condition.operator {
        ConditionOperator::Has => "",
        ConditionOperator::Is => "=",
        ConditionOperator::In => " in ",
        ConditionOperator::NotIn => " not in ",
    };
    format!("{key}{operator}{}", values.join("|"))
}

fn scope_shape(scope: &str) -> String {
    let selection = selected(&format!("sum:a{{{scope}}}"));
    let scope = selection.scope.expect("braces are a scope");
    scope.filter.as_ref().map(filter_shape).unwrap_or_default()
}

#[test]
fn every_part_of_a_selection_has_its_place() {
    let text = " sum:trace.http.request.hits{env:prod, !status:5*} by {env,host}.as_count()\
                .rollup(sum, 60) ";
    let selection = selected(text);
    let aggregation = selection.aggregation.expect("the aggregator is written");
    assert_eq!(aggregation.aggregator, Some(Aggregator::Sum));
    assert_eq!(aggregation.extent.slice(text), "sum:");
    assert_eq!(selection.metric.text, "trace.http.request.hits");
    let scope = selection.scope.expect("the scope is written");
    assert_eq!(scope.extent.slice(text), "{env:prod, !status:5*}");
    let terms = scope.conjunction().expect("all conditions must hold");
    let [env, status] = terms.as_slice() else { panic!("there are two conditions") };
    assert_eq!((env.condition.extent.slice(text), env.is_excluded), ("env:prod", false));
    assert_eq!((status.condition.extent.slice(text), status.is_excluded), ("status:5*", true));
    let key = status.condition.key.as_ref().expect("the tag has a key");
    assert_eq!(key.extent.slice(text), "status");
    assert_eq!(status.condition.operator_extent.expect("a colon is there").slice(text), ":");
    assert_eq!(status.condition.values[0].extent.slice(text), "5*");
    let grouping = selection.grouping.expect("it is grouped");
    assert_eq!(grouping.extent.slice(text), "by {env,host}");
    let tags: Vec<_> = grouping.tags.iter().map(|tag| tag.extent.slice(text)).collect();
    assert_eq!(tags, ["env", "host"]);
    let [count, rollup] = selection.modifiers.as_slice() else { panic!("there are two") };
    assert_eq!(count.extent.slice(text), ".as_count()");
    assert_eq!(rollup.name.text, "rollup");
    assert_eq!(rollup.arguments[0].value.kind, ExpressionKind::Word("sum".to_owned()));
    assert_eq!(rollup.arguments[1].value.kind, ExpressionKind::Number(60.0));
}

#[test]
fn aggregators_are_known_by_name_and_percentiles_by_rank() {
    for (name, expected) in [
        ("avg", Some(Aggregator::Average)),
        ("count", Some(Aggregator::Count)),
        ("p50", Some(Aggregator::Percentile(50.0))),
        ("p99.9", Some(Aggregator::Percentile(99.9))),
        ("p101", None),
        ("p", None),
        ("pinf", None),
        ("stddev", None),
    ] {
        let selection = selected(&format!("{name}:a.b{{*}}"));
        let aggregation = selection.aggregation.expect("the aggregator is written");
        assert_eq!((aggregation.name.text.as_str(), aggregation.aggregator), (name, expected));
    }
    assert_eq!(selected("system.cpu.user{*}").aggregation, None);
}

#[test]
fn thresholds_are_read_and_what_else_is_in_them_is_kept() {
    let bound = |text: &str| {
        let aggregation = selected(text).aggregation.expect("the aggregator is written");
        let threshold = aggregation.threshold.expect("the condition is written");
        (threshold.extent.slice(text).to_owned(), threshold.comparison)
    };
    let text = "count(v: v<=2.5):trace.web.request{env:prod}.as_count()";
    let (inside, comparison) = bound(text);
    let comparison = comparison.expect("the condition is a comparison");
    assert_eq!(inside, "v: v<=2.5");
    assert_eq!(comparison.operator, BinaryOperator::LessOrEqual);
    assert_eq!(comparison.value, Some(2.5));
    assert_eq!(comparison.value_extent.slice(text), "2.5");
    let text = "count( value : value > ${var.limit / 1000} ) : a{*}";
    let (inside, comparison) = bound(text);
    let comparison = comparison.expect("the condition is a comparison");
    assert_eq!(inside, "value : value > ${var.limit / 1000}");
    assert_eq!((comparison.operator, comparison.value), (BinaryOperator::Greater, None));
    assert_eq!(comparison.value_extent.slice(text), "${var.limit / 1000}");
    let (inside, comparison) = bound("count(v: v>1 and v<=2):a{*}");
    assert_eq!((inside.as_str(), comparison), ("v: v>1 and v<=2", None));
}

#[test]
fn filters_combine_as_they_are_written() {
    for (scope, expected) in [
        ("", ""),
        (" ", ""),
        ("*", "*"),
        (" * ", "*"),
        ("host:web*", "host=web*"),
        ("host:*", "host=*"),
        ("production", "production"),
        ("$env", "$env"),
        ("$env,service:shop", "(all $env service=shop)"),
        ("env:$env.value", "env=$env.value"),
        ("a:b,!c:d,-e:f", "(all a=b (not c=d) (not e=f))"),
        ("a:b AND NOT c:d", "(all a=b (not c=d))"),
        ("a:b or c:d and e:f", "(any a=b (all c=d e=f))"),
        ("(a:b OR c:d) AND e:f", "(all (any a=b c=d) e=f)"),
        ("NOT (a:b OR c:d)", "(not (any a=b c=d))"),
        ("a IN (b, c ,d)", "a in b|c|d"),
        ("a in (b OR c)", "a in b|c"),
        ("a NOT IN (2*,4*)", "a not in 2*|4*"),
        ("a:b AND c not  in(d)", "(all a=b c not in d)"),
        ("a IN ()", "a in "),
        ("a IN $list", "a in $list"),
        ("a:(b OR c)", "a=b|c"),
        ("a: b", "a=b"),
        ("a:", "a="),
        ("url:http://x:80/a?b=c&d", "url=http://x:80/a?b=c&d"),
        ("image:repo/name@sha256:00-ff", "image=repo/name@sha256:00-ff"),
        ("resource:get /api", "resource=get /api"),
        ("a:\"b, c} d\"", "a=b, c} d"),
        ("a:it's", "a=it's"),
        ("a:\"b", "a=\"b"),
        ("in-use:not-ok", "in-use=not-ok"),
        ("a:b,", "a=b"),
        (",a:b,,c:d", "(all a=b c=d)"),
        ("ключ:значение", "ключ=значение"),
        ("duration:>=100", "duration=>=100"),
        ("a:$", "a=$"),
    ] {
        assert_eq!(scope_shape(scope), expected, "{{{scope}}}");
    }
}

#[test]
fn a_plain_conjunction_lists_its_terms() {
    let terms = |scope: &str| {
        let scope = selected(&format!("sum:a{{{scope}}}")).scope.expect("the scope is written");
        let shape = |term: &crate::query::datadog::tree::Term<'_>| {
            let sign = if term.is_excluded { "!" } else { "" };
            format!("{sign}{}", condition_shape(term.condition))
        };
        scope.conjunction().map(|terms| terms.iter().map(shape).collect::<Vec<_>>().join(" "))
    };
    for (scope, expected) in [
        ("*", Some("")),
        ("", Some("")),
        ("$env,a:b", Some("$env a=b")),
        ("a:b AND (NOT c:d AND e NOT IN (f,g))", Some("a=b !c=d !e not in f|g")),
        ("NOT a NOT IN (b)", Some("a not in b")),
        ("NOT (a:b)", Some("!a=b")),
        ("a:b OR c:d", None),
        ("NOT (a:b AND c:d)", None),
        ("a:b AND NOT *", None),
    ] {
        assert_eq!(terms(scope).as_deref(), expected, "{{{scope}}}");
    }
}

#[test]
fn operators_bind_as_in_arithmetic() {
    for (text, expected) in [
        ("a{*} + b{*} * c{*}", "(a{*} + (b{*} * c{*}))"),
        ("a{*}-b{*}-c{*}", "((a{*} - b{*}) - c{*})"),
        ("100*(a{*} - b{*}) / c{*}", "((100 * (a{*} - b{*})) / c{*})"),
        ("-a{*} * --2", "((-a{*}) * (-(-2)))"),
        ("1 - .5e-3", "(1 - .5e-3)"),
        ("avg(last_5m):a{*} / b{*} > 0.5", "(last_5m: (a{*} / b{*}) > 0.5)"),
    ] {
        assert_eq!(shape(&parsed(text), text), expected, "{text}");
    }
}

#[test]
fn what_people_write_is_read() {
    for text in [
        "default_zero(sum:a.b{x:y}.as_count())",
        "default_zero(avg:jobs{env:dev}).fill(zero)",
        "default(avg:a{*} , 0)",
        "ewma_5(per_second(diff(abs(sum:a{*}))))",
        "moving_rollup(sum:a{*} by {env}, 300, 'max')",
        "top(avg:a{*} by {host}, 10, 'mean', \"desc\")",
        "clamp_min(cutoff_min(a{*}, -5), 0)",
        "timeshift(sum:a{*}.as_rate(), -900) - hour_before(sum:a{*})",
        "exclude_null(avg:a{*} by {b})",
        "anomalies(avg:a{*}, 'basic', 2, direction='both', interval=60, alert_window = 'last_1m')",
        "sum:a{*}.fill(null).weighted()",
        "sum:a{*}.fill(linear, 30)",
        "avg:a{*}.rollup(30)",
        "avg:a{*}.rollup(sum, daily, 'America/New_York')",
        "max:a{*}.timeshift(-900)",
        "sum:a{*}.label(\"One, two)\")",
        "sum:a {x IN (b)} by {*} .as_count ( )",
        "sum:a{*}by{b}.as_count()",
        "sum:a{*}.as_count() by {b}",
        "(sum:a{*} + sum:b{*}).rollup(sum, 60)",
        "sum: a{*}\n/\r\n\tsum:b{*}",
        "avg:system.load.1{*}",
        "p99.9:größe.der_anfragen{*}",
        "avg:a{*}, max:a{*}",
        "avg(last_${var.window}):sum:a{*} >= 1",
        "time()",
    ] {
        parsed(text);
    }
}

#[test]
fn placeholders_stand_for_every_part() {
    for text in [
        "$query",
        "${var.numerator}",
        "{{ .Values.query }} / {{x}}",
        "$query.as_count()",
        "${local.query}.rollup(sum, 60)",
        "sum:trace.${var.span}.hits{${local.filter}}.as_count()",
        "sum:trace.{{.Span}}.hits{{{.Filter}}}",
        "sum:a{${local.filter}${var.more}} by {${join(\",\", var.tags)}}",
        "sum:a{env:${lookup(var.envs, \"a b\")},service:{{ .Name }}-api}",
        "sum:a{%{ if var.env != \"\" }env:${var.env},%{ endif }b:c}",
        "${var.aggregator}:a{*}.rollup($aggregator, $seconds)",
        "${var.function}(a{*}, ${var.limit})",
        "sum:$metric",
        "sum:a{{ .Scope }}",
        "$metric{*} * $factor",
        "sum:a{$key:$value}",
    ] {
        parsed(text);
    }
    let selection = selected("sum:a{${key}:${value}}");
    let scope = selection.scope.expect("the scope is written");
    let terms = scope.conjunction().expect("there is one condition");
    let key = terms[0].condition.key.as_ref().expect("the tag has a key");
    assert_eq!((key.text.as_str(), key.form), ("${key}", NameForm::Placeholder));
}

#[test]
fn selections_are_listed_in_the_order_of_the_text() {
    let text = "default_zero(sum:a{*}) / (b{*} - top(max:c{*}, 1, 'x').fill(0)) > 2, min:d{*}";
    let tree = parsed(text);
    let names: Vec<_> = tree.selectors().iter().map(|one| one.metric.text.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
}

#[test]
fn what_is_no_query_has_a_problem_where_it_begins() {
    use Expected::*;
    let unclosed = |end| ProblemKind::Unclosed { end };
    for (text, kind, part) in [
        ("", ProblemKind::Empty, ""),
        (" \n", ProblemKind::Empty, ""),
        ("sum:", unexpected(Metric), ""),
        ("sum:{*}", unexpected(Metric), "{"),
        ("sum:\"a-b\"{*}", unexpected(Metric), "\""),
        ("sum:a{*} /", unexpected(Expression), ""),
        ("sum:a{*} / * 5", unexpected(Expression), "*"),
        ("sum:a{*} sum:b{*}", unexpected(OperatorOrEnd), "sum"),
        ("sum:a{*})", unexpected(OperatorOrEnd), ")"),
        ("sum:a{b:c}}", unexpected(OperatorOrEnd), "}"),
        ("sum:a{*} by {b} by {c}", unexpected(OperatorOrEnd), "by"),
        ("sum:a{*} % 5", unexpected(OperatorOrEnd), "%"),
        ("(sum:a{*}", unclosed(9), "("),
        ("(sum:a{*} sum:b{*})", unexpected(ClosingParenthesis), "sum"),
        ("f(sum:a{*}", unclosed(10), "("),
        ("f(sum:a{*},", unclosed(11), "("),
        ("f(sum:a{*} 5)", unexpected(CommaOrParenthesis), "5"),
        ("f(sum:a{*},)", unexpected(Expression), ")"),
        ("f(a{*}, 'basic)", ProblemKind::UnterminatedString, "'"),
        ("sum:a{b:c", unclosed(9), "{"),
        ("sum:a{b:c.as_count()", unclosed(20), "{"),
        ("sum:a{b:c AND", unclosed(13), "{"),
        ("sum:a{b:c by {d}", unexpected(SeparatorOrEnd), "{"),
        ("sum:a{b:c AND}", unexpected(Filter), "}"),
        ("sum:a{b:c OR OR d:e}", unexpected(Filter), "OR"),
        ("sum:a{AND b:c}", unexpected(Filter), "AND"),
        ("sum:a{OR b:c}", unexpected(Filter), "OR"),
        ("sum:a{b:c AND NOT}", unexpected(Filter), "}"),
        ("sum:a{(b:c OR d:e}", unexpected(SeparatorOrEnd), "}"),
        ("sum:a{()}", unexpected(Filter), ")"),
        ("sum:a{b:c NOT d:e}", unexpected(SeparatorOrEnd), "NOT"),
        ("sum:a{b IN c}", unexpected(List), "c"),
        ("sum:a{b IN}", unexpected(List), "}"),
        ("sum:a{b IN (c, d}", unexpected(CommaOrParenthesis), "}"),
        ("sum:a{*} by host", unexpected(OpeningBrace), "host"),
        ("sum:a{*} by {host", unclosed(17), "{"),
        ("sum:a{*} by {b c}", unexpected(CommaOrBrace), "c"),
        ("sum:a{*}.as_count", unexpected(OpeningParenthesis), ""),
        ("sum:a{*}.()", unexpected(Modifier), "("),
        ("sum:a{*}.rollup(sum,)", unexpected(Argument), ")"),
        ("sum:a{*}.rollup(sum", unclosed(19), "("),
        ("5xx", ProblemKind::InvalidNumber, "5xx"),
        ("1.2.3", ProblemKind::InvalidNumber, "1.2.3"),
        ("sum:a{b:${c}", unclosed(12), "{"),
        ("sum:a{b:${c", ProblemKind::UnterminatedPlaceholder, "${"),
        ("sum:{{ .x }{*}", ProblemKind::UnterminatedPlaceholder, "{{"),
    ] {
        refused(text, &[(kind, part)]);
    }
}

#[test]
fn a_metric_without_braces_is_said_and_the_rest_is_read() {
    let missing = |part| (ProblemKind::MissingScope, part);
    let tree = refused("sum:a.b.as_count() / sum:c", &[missing("a.b"), missing("c")]);
    let tree = tree.expect("all of it is understood");
    let selections = tree.selectors();
    assert_eq!(selections[0].modifiers[0].name.text, "as_count");
    refused("avg:a.b by {host}", &[missing("a.b")]);
    refused("sum:my-metric{*}", &[missing("my")]);
    refused("anomalies(avg:a{*}, basic, 2)", &[missing("basic")]);
    refused("system.cpu.user", &[missing("system.cpu.user")]);
    refused(
        "topk(5, rate(x[5m]))",
        &[missing("x"), (unexpected(Expected::CommaOrParenthesis), "[")],
    );
}

#[test]
fn the_two_ways_of_combining_filters_do_not_mix() {
    for (scope, part) in [
        ("a:b AND !c:d", "!"),
        ("a:b, c:d OR e:f", "OR"),
        ("a:b,c IN (d,e)", "IN"),
        ("(a:b OR c:d),e:f,g:h", ","),
        ("!a:b AND c:d, e:f", "AND"),
        ("NOT a:b,c:d", ","),
    ] {
        let text = format!("sum:x{{{scope}}}");
        let tree = refused(&text, &[(ProblemKind::MixedFilters, part)]);
        assert_eq!(tree.expect("all of it is understood").extent.slice(&text), text);
    }
    parsed("sum:x{a:b,!c:d} / sum:x{a:b AND NOT c IN (d,e)}");
}

#[test]
fn what_was_understood_is_kept_beside_a_problem() {
    for (text, kept) in [
        ("sum:a{*} / ", "sum:a{*}"),
        ("sum:a{*} - f(", "sum:a{*} - f("),
        ("(sum:a{*} + sum:b{c:d", "(sum:a{*} + sum:b{c:d"),
        ("f(sum:a{*}, 5", "f(sum:a{*}, 5"),
        ("sum:a{b:c AND d:e", "sum:a{b:c AND d:e"),
        ("sum:a{*}.rollup(sum, 60", "sum:a{*}.rollup(sum, 60"),
    ] {
        let (tree, problems) = parse(text);
        assert_eq!(problems.len(), 1, "{text}");
        let tree = tree.unwrap_or_else(|| panic!("something of {text} is understood"));
        assert_places(&tree, text);
        assert_eq!(tree.extent.slice(text), kept);
    }
}

/// Nothing is timed here: what is not linear in these texts does not end.
#[test]
fn hostile_texts_end_with_a_problem() {
    let half = MAX_LENGTH / 2;
    let texts = [
        "(".repeat(100_000),
        "f(".repeat(100_000),
        "-".repeat(100_000),
        format!("sum:a{{{}", "(".repeat(100_000)),
        format!("sum:a{{{}", "!".repeat(100_000)),
        format!("sum:a{{{}", "NOT ".repeat(100_000)),
        "a{*}+".repeat(MAX_LENGTH / 5),
        format!("sum:a{{{}", "b:c,".repeat(MAX_LENGTH / 4 - 2)),
        format!("sum:a{{{}", "b:\"".repeat(MAX_LENGTH / 3 - 2)),
        format!("sum:a{{{}", "b:'\" ".repeat(MAX_LENGTH / 5 - 2)),
        format!("sum:a{{{}", "b in (".repeat(MAX_LENGTH / 6 - 2)),
        format!("sum:a{{*}}{}", ".b()".repeat(MAX_LENGTH / 4 - 3)) + "(",
        "f(v:".repeat(MAX_LENGTH / 4),
        "${".repeat(half),
        "{{".repeat(half),
        format!("sum:a{{b:{}", "$b{".repeat(MAX_LENGTH / 3 - 4)),
        "a ".repeat(half),
        "a.".repeat(half - 1) + "(",
        "1".repeat(MAX_LENGTH) + "1",
    ];
    for text in texts {
        let (_, problems) = parse(&text);
        let shown: String = text.chars().take(20).collect();
        assert!(!problems.is_empty(), "{shown}");
    }
    let long = " ".repeat(MAX_LENGTH) + "a";
    refused(&long, &[(ProblemKind::TooLong, long.as_str())]);
    let deep = "(".repeat(200) + "a{*}" + &")".repeat(200);
    let (_, problems) = parse(&deep);
    assert_eq!(problems[0].kind, ProblemKind::TooDeep);
    parsed(&("(".repeat(100) + "a{*}" + &")".repeat(100)));
    let wide = format!("sum:a{{b IN ({})}}", "c,".repeat(MAX_LENGTH / 2 - 20));
    parsed(&wide);
}
