use super::*;
use crate::query;

fn tree(text: &str) -> Expression {
    let (tree, problems) = query::parse(text);
    assert!(problems.is_empty(), "{text}: {problems:?}");
    tree.expect("the query is grammatical")
}

/// Returns what a query counts, in short: a sign, how, the text of the selector, its range, its groups.
fn counted(text: &str) -> Option<Vec<String>> {
    let tree = tree(text);
    let in_short = |set: &EventSet<'_>| {
        let sign = if set.is_taken { '-' } else { '+' };
        let range = set.range.map_or("", |range| range.extent.slice(text));
        let groups = match set.groups {
            Groups::Each => "each",
            Groups::One => "one",
            Groups::Some(grouping) => grouping.extent.slice(text),
        };
        let (reading, selector) = (set.reading, set.selector.extent.slice(text));
        format!("{sign} {reading:?} {selector} {range} {groups}")
    };
    Some(reduce(&tree)?.sets.iter().map(in_short).collect())
}

#[test]
fn queries_are_reduced_to_what_they_count() {
    for (text, expected) in [
        ("x", vec!["+ Value x  each"]),
        ("sum(rate(x{a=\"b\"}[5m]))", vec!["+ Rate x{a=\"b\"} 5m one"]),
        ("60 * (sum by (a) (increase(x[1h])))", vec!["+ Increase x 1h by (a)"]),
        ("sum(sum by (a, b) (irate(x[1m])))", vec!["+ InstantRate x 1m one"]),
        (
            "sum(rate(x[5m])) - sum(rate(y[5m]) + rate(z[5m]))",
            vec!["+ Rate x 5m one", "- Rate y 5m one", "- Rate z 5m one"],
        ),
        ("sum(rate(x[5m])) or vector(0)", vec!["+ Rate x 5m one"]),
        ("clamp_min(sum(rate(x[5m])), 1) > 0", vec!["+ Rate x 5m one"]),
        ("sort_desc(label_replace(x, \"a\", \"$1\", \"b\", \"(.*)\"))", vec!["+ Value x  each"]),
        ("rate({__name__=\"x\",a=\"b\"}[5m])", vec!["+ Rate {__name__=\"x\",a=\"b\"} 5m each"]),
        ("rate({\"x.y\"}[{{.window}}])", vec!["+ Rate {\"x.y\"} {{.window}} each"]),
    ] {
        let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(counted(text), Some(expected), "{text}");
    }
}

#[test]
fn what_is_not_certain_is_not_reduced() {
    for text in [
        "avg(rate(x[5m]))",
        "x and y",
        "x or y",
        "x / y",
        "histogram_quantile(0.9, x)",
        "rate(sum(x)[5m:])",
        "{__name__=~\"x|y\"}",
        "$metric{a=\"b\"}",
        "x{$matchers}",
        "1",
        "topk(3, x)",
        "x > bool 0",
    ] {
        assert_eq!(counted(text), None, "{text}");
    }
}

#[test]
fn guards_are_kept() {
    let kinds = |text: &str| {
        let tree = tree(text);
        let guards = reduce(&tree).expect("it counts something").guards;
        let kinds: Vec<_> =
            guards.iter().map(|guard| (guard.kind, guard.extent.slice(text).to_owned())).collect();
        kinds
    };
    assert_eq!(
        kinds("clamp_min(sum(rate(x[5m])) or on() vector(0), 1)"),
        [
            (GuardKind::Default(0.0), "or on() vector(0)".to_owned()),
            (
                GuardKind::AtLeast(1.0),
                "clamp_min(sum(rate(x[5m])) or on() vector(0), 1)".to_owned()
            ),
        ]
    );
    assert_eq!(kinds("x > 0"), [(GuardKind::Only, "> 0".to_owned())]);
}

#[test]
fn a_share_has_two_sides() {
    let sides = |text: &str| {
        let tree = tree(text);
        let share = share(&tree)?;
        let (part, whole) = (share.part.extent.slice(text), share.whole.extent.slice(text));
        Some((part.to_owned(), whole.to_owned(), share.is_complement, share.guards.len()))
    };
    let found = |complement, guards| Some(("a".to_owned(), "b".to_owned(), complement, guards));
    assert_eq!(sides("a / b"), found(false, 0));
    assert_eq!(sides("100 * (a / b)"), found(false, 0));
    assert_eq!(sides("1 - (a) / (b)"), found(true, 0));
    assert_eq!(sides("100 - a / b * 100"), found(true, 0));
    assert_eq!(sides("1 - (1 - a / b)"), found(false, 0));
    assert_eq!(sides("clamp_max((a / b) or vector(1), 1)"), found(false, 2));
    for text in ["a", "a / 2", "2 - a / b", "a + b", "a / b / c * d"] {
        let found = sides(text);
        assert!(found.is_none_or(|(part, ..)| part == "a / b"), "{text}");
    }
}
