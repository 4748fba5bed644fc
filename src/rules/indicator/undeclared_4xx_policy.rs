use crate::finding::Level;
use crate::indicators::Sli;
use crate::indicators::direction;
use crate::indicators::statuses::GoodCodes;
use crate::indicators::statuses::good_codes;
use crate::model::Meta;
use crate::query::status::Codes;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;

pub(super) const RULE: Rule = Rule {
    name: "undeclared-4xx-policy",
    level: Level::Info,
    set: Set::All,
    judges: Judges::Queries,
    since: "0.1.0",
    docs: include_str!("undeclared_4xx_policy.md"),
    settings: &[],
    check: Check::Indicator(check),
};

const DECLARATION: &str = "slo/valid-events";

/// The class of the client's errors, by its first digit.
const CLIENT_ERRORS: u16 = 4;

/// Codes of that class that teams often count in another way: too many requests, and a client that left.
const SPECIAL: [u16; 2] = [429, 499];

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    let is_declared = |meta: &Meta| meta.declared(DECLARATION).is_some();
    let mut users = sli.queries.users.iter().map(|user| &user.slo.slo.meta).peekable();
    let is_said = users.peek().is_some() && users.all(is_declared);
    if is_said || is_declared(&sli.queries.indicator.meta) {
        return;
    }
    let Some(good) = good_codes(sli, checker.automata()) else { return };
    let Some(valid) = good.valid.as_ref() else { return };
    let is_inverted = || direction::inverted(sli, checker.automata()).is_some();
    let Some(matcher) = good.matchers.first() else { return };
    if valid.of_class(CLIENT_ERRORS).is_empty() || is_inverted() {
        return;
    }
    let policy = policy(&good, valid);
    let place = checker.place(good.side.query, matcher.extent);
    let message =
        format!("how responses to faults of the client count is not written down: {policy}");
    let finding = checker.report(place, message);
    finding.label("this decides it");
    finding.help(format!("write it in `{DECLARATION}`, such as `{policy}`"));
}

/// Returns how the classes count that teams differ about.
fn policy(good: &GoodCodes<'_, '_>, valid: &Codes) -> String {
    let special = SPECIAL.map(|code| code.to_string()).join(" ");
    let rest = Codes::all().of_class(CLIENT_ERRORS).without(&Codes::in_text(&special));
    let mut parts = vec![("3xx".to_owned(), Codes::all().of_class(3)), ("4xx".to_owned(), rest)];
    parts.extend(SPECIAL.map(|code| (code.to_string(), Codes::in_text(&code.to_string()))));
    let words =
        parts.into_iter().map(|(name, codes)| format!("{name} {}", way(&codes, good, valid)));
    words.collect::<Vec<_>>().join(", ")
}

/// Returns how some codes count.
fn way(codes: &Codes, good: &GoodCodes<'_, '_>, valid: &Codes) -> &'static str {
    let is_none_in = |others: &Codes| codes.without(others) == *codes;
    let is_all_in = |others: &Codes| codes.without(others).is_empty();
    if is_none_in(valid) {
        "excluded"
    } else if is_all_in(&good.codes) && is_all_in(valid) {
        "good"
    } else if is_none_in(&good.codes) && is_all_in(valid) {
        "bad"
    } else {
        "mixed"
    }
}
