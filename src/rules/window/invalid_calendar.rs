use jiff::Timestamp;
use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::tz::AmbiguousOffset;
use jiff::tz::TimeZone;

use crate::finding::Finding;
use crate::finding::Level;
use crate::model::Subject;
use crate::model::Text;
use crate::model::Window;
use crate::model::WindowKind;
use crate::model::zone;
use crate::model::zone::Zone;
use crate::quantity::Duration;
use crate::quantity::Unit;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::list;
use crate::rules::words::quote;
use crate::source::Spanned;

pub(super) const RULE: Rule = Rule {
    name: "invalid-calendar",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Windows,
    since: "0.1.0",
    docs: include_str!("invalid_calendar.md"),
    settings: &[],
    check: Check::Slo(check),
};

fn check(slo: &Subject<'_>, checker: &mut Checker<'_>) {
    let Some(window) = &slo.window else { return };
    let WindowKind::Calendar { start, zone } = &window.kind else {
        return;
    };
    let zone = zone.as_ref().and_then(|zone| check_zone(zone, checker));
    if let Some((_, zone)) = &zone {
        check_length(window, zone, checker);
    }
    let Some(start) = start else { return };
    let Some(date_time) = read(start, checker) else {
        return;
    };
    if !check_day(start, date_time, window, checker)
        && let Some((name, zone)) = &zone
    {
        check_instant(start, date_time, name, zone, checker);
    }
}

/// Says what is wrong with a time zone; returns its name and itself where it is one.
fn check_zone(zone: &Spanned<Text>, checker: &mut Checker<'_>) -> Option<(String, TimeZone)> {
    let written = zone.value.as_str();
    if written.trim().is_empty() {
        return None;
    }
    let (known, because) = match zone::find(written) {
        Zone::Known(known) => return Some((written.to_owned(), known)),
        Zone::Old(known, new) => {
            let edit = checker.rewrite(zone.span, new);
            let finding = checker.report_at(
                Level::Info,
                zone.span,
                format!("{} is an old name of `{new}`", quote(written)),
            );
            finding.label("kept in the IANA database for old programs");
            if let Some(edit) = edit {
                finding.safe_fix(format!("write `{new}`"), vec![edit]);
            }
            return Some((written.to_owned(), known));
        }
        Zone::Misspelled { name, is_certain } => {
            let edit = checker.rewrite(zone.span, &name);
            let finding = wrong_zone(zone, checker);
            let title = format!("write `{name}`");
            match edit {
                Some(edit) if is_certain => finding.safe_fix(title, vec![edit]),
                Some(edit) => finding.unsafe_fix(title, vec![edit]),
                None => finding.help(title),
            };
            return None;
        }
        Zone::Ambiguous(zones) => (
            format!("write the one that is meant: {}", list(zones, "or")),
            Some("the abbreviation stands for more than one zone"),
        ),
        Zone::Offset(Some(name)) => (
            format!("name the place, or write `{name}`, which has that offset all year"),
            Some(
                "in `Etc/GMT` names the sign is turned around: `Etc/GMT-9` is 9 hours ahead of UTC",
            ),
        ),
        Zone::Offset(None) => ("name the place, such as `Asia/Tokyo`".to_owned(), None),
        Zone::Unknown => ("write a name such as `Europe/Berlin`, or `UTC`".to_owned(), None),
    };
    let finding = wrong_zone(zone, checker);
    finding.help(known);
    if let Some(because) = because {
        finding.note(because);
    }
    None
}

fn wrong_zone<'a>(zone: &Spanned<Text>, checker: &'a mut Checker<'_>) -> &'a mut Finding {
    let message = format!("no time zone is named {}", quote(&zone.value));
    let finding = checker.report(zone.span, message);
    finding.label("not in the IANA time zone database");
    finding
}

/// A day is not 24 hours where clocks change: two days a year have 23 and 25.
fn check_length(window: &Window, zone: &TimeZone, checker: &mut Checker<'_>) {
    const DAY: u64 = 86_400;
    const SHORT_DAY: u64 = DAY - 3_600;
    let length = window.duration.value;
    let Some(seconds) = length.seconds().filter(|seconds| (1..=DAY).contains(seconds)) else {
        return;
    };
    if SHORT_DAY.is_multiple_of(seconds) || !changes_clocks(zone, checker.now()) {
        return;
    }
    let (text, label) = if seconds == DAY {
        ("is 23 hours long once a year, and 25 once", "the budget changes by 4 % on those days")
    } else {
        (
            "does not divide the two days a year on which clocks change",
            "those days have 23 and 25 hours",
        )
    };
    let message = format!("a calendar window of `{length}` {text}");
    checker
        .report_at(Level::Warning, window.duration.span, message)
        .label(label)
        .help("take a rolling window, or the time zone `UTC`");
}

