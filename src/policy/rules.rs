//! The conditions of a policy, made ready to be asked at thousands of instants.

use std::collections::BTreeSet;

use crate::budget::Series;
use crate::budget::Terms;
use crate::budget::TimeWindow;
use crate::budget::fitted_seconds;
use crate::model::Attested;
use crate::model::Condition;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::Lasting;
use crate::model::Lookback;
use crate::model::Operator;
use crate::model::Tier;
use crate::model::ZeroTraffic;
use crate::quantity::Duration;
use crate::quantity::Ratio;

use super::condition::MAX_DEPTH;
use super::condition::position;
use super::parts::Names;

/// The named condition that pages somebody: where it begins, a repair that was attested did not last.
const PAGE: &str = "page";

/// What the tiers of a policy ask for, without anything that is only shown.
#[derive(Debug, PartialEq)]
pub(super) struct Rules {
    /// The conditions that have names, in the order of the policy.
    pub(super) named: Vec<Node>,
    /// The tiers that hold for the SLO.
    pub(super) tiers: Vec<TierRules>,
    /// Every lookback that is named, once.
    pub(super) lookbacks: Vec<Lookback>,
    /// The named conditions of which it is asked whether they held at some instant.
    pub(super) watched: Vec<usize>,
    /// What is asked to have held for some time, each with how long it may not hold in between, in seconds.
    pub(super) runs: Vec<(Lasts, i64)>,
    /// What somebody may attest.
    pub(super) attested: Vec<AttestedRule>,
    /// The shares of an error budget that incidents are compared with.
    pub(super) shares: Vec<ShareRule>,
    /// The named condition whose beginning says that a repair did not last.
    pub(super) page: Option<usize>,
    /// What the burn rate since a repair was attested is compared with.
    pub(super) leak: Comparison,
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
    /// When a milder gate counts, and which.
    pub(super) relaxes: Option<(Node, GateKind)>,
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
    /// Whether the watched condition with this number held at some instant of so many seconds.
    Within(usize, i64),
    /// Whether the run with this number is so many seconds long.
    Sustained(usize, i64),
    /// Whether what has this number is attested.
    Attested(usize),
    /// Whether incidents took more than the share with this number.
    Incident(usize),
    /// What never holds: a tier that does not hold for the SLO.
    Never,
    /// A name that nothing has, or conditions that stand too deep in each other.
    Unknown,
}

/// What is asked to have held for some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasts {
    /// The tier with this number, of those that hold for the SLO.
    Tier(usize),
    /// The named condition with this number.
    Named(usize),
}

/// What somebody may attest.
#[derive(Debug, PartialEq)]
pub(super) struct AttestedRule {
    /// What is attested.
    pub(super) id: String,
    /// How old a record must be, and how old it may be, in seconds.
    pub(super) ages: (i64, Option<i64>),
    /// What holds without a record.
    pub(super) default: bool,
    /// Of what each needs a record of its own.
    pub(super) each: Option<Each>,
    /// Whether it claims a repair, which lapses when the outage goes on or comes back.
    pub(super) lapses: bool,
}

/// What needs a record of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Each {
    /// Every incident.
    Incident,
    /// Every class of incidents.
    Class,
}

