//! The samples of an answer, one by one.
//!
//! # Why
//!
//! An answer of megabytes, read into a tree of values, costs a hundred times its size. Here nothing
//! is kept but the samples of the one series that is wanted: reading stops keeping at the second
//! series, and at the first sample that is too many or wrong.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::IgnoredAny;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::Number;

use crate::backend::prometheus::fetch::PAGE;
use crate::budget::Failure;
use crate::quantity::Ratio;

use super::Value;

/// One series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::backend::prometheus) struct OneSeries {
    /// The labels that tell it apart from others.
    pub(in crate::backend::prometheus) labels: BTreeMap<String, String>,
    /// The instants, in seconds since the Unix epoch, and the values.
    pub(in crate::backend::prometheus) samples: Vec<(i64, Value)>,
}

/// Reads the one series that an answer has; one without samples where it has none.
///
/// # Errors
///
/// The outer error is that of JSON of another shape; [`Failure`] says what is wrong with the series.
pub(super) fn read(body: &[u8]) -> Result<Result<OneSeries, Failure>, serde_json::Error> {
    let answer: Answer = serde_json::from_slice(body)?;
    Ok(answer.data.result.0)
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    result: Matrix,
}

/// What a list of series comes to.
struct Matrix(Result<OneSeries, Failure>);

#[derive(Deserialize)]
struct Series {
    metric: Option<BTreeMap<String, String>>,
    values: Option<Samples>,
    histograms: Option<IgnoredAny>,
}

/// The samples of one series, or what is wrong with them.
struct Samples(Result<Vec<(i64, Value)>, &'static str>);

impl<'de> Deserialize<'de> for Matrix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(MatrixVisitor).map(Self)
    }
}

impl<'de> Deserialize<'de> for Samples {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(SamplesVisitor).map(Self)
    }
}

struct MatrixVisitor;

impl<'de> Visitor<'de> for MatrixVisitor {
    type Value = Result<OneSeries, Failure>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of series")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Self::Value, A::Error> {
        let mut found = OneSeries::default();
        while let Some(series) = all.next_element::<Series>()? {
            let failure = match only_numbers(series) {
                Ok(series) if found.samples.is_empty() => {
                    found = series;
                    continue;
                }
                Ok(series) if series.samples.is_empty() => continue,
                Ok(_) => Failure::NotAggregated,
                Err(text) => Failure::Malformed(text.to_owned()),
            };
            drain(&mut all)?;
            return Ok(Err(failure));
        }
        Ok(Ok(found))
    }
}

fn only_numbers(series: Series) -> Result<OneSeries, &'static str> {
    if series.histograms.is_some() {
        return Err("histograms where numbers were asked for");
    }
    let samples = series.values.ok_or("a series without values")?.0?;
    Ok(OneSeries { labels: series.metric.unwrap_or_default(), samples })
}

struct SamplesVisitor;

impl<'de> Visitor<'de> for SamplesVisitor {
    type Value = Result<Vec<(i64, Value)>, &'static str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of samples")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Self::Value, A::Error> {
        let mut samples: Vec<(i64, Value)> = Vec::new();
        while let Some((time, value)) = all.next_element::<(Number, Cow<'de, str>)>()? {
            let fault = match (sample(&time, &value), samples.last()) {
                (None, _) => "a sample that is no time and number",
                (Some((at, _)), Some((before, _))) if at <= *before => {
                    "samples that do not follow each other in time"
                }
                (Some(_), _) if i64::try_from(samples.len()).is_ok_and(|count| count >= PAGE) => {
                    "more samples than were asked for"
                }
                (Some(sample), _) => {
                    samples.push(sample);
                    continue;
                }
            };
            drain(&mut all)?;
            return Ok(Err(fault));
        }
        Ok(Ok(samples))
    }
}

/// Reads on to the end, and keeps nothing.
fn drain<'de, A: SeqAccess<'de>>(rest: &mut A) -> Result<(), A::Error> {
    while rest.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Reads `1772323200.5` and `0.25`; the instant has to be a whole second, as those asked for are.
fn sample(time: &Number, value: &str) -> Option<(i64, Value)> {
    let time = Ratio::parse(&time.to_string())?.to_i64()?;
    let value = match value {
        "NaN" => Value::NotANumber,
        "+Inf" | "Inf" => Value::Infinity,
        "-Inf" => Value::MinusInfinity,
        number => Value::Number(Ratio::parse(number)?),
    };
    Some((time, value))
}
