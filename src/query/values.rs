//! Which values of a label some matchers let through: regular languages, compared exactly.
//!
//! **Invariant:** what cannot be known is told as unknown, never guessed: a value with a placeholder, an
//! expression in syntax of Go's own, an automaton that would be too large.
//!
//! # Why
//!
//! Whether every good event is valid is a question of whether one language lies within another. Samples
//! of values would answer it for the values that somebody thought of. Here the automata of both sides
//! walk side by side, and a value that one takes and the other refuses is shown to the reader.

use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;

use regex_automata::Anchored;
use regex_automata::dfa::Automaton as _;
use regex_automata::dfa::StartKind;
use regex_automata::dfa::dense;
use regex_automata::dfa::dense::DFA;
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;

use super::pattern;
use super::tree::MatchOperator;
use super::tree::Matcher;

/// The most bytes of one automaton.
const MAX_SIZE: usize = 1 << 20;

/// The most states that several automata walk through side by side.
const MAX_STATES: usize = 20_000;

/// The automata of regular expressions, each built once.
#[derive(Debug, Default)]
pub struct Automata {
    known: Mutex<HashMap<String, Option<Arc<Automaton>>>>,
}

#[derive(Debug)]
struct Automaton {
    dfa: DFA<Vec<u32>>,
    start: StateID,
    numbers: OnceLock<Vec<bool>>,
    /// A text that it accepts, and one that it refuses, once somebody has asked.
    examples: [OnceLock<Containment>; 2],
}

/// Whether all values of one set are values of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Containment {
    /// They are.
    Inside,
    /// This one is not; the empty text stands for series without the label.
    Outside(String),
    /// Nobody knows.
    Unknown,
}

/// The values that all of some matchers let through.
#[derive(Debug, Clone, Default)]
pub struct Values {
    conditions: Vec<Condition>,
    is_unknown: bool,
}

#[derive(Debug, Clone)]
struct Condition {
    test: Test,
    is_negated: bool,
}

#[derive(Debug, Clone)]
enum Test {
    Text(String),
    Pattern(Arc<Automaton>),
}

impl Automata {
    fn of(&self, expression: &str) -> Option<Arc<Automaton>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(expression) {
            return known.clone();
        }
        let built = Automaton::of(expression).map(Arc::new);
        known.insert(expression.to_owned(), built.clone());
        built
    }
}

impl Automaton {
    fn of(expression: &str) -> Option<Self> {
        let config = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .dfa_size_limit(Some(MAX_SIZE))
            .determinize_size_limit(Some(MAX_SIZE));
        // Prometheus 3 lets a dot be a line break, and anchors every expression at both ends.
        let anchored = format!("^(?s:{})$", pattern::portable(expression)?);
        let states = thompson::Config::new().nfa_size_limit(Some(MAX_SIZE));
        let mut builder = dense::Builder::new();
        let dfa = builder.configure(config).thompson(states).build(&anchored).ok()?;
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        let examples = [OnceLock::new(), OnceLock::new()];
        Some(Self { dfa, start, numbers: OnceLock::new(), examples })
    }

    /// Returns which numbers of three digits it accepts, from 000; each is tried once.
    fn numbers(&self) -> &[bool] {
        self.numbers.get_or_init(|| {
            let next = |states: Vec<StateID>| {
                let digits =
                    |state| (b'0'..=b'9').map(move |digit| self.dfa.next_state(state, digit));
                states.into_iter().flat_map(digits).collect::<Vec<_>>()
            };
            let ends = next(next(next(vec![self.start]))).into_iter();
            ends.map(|end| self.dfa.is_match_state(self.dfa.next_eoi_state(end))).collect()
        })
    }
}

