//! What a schema cannot state: which fields exclude or need each other, and what goes with a
//! budgeting method.
//!
//! A field that a misspelled one stands for is not called missing: one cause, one finding.

use std::cell::LazyCell;
use std::collections::HashMap;
use std::collections::HashSet;

use crate::dialect::Problem;
use crate::dialect::fields;
use crate::model::Dialect;
use crate::model::Kind;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::source::Span;
use crate::source::Spanned;
use crate::yaml::Node;
use crate::yaml::Value;
use crate::yaml::delete_entry;

/// A check of one object, and what it has found.
struct Check<'p> {
    dialect: Dialect,
    problems: &'p mut Vec<Problem>,
    /// The places of the problems, so that thousands of objectives are not looked for one by one.
    places: HashSet<Span>,
    /// The keys that the schema does not know, with the field that was most likely meant.
    misspelled: HashMap<Span, String>,
}

/// Checks an object of a known kind.
pub(super) fn object(node: Node<'_>, dialect: Dialect, kind: Kind, problems: &mut Vec<Problem>) {
    let Some(spec) = node.given("spec").filter(|spec| spec.is_mapping()) else {
        return;
    };
    let misspelled = problems.iter().filter_map(|problem| match problem {
        Problem::UnknownField { span, nearest: Some(nearest), .. } => {
            Some((*span, nearest.clone()))
        }
        _ => None,
    });
    let misspelled = misspelled.collect();
    let places = problems.iter().map(Problem::span).collect();
    let mut check = Check { dialect, problems, places, misspelled };
    let place = fields::key_span(node, "spec");
    match kind {
        Kind::Slo => check.slo(node, spec, place),
        Kind::Sli => check.sli(spec, place),
        Kind::AlertPolicy => check.alert_policy(spec),
        Kind::AlertCondition => check.alert_condition(spec),
        _ => {}
    }
}

