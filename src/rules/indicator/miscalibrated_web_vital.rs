use crate::finding::Level;
use crate::indicators::Sli;
use crate::indicators::User;
use crate::indicators::latency::Place;
use crate::indicators::latency::Threshold;
use crate::indicators::latency::family_of;
use crate::indicators::latency::thresholds;
use crate::indicators::latency::unit;
use crate::indicators::vitals::Vital;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent;
use crate::rules::words::quote;
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    name: "miscalibrated-web-vital",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::PromQl,
    since: "0.1.0",
    docs: include_str!("miscalibrated_web_vital.md"),
    settings: &[],
    check: Check::Indicator(check),
};

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    // Whoever did research of their own knows better than a page for everybody.
    let is_reasoned = |user: &User<'_>| user.slo.meta.declared("slo/rationale").is_some();
    if sli.queries.users.iter().any(is_reasoned) {
        return;
    }
    let mut seen: Vec<Span> = Vec::new();
    for threshold in thresholds(sli.queries) {
        let Some(vital) = Vital::of(threshold.metric) else { continue };
        let place = match threshold.place {
            Place::Bucket(parsed, matcher) => checker.place(parsed.query, matcher.extent),
            Place::Constant(parsed, extent) => checker.place(parsed.query, extent),
            Place::Objective(user) => match &user.objective.value {
                Some(value) => value.span,
                None => continue,
            },
        };
        if seen.contains(&place) {
            continue;
        }
        seen.push(place);
        let unit = unit(threshold.metric, &checker.config().metrics);
        match vital.edge(&threshold.value, unit) {
            None => report_edge(&threshold, vital, place, checker),
            Some(edge) if matches!(threshold.place, Place::Bucket(..)) => {
                report_share(vital, edge, sli, place, checker);
            }
            Some(_) => {}
        }
    }
}

fn report_edge(
    threshold: &Threshold<'_, '_>,
    vital: Vital,
    place: Span,
    checker: &mut Checker<'_>,
) {
    let value = &threshold.value;
    let message = format!("{value} is no published threshold of {}", vital.name());
    let name = quote(family_of(threshold.metric));
    let edges = vital.in_words();
    let finding = checker.report(place, message);
    finding.label(format!("compared with {name}"));
    finding.note(format!(
        "{} is good up to {} and poor above {}",
        vital.name(),
        edges[0],
        edges[1]
    ));
    finding.help("take one of them, or tell your own research in the annotation `slo/rationale`");
}

/// Says that a threshold made for three of four page views is asked of more.
fn report_share(vital: Vital, edge: usize, sli: &Sli<'_>, place: Span, checker: &mut Checker<'_>) {
    let Some(calibrated) = Ratio::new(3, 4) else { return };
    let edges = vital.in_words();
    let Some(own) = edges.get(edge) else { return };
    let mut counting = sli.queries.users.iter().filter(|user| user.slo.counts_events());
    let strict = counting.clone().find_map(|user| {
        let target = user.objective.target.as_ref()?;
        (target.value > calibrated).then_some(target)
    });
    if let Some(target) = strict {
        let message = format!(
            "{} of page views within {own}, which is made for 75 % of them",
            percent(&target.value)
        );
        let finding = checker.report(place, message);
        finding.label(format!("a threshold of {} at the 75th percentile", vital.name()));
        finding.also(target.span, "of all page views");
        finding
            .help("ask for 75 % of page views, or budget slices of time by their 75th percentile");
    } else if edge == 1 && counting.next().is_some() {
        let message = format!("{own} is where {} becomes poor, not where it is good", vital.name());
        let finding = checker.report_at(Level::Info, place, message);
        finding.label("counts all that is not poor as good");
        finding.help(format!("take {}", edges[0]));
    }
}
