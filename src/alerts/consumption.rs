//! What people say of how much budget an alert spends before it fires: `slo/budget`, or a name such
//! as `burn-2pct-1h`.
//!
//! # Why
//!
//! A text is taken at its word only where it can mean nothing else: one amount of budget and the very
//! lookback of the condition. *2 % errors in 1h* speaks of errors, *2pct-1h* of a condition over 6h
//! may speak of another one, and neither says anything here.

use crate::model::Meta;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::source::Span;
use crate::source::Spanned;

use super::watch::Watch;
use super::watch::is_whole;

/// How much budget an alert is said to spend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// A share of the whole.
    Share(Ratio),
    /// What may be spent in so much time: nine hours of budget.
    Time(Duration),
}

/// What is said of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// How much budget it spends.
    pub amount: Amount,
    /// The digits behind the point that a text gives; nothing where `slo/budget` declares it, which
    /// is exact.
    pub digits: Option<u32>,
    /// The place.
    pub span: Span,
}

/// The annotations that hold text for people.
const TEXTS: [&str; 3] = ["slo/rationale", "description", "summary"];

/// Returns what is said of how much budget an alert spends: on the condition before the policy, and
/// by `slo/budget` before any text.
pub fn statement(watch: Watch<'_>) -> Option<Statement> {
    const KEY: &str = "slo/budget";
    let metas = [&watch.alert.condition.meta, &watch.alert.policy.meta];
    if let Some(meta) = metas.iter().find(|meta| meta.annotation(KEY).is_some()) {
        let share = meta.declared_share(KEY)?;
        return Some(Statement {
            amount: Amount::Share(share.value),
            digits: None,
            span: share.span,
        });
    }
    metas.into_iter().find_map(|meta| in_texts(meta, watch))
}

fn in_texts(meta: &Meta, watch: Watch<'_>) -> Option<Statement> {
    let notes = TEXTS.iter().filter_map(|key| meta.annotation(key));
    meta.name.iter().chain(notes).find_map(|text| {
        let window = watch.window()?.value;
        let (amount, digits) = said(&text.value, watch.lookback, window)?;
        // `checkout-99.9pct-1h` names its SLO, and *the 0.1 % error budget* is what that leaves.
        let is_of_slo = |target: &Spanned<Ratio>| {
            let both = [target.value.clone(), target.value.complement()];
            both.into_iter().any(|share| amount == Amount::Share(share))
        };
        if watch.slo.targets().any(is_of_slo) {
            return None;
        }
        Some(Statement { amount, digits: Some(digits), span: text.span })
    })
}

/// A number with its unit, as a text gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Percent(Ratio, u32),
    Length(Duration),
    /// A length of time that counts budget: *9 hours of budget*, 9時間分.
    Worth(Duration),
}

/// Returns how much budget a text says is spent over a lookback, and the digits that it gives.
///
/// * `lookback`: in seconds.
fn said(text: &str, lookback: u64, window: Duration) -> Option<(Amount, u32)> {
    if !may_say(text) {
        return None;
    }
    let text: String = text.chars().map(narrow).collect();
    if !speaks_of_spending(&text) {
        return None;
    }
    let mut amounts = Vec::new();
    let mut lengths = Vec::new();
    for part in parts(&text) {
        match part {
            Part::Percent(percent, digits) => amounts.push((Amount::Share(&percent / 100), digits)),
            // *The 30d error budget* is all of it, under the name of its window.
            Part::Worth(length) if is_whole(length, window) => lengths.push(length),
            Part::Worth(length) => amounts.push((Amount::Time(length), 0)),
            Part::Length(length) => lengths.push(length),
        }
    }
    let is_lookback = match lengths.as_slice() {
        [only] => only.nominal_seconds() == lookback,
        // The window is named beside it: *2 % of the budget of 30d in 1h*.
        [one, other] => {
            let is_pair = |one: &Duration, other: &Duration| {
                one.nominal_seconds() == lookback && is_whole(*other, window)
            };
            is_pair(one, other) != is_pair(other, one)
        }
        _ => false,
    };
    let [(amount, digits)] = amounts.as_slice() else { return None };
    // No alert is meant to wait for half of the budget: 50 % and more are a share of something else.
    let is_amount = match amount {
        Amount::Share(share) => *share > Ratio::zero() && *share < &Ratio::one() / 2,
        Amount::Time(length) => {
            let half = window.nominal_seconds() / 2;
            length.count > 0 && length.nominal_seconds() < half
        }
    };
    (is_lookback && is_amount).then(|| (amount.clone(), *digits))
}

