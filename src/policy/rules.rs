//! The conditions of a policy, made ready to be asked at thousands of instants.

use crate::budget::Series;
use crate::budget::Terms;
use crate::budget::TimeWindow;
use crate::budget::fitted_seconds;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::Lookback;
use crate::model::Operator;
use crate::model::Tier;
use crate::model::ZeroTraffic;
use crate::quantity::Ratio;

use super::condition::MAX_DEPTH;
use super::condition::position;

/// What the tiers of a policy ask for, without anything that is only shown.
#[derive(Debug, PartialEq)]
pub(super) struct Rules {
    /// The conditions that have names, in the order of the policy.
    pub(super) named: Vec<Node>,
    /// The tiers that hold for the SLO.
    pub(super) tiers: Vec<TierRules>,
    /// Every lookback that is named, once.
    pub(super) lookbacks: Vec<Lookback>,
    /// The share of a lookback that must have data, 0 to 1.
    pub(super) min_coverage: Ratio,
    /// The number of events below which a burn rate is unknown.
    pub(super) min_events: Ratio,
    /// What a lookback without any event means.
    pub(super) zero_traffic: ZeroTraffic,
}

/// When a tier begins and ends.
#[derive(Debug, PartialEq)]
pub(super) struct TierRules {
    /// Its condition.
    pub(super) enter: Node,
    /// The condition that ends it; nothing where the exit is automatic.
    pub(super) exit: Option<Node>,
}

/// A condition.
#[derive(Debug, PartialEq)]
pub(super) enum Node {
    /// Each of them.
    All(Vec<Self>),
    /// One of them.
    Any(Vec<Self>),
    /// Not this one.
    Not(Box<Self>),
    /// The named condition with this number.
    Named(usize),
    /// A burn rate.
    Burn(Comparison),
    /// A name that nothing has, or conditions that stand too deep in each other.
    Unknown,
}

/// A burn rate that is compared.
#[derive(Debug, PartialEq)]
pub(super) struct Comparison {
    /// The number of the lookback.
    pub(super) lookback: usize,
    /// How it is compared.
    pub(super) operator: Operator,
    /// What it is compared with.
    pub(super) threshold: Ratio,
    /// What bad and valid events are multiplied with so that the products compare like the burn rate
    /// and the threshold; nothing where 128 bits are too few.
    pub(super) factors: Option<(i128, i128)>,
}

/// How a lookback is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Over this many seconds.
    Seconds(i64),
    /// Not at all, for the rows are too long.
    TooShort,
    /// By [`crate::budget::burn`].
    Fractions,
}

impl Rules {
    /// Reads the conditions of a policy and those of its tiers that hold for an SLO.
    pub(super) fn new(policy: &ErrorBudgetPolicy, tiers: &[(usize, &Tier)], terms: &Terms) -> Self {
        let mut reading = Reading { policy, budget: terms.error_budget(), lookbacks: Vec::new() };
        let named = policy.conditions.iter();
        let named = named.map(|named| reading.node(&named.condition, 0)).collect();
        let tiers = tiers.iter().map(|(_, tier)| TierRules {
            enter: reading.node(&tier.enter, 0),
            exit: tier.exit.as_ref().map(|exit| reading.node(exit, 0)),
        });
        let tiers = tiers.collect();
        let no_data = &policy.evaluation.no_data;
        Self {
            named,
            tiers,
            lookbacks: reading.lookbacks,
            min_coverage: no_data.min_coverage.clone(),
            min_events: no_data.min_events.clone(),
            zero_traffic: no_data.zero_traffic,
        }
    }

    /// Returns how each lookback is added up over a series.
    pub(super) fn reaches(&self, series: &Series, terms: &Terms) -> Vec<Reach> {
        let row_seconds = series.row_seconds();
        let reach = |lookback: &Lookback| {
            let seconds = match (lookback, &terms.window) {
                (Lookback::For(duration), _) => i64::try_from(duration.nominal_seconds()).ok(),
                (Lookback::Slo, TimeWindow::Rolling { seconds }) => Some(*seconds),
                (Lookback::Slo, TimeWindow::Calendar { .. }) => None,
            };
            match seconds {
                Some(seconds) if row_seconds > 0 => {
                    fitted_seconds(seconds, row_seconds).map_or(Reach::TooShort, Reach::Seconds)
                }
                _ => Reach::Fractions,
            }
        };
        self.lookbacks.iter().map(reach).collect()
    }
}

struct Reading<'a> {
    policy: &'a ErrorBudgetPolicy,
    budget: Ratio,
    lookbacks: Vec<Lookback>,
}

impl Reading<'_> {
    fn node(&mut self, condition: &Condition, depth: usize) -> Node {
        match condition {
            _ if depth > MAX_DEPTH => Node::Unknown,
            Condition::All(parts) => Node::All(self.nodes(parts, depth)),
            Condition::Any(parts) => Node::Any(self.nodes(parts, depth)),
            Condition::Not(part) => Node::Not(Box::new(self.node(part, depth + 1))),
            Condition::Named(name) => {
                position(self.policy, &name.value).map_or(Node::Unknown, Node::Named)
            }
            Condition::Burn(burn) => {
                let threshold = burn.threshold.value.clone();
                Node::Burn(Comparison {
                    lookback: self.lookback(burn.lookback.value),
                    operator: burn.operator,
                    factors: (&threshold * &self.budget).to_parts().map(|(top, low)| (low, top)),
                    threshold,
                })
            }
            // What rests on records and on the past of tiers is not known.
            Condition::Within { .. }
            | Condition::Sustained { .. }
            | Condition::Attested(_)
            | Condition::Incident { .. } => Node::Unknown,
        }
    }

    fn nodes(&mut self, parts: &[Condition], depth: usize) -> Vec<Node> {
        parts.iter().map(|part| self.node(part, depth + 1)).collect()
    }

    fn lookback(&mut self, lookback: Lookback) -> usize {
        let known = self.lookbacks.iter().position(|other| *other == lookback);
        known.unwrap_or_else(|| {
            self.lookbacks.push(lookback);
            self.lookbacks.len() - 1
        })
    }
}
