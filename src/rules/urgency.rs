//! How urgent a severity is: whether it wakes somebody or waits for working hours.
//!
//! # Why
//!
//! Severities are free words. Only those that everybody reads alike are known here; `high`, `p1` and
//! `sev2` mean something else in every team, so what they ask for is not known.

/// What a severity asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Somebody acts now, at any hour.
    Page,
    /// Somebody acts within days.
    Ticket,
    /// Nobody can tell.
    Unknown,
}

/// The words for what wakes somebody.
pub(super) const PAGE: [&str; 6] = ["page", "pager", "paging", "critical", "urgent", "emergency"];

/// The words for what waits.
pub(super) const TICKET: [&str; 8] =
    ["ticket", "tickets", "warning", "warn", "low", "minor", "notice", "info"];

/// Returns how urgent a word for a severity is, in whatever case.
pub(super) fn of_word(word: &str) -> Urgency {
    let is_one = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word.trim()));
    if is_one(&PAGE) {
        Urgency::Page
    } else if is_one(&TICKET) {
        Urgency::Ticket
    } else {
        Urgency::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_count_in_whatever_case_and_no_other_is_guessed() {
        assert_eq!(of_word(" Page "), Urgency::Page);
        assert_eq!(of_word("CRITICAL"), Urgency::Page);
        assert_eq!(of_word("warning"), Urgency::Ticket);
        for word in ["", "high", "p1", "sev1", "pgae", "重大"] {
            assert_eq!(of_word(word), Urgency::Unknown, "{word}");
        }
    }
}
