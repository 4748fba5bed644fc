//! The shared configuration: the windows of SLOs, and when their budgets burn too fast.
//!
//! # Source
//!
//! slo-generator, `slo_generator/report.py` and `compute.py`: a report is made over the window of each step of
//! the policy that an SLO names, and alerts where the burn rate, rounded to a tenth, is above the threshold.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Dialect;
use crate::model::GeneratedAlert;
use crate::model::Object;
use crate::model::Text;
use crate::model::Window;
use crate::model::WindowKind;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::source::Spanned;
use crate::yaml::Node;

use super::Reading;
use super::Schema;
use super::fields;

static SCHEMA: Schema =
    Schema::new(include_str!("../../../schemas/dialects/slo-generator/config.json"));

/// The key that holds the policies.
const KEY: &str = "error_budget_policies";

/// The policy of an SLO that names none.
const DEFAULT: &str = "default";

/// What happens as the error budget of an SLO burns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    name: String,
    /// A step each.
    alerts: Vec<GeneratedAlert>,
}

/// Returns whether an object is the shared configuration, by the keys that no other tool has.
pub(in crate::dialect) fn is_config(node: Node<'_>) -> bool {
    let has = |field: &str| node.given(field).is_some();
    let is_short = has(KEY) || has("default_exporters");
    let count =
        [KEY, "default_exporters", "backends", "exporters"].into_iter().filter(|key| has(key));
    is_short && count.count() >= 2 || node.given(KEY).is_some_and(Node::is_mapping)
}

/// Checks a configuration, and keeps its policies.
pub(in crate::dialect) fn read_config(node: Node<'_>, reading: &mut Reading) {
    let mut problems = SCHEMA.check(node, fields::first_key(node));
    if problems.is_empty() {
        let policies = node.given(KEY).into_iter().flat_map(Node::entries);
        reading.shared.policies.extend(policies.filter_map(|entry| {
            let steps = entry.value.given("steps")?;
            let alerts = steps.items().map(alert).collect::<Option<_>>()?;
            Some(Policy { name: entry.key.text()?.to_owned(), alerts })
        }));
    }
    reading.problems.append(&mut problems);
}

/// Returns when a step of a sound policy alerts.
fn alert(step: Node<'_>) -> Option<GeneratedAlert> {
    let seconds = fields::number(step, "window")?.value.to_i64()?;
    let length = Duration::from_seconds(u64::try_from(seconds).ok()?);
    Some(GeneratedAlert {
        severity: fields::text(step, "name")?.value,
        threshold: fields::number(step, "burn_rate_threshold")?.value,
        long: length,
        short: length,
    })
}

/// Returns an alert without windows, which says whose alerts an SLO has.
pub(super) fn wanted(spec: Node<'_>) -> GeneratedAlert {
    let named = fields::word(spec, "error_budget_policy").map_or(DEFAULT, |name| name.value);
    let none = Duration::new(0, Unit::Second);
    GeneratedAlert {
        severity: Text::from(named),
        threshold: Ratio::zero(),
        long: none,
        short: none,
    }
}

/// Gives every SLO of slo-generator the alerts of its policy, and the longest of their windows.
///
/// * `found`: the policies of the repository; of one name, those that differ do not count.
pub(in crate::dialect) fn complete(objects: &mut [Object], found: &[Policy]) {
    let mut policies: BTreeMap<&str, Option<&Policy>> = BTreeMap::new();
    for policy in found {
        let known = policies.entry(&policy.name).or_insert(Some(policy));
        *known = known.filter(|known| *known == policy);
    }
    for object in objects {
        let Object::Slo(slo) = object else { continue };
        if slo.meta.dialect != Dialect::Generator {
            continue;
        }
        let slo = Arc::make_mut(slo);
        let wanted = slo.generated.first().map(|alert| alert.severity.clone());
        let policy = wanted.and_then(|name| *policies.get(name.as_str())?);
        let Some(policy) = policy else { continue };
        slo.generated.clone_from(&policy.alerts);
        // A burn rate is rounded, so what a finer threshold means is not known.
        slo.generated.retain(|alert| (&alert.threshold * &Ratio::whole(10)).is_whole());
        let span = slo.meta.head;
        let longest =
            policy.alerts.iter().map(|alert| alert.long).max_by_key(|long| long.nominal_seconds());
        slo.window = longest.map(|longest| {
            let duration = Spanned::new(longest, span);
            Window { duration, kind: WindowKind::Rolling, span }
        });
    }
}
