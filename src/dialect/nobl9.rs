//! Nobl9: objects of `n9/v1alpha`.
//!
//! SLOs, services, alert policies and alert methods are lowered; the other kinds are known and passed over.
//! What an object names may stand on Nobl9's server alone, so a name that the repository does not have is no
//! mistake there.
//!
//! # Source
//!
//! Nobl9, nobl9-go, `manifest/v1alpha`: the structures of its objects and their validation.

use crate::model::Dialect;
use crate::model::Object;
use crate::yaml::Node;

use super::Problem;
use super::Reading;
use super::fields;
use super::parts;
use super::schema::Schema;

mod lower;

/// The kinds that are known.
pub(super) const KINDS: [&str; 15] = [
    "SLO",
    "Service",
    "AlertPolicy",
    "AlertMethod",
    "Agent",
    "Direct",
    "Project",
    "AlertSilence",
    "Alert",
    "Annotation",
    "BudgetAdjustment",
    "DataExport",
    "Report",
    "RoleBinding",
    "UserGroup",
];

static SLO: Schema = Schema::new(include_str!("../../schemas/dialects/nobl9/slo.json"));

static SERVICE: Schema = Schema::new(include_str!("../../schemas/dialects/nobl9/service.json"));

static ALERT_POLICY: Schema =
    Schema::new(include_str!("../../schemas/dialects/nobl9/alert-policy.json"));

/// Returns whether an object is one of Nobl9 by its kind and its project, whatever its version says.
pub(super) fn is_object(node: Node<'_>) -> bool {
    let has_kind = fields::word(node, "kind").is_some_and(|kind| KINDS.contains(&kind.value));
    has_kind && node.given("metadata").is_some_and(|metadata| metadata.given("project").is_some())
}

/// Checks an object of a kind that is known, and lowers it if it is read.
pub(super) fn read(node: Node<'_>, kind: &str, reading: &mut Reading) {
    let schema = match kind {
        "SLO" => &SLO,
        "Service" => &SERVICE,
        "AlertPolicy" => &ALERT_POLICY,
        "AlertMethod" => {
            reading.objects.push(lower::alert_method(node));
            return;
        }
        _ => return,
    };
    let mut problems = schema.check(node, node.given("kind").map_or(node.span(), Node::span));
    let object = match kind {
        "SLO" => {
            check(node, &mut problems);
            lower::slo(node, &problems)
        }
        "Service" => lower::service(node),
        _ => lower::alert_policy(node, &problems),
    };
    reading.objects.push(object);
    reading.problems.append(&mut problems);
}

/// Checks what the schema of an SLO cannot state.
fn check(node: Node<'_>, problems: &mut Vec<Problem>) {
    const MEASURES: [&str; 3] = ["rawMetric", "countMetrics", "composite"];
    const SLICES: &str = "timeSliceTarget";
    let Some(spec) = node.given("spec") else { return };
    let method = fields::word(spec, "budgetingMethod").map(|method| method.value);
    for objective in spec.given("objectives").into_iter().flat_map(Node::items) {
        parts::check_share(objective, "target", problems);
        let given = MEASURES.into_iter().filter_map(|name| Some((name, objective.entry(name)?)));
        let mut given: Vec<_> = given.filter(|(_, entry)| !entry.value.is_null()).collect();
        given.sort_by_key(|(_, entry)| entry.key.span());
        let whole = objective.span();
        let is_told = problems.iter().any(|problem| whole.contains(problem.span()));
        match given.as_slice() {
            [] if !is_told && objective.is_mapping() => problems.push(Problem::MissingOneOf {
                span: fields::first_key(objective),
                fields: MEASURES.to_vec(),
                of: "objectives".to_owned(),
            }),
            [(first, other), (second, entry), ..] => problems.push(Problem::Conflict {
                span: entry.key.span(),
                field: second,
                other: other.key.span(),
                other_field: first,
                across: false,
                redundant: None,
            }),
            _ => {}
        }
        let lacks = objective.given(SLICES).is_none() && objective.given("composite").is_none();
        if method == Some("Timeslices") && lacks && objective.is_mapping() && !is_told {
            problems.push(Problem::MissingFields {
                span: fields::first_key(objective),
                object: objective.span(),
                fields: vec![SLICES.to_owned()],
                of: "objectives".to_owned(),
                weak: false,
            });
        }
    }
}
