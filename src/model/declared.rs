//! What annotations declare about an object: the keys that begin with `slo/`.
//!
//! A value that has not the form of its key declares nothing, and `dialect` reports it. A key that is
//! not listed here is nobody's business, unless it is a slip of one that is.

use jiff::civil::Date;

use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::source::Origin;
use crate::source::Source;
use crate::source::SourceId;
use crate::source::Spanned;
use crate::spelling;
use crate::spelling::Vocabulary;
use crate::yaml;
use crate::yaml::Node;

use super::Meta;
use super::Relation;
use super::Text;

/// The annotation that holds the priority of an SLO.
pub const PRIORITY: &str = "slo/priority";

/// What every key begins with.
pub const PREFIX: &str = "slo/";

/// The form of a declared value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Truth,
    /// A decimal number above 0.
    Number,
    /// A share above 0 and up to the whole: `0.02` or `2%`.
    Share,
    /// A day: `2026-12-31`.
    Day,
    /// A length of time: `28d`.
    Length,
    /// A percentage, optionally with its window: `99.9` or `99.9/30d`.
    Agreement,
    /// Days and the targets that hold from them on: `[{by: 2026-06-30, target: 0.999}]`.
    Ramp,
    /// Names, separated by commas: `a, b|c, d:soft`.
    Dependencies,
}

/// Every key with the form of its value, in the order of the alphabet.
pub const DECLARATIONS: &[(&str, Form)] = &[
    ("slo/aggregation", Form::Text),
    ("slo/approvers", Form::Text),
    ("slo/baseline-reset", Form::Day),
    ("slo/basis", Form::Text),
    ("slo/budget", Form::Share),
    ("slo/category", Form::Text),
    ("slo/depends-on", Form::Dependencies),
    ("slo/error-statuses", Form::Text),
    ("slo/error-witness", Form::Text),
    ("slo/event-unit", Form::Text),
    ("slo/events-per-hour", Form::Number),
    ("slo/every-event-matters", Form::Truth),
    ("slo/good-status", Form::Text),
    ("slo/incident", Form::Text),
    ("slo/intent", Form::Word(&["under-burn"])),
    ("slo/interaction", Form::Text),
    ("slo/layer", Form::Text),
    ("slo/leg", Form::Text),
    ("slo/loosened-until", Form::Day),
    ("slo/max-error-ratio", Form::Share),
    ("slo/measured-at", Form::Text),
    ("slo/next-review", Form::Day),
    ("slo/owner", Form::Text),
    ("slo/policy", Form::Text),
    (PRIORITY, Form::Text),
    ("slo/protocol", Form::Text),
    ("slo/ramp", Form::Ramp),
    ("slo/rationale", Form::Text),
    ("slo/relation", Form::Word(&Relation::WORDS)),
    ("slo/retention", Form::Length),
    ("slo/scoped", Form::Truth),
    ("slo/short-window", Form::Length),
    ("slo/sla", Form::Agreement),
    ("slo/status", Form::Text),
    ("slo/status-mapping", Form::Text),
    ("slo/tier", Form::Text),
    ("slo/valid-events", Form::Text),
    ("slo/zero-traffic", Form::Word(&["expected"])),
];

/// A service level agreement: what is promised to customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The promised share of good events, above 0.01 and at most 1.
    pub target: Ratio,
    /// The time over which the promise is judged, where it is said.
    pub window: Option<Duration>,
}

/// A target that is to hold by the end of a day, in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RampStep {
    /// The day.
    pub by: Date,
    /// The target, above 0 and at most 1.
    pub target: Ratio,
}

/// What an SLO needs, by the names of other SLOs: one of several, or the only one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The names of which one is enough; one name where there is no spare.
    pub names: Vec<Text>,
    /// Whether it can succeed without it.
    pub is_soft: bool,
}

