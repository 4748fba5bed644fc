//! What differs between an error budget policy before and after, and which way it points.
//!
//! # Why
//!
//! A policy that selects more SLOs can still be the milder one: where it displaces a stricter policy
//! of lower precedence. So a selector has a direction only where no other policy stands lower.
//! What decides about the unknown has one only where *deny*, *warn* and *allow* replace each other;
//! how much is unknown (coverage, resolution, events) works both ways.

use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::model::Catalog;
use crate::model::ErrorBudgetPolicy;
use crate::model::Kind;
use crate::model::OnUnknown;
use crate::source::Span;
use crate::source::Spanned;

use super::Change;
use super::ChangeKind;
use super::Effect;
use super::pair::Pair;
use super::slo::compare_owner;

mod class;
mod tier;

/// Which way a difference of a policy points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// It decides nothing.
    Neutral,
    /// It blocks more, and nothing less.
    Tightened,
    /// It blocks less, and nothing more.
    Loosened,
    /// Both, or it is not certain.
    Unclear,
}

impl Direction {
    /// Returns the direction of two differences together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Neutral, direction) | (direction, Self::Neutral) => direction,
            (left, right) if left == right => left,
            _ => Self::Unclear,
        }
    }

    /// Returns the direction of the same difference read backwards.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Tightened => Self::Loosened,
            Self::Loosened => Self::Tightened,
            other => other,
        }
    }

    /// Returns the direction of a value that grows where more is stricter.
    fn of(order: std::cmp::Ordering) -> Self {
        match order {
            std::cmp::Ordering::Less => Self::Loosened,
            std::cmp::Ordering::Equal => Self::Neutral,
            std::cmp::Ordering::Greater => Self::Tightened,
        }
    }
}

/// One difference between two policies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PolicyDifference {
    /// The field, such as `selector.slos`, or `tiers.freeze.gate` for a field of tier `freeze`.
    pub field: String,
    /// Which way it points.
    pub direction: Direction,
    /// What was there; absent where nothing was, or where it has no short text.
    pub before: Option<String>,
    /// What is there now; absent where nothing is, or where it has no short text.
    pub after: Option<String>,
    /// The place before.
    #[serde(skip)]
    pub before_span: Option<Span>,
    /// The place after.
    #[serde(skip)]
    pub after_span: Option<Span>,
}

/// What has to be known of the other policies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    lowest_precedence: Option<i64>,
}

impl Context {
    /// Looks at the policies of both trees.
    pub(super) fn of(before: &Catalog, after: &Catalog) -> Self {
        let policies = before.policies().chain(after.policies());
        Self { lowest_precedence: policies.map(|policy| policy.precedence).min() }
    }
}

/// Lists what differs between two policies, or that one is gone or new.
pub(super) fn compare(pair: Pair<&ErrorBudgetPolicy>, context: Context, changes: &mut Vec<Change>) {
    let new =
        |kind, policy: &ErrorBudgetPolicy| Change::new(kind, Kind::ErrorBudgetPolicy, &policy.meta);
    match pair {
        Pair::Before(policy) => {
            let mut gone = new(ChangeKind::PolicyRemoved, policy);
            gone.places(Some(policy.meta.place()), None);
            changes.push(gone);
        }
        Pair::After(policy) => {
            let mut added = new(ChangeKind::PolicyAdded, policy);
            added.places(None, Some(policy.meta.place()));
            changes.push(added);
        }
        Pair::Both(left, right) => {
            let template = new(ChangeKind::OwnerChanged, right);
            let [before, after] = [left, right].map(|policy| {
                policy.owner.as_ref().map(|owner| Spanned::new(owner.value.as_str(), owner.span))
            });
            compare_owner(template, before, after, changes);
            if meaning(left) != meaning(right) {
                changes.push(difference(left, right, context));
            }
        }
    }
}

/// Returns everything that a policy decides by: not its owner, its labels and annotations.
fn meaning(policy: &ErrorBudgetPolicy) -> Value {
    json!([
        policy.selector,
        policy.scope,
        policy.max_latch,
        policy.precedence,
        policy.evaluation,
        policy.conditions,
        policy.tiers,
        policy.change_classes,
    ])
}

