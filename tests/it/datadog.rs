//! The queries of Datadog in the corpus are read as Datadog reads them.

use std::collections::BTreeSet;
use std::path::Path;

use slo::query::datadog;
use slo::source::Origin;
use slo::source::Source;
use slo::source::SourceId;
use slo::yaml;
use slo::yaml::Kind;
use slo::yaml::Node;

use crate::corpus;

/// What only queries of Datadog hold, of all that files beside them hold.
const MARKS: [&str; 6] = ["sum:", "avg:", "max:", "count:", "count(v:", ".as_count()"];

#[test]
fn every_query_of_the_corpus_is_read_without_a_problem() {
    let Some(files) = corpus::corpus() else { return };
    let mut queries = BTreeSet::new();
    for file in &files {
        let Ok(text) = std::str::from_utf8(&file.bytes) else { continue };
        let is_datadog = file.path.to_ascii_lowercase().contains("datadog");
        if !is_datadog && !text.to_ascii_lowercase().contains("datadog") {
            continue;
        }
        let mut found = Vec::new();
        if Path::new(&file.path).extension().is_some_and(|extension| extension == "tf") {
            found.extend(literals(text));
        } else {
            let source = Source::from_text(file.path.as_str(), text, Origin::Worktree);
            let stream = yaml::parse(SourceId::default(), &source);
            for document in &stream.documents {
                add_queries(document.root(), &mut found);
            }
        }
        let is_query = |query: &String| {
            let is_marked = MARKS.iter().any(|mark| query.contains(mark));
            query.contains('{') && (is_datadog || is_marked)
        };
        queries.extend(found.into_iter().filter(is_query));
    }
    let mut differences = Vec::new();
    for query in &queries {
        let (tree, problems) = datadog::parse(query);
        if !problems.is_empty() {
            differences.push(format!("{query}: {problems:?}"));
        }
        let metrics = tree.iter().flat_map(datadog::tree::Expression::selectors).count();
        let colons = query.matches("sum:").count();
        assert!(metrics >= colons, "{query} has {colons} sums, and {metrics} metrics are read");
    }
    println!("{} different queries", queries.len());
    assert!(queries.len() > 30, "the corpus holds {} queries of Datadog", queries.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Adds the values of all keys that name a query.
fn add_queries(node: Node<'_>, found: &mut Vec<String>) {
    match node.kind() {
        Kind::Mapping => {
            for entry in node.entries() {
                let key = entry.key.text().unwrap_or_default();
                let is_query = key.contains("query") || key.ends_with("ator");
                found.extend(entry.value.text().filter(|_| is_query).map(str::to_owned));
                add_queries(entry.value, found);
            }
        }
        Kind::Sequence => node.items().for_each(|item| add_queries(item, found)),
        Kind::Scalar(_) => {}
    }
}

/// Returns the strings of a Terraform file that look like metric queries; none of the corpus has
/// a quote in it.
fn literals(text: &str) -> Vec<String> {
    let strings = text.lines().flat_map(|line| line.split('"').skip(1).step_by(2));
    let is_marked = |string: &&str| MARKS.iter().any(|mark| string.contains(mark));
    strings.filter(is_marked).map(str::to_owned).collect()
}
