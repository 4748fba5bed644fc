use std::cell::LazyCell;
use std::sync::Arc;

use crate::dialect::Problem;
use crate::finding::Level;
use crate::model::AlertCondition;
use crate::model::AlertPolicy;
use crate::model::Dialect;
use crate::model::Object;
use crate::model::Referable;
use crate::model::Slo;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Spanned;
use crate::yaml;

pub(super) const RULE: Rule = Rule {
    name: "invalid-duration",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Names,
    since: "0.1.0",
    docs: include_str!("invalid_duration.md"),
    settings: &[],
    check: Check::File(check),
};

/// Fields in which months are most likely minutes.
const IN_MINUTES: [&str; 3] = ["alertAfter", "lookbackWindow", "timeSliceWindow"];

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    for problem in &file.dialect {
        if let Problem::LongDuration { span, text, field } = problem {
            let longest = Duration::LONGEST_YEARS;
            checker
                .report(
                    *span,
                    format!("{} in `{field}` is longer than any that is read", quote(text)),
                )
                .label(format!("at most {longest} years of 365 days"));
            continue;
        }
        let Problem::InvalidDuration { span, text, field, units, zero, bare, lowercase } = problem
        else {
            continue;
        };
        let least = if *zero { "0" } else { "1" };
        let letters: Vec<String> = units.chars().map(|unit| format!("`{unit}`")).collect();
        let minutes_alone = without_unit(text).filter(|_| *bare);
        let message = match (yaml::octal(checker.text(*span)), minutes_alone) {
            (Some(octal), Some(minutes)) => {
                let decimal = minutes.count;
                format!("`{field}` is {octal} to some readers of YAML and {decimal} to others")
            }
            (None, Some(_)) => format!("{} in `{field}` is text and has no unit", quote(text)),
            (_, None) => message(text, field, units, *zero),
        };
        let finding = checker.report(*span, message);
        let or = if *bare { ", or minutes without one" } else { "" };
        finding.label(format!("`{field}` takes a whole number from {least} and a unit{or}"));
        finding.note(format!("units: {}; `m` is minutes, `M` is months", letters.join(", ")));
        let allowed = |duration: &Duration| units.contains(duration.unit.letter());
        let minutes = minutes(text).filter(|_| IN_MINUTES.contains(&field.as_str()));
        if let Some(meant) = meant(text).filter(allowed) {
            let same_letters = text.to_ascii_lowercase() == meant.to_string();
            match lowercase.as_ref().filter(|_| same_letters) {
                Some(edit) => finding.safe_fix(format!("write `{meant}`"), vec![edit.clone()]),
                None => finding.help(format!("write `{meant}`")),
            };
        } else if let Some(minutes) = minutes_alone {
            finding.help(format!("write `{minutes}`"));
        } else if let (Some(minutes), Some(edit)) = (minutes.filter(allowed), lowercase) {
            finding.unsafe_fix(format!("write `{minutes}`"), vec![edit.clone()]);
        }
    }
    other_units(file, checker);
}

/// Says where a length in months or minutes makes sense only in the other of the two.
fn other_units(file: &FileFacts, checker: &mut Checker<'_>) {
    let catalog = checker.catalog();
    let longest = LazyCell::new(|| {
        let windows = catalog.slos().filter_map(|slo| slo.window.as_ref());
        windows.map(|window| window.duration.value.nominal_seconds()).max()
    });
    for object in catalog.objects_of(file.source) {
        if let Object::Slo(slo) = object {
            in_minutes(slo, checker);
        }
        for burn in conditions(object).into_iter().filter_map(|one| one.burn_rate.as_ref()) {
            let is_whole = |length: u64| longest.is_none_or(|longest| longest <= length);
            let is_in_months = |given: &&Spanned<Duration>| given.value.unit == Unit::Month;
            let after = burn.alert_after.as_ref().filter(is_in_months);
            let lookback = Some(&burn.lookback).filter(is_in_months);
            let lookback = lookback.filter(|given| is_whole(given.value.nominal_seconds()));
            let after = after.filter(|given| given.value.count > 0);
            other_unit(after, "alertAfter", "the condition would have to hold as long", checker);
            other_unit(lookback, "lookbackWindow", "no window of an SLO is longer", checker);
        }
    }
}

