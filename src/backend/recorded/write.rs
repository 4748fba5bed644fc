//! Measurements as CSV, to be read again.

use std::collections::BTreeSet;

use crate::budget::Definition;
use crate::budget::Measurement;
use crate::budget::Request;
use crate::quantity::Ratio;

use super::line::COLUMNS;

/// The most digits behind the point that a decimal of ours can have.
const MOST_DIGITS: u32 = 420;

/// Writes measurements as CSV.
///
/// A name carries its service, where it has one, and the index of the objective where the SLO has
/// several. What could not be measured has no row; nor has a definition of the head, since rows
/// belong to the trusted one. Counts are exact, but for those that no decimal can write, which are
/// rounded to thirty digits behind the point.
///
/// * `measurements`: the answers to `requests`, in their order.
pub fn write(requests: &[Request], measurements: &[Measurement]) -> String {
    let mut table = String::new();
    let mut written = BTreeSet::new();
    let mut record = |fields: [&str; 5]| {
        table.push_str(&fields.join(","));
        table.push('\n');
    };
    record(COLUMNS);
    for (request, measurement) in requests.iter().zip(measurements) {
        let name = name(request);
        let Ok(series) = &measurement.series else { continue };
        if request.definition == Definition::Head || !written.insert(name.clone()) {
            continue;
        }
        let name = quoted(&name);
        for row in series.rows() {
            let seconds = row.end.as_second() - row.start.as_second();
            let decimals = row.counts.as_ref();
            let decimals = decimals.map(|counts| (decimal(&counts.good), decimal(&counts.valid)));
            let (good, valid) = decimals.unwrap_or_default();
            record([&name, &row.start.to_string(), &seconds.to_string(), &good, &valid]);
        }
    }
    table
}

fn name(request: &Request) -> String {
    let service = request.service().map(|service| format!("{service}/")).unwrap_or_default();
    let several = request.slo.objectives.len() > 1;
    let objective = if several { format!("#{}", request.objective) } else { String::new() };
    format!("{service}{}{objective}", request.name())
}

/// Returns a field as RFC 4180 writes it.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// Returns the shortest decimal that is the number, or the nearest of thirty digits.
fn decimal(number: &Ratio) -> String {
    let rounded = number.rounded(30);
    let is_exact = |text: &str| Ratio::parse(text).as_ref() == Some(number);
    if is_exact(&rounded) {
        return rounded;
    }
    let exact = number.rounded(MOST_DIGITS);
    if is_exact(&exact) { exact } else { rounded }
}
