//! What an objective promises, ready for arithmetic.

use crate::model::BudgetingMethod;
use crate::model::Slo;
use crate::quantity::Ratio;

use super::TimeWindow;

/// A definition lacks this part, or it cannot be judged: `target`, `window`, `objective`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undefined(pub &'static str);

/// What one objective of an SLO promises: how much, over what time, counted how.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The required share of good events, above 0 and below 1.
    pub target: Ratio,
    /// The time over which it is judged.
    pub window: TimeWindow,
    /// How the budget is counted.
    pub method: BudgetingMethod,
    /// The length of a slice in seconds, for the slice methods.
    pub slice_seconds: Option<i64>,
}

impl Terms {
    /// Reads the terms of an objective, counted from 0.
    ///
    /// # Errors
    ///
    /// [`Undefined`] names the part that is missing or cannot be judged.
    pub fn new(slo: &Slo, objective: usize) -> Result<Self, Undefined> {
        let window = slo.window.as_ref().and_then(TimeWindow::new);
        let window = window.ok_or(Undefined("window"))?;
        let objective = slo.objectives.get(objective);
        let objective = objective.ok_or(Undefined("objective"))?;
        let target = objective.target.as_ref();
        let target = target.ok_or(Undefined("target"))?.value.clone();
        if target <= Ratio::zero() || target >= Ratio::one() {
            return Err(Undefined("target"));
        }
        let slice = objective.slice_window.as_ref();
        let slice = slice.map(|slice| slice.value.nominal_seconds());
        let slice_seconds = slice
            .and_then(|seconds| i64::try_from(seconds).ok())
            .filter(|&seconds| seconds > 0 && slo.method() != BudgetingMethod::Occurrences);
        Ok(Self { target, window, method: slo.method(), slice_seconds })
    }

    /// Returns the error budget: the share of events that may be bad.
    pub fn error_budget(&self) -> Ratio {
        self.target.complement()
    }

    /// Returns how many minutes of full outage a share of the budget is, at the mean rate of a
    /// rolling window; nothing for a calendar window, whose length is not always the same.
    pub fn outage_minutes(&self, share: &Ratio) -> Option<Ratio> {
        match self.window {
            TimeWindow::Rolling { seconds } => {
                let minutes = Ratio::new(seconds, 60)?;
                Some(&(share * &self.error_budget()) * &minutes)
            }
            TimeWindow::Calendar { .. } => None,
        }
    }

    /// Returns how many slices a stretch of time has, for the slice methods.
    pub fn slices(&self, seconds: i64) -> Option<Ratio> {
        Ratio::new(seconds, self.slice_seconds?)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn a_budget_in_minutes_of_full_outage() {
        let minutes = |target, days| {
            let minutes = rolling(target, days).outage_minutes(&Ratio::one());
            minutes.map(|minutes| minutes.to_string())
        };
        assert_eq!(minutes("0.999", 28).as_deref(), Some("40.32"));
        assert_eq!(minutes("0.9995", 30).as_deref(), Some("21.6"));
        assert_eq!(minutes("0.99999", 90).as_deref(), Some("1.296"));
    }

    /// Terms over a rolling window of days, by occurrences.
    pub(in crate::budget) fn rolling(target: &str, days: i64) -> Terms {
        Terms {
            target: Ratio::parse(target).expect("a decimal"),
            window: TimeWindow::Rolling { seconds: days * 86_400 },
            method: BudgetingMethod::Occurrences,
            slice_seconds: None,
        }
    }
}
