use crate::finding::Level;
use crate::indicators::Sli;
use crate::indicators::User;
use crate::quantity::Ratio;
use crate::query::events::EventSet;
use crate::query::events::GuardKind;
use crate::query::events::Reading;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;

use super::name;

pub(super) const RULE: Rule = Rule {
    name: "clamped-denominator",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::PromQl,
    since: "0.1.0",
    docs: include_str!("clamped_denominator.md"),
    settings: &[],
    check: Check::Indicator(check),
};

/// The fewest events an hour of a bound that matters: less only keeps a division from one by zero.
const FEW: i64 = 1;

/// The annotation that says how many events there are.
const TRAFFIC: &str = "slo/events-per-hour";

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let Some((total, events)) = sli.total.as_ref().and_then(|it| Some((it, it.events.as_ref()?)))
    else {
        return;
    };
    let bound = events.guards.iter().find_map(|guard| match guard.kind {
        GuardKind::AtLeast(least) => Some((*guard, least)),
        _ => None,
    });
    let Some((guard, least)) = bound else { return };
    // In other units, a bound is another number of events.
    if events.guards.iter().any(|guard| guard.kind == GuardKind::Scaled) {
        return;
    }
    let an_hour = events.sets.first().and_then(|set| events_an_hour(set, least));
    let Some(an_hour) = an_hour.filter(|count| count.compare_whole(FEW).is_ge()) else { return };
    let users = &sli.queries.users;
    let is_busy = |user: &User<'_>| {
        let traffic = user.slo.meta.declared_number(TRAFFIC);
        traffic.is_some_and(|traffic| traffic.value > an_hour)
    };
    if !users.is_empty() && users.iter().all(is_busy) {
        return;
    }
    let (query, name) = (total.query, name(total, sli));
    let place = checker.place(query, guard.extent);
    let finding = checker.report(place, format!("{name} is never less than {least}"));
    let count = an_hour.significant(3);
    finding.label(format!("below {count} events an hour the share is wrong"));
    finding.help("let no traffic have no value: write `> 0` in the place of the bound");
}

/// Returns how many events an hour a bound on a value is; nothing where that is not known.
fn events_an_hour(set: &EventSet<'_>, least: f64) -> Option<Ratio> {
    const HOUR: i64 = 3_600;
    let least = Ratio::parse(&least.to_string())?;
    match set.reading {
        Reading::Rate | Reading::InstantRate => Some(&least * &Ratio::whole(HOUR)),
        // Whatever grew at all grew by 1.
        Reading::Increase | Reading::Sum if least.compare_whole(1).is_le() => None,
        Reading::Increase | Reading::Sum => {
            let seconds = Ratio::new(set.range?.nanoseconds()?, 1_000_000_000)?;
            (&least * &Ratio::whole(HOUR)).checked_div(&seconds)
        }
        Reading::Value => None,
    }
}
