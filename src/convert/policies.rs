//! The error budget policies of slo-generator's shared configuration, as `slo/v1`.
//!
//! # Source
//!
//! slo-generator, `docs/shared/error_budget_policy` and `slo_generator/report.py`: a step looks back over a
//! window in seconds, and alerts while the burn rate is above its threshold; every step is looked at on its own.

use serde_json::Value;
use serde_json::json;

use crate::model::Text;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::source::Spanned;
use crate::yaml;
use crate::yaml::Node;

use super::Conversion;
use super::ledger::Ledger;
use super::ledger::unmodeled;
use super::names::Names;
use super::names::slug;
use super::write;
use super::write::mapping;
use super::write::number;

/// The key that holds the policies.
pub const POLICIES: &str = "error_budget_policies";

/// What a gate may be.
pub const GATES: [&str; 3] = ["open", "warn", "freeze"];

/// The label that tells SLOs of one policy from those of another.
const LABEL: &str = "slo-policy";

/// The changes that a freeze lets pass: those that lead out of it, and those that cannot wait.
const EXEMPT: [&str; 2] = ["reliability-fix", "security"];

/// Returns the names of the steps of all policies of a document.
pub fn steps(root: Node<'_>) -> Vec<String> {
    let entries = root.given(POLICIES).into_iter().flat_map(Node::entries);
    let given = entries.filter_map(|entry| entry.value.given("steps"));
    given
        .flat_map(Node::items)
        .filter_map(|step| name_of(step).map(|name| name.value.into()))
        .collect()
}

/// Returns the name of a step; one without goes by its window.
fn name_of(step: Node<'_>) -> Option<Spanned<Text>> {
    let usual = || {
        let length = Duration::from_seconds(seconds(step)?).to_string();
        Some(Spanned::new(Text::from(length), step.place()))
    };
    unmodeled(Some(step), &[&["name"]]).or_else(usual)
}

/// Returns a number of a step.
fn number_of(step: Node<'_>, field: &str) -> Option<Ratio> {
    Ratio::parse(step.given(field)?.text()?.trim())
}

/// Returns the window of a step, if it is one of whole minutes.
fn seconds(step: Node<'_>) -> Option<u64> {
    let seconds = number_of(step, "window").filter(Ratio::is_whole)?.to_i64()?;
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0 && seconds.is_multiple_of(60))
}

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
    let mut names = Names::default();
    for entry in entries {
        let name = entry.key.text().unwrap_or_default();
        let steps = entry.value.given("steps").into_iter().flat_map(Node::items);
        let tier = |step| tier(name, step, gates, &mut names, &mut ledger);
        let tiers: Vec<Value> = steps.filter_map(tier).collect();
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
        ledger.account(given, &[]);
    }
    let converted = documents.len();
    Conversion { text: write::yaml(&documents), notes: ledger.into_notes(), converted }
}

/// Returns the tier of a step; nothing, with a note, where its numbers cannot be read.
///
/// * `policy`, `names`: whose tier it is, and the names that tiers have.
fn tier(
    policy: &str,
    step: Node<'_>,
    gates: &[(String, String)],
    names: &mut Names,
    ledger: &mut Ledger,
) -> Option<Value> {
    let read = (number_of(step, "burn_rate_threshold"), seconds(step), name_of(step));
    let (Some(threshold), Some(seconds), Some(name)) = read else {
        let why =
            "a step needs a `burn_rate_threshold`, and a `window` of whole minutes in seconds";
        ledger.drop(step.span(), why.to_owned());
        return None;
    };
    for field in ["name", "burn_rate_threshold", "window", "alert"] {
        step.given(field).iter().for_each(|value| ledger.carry(value.span()));
    }
    let own = names.take(policy, &name.value, name.value.to_string(), name.span, ledger);
    let message = unmodeled(Some(step), &[&["message_alert"], &["alerting_burn_rate_message"]]);
    let message = message.map(|message| ledger.take(&message).to_string());
    let freezes = message.as_ref().is_some_and(|message| message.to_lowercase().contains("freeze"));
    let usual = if freezes { "freeze" } else { "warn" };
    let wanted = gates.iter().rfind(|(step, _)| *step == *name.value);
    let gate = wanted.map_or(usual, |(_, gate)| gate.as_str());
    let alerts = step.given("alert").and_then(Node::scalar).map(|scalar| scalar.value());
    let severity = if alerts == Some(yaml::Value::Bool(true)) { "page" } else { "ticket" };
    let lookback = Duration::from_seconds(seconds).to_string();
    let exempt = (gate == "freeze").then(|| {
        let classes = EXEMPT.map(|class| format!("`{class}`")).join(" and ");
        ledger.change(name.span, format!("`{own}` freezes all changes but {classes}"));
        json!(EXEMPT)
    });
    Some(mapping([
        ("name", Some(json!(own))),
        ("parallel", Some(json!(true))),
        ("enter", Some(json!({ "burn": { "lookback": lookback, "gt": number(&threshold) } }))),
        ("exit", Some(json!("auto"))),
        ("gate", Some(json!(gate))),
        ("severity", Some(json!(severity))),
        ("exempt", exempt),
        ("actions", message.map(|message| json!([message]))),
    ]))
}
