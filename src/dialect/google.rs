//! Google's Cloud Monitoring: the SLOs of its API in both spellings, `google_monitoring_slo` of Terraform, and
//! the configurations in YAML of which the module terraform-google-slo makes one.
//!
//! A filter of Cloud Monitoring is no query that is read; the target, the window and how the budget is
//! counted are.
//!
//! # Source
//!
//! Google Cloud, the reference of `ServiceLevelObjective` in version 3 of the API of Cloud Monitoring: a goal
//! is above 0 and at most 0.9999, a rolling period is 1 to 30 days.
//!
//! terraform-google-slo, `modules/slo-native` (`locals.tf`, `dynamic.tf`): the keys of a configuration, which of
//! them have to be there, and which method goes with which type.

use std::sync::Arc;

use crate::model::BudgetingMethod;
use crate::model::Dialect;
use crate::model::Measure;
use crate::model::Meta;
use crate::model::MetricSource;
use crate::model::Object;
use crate::model::Query;
use crate::model::RatioCounts;
use crate::model::Slo;
use crate::model::Text;
use crate::model::Window;
use crate::model::WindowKind;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::source::Spanned;
use crate::yaml::Entry;
use crate::yaml::Node;

use super::Expected;
use super::Problem;
use super::Reading;
use super::faults::Faults;
use super::fields;
use super::parts;
use super::parts::Pair;
use super::parts::Scale;
use super::schema::Schema;

static API: Schema = Schema::new(include_str!("../../schemas/dialects/google/api.json"));

static TERRAFORM: Schema =
    Schema::new(include_str!("../../schemas/dialects/terraform/google_monitoring_slo.json"));

static MODULE: Schema = Schema::new(include_str!("../../schemas/dialects/google/module.json"));

const LANGUAGE: &str = "Cloud Monitoring";

/// The largest goal, in ten thousandths.
const LARGEST: (i64, i64) = (9_999, 10_000);

/// The longest rolling period, in days.
const LONGEST: i64 = 30;

/// The spelling of a field: a word for each form.
#[derive(Clone, Copy)]
enum Form {
    /// Words joined by underscores.
    Snake,
    /// Words joined by capitals.
    Camel,
    /// As the first, in blocks.
    Terraform,
    /// As the first, all in one mapping: what is measured is a word.
    Module,
}

/// The types of the module, and the methods that each has; the first takes no method.
const METHODS: [(&str, &[&str]); 3] = [
    ("basic_sli", &[]),
    ("request_based_sli", &["distribution_cut", "good_total_ratio"]),
    (
        "windows_based_sli",
        &["boolean_filter", "performance_window", "metric_mean_in_range", "metric_sum_in_range"],
    ),
];

/// The fields of the API that say what an SLO is, in both spellings.
const INDICATOR: [&str; 2] = ["serviceLevelIndicator", "service_level_indicator"];
const PERIODS: [&str; 4] = ["rollingPeriod", "rolling_period", "calendarPeriod", "calendar_period"];

/// Returns whether an object without an `apiVersion` is an SLO of the API: by two of its indicator, its goal
/// and its window.
pub(super) fn is_meant(node: Node<'_>) -> bool {
    let has = |fields: &[&str]| u8::from(fields.iter().any(|field| node.given(field).is_some()));
    has(&INDICATOR) + has(&["goal"]) + has(&PERIODS) >= 2
}

/// Returns whether an object without an `apiVersion` is a configuration of the module: by three of the keys that
/// all of them have.
pub(super) fn is_module(node: Node<'_>) -> bool {
    let has = |fields: &[&str]| u8::from(fields.iter().any(|field| node.given(field).is_some()));
    let is_typed = u8::from(
        fields::word(node, "type")
            .is_some_and(|given| METHODS.iter().any(|(name, _)| *name == given.value)),
    );
    let found =
        has(&["slo_id"]) + has(&["goal"]) + has(&["rolling_period_days", "calendar_period"]);
    found + is_typed >= 3 && has(&INDICATOR) == 0
}