/// Says that minutes stand where only months make sense: in the window of an SLO, and of an agreement.
fn in_minutes(slo: &Slo, checker: &mut Checker<'_>) {
    // Some formats write the unit out.
    let is_letter = !matches!(slo.meta.dialect, Dialect::OpenSloV1Alpha | Dialect::Nobl9);
    let window = slo.window.as_ref().filter(|_| is_letter).map(|window| &window.duration);
    let window = window.filter(|window| window.value.may_be_months());
    let why = "no promise is kept or broken in so little time";
    if slo.meta.dialect == Dialect::OpenSloOperator {
        in_days(window, why, checker);
    } else {
        other_unit(window, "duration", why, checker);
    }
    if let Some(agreement) = slo.meta.agreement()
        && let Some(length) = agreement.value.window.filter(|length| length.may_be_months())
    {
        let months = other(length);
        let message = format!("`{length}` in `slo/sla` is {}", in_full(length));
        let finding = checker.report_at(Level::Warning, agreement.span, message);
        finding.label("no agreement is for so little time");
        finding.note(LETTERS).help(format!("write `{months}` if months are meant"));
    }
}

const LETTERS: &str = "`m` is minutes, `M` is months";

/// Returns as many months as a length has minutes, or the other way around.
fn other(length: Duration) -> Duration {
    let unit = if length.unit == Unit::Month { Unit::Minute } else { Unit::Month };
    Duration::new(length.count, unit)
}

/// Returns a length with its unit written out.
fn in_full(length: Duration) -> String {
    let unit = if length.unit == Unit::Month { "month" } else { "minute" };
    let plural = if length.count == 1 { "" } else { "s" };
    format!("{} {unit}{plural}", length.count)
}

/// Says that months stand where only minutes make sense, or the other way around.
fn other_unit(
    given: Option<&Spanned<Duration>>,
    field: &str,
    label: &'static str,
    checker: &mut Checker<'_>,
) {
    let Some(Spanned { value, span }) = given else { return };
    let meant = other(*value).to_string();
    let message = format!("`{value}` in `{field}` is {}", in_full(*value));
    let edit = checker.rewrite(*span, &meant);
    let finding = checker.report_at(Level::Warning, *span, message);
    finding.label(label);
    finding.note(LETTERS);
    if let Some(edit) = edit {
        finding.unsafe_fix(format!("write `{meant}`"), vec![edit]);
    }
}

/// Says that minutes stand where months may have been meant, in a format that has none.
fn in_days(window: Option<&Spanned<Duration>>, label: &'static str, checker: &mut Checker<'_>) {
    let Some(Spanned { value, span }) = window else { return };
    let days = other(*value).nominal_seconds() / Unit::Day.nominal_seconds();
    let message = format!("`{value}` in `duration` is {}", in_full(*value));
    let finding = checker.report_at(Level::Warning, *span, message);
    finding.label(label).note("this format has no unit for months");
    finding.help(format!("write `{days}d` if months are meant"));
}

/// Returns the alert conditions that stand in an object.
fn conditions(object: &Object) -> Vec<&AlertCondition> {
    match object {
        Object::AlertCondition(condition) => vec![condition],
        Object::AlertPolicy(policy) => in_policy(policy).collect(),
        Object::Slo(slo) => slo
            .alert_policies
            .iter()
            .filter_map(inline)
            .flat_map(|policy| in_policy(policy))
            .collect(),
        _ => Vec::new(),
    }
}

