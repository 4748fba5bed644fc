use std::collections::BTreeMap;

use crate::finding::Level;
use crate::model::Burn;
use crate::model::Catalog;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::Lookback;
use crate::model::Slo;
use crate::model::Tier;
use crate::model::Window;
use crate::model::WindowKind;
use crate::policy::applies;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    name: "calendar-reset-hides-breach",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::Policies,
    since: "0.1.0",
    docs: include_str!("calendar_reset_hides_breach.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// The most SLOs that are pointed at.
const MAX_LABELS: usize = 4;

/// How many names may lead to each other; what lies deeper is not known.
const MAX_NAMES: usize = 64;

/// A tier that ends with every period, and the burn rate by which it does.
type Ending<'a> = (&'a Tier, Span);

/// A tier that ends with every period, and the SLOs that it is about.
struct Reset<'a> {
    tier: &'a Tier,
    slos: Vec<(&'a Slo, &'a Window)>,
}

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let policies = checker.policies();
    let ending: BTreeMap<Span, Vec<Ending<'_>>> =
        policies.iter().map(|policy| (policy.meta.span, endings(policy))).collect();
    if ending.values().all(Vec::is_empty) {
        return;
    }
    let governance = checker.governance();
    let mut resets: BTreeMap<Span, Reset<'_>> = BTreeMap::new();
    for slo in catalog.slos() {
        let calendar = |window: &&Window| matches!(window.kind, WindowKind::Calendar { .. });
        let Some(window) = slo.window.as_ref().filter(calendar) else { continue };
        // The period of a contract ends when the contract says so.
        if slo.is_agreement() {
            continue;
        }
        for policy in governance.governing(slo) {
            let endings = ending.get(&policy.meta.span).map_or(&[][..], Vec::as_slice);
            for (tier, place) in endings.iter().filter(|(tier, _)| applies(tier, slo) == Some(true))
            {
                let reset =
                    resets.entry(*place).or_insert_with(|| Reset { tier, slos: Vec::new() });
                // Two tiers may end by one condition that has a name.
                if reset.slos.last().is_none_or(|(last, _)| !std::ptr::eq(*last, slo.as_ref())) {
                    reset.slos.push((slo, window));
                }
            }
        }
    }
    for (place, reset) in resets {
        report(place, &reset, checker);
    }
}

fn report(place: Span, reset: &Reset<'_>, checker: &mut Checker<'_>) {
    let tier = quote(&reset.tier.name.value);
    let message = format!("the tier {tier} ends with each calendar period, whatever broke the SLO");
    let finding = checker.report(place, message);
    finding.label("0 again when a period begins");
    for (slo, window) in reset.slos.iter().take(MAX_LABELS) {
        let name = quote(slo.meta.name());
        finding.also(window.duration.span, format!("the budget of {name} starts anew each period"));
    }
    let others = reset.slos.len().saturating_sub(MAX_LABELS);
    if others > 0 {
        finding.note(format!("so do the budgets of {others} more"));
    }
    finding.help(format!(
        "let it end only when a rolling lookback is good too, such as `burn: {{ lookback: 28d, lt: 1 }}`{}",
        if reset.tier.exit.is_none() { " in an `exit`" } else { "" }
    ));
}

/// Returns the tiers that hold changes back and are certain to end at the first instant of a period.
fn endings(policy: &ErrorBudgetPolicy) -> Vec<Ending<'_>> {
    let holds_back = |tier: &&Tier| matches!(tier.gate.value, GateKind::Approve | GateKind::Freeze);
    let named = policy.conditions.iter().rev();
    let named = named.map(|named| (named.name.value.as_str(), &named.condition)).collect();
    let mut start = PeriodStart { named, known: BTreeMap::new(), names: 0, burn: None };
    let ending = |tier| Some((tier, start.end_of(tier)?));
    policy.tiers.iter().filter(holds_back).filter_map(ending).collect()
}

/// The conditions of a policy at the first instant of a calendar period: nothing is burned yet over the
/// window of the SLO, and everything else is unknown.
struct PeriodStart<'a> {
    named: BTreeMap<&'a str, &'a Condition>,
    /// What is known of named conditions; nothing of one that leads back to itself.
    known: BTreeMap<&'a str, Option<bool>>,
    /// How many names led here.
    names: usize,
    /// The first burn rate over the window of the SLO.
    burn: Option<&'a Burn>,
}

impl<'a> PeriodStart<'a> {
    /// Returns the burn rate by which a tier is certain to end.
    fn end_of(&mut self, tier: &'a Tier) -> Option<Span> {
        (self.burn, self.known) = (None, BTreeMap::new());
        let is_over = match &tier.exit {
            Some(exit) => self.holds(exit) == Some(true),
            None => self.holds(&tier.enter) == Some(false),
        };
        is_over.then(|| self.burn.map(|burn| burn.lookback.span))?
    }

    /// The nesting is bounded by the reader of YAML, and each name is followed once, so this ends.
    fn holds(&mut self, condition: &'a Condition) -> Option<bool> {
        match condition {
            Condition::All(parts) => self.combined(parts, false),
            Condition::Any(parts) => self.combined(parts, true),
            Condition::Not(part) => self.holds(part).map(|holds| !holds),
            Condition::Named(name) => {
                let name = name.value.as_str();
                if let Some(known) = self.known.get(name) {
                    return *known;
                }
                self.known.insert(name, None);
                let named = *self.named.get(name)?;
                if self.names >= MAX_NAMES {
                    return None;
                }
                self.names += 1;
                let holds = self.holds(named);
                self.names -= 1;
                self.known.insert(name, holds);
                holds
            }
            Condition::Burn(burn) if burn.lookback.value == Lookback::Slo => {
                self.burn.get_or_insert(burn);
                Some(burn.operator.holds(&Ratio::zero(), &burn.threshold.value))
            }
            // What looks back farther than the period, and what rests on records, is not known.
            Condition::Burn(_)
            | Condition::Within { .. }
            | Condition::Sustained { .. }
            | Condition::Attested(_)
            | Condition::Incident { .. } => None,
        }
    }

    /// Returns what is known of several: one that is `decisive` decides for all.
    fn combined(&mut self, parts: &'a [Condition], decisive: bool) -> Option<bool> {
        let mut all_known = true;
        for part in parts {
            match self.holds(part) {
                Some(holds) if holds == decisive => return Some(decisive),
                Some(_) => {}
                None => all_known = false,
            }
        }
        all_known.then_some(!decisive)
    }
}
