use jiff::tz::TimeZone;

use crate::finding::Level;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Suppression;
use crate::rules::Use;

pub(super) const RULE: Rule = Rule {
    name: "suppression-without-expiry",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::Everything,
    since: "0.1.0",
    docs: include_str!("suppression_without_expiry.md"),
    settings: &[],
    check: Check::Suppression(check),
};

/// The most days for which something is allowed without being looked at again.
const MAX_DAYS: i32 = 180;

fn check(suppression: &Suppression, _: &Use, checker: &mut Checker<'_>) {
    if suppression.fault.is_some() || suppression.bad_date.is_some() {
        return;
    }
    let Some(until) = &suppression.until else {
        checker
            .report(suppression.span, "the suppression never ends")
            .help("say until when: `# slo: allow(rule) until 2026-12-31: reason`");
        return;
    };
    let today = checker.now().to_zoned(TimeZone::UTC).date();
    let left = (until.value - today).get_days();
    if left > MAX_DAYS {
        checker
            .report(until.span, format!("the suppression is for more than {MAX_DAYS} days"))
            .label(format!("in {left} days: today is {today}"))
            .help("let it end sooner, and look at it again then");
    }
}