/// Returns the key that a key of an annotation was most likely meant to be; nothing for one that is
/// known, or that is none of ours.
///
/// Teams have keys of their own below the prefix. `slo/sli` and `slo/rum` are words, one letter or two
/// from `slo/sla` and `slo/ramp`, and no slips.
pub fn meant(key: &str) -> Option<&'static str> {
    let own = key.strip_prefix(PREFIX)?;
    let names = || DECLARATIONS.iter().filter_map(|(name, _)| name.strip_prefix(PREFIX));
    if names().any(|name| name == own) {
        return None;
    }
    let is_slip = |name: &&str| {
        let is_slip = || spelling::is_certain(own, name) && spelling::is_slip(own, name);
        spelling::is_same(own, name) || is_slip()
    };
    let near = spelling::nearest(own, names(), Vocabulary::Words);
    let near = near.first().copied().filter(is_slip)?;
    DECLARATIONS.iter().map(|(name, _)| *name).find(|name| name.strip_prefix(PREFIX) == Some(near))
}

impl Meta {
    /// Returns whether a key of the object that nothing reads was most likely meant to be this field or
    /// annotation: then it is misspelled, and not missing.
    pub fn misspells(&self, name: &str) -> bool {
        let is_meant = |key: &Spanned<Text>| meant(&key.value) == Some(name);
        self.misspelled.iter().any(|meant| meant.as_str() == name)
            || name.starts_with(PREFIX)
                && self.annotations.iter().any(|annotation| is_meant(&annotation.key))
    }

    /// Returns the owners that the object itself names, by an annotation or by labels; one value may
    /// hold several, separated by commas.
    pub fn owners(&self) -> Vec<&Spanned<Text>> {
        let labels = ["owner", "team"].into_iter();
        let labels = labels.flat_map(|key| self.labels.get(key));
        let given = self.annotation("slo/owner").into_iter().chain(labels);
        given.filter(|owner| !owner.value.trim().is_empty()).collect()
    }

    /// Returns what a key declares, without white space around it; nothing where that is empty.
    pub fn declared(&self, key: &str) -> Option<Spanned<&str>> {
        let value = self.annotation(key)?;
        let text = value.value.trim();
        (!text.is_empty()).then(|| Spanned::new(text, value.span))
    }

    /// Returns whether a key declares this word, in whatever case.
    pub fn declares(&self, key: &str, word: &str) -> bool {
        self.declared(key).is_some_and(|text| text.value.eq_ignore_ascii_case(word))
    }

    /// Returns a declared number; it is above 0.
    pub fn declared_number(&self, key: &str) -> Option<Spanned<Ratio>> {
        self.read(key, number)
    }

    /// Returns a declared share of the whole; it is above 0 and at most 1.
    pub fn declared_share(&self, key: &str) -> Option<Spanned<Ratio>> {
        self.read(key, share)
    }

    /// Returns a declared day.
    pub fn declared_day(&self, key: &str) -> Option<Spanned<Date>> {
        self.read(key, day)
    }

    /// Returns a declared length of time; it is above 0.
    pub fn declared_length(&self, key: &str) -> Option<Spanned<Duration>> {
        self.read(key, length)
    }

    /// Returns what `slo/sla` declares.
    pub fn agreement(&self) -> Option<Spanned<Agreement>> {
        self.read("slo/sla", agreement)
    }

    /// Returns what `slo/ramp` declares, in its order; the place is that of the whole value.
    pub fn ramp(&self) -> Option<Spanned<Vec<RampStep>>> {
        self.read("slo/ramp", ramp)
    }

    /// Returns what `slo/depends-on` declares, in its order; the place is that of the whole value.
    pub fn dependencies(&self) -> Option<Spanned<Vec<Dependency>>> {
        self.read("slo/depends-on", dependencies)
    }

    fn read<T>(&self, key: &str, read: impl Fn(&str) -> Option<T>) -> Option<Spanned<T>> {
        let text = self.declared(key)?;
        Some(Spanned::new(read(text.value)?, text.span))
    }
}