impl Values {
    /// Returns the values that every one of some matchers of one label lets through; of none, all texts.
    pub fn of<'m>(matchers: impl IntoIterator<Item = &'m Matcher>, automata: &Automata) -> Self {
        let mut values = Self::default();
        for matcher in matchers {
            let value = matcher.value.as_str();
            let (test, is_negated) = match matcher.operator {
                MatchOperator::Equal => (Some(Test::Text(value.to_owned())), false),
                MatchOperator::NotEqual => (Some(Test::Text(value.to_owned())), true),
                MatchOperator::Matches => (automata.of(value).map(Test::Pattern), false),
                MatchOperator::NotMatches => (automata.of(value).map(Test::Pattern), true),
            };
            match test.filter(|_| !pattern::may_hold_placeholder(value)) {
                Some(test) => values.conditions.push(Condition { test, is_negated }),
                None => values.is_unknown = true,
            }
        }
        values
    }

    /// Returns whether a text is one of the values; nothing where nobody knows.
    pub fn contain(&self, text: &str) -> Option<bool> {
        if self.conditions.iter().any(|condition| !condition.holds(text)) {
            return Some(false);
        }
        (!self.is_unknown).then_some(true)
    }

    /// Returns which numbers of three digits, from `first` to the one before `end`, are among the values;
    /// nothing where nobody knows.
    pub fn numbers(&self, first: usize, end: usize) -> Option<Vec<bool>> {
        let mut held = vec![true; end.saturating_sub(first)];
        for condition in &self.conditions {
            match &condition.test {
                Test::Text(text) => {
                    let is_number = text.len() == 3 && text.bytes().all(|it| it.is_ascii_digit());
                    let number: Option<usize> = text.parse().ok().filter(|_| is_number);
                    for (number_of, held) in (first..).zip(&mut held) {
                        *held &= (number == Some(number_of)) != condition.is_negated;
                    }
                }
                Test::Pattern(automaton) => {
                    let numbers = automaton.numbers().iter().skip(first);
                    for (is_accepted, held) in numbers.zip(&mut held) {
                        *held &= *is_accepted != condition.is_negated;
                    }
                }
            }
        }
        (!self.is_unknown || !held.contains(&true)).then_some(held)
    }

    /// Returns whether there is no such value; nothing where nobody knows.
    pub fn is_empty(&self) -> Option<bool> {
        match walk(&self.conditions, None) {
            Containment::Inside => Some(true),
            Containment::Outside(_) if !self.is_unknown => Some(false),
            _ => None,
        }
    }

    /// Returns whether all of these values are values of another set.
    pub fn within(&self, other: &Self) -> Containment {
        // What is not known of either set may take values away: from this one, and then none is left
        // outside; from the other, and then more are.
        match walk(&self.conditions, Some(&other.conditions)) {
            Containment::Inside if other.is_unknown => Containment::Unknown,
            Containment::Outside(_) if self.is_unknown => Containment::Unknown,
            found => found,
        }
    }
}

impl Condition {
    fn holds(&self, text: &str) -> bool {
        let end = text.bytes().fold(self.start(), |state, byte| self.next(state, byte));
        self.accepts(end)
    }

    fn start(&self) -> State {
        match &self.test {
            Test::Text(_) => State::Read(0),
            Test::Pattern(automaton) => State::At(automaton.start),
        }
    }

    fn next(&self, state: State, byte: u8) -> State {
        match (&self.test, state) {
            (Test::Text(text), State::Read(read)) if text.as_bytes().get(read) == Some(&byte) => {
                State::Read(read + 1)
            }
            (Test::Pattern(automaton), State::At(at)) => {
                State::At(automaton.dfa.next_state(at, byte))
            }
            _ => State::Lost,
        }
    }

    fn accepts(&self, state: State) -> bool {
        let is_match = match (&self.test, state) {
            (Test::Text(text), State::Read(read)) => read == text.len(),
            (Test::Pattern(automaton), State::At(at)) => {
                automaton.dfa.is_match_state(automaton.dfa.next_eoi_state(at))
            }
            _ => false,
        };
        is_match != self.is_negated
    }

    /// Returns the only text that it accepts, where there is one.
    fn only(&self) -> Option<&str> {
        match &self.test {
            Test::Text(text) if !self.is_negated => Some(text),
            _ => None,
        }
    }

