//! Exact numbers and durations.
//!
//! **Invariant:** nothing here is a binary float. `1 − 0.9995` is `0.0005`, and a burn rate of
//! exactly 1 compares equal to 1. Floats appear only where a chart is drawn.
//!
//! # Why
//!
//! Budgets are judged at knife edges: "burn ≥ 1" decides whether a release is held. In binary
//! doubles `1.0 - 0.9995` is `0.00049999999999994`, and the gate would open or close by rounding.
//! `num-rational` on big integers costs nanoseconds here and is never wrong.

mod duration;
mod ratio;

pub use duration::Duration;
pub use duration::Unit;
pub use ratio::Ratio;
