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

use super::Reading;
use super::faults;
use super::faults::Faults;
use super::fields;
use super::formats::Format;
use super::parts;
use super::parts::Scale;
use super::schema::Schema;

mod lower;

/// The kinds that are known.
const KINDS: [&str; 15] = [
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

pub(super) const FORMATS: &[Format] = &[Format {
    version: "n9/v1alpha",
    family: "Nobl9",
    kinds: &KINDS,
    is_shared: false,
    has_fields: |node| {
        let metadata = node.given("metadata");
        metadata.is_some_and(|metadata| metadata.given("project").is_some())
    },
    read,
}];

/// Checks an object of a kind that is known, and lowers it if it is read.
fn read(node: Node<'_>, kind: &str, reading: &mut Reading) {
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
    let head = node.given("kind").map_or(node.span(), Node::span);
    let mut faults = Faults::new(schema.check(node, head));
    let object = match kind {
        "SLO" => {
            check(node, &mut faults);
            lower::slo(node, &faults)
        }
        "Service" => lower::service(node),
        _ => lower::alert_policy(node, &faults),
    };
    reading.objects.push(object);
    reading.problems.append(&mut faults.into_problems());
}

/// Checks what the schema of an SLO cannot state.
fn check(node: Node<'_>, faults: &mut Faults) {
    const MEASURES: [&str; 3] = ["rawMetric", "countMetrics", "composite"];
    const SLICES: &str = "timeSliceTarget";
    let Some(spec) = node.given("spec") else { return };
    let method = fields::word(spec, "budgetingMethod").map(|method| method.value);
    for objective in spec.given("objectives").into_iter().flat_map(Node::items) {
        let is_told = faults.are_in(objective.span());
        let first = fields::first_key(objective);
        parts::check_target(objective, "target", Scale::Share, faults);
        faults.exactly_one(objective, first, "objectives", &MEASURES);
        let lacks = objective.given(SLICES).is_none() && objective.given("composite").is_none();
        if method == Some("Timeslices") && lacks && objective.is_mapping() && !is_told {
            faults.missing(first, objective, SLICES, "objectives");
        }
    }
}
