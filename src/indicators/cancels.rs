//! Whether calls that their clients gave up count as bad.
//!
//! **Invariant:** they count as bad only where some valid event is such a call and no good one is.

use crate::query::events::EventSet;
use crate::query::grpc;
use crate::query::tree::Matcher;
use crate::query::values::Automata;

use super::Side;
use super::Sli;
use super::direction;
use super::statuses;

/// The status of a request that its client gave up.
///
/// # Source
///
/// nginx, "client closed request"; gRPC, `google.rpc.Code`: `CANCELLED` is mapped to 499.
pub const STATUS: u16 = 499;

/// What makes calls that were given up count as bad.
#[derive(Debug)]
pub struct Counted<'s, 'a> {
    /// The side whose matchers say so: good events, or bad ones.
    pub side: &'s Side<'a>,
    /// The metric.
    pub metric: &'s str,
    /// The first of those matchers.
    pub matcher: &'s Matcher,
    /// Whether it is a code of gRPC.
    pub is_grpc: bool,
}

/// Returns what makes calls that their clients gave up count as bad; nothing where that is not certain.
pub fn counted_bad<'s, 'a>(sli: &'s Sli<'a>, automata: &Automata) -> Option<Counted<'s, 'a>> {
    // Where the sides are exchanged, everything is counted as what it is not.
    if direction::inverted(sli, automata).is_some() {
        return None;
    }
    of_http(sli, automata).or_else(|| of_grpc(sli, automata))
}

fn of_http<'s, 'a>(sli: &'s Sli<'a>, automata: &Automata) -> Option<Counted<'s, 'a>> {
    let good = statuses::good_codes(sli, automata)?;
    let is_bad = good.valid.as_ref()?.contain(STATUS) && !good.codes.contain(STATUS);
    let matcher = *good.matchers.first().filter(|_| is_bad)?;
    let metric = good.side.events.as_ref()?.sets.first()?.metric;
    Some(Counted { side: good.side, metric, matcher, is_grpc: false })
}

fn of_grpc<'s, 'a>(sli: &'s Sli<'a>, automata: &Automata) -> Option<Counted<'s, 'a>> {
    let side = sli.good.as_ref().or(sli.bad.as_ref())?;
    let (sets, all) = (&side.events.as_ref()?.sets, &sli.total.as_ref()?.events.as_ref()?.sets);
    let first = sets.first()?;
    let of_code = |matcher: &&Matcher| grpc::is_code_of(first.metric, &matcher.label.text);
    let matcher = first.selector.matchers.iter().find(of_code)?;
    let label = matcher.label.text.as_str();
    let is_asked = |set: &EventSet<'_>| set.matchers(label).next().is_some();
    // Where some set is not told by codes, nobody knows whether such calls are among its events.
    if !sets.iter().all(|set| is_asked(set) && !set.is_taken) {
        return None;
    }
    let [counted, valid] = [sets, all].map(|sets| lets_through(sets, label, automata));
    let is_bad = valid? && counted? != sli.good.is_some();
    is_bad.then_some(Counted { side, metric: first.metric, matcher, is_grpc: true })
}

/// Returns whether one of some sets lets calls through that were given up; nothing where nobody knows.
///
/// A matcher that refuses one spelling of the code means all of them: a metric has but one.
fn lets_through(sets: &[EventSet<'_>], label: &str, automata: &Automata) -> Option<bool> {
    let mut found = false;
    for set in sets {
        let passes = |matcher: &Matcher| {
            let is_named = grpc::named(matcher, automata)?.contains(&grpc::CANCELLED);
            Some(is_named == matcher.operator.is_positive())
        };
        let passes: Option<Vec<bool>> = set.matchers(label).map(passes).collect();
        found |= !passes?.contains(&false);
    }
    Some(found)
}
