use crate::dialect;
use crate::source::Origin;
use crate::source::Source;
use crate::source::SourceId;
use crate::yaml;

use super::*;

/// Reads SLOs, each with its target and what it needs.
fn catalog(slos: &[(&str, &str, &str)]) -> Catalog {
    let object = |(name, target, needs): &(&str, &str, &str)| {
        format!(
            "{{ apiVersion: openslo/v1, kind: SLO, metadata: {{ name: {name}, annotations: {{ {KEY}: '{needs}' }} }}, \
             spec: {{ service: shop, budgetingMethod: Occurrences, objectives: [{{ target: {target} }}] }} }}\n---\n"
        )
    };
    let text: String = slos.iter().map(object).collect();
    let source = Source::from_text("slo.yaml", text, Origin::Worktree);
    let stream = yaml::parse(SourceId::default(), &source);
    Catalog::new(dialect::read(&stream).objects, Vec::new())
}

/// Returns what the first SLO needs, by name, and what that promises together.
fn needed(slos: &[(&str, &str, &str)]) -> (Vec<String>, String) {
    let catalog = catalog(slos);
    let first = catalog.slos().next().expect("the sample holds it");
    let needs = Needs::new(first, &catalog);
    let names =
        needs.iter().flat_map(|needs| needs.each.iter().map(|need| need.names.join("|"))).collect();
    (names, needs.map_or_else(String::new, |needs| needs.together().percent().to_string()))
}

/// Returns the circles of SLOs, each as the names on the way around.
fn ways(slos: &[(&str, &str, &str)]) -> Vec<String> {
    let catalog = catalog(slos);
    let subjects: Vec<Subject<'_>> =
        catalog.slos().map(|slo| Subject::new(&catalog, slo)).collect();
    let circles = circles(&subjects, &catalog);
    let names = |way: &Vec<&Subject<'_>>| {
        way.iter().map(|slo| slo.slo.meta.name()).collect::<Vec<_>>().join(" ")
    };
    circles.ways.iter().map(names).collect()
}

#[test]
fn targets_of_hard_needs_are_multiplied() {
    let others = [("b", "0.999", ""), ("c", "0.999", ""), ("d", "0.999", ""), ("e", "0.9", "")];
    let of = |needs| needed(&[&[("a", "0.999", needs)], others.as_slice()].concat());
    // 0.999³ = 0.997002999, 1 − 0.001² = 0.999999, 0.999 × (1 − 0.001 × 0.1) = 0.9989001
    assert_eq!(of("b, c, d").1, "99.7002999");
    assert_eq!(of("b|c").1, "99.9999");
    assert_eq!(of("b, c|e").1, "99.89001");
    assert_eq!(of("b, c:soft").1, "99.9");
    assert_eq!(of("b, b").1, "99.9", "one thing, named twice");
    assert_eq!(of("b|b").1, "99.9", "no spare of itself");
}

#[test]
fn the_shortest_way_back_stays_among_those_that_need_each_other() {
    let slos = [
        ("a", "0.9", "x, b, c"),
        ("b", "0.9", "c"),
        ("c", "0.9", "x, a"),
        ("x", "0.9", "y"),
        ("y", "0.9", ""),
        ("z", "0.9", "a, z"),
    ];
    assert_eq!(ways(&slos), ["a c", "z"]);
}

#[test]
fn what_is_not_known_makes_no_promise_less() {
    let others = [("b", "0.99", ""), ("c", "0.99", ""), ("d", "1.5", "")];
    let of = |needs| needed(&[&[("a", "0.999", needs)], others.as_slice()].concat()).0;
    assert_eq!(of("b, elsewhere"), ["b"]);
    assert!(of("b|elsewhere").is_empty() && of("d").is_empty() && of("b:soft").is_empty());
    let twice = [("a", "0.999", "b, c"), ("b", "0.9", ""), ("b", "0.99", ""), ("c", "0.99", "")];
    assert_eq!(needed(&twice).0, ["c"]);
    // `b` is needed anyway, and one failure of `c` would count twice.
    assert_eq!(of("b|c, b"), ["b"]);
    assert_eq!(of("b|c, c|b"), ["b|c"]);
}

#[test]
fn a_product_of_many_long_numbers_stays_short() {
    let digits = format!("0.999{}", "7".repeat(300));
    let names: Vec<String> = (0..200).map(|number| format!("n{number}")).collect();
    let all = names.join(",");
    let spares = names.join("|");
    let mut slos = vec![("a", "0.9", all.as_str())];
    slos.extend(names.iter().map(|name| (name.as_str(), digits.as_str(), "")));
    let (_, together) = needed(&slos);
    assert!(together.len() < 24 && together.starts_with("95.65"), "{together}");
    slos[0].2 = spares.as_str();
    assert_eq!(needed(&slos).1, "100");
}

#[test]
fn a_circle_is_found_once_by_its_shortest_way() {
    let (t, none) = ("0.9", "");
    assert_eq!(ways(&[("a", t, "a")]), ["a"]);
    assert_eq!(ways(&[("a", t, "b"), ("b", t, "c"), ("c", t, "b")]), ["b c"]);
    assert_eq!(
        ways(&[("a", t, "b"), ("b", t, "c"), ("c", t, "d, a"), ("d", t, "a")]),
        ["a b c"],
        "two ways back, one circle"
    );
    assert_eq!(ways(&[("a", t, "b"), ("b", t, "a"), ("c", t, "d"), ("d", t, "c")]), ["a b", "c d"]);
    assert!(ways(&[("a", t, "b, c"), ("b", t, "c"), ("c", t, none)]).is_empty());
    assert!(ways(&[("a", t, "b:soft"), ("b", t, "a")]).is_empty());
    assert!(ways(&[("a", t, "b|c"), ("b", t, "a"), ("c", t, none)]).is_empty());
    assert!(ways(&[("a", t, "b"), ("b", t, "a"), ("b", t, none)]).is_empty(), "which `b`?");
}

#[test]
fn a_long_chain_is_walked_without_going_deep() {
    const LENGTH: u32 = 100_000;
    let arrows = |ends: u32| (0..LENGTH).map(move |node| (node, (node + 1) % ends));
    let closed: Graph<(), ()> = Graph::from_edges(arrows(LENGTH));
    assert_eq!(kosaraju_scc(&closed).len(), 1);
    let all = |graph: &Graph<(), ()>| graph.node_indices().collect::<Vec<_>>();
    assert_eq!(way_back(&closed, &all(&closed)).map(|way| way.len()), Some(LENGTH as usize));
    let open: Graph<(), ()> = Graph::from_edges(arrows(LENGTH + 1));
    assert_eq!(kosaraju_scc(&open).len(), LENGTH as usize + 1);
    assert_eq!(way_back(&open, &all(&open)), None);
}
