//! The error budget policies of slo-generator's shared configuration, as `slo/v1`.
//!
//! # Source
//!
//! slo-generator, `docs/shared/error_budget_policy` and `slo_generator/report.py`: a step looks back over a
//! window in seconds, and alerts while the burn rate is above its threshold; every step is looked at on its own.

use serde_json::Value;
use serde_json::json;

use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::yaml::Node;

use super::Conversion;
use super::ledger::Ledger;
use super::ledger::unmodeled;
use super::openslo::slug;
use super::write;
use super::write::mapping;
use super::write::number;

/// The key that holds the policies.
pub const POLICIES: &str = "error_budget_policies";

/// What a gate may be.
pub const GATES: [&str; 3] = ["open", "warn", "freeze"];

/// The label that tells SLOs of one policy from those of another.
const LABEL: &str = "slo-policy";

/// Returns the policies of a document, each as one of `slo/v1`; a step is a tier that stands on its own.
///
/// * `gates`: what tiers do to a change, by their names; else one that speaks of a freeze freezes, and any other
///   warns.
pub fn policies(root: Node<'_>, gates: &[(String, String)]) -> Conversion {
    let mut ledger = Ledger::new();
    let given = root.given(POLICIES);
    let entries: Vec<_> = given.into_iter().flat_map(Node::entries).collect();
    let is_only = entries.len() == 1;
    let mut documents = Vec::new();
    for entry in entries {
        let name = entry.key.text().unwrap_or_default();
        let steps = entry.value.given("steps").into_iter().flat_map(Node::items);
        let tiers: Vec<Value> = steps.filter_map(|step| tier(step, gates, &mut ledger)).collect();
        if tiers.is_empty() {
            continue;
        }
        let selector = (!is_only).then(|| json!({ "matchLabels": { LABEL: slug(name) } }));
        if !is_only {
            let text = format!("`{name}` holds for SLOs with the label `{LABEL}: {}`", slug(name));
            ledger.change(entry.key.span(), text);
        }
        documents.push(json!({
            "apiVersion": "slo/v1",
            "kind": "ErrorBudgetPolicy",
            "metadata": { "name": slug(name) },
            "spec": mapping([("selector", selector), ("tiers", Some(Value::Array(tiers)))]),
        }));
    }
    if let Some(given) = given {
        ledger.account(given);
    }
    let converted = documents.len();
    Conversion { text: write::yaml(&documents), notes: ledger.into_notes(), converted }
}

/// Returns the tier of a step; nothing, with a note, where its numbers cannot be read.
fn tier(step: Node<'_>, gates: &[(String, String)], ledger: &mut Ledger) -> Option<Value> {
    let number_of = |field: &str| Ratio::parse(step.given(field)?.text()?.trim());
    let (threshold, seconds) = (number_of("burn_rate_threshold"), number_of("window"));
    let seconds = seconds.filter(Ratio::is_whole).and_then(|seconds| seconds.to_i64());
    let minutes = seconds.and_then(|seconds| u64::try_from(seconds).ok());
    let minutes = minutes.filter(|seconds| *seconds > 0 && seconds.is_multiple_of(60));
    let (Some(threshold), Some(seconds)) = (threshold, minutes) else {
        let why =
            "a step needs a `burn_rate_threshold`, and a `window` of whole minutes in seconds";
        ledger.drop(step.span(), why.to_owned());
        return None;
    };
    for field in ["burn_rate_threshold", "window", "alert"] {
        step.given(field).iter().for_each(|value| ledger.carry(value.span()));
    }
    let length = Duration::from_seconds(seconds).to_string();
    let name = unmodeled(Some(step), &[&["name"]]);
    let name = name.map_or_else(|| length.clone(), |name| ledger.take(&name).to_string());
    let message = unmodeled(Some(step), &[&["message_alert"], &["alerting_burn_rate_message"]]);
    let message = message.map(|message| ledger.take(&message).to_string());
    let freezes = message.as_ref().is_some_and(|message| message.to_lowercase().contains("freeze"));
    let usual = if freezes { "freeze" } else { "warn" };
    let wanted = gates.iter().find(|(tier, _)| *tier == name).map(|(_, gate)| gate.as_str());
    let gate = wanted.unwrap_or(usual);
    let pages = step.given("alert").and_then(Node::text) == Some("true");
    let exempt = (gate == "freeze").then(|| json!(["reliability-fix", "security"]));
    Some(mapping([
        ("name", Some(json!(name))),
        ("parallel", Some(json!(true))),
        ("enter", Some(json!({ "burn": { "lookback": length, "gt": number(&threshold) } }))),
        ("exit", Some(json!("auto"))),
        ("gate", Some(json!(gate))),
        ("severity", Some(json!(if pages { "page" } else { "ticket" }))),
        ("exempt", exempt),
        ("actions", message.map(|message| json!([message]))),
    ]))
}
