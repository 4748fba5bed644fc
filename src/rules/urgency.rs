//! How soon somebody has to act on an alert, by the word that its condition gives.

use crate::model::AlertCondition;

/// How soon somebody has to act on an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// At once, at night as well.
    Page,
    /// In the next days, at work.
    Ticket,
    /// No word says it, or one that teams use for both.
    Unknown,
}

/// Words for alerts that wake somebody.
///
/// # Source
///
/// OpenSLO, "AlertCondition" (`page`); Sloth and Pyrra, the label `severity` of generated alerts
/// (`page`, `critical`); PagerDuty documentation, "Incident priority" (`P1`, `SEV-1`).
const PAGE: &[&str] =
    &["page", "pager", "paging", "critical", "crit", "emergency", "p0", "p1", "sev0", "sev1"];

/// Words for alerts that somebody looks at when there is time.
const TICKET: &[&str] = &[
    "ticket", "warning", "warn", "minor", "low", "info", "notice", "p3", "p4", "p5", "sev3",
    "sev4", "sev5",
];

/// Returns how soon somebody has to act on an alert.
///
/// `high`, `medium` and `P2` are nothing that is known: some teams are woken by them, others are not.
pub(super) fn severity(condition: &AlertCondition) -> Urgency {
    let Some(word) = &condition.severity else { return Urgency::Unknown };
    let is_one_of = |words: &[&str]| words.iter().any(|known| is_same(known, &word.value));
    if is_one_of(PAGE) {
        Urgency::Page
    } else if is_one_of(TICKET) {
        Urgency::Ticket
    } else {
        Urgency::Unknown
    }
}

/// Returns whether a word is the known one, in whatever case, with or without `-`, `_` and blanks.
fn is_same(known: &str, word: &str) -> bool {
    let letters = word.bytes().filter(|byte| !matches!(byte, b'-' | b'_' | b' '));
    letters.map(|byte| byte.to_ascii_lowercase()).eq(known.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Meta;
    use crate::model::Text;
    use crate::source::Span;
    use crate::source::Spanned;

    #[test]
    fn words_are_known_in_any_spelling_and_others_are_not_guessed() {
        let of = |word: Option<&str>| {
            severity_of(word.map(|word| Spanned::new(word.into(), Span::default())))
        };
        for word in ["page", "Page", " CRITICAL ", "SEV-1", "sev_0", "P1"] {
            assert_eq!(of(Some(word)), Urgency::Page, "{word}");
        }
        for word in ["ticket", "Warning", "low", "SEV 3", "p4"] {
            assert_eq!(of(Some(word)), Urgency::Ticket, "{word}");
        }
        for word in ["high", "p2", "medium", "pages", "", "重大"] {
            assert_eq!(of(Some(word)), Urgency::Unknown, "{word}");
        }
        assert_eq!(of(None), Urgency::Unknown);
    }

    fn severity_of(word: Option<Spanned<Text>>) -> Urgency {
        severity(&AlertCondition { meta: Meta::default(), severity: word, burn_rate: None })
    }
}