/// Returns whether a text speaks of a budget or of burning, and of no other share: of errors, of
/// traffic, or of what is left.
fn speaks_of_spending(text: &str) -> bool {
    const OTHERS: [&str; 21] = [
        "error",
        "fail",
        "request",
        "traffic",
        "canary",
        "rollback",
        "rollout",
        "availab",
        "latency",
        "remain",
        "left",
        "under",
        "above",
        "below",
        "exceed",
        "エラー",
        "失敗",
        "可用性",
        "残",
        "超",
        "未満",
    ];
    const SUBJECTS: [&str; 4] = ["budget", "burn", "予算", "バジェット"];
    let holds = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    // An error budget is no share of errors.
    let is_kept = |letter: &char| !matches!(letter, ' ' | '-' | '_');
    let mut rest: String = text.chars().filter(is_kept).collect();
    for budget in ["errorbudget", "エラーバジェット", "エラー予算"] {
        rest = rest.replace(budget, "");
    }
    holds(text, &SUBJECTS) && !holds(&rest, &OTHERS)
}

/// Returns whether a text is worth reading: most names are not.
fn may_say(text: &str) -> bool {
    let holds = |word: &str| {
        text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    !text.is_ascii() || has_digit && ["%", "pct", "percent", "budget"].into_iter().any(holds)
}

/// Returns a letter as it is written in narrow type and lowercase: `２％` is `2%`.
fn narrow(letter: char) -> char {
    let narrow = match letter {
        '！'..='～' => char::from_u32(u32::from(letter) - 0xFEE0),
        '\u{3000}' => Some(' '),
        other => Some(other),
    };
    narrow.unwrap_or(letter).to_ascii_lowercase()
}

/// Returns every number that has a unit, in order.
fn parts(text: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let read = text.get(..text.len() - rest.len()).unwrap_or_default();
        let counted = may_begin(read).then(|| count(rest)).flatten();
        let part = counted.and_then(|(number, behind)| part(number, behind));
        rest = match part {
            Some((part, behind)) => {
                found.push(part);
                behind
            }
            None => rest.get(letter.len_utf8()..).unwrap_or_default(),
        };
    }
    found
}

/// Returns whether a number may begin behind a text: not within a word, and not behind `99-`, which makes
/// `99-9pct` of a decimal in the name of an object.
fn may_begin(read: &str) -> bool {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
    let is_behind_digit = || {
        let before = read.strip_suffix(['-', '_']);
        before.is_some_and(|before| before.ends_with(|last: char| last.is_ascii_digit()))
    };
    !read.ends_with(is_word) && !is_behind_digit()
}

/// Returns the number that a text begins with, and what comes behind it.
fn count(text: &str) -> Option<(&str, &str)> {
    for word in ["an ", "a ", "one ", "an-", "a-", "one-"] {
        if let Some(behind) = text.strip_prefix(word) {
            return Some(("1", behind));
        }
    }
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let (number, behind) = text.split_at_checked(end.unwrap_or(text.len()))?;
    (!number.is_empty()).then_some((number, behind))
}

/// Returns a number with the unit that follows it, and what comes behind that.
fn part<'a>(number: &str, behind: &'a str) -> Option<(Part, &'a str)> {
    const PERCENT: [&str; 4] = ["percent", "pct", "パーセント", "%"];
    const UNITS: [(&[&str], Unit); 4] = [
        (&["minutes", "minute", "mins", "min", "m", "分間", "分"], Unit::Minute),
        (&["hours", "hour", "hrs", "hr", "h", "時間"], Unit::Hour),
        (&["days", "day", "d", "日間", "日"], Unit::Day),
        (&["weeks", "week", "w", "週間", "週"], Unit::Week),
    ];
    let behind = behind.trim_start_matches([' ', '-', '_']);
    if let Some(rest) = PERCENT.iter().find_map(|word| unit(behind, word)) {
        let digits = number.split_once('.').map_or(0, |(_, digits)| digits.len());
        return Some((Part::Percent(Ratio::parse(number)?, u32::try_from(digits).ok()?), rest));
    }
    let (rest, unit) = UNITS.iter().find_map(|(words, name)| {
        Some((words.iter().find_map(|word| unit(behind, word))?, *name))
    })?;
    let length = Duration::new(number.parse().ok()?, unit);
    let part = if counts_budget(rest) { Part::Worth(length) } else { Part::Length(length) };
    Some((part, rest))
}

/// Returns what comes behind a unit; nothing where the text has another word there.
fn unit<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let behind = text.strip_prefix(word)?;
    let goes_on = word.ends_with(|last: char| last.is_ascii_alphabetic())
        && behind.starts_with(|next: char| next.is_ascii_alphanumeric());
    (!goes_on).then_some(behind)
}

