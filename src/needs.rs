//! What an SLO needs of other SLOs, what those promise, and who needs itself in the end.
//!
//! # Why
//!
//! Names come from an annotation, so a chain of them may be of any length and lists of any size: the
//! search for circles is that of a library which goes in loops and not deep, and products are kept
//! short.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use petgraph::Graph;
use petgraph::algo::astar;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::NodeIndex;
use petgraph::visit::NodeFiltered;

use crate::model::Catalog;
use crate::model::Kind;
use crate::model::Object;
use crate::model::Reference;
use crate::model::Slo;
use crate::model::Subject;
use crate::model::Text;
use crate::quantity::Ratio;
use crate::source::Sources;
use crate::source::Span;
use crate::source::Spanned;

/// The annotation that names what an SLO needs.
const KEY: &str = "slo/depends-on";

/// What an SLO cannot do without, as far as it is known.
pub struct Needs<'a> {
    /// Where it is declared.
    pub span: Span,
    /// Each need, in the order of the file.
    pub each: Vec<Need<'a>>,
}

/// One thing that an SLO cannot do without.
#[derive(Clone)]
pub struct Need<'a> {
    /// The names of which one is enough, or the only one.
    pub names: Vec<Text>,
    /// The SLOs of these names, in their order.
    pub slos: Vec<&'a Arc<Slo>>,
    /// The share of good events that is promised, above 0 and at most 1.
    pub promise: Ratio,
}

impl<'a> Needs<'a> {
    /// Finds what an SLO declares to need; nothing where nothing is known of any of it.
    ///
    /// What is soft is left out, and so is a spare of something that is needed anyway or that is a
    /// spare of something else too: their failures are not independent, and what is left of the needs
    /// promises at least as much.
    pub fn new(slo: &Slo, catalog: &'a Catalog) -> Option<Self> {
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
    pub fn together(&self) -> Ratio {
        self.each.iter().fold(Ratio::one(), |share, need| short(&(&share * &need.promise)))
    }
}

impl<'a> Need<'a> {
    fn new(names: Vec<Text>, catalog: &'a Catalog) -> Option<Self> {
        let slos = names.iter().map(|name| promising(catalog, name));
        let slos = slos.collect::<Option<Vec<_>>>()?;
        Some(Self { promise: promise(&slos)?, names, slos })
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

/// Returns the SLO of a name, where it promises something that can be compared.
///
/// What a draft asks for holds for nobody yet, nor does a hope; of a method that is not known nobody
/// can say what it counts.
fn promising<'a>(catalog: &'a Catalog, name: &str) -> Option<&'a Arc<Slo>> {
    slo_named(catalog, name).filter(|slo| slo.is_promise() && slo.knows_method())
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
#[derive(Debug)]
pub struct Circles<'a> {
    /// Of each group that is tied together the shortest way from its first SLO back to it.
    pub ways: Vec<Vec<&'a Subject<'a>>>,
    names: BTreeSet<&'a str>,
}

impl Circles<'_> {
    /// Returns whether an SLO is part of a circle.
    pub fn hold(&self, slo: &Slo) -> bool {
        self.names.contains(slo.meta.name())
    }
}

/// Finds the SLOs that need themselves; only what nothing can stand in for ties them together.
pub fn circles<'a>(slos: &'a [Subject<'a>], catalog: &Catalog) -> Circles<'a> {
    let graph = graph(slos, catalog);
    let mut knots = kosaraju_scc(&graph);
    for knot in &mut knots {
        knot.sort_unstable();
    }
    knots.sort_unstable();
    let mut circles = Circles { ways: Vec::new(), names: BTreeSet::new() };
    for knot in knots {
        // One that does not lead back to itself is tied to nothing.
        let Some(way) = way_back(&graph, &knot) else { continue };
        let slo = |node: NodeIndex| graph.node_weight(node).copied();
        circles.names.extend(knot.into_iter().filter_map(slo).map(|slo| slo.slo.meta.name()));
        circles.ways.push(way.into_iter().filter_map(slo).collect());
    }
    circles
}

/// Returns the SLOs that need others, each with an arrow to what it needs.
fn graph<'a>(slos: &'a [Subject<'a>], catalog: &Catalog) -> Graph<&'a Subject<'a>, ()> {
    let mut graph = Graph::new();
    let mut nodes: BTreeMap<&str, NodeIndex> = BTreeMap::new();
    let mut needed = Vec::new();
    for slo in slos {
        let Some(declared) = slo.meta.dependencies() else { continue };
        let name = slo.slo.meta.name();
        if slo_named(catalog, name).is_some() {
            let node = graph.add_node(slo);
            nodes.insert(name, node);
            needed.push((node, declared.value));
        }
    }
    for (node, dependencies) in needed {
        // The graph gives the newest edge first: the last need comes first, to be given last.
        for dependency in dependencies.iter().rev().filter(|dependency| !dependency.is_soft) {
            let names = distinct(dependency.names.clone());
            if let Some(&other) = only(&names).and_then(|name| nodes.get(name.as_str())) {
                graph.add_edge(node, other, ());
            }
        }
    }
    graph
}

/// Returns the nodes of the shortest way from the first node of a knot back to it; nothing where none
/// leads there.
///
/// * `knot`: nodes of which each leads to every other, in order: no way back leaves them.
fn way_back<T>(graph: &Graph<T, ()>, knot: &[NodeIndex]) -> Option<Vec<NodeIndex>> {
    let first = *knot.first()?;
    if knot.len() == 1 {
        return graph.contains_edge(first, first).then(|| vec![first]);
    }
    let within = NodeFiltered::from_fn(graph, |node| knot.binary_search(&node).is_ok());
    let is_last = |node: NodeIndex| graph.contains_edge(node, first);
    astar(&within, first, is_last, |_| 1_usize, |_| 0).map(|(_, way)| way)
}

/// Returns the names that an SLO declares to need, each at its place where the text shows it.
pub fn references(object: &Object, sources: &Sources) -> Vec<Reference> {
    let Object::Slo(slo) = object else { return Vec::new() };
    let Some(declared) = slo.meta.dependencies() else { return Vec::new() };
    let text = sources.slice(declared.span);
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
mod tests;
