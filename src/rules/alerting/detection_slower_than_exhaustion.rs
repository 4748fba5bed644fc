use crate::alerts::urgency::Urgency;
use crate::alerts::watch::Watch;
use crate::alerts::watch::scrape_interval;
use crate::alerts::watch::watches;
use crate::finding::Level;
use crate::model::BudgetingMethod;
use crate::model::Subject;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Holds;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Setting;
use crate::rules::words::about;
use crate::rules::words::in_words;
use crate::rules::words::percent;
use crate::rules::words::worst_outage_name;
use crate::source::Spanned;

use crate::alerts::can_fire;
use crate::alerts::largest_error_ratio;

pub(super) const RULE: Rule = Rule {
    name: "detection-slower-than-exhaustion",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Alerts,
    since: "0.1.0",
    docs: include_str!("detection_slower_than_exhaustion.md"),
    settings: &[
        Setting { name: EVALUATION, holds: Holds::Length },
        Setting { name: NOTIFY, holds: Holds::Length },
    ],
    check: Check::Slo(check),
};

const EVALUATION: &str = "evaluation-interval";
const NOTIFY: &str = "notify-delay";

/// A step on the way of an alert: how long it takes, and whether that is declared.
#[derive(Clone, Copy)]
struct Step {
    takes: Duration,
    is_declared: bool,
}

impl Step {
    fn new(declared: Option<Duration>, usual: u64) -> Self {
        let declared = declared.filter(|length| length.seconds().is_some());
        Self {
            takes: declared.unwrap_or(Duration::from_seconds(usual)),
            is_declared: declared.is_some(),
        }
    }

    /// Returns the seconds of the step; none of one that is only usual, unless those count.
    fn seconds(self, with_usual: bool) -> u64 {
        let counts = self.is_declared || with_usual;
        self.takes.seconds().filter(|_| counts).unwrap_or_default()
    }
}

/// The steps between an outage and somebody who knows of it, beside the alert itself.
#[derive(Clone, Copy)]
struct Steps {
    sample: Step,
    evaluation: Step,
    notice: Step,
}

impl Steps {
    /// Returns the steps at the path of an SLO; nothing where none of them is declared, and all would
    /// be a guess.
    fn at(path: &str, checker: &Checker<'_>) -> Option<Self> {
        let sample = scrape_interval(checker.config()).map(|(every, _)| every);
        let is_silent = checker.config().rules.entries.is_empty();
        let given = |name: &str| if is_silent { None } else { checker.length(name, path) };
        let steps = Self {
            sample: Step::new(sample, 30),
            evaluation: Step::new(given(EVALUATION), 30),
            notice: Step::new(given(NOTIFY), 60),
        };
        let all = [steps.sample, steps.evaluation, steps.notice];
        all.iter().any(|step| step.is_declared).then_some(steps)
    }

    /// Returns the seconds from the start of the worst outage until an alert has told somebody.
    fn told(self, watch: Watch<'_>, target: &Ratio, with_usual: bool) -> Option<Ratio> {
        let (told, _) = watch.worst_outage(target)?;
        let wait = Ratio::whole(watch.wait());
        let seen = (told - wait.clone()).max(Ratio::whole(self.sample.seconds(with_usual)));
        let after = self.evaluation.seconds(with_usual) + self.notice.seconds(with_usual);
        Some(seen + wait + Ratio::whole(after))
    }
}

fn check(slo: &Subject<'_>, checker: &mut Checker<'_>) {
    let path = checker.path(slo.meta.span.source);
    // Time slices have a budget of their own grain.
    let is_counted = slo.method() != BudgetingMethod::Timeslices;
    if slo.alerts.is_empty() || !is_counted || !slo.knows_alerts {
        return;
    }
    let Some(steps) = Steps::at(path, checker) else { return };
    // What is late by its own numbers is told of them.
    let can_be_first = |watch: &Watch<'_>| {
        let is_early =
            checker.urgency(watch.alert.condition) != Urgency::Ticket && !watch.is_too_late();
        is_early && !watch.outlasts_budget() && watch.is_live()
    };
    let pages: Vec<Watch<'_>> = watches(slo).filter(can_be_first).collect();
    if !pages.iter().any(|watch| checker.urgency(watch.alert.condition) == Urgency::Page) {
        return;
    }
    for target in slo.targets() {
        judge(slo, target, &pages, steps, checker);
    }
}

/// Tells of a target whose budget is spent before the first of the pages comes.
fn judge(
    slo: &Subject<'_>,
    target: &Spanned<Ratio>,
    pages: &[Watch<'_>],
    steps: Steps,
    checker: &mut Checker<'_>,
) {
    let largest = largest_error_ratio(slo);
    let first = |with_usual: bool| {
        let firing = pages.iter().filter(|page| can_fire(page.burn, &target.value, &largest));
        let told =
            firing.filter_map(|page| Some((steps.told(*page, &target.value, with_usual)?, *page)));
        told.min_by(|one, other| one.0.cmp(&other.0))
    };
    let Some((usual, page)) = first(true) else { return };
    let Some((_, spent)) = page.worst_outage(&target.value) else { return };
    if usual < spent || is_known_hopeless(&spent, checker) {
        return;
    }
    let is_certain = first(false).is_some_and(|(known, _)| known >= spent);
    let level = if is_certain { Level::Error } else { Level::Warning };
    let about = page.window().map_or("", |window| about(window.value));
    let message = format!(
        "{} spends the budget of {} in {about}{}, before anybody is paged",
        worst_outage_name(slo),
        percent(&target.value),
        in_words(&spent)
    );
    let finding = checker.report_at(level, target.span, message);
    finding.label(format!("the first page comes after {}", in_words(&usual)));
    finding.also(page.burn.threshold.span, "the alert that fires first");
    for (step, what) in [
        (steps.sample, "between samples"),
        (steps.evaluation, "between evaluations"),
        (steps.notice, "until the page is read"),
    ] {
        let known = if step.is_declared { "declared" } else { "usual" };
        finding.note(format!("{} {what}, {known}", step.takes));
    }
    finding.help("lower the target, or let less fail at once and declare `slo/max-error-ratio`");
}

/// Returns whether people are declared to take longer than the budget lasts, which is told of the
/// target by `more-nines-than-response-time`.
fn is_known_hopeless(spent: &Ratio, checker: &Checker<'_>) -> bool {
    let response = checker.config().response;
    let seconds = |length: Option<Duration>| length.and_then(Duration::seconds);
    let (Some(detect), Some(repair)) = (seconds(response.ettd), seconds(response.ettr)) else {
        return false;
    };
    *spent < Ratio::whole(detect.saturating_add(repair))
}