fn changes_clocks(zone: &TimeZone, now: Timestamp) -> bool {
    let year = jiff::SignedDuration::from_hours(24 * 366);
    let last = now.checked_add(year).unwrap_or(Timestamp::MAX);
    zone.following(now).next().is_some_and(|transition| transition.timestamp() <= last)
}

/// Reads `YYYY-MM-DD hh:mm:ss`, or says why it is not that.
fn read(start: &Spanned<Text>, checker: &mut Checker<'_>) -> Option<DateTime> {
    let text = start.value.as_str();
    if has_form(text) {
        let read = text.parse::<DateTime>().ok();
        if read.is_none() {
            checker
                .report(start.span, format!("{} is no date and time", quote(text)))
                .label("the calendar has no such day, or the clock no such time");
        }
        return read;
    }
    let spaced = text.replacen(['T', 't'], " ", 1);
    let midnight = format!("{text} 00:00:00");
    let minutes = format!("{spaced}:00");
    let forms = [(&spaced, true), (&midnight, false), (&minutes, false)];
    let meant =
        forms.into_iter().find(|(form, _)| has_form(form) && form.parse::<DateTime>().is_ok());
    let edit = meant.and_then(|(form, _)| checker.rewrite(start.span, form));
    let message = format!("{} is not a start as `2026-01-01 00:00:00`", quote(text));
    let finding = checker.report(start.span, message);
    match (meant, edit) {
        (Some((form, true)), Some(edit)) => finding.safe_fix(format!("write `{form}`"), vec![edit]),
        (Some((form, false)), Some(edit)) => {
            finding.unsafe_fix(format!("write `{form}`"), vec![edit])
        }
        _ => finding.help("write the date and time of the zone, without an offset"),
    };
    None
}

fn has_form(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00 00:00:00";
    let fits = |(byte, form): (u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        other => byte == *other,
    };
    text.len() == FORM.len() && text.bytes().zip(FORM).all(fits)
}

/// Says that some period would have to start on a day that its month lacks; returns whether it did.
fn check_day(
    start: &Spanned<Text>,
    date_time: DateTime,
    window: &Window,
    checker: &mut Checker<'_>,
) -> bool {
    let length = window.duration.value;
    let Some(lacking) = lacking_month(date_time.date(), length) else {
        return false;
    };
    let day = date_time.day();
    let message = format!("a period of `{length}` cannot always start on day {day}");
    checker
        .report(start.span, message)
        .label(format!("{} has no day {day}", lacking.strftime("%B %Y")))
        .help("start on a day that every month has, 1 to 28");
    true
}

/// Returns the first month in which a period starts and that lacks its day, within four years.
fn lacking_month(start: Date, length: Duration) -> Option<Date> {
    let step = length.count.saturating_mul(match length.unit {
        Unit::Month => 1,
        Unit::Quarter => 3,
        Unit::Year => 12,
        _ => return None,
    });
    let step = i64::try_from(step).ok().filter(|step| (1..=48).contains(step))?;
    let first = start.first_of_month();
    (1..=48 / step)
        .filter_map(|period| {
            let span = jiff::Span::new().try_months(step * period).ok()?;
            first.checked_add(span).ok()
        })
        .find(|month| month.days_in_month() < start.day())
}

/// Says that clocks skip or repeat the start, or that it is still to come.
fn check_instant(
    start: &Spanned<Text>,
    date_time: DateTime,
    name: &str,
    zone: &TimeZone,
    checker: &mut Checker<'_>,
) {
    let ambiguous = zone.to_ambiguous_timestamp(date_time);
    let text = quote(&start.value);
    let because = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => None,
        AmbiguousOffset::Gap { .. } => Some(("does not exist", "clocks skip this time")),
        AmbiguousOffset::Fold { .. } => Some(("comes twice", "clocks go back over this time")),
    };
    if let Some((what, label)) = because {
        checker
            .report(start.span, format!("{text} {what} in {name}"))
            .label(label)
            .help("start at midnight, or at another time that every day has once");
        return;
    }
    let Ok(instant) = ambiguous.compatible() else {
        return;
    };
    if instant > checker.now() {
        let today = checker.now().to_zoned(zone.clone()).date();
        checker
            .report(start.span, format!("the first period starts only at {text}"))
            .label(format!("today is {today} in {name}"))
            .help("write the start of a period that has begun; periods repeat from there");
    }
}