    /// Returns whether another condition is written the same.
    fn is(&self, other: &Self) -> bool {
        let is_same = match (&self.test, &other.test) {
            (Test::Text(one), Test::Text(other)) => one == other,
            (Test::Pattern(one), Test::Pattern(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        is_same && self.is_negated == other.is_negated
    }

    /// Returns a number that all bytes share which it does not tell from each other.
    fn class(&self, byte: u8) -> u16 {
        match &self.test {
            Test::Text(text) if text.as_bytes().contains(&byte) => u16::from(byte),
            Test::Text(_) => u16::MAX,
            Test::Pattern(automaton) => u16::from(automaton.dfa.byte_classes().get(byte)),
        }
    }

    /// Returns a text that it accepts, if there is one; of an expression, once for all that ask.
    fn example(&self) -> Containment {
        match &self.test {
            Test::Text(text) if !self.is_negated => Containment::Outside(text.clone()),
            Test::Text(text) => {
                let other = if text == "a" { "b" } else { "a" };
                Containment::Outside(other.to_owned())
            }
            Test::Pattern(automaton) => {
                let [accepted, refused] = &automaton.examples;
                let example = if self.is_negated { refused } else { accepted };
                example.get_or_init(|| search_text(std::slice::from_ref(self), None)).clone()
            }
        }
    }

    /// Returns whether nothing that begins as what was read can be accepted.
    fn is_lost(&self, state: State) -> bool {
        let is_dead = match (&self.test, state) {
            (Test::Pattern(automaton), State::At(at)) => automaton.dfa.is_dead_state(at),
            (_, state) => state == State::Lost,
        };
        is_dead && !self.is_negated
    }
}

/// How far a condition has read a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Read(usize),
    At(StateID),
    Lost,
}

/// Looks for a shortest text that every one of some conditions accepts and not every one of some others;
/// without others, for one that every one of the first accepts. Unknown where that would take too long.
///
/// The empty text comes last: series without the label are the strangest example.
fn walk(all: &[Condition], others: Option<&[Condition]>) -> Containment {
    let refuses = |text: &str| {
        others.is_none_or(|others| !others.iter().all(|condition| condition.holds(text)))
    };
    if let Some(text) = all.iter().find_map(Condition::only) {
        let is_found = all.iter().all(|one| one.holds(text)) && refuses(text);
        return found(is_found.then(|| text.to_owned()));
    }
    let is_asked = |other: &Condition| all.iter().any(|one| one.is(other));
    if others.is_some_and(|others| others.iter().all(is_asked)) {
        return Containment::Inside;
    }
    match (all, others) {
        ([one], None) => one.example(),
        // What one condition refuses of everything is what its opposite accepts.
        ([], Some([one])) => Condition { is_negated: !one.is_negated, ..one.clone() }.example(),
        _ => search_text(all, others),
    }
}

/// Searches among texts, and not among bytes that are none.
fn search_text(all: &[Condition], others: Option<&[Condition]>) -> Containment {
    let mut own: Vec<&Condition> = all.iter().collect();
    if all.iter().all(|condition| condition.is_negated) {
        let Some(text) = text() else { return Containment::Unknown };
        own.push(text);
    }
    search(&own, others)
}

/// Returns the condition that every text holds, and nothing that is no text.
fn text() -> Option<&'static Condition> {
    static TEXT: LazyLock<Option<Condition>> = LazyLock::new(|| {
        let automaton = Arc::new(Automaton::of(".*")?);
        Some(Condition { test: Test::Pattern(automaton), is_negated: false })
    });
    TEXT.as_ref()
}

fn search(own: &[&Condition], others: Option<&[Condition]>) -> Containment {
    let others_too = others.into_iter().flatten();
    let conditions: Vec<&Condition> = own.iter().copied().chain(others_too).collect();
    let accept = |conditions: &[&Condition], states: &[State]| {
        conditions.iter().zip(states).all(|(condition, state)| condition.accepts(*state))
    };
    let is_found = |states: &[State]| {
        let (first, second) = states.split_at(own.len().min(states.len()));
        let rest = conditions.get(own.len()..).unwrap_or_default();
        accept(own, first) && (others.is_none() || !accept(rest, second))
    };
    let bytes = representatives(&conditions);
    let start: Vec<State> = conditions.iter().map(|condition| condition.start()).collect();
    let empty = is_found(&start).then(String::new);
    let mut seen: HashSet<Vec<State>> = HashSet::from([start.clone()]);
    let mut queue = VecDeque::from([(Vec::new(), start)]);
    while let Some((read, states)) = queue.pop_front() {
        for &byte in &bytes {
            let both = conditions.iter().zip(&states);
            let next: Vec<State> =
                both.map(|(condition, state)| condition.next(*state, byte)).collect();
            let is_lost = own.iter().zip(&next).any(|(one, state)| one.is_lost(*state));
            if is_lost || seen.contains(&next) {
                continue;
            }
            let read: Vec<u8> = read.iter().copied().chain([byte]).collect();
            if is_found(&next) {
                return found(String::from_utf8(read).ok().or(empty));
            }
            if seen.len() >= MAX_STATES {
                return Containment::Unknown;
            }
            seen.insert(next.clone());
            queue.push_back((read, next));
        }
    }
    found(empty)
}

fn found(outside: Option<String>) -> Containment {
    outside.map_or(Containment::Inside, Containment::Outside)
}

/// Returns one byte of every class that some conditions tell apart: a letter or a digit where one is in
/// it, for people are to read it.
fn representatives(conditions: &[&Condition]) -> Vec<u8> {
    /// More than there are classes of bytes.
    const CLASSES: usize = 258;
    static ORDER: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let rank = |byte: u8| match byte {
            b'a'..=b'z' => 0,
            b'0'..=b'9' => 1,
            b'!'..=b'~' => 2,
            _ => 3,
        };
        let mut bytes: Vec<u8> = (0..=u8::MAX).collect();
        bytes.sort_by_key(|byte| (rank(*byte), *byte));
        bytes
    });
    // The groups of bytes that the conditions so far do not tell apart, in which each byte is.
    let (mut groups, mut count) = (vec![0; ORDER.len()], 1);
    for condition in conditions {
        let mut parts: Vec<Option<usize>> = vec![None; count * CLASSES];
        count = 0;
        for (byte, group) in ORDER.iter().zip(&mut groups) {
            let class = usize::from(condition.class(*byte)).min(CLASSES - 1);
            let Some(part) = parts.get_mut(*group * CLASSES + class) else { continue };
            *group = *part.get_or_insert_with(|| {
                count += 1;
                count - 1
            });
        }
    }
    let mut seen = vec![false; count];
    let both = ORDER.iter().zip(groups);
    let first = both.filter(|(_, group)| {
        seen.get_mut(*group).is_some_and(|seen| !std::mem::replace(seen, true))
    });
    first.map(|(byte, _)| *byte).collect()
}

#[cfg(test)]
mod tests;
