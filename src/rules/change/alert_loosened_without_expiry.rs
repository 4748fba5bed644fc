use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::change::Change;
use crate::change::ChangeKind;
use crate::finding::Level;
use crate::model::Catalog;
use crate::model::Meta;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Comparison;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Span;
use crate::source::Spanned;

use super::ENGINEERING;
use super::Lack;
use super::before;
use super::lacks;
use super::report_lack;

pub(super) const RULE: Rule = Rule {
    name: "alert-loosened-without-expiry",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::AnyAlerts,
    since: "0.1.0",
    docs: include_str!("alert_loosened_without_expiry.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// The annotation that names the day on which an alert is as it was again.
const UNTIL: &str = "slo/loosened-until";

/// The annotation that names the incident that it is loosened for, and the trailer that may do so too.
const INCIDENT: &str = "slo/incident";
const INCIDENT_TRAILER: &str = "Incident";

/// The most days for which an alert is loosened.
const MAX_DAYS: i32 = 30;

/// What makes an alert tell less.
const LOOSENS: &[ChangeKind] = &[ChangeKind::AlertLoosened, ChangeKind::AlertRemoved];

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let today = checker.now().to_zoned(TimeZone::UTC).date();
    let mut seen = BTreeSet::new();
    for object in catalog.objects() {
        object.each_meta(&mut |meta| {
            let day = meta.declared_day(UNTIL);
            if let Some(day) = day.filter(|day| seen.insert(day.span)) {
                judge_day(day, today, checker);
            }
        });
    }
    let Some(comparison) = checker.comparison() else { return };
    let mut told = BTreeSet::new();
    for change in comparison.of(LOOSENS) {
        // An alert that several SLOs share is loosened once.
        let place = comparison.place(change);
        if let Some(place) = place.filter(|place| told.insert(*place)) {
            judge(change, place, comparison, checker);
        }
    }
}

/// Judges the day on which an alert is to be as it was again, with every run.
fn judge_day(day: Spanned<Date>, today: Date, checker: &mut Checker<'_>) {
    let left = (day.value - today).get_days();
    if left <= 0 {
        let message = format!("an alert was loosened until {}, and still is", day.value);
        checker
            .report(day.span, message)
            .label(format!("today is {today}"))
            .help(format!("make the alert what it was, and remove `{UNTIL}`"));
    } else if left > MAX_DAYS {
        let message = format!("an alert is loosened for more than {MAX_DAYS} days");
        checker
            .report(day.span, message)
            .label(format!("in {left} days: today is {today}"))
            .help("what has to stay so is agreed on, with the trailer `SLO-Change`");
    }
}

fn judge(change: &Change, place: Span, comparison: Comparison<'_>, checker: &mut Checker<'_>) {
    if before(change, comparison).is_some_and(crate::model::Slo::is_draft) {
        return;
    }
    let metas = metas(change, checker);
    let until = metas.iter().find(|meta| meta.declared_day(UNTIL).is_some());
    let alert = match &change.alert {
        Some(alert) => format!("the alert {} of the SLO {}", quote(alert), quote(&change.name)),
        None => format!("an alert of the SLO {}", quote(&change.name)),
    };
    let done = if change.kind == ChangeKind::AlertRemoved { "removed" } else { "loosened" };
    let what = format!("{alert} is {done}");
    if let Some(meta) = until {
        let names_incident = comparison
            .proposal
            .is_none_or(|proposal| proposal.trailers(INCIDENT_TRAILER).next().is_some());
        if meta.declared(INCIDENT).is_none() && !names_incident {
            let message = format!("{what} for a time, and no incident says why");
            checker.report(place, message).help(format!(
                "name it beside `{UNTIL}`, as `{INCIDENT}`, or in the trailer `{INCIDENT_TRAILER}: ID`"
            ));
        }
        return;
    }
    // What stays so is agreed on by those whom it wakes.
    let path = checker.path(place.source);
    let Some(lack) = lacks(&[ENGINEERING], path, comparison, checker) else { return };
    let help = match lack {
        Lack::Commits => super::remedy(&lack, &[ENGINEERING]),
        _ => format!(
            "for a time: annotate `{UNTIL}`, at most {MAX_DAYS} days ahead, and `{INCIDENT}`; for good: the trailer \
             `SLO-Change: REASON`, and an approval from engineering"
        ),
    };
    let finding = report_lack(&lack, &what, place, checker);
    if let Some(before) = &change.before {
        finding.label(format!("was {}", quote(before)));
    }
    finding.help(help);
}

/// Returns what may say until when an alert is loosened: the SLO, its alert policies and their conditions.
fn metas<'a>(change: &Change, checker: &Checker<'a>) -> Vec<&'a Meta> {
    let is_meant = |meta: &Meta| {
        meta.name() == change.name && meta.namespace.as_deref() == change.namespace.as_deref()
    };
    let Some(subject) = checker.subjects().iter().find(|slo| is_meant(&slo.slo.meta)) else {
        return Vec::new();
    };
    let alerts =
        subject.alerts.iter().flat_map(|alert| [&alert.policy.meta, &alert.condition.meta]);
    [&subject.slo.meta].into_iter().chain(alerts).collect()
}
