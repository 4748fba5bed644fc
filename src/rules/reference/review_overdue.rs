use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::finding::Level;
use crate::model::Object;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::UNTOUCHED_DAYS;
use crate::rules::words::quote;
use crate::source::Spanned;

pub(super) const RULE: Rule = Rule {
    name: "review-overdue",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::SlosAndPolicies,
    since: "0.1.0",
    docs: include_str!("review_overdue.md"),
    settings: &[],
    check: Check::Object(check),
};

/// The annotation that names the day of the next review.
const NEXT_REVIEW: &str = "slo/next-review";

/// The days for which a review may be late before it counts as forgotten.
const MAX_DAYS: i32 = 30;

fn check(object: &Object, checker: &mut Checker<'_>) {
    let mut day = object.meta().declared_day(NEXT_REVIEW);
    if let Object::ErrorBudgetPolicy(policy) = object {
        // One review has one day: the later of two.
        day = day.into_iter().chain(policy.revisit).max_by_key(|day| day.value);
    }
    let Some(day) = day else { return by_history(object, checker) };
    let today = checker.now().to_zoned(TimeZone::UTC).date();
    if day.value < today {
        report(object, day, today, checker);
    }
}

/// Judges an object of which nobody says when it is looked at again.
fn by_history(object: &Object, checker: &mut Checker<'_>) {
    let meta = object.meta();
    let is_asked = match object {
        Object::Slo(slo) => !slo.is_draft(),
        Object::ErrorBudgetPolicy(_) => true,
        _ => false,
    };
    if !is_asked || meta.misspells(NEXT_REVIEW) || !checker.is_untouched(meta.span) {
        return;
    }
    let (kind, name) = (object.kind().name(), quote(meta.name()));
    let message =
        format!("nobody has changed the {kind} {name} for more than {UNTOUCHED_DAYS} days");
    let finding = checker.report(meta.place(), message);
    finding.help(
        "look at it again with those who agreed to it, and write the day of the next review: `slo/next-review`",
    );
    if matches!(object, Object::Slo(_)) {
        finding.once("nobody has changed any SLO of the repository for more than 180 days");
    }
}

fn report(object: &Object, day: Spanned<Date>, today: Date, checker: &mut Checker<'_>) {
    // Two days of the calendar are some ten thousand years apart at most.
    let late = (today - day.value).get_days();
    let level = if late > MAX_DAYS { Level::Error } else { Level::Warning };
    let days = if late == 1 { "1 day".to_owned() } else { format!("{late} days") };
    let (kind, name) = (object.kind().name(), quote(object.meta().name()));
    checker
        .report_at(
            level,
            day.span,
            format!("the review of the {kind} {name} was due on {}", day.value),
        )
        .label(format!("{days} ago: today is {today}"))
        .help(
            "look at it again with those who agreed to it, then write the day of the next review",
        );
}