/// A share of an error budget.
#[derive(Debug, PartialEq)]
pub(super) struct ShareRule {
    /// The time whose budget it is a share of, in seconds.
    pub(super) seconds: i64,
    /// Whether incidents of one class count together.
    pub(super) by_class: bool,
    /// What is compared.
    pub(super) share: Comparison,
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
        let mut reading = Reading {
            policy,
            own: tiers,
            budget: terms.error_budget(),
            repairs: repairs(policy),
            lookbacks: Vec::new(),
            watched: Vec::new(),
            runs: Vec::new(),
            attested: Vec::new(),
            shares: Vec::new(),
        };
        let named = policy.conditions.iter();
        let named = named.map(|named| reading.node(&named.condition, 0)).collect();
        let tiers = tiers.iter().map(|(_, tier)| TierRules {
            enter: reading.node(&tier.enter, 0),
            exit: tier.exit.as_ref().map(|exit| reading.node(exit, 0)),
            relaxes: tier
                .relax_when
                .as_ref()
                .map(|relax| (reading.node(&relax.when, 0), relax.gate.value)),
        });
        let tiers = tiers.collect();
        let no_data = &policy.evaluation.no_data;
        Self {
            named,
            tiers,
            page: position(policy, PAGE),
            leak: reading.comparison(0, Operator::Gte, Ratio::one()),
            lookbacks: reading.lookbacks,
            watched: reading.watched,
            runs: reading.runs,
            attested: reading.attested,
            shares: reading.shares,
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
    /// The tiers that hold for the SLO.
    own: &'a [(usize, &'a Tier)],
    budget: Ratio,
    /// What is attested of repairs.
    repairs: BTreeSet<&'a str>,
    lookbacks: Vec<Lookback>,
    watched: Vec<usize>,
    runs: Vec<(Lasts, i64)>,
    attested: Vec<AttestedRule>,
    shares: Vec<ShareRule>,
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
                let lookback = self.lookback(burn.lookback.value);
                Node::Burn(self.comparison(lookback, burn.operator, burn.threshold.value.clone()))
            }
            Condition::Within { name, time } => {
                let Some(named) = position(self.policy, &name.value) else { return Node::Unknown };
                Node::Within(place(&mut self.watched, named), seconds(time.value))
            }
            Condition::Sustained { what, time, max_gap } => {
                let lasts = match what {
                    Lasting::Condition(name) => {
                        position(self.policy, &name.value).map(Lasts::Named)
                    }
                    Lasting::Tier(name) if self.is_foreign(&name.value) => return Node::Never,
                    Lasting::Tier(name) => self.tier(&name.value).map(Lasts::Tier),
                };
                let Some(lasts) = lasts else { return Node::Unknown };
                let run = (lasts, max_gap.map_or(0, seconds));
                Node::Sustained(place(&mut self.runs, run), seconds(time.value))
            }
            Condition::Attested(attested) => {
                let rule = self.attested(attested);
                Node::Attested(place(&mut self.attested, rule))
            }
            Condition::Incident { share, of, by_class } => {
                let share = self.comparison(0, Operator::Gt, share.value.clone());
                let rule = ShareRule { seconds: seconds(*of), by_class: *by_class, share };
                Node::Incident(place(&mut self.shares, rule))
            }
        }
    }

    fn comparison(&self, lookback: usize, operator: Operator, threshold: Ratio) -> Comparison {
        let factors = (&threshold * &self.budget).to_parts().map(|(top, low)| (low, top));
        Comparison { lookback, operator, threshold, factors }
    }

    /// Returns the number of a tier among those that hold for the SLO.
    fn tier(&self, name: &str) -> Option<usize> {
        self.own.iter().position(|(_, tier)| tier.name.value == name)
    }

    /// Returns whether a tier holds for other SLOs alone.
    fn is_foreign(&self, name: &str) -> bool {
        let is_it = |tier: &Tier| tier.name.value == name;
        self.policy.tiers.iter().any(is_it) && !self.own.iter().any(|(_, tier)| is_it(tier))
    }

    fn attested(&self, attested: &Attested) -> AttestedRule {
        let each = match (attested.per_incident, attested.per_class) {
            (true, _) => Some(Each::Incident),
            (false, true) => Some(Each::Class),
            (false, false) => None,
        };
        AttestedRule {
            id: attested.id.value.clone(),
            ages: (attested.min_age.map_or(0, seconds), attested.max_age.map(seconds)),
            default: attested.default,
            each,
            lapses: each.is_none() && self.repairs.contains(attested.id.value.as_str()),
        }
    }

    fn nodes(&mut self, parts: &[Condition], depth: usize) -> Vec<Node> {
        parts.iter().map(|part| self.node(part, depth + 1)).collect()
    }

    fn lookback(&mut self, lookback: Lookback) -> usize {
        place(&mut self.lookbacks, lookback)
    }
}

/// Returns the place of something in a list, to which it is added where it is not there.
fn place<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    let known = list.iter().position(|other| *other == item);
    known.unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.nominal_seconds()).unwrap_or(i64::MAX)
}

/// Returns what is attested of repairs: whatever an exit asks for, by names too.
fn repairs(policy: &ErrorBudgetPolicy) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let exits = policy.tiers.iter().filter_map(|tier| tier.exit.as_ref());
    Names::of(policy).each_part(exits, &mut |part, _| {
        if let Condition::Attested(attested) = part {
            found.insert(attested.id.value.as_str());
        }
    });
    found
}