impl Check<'_> {
    fn report(&mut self, problem: Problem) {
        self.places.insert(problem.span());
        self.problems.push(problem);
    }

    fn is_v1alpha(&self) -> bool {
        self.dialect == Dialect::OpenSloV1Alpha
    }

    /// Returns the names of an indicator in place and by reference.
    fn indicator_fields(&self) -> [&'static str; 2] {
        match self.dialect {
            Dialect::OpenSloV2Alpha => ["sli", "sliRef"],
            _ => ["indicator", "indicatorRef"],
        }
    }

    fn slo(&mut self, object: Node<'_>, spec: Node<'_>, place: Span) {
        let objectives = spec.given("objectives");
        let objectives: Vec<Node<'_>> = objectives
            .iter()
            .flat_map(|list| list.items())
            .filter(|objective| objective.is_mapping())
            .collect();
        self.window(spec, place);
        if self.dialect == Dialect::OpenSloV2Alpha {
            self.exactly_one(spec, place, "spec", ["service", "serviceRef"]);
        }
        if self.is_v1alpha() {
            self.indicator_v1alpha(spec, place, &objectives);
        } else {
            self.indicators(spec, place, &objectives);
        }
        let exempt = LazyCell::new(|| is_exempt_from_low_target(object));
        let method = fields::word(spec, "budgetingMethod");
        let window = spec.given("timeWindow").and_then(|list| list.items().next());
        let window = window.and_then(|window| fields::duration(window, "duration"));
        for objective in &objectives {
            self.target(*objective, || *exempt);
            self.length(*objective, "timeSliceWindow");
            if let Some(method) = &method {
                self.slices(method.value, *objective);
            }
            if let Some(window) = &window {
                self.slice_length(window, *objective);
            }
        }
        if let Some(policies) = spec.given("alertPolicies") {
            for policy in policies.items().filter(|policy| policy.is_mapping()) {
                self.embedded(policy, "alertPolicies", "alertPolicyRef");
                if let Some(spec) = policy.given("spec").filter(|spec| spec.is_mapping()) {
                    self.alert_policy(spec);
                }
            }
        }
    }

    fn window(&mut self, spec: Node<'_>, place: Span) {
        let field = if self.is_v1alpha() { "timeWindows" } else { "timeWindow" };
        let Some(list) = spec.given(field) else {
            if !self.is_misspelled(spec, &[field]) {
                let (fields, of) = (vec![field.to_owned()], "spec".to_owned());
                let object = spec.span();
                self.report(Problem::MissingFields { span: place, object, fields, of, weak: true });
            }
            return;
        };
        for window in list.items().filter(|window| window.is_mapping()) {
            if self.is_v1alpha() {
                self.count_v1alpha(window);
            } else {
                self.length(window, "duration");
            }
            let rolling = window.given("isRolling");
            let truth = fields::truth(window, "isRolling").map(|rolling| rolling.value);
            match (rolling, truth, window.given("calendar")) {
                (Some(_), Some(true), Some(_)) => {
                    self.conflict(window, "isRolling", "calendar");
                }
                (_, Some(false), None) => {
                    let place = fields::key_span(window, "isRolling");
                    self.one_of(window, place, field, &["calendar"]);
                }
                (None, _, None) if !self.is_v1alpha() => {
                    self.one_of(
                        window,
                        fields::first_key(window),
                        field,
                        &["isRolling", "calendar"],
                    );
                }
                _ => {}
            }
        }
    }

    /// An indicator stands on the SLO, or on every objective of a composite.
    fn indicators(&mut self, spec: Node<'_>, place: Span, objectives: &[Node<'_>]) {
        let fields = self.indicator_fields();
        let has = |node: Node<'_>| fields.iter().find(|field| node.given(field).is_some()).copied();
        let on_spec = has(spec);
        let first = objectives.iter().find_map(|node| Some((*node, has(*node)?)));
        if on_spec.is_some() {
            self.at_most_one(spec, fields);
        }
        for objective in objectives {
            self.at_most_one(*objective, fields);
        }
        match (on_spec, first) {
            (Some(field), Some((objective, other))) => self.report(Problem::Conflict {
                span: fields::key_span(objective, other),
                field: other,
                other: fields::key_span(spec, field),
                other_field: field,
                across: true,
                redundant: None,
            }),
            // Without objectives nobody can tell where the indicator was to stand.
            (None, None) => {
                let misspelled = objectives.iter().any(|node| self.is_misspelled(*node, &fields));
                if !misspelled && !objectives.is_empty() {
                    self.one_of(spec, place, "spec", &fields);
                }
            }
            (None, Some(_)) => {
                for objective in objectives.iter().filter(|objective| has(**objective).is_none()) {
                    self.one_of(*objective, fields::first_key(*objective), "objectives", &fields);
                }
            }
            (Some(_), None) => {}
        }
        for node in objectives.iter().copied().chain([spec]) {
            if let Some(inline) = node
                .given(fields[0])
                .and_then(|inline| inline.given("spec"))
                .filter(|spec| spec.is_mapping())
            {
                let place =
                    node.given(fields[0]).map_or(place, |inline| fields::key_span(inline, "spec"));
                self.sli(inline, place);
            }
        }
    }

    fn indicator_v1alpha(&mut self, spec: Node<'_>, place: Span, objectives: &[Node<'_>]) {
        let on_spec = spec.given("indicator").is_some();
        let with = objectives.iter().find(|objective| objective.given("ratioMetrics").is_some());
        match (on_spec, with) {
            (true, Some(objective)) => self.report(Problem::Conflict {
                span: fields::key_span(*objective, "ratioMetrics"),
                field: "ratioMetrics",
                other: fields::key_span(spec, "indicator"),
                other_field: "indicator",
                across: true,
                redundant: None,
            }),
            (false, None) if objectives.is_empty() => {}
            (false, None) => {
                let misspelled = objectives
                    .iter()
                    .any(|objective| self.is_misspelled(*objective, &["ratioMetrics"]));
                if !misspelled {
                    self.one_of(spec, place, "spec", &["indicator", "ratioMetrics"]);
                }
            }
            (false, Some(_)) => {
                let lacks = |node: &&Node<'_>| node.given("ratioMetrics").is_none();
                for objective in objectives.iter().filter(lacks) {
                    self.one_of(
                        *objective,
                        fields::first_key(*objective),
                        "objectives",
                        &["ratioMetrics"],
                    );
                }
            }
            (true, None) => {}
        }
    }

    fn target(&mut self, objective: Node<'_>, is_exempt: impl Fn() -> bool) {
        if !self.is_v1alpha() {
            self.exactly_one(
                objective,
                fields::first_key(objective),
                "objectives",
                ["target", "targetPercent"],
            );
        }
        for (field, other, percent) in
            [("target", "targetPercent", false), ("targetPercent", "target", true)]
        {
            let Some(value) = fields::number(objective, field) else {
                continue;
            };
            let one = if percent { Ratio::whole(100) } else { Ratio::one() };
            let out_of_range = value.value.is_negative() || value.value > one;
            let fraction_in_percent =
                percent && value.value > Ratio::zero() && value.value <= Ratio::one();
            if self.places.contains(&value.span) {
                continue;
            }
            let text = objective.given(field).map_or("", Node::raw).to_owned();
            if out_of_range || fraction_in_percent {
                let entry = objective.entry(field);
                let rename = entry.and_then(|entry| fields::rename(objective, entry, other));
                let other_field = rename.filter(|_| !self.is_v1alpha());
                let (span, value) = (value.span, value.value);
                self.report(Problem::TargetRange { span, text, value, percent, other_field });
            } else if &value.value + &value.value < one && !is_exempt() {
                self.report(Problem::LowTarget { span: value.span, text });
            }
        }
    }

    fn slices(&mut self, method: &str, objective: Node<'_>) {
        let needed: &[&'static str] = match method {
            "Timeslices" if self.is_v1alpha() => &["timeSliceTarget"],
            "Timeslices" => &["timeSliceTarget", "timeSliceWindow"],
            "RatioTimeslices" => &["timeSliceWindow"],
            "Occurrences" => &[],
            _ => return,
        };
        let lacks: Vec<&'static str> = needed
            .iter()
            .copied()
            .filter(|field| objective.given(field).is_none())
            .filter(|field| !self.is_misspelled(objective, &[field]))
            .collect();
        if !lacks.is_empty() {
            self.report(Problem::SliceFields {
                span: fields::first_key(objective),
                method: method.to_owned(),
                lacks,
                unused: None,
                delete: None,
            });
        }
        let used: &[&str] = match method {
            "Occurrences" => &[],
            "RatioTimeslices" => &["timeSliceWindow"],
            _ => &["timeSliceTarget", "timeSliceWindow"],
        };
        for field in ["timeSliceTarget", "timeSliceWindow"] {
            if !used.contains(&field) && objective.given(field).is_some() {
                self.report(Problem::SliceFields {
                    span: fields::key_span(objective, field),
                    method: method.to_owned(),
                    lacks: Vec::new(),
                    unused: Some(field),
                    delete: delete_entry(objective, field),
                });
            }
        }
    }

    /// A window must be a whole number of slices, or its last slice has no end.
    fn slice_length(&mut self, window: &Spanned<Duration>, objective: Node<'_>) {
        let Some(slice) = slice_window(objective) else {
            return;
        };
        let is_wrong = |length: &Spanned<Duration>| {
            length.value.count == 0 || self.places.contains(&length.span)
        };
        if is_wrong(&slice) || is_wrong(window) || slice.value.fills(window.value) {
            return;
        }
        self.report(Problem::SliceLength {
            span: slice.span,
            slice: slice.value.to_string(),
            window: window.value.to_string(),
            window_span: window.span,
            longer: slice.value.shortest_seconds() > window.value.longest_seconds(),
        });
    }

    /// The schema knows the form of a duration, and not how long it may be.
    fn length(&mut self, mapping: Node<'_>, field: &str) {
        let long = fields::too_long(mapping, field);
        if let Some(long) = long.filter(|long| !self.places.contains(&long.span())) {
            self.report(long);
        }
    }

    /// The first version gives a count and its unit.
    fn count_v1alpha(&mut self, window: Node<'_>) {
        let (unit, count) = (fields::word(window, "unit"), fields::number(window, "count"));
        let (Some(unit), Some(count)) = (unit, count) else { return };
        let known = ["Second", "Minute", "Hour", "Day", "Week", "Month", "Quarter", "Year"];
        let known = known.into_iter().zip(Unit::ALL).find(|(name, _)| *name == unit.value);
        let longest = Duration::new(Duration::LONGEST_YEARS, Unit::Year).nominal_seconds();
        let is_long = known.is_some_and(|(_, unit)| {
            &count.value * &Ratio::whole(unit.nominal_seconds()) > Ratio::whole(longest)
        });
        if is_long && !self.places.contains(&count.span) {
            let (span, field) = (count.span, "count".to_owned());
            let text = format!("{} {}", window.given("count").map_or("", Node::raw), unit.value);
            self.report(Problem::LongDuration { span, text, field });
        }
    }

    fn sli(&mut self, spec: Node<'_>, place: Span) {
        self.exactly_one(spec, place, "spec", ["thresholdMetric", "ratioMetric"]);
        let threshold = spec.given("thresholdMetric");
        if let Some(metric) = threshold.filter(|metric| metric.is_mapping()) {
            self.metric(metric, fields::key_span(spec, "thresholdMetric"), "thresholdMetric");
        }
        let Some(ratio) = spec.given("ratioMetric").filter(|ratio| ratio.is_mapping()) else {
            return;
        };
        let place = fields::key_span(spec, "ratioMetric");
        if ratio.given("raw").is_some() {
            for field in ["total", "good", "bad"] {
                if ratio.given(field).is_some() {
                    self.conflict(ratio, "raw", field);
                    break;
                }
            }
            if ratio.given("rawType").is_none() {
                self.one_of(ratio, fields::key_span(ratio, "raw"), "ratioMetric", &["rawType"]);
            }
        } else if ratio.given("total").is_some() {
            self.exactly_one(ratio, place, "ratioMetric", ["good", "bad"]);
        } else if ratio.given("rawType").is_some() {
            self.one_of(ratio, place, "ratioMetric", &["raw"]);
        } else {
            self.one_of(ratio, place, "ratioMetric", &["total", "raw"]);
        }
        for field in ["good", "bad", "total", "raw"] {
            if let Some(metric) = ratio.given(field).filter(|metric| metric.is_mapping()) {
                self.metric(metric, fields::key_span(ratio, field), field);
            }
        }
    }

    fn metric(&mut self, metric: Node<'_>, place: Span, field: &'static str) {
        if self.dialect == Dialect::OpenSloV2Alpha {
            self.exactly_one(metric, place, field, ["dataSourceRef", "dataSourceSpec"]);
        }
    }

    fn alert_policy(&mut self, spec: Node<'_>) {
        for (list, reference) in
            [("conditions", "conditionRef"), ("notificationTargets", "targetRef")]
        {
            let items = spec.given(list);
            let items = items.iter().flat_map(|list| list.items());
            for item in items.filter(|item| item.is_mapping()) {
                self.embedded(item, list, reference);
                if let Some(spec) = item.given("spec").filter(|_| list == "conditions") {
                    self.alert_condition(spec);
                }
            }
        }
    }

    fn alert_condition(&mut self, spec: Node<'_>) {
        if let Some(condition) = spec.given("condition") {
            self.length(condition, "lookbackWindow");
            self.length(condition, "alertAfter");
        }
    }

    /// An item of a list is a reference, or an object in place.
    fn embedded(&mut self, item: Node<'_>, list: &'static str, reference: &'static str) {
        let inline = ["spec", "metadata", "kind"];
        let inline = inline.into_iter().find(|field| item.given(field).is_some());
        match (item.given(reference).is_some(), inline) {
            (true, Some(field)) => self.conflict(item, reference, field),
            (false, None) => self.one_of(item, fields::first_key(item), list, &[reference, "spec"]),
            (false, Some(_)) if item.given("spec").is_none() => {
                self.one_of(item, fields::first_key(item), list, &["spec"]);
            }
            _ => {}
        }
    }

    fn exactly_one(
        &mut self,
        mapping: Node<'_>,
        place: Span,
        of: &'static str,
        fields: [&'static str; 2],
    ) {
        self.at_most_one(mapping, fields);
        if fields.iter().all(|field| mapping.given(field).is_none()) {
            self.one_of(mapping, place, of, &fields);
        }
    }

    fn at_most_one(&mut self, mapping: Node<'_>, [first, second]: [&'static str; 2]) {
        if mapping.given(first).is_some() && mapping.given(second).is_some() {
            self.conflict(mapping, first, second);
        }
    }

    fn conflict(&mut self, mapping: Node<'_>, first: &'static str, second: &'static str) {
        let (first_key, second_key) =
            (fields::key_span(mapping, first), fields::key_span(mapping, second));
        let (early, late) = if first_key <= second_key {
            ((first, first_key), (second, second_key))
        } else {
            ((second, second_key), (first, first_key))
        };
        let (target, percent) = ("target", "targetPercent");
        let numbers = (fields::number(mapping, target), fields::number(mapping, percent));
        let same = match numbers {
            (Some(target), Some(percent)) => target.value == &percent.value / 100,
            _ => false,
        };
        let of_targets = [first, second].iter().all(|field| [target, percent].contains(field));
        let redundant = (of_targets && same).then(|| delete_entry(mapping, target)).flatten();
        self.report(Problem::Conflict {
            span: late.1,
            field: late.0,
            other: early.1,
            other_field: early.0,
            across: false,
            redundant,
        });
    }

    fn one_of(&mut self, mapping: Node<'_>, span: Span, of: &'static str, fields: &[&'static str]) {
        if self.is_misspelled(mapping, fields) || self.has_null(mapping, fields) {
            return;
        }
        let (fields, of) = (fields.to_vec(), of.to_owned());
        self.report(Problem::MissingOneOf { span, fields, of });
    }

    /// Returns whether the schema has found a key in this mapping that was meant to be one of these.
    fn is_misspelled(&self, mapping: Node<'_>, fields: &[&'static str]) -> bool {
        let is_meant = |meant: &String| fields.contains(&meant.as_str());
        let mut keys = mapping.entries().map(|entry| entry.key.span());
        !self.misspelled.is_empty()
            && keys.any(|key| self.misspelled.get(&key).is_some_and(is_meant))
    }

    /// Returns whether one of the fields stands there without a value: a person is still writing.
    fn has_null(&mut self, mapping: Node<'_>, fields: &[&'static str]) -> bool {
        let entry = fields.iter().find_map(|field| mapping.entry(field));
        let Some(entry) = entry.filter(|entry| entry.value.is_null()) else {
            return false;
        };
        self.report(Problem::MissingFields {
            span: entry.key.span(),
            object: mapping.span(),
            fields: vec![entry.key.text().unwrap_or_default().to_owned()],
            of: entry.key.text().unwrap_or_default().to_owned(),
            weak: false,
        });
        true
    }
}

/// An experiment, or a target that somebody gives a reason for, may be as low as it likes.
fn is_exempt_from_low_target(object: Node<'_>) -> bool {
    let meta = fields::meta(object, fields::metadata(object), Dialect::OpenSloV1);
    let experiment = meta.label("kind").is_some_and(|kind| kind.value == "experiment");
    let reason = meta.annotation("slo/rationale");
    experiment || reason.is_some_and(|reason| !reason.value.trim().is_empty())
}

/// Returns the length of a slice; a bare number counts minutes.
pub(super) fn slice_window(objective: Node<'_>) -> Option<Spanned<Duration>> {
    let node = objective.given("timeSliceWindow")?;
    match node.scalar()?.value() {
        Value::Number(minutes) => {
            let count = u64::try_from(minutes.to_i64()?).ok().filter(|count| *count > 0)?;
            let duration = Duration::parse(&format!("{count}m"))?;
            Some(Spanned::new(duration, node.span()))
        }
        _ => fields::duration(objective, "timeSliceWindow"),
    }
}
