//! What an SLO needs of other SLOs, what those promise, and who needs itself in the end.
//!
//! # Why
//!
//! Names come from an annotation, so a chain of them may be of any length and lists of any size: the
//! search for circles is a loop, not a recursion, and products are kept short.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use crate::model::Catalog;
use crate::model::Kind;
use crate::model::Object;
use crate::model::Reference;
use crate::model::Slo;
use crate::model::Text;
use crate::quantity::Ratio;
use crate::source::Span;
use crate::source::Spanned;

use super::Checker;
use super::Subject;
use super::percent;
use super::quote;

/// The annotation that names what an SLO needs.
const KEY: &str = "slo/depends-on";

/// The most things of a kind that a message names.
const MAX_NAMED: usize = 5;

/// What an SLO cannot do without, as far as it is known.
pub(super) struct Needs<'a> {
    /// Where it is declared.
    pub(super) span: Span,
    /// Each need, in the order of the file.
    pub(super) each: Vec<Need<'a>>,
}

/// One thing that an SLO cannot do without.
#[derive(Clone)]
pub(super) struct Need<'a> {
    /// The names of which one is enough, or the only one.
    names: Vec<Text>,
    /// The SLOs of these names, in their order.
    pub(super) slos: Vec<&'a Arc<Slo>>,
    /// The share of good events that is promised, above 0 and at most 1.
    pub(super) promise: Ratio,
}

impl<'a> Needs<'a> {
    /// Finds what an SLO declares to need; nothing where nothing is known of any of it.
    ///
    /// What is soft is left out, and so is a spare of something that is needed anyway or that is a
    /// spare of something else too: their failures are not independent, and what is left of the needs
    /// promises at least as much.
    pub(super) fn new(slo: &Slo, catalog: &'a Catalog) -> Option<Self> {
        let declared = slo.meta.dependencies()?;
        let hard = declared.value.into_iter().filter(|dependency| !dependency.is_soft);
        let hard: Vec<Vec<Text>> = hard.map(|dependency| distinct(dependency.names)).collect();
        let alone = hard.iter().filter_map(|names| only(names)).cloned();
        let (mut taken, mut waiting): (BTreeSet<Text>, BTreeSet<Text>) = Default::default();
        waiting.extend(alone);
        let mut each = Vec::new();
        for names in hard {
            let is_free = match only(&names) {
                Some(name) => waiting.remove(name),
                None => !names.iter().any(|name| waiting.contains(name) || taken.contains(name)),
            };
            taken.extend(names.iter().cloned());
            if is_free && let Some(need) = Need::new(names, catalog) {
                each.push(need);
            }
        }
        (!each.is_empty()).then_some(Self { span: declared.span, each })
    }

    /// Returns the share of good events that all of it promises together, where failures come at
    /// different times.
    ///
    /// # Source
    ///
    /// Treynor Sloss, Dahlin, Rau and Beyer, "The Calculus of Service Availability", ACM Queue.
    pub(super) fn together(&self) -> Ratio {
        self.each.iter().fold(Ratio::one(), |share, need| short(&(&share * &need.promise)))
    }
}

impl<'a> Need<'a> {
    fn new(names: Vec<Text>, catalog: &'a Catalog) -> Option<Self> {
        let slos = names.iter().map(|name| slo_named(catalog, name));
        let slos = slos.collect::<Option<Vec<_>>>()?;
        Some(Self { promise: promise(&slos)?, names, slos })
    }

    /// Returns what it is called: "`east` or `west`".
    pub(super) fn name(&self) -> String {
        joined(&few(&self.names, |name| quote(name)), "or")
    }
}

/// Returns needs in a sentence, each with its promise.
pub(super) fn sentence(needs: &[Need<'_>]) -> String {
    let word = |need: &Need<'_>| format!("{} ({})", need.name(), percent(&need.promise));
    joined(&few(needs, word), "and")
}

/// Returns the first few of some things in words, and how many more there are.
pub(super) fn few<T>(things: &[T], word: impl Fn(&T) -> String) -> Vec<String> {
    let mut words: Vec<String> = things.iter().take(MAX_NAMED).map(word).collect();
    if let Some(more) = things.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        words.push(format!("{more} more"));
    }
    words
}

/// Returns words in a sentence: "one, two and three".
pub(super) fn joined(words: &[String], last: &str) -> String {
    match words {
        [rest @ .., end] if !rest.is_empty() => format!("{} {last} {end}", rest.join(", ")),
        words => words.concat(),
    }
}

/// Returns names in their order, each once.
fn distinct(mut names: Vec<Text>) -> Vec<Text> {
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// Returns the name that nothing can stand in for.
fn only(names: &[Text]) -> Option<&Text> {
    match names {
        [name] => Some(name),
        _ => None,
    }
}

/// Returns the SLO of a name; nothing where several have it, of which `duplicate-object-name` speaks.
fn slo_named<'a>(catalog: &'a Catalog, name: &str) -> Option<&'a Arc<Slo>> {
    let mut named = catalog.named(Kind::Slo, name);
    match (named.next()?, named.next()) {
        (Object::Slo(slo), None) => Some(slo),
        _ => None,
    }
}

