use std::sync::Arc;

use crate::finding::Level;
use crate::model::Slo;
use crate::model::Subject;
use crate::needs::Needs;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::few;
use crate::rules::words::percent;
use crate::rules::words::quote;
use crate::rules::words::sentence;
use crate::source::Spanned;

use super::is_beyond;
use super::name_of;
use super::promises;

pub(super) const RULE: Rule = Rule {
    name: "unattainable-given-dependencies",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Slos,
    since: "0.1.0",
    docs: include_str!("unattainable_given_dependencies.md"),
    settings: &[],
    check: Check::Slos(check),
};

/// The most SLOs of a circle that are shown.
const MAX_SHOWN: usize = 5;

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    let circles = checker.circles();
    for way in &circles.ways {
        report_circle(way, checker);
    }
    for slo in slos.iter().filter(|slo| slo.is_promise() && slo.knows_method()) {
        let Some(needs) = Needs::new(slo, checker.catalog()) else { continue };
        // Where a circle closes, promises rest on themselves.
        if circles.hold(slo) {
            continue;
        }
        let together = needs.together();
        for target in slo.targets() {
            if is_beyond(&target.value, &together) {
                report(slo, target, &needs, &together, checker);
            }
        }
    }
}

fn report(
    slo: &Subject<'_>,
    target: &Spanned<Ratio>,
    needs: &Needs<'_>,
    together: &Ratio,
    checker: &mut Checker<'_>,
) {
    let share = percent(&target.value);
    let message = match needs.each.as_slice() {
        [only] => {
            let promise = percent(&only.promise);
            format!("a target of {share} needs {}, which promises {promise}", name_of(only))
        }
        several => {
            let most = shown_apart(together, &target.value);
            let words = promises(several);
            format!("a target of {share} needs {words}: together at most {most} %")
        }
    };
    let slos = || needs.each.iter().flat_map(|need| need.slos.iter().copied());
    let otherwise = slos().find(|other| other.method() != slo.method());
    let level = if otherwise.is_some() { Level::Warning } else { Level::Error };
    let finding = checker.report_at(level, target.span, message);
    finding.label("out of reach while others do no better than they promise");
    finding.also(needs.span, "what it cannot do without");
    if needs.each.len() > 1 {
        finding.note("failures that come at different times multiply the targets");
    }
    if let Some(other) = otherwise {
        finding.note(format!(
            "{} counts {}, this SLO {}: the two are not quite comparable",
            quote(other.meta.name()),
            other.method().name(),
            slo.method().name()
        ));
    }
    if let Some(note) = other_window(slo, slos()) {
        finding.note(note);
    }
    finding.help("lower the target, mark `:soft` what it can do without, or name a spare with `|`");
}

/// Returns a share in percent: in full where it is short, else rounded to so many digits that it
/// differs from another.
fn shown_apart(share: &Ratio, other: &Ratio) -> String {
    let (share, other) = (share.percent(), other.percent().to_string());
    let exact = share.to_string();
    let is_short = exact.split_once('.').is_none_or(|(_, digits)| digits.len() <= 6);
    let mut ways = [4, 6, 9, 12].into_iter().map(|digits| share.rounded(digits));
    ways.find(|shown| !is_short && *shown != other).unwrap_or(exact)
}

/// Returns that what is needed is judged over another length of time, where it is.
fn other_window<'a>(slo: &Slo, slos: impl Iterator<Item = &'a Arc<Slo>>) -> Option<String> {
    let length = |slo: &Slo| slo.window.as_ref().map(|window| window.duration.value);
    let own = length(slo)?;
    let mut others = slos.filter_map(|other| Some((other, length(other)?)));
    let differs =
        |(_, other): &(&Arc<Slo>, _)| own.nominal_seconds() != Duration::nominal_seconds(*other);
    let (other, over) = others.find(differs)?;
    Some(format!("{} is judged over {over}, this SLO over {own}", quote(other.meta.name())))
}

fn report_circle(way: &[&Subject<'_>], checker: &mut Checker<'_>) {
    let Some((first, rest)) = way.split_first() else { return };
    let place = |slo: &Subject<'_>| slo.meta.dependencies().map(|declared| declared.span);
    let name = quote(first.meta.name());
    let by_way_of = match few(rest, |slo| quote(slo.meta.name())).as_slice() {
        [] => String::new(),
        names => format!(", by way of {}", sentence(names, "and")),
    };
    let message = format!("the SLO {name} needs itself{by_way_of}");
    let span = place(first).unwrap_or_else(|| first.meta.place());
    let finding = checker.report(span, message);
    finding.label("a circle of needs has no first one to keep its promise");
    for (slo, next) in rest.iter().zip(rest.iter().skip(1).chain([first])).take(MAX_SHOWN) {
        if let Some(span) = place(slo) {
            let (name, next) = (quote(slo.meta.name()), quote(next.meta.name()));
            finding.also(span, format!("{name} needs {next}"));
        }
    }
    finding.help("take out the need that does not hold, or mark it `:soft`");
}
