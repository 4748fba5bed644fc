//! OpenSLO in four versions: `openslo/v1`, `openslo/v1alpha`, `openslo.com/v2alpha`, and the
//! resources of its operator for Kubernetes, `openslo.com/v1`.
//!
//! # Source
//!
//! The OpenSLO specification, v1, and its enhancement proposal for v2alpha; the operator's resource
//! definitions.

use crate::model::Dialect;
use crate::model::Kind;
use crate::yaml::Node;

use super::Reading;
use super::schema::Schema;

mod check;
mod lower;

/// The kinds of v1 and v2alpha.
pub(super) const KINDS: &[(&str, Kind)] = &[
    ("Service", Kind::Service),
    ("SLO", Kind::Slo),
    ("SLI", Kind::Sli),
    ("AlertPolicy", Kind::AlertPolicy),
    ("AlertCondition", Kind::AlertCondition),
    ("AlertNotificationTarget", Kind::AlertNotificationTarget),
    ("DataSource", Kind::DataSource),
];

/// The kinds of v1alpha.
pub(super) const KINDS_V1ALPHA: &[(&str, Kind)] = &[("Service", Kind::Service), ("SLO", Kind::Slo)];

/// The kinds of the operator.
pub(super) const KINDS_OPERATOR: &[(&str, Kind)] = &[
    ("Service", Kind::Service),
    ("SLO", Kind::Slo),
    ("SLI", Kind::Sli),
    ("AlertPolicy", Kind::AlertPolicy),
    ("AlertCondition", Kind::AlertCondition),
    ("AlertNotificationTarget", Kind::AlertNotificationTarget),
    ("Datasource", Kind::DataSource),
];

macro_rules! schemas {
    ($($dialect:ident $kind:ident $file:literal),* $(,)?) => {
        fn schema(dialect: Dialect, kind: Kind) -> Option<&'static Schema> {
            match (dialect, kind) {
                $((Dialect::$dialect, Kind::$kind) => {
                    static SCHEMA: Schema = Schema::new(include_str!(concat!(
                        "../../schemas/dialects/openslo/", $file, ".json"
                    )));
                    Some(&SCHEMA)
                })*
                _ => None,
            }
        }
    };
}

schemas! {
    OpenSloV1 Service "v1.service",
    OpenSloV1 Slo "v1.slo",
    OpenSloV1 Sli "v1.sli",
    OpenSloV1 AlertPolicy "v1.alert-policy",
    OpenSloV1 AlertCondition "v1.alert-condition",
    OpenSloV1 AlertNotificationTarget "v1.alert-notification-target",
    OpenSloV1 DataSource "v1.data-source",
    OpenSloV1Alpha Service "v1alpha.service",
    OpenSloV1Alpha Slo "v1alpha.slo",
    OpenSloV2Alpha Service "v2alpha.service",
    OpenSloV2Alpha Slo "v2alpha.slo",
    OpenSloV2Alpha Sli "v2alpha.sli",
    OpenSloV2Alpha AlertPolicy "v2alpha.alert-policy",
    OpenSloV2Alpha AlertCondition "v2alpha.alert-condition",
    OpenSloV2Alpha AlertNotificationTarget "v2alpha.alert-notification-target",
    OpenSloV2Alpha DataSource "v2alpha.data-source",
    OpenSloOperator Service "osko.service",
    OpenSloOperator Slo "osko.slo",
    OpenSloOperator Sli "osko.sli",
    OpenSloOperator AlertPolicy "osko.alert-policy",
    OpenSloOperator AlertCondition "osko.alert-condition",
    OpenSloOperator AlertNotificationTarget "osko.alert-notification-target",
    OpenSloOperator DataSource "osko.datasource",
}

/// Checks an object of a known kind and lowers it.
pub(super) fn read(node: Node<'_>, dialect: Dialect, kind: Kind, reading: &mut Reading) {
    let head = node.given("kind").map_or(node.span(), Node::span);
    let mut problems =
        schema(dialect, kind).map_or_else(Vec::new, |schema| schema.check(node, head));
    check::object(node, dialect, kind, &mut problems);
    reading.problems.append(&mut problems);
    reading.objects.extend(lower::object(node, dialect, kind));
}
