use std::collections::BTreeMap;
use std::sync::Arc;

use crate::alerts::watch::scrape_interval;
use crate::alerts::watch::short_window;
use crate::finding::Level;
use crate::model::Catalog;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::percent_beside;
use crate::source::Edit;
use crate::source::Span;
use crate::source::Spanned;

use crate::alerts::each_condition;
use crate::alerts::is_meant_for_health;
use crate::alerts::is_upward;

pub(super) const RULE: Rule = Rule {
    name: "window-pair-mismatch",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::Alerts,
    since: "0.1.0",
    docs: include_str!("window_pair_mismatch.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// A short window beside the lookback of a condition.
struct Pair {
    short: Spanned<Duration>,
    long: Spanned<Duration>,
    /// Whether the short window is that of no other condition.
    is_alone: bool,
}

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let mut pairs: BTreeMap<(Span, Span), Pair> = BTreeMap::new();
    each_condition(catalog, &mut |policy, condition| {
        let burn = condition.burn_rate.as_ref();
        // No time at all is no duration, which `invalid-duration` says.
        let Some(burn) = burn.filter(|burn| burn.lookback.value.count > 0) else { return };
        let of_policy = policy.map(|policy| &policy.meta);
        let Some(short) = short_window(&condition.meta, of_policy) else { return };
        if is_upward(burn) && !is_meant_for_health(policy.map(Arc::as_ref), condition) {
            let is_own = condition.meta.span.contains(short.span);
            let is_alone = is_own || policy.is_some_and(|policy| policy.conditions.len() == 1);
            let pair = Pair { short, long: burn.lookback, is_alone };
            pairs.entry((short.span, burn.lookback.span)).or_insert(pair);
        }
    });
    for pair in pairs.into_values() {
        judge(&pair, checker);
    }
}

fn judge(pair: &Pair, checker: &mut Checker<'_>) {
    let (short, long) = (pair.short.value, pair.long.value);
    let (Some(little), Some(much)) = (short.seconds(), long.seconds()) else { return };
    let samples = scrape_interval(checker.config());
    let few = samples
        .filter(|(every, _)| every.seconds().is_some_and(|every| little < every.saturating_mul(2)));
    if little >= much {
        let edit = twelfth(pair, checker);
        let message =
            format!("a short window of {short} is not shorter than its lookback of {long}");
        let finding = checker.report_at(Level::Error, pair.short.span, message);
        finding.label("tells nothing that the lookback does not tell");
        finding.also(pair.long.span, "the lookback beside it");
        match edit {
            Some((title, edit)) => finding.unsafe_fix(title, vec![edit]),
            None => finding.help("make it about a twelfth of the lookback"),
        };
    } else if let Some((every, named)) = few {
        let message = format!("a short window of {short} may hold less than two samples");
        let finding = checker.report(pair.short.span, message);
        finding.label("no rate comes of a single one, so the alert does not fire");
        finding.note(format!("{named} says that one is taken every {every}"));
        let least = Duration::new(every.count.saturating_mul(2), every.unit);
        finding.help(format!("make it at least {least}, and the lookback twelve times as long"));
    } else {
        judge_share(pair, little, much, checker);
    }
}

/// Tells of a short window that is much shorter or longer than a twelfth.
fn judge_share(pair: &Pair, little: u64, much: u64, checker: &mut Checker<'_>) {
    let (part, label) = if little.saturating_mul(24) < much {
        (24, "so short that the alert stops at every lull")
    } else if little.saturating_mul(4) > much {
        (4, "so long that the alert hardly stops sooner")
    } else {
        return;
    };
    let Some(share) = Ratio::new(little, much) else { return };
    let share = percent_beside(&share, &(&Ratio::one() / part));
    let (short, long) = (pair.short.value, pair.long.value);
    let message = format!("a short window of {short} is {share} of its lookback of {long}");
    let finding = checker.report_at(Level::Info, pair.short.span, message);
    finding.label(label).also(pair.long.span, "the lookback beside it");
    finding.help("a twelfth, 8.33 %, is usual");
}

/// Returns the edit that makes the short window a twelfth of the lookback, where that is whole minutes.
fn twelfth(pair: &Pair, checker: &Checker<'_>) -> Option<(String, Edit)> {
    let much = pair.long.value.seconds().filter(|much| much.is_multiple_of(12 * 60))?;
    let samples = scrape_interval(checker.config()).and_then(|(every, _)| every.seconds());
    let holds_two = samples.is_none_or(|every| every.saturating_mul(2) <= much / 12);
    let short = Duration::from_seconds(much / 12);
    let edit = checker.rewrite(pair.short.span, &short.to_string())?;
    (pair.is_alone && much > 0 && holds_two)
        .then(|| (format!("write `{short}`, a twelfth of it"), edit))
}
