use jiff::ToSpan;
use jiff::tz::TimeZone;

use crate::finding::Level;
use crate::model::Meta;
use crate::model::Subject;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::approval::PRODUCT;
use crate::rules::approval::is_approved_by;
use crate::rules::words::percent;
use crate::rules::words::quote;
use crate::source::Spanned;

pub(super) const RULE: Rule = Rule {
    name: "target-from-current-performance",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::Slos,
    since: "0.1.0",
    docs: include_str!("target_from_current_performance.md"),
    settings: &[],
    check: Check::Slo(check),
};

/// The words of `slo/basis` that name what is reached today.
const BASES: &[&str] = &["current", "historical"];

/// Words that speak of what is reached today.
const TODAY: &[&str] = &["current", "currently", "historic", "historical", "historically"];
const TODAY_IN_JAPANESE: &[&str] = &["現状", "現在の", "実績"];

/// What stands before a stretch of time that is over, as in "last 30 days".
const PAST: &[&str] = &["last", "past", "previous", "trailing"];
const TIMES: &[&str] = &["day", "week", "month", "quarter", "year"];

/// How words begin of what happens at a time, as in "last quarter's review", and measures nothing.
const EVENTS: &str = "audit discuss incident meeting outage plan postmortem release retro review \
    roadmap workshop";

/// How words begin that speak of users or of the business.
const NEEDS: &str = "abandon accept agree business buy churn client compet complain complian contract \
    conver cost customer earn expect expens feel interview lose losing loss market need notic obligat \
    order partner patien people promis purchas refund regulat requir revenue sale satisf sell shop \
    stakeholder subscri support survey ticket tolera user visitor";

/// Whole words that do so, and those that turn a sentence around: "not from current performance".
const WHOLE: &str = "but instead law legal never not rather regardless sla slas unlike";

/// The same in Japanese, where words have no ends.
const NEEDS_IN_JAPANESE: &str = "ではな でなく お客 カスタマー クレーム ビジネス プロダクト ユーザ 事業 \
    体験 利用者 合意 問い合わせ 売上 契約 影響 損失 期待 法律 法令 満足 要件 要求 規制 許容 解約 離脱 顧客";

/// How soon a review makes a beginning of what is reached.
const SOON_DAYS: i32 = 90;

const HELP: &str =
    "say what users or the business lose below the target, and keep what was measured beside it";

/// What shows where a target comes from.
enum Sign<'a> {
    /// `slo/basis` says so.
    Basis(Spanned<&'a str>),
    /// A part of the rationale says so.
    Phrase(Spanned<&'a str>, &'a str),
    /// The target is a number of the rationale with fewer digits.
    Number(Spanned<&'a str>, &'a str, &'a Spanned<Ratio>),
}

fn check(slo: &Subject<'_>, checker: &mut Checker<'_>) {
    if slo.meta.annotations.is_empty() {
        return;
    }
    let Some(sign) = sign(slo) else { return };
    let says_needs =
        slo.meta.declared("slo/rationale").is_some_and(|text| speaks_of_needs(text.value));
    if says_needs || is_approved_by(PRODUCT, slo, checker) {
        return;
    }
    let level = level(&slo.meta, checker);
    let (message, label) =
        ("the target rests on current performance alone", "what is reached, not what users need");
    let finding = match sign {
        Sign::Basis(basis) => checker.report_at(level, basis.span, message).label(label),
        Sign::Phrase(rationale, phrase) => {
            let label = format!("{} is {label}", quote(phrase));
            checker.report_at(level, rationale.span, message).label(label)
        }
        Sign::Number(rationale, number, target) => {
            let (share, number) = (percent(&target.value), quote(number));
            let message =
                format!("the target of {share} is {number} of its rationale with fewer digits");
            let finding = checker.report_at(level, target.span, message);
            finding.label(label).also(rationale.span, "says nothing of users")
        }
    };
    finding.help(HELP);
}

fn sign<'a>(slo: &'a Subject<'_>) -> Option<Sign<'a>> {
    let slo = slo.slo;
    if let Some(basis) = slo.meta.declared("slo/basis") {
        // Any other basis settles it.
        return is_one_of(basis.value, BASES).then_some(Sign::Basis(basis));
    }
    let rationale = slo.meta.declared("slo/rationale")?;
    if let Some(phrase) = of_today(rationale.value) {
        return Some(Sign::Phrase(rationale, phrase));
    }
    let mut targets = slo.targets();
    targets.find_map(|target| {
        let number = read_off(&target.value, rationale.value)?;
        Some(Sign::Number(rationale, number, target))
    })
}

/// What is reached today is a beginning where somebody has said that it is one.
fn level(meta: &Meta, checker: &Checker<'_>) -> Level {
    let today = checker.now().to_zoned(TimeZone::UTC).date();
    let is_soon = |day| today <= day && today.saturating_add(SOON_DAYS.days()) >= day;
    let is_reviewed = meta.declared_day("slo/next-review").is_some_and(|day| is_soon(day.value));
    let is_beginning = meta.declares("slo/status", "draft") || is_reviewed;
    if is_beginning { Level::Info } else { Level::Warning }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn is_one_of(word: &str, known: &[&str]) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Returns the first of some words that a text holds anywhere.
fn holds<'a>(text: &str, known: &[&'a str]) -> Option<&'a str> {
    known.iter().copied().find(|known| text.contains(known))
}