/// Checks an SLO of the API and lowers it.
pub(super) fn read_api(node: Node<'_>, reading: &mut Reading) {
    let head = node.given("name").map_or(node.span().head(), Node::span);
    let mut faults = Faults::new(API.check(node, head));
    let has = |field: &str| node.given(field).is_some();
    let [camel, snake] = INDICATOR;
    let is_camel = has(camel) || has("rollingPeriod") || has("calendarPeriod");
    let form = if is_camel { Form::Camel } else { Form::Snake };
    if !has(camel) && !has(snake) && !INDICATOR.iter().any(|field| faults.explain(node, field)) {
        let empty = INDICATOR.iter().find_map(|field| node.entry(field));
        let span = empty.map_or(head, |entry| entry.key.span());
        faults.missing(span, node, if is_camel { camel } else { snake }, "");
    }
    let indicator = form.get(node, "service_level_indicator");
    finish(node, form, indicator, faults, reading);
}

/// Checks a resource of Terraform and lowers it.
pub(super) fn read_terraform(node: Node<'_>, reading: &mut Reading) {
    let faults = Faults::new(TERRAFORM.check(node, fields::key_span(node, "resource")));
    finish(node, Form::Terraform, Some(node), faults, reading);
}

/// Checks a configuration of the module and lowers it.
pub(super) fn read_module(node: Node<'_>, reading: &mut Reading) {
    let mut faults = Faults::new(MODULE.check(node, fields::first_key(node)));
    method(node, &mut faults);
    finish(node, Form::Module, Some(node), faults, reading);
}

/// A method goes with a type, and a window whose performance counts says how.
fn method(node: Node<'_>, faults: &mut Faults) {
    let known = fields::word(node, "type").and_then(|given| {
        METHODS.iter().find(|(name, _)| *name == given.value).map(|(_, methods)| *methods)
    });
    let Some(known) = known.filter(|known| !known.is_empty()) else { return };
    let Some(entry) = node.entry("method").filter(|entry| !entry.value.is_null()) else {
        if !faults.explain(node, "method") {
            faults.missing(fields::first_key(node), node, "method", "");
        }
        return;
    };
    if !entry.value.text().is_some_and(|given| known.contains(&given)) {
        let known = known.iter().map(|word| (*word).to_owned());
        faults.wrong(entry, Expected::OneOf(known.collect()));
    }
    let asks = entry.value.text() == Some("performance_window");
    if asks
        && node.given("method_performance").is_none()
        && !faults.explain(node, "method_performance")
    {
        faults.missing(fields::first_key(node), node, "method_performance", "");
    }
}

fn finish(
    node: Node<'_>,
    form: Form,
    indicator: Option<Node<'_>>,
    mut faults: Faults,
    reading: &mut Reading,
) {
    goal(node, &mut faults);
    if let Some(holder) = indicator {
        durations(holder, form, &mut faults);
    }
    let window = window(node, form, &mut faults);
    let slo = lower(node, form, indicator, window, &faults);
    reading.objects.push(Object::Slo(Arc::new(slo)));
    reading.problems.append(&mut faults.into_problems());
}

impl Form {
    fn entry<'a>(self, node: Node<'a>, field: &str) -> Option<Entry<'a>> {
        let entry = match self {
            Self::Camel => node.entry(&camel(field)),
            Self::Snake | Self::Terraform | Self::Module => node.entry(field),
        };
        let entry = entry.filter(|entry| !entry.value.is_null())?;
        let is_block = matches!(self, Self::Terraform) && entry.value.is_sequence();
        let value = if is_block { entry.value.items().next()? } else { entry.value };
        Some(Entry { value, ..entry })
    }

    /// Returns what an indicator is based on.
    fn based<'a>(self, holder: Node<'a>, what: &str) -> Option<Node<'a>> {
        match self {
            Self::Terraform => self.get(holder, &format!("{what}_based_sli")),
            Self::Module => {
                let kind = fields::word(holder, "type")?.value;
                (kind.strip_suffix("_based_sli") == Some(what)).then_some(holder)
            }
            _ => self.get(holder, &format!("{what}_based")),
        }
    }

    /// Returns the filters of good and other requests.
    fn ratio(self, holder: Node<'_>) -> Option<Node<'_>> {
        const RATIO: &str = "good_total_ratio";
        let requests = self.based(holder, "request")?;
        match self {
            Self::Module => {
                let is_ratio = fields::word(requests, "method")?.value == RATIO;
                is_ratio.then_some(requests)
            }
            _ => self.get(requests, RATIO),
        }
    }

    /// Returns the longest latency that is good.
    fn latency(self, holder: Node<'_>) -> Option<Entry<'_>> {
        if matches!(self, Self::Module) {
            return self.entry(holder, "latency_threshold");
        }
        self.entry(self.get(self.get(holder, "basic_sli")?, "latency")?, "threshold")
    }

    /// Returns the name of the rolling window.
    fn rolling_period(self) -> &'static str {
        match self {
            Self::Snake => "rolling_period",
            Self::Camel => "rollingPeriod",
            Self::Terraform | Self::Module => "rolling_period_days",
        }
    }

    /// Returns whether that is a number of days, and no length of time.
    fn counts_days(self) -> bool {
        matches!(self, Self::Terraform | Self::Module)
    }

    fn get<'a>(self, node: Node<'a>, field: &str) -> Option<Node<'a>> {
        Some(self.entry(node, field)?.value)
    }
}

