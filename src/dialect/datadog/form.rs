//! What an SLO says, whatever the form calls it.

use crate::model::Dialect;
use crate::yaml::Entry;
use crate::yaml::Node;

use super::fields;

/// An SLO as it is written.
pub(super) struct Form<'a> {
    pub(super) dialect: Dialect,
    /// What holds its fields.
    pub(super) node: Node<'a>,
    /// The metadata of a resource.
    pub(super) metadata: Option<Node<'a>>,
    pub(super) targets: Vec<Target<'a>>,
    /// The timeframe that is shown first.
    pub(super) first: Option<&'a str>,
    pub(super) monitors: Option<Entry<'a>>,
    pub(super) query: Option<Entry<'a>>,
    /// The slices, with what holds them.
    pub(super) slices: Option<Entry<'a>>,
    pub(super) count: Option<Entry<'a>>,
    /// What holds slices or counts.
    pub(super) specification: Option<Entry<'a>>,
}

/// A target and its timeframe.
pub(super) struct Target<'a> {
    /// What holds the fields.
    pub(super) node: Node<'a>,
    pub(super) goal: &'static str,
    pub(super) warning: &'static str,
    pub(super) timeframe: Option<&'a str>,
}

/// Returns the value of a field; the first item of one that is a list, since in Terraform a block may come again.
pub(super) fn one<'a>(node: Node<'a>, field: &str) -> Option<Node<'a>> {
    Some(entry(node, field)?.value)
}

/// Returns an SLO of the API, or of Terraform, which has the same fields.
pub(super) fn api(node: Node<'_>, dialect: Dialect) -> Form<'_> {
    let targets = node.given("thresholds").into_iter().flat_map(Node::items);
    let targets = targets.filter(|item| item.is_mapping()).map(|item| Target {
        node: item,
        goal: "target",
        warning: "warning",
        timeframe: fields::word(item, "timeframe").map(|word| word.value),
    });
    let specification = entry(node, "sli_specification");
    let of = |field: &str| entry(specification?.value, field);
    Form {
        dialect,
        node,
        metadata: None,
        targets: targets.collect(),
        first: fields::word(node, "timeframe").map(|word| word.value),
        monitors: entry(node, "monitor_ids"),
        query: entry(node, "query"),
        slices: of("time_slice"),
        count: of("count"),
        specification,
    }
}

/// Returns a resource.
pub(super) fn resource<'a>(node: Node<'a>, spec: Node<'a>) -> Form<'a> {
    let timeframe = fields::word(spec, "timeframe").map(|word| word.value);
    let (goal, warning) = ("targetThreshold", "warningThreshold");
    Form {
        dialect: Dialect::DatadogKubernetes,
        node: spec,
        metadata: node.given("metadata"),
        targets: vec![Target { node: spec, goal, warning, timeframe }],
        first: timeframe,
        monitors: entry(spec, "monitorIDs"),
        query: entry(spec, "query"),
        slices: entry(spec, "timeSlice"),
        count: None,
        specification: None,
    }
}

fn entry<'a>(node: Node<'a>, field: &str) -> Option<Entry<'a>> {
    let entry = node.entry(field).filter(|entry| !entry.value.is_null())?;
    let is_list = entry.value.is_sequence() && field != "monitor_ids" && field != "monitorIDs";
    let value = if is_list { entry.value.items().next()? } else { entry.value };
    Some(Entry { value, ..entry })
}
