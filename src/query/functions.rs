//! The functions of PromQL: what each takes and returns.
//!
//! **Invariant:** nothing here depends on a query.
//!
//! # Source
//!
//! Prometheus documentation, "Query functions", 3.9 and 3.16.

use crate::query::functions::Stability::Experimental;
use crate::query::functions::Stability::Stable;
use crate::query::functions::ValueType::Instant;
use crate::query::functions::ValueType::Range;
use crate::query::functions::ValueType::Scalar;
use crate::query::functions::ValueType::Text;

/// The type of a value in PromQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// One number without labels.
    Scalar,
    /// A string.
    Text,
    /// Several series, one sample each.
    Instant,
    /// Several series, many samples each.
    Range,
    /// The type of a placeholder that is not filled yet; it fits everywhere.
    Unknown,
}

/// Whether a server offers a function without being asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stability {
    /// Every server since 3.9 has it.
    Stable,
    /// In 3.9 only with `--enable-feature=promql-experimental-functions`, or in a later version.
    Experimental,
}

/// One function of PromQL.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// The name, which is case-sensitive.
    pub name: &'static str,
    /// The types of the arguments in order; the last one repeats for further arguments.
    pub arguments: &'static [ValueType],
    /// The fewest arguments allowed.
    pub minimum: usize,
    /// The most arguments allowed; absent when there is no bound.
    pub maximum: Option<usize>,
    /// The type of the result.
    pub returns: ValueType,
    /// Whether the function needs a feature flag.
    pub stability: Stability,
}

/// Returns the function of this name.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS
        .binary_search_by(|function| function.name.cmp(name))
        .ok()
        .and_then(|index| FUNCTIONS.get(index))
}

/// Every function, by name.
#[rustfmt::skip]
pub static FUNCTIONS: &[Function] = &[
    instant("abs"),
    instant("absent"),
    over_time("absent_over_time", Stable),
    instant("acos"),
    instant("acosh"),
    instant("asin"),
    instant("asinh"),
    instant("atan"),
    instant("atanh"),
    over_time("avg_over_time", Stable),
    instant("ceil"),
    over_time("changes", Stable),
    exact("clamp", &[Instant, Scalar, Scalar], Instant, Stable),
    exact("clamp_max", &[Instant, Scalar], Instant, Stable),
    exact("clamp_min", &[Instant, Scalar], Instant, Stable),
    instant("cos"),
    instant("cosh"),
    over_time("count_over_time", Stable),
    of_time("day_of_month"),
    of_time("day_of_week"),
    of_time("day_of_year"),
    of_time("days_in_month"),
    instant("deg"),
    over_time("delta", Stable),
    over_time("deriv", Stable),
    exact("double_exponential_smoothing", &[Range, Scalar, Scalar], Instant, Experimental),
    exact("end", &[], Scalar, Experimental),
    instant("exp"),
    over_time("first_over_time", Experimental),
    instant("floor"),
    instant("histogram_avg"),
    instant("histogram_count"),
    exact("histogram_fraction", &[Scalar, Scalar, Instant], Instant, Stable),
    exact("histogram_quantile", &[Scalar, Instant], Instant, Stable),
    ranged("histogram_quantiles", &[Instant, Text, Scalar], 3, Some(12), Experimental),
    instant("histogram_stddev"),
    instant("histogram_stdvar"),
    instant("histogram_sum"),
    of_time("hour"),
    over_time("idelta", Stable),
    over_time("increase", Stable),
    ranged("info", &[Instant, Instant], 1, Some(2), Experimental),
    ranged("integral", &[Range, Scalar], 1, Some(2), Experimental),
    over_time("irate", Stable),
    ranged("label_join", &[Instant, Text, Text, Text], 3, None, Stable),
    exact("label_replace", &[Instant, Text, Text, Text, Text], Instant, Stable),
    over_time("last_over_time", Stable),
    instant("ln"),
    instant("log10"),
    instant("log2"),
    over_time("mad_over_time", Experimental),
    exact("max_of", &[Scalar, Scalar], Scalar, Experimental),
    over_time("max_over_time", Stable),
    exact("min_of", &[Scalar, Scalar], Scalar, Experimental),
    over_time("min_over_time", Stable),
    of_time("minute"),
    of_time("month"),
    exact("pi", &[], Scalar, Stable),
    exact("predict_linear", &[Range, Scalar], Instant, Stable),
    over_time("present_over_time", Stable),
    exact("quantile_over_time", &[Scalar, Range], Instant, Stable),
    instant("rad"),
    exact("range", &[], Scalar, Experimental),
    over_time("rate", Stable),
    over_time("resets", Stable),
    ranged("round", &[Instant, Scalar], 1, Some(2), Stable),
    exact("scalar", &[Instant], Scalar, Stable),
    instant("sgn"),
    instant("sin"),
    instant("sinh"),
    instant("sort"),
    ranged("sort_by_label", &[Instant, Text], 1, None, Experimental),
    ranged("sort_by_label_desc", &[Instant, Text], 1, None, Experimental),
    instant("sort_desc"),
    instant("sqrt"),
    exact("start", &[], Scalar, Experimental),
    exact("start_timestamp", &[Instant], Instant, Experimental),
    over_time("stddev_over_time", Stable),
    over_time("stdvar_over_time", Stable),
    exact("step", &[], Scalar, Experimental),
    over_time("sum_over_time", Stable),
    instant("tan"),
    instant("tanh"),
    exact("time", &[], Scalar, Stable),
    instant("timestamp"),
    over_time("ts_of_first_over_time", Experimental),
    over_time("ts_of_last_over_time", Experimental),
    over_time("ts_of_max_over_time", Experimental),
    over_time("ts_of_min_over_time", Experimental),
    exact("vector", &[Scalar], Instant, Stable),
    of_time("year"),
];

/// A function of one instant vector.
const fn instant(name: &'static str) -> Function {
    exact(name, &[Instant], Instant, Stable)
}

/// A function of one range vector.
const fn over_time(name: &'static str, stability: Stability) -> Function {
    exact(name, &[Range], Instant, stability)
}

/// A function of times, which takes the evaluation time when it is given none.
const fn of_time(name: &'static str) -> Function {
    ranged(name, &[Instant], 0, Some(1), Stable)
}

/// A function that takes all its arguments.
const fn exact(
    name: &'static str,
    arguments: &'static [ValueType],
    returns: ValueType,
    stability: Stability,
) -> Function {
    let count = arguments.len();
    Function { name, arguments, minimum: count, maximum: Some(count), returns, stability }
}

/// A function of a varying number of arguments.
const fn ranged(
    name: &'static str,
    arguments: &'static [ValueType],
    minimum: usize,
    maximum: Option<usize>,
    stability: Stability,
) -> Function {
    Function { name, arguments, minimum, maximum, returns: Instant, stability }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_every_function_is_found() {
        for pair in FUNCTIONS.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} before {}", pair[0].name, pair[1].name);
        }
        for function in FUNCTIONS {
            assert_eq!(find(function.name), Some(function));
        }
        assert_eq!(find("Rate"), None, "names are case-sensitive");
        assert_eq!(find("histogram_share"), None, "a function of another server");
    }
}
