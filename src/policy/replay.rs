//! The memory of a tier, step by step.

use jiff::Timestamp;

use super::condition::both;
use super::condition::either;

/// What is remembered of a tier from one instant to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    /// Whether it is active, or was when that was last known.
    pub(super) active: bool,
    /// The first instant of its present activity.
    pub(super) since: Option<Timestamp>,
    /// The last instant at which its `enter` was true.
    pub(super) entered: Option<Timestamp>,
    /// Whether the last step was known.
    pub(super) determined: bool,
    /// When it ended for lack of renewal, until it begins again.
    pub(super) expired: Option<Timestamp>,
}

impl Memory {
    /// Takes the step to an instant: `active = (enter ∨ active) ∧ ¬exit`.
    ///
    /// The exit dominates. Where the result is not known the tier stays as it was. A tier whose `enter` was last true longer than
    /// `max_latch_seconds` ago ends.
    pub(super) fn step(
        &mut self,
        instant: Timestamp,
        enter: Option<bool>,
        exit: Option<bool>,
        max_latch_seconds: i64,
    ) {
        let stays = exit.map(|exit| !exit);
        let next = both(either(enter, Some(self.active)), stays);
        self.determined = next.is_some();
        if enter == Some(true) {
            self.entered = Some(instant);
        }
        match next {
            Some(true) if !self.active => {
                self.active = true;
                self.since = Some(instant);
                self.expired = None;
            }
            Some(false) => self.end(),
            Some(true) | None => {}
        }
        let age = |entered: Timestamp| instant.as_second() - entered.as_second();
        if self.active && self.entered.map(age) > Some(max_latch_seconds) {
            self.end();
            self.determined = true;
            self.expired = Some(instant);
        }
    }

    fn end(&mut self) {
        self.active = false;
        self.since = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YES: Option<bool> = Some(true);
    const NO: Option<bool> = Some(false);

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3_600).expect("an instant")
    }

    fn replayed(steps: &[(Option<bool>, Option<bool>)]) -> Memory {
        let mut memory = Memory::default();
        for (hour, (enter, exit)) in (1..).zip(steps) {
            memory.step(at(hour), *enter, *exit, 10 * 3_600);
        }
        memory
    }

    #[test]
    fn a_tier_lasts_until_its_exit_and_the_exit_dominates() {
        let lasting = replayed(&[(YES, NO), (NO, NO), (NO, NO)]);
        assert_eq!((lasting.active, lasting.since), (true, Some(at(1))));
        assert_eq!(lasting.entered, Some(at(1)));
        let ended = replayed(&[(YES, NO), (YES, YES)]);
        assert_eq!((ended.active, ended.since), (false, None));
        let again = replayed(&[(YES, NO), (NO, YES), (YES, NO)]);
        assert_eq!(again.since, Some(at(3)), "an ended tier begins anew");
    }

    #[test]
    fn what_is_not_known_leaves_a_tier_as_it_was() {
        let held = replayed(&[(YES, NO), (None, None)]);
        assert_eq!((held.active, held.determined), (true, false));
        let never = replayed(&[(None, NO)]);
        assert_eq!((never.active, never.determined), (false, false));
        let known = replayed(&[(YES, NO), (None, None), (NO, YES)]);
        assert_eq!((known.active, known.determined), (false, true));
    }

    #[test]
    fn one_side_may_decide_alone() {
        let left = replayed(&[(YES, NO), (None, YES)]);
        assert_eq!((left.active, left.determined), (false, true));
        let stays = replayed(&[(YES, NO), (None, NO)]);
        assert_eq!((stays.active, stays.determined), (true, true));
        let out = replayed(&[(NO, None)]);
        assert_eq!((out.active, out.determined), (false, true));
        let torn = replayed(&[(YES, None)]);
        assert_eq!((torn.active, torn.determined), (false, false));
    }

    #[test]
    fn a_tier_is_not_remembered_for_ever() {
        let mut steps = vec![(YES, NO); 2];
        steps.extend([(NO, NO); 10]);
        assert!(replayed(&steps).active, "ten hours after it was last true");
        steps.push((NO, NO));
        let expired = replayed(&steps);
        assert_eq!((expired.active, expired.expired), (false, Some(at(13))));
        steps.push((YES, NO));
        let renewed = replayed(&steps);
        assert_eq!((renewed.since, renewed.expired), (Some(at(14)), None));
    }
}