/// Returns what SLOs promise of which one is enough, where failures come at different times; nothing
/// where one of them is not known.
fn promise(slos: &[&Arc<Slo>]) -> Option<Ratio> {
    let mut failing = Ratio::one();
    for slo in slos {
        failing = &failing * &short(highest(slo)?).complement();
        // Below what is kept of a number, nothing is left to multiply.
        failing = short(&failing.complement()).complement();
    }
    Some(failing.complement())
}

/// Returns the highest target of an SLO; nothing where one of them is none.
fn highest(slo: &Slo) -> Option<&Ratio> {
    let mut highest = None;
    for objective in &slo.objectives {
        let target = &objective.target.as_ref()?.value;
        if *target <= Ratio::zero() || *target > Ratio::one() {
            return None;
        }
        highest = highest.max(Some(target));
    }
    highest
}

/// Returns a share with at most 18 digits behind the point, rounded up.
///
/// Thousands of factors stay short so, and what is promised is never said to be less than it is.
fn short(share: &Ratio) -> Ratio {
    const PARTS: i64 = 1_000_000_000_000_000_000;
    let parts = -&(share * &Ratio::whole(PARTS));
    &-&parts.floor() / PARTS
}

/// The SLOs that need themselves, by way of others.
pub(super) struct Circles<'b, 'a> {
    /// Of each group that is tied together the shortest way from its first SLO back to it.
    pub(super) ways: Vec<Vec<&'b Subject<'a>>>,
    names: BTreeSet<&'b str>,
}

impl Circles<'_, '_> {
    /// Returns whether an SLO is part of a circle.
    pub(super) fn hold(&self, slo: &Slo) -> bool {
        self.names.contains(slo.meta.name())
    }
}

/// Finds the SLOs that need themselves; only what nothing can stand in for ties them together.
pub(super) fn circles<'b, 'a>(slos: &'b [Subject<'a>], catalog: &Catalog) -> Circles<'b, 'a> {
    let (nodes, edges) = graph(slos, catalog);
    let mut circles = Circles { ways: Vec::new(), names: BTreeSet::new() };
    let subject = |node: &usize| nodes.get(*node).copied();
    for knot in knots(&edges) {
        circles.names.extend(knot.iter().filter_map(subject).map(|slo| slo.meta.name()));
        circles.ways.push(way_back(&knot, &edges).iter().filter_map(subject).collect());
    }
    circles
}

/// Returns the SLOs that need others, and the numbers of those that each of them needs.
fn graph<'b, 'a>(
    slos: &'b [Subject<'a>],
    catalog: &Catalog,
) -> (Vec<&'b Subject<'a>>, Vec<Vec<usize>>) {
    let (mut nodes, mut needed) = (Vec::new(), Vec::<Vec<Text>>::new());
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for slo in slos {
        let Some(declared) = slo.meta.dependencies() else { continue };
        let name = slo.slo.meta.name();
        if slo_named(catalog, name).is_some() {
            let hard = declared.value.into_iter().filter(|dependency| !dependency.is_soft);
            let names = hard.filter_map(|dependency| only(&distinct(dependency.names)).cloned());
            numbers.insert(name, nodes.len());
            nodes.push(slo);
            needed.push(names.collect());
        }
    }
    let number = |name: &Text| numbers.get(name.as_str()).copied();
    let edges = needed.iter().map(|names| names.iter().filter_map(number).collect()).collect();
    (nodes, edges)
}

/// Returns the groups of nodes of which each leads to every other, and to itself; in order.
///
/// # Source
///
/// Sharir's and Kosaraju's algorithm: what a walk against the arrows reaches, begun at the node that
/// a walk along them left last, leads there too.
fn knots(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut against = vec![Vec::new(); edges.len()];
    for (from, to) in
        edges.iter().enumerate().flat_map(|(from, all)| all.iter().map(move |to| (from, to)))
    {
        against.get_mut(*to).into_iter().for_each(|into: &mut Vec<usize>| into.push(from));
    }
    let mut is_new = vec![true; edges.len()];
    let mut visit = |node: usize| is_new.get_mut(node).is_some_and(mem::take);
    let mut knots = Vec::new();
    for start in left(edges).into_iter().rev() {
        if !visit(start) {
            continue;
        }
        let (mut knot, mut next) = (Vec::new(), vec![start]);
        while let Some(node) = next.pop() {
            knot.push(node);
            let from = against.get(node).into_iter().flatten().copied();
            next.extend(from.filter(|&from| visit(from)));
        }
        knot.sort_unstable();
        let is_alone = |node: &usize| !edges.get(*node).is_some_and(|to| to.contains(node));
        if !matches!(knot.as_slice(), [node] if is_alone(node)) {
            knots.push(knot);
        }
    }
    knots.sort_unstable();
    knots
}

