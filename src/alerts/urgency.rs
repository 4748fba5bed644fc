//! How soon somebody has to act on an alert, by the word that its condition gives.
//!
//! # Why
//!
//! Severities are free words. `page` and `warning` are read alike by everybody. `P1` and `SEV-1` wake
//! somebody in most teams: enough to judge an alert as one that does, and not enough to say that it
//! goes to the wrong place. `high` and `P2` are nothing that is known, unless `[alerting]` of
//! `slo.toml` says what they are.

use crate::config::Alerting;
use crate::model::AlertCondition;

use super::is_one;

/// How soon somebody has to act on an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// At once, at night as well.
    Page,
    /// In the next days, at work.
    Ticket,
    /// No word says it, or one that teams use for both.
    Unknown,
}

/// The words for what wakes somebody.
pub const PAGE: [&str; 7] = ["page", "pager", "paging", "critical", "crit", "urgent", "emergency"];

/// The words for what waits.
pub const TICKET: [&str; 8] =
    ["ticket", "tickets", "warning", "warn", "low", "minor", "notice", "info"];

/// The priorities that wake somebody in most teams.
///
/// # Source
///
/// PagerDuty documentation, "Incident priority" (`P1`, `SEV-1`).
const HIGH: [&str; 4] = ["p0", "p1", "sev0", "sev1"];

/// The priorities that wait in most teams.
const LOW: [&str; 6] = ["p3", "p4", "p5", "sev3", "sev4", "sev5"];

/// Returns how soon somebody has to act on an alert, by a word that everybody reads alike, or the team,
/// or by a priority.
pub fn severity(condition: &AlertCondition, own: &Alerting) -> Urgency {
    let Some(word) = &condition.severity else { return Urgency::Unknown };
    match of_word(&word.value, own) {
        Urgency::Unknown if is_one(&HIGH, &word.value) => Urgency::Page,
        Urgency::Unknown if is_one(&LOW, &word.value) => Urgency::Ticket,
        urgency => urgency,
    }
}

/// Returns how soon somebody has to act by a word that everybody reads alike, or the team; the team's
/// own words come before the known ones.
pub fn of_word(word: &str, own: &Alerting) -> Urgency {
    if is_one(&own.page, word) {
        Urgency::Page
    } else if is_one(&own.ticket, word) {
        Urgency::Ticket
    } else if is_one(&PAGE, word) {
        Urgency::Page
    } else if is_one(&TICKET, word) {
        Urgency::Ticket
    } else {
        Urgency::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Meta;
    use crate::source::Span;
    use crate::source::Spanned;

    fn of(word: &str) -> Urgency {
        severity(Some(word), &Alerting::default())
    }

    fn of_word(word: &str) -> Urgency {
        super::of_word(word, &Alerting::default())
    }

    fn severity(word: Option<&str>, own: &Alerting) -> Urgency {
        let severity = word.map(|word| Spanned::new(word.into(), Span::default()));
        super::severity(&AlertCondition { meta: Meta::default(), severity, burn_rate: None }, own)
    }

    #[test]
    fn the_words_of_a_team_come_first() {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let (page, ticket) = (words(&["high", "重大", "P2"]), words(&["P1", "critical"]));
        let own = Alerting { page, ticket, ..Alerting::default() };
        for word in ["High", "重大", "p-2", "page"] {
            assert_eq!(severity(Some(word), &own), Urgency::Page, "{word}");
        }
        for word in ["p1", "CRITICAL", "warning"] {
            assert_eq!(severity(Some(word), &own), Urgency::Ticket, "{word}");
        }
        assert_eq!(severity(Some("medium"), &own), Urgency::Unknown);
    }

    #[test]
    fn words_are_known_in_any_spelling_and_others_are_not_guessed() {
        for word in ["page", "Page", " CRITICAL ", "urgent"] {
            assert_eq!((of(word), of_word(word)), (Urgency::Page, Urgency::Page), "{word}");
        }
        for word in ["ticket", "Warning", "low"] {
            assert_eq!((of(word), of_word(word)), (Urgency::Ticket, Urgency::Ticket), "{word}");
        }
        for word in ["high", "p2", "medium", "pages", "pgae", "", "重大"] {
            assert_eq!((of(word), of_word(word)), (Urgency::Unknown, Urgency::Unknown), "{word}");
        }
        assert_eq!(severity(None, &Alerting::default()), Urgency::Unknown);
    }

    #[test]
    fn the_page_of_the_rule_lists_the_words() {
        let page = include_str!("../rules/alerting/severity_route_mismatch.md");
        for (kind, words) in [("a page", &PAGE[..]), ("a ticket", &TICKET)] {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            let line = format!("- {kind}: {};", words.join(", "));
            assert!(page.contains(&line), "{line}");
        }
    }

    #[test]
    fn a_priority_is_no_word_that_everybody_reads_alike() {
        for (word, urgency) in
            [("P1", Urgency::Page), ("sev_0", Urgency::Page), ("SEV 3", Urgency::Ticket)]
        {
            assert_eq!((of(word), of_word(word)), (urgency, Urgency::Unknown), "{word}");
        }
    }
}