/// Returns whether what comes behind a length of time makes it an amount of budget: *of budget*, or
/// *budget in*. *The 7d budget* alone is named after its window.
fn counts_budget(behind: &str) -> bool {
    if behind.starts_with('分') {
        return true;
    }
    let words = behind.split([' ', '-', '_']).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.take(7).collect();
    let Some(budget) = words.iter().position(|word| word.starts_with("budget")) else {
        return false;
    };
    let (before, after) = words.split_at(budget);
    let counts = |word: &&str| ["of", "worth", "'", "'s"].contains(word);
    let is_small = |word: &&str| counts(word) || ["the", "its", "error"].contains(word);
    let is_spent = || after.get(1).is_some_and(|word| ["in", "a", "an", "per"].contains(word));
    before.iter().all(is_small) && (before.iter().any(counts) || is_spent())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600;
    const MONTH: Duration = Duration::new(30, Unit::Day);

    fn share(text: &str) -> Option<String> {
        match said(text, HOUR, MONTH)? {
            (Amount::Share(share), digits) => Some(share.percent().fixed(digits)),
            (Amount::Time(length), _) => Some(length.to_string()),
        }
    }

    #[test]
    fn one_amount_and_the_lookback_say_it() {
        for text in [
            "burn-2pct-1h",
            "burn_2_percent_in_60m",
            "Fast burn: 2% in an hour",
            "2 % of the error budget of 30d in 1h",
            "budget-2pct-60min",
            "1時間で予算の2%",
            "2% of the 30d error budget in 1h",
            "30d-budget-burn-2pct-1h",
            "エラーバジェットの２％を１時間で消費",
            "1 時間に予算の 2 パーセント",
        ] {
            assert_eq!(share(text).as_deref(), Some("2"), "{text}");
        }
        assert_eq!(share("burns 2.50 % in 1h").as_deref(), Some("2.50"));
        for text in [
            "9h-budget-in-1h",
            "9 hours of budget in 1 hour",
            "nine is 9 hours' worth of error budget in one hour",
            "1 時間の間に 9 時間分のエラー バジェットを消費",
            "9 h of the budget an hour",
        ] {
            assert_eq!(share(text).as_deref(), Some("9h"), "{text}");
        }
    }

    #[test]
    fn what_may_mean_something_else_says_nothing() {
        for text in [
            "fast-burn",
            "burn-2pct",
            "burn-2pct-6h",
            "2pct-1h",
            "burn-2pct-errors-1h",
            "2 % of requests fail over 1h",
            "99.9 % burns 2 % of its budget in 1h",
            "2 % of the budget of 28d in 1h",
            "2 % of the budget in 1h or 5 % in 6h",
            "burn-2pct-1h-5m",
            "burn-0pct-1h",
            "burn-200pct-1h",
            "availability-99pct-burn-1h",
            "burn-10pct-canary-1h",
            "burn-14.4x-1h",
            "burn-v2pct-1h",
            "burn-2pctile-1h",
            "エラーが1時間に2%",
            "予算の2%",
            "burn 1.2.3% in 1h",
            "Error ratio above 1.44% over 1h, so the error budget burns 14.4 times too fast",
            "More than 1.44 % of requests failed in 1h (error budget burn rate 14.4)",
            "1時間のエラー率が1.44%を超え、エラーバジェットの消費が速すぎる",
            "Pages over 1h while 90 % of the error budget remains",
            "予算の残りが10%を切る前に1時間で知らせる",
            "error-budget-10pct-left-1h",
            "Error budget burn: 5xx above 1.44% over 1h",
            "checkout error budget: 99.95 % availability over 1h",
            "Canary: at most 1% of traffic, so error budget burn over 1h is slow",
            "latency budget: 95% under 300ms, 1h window",
            "checkout-99-9pct-budget-burn-1h",
            "burn-2-5pct-1h",
            "burn_0_5pct_1h",
            "30d-error-budget-burn-1h",
            "checkout-28d-budget-burn-1h",
            "7d-error-budget-burn-1h",
            "Burn of the 30d error budget over 1h",
            "Burning the 30d error budget too fast (1h lookback)",
            "The 28-day error budget burns 14.4x too fast over 1h",
            "28d of error budget in 1h",
            "at this rate 100% of the budget is gone, 1h lookback",
            "Fast burn over 1h. Runbook: use 50% rollback of the budget",
            "Fast burn over 1h: a rollback of 10 % saves the budget",
        ] {
            assert_eq!(share(text), None, "{text}");
        }
    }
}