fn speaks_of_needs(text: &str) -> bool {
    let is_need = |word: &str| {
        begins_as(word, NEEDS) || WHOLE.split(' ').any(|whole| whole.eq_ignore_ascii_case(word))
    };
    words(text).any(is_need) || NEEDS_IN_JAPANESE.split(' ').any(|need| text.contains(need))
}

/// Returns whether a word begins as one of some, whatever its case.
fn begins_as(word: &str, starts: &str) -> bool {
    let begins =
        |start: &str| word.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    starts.split(' ').any(begins)
}

/// Returns the part of a text that speaks of what is reached today.
fn of_today(text: &str) -> Option<&str> {
    let words: Vec<&str> = words(text).collect();
    let start = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    for (index, word) in words.iter().enumerate() {
        if is_one_of(word, TODAY) {
            return Some(word);
        }
        let behind = words.get(index + 1..).unwrap_or_default();
        if is_one_of(word, PAST)
            && let Some(end) = time_that_is_over(behind)
        {
            return text.get(start(word)..start(end) + end.len());
        }
    }
    if text.is_ascii() {
        return None;
    }
    holds(text, TODAY_IN_JAPANESE).or_else(|| past_in_japanese(text))
}

/// Returns the last word of a stretch of time at the head of some words: `30 days`, `few weeks`,
/// `quarter`, `28d`.
fn time_that_is_over<'a>(words: &[&'a str]) -> Option<&'a str> {
    let is_time = |word: &str| {
        TIMES.iter().any(|time| {
            let rest = word.get(..time.len()).filter(|head| head.eq_ignore_ascii_case(time));
            rest.is_some() && word.get(time.len()..).is_some_and(|rest| is_one_of(rest, &["", "s"]))
        })
    };
    let (time, behind) = match words {
        // "On the last day of the month" is no measurement.
        [day, ..] if day.eq_ignore_ascii_case("day") => return None,
        [time, behind @ ..] if is_time(time) || Duration::parse(time).is_some() => (time, behind),
        [count, time, behind @ ..] if is_time(time) && !is_one_of(count, &["of", "the"]) => {
            (time, behind)
        }
        _ => return None,
    };
    // What an apostrophe parts from its word.
    let next = behind.iter().find(|word| !word.eq_ignore_ascii_case("s"));
    (!next.is_some_and(|next| begins_as(next, EVENTS))).then_some(time)
}

/// Returns `過去` or `直近` before a number or a measure, as in "過去30日" and "直近の稼働率".
fn past_in_japanese(text: &str) -> Option<&str> {
    const PAST: [&str; 2] = ["過去", "直近"];
    const MEASURES: [&str; 8] =
        ["値", "数値", "計測", "測定", "平均", "稼働率", "可用性", "データ"];
    let is_number =
        |letter: char| letter.is_numeric() || "一二三四五六七八九十半数".contains(letter);
    let is_measured = |behind: &str| {
        let behind = behind.trim_start();
        let behind = behind.strip_prefix('の').unwrap_or(behind).trim_start();
        behind.starts_with(is_number) || MEASURES.iter().any(|word| behind.starts_with(word))
    };
    let found = |past: &'static str| {
        let mut found = text.match_indices(past);
        let is_past = |start: usize| text.get(start + past.len()..).is_some_and(is_measured);
        found.find_map(|(start, past)| is_past(start).then_some(past))
    };
    PAST.into_iter().find_map(found)
}

/// Returns the number of a text of which a target is the rounding, to four significant digits or more.
fn read_off<'a>(target: &Ratio, text: &'a str) -> Option<&'a str> {
    let is_number = |letter: char| letter.is_ascii_digit() || letter == '.';
    let numbers = text.split(|letter| !is_number(letter)).map(|number| number.trim_matches('.'));
    let mut numbers = numbers.filter(|number| number.contains('.')).peekable();
    numbers.peek()?;
    let target = target.percent();
    let written = target.to_string();
    let (whole, fraction) = written.split_once('.')?;
    let digits = format!("{whole}{fraction}");
    if digits.trim_start_matches('0').len() < 4 {
        return None;
    }
    let places = u32::try_from(fraction.len()).ok()?;
    let scale = Ratio::whole(10_i64.checked_pow(places)?);
    numbers.find(|number| {
        let Some(number) = Ratio::parse(number) else { return false };
        let number = if number < Ratio::one() { number.percent() } else { number };
        let cut = (&number * &scale).floor();
        let is_longer = number != target;
        is_longer && (cut == &target * &scale || number.rounded(places) == written)
    })
}