/// Returns all nodes in the order in which a walk along the arrows leaves them.
fn left(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut is_new = vec![true; edges.len()];
    let mut visit = |node: usize| is_new.get_mut(node).is_some_and(mem::take);
    let mut order = Vec::new();
    for start in 0..edges.len() {
        let mut path = Vec::new();
        if visit(start) {
            path.push((start, edges.get(start).into_iter().flatten()));
        }
        while let Some((node, ahead)) = path.last_mut() {
            match ahead.next() {
                Some(&to) if visit(to) => path.push((to, edges.get(to).into_iter().flatten())),
                Some(_) => {}
                None => {
                    order.push(*node);
                    path.pop();
                }
            }
        }
    }
    order
}

/// Returns the nodes of the shortest way from the first node of a knot back to it.
fn way_back(knot: &[usize], edges: &[Vec<usize>]) -> Vec<usize> {
    let Some(&first) = knot.first() else { return Vec::new() };
    let mut before: BTreeMap<usize, usize> = BTreeMap::new();
    let mut next = VecDeque::from([first]);
    while let Some(node) = next.pop_front() {
        if before.contains_key(&first) {
            break;
        }
        for &to in edges.get(node).into_iter().flatten() {
            if knot.binary_search(&to).is_ok() && !before.contains_key(&to) {
                before.insert(to, node);
                next.push_back(to);
            }
        }
    }
    let mut way = Vec::new();
    let mut node = before.get(&first);
    while let Some(&from) = node {
        way.push(from);
        node = before.get(&from).filter(|_| from != first);
    }
    way.reverse();
    way
}

/// Returns the names that an SLO declares to need, each at its place where the text shows it.
pub(super) fn references(object: &Object, checker: &Checker<'_>) -> Vec<Reference> {
    let Object::Slo(slo) = object else { return Vec::new() };
    let Some(declared) = slo.meta.dependencies() else { return Vec::new() };
    let text = checker.text(declared.span);
    let is_part = |letter: char| !letter.is_whitespace() && !",|:\"'".contains(letter);
    let words = text.split(|letter| !is_part(letter)).filter(|word| !word.is_empty());
    let mut places: BTreeMap<&str, Span> = BTreeMap::new();
    for word in words {
        let start =
            declared.span.start as usize + (word.as_ptr() as usize - text.as_ptr() as usize);
        places.entry(word).or_insert(Span::new(declared.span.source, start, start + word.len()));
    }
    let names = declared.value.into_iter().flat_map(|dependency| dependency.names);
    let reference = |name: Text| {
        let span = places.get(name.as_str()).copied().unwrap_or(declared.span);
        Reference { kind: Kind::Slo, name: Spanned::new(name, span), field: KEY }
    };
    distinct(names.collect()).into_iter().map(reference).collect()
}

#[cfg(test)]
mod tests {
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
                 spec: {{ service: shop, objectives: [{{ target: {target} }}] }} }}\n---\n"
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
        let first = catalog.slos().next().unwrap();
        let needs = Needs::new(first, &catalog);
        let names = needs.iter().flat_map(|needs| needs.each.iter().map(Need::name)).collect();
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
    fn what_is_not_known_makes_no_promise_less() {
        let others = [("b", "0.99", ""), ("c", "0.99", ""), ("d", "1.5", "")];
        let of = |needs| needed(&[&[("a", "0.999", needs)], others.as_slice()].concat()).0;
        assert_eq!(of("b, elsewhere"), ["`b`"]);
        assert!(of("b|elsewhere").is_empty() && of("d").is_empty() && of("b:soft").is_empty());
        let twice =
            [("a", "0.999", "b, c"), ("b", "0.9", ""), ("b", "0.99", ""), ("c", "0.99", "")];
        assert_eq!(needed(&twice).0, ["`c`"]);
        // `b` is needed anyway, and one failure of `c` would count twice.
        assert_eq!(of("b|c, b"), ["`b`"]);
        assert_eq!(of("b|c, c|b"), ["`b` or `c`"]);
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
        assert_eq!(
            ways(&[("a", t, "b"), ("b", t, "a"), ("c", t, "d"), ("d", t, "c")]),
            ["a b", "c d"]
        );
        assert!(ways(&[("a", t, "b, c"), ("b", t, "c"), ("c", t, none)]).is_empty());
        assert!(ways(&[("a", t, "b:soft"), ("b", t, "a")]).is_empty());
        assert!(ways(&[("a", t, "b|c"), ("b", t, "a"), ("c", t, none)]).is_empty());
        assert!(ways(&[("a", t, "b"), ("b", t, "a"), ("b", t, none)]).is_empty(), "which `b`?");
    }

    #[test]
    fn a_long_chain_is_walked_without_going_deep() {
        const LENGTH: usize = 100_000;
        let chain: Vec<Vec<usize>> = (1..=LENGTH).map(|next| vec![next % LENGTH]).collect();
        let knots = knots(&chain);
        assert_eq!(knots.len(), 1);
        assert_eq!(way_back(&knots[0], &chain).len(), LENGTH);
        let open: Vec<Vec<usize>> = (1..=LENGTH).map(|next| vec![next]).collect();
        assert!(super::knots(&open).is_empty());
    }
}
