//! Which SLO a rule of Prometheus speaks of, by the labels that generators write.
//!
//! # Source
//!
//! What Sloth generates has `sloth_slo`, `sloth_service` and `sloth_id` on every series, what Pyrra
//! generates has `slo`.

use std::collections::BTreeSet;

use crate::model::AlertRule;
use crate::model::Catalog;
use crate::model::Kind;
use crate::model::Object;
use crate::model::Slo;
use crate::query;
use crate::query::comparison::comparisons;
use crate::query::tree::Expression;
use crate::query::tree::MatchOperator;
use crate::query::tree::VectorSelector;
use crate::source::Span;

/// The labels that name an SLO, and the one beside each that names its service.
const LINKS: [(&str, Option<&str>); 4] =
    [("sloth_slo", Some("sloth_service")), ("slo", None), ("openslo", None), ("pyrra", None)];

/// An SLO, and which of its objectives, where one is named.
pub type Linked<'a> = (&'a Slo, Option<usize>);

/// Returns whether a rule may hold a label that names an SLO; it is quick to say no.
pub fn may_be_linked(alert: &AlertRule) -> bool {
    let text = &alert.expression.text;
    LINKS.iter().any(|(label, _)| !alert.labels.get(label).is_empty() || text.contains(label))
}

/// Returns the SLOs that a comparison is linked to by the labels of its series, or by those of its
/// rule; each with its objective, where the label names one.
pub fn linked<'a>(
    catalog: &'a Catalog,
    alert: &AlertRule,
    measured: &Expression,
) -> Vec<Linked<'a>> {
    let mut found = Vec::new();
    for selector in measured.selectors() {
        for (label, service) in LINKS {
            let service = service.and_then(|service| equals(selector, service));
            if let Some(name) = equals(selector, label) {
                for link in named(catalog, name, service) {
                    // Both sides of a quotient name it.
                    if !found.iter().any(|known| is_same(known, &link)) {
                        found.push(link);
                    }
                }
                break;
            }
        }
    }
    if found.is_empty() {
        let of_rule = |label: &str| alert.labels.get(label).first().map(|value| &*value.value);
        let mut links = LINKS.iter();
        let link = links.find_map(|(label, service)| Some((of_rule(label)?, *service)));
        if let Some((name, service)) = link {
            found.extend(named(catalog, name, service.and_then(of_rule)));
        }
    }
    found
}

/// Returns the places of the SLOs that an alert of Prometheus watches: it fires while something that is
/// linked to them is above a number.
pub fn watched(catalog: &Catalog) -> BTreeSet<Span> {
    let mut found = BTreeSet::new();
    for alert in catalog.rules().alerts.iter().filter(|alert| may_be_linked(alert)) {
        let Some(tree) = query::parse(&alert.expression.text).0 else { continue };
        for comparison in comparisons(&tree).iter().filter(|comparison| comparison.is_above) {
            let slos = linked(catalog, alert, comparison.measured);
            found.extend(slos.into_iter().map(|(slo, _)| slo.meta.span));
        }
    }
    found
}

fn is_same(one: &Linked<'_>, other: &Linked<'_>) -> bool {
    std::ptr::eq(one.0, other.0) && one.1 == other.1
}

fn equals<'a>(selector: &'a VectorSelector, label: &str) -> Option<&'a str> {
    let mut matchers = selector.matchers.iter();
    let found = matchers
        .find(|matcher| matcher.label.text == label && matcher.operator == MatchOperator::Equal)?;
    Some(&found.value)
}

/// Returns the SLOs of a name. Sloth names an objective of OpenSLO by its position: `checkout-0`.
fn named<'a>(catalog: &'a Catalog, name: &str, service: Option<&str>) -> Vec<Linked<'a>> {
    let of_name = |name: &str, position: Option<usize>| -> Vec<Linked<'a>> {
        let found = catalog.named(Kind::Slo, name).filter_map(|object| match object {
            Object::Slo(slo) => Some(&**slo),
            _ => None,
        });
        let is_of = |slo: &&Slo| match (service, &slo.service) {
            (Some(service), Some(own)) => service == own.value,
            (Some(_), None) => false,
            (None, _) => true,
        };
        let has = |slo: &&Slo| position.is_none_or(|position| position < slo.objectives.len());
        found.filter(is_of).filter(has).map(|slo| (slo, position)).collect()
    };
    let found = of_name(name, None);
    match name.rsplit_once('-') {
        Some((name, position)) if found.is_empty() => {
            position.parse().map_or_else(|_| Vec::new(), |position| of_name(name, Some(position)))
        }
        _ => found,
    }
}