fn difference(left: &ErrorBudgetPolicy, right: &ErrorBudgetPolicy, context: Context) -> Change {
    let mut found = Differences { left, right, list: Vec::new() };
    selector(&mut found, context);
    scope(&mut found);
    evaluation(&mut found);
    tier::compare(&mut found);
    class::compare(&mut found);
    let mut list = found.list;
    list.sort_by(|one, other| one.field.cmp(&other.field));
    let direction =
        list.iter().fold(Direction::Neutral, |sum, difference| sum.and(difference.direction));
    let kind = match direction {
        Direction::Tightened => ChangeKind::PolicyTightened,
        Direction::Loosened => ChangeKind::PolicyLoosened,
        Direction::Neutral | Direction::Unclear => ChangeKind::PolicyChanged,
    };
    let mut change = Change::new(kind, Kind::ErrorBudgetPolicy, &right.meta);
    change.places(Some(left.meta.place()), Some(right.meta.place()));
    if let [only] = list.as_slice() {
        change.values(only.before.clone(), only.after.clone());
        change.places(
            only.before_span.or(Some(left.meta.place())),
            only.after_span.or(Some(right.meta.place())),
        );
    }
    change.effect = Some(Effect::Policy(list));
    change
}

/// Two policies, and what was found to differ.
struct Differences<'a> {
    left: &'a ErrorBudgetPolicy,
    right: &'a ErrorBudgetPolicy,
    list: Vec<PolicyDifference>,
}

impl Differences<'_> {
    fn push(
        &mut self,
        field: impl Into<String>,
        direction: Direction,
        values: [Option<String>; 2],
        places: [Option<Span>; 2],
    ) {
        let ([before, after], [before_span, after_span]) = (values, places);
        let field = field.into();
        self.list.push(PolicyDifference {
            field,
            direction,
            before,
            after,
            before_span,
            after_span,
        });
    }

    /// Pushes a difference of two values that have a short text.
    fn values<T: PartialEq>(
        &mut self,
        field: &str,
        values: &[T; 2],
        text: impl Fn(&T) -> String,
        direction: impl Fn(&T, &T) -> Direction,
    ) {
        let [before, after] = values;
        if before != after {
            let texts = [Some(text(before)), Some(text(after))];
            self.push(field, direction(before, after), texts, [None, None]);
        }
    }

    /// Pushes a difference of two lists of names, of which more point to `more`. An empty list
    /// stands for everything.
    fn globs(&mut self, field: &str, lists: [&[Spanned<String>]; 2], more: Direction) {
        let direction = match grows(lists) {
            Some(true) if lists[0].is_empty() => more.reversed(),
            Some(false) if lists[1].is_empty() => more,
            Some(true) => more,
            Some(false) => more.reversed(),
            None if names(lists[0]) == names(lists[1]) => return,
            None => Direction::Unclear,
        };
        self.lists(field, lists, direction);
    }

    /// Pushes a difference of two lists of names, of which more point to `more`. An empty list
    /// stands for nothing.
    fn members(&mut self, field: &str, lists: [&[Spanned<String>]; 2], more: Direction) {
        let direction = match grows(lists) {
            Some(true) => more,
            Some(false) => more.reversed(),
            None if names(lists[0]) == names(lists[1]) => return,
            None => Direction::Unclear,
        };
        self.lists(field, lists, direction);
    }

    fn lists(&mut self, field: &str, lists: [&[Spanned<String>]; 2], direction: Direction) {
        let text = |list: &[Spanned<String>]| {
            let names: Vec<&str> = list.iter().map(|name| name.value.as_str()).collect();
            (!names.is_empty()).then(|| names.join(", "))
        };
        let place = |list: &[Spanned<String>]| list.first().map(|name| name.span);
        self.push(field, direction, lists.map(text), lists.map(place));
    }
}

fn names(list: &[Spanned<String>]) -> std::collections::BTreeSet<&str> {
    list.iter().map(|name| name.value.as_str()).collect()
}

/// Returns whether a list has gained names and lost none, or the other way round.
fn grows(lists: [&[Spanned<String>]; 2]) -> Option<bool> {
    let [before, after] = lists.map(names);
    if before == after {
        None
    } else if before.is_subset(&after) {
        Some(true)
    } else if after.is_subset(&before) {
        Some(false)
    } else {
        None
    }
}