fn in_policy(policy: &AlertPolicy) -> impl Iterator<Item = &AlertCondition> {
    policy.conditions.iter().filter_map(inline).map(Arc::as_ref)
}

fn inline<T>(used: &Referable<T>) -> Option<&Arc<T>> {
    match used {
        Referable::Inline(object) => Some(object),
        Referable::Missing | Referable::Named(_) => None,
    }
}

/// Returns the minutes that `5M` would mean in a format, or a field, without months.
fn minutes(text: &str) -> Option<Duration> {
    Duration::parse(&format!("{}m", text.strip_suffix('M')?))
}

/// Returns the minutes that a number counts where it stands without a unit.
fn without_unit(text: &str) -> Option<Duration> {
    Duration::parse(&format!("{}m", text.trim_start_matches('0')))
}

/// Returns what is wrong: the form, the unit, or that it is zero.
fn message(text: &str, field: &str, units: &str, zero: bool) -> String {
    let found = quote(text);
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_zero = is_number && number.bytes().all(|byte| byte == b'0');
    let mut unit = text.get(number.len()..).unwrap_or_default().chars();
    match (unit.next(), unit.next()) {
        (Some(_), None) if is_zero && !zero => format!("{found} in `{field}` is no time at all"),
        (Some(unit), None) if is_number && "smhdwMQY".contains(unit) && !units.contains(unit) => {
            format!("{found} in `{field}` has a unit that is not one of this format")
        }
        _ => format!("{found} is not a duration"),
    }
}

/// Returns the duration that was most likely meant, where one of the same length can be written.
fn meant(text: &str) -> Option<Duration> {
    let text = text.trim();
    let iso = text.strip_prefix("PT").or_else(|| text.strip_prefix('P'));
    let body = iso.unwrap_or(text);
    let split = body.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (number, unit) = body.split_at(split);
    let unit = match (unit.trim(), text.starts_with('P') && !text.starts_with("PT")) {
        ("s" | "S" | "sec" | "second" | "seconds", _) => Unit::Second,
        ("m" | "min" | "mins" | "minute" | "minutes", false) => Unit::Minute,
        ("M", false) if iso.is_some() => Unit::Minute,
        ("h" | "H" | "hr" | "hour" | "hours", _) => Unit::Hour,
        ("d" | "D" | "day" | "days", _) => Unit::Day,
        ("w" | "W" | "week" | "weeks", _) => Unit::Week,
        ("mo" | "month" | "months", _) | ("M", true) => Unit::Month,
        ("y" | "year" | "years", _) | ("Y", true) => Unit::Year,
        _ => return None,
    };
    let number = Ratio::parse(number)?;
    if unit.is_calendar() {
        let count = u64::try_from(number.to_i64()?).ok().filter(|count| *count > 0)?;
        return Some(Duration::new(count, unit));
    }
    if let Some(count) = number.to_i64()
        && unit != Unit::Second
    {
        return u64::try_from(count)
            .ok()
            .filter(|count| *count > 0)
            .map(|count| Duration::new(count, unit));
    }
    let seconds = &number * &Ratio::whole(unit.nominal_seconds());
    let seconds = u64::try_from(seconds.to_i64()?).ok()?;
    (seconds > 0 && seconds % 60 == 0).then(|| Duration::from_seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_ways_to_write_a_duration_are_understood() {
        let meant = |text| meant(text).map(|duration| duration.to_string());
        for (text, expected) in [
            ("5min", "5m"),
            ("1.5h", "90m"),
            ("1mo", "1M"),
            ("P30D", "30d"),
            ("PT5M", "5m"),
            ("P1M", "1M"),
            ("120s", "2m"),
            ("1H", "1h"),
            ("4 weeks", "4w"),
        ] {
            assert_eq!(meant(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["30s", "", "0m", "soon", "1.5M", "-1d"] {
            assert_eq!(meant(text), None, "{text}");
        }
    }
}