impl Form {
    /// Returns whether a text has the form.
    pub fn fits(self, text: &str) -> bool {
        let text = text.trim();
        match self {
            Self::Text => true,
            Self::Word(words) => words.iter().any(|word| word.eq_ignore_ascii_case(text)),
            Self::Truth => matches!(text, "true" | "false"),
            Self::Number => number(text).is_some(),
            Self::Share => share(text).is_some(),
            Self::Day => day(text).is_some(),
            Self::Length => length(text).is_some(),
            Self::Agreement => agreement(text).is_some(),
            Self::Ramp => ramp(text).is_some(),
            Self::Dependencies => dependencies(text).is_some(),
        }
    }

    /// Returns a text that has the form.
    pub fn example(self) -> &'static str {
        match self {
            Self::Text => "because users leave after two failures",
            Self::Word(words) => words.first().copied().unwrap_or_default(),
            Self::Truth => "true",
            Self::Number => "1200",
            Self::Share => "0.02",
            Self::Day => "2026-12-31",
            Self::Length => "30d",
            Self::Agreement => "99.9/30d",
            Self::Ramp => "[{by: 2026-12-31, target: 0.999}]",
            Self::Dependencies => "login, cache:soft, east|west",
        }
    }
}

fn number(text: &str) -> Option<Ratio> {
    Ratio::parse(text).filter(|number| *number > Ratio::zero())
}

fn share(text: &str) -> Option<Ratio> {
    let share = match text.strip_suffix('%') {
        Some(percent) => &Ratio::parse(percent.trim_end())? / 100,
        None => Ratio::parse(text)?,
    };
    (share > Ratio::zero() && share <= Ratio::one()).then_some(share)
}

fn day(text: &str) -> Option<Date> {
    // Every form of ISO 8601 would be read, weeks and years without hyphens among them.
    (text.len() == "2026-12-31".len()).then(|| text.parse().ok())?
}

fn length(text: &str) -> Option<Duration> {
    Duration::parse(text).filter(|length| length.count > 0)
}

fn agreement(text: &str) -> Option<Agreement> {
    let (percent, window) = match text.split_once('/') {
        Some((percent, window)) => (percent, Some(length(window.trim())?)),
        None => (text, None),
    };
    let percent = percent.trim();
    let percent = Ratio::parse(percent.strip_suffix('%').unwrap_or(percent).trim_end())?;
    // A share of 1 or less was meant as a fraction, and as a percentage nobody promises it.
    let is_percentage = percent > Ratio::one() && percent <= Ratio::whole(100);
    is_percentage.then(|| Agreement { target: &percent / 100, window })
}

fn ramp(text: &str) -> Option<Vec<RampStep>> {
    let source = Source::from_text("slo/ramp", text, Origin::Worktree);
    let stream = yaml::parse(SourceId::default(), &source);
    let [document] = stream.documents.as_slice() else { return None };
    let list = document.root();
    if !stream.problems.is_empty() || !list.is_sequence() || list.is_empty() {
        return None;
    }
    list.items().map(ramp_step).collect()
}

fn ramp_step(item: Node<'_>) -> Option<RampStep> {
    let field = |key: &str| item.given(key)?.text();
    let target = Ratio::parse(field("target")?)?;
    let target = if target > Ratio::one() { &target / 100 } else { target };
    let is_known = item.entries().all(|entry| matches!(entry.key.text(), Some("by" | "target")));
    let is_share = target > Ratio::zero() && target <= Ratio::one();
    (is_known && is_share).then_some(RampStep { by: day(field("by")?)?, target })
}

fn dependencies(text: &str) -> Option<Vec<Dependency>> {
    let dependency = |item: &str| {
        let item = item.trim();
        let (names, is_soft) = match item.rsplit_once(':') {
            Some((names, "soft")) => (names, true),
            Some(_) => return None,
            None => (item, false),
        };
        let is_name = |name: &&str| !name.is_empty() && !name.contains(char::is_whitespace);
        let name = |name: &str| Some(name.trim()).filter(is_name).map(Text::from);
        let names = names.split('|').map(name).collect::<Option<Vec<_>>>()?;
        Some(Dependency { names, is_soft })
    };
    text.split(',').map(dependency).collect()
}

#[cfg(test)]
mod tests;