/// Returns words joined by underscores, joined by capitals.
fn camel(words: &str) -> String {
    let mut parts = words.split('_');
    let mut joined = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        joined.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        joined.push_str(letters.as_str());
    }
    joined
}

fn goal(node: Node<'_>, faults: &mut Faults) {
    if node.given("goal").is_some_and(is_filled_in) {
        return;
    }
    parts::check_target(node, "goal", Scale::Share, faults);
    let Some(goal) = parts::target(node, "goal", Scale::Share, faults) else { return };
    let largest = Ratio::new(LARGEST.0, LARGEST.1).unwrap_or_else(Ratio::one);
    // A goal of 1 is told as such.
    if goal.value > largest
        && goal.value < Ratio::one()
        && let Some(entry) = node.entry("goal")
    {
        faults.wrong(entry, Expected::AtMost(largest.to_string()));
    }
}

/// Checks the bound of a latency and the length of a window of time.
fn durations(holder: Node<'_>, form: Form, faults: &mut Faults) {
    let bound = form.latency(holder);
    let windows = form.based(holder, "windows");
    let period = windows.and_then(|windows| form.entry(windows, "window_period"));
    for entry in [bound, period].into_iter().flatten() {
        if seconds(entry.value).is_none() && !is_filled_in(entry.value) {
            faults.unlike(entry, "300s");
        }
    }
}

/// Returns whether a template of Terraform fills a value in.
fn is_filled_in(node: Node<'_>) -> bool {
    node.text().is_some_and(|text| text.contains("${"))
}

/// Returns the window: a rolling one in days or seconds, or a calendar's.
fn window(node: Node<'_>, form: Form, faults: &mut Faults) -> Option<Window> {
    let field = form.rolling_period();
    let rolling = node.entry(field).filter(|entry| !entry.value.is_null());
    let calendar = form.entry(node, "calendar_period");
    if let (Some(first), Some(second)) = (rolling, calendar) {
        let is_camel = matches!(form, Form::Camel);
        faults.push(Problem::Conflict {
            span: second.key.span(),
            field: if is_camel { "calendarPeriod" } else { "calendar_period" },
            other: first.key.span(),
            other_field: field,
            across: false,
            redundant: None,
        });
        return None;
    }
    if let Some(entry) = calendar {
        let length = match entry.value.text()? {
            "DAY" => Duration::new(1, Unit::Day),
            "WEEK" => Duration::new(7, Unit::Day),
            "FORTNIGHT" => Duration::new(14, Unit::Day),
            "MONTH" => Duration::new(1, Unit::Month),
            _ => return None,
        };
        let span = entry.value.span();
        let kind = WindowKind::Calendar { start: None, zone: None };
        return Some(Window { duration: Spanned::new(length, span), kind, span });
    }
    let entry = rolling?;
    let span = entry.value.span();
    if faults.are_in(span) || is_filled_in(entry.value) {
        return None;
    }
    let days = if form.counts_days() {
        fields::number_of(entry.value).map(|days| days.value)
    } else {
        seconds(entry.value).and_then(|time| time.checked_div(&Ratio::whole(86_400)))
    };
    let is_period = |days: &Ratio| {
        days.is_whole() && *days >= Ratio::one() && days.compare_whole(LONGEST).is_le()
    };
    let Some(days) = days.filter(is_period) else {
        let like = if form.counts_days() { "28" } else { "2419200s" };
        faults.unlike(entry, like);
        return None;
    };
    let count = u64::try_from(days.to_i64()?).ok()?;
    let duration = Spanned::new(Duration::new(count, Unit::Day), span);
    Some(Window { duration, kind: WindowKind::Rolling, span })
}

