//! Rules of Prometheus: files of groups, and the resources that hold groups in Kubernetes.
//!
//! They are known by their shape, a list of `groups` that each have `rules`, be it at the root of a
//! document or below `spec`, for half a dozen systems write the same. What has another shape is passed
//! over without a word.
//!
//! # Source
//!
//! Prometheus documentation, "Defining recording rules" and "Alerting rules"; the resource
//! `PrometheusRule` of the Prometheus Operator, `monitoring.coreos.com/v1`.

use crate::model::AlertRule;
use crate::model::LabelValues;
use crate::model::Labels;
use crate::model::PrometheusRules;
use crate::model::Query;
use crate::model::RecordingRule;
use crate::model::Text;
use crate::query;
use crate::source::Spanned;
use crate::yaml::Node;

use super::fields;

/// Reads the rules of a document, or of the items of a Kubernetes list.
pub(super) fn read(root: Node<'_>, rules: &mut PrometheusRules) {
    groups(root, rules);
    if let Some(spec) = root.given("spec") {
        groups(spec, rules);
    }
    let is_list = || fields::word(root, "kind").is_some_and(|kind| kind.value == "List");
    if let Some(items) = root.given("items").filter(|_| is_list()) {
        for spec in items.items().filter_map(|item| item.given("spec")) {
            groups(spec, rules);
        }
    }
}

fn groups(holder: Node<'_>, rules: &mut PrometheusRules) {
    let Some(groups) = holder.given("groups") else { return };
    for group in groups.items() {
        let Some(list) = group.given("rules") else { continue };
        let shared = group.given("labels");
        list.items().for_each(|node| rule(node, shared, rules));
    }
}

fn rule(node: Node<'_>, shared: Option<Node<'_>>, rules: &mut PrometheusRules) {
    let Some(expression) = node
        .given("expr")
        .and_then(|expr| Some(Query::new(expr.text()?.trim().to_owned(), expr.span())))
    else {
        return;
    };
    // The rule's own labels win over those of its group.
    let labels = shared.into_iter().chain(node.given("labels")).flat_map(Node::entries);
    let labels: Labels = labels
        .filter_map(|entry| {
            let value = Spanned::new(Text::from(entry.value.text()?), entry.value.span());
            Some((Text::from(entry.key.text()?), LabelValues::One(value)))
        })
        .collect();
    if let Some(name) = fields::text(node, "alert") {
        let held_for = match node.given("for") {
            None => Some(0),
            Some(length) => length.text().and_then(query::seconds),
        };
        rules.alerts.push(AlertRule { name, expression, held_for, labels, span: node.span() });
    } else if let Some(name) = fields::word(node, "record") {
        rules.records.push(RecordingRule { name: Text::from(name.value), expression, labels });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Origin;
    use crate::source::Source;
    use crate::source::SourceId;
    use crate::yaml;

    fn rules(text: &str) -> PrometheusRules {
        let source = Source::from_text("rules.yaml", text, Origin::Worktree);
        let mut rules = PrometheusRules::default();
        for document in &yaml::parse(SourceId::default(), &source).documents {
            read(document.root(), &mut rules);
        }
        rules
    }

    const GROUPS: &str = "groups:
- name: shop
  labels: { team: shop, severity: ticket }
  rules:
  - record: job:errors:ratio_rate5m
    expr: sum(rate(errors[5m])) / sum(rate(requests[5m]))
  - alert: ErrorBudgetBurn
    expr: |
      job:errors:ratio_rate5m > 0.001
    for: 2m0s
    labels: { severity: page }
";

    #[test]
    fn groups_are_read_at_the_root_and_in_resources() {
        let indented = GROUPS.replace('\n', "\n  ");
        let resource = format!("kind: PrometheusRule\nspec:\n  {indented}");
        let list = format!("kind: List\nitems:\n- {}", resource.replace('\n', "\n  "));
        for text in [GROUPS, &resource, &list] {
            let rules = rules(text);
            let [alert] = rules.alerts.as_slice() else { panic!("{text}") };
            assert_eq!(alert.name.value, "ErrorBudgetBurn");
            assert_eq!(alert.expression.text, "job:errors:ratio_rate5m > 0.001");
            assert_eq!(alert.held_for, Some(120));
            let label = |key| alert.labels.get(key).first().map(|label| label.value.as_str());
            assert_eq!((label("severity"), label("team")), (Some("page"), Some("shop")));
            assert_eq!(rules.records.len(), 1, "{text}");
        }
    }

    #[test]
    fn what_has_another_shape_is_nothing() {
        for text in [
            "",
            "groups: []",
            "groups: { rules: [{ alert: A, expr: up }] }",
            "groups:\n- rules:\n  - alert: A\n",
            "groups:\n- rules:\n  - expr: up == 0\n",
            "groups:\n- rules:\n  - alert: A\n    expr: [up]\n",
            "- alert: A\n  expr: up == 0\n",
            "items:\n- spec: { groups: [{ rules: [{ alert: A, expr: up }] }] }\n",
        ] {
            assert!(rules(text).is_empty(), "{text}");
        }
        let odd = "groups:\n- rules:\n  - { alert: A, expr: up, for: soon }\n";
        assert_eq!(rules(odd).alerts.first().map(|alert| alert.held_for), Some(None));
    }
}
