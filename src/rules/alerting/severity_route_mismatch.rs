use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;

use crate::alerts::channel;
use crate::alerts::channel::Channel;
use crate::alerts::is_one;
use crate::alerts::route::Routes;
use crate::alerts::urgency::Urgency;
use crate::alerts::urgency::of_word;
use crate::config::Alerting;
use crate::finding::Level;
use crate::model::Alert;
use crate::model::Catalog;
use crate::model::Object;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::list;
use crate::rules::words::quote;
use crate::source::Span;
use crate::spelling;
use crate::spelling::Vocabulary;

pub(super) const RULE: Rule = Rule {
    name: "severity-route-mismatch",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Alerts,
    since: "0.1.0",
    docs: include_str!("severity_route_mismatch.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// What is wrong about a severity.
struct Fault<'a> {
    severity: &'a str,
    urgency: Urgency,
    /// The word that was most likely meant.
    slip: Option<&'a str>,
    /// The channels that do not go with it, by their place.
    told: BTreeMap<Span, (&'a str, Channel)>,
    /// The policies that name a condition elsewhere and tell these alone.
    policies: BTreeSet<Span>,
}

/// What is known so far: words stand in every SLO, and are the same ones.
struct Judge<'j, 'a> {
    checker: &'j Checker<'a>,
    words: &'a Alerting,
    urgencies: BTreeMap<&'a str, (Urgency, Option<&'a str>)>,
    channels: BTreeMap<&'a str, Option<Channel>>,
    faults: BTreeMap<Span, Fault<'a>>,
}

fn check(_: &Catalog, checker: &mut Checker<'_>) {
    let catalog = checker.catalog();
    let mut judge = Judge {
        checker,
        words: &checker.config().alerting,
        urgencies: BTreeMap::new(),
        channels: BTreeMap::new(),
        faults: BTreeMap::new(),
    };
    let mut used = HashSet::new();
    for slo in checker.subjects() {
        judge.alerts(&slo.alerts);
        used.extend(slo.alerts.iter().map(|alert| alert.policy.meta.span));
    }
    for object in catalog.objects() {
        // One that no SLO uses here is offered to those of other repositories.
        if let Object::AlertPolicy(policy) = object
            && !used.contains(&policy.meta.span)
        {
            let conditions = policy.conditions.iter();
            let found = conditions.filter_map(|condition| catalog.condition(condition).one());
            let alerts: Vec<_> = found.map(|condition| Alert { policy, condition }).collect();
            judge.alerts(&alerts);
        }
    }
    for (span, fault) in judge.faults {
        report(span, &fault, checker);
    }
}

impl<'a> Judge<'_, 'a> {
    /// Judges alerts that tell of one SLO together.
    fn alerts(&mut self, alerts: &[Alert<'a>]) {
        let catalog = self.checker.catalog();
        let mut routes = None;
        for alert in alerts {
            let Some(severity) = &alert.condition.severity else { continue };
            let (urgency, slip) = self.urgency(&severity.value);
            if urgency == Urgency::Unknown {
                continue;
            }
            let routes = routes
                .get_or_insert_with(|| Routes::new(alerts, catalog, |word| self.channel(word)));
            let route = routes.wrong(*alert, urgency);
            if route.is_none() && slip.is_none() {
                continue;
            }
            let fault = self.faults.entry(severity.span).or_insert_with(|| Fault {
                severity: &severity.value,
                urgency,
                slip,
                told: BTreeMap::new(),
                policies: BTreeSet::new(),
            });
            let policy = &alert.policy.meta;
            if route.is_some() && !policy.span.contains(severity.span) {
                fault.policies.insert(policy.place());
            }
            let told = route.into_iter().flatten();
            fault.told.extend(told.map(|(word, span, channel)| (span, (word, channel))));
        }
    }

    /// Returns what a severity asks for, and the word that it is a slip of.
    fn urgency(&mut self, word: &'a str) -> (Urgency, Option<&'a str>) {
        let words = self.words;
        *self.urgencies.entry(word).or_insert_with(|| {
            let known = of_word(word, words);
            if known != Urgency::Unknown {
                return (known, None);
            }
            let usual = ["page", "ticket", "critical", "warning"].into_iter();
            let all = usual.chain(words.page.iter().chain(&words.ticket).map(String::as_str));
            let near = spelling::nearest(word, all, Vocabulary::Words);
            match near.first().copied().filter(|near| is_slip(word, near)) {
                Some(near) => (of_word(near, words), Some(near)),
                None => (Urgency::Unknown, None),
            }
        })
    }

    fn channel(&mut self, word: &'a str) -> Option<Channel> {
        let Alerting { pagers, tickets, .. } = self.words;
        *self.channels.entry(word).or_insert_with(|| {
            let known = channel::of_word(word);
            let is_pager = is_one(pagers, word) || known == Some(Channel::Pager);
            let is_ticket = is_one(tickets, word) || known == Some(Channel::Ticket);
            match (is_pager, is_ticket) {
                (true, true) => Some(Channel::Either),
                (true, false) => Some(Channel::Pager),
                (false, true) => Some(Channel::Ticket),
                (false, false) => known,
            }
        })
    }
}

/// Returns whether a word is a known one with two letters swapped, or one lost or doubled within it.
///
/// `Warnung` and `critica` are one letter from `warning` and `critical`, and words of other languages;
/// `page2` is a word of a team.
fn is_slip(word: &str, known: &str) -> bool {
    let letters = |text: &str| text.trim().to_lowercase().chars().collect::<Vec<_>>();
    let (word_letters, known_letters) = (letters(word), letters(known));
    let is_within = word_letters.first() == known_letters.first()
        && word_letters.last() == known_letters.last();
    let sorted = |letters: &[char]| {
        let mut letters = letters.to_vec();
        letters.sort_unstable();
        letters
    };
    let is_swapped = sorted(&word_letters) == sorted(&known_letters);
    let is_longer = word_letters.len() != known_letters.len();
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let is_near = spelling::is_certain(word, known) && digits(word) == digits(known);
    is_near && (is_swapped || is_longer && is_within)
}

fn report(span: Span, fault: &Fault<'_>, checker: &mut Checker<'_>) {
    let severity = quote(fault.severity);
    if let Some(meant) = fault.slip {
        let edit = checker.rewrite(span, meant).filter(|_| fault.told.is_empty());
        let message = format!("the severity {severity} is neither a page nor a ticket");
        let finding = checker.report_at(Level::Warning, span, message);
        finding.label(format!("nearly `{meant}`"));
        let title = format!("write `{meant}`");
        match edit {
            Some(edit) => finding.unsafe_fix(title, vec![edit]),
            None => finding.help(title),
        };
        return;
    }
    let is_page = fault.urgency == Urgency::Page;
    let by_mail = fault.told.values().find(|(_, channel)| *channel == Channel::Mail);
    let mut names: Vec<&str> = Vec::new();
    for (word, _) in fault.told.values() {
        if !names.contains(word) {
            names.push(word);
        }
    }
    let (level, does, label, help) = match by_mail {
        Some((word, _)) if is_page => {
            let add = "add a notification target that pages, or name";
            let help = format!("{add} `{word}` in `[alerting] pagers` where it reaches one");
            (Level::Warning, "wakes nobody", "asks for somebody at any hour", help)
        }
        _ if is_page => {
            let help = "add a notification target that pages, or file a ticket: `severity: ticket`";
            (Level::Error, "wakes nobody", "asks for somebody at any hour", help.to_owned())
        }
        _ => {
            let pagers = list(&names, "and");
            let help = format!(
                "send it to a chat, or name {pagers} in `[alerting] tickets` where that holds back what can wait"
            );
            (Level::Warning, "wakes somebody", "can wait for working hours", help)
        }
    };
    let names = list(&names, "and");
    let message = format!("an alert of severity {severity} {does}: it goes to {names} alone");
    let finding = checker.report_at(level, span, message);
    finding.label(label).help(help);
    for (place, (_, channel)) in &fault.told {
        finding.also(
            *place,
            match channel {
                Channel::Pager | Channel::Either => "wakes somebody",
                Channel::Mail => "wakes nobody by itself",
                Channel::Ticket => "waits until somebody looks",
            },
        );
    }
    for place in &fault.policies {
        finding.also(*place, "this policy tells nobody else");
    }
}