fn selector(found: &mut Differences<'_>, context: Context) {
    let (left, right) = (found.left, found.right);
    let own = left.precedence.min(right.precedence);
    let displaces = context.lowest_precedence.is_some_and(|lowest| lowest < own);
    let wider = if displaces { Direction::Unclear } else { Direction::Tightened };
    let (old, new) = (&left.selector, &right.selector);
    found.globs("selector.services", [&old.services, &new.services], wider);
    found.globs("selector.slos", [&old.slos, &new.slos], wider);
    let labels = |list: &[(String, Spanned<String>)]| -> Vec<Spanned<String>> {
        let text = |(key, glob): &(String, Spanned<String>)| {
            Spanned::new(format!("{key}: {}", glob.value), glob.span)
        };
        list.iter().map(text).collect()
    };
    let (before, after) = (labels(&old.match_labels), labels(&new.match_labels));
    // Labels must all match, so more of them select less.
    found.members("selector.matchLabels", [&before, &after], wider.reversed());
    let precedences = [left.precedence, right.precedence];
    found.values("precedence", &precedences, i64::to_string, |_, _| Direction::Unclear);
}

fn scope(found: &mut Differences<'_>) {
    let (old, new) = (&found.left.scope, &found.right.scope);
    found.globs("scope.paths", [&old.paths, &new.paths], Direction::Tightened);
    found.globs("scope.branches", [&old.branches, &new.branches], Direction::Tightened);
}

fn evaluation(found: &mut Differences<'_>) {
    let (left, right) = (found.left, found.right);
    let latches = [left.max_latch, right.max_latch];
    if json!(latches[0]) != json!(latches[1]) {
        let [old, new] = latches.map(crate::quantity::Duration::nominal_seconds);
        let certain = old != new && !tier::hides(found);
        let direction = if certain { Direction::of(new.cmp(&old)) } else { Direction::Unclear };
        found.values("maxLatch", &latches, ToString::to_string, |_, _| direction);
    }
    let (old, new) = (&left.evaluation, &right.evaluation);
    let mut unclear = |field: &str, before: Value, after: Value| {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        found.values(field, &[before, after], text, |_, _| Direction::Unclear);
    };
    unclear("evaluation.step", json!(old.step), json!(new.step));
    let (old, new) = (&old.no_data, &new.no_data);
    unclear("noData.minCoverage", json!(old.min_coverage), json!(new.min_coverage));
    unclear("noData.holdFor", json!(old.hold_for), json!(new.hold_for));
    unclear("noData.zeroTraffic", json!(old.zero_traffic), json!(new.zero_traffic));
    unclear("noData.minEvents", json!(old.min_events), json!(new.min_events));
    let then = [old.then_on_unknown, new.then_on_unknown];
    found.values(
        "noData.thenOnUnknown",
        &then,
        |action| word(*action),
        |old, new| strictness(*old, *new),
    );
    let fields = [
        ("noData.onUnknown", &old.on_unknown, &new.on_unknown),
        ("noData.onBackendError", &old.on_backend_error, &new.on_backend_error),
    ];
    for (field, before, after) in fields {
        if before.value != after.value {
            let direction = strictness(before.value, after.value);
            let texts = [Some(word(before.value)), Some(word(after.value))];
            let written = |span: Span| (span != Span::default()).then_some(span);
            found.push(field, direction, texts, [written(before.span), written(after.span)]);
        }
    }
}

fn word(action: OnUnknown) -> String {
    json!(action).as_str().unwrap_or_default().to_owned()
}

/// Orders *allow*, *warn*, *deny*; *hold* does what was done before, which may be any of them.
fn strictness(before: OnUnknown, after: OnUnknown) -> Direction {
    let rank = |action: OnUnknown| match action {
        OnUnknown::Allow => Some(0),
        OnUnknown::Warn => Some(1),
        OnUnknown::Deny => Some(2),
        OnUnknown::Hold => None,
    };
    match (rank(before), rank(after)) {
        (Some(old), Some(new)) => Direction::of(new.cmp(&old)),
        _ => Direction::Unclear,
    }
}
