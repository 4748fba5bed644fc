use crate::finding::Finding;
use crate::finding::Level;
use crate::model::Slo;
use crate::model::Subject;
use crate::model::Window;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;

use super::LONGEST_WEEKS;
use super::WEEK;

pub(super) const RULE: Rule = Rule {
    name: "window-length-out-of-range",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::Windows,
    since: "0.1.0",
    docs: include_str!("window_length_out_of_range.md"),
    settings: &[],
    check: Check::Slos(check),
};

/// Burn rates in tenths with the hours that they look back, made for 30 days, and the percentage of
/// that budget which each spends: rate × lookback / window.
///
/// # Source
///
/// Google, *The Site Reliability Workbook*, chapter 5, "Alerting on SLOs"; Datadog documentation,
/// "Burn Rate Alerts", for 3 over 24 hours.
const FOR_30_DAYS: [(i64, u64, u8); 4] = [(144, 1, 2), (60, 6, 5), (30, 24, 10), (10, 72, 10)];

/// Words of a rationale that speak of the window.
const WINDOW_WORDS: &[&str] = &["window", "windows", "period", "periods"];

/// The same in Japanese, where words have no ends.
const WINDOW_WORDS_IN_JAPANESE: &[&str] = &["ウィンドウ", "ウインドウ", "期間"];

fn check(slos: &[Subject<'_>], checker: &mut Checker<'_>) {
    for slo in slos {
        let Some(window) = &slo.window else { continue };
        let seconds = window.duration.value.nominal_seconds();
        if seconds == WEEK {
            borrowed_rates(slo, window, checker);
            continue;
        }
        // Of minutes that were meant as months another rule speaks.
        let is_told = window.duration.value.may_be_months();
        let is_short = (1..WEEK).contains(&seconds) && !is_told;
        // A contract has the window that it was signed with, and a tool those that it brings.
        let is_free = slo.meta.dialect.takes_any_window() && !slo.is_agreement();
        if !is_short && seconds <= LONGEST_WEEKS * WEEK || !is_free {
            continue;
        }
        if is_short {
            let finding = report(slo, window, "shorter than a week", checker);
            finding.label("quiet and busy days are judged apart");
            finding.help("take whole weeks, such as 28d");
            if window.duration.value.unit == Unit::Minute {
                finding.note("`m` is minutes; months are a capital `M`");
            }
            continue;
        }
        let governance = checker.governance();
        if governance.is_empty() || !governance.governing(slo).is_empty() {
            let text = format!("longer than {LONGEST_WEEKS} weeks");
            let finding = report(slo, window, &text, checker);
            let days = seconds / Unit::Day.nominal_seconds();
            finding.label(format!("one bad day weighs on every decision for {days} days"));
            finding.help("decide by 28d, and report the longer time beside it");
        }
    }
}

fn report<'a>(
    slo: &Slo,
    window: &Window,
    what: &str,
    checker: &'a mut Checker<'_>,
) -> &'a mut Finding {
    let length = window.duration;
    let is_it = |word: &str| {
        let is_word = || WINDOW_WORDS.iter().any(|known| known.eq_ignore_ascii_case(word));
        is_word() || Duration::parse(word).is_some_and(|other| is_as_long(other, length.value))
    };
    let speaks_of_it = slo.meta.declared("slo/rationale").is_some_and(|rationale| {
        let mut words = rationale.value.split(|letter: char| !letter.is_ascii_alphanumeric());
        words.any(is_it)
            || WINDOW_WORDS_IN_JAPANESE.iter().any(|word| rationale.value.contains(word))
    });
    let level = if speaks_of_it { Level::Info } else { Level::Warning };
    checker.report_at(level, length.span, format!("a window of {} is {what}", length.value))
}

fn is_as_long(one: Duration, other: Duration) -> bool {
    one == other || (one.seconds().is_some() && one.seconds() == other.seconds())
}

/// Says which alerts have burn rates that spend much more of a week's budget than they are known for.
fn borrowed_rates(slo: &Subject<'_>, window: &Window, checker: &mut Checker<'_>) {
    let (mut words, mut places) = (Vec::new(), Vec::new());
    for (tenths, hours, percent) in FOR_30_DAYS {
        let lookback = hours * Unit::Hour.nominal_seconds();
        let is_it = |tenth: &Ratio| tenth.compare_whole(tenths).is_eq();
        let mut burns = slo.alerts.iter().filter_map(|alert| alert.burn());
        let burn = burns.find(|burn| {
            burn.lookback.value.seconds() == Some(lookback)
                && is_it(&(&burn.threshold.value * &Ratio::whole(10)))
        });
        let Some(burn) = burn else { continue };
        let spent = &burn.threshold.value * &Ratio::whole(lookback);
        let spent = spent.checked_div(&Ratio::whole(WEEK)).unwrap_or_else(Ratio::zero);
        let spent = spent.percent().significant(3);
        let rate = &burn.threshold.value;
        words.push(format!("{rate} over {} spends {spent} %", burn.lookback.value));
        places
            .push((burn.threshold.span, format!("spends {percent} % of 30 days, {spent} % of 7")));
    }
    if words.is_empty() {
        return;
    }
    let words = words.join(", ");
    let length = window.duration;
    let message =
        format!("burn rates made for 30 days watch a window of {}: {words}", length.value);
    let finding = checker.report_at(Level::Info, length.span, message);
    for (span, label) in places {
        finding.also(span, label);
    }
    finding.note("an alert spends its burn rate times its lookback over the window");
    finding.help("take burn rates made for 7 days: 16.8 over 1h, 5.6 over 6h, 2.8 over 24h");
}