/// Returns the length of a duration of the API: `86400s`, or its parts; nothing for no time at all.
fn seconds(node: Node<'_>) -> Option<Ratio> {
    let length = if node.is_mapping() {
        let part = |field: &str| match node.given(field) {
            Some(_) => Some(fields::number(node, field)?.value),
            None => Some(Ratio::zero()),
        };
        &part("seconds")? + &part("nanos")?.checked_div(&Ratio::whole(1_000_000_000))?
    } else {
        Ratio::parse(node.text()?.strip_suffix('s')?)?
    };
    (length > Ratio::zero()).then_some(length)
}

fn lower(
    node: Node<'_>,
    form: Form,
    indicator: Option<Node<'_>>,
    window: Option<Window>,
    faults: &Faults,
) -> Slo {
    let holder = indicator.unwrap_or(node);
    let windows = form.based(holder, "windows");
    let target = parts::target(node, "goal", Scale::Share, faults);
    let inline = parts::inline(Dialect::Google, holder, measure(holder, form, faults));
    let mut objective = parts::objective(node, target, inline);
    let method = windows.map_or(BudgetingMethod::Occurrences, |_| BudgetingMethod::Timeslices);
    if let Some(windows) = windows {
        objective.slice_window = form.get(windows, "window_period").and_then(|period| {
            let seconds = seconds(period)?.to_i64().and_then(|count| u64::try_from(count).ok())?;
            Some(Spanned::new(Duration::from_seconds(seconds), period.span()))
        });
    }
    Slo {
        meta: meta(node, form),
        service: form
            .get(node, "service")
            .and_then(|service| Some(Spanned::new(Text::from(service.text()?), service.span()))),
        budgeting_method: Some(Spanned::new(method, holder.span())),
        window,
        objectives: vec![objective],
        composite: false,
        alert_policies: Vec::new(),
        alert_policies_span: None,
        generated: Vec::new(),
    }
}

fn meta(node: Node<'_>, form: Form) -> Meta {
    // A name of the API is a path, which ends with the identity of the SLO.
    let path = fields::word(node, "name").filter(|_| !form.counts_days());
    let last = path.as_ref().map(|path| path.map(|path| path.rsplit('/').next().unwrap_or(path)));
    let name = last
        .or_else(|| fields::word(node, "slo_id"))
        .or_else(|| fields::word(node, "resource_name"));
    let labels = form.get(node, "user_labels").into_iter().flat_map(Node::entries);
    let pairs: Vec<Pair<'_>> = labels
        .filter_map(|entry| {
            let key = Spanned::new(entry.key.text()?, entry.key.span());
            Some((key, Spanned::new(entry.value.text()?, entry.value.span())))
        })
        .collect();
    let (labels, annotations) = parts::labeled(&pairs);
    let head = name.as_ref().map_or_else(|| fields::first_key(node), |name| name.span);
    let namespace = path.and_then(|path| {
        let (service, _) = path.value.rsplit_once("/serviceLevelObjectives/")?;
        Some(Text::from(service))
    });
    Meta {
        name: name.map(|name| name.map(Text::from)),
        namespace: namespace.or_else(|| Some(fields::text(node, "service")?.value)),
        labels,
        annotations,
        dialect: Dialect::Google,
        span: node.span(),
        head,
        ..Meta::default()
    }
}

/// Returns what is counted, where that are two filters.
fn measure(holder: Node<'_>, form: Form, faults: &Faults) -> Measure {
    let Some(ratio) = form.ratio(holder).filter(|ratio| !faults.are_in(ratio.span())) else {
        return Measure::Unreadable;
    };
    let of = |field: &str| -> Option<MetricSource> {
        let filter = form.get(ratio, field)?;
        let text = filter.text()?.to_owned();
        Some(parts::source(LANGUAGE, Query::new(text, filter.span())))
    };
    Measure::Counts(Box::new(RatioCounts {
        counter: None,
        counter_span: None,
        good: of("good_service_filter"),
        bad: of("bad_service_filter"),
        total: of("total_service_filter"),
    }))
}
