//! What a notification channel does with an alert: whether it wakes somebody or waits to be looked at.
//!
//! # Why
//!
//! A target is a free word. Only services of one purpose are known here: a webhook may lead anywhere,
//! and ServiceNow and GitLab have lists of work as well as a rota and a phone.

use super::is_one;
use super::urgency::Urgency;

/// What a channel does with an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// It wakes somebody.
    Pager,
    /// It wakes somebody where that is urgent.
    Either,
    /// It waits until somebody looks, unless a pager reads it.
    Mail,
    /// It waits until somebody looks.
    Ticket,
}

const PAGERS: [&str; 19] = [
    "pagerduty",
    "opsgenie",
    "victorops",
    "splunkoncall",
    "grafanaoncall",
    "incidentio",
    "xmatters",
    "squadcast",
    "zenduty",
    "ilert",
    "pagertree",
    "rootly",
    "firehydrant",
    "signl4",
    "allquiet",
    "pager",
    "oncall",
    "sms",
    "phone",
];

const TICKETS: [&str; 22] = [
    "slack",
    "teams",
    "msteams",
    "microsoftteams",
    "discord",
    "mattermost",
    "rocketchat",
    "googlechat",
    "webex",
    "chatwork",
    "lineworks",
    "chat",
    "jira",
    "github",
    "linear",
    "asana",
    "trello",
    "backlog",
    "redmine",
    "youtrack",
    "ticket",
    "tickets",
];

const MAILS: [&str; 3] = ["email", "mail", "mailinglist"];

impl Channel {
    /// Returns whether alerts of an urgency may go to it.
    pub fn serves(self, urgency: Urgency) -> bool {
        match urgency {
            Urgency::Page => matches!(self, Self::Pager | Self::Either),
            Urgency::Ticket => self != Self::Pager,
            Urgency::Unknown => true,
        }
    }
}

/// Returns the channel that a word is known for.
pub fn of_word(word: &str) -> Option<Channel> {
    let known: [(&[&str], Channel); 3] =
        [(&PAGERS, Channel::Pager), (&TICKETS, Channel::Ticket), (&MAILS, Channel::Mail)];
    known.into_iter().find(|(words, _)| is_one(words, word)).map(|(_, channel)| channel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_known_however_it_is_spelled() {
        for word in ["PagerDuty", "pager-duty", "Splunk On-Call", "incident.io", "grafana_oncall"] {
            assert_eq!(of_word(word), Some(Channel::Pager), "{word}");
        }
        for word in ["Slack", "MS Teams", "jira"] {
            assert_eq!(of_word(word), Some(Channel::Ticket), "{word}");
        }
        assert_eq!(of_word("e-mail"), Some(Channel::Mail));
        for word in ["", "-", "webhook", "servicenow", "slack-pager-bridge", "通知"] {
            assert_eq!(of_word(word), None, "{word}");
        }
    }
}
