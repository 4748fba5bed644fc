//! The codes of responses that a selector lets through: 100 to 599, or the words for their classes.
//!
//! # Why
//!
//! Codes are few, so what a selector makes of them is found by asking of each. Some metrics carry whole
//! classes instead, as `5xx`: whoever writes such a word is taken to know their metric, and to mean every
//! code of the class.

use super::form::CLASSES;
use super::form::Form;
use super::values::Values;

/// The labels that hold the code of a response, or its class.
///
/// # Source
///
/// Prometheus client libraries, ingress-nginx, Istio and Envoy metrics, OpenTelemetry semantic
/// conventions for HTTP, Datadog trace metrics.
const LABELS: [&str; 16] = [
    "code",
    "status",
    "status_code",
    "statuscode",
    "http_code",
    "http_status",
    "http_status_code",
    "http_response_status_code",
    "http_response_code",
    "response_code",
    "http.status_code",
    "http.response.status_code",
    "http.status_class",
    "status_class",
    "envoy_response_code",
    "envoy_response_code_class",
];

/// The lowest code.
const FIRST: u16 = 100;

/// One above the highest code.
const END: u16 = 600;

/// Some codes of responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    /// One for each code, from the lowest.
    held: Vec<bool>,
}

/// Returns whether a label holds the code of a response.
pub fn is_status(label: &str) -> bool {
    LABELS.iter().any(|known| known.eq_ignore_ascii_case(label))
}

/// Returns the words for classes in a value, such as `5xx`, with where they begin.
pub fn class_words(value: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = value.as_bytes();
    let found = bytes.windows(3).enumerate().filter(move |(at, word)| {
        let is_class = matches!(word, [b'1'..=b'5', b'x', b'x'] | [b'1'..=b'5', b'X', b'X']);
        let is_letter = |at: Option<usize>| {
            at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric)
        };
        is_class && !is_letter(at.checked_sub(1)) && !is_letter(Some(at + 3))
    });
    found.filter_map(move |(at, _)| Some((at, value.get(at..at + 3)?)))
}

impl Codes {
    /// Returns the codes among some values; nothing where nobody knows.
    pub fn of(values: &Values) -> Option<Self> {
        Some(Self { held: values.numbers(usize::from(FIRST), usize::from(END))? })
    }

    /// Returns the codes of the classes among some values, which a label writes in a form of its own;
    /// nothing where nobody knows.
    pub fn of_classes(values: &Values, form: Form) -> Option<Self> {
        let classes = CLASSES.map(|class| Some((class, values.contain(&form.word(class))?)));
        let classes: Vec<(u16, bool)> = classes.collect::<Option<_>>()?;
        let is_held = |code: u16| classes.contains(&(code / 100, true));
        Some(Self { held: (FIRST..END).map(is_held).collect() })
    }

    /// Returns every code.
    pub fn all() -> Self {
        Self { held: vec![true; usize::from(END - FIRST)] }
    }

    /// Returns those of them that others do not hold.
    pub fn without(&self, others: &Self) -> Self {
        let both = self.held.iter().zip(&others.held);
        Self { held: both.map(|(own, other)| *own && !other).collect() }
    }

    /// Returns all of them, and all of others.
    pub fn with(&self, others: &Self) -> Self {
        let both = self.held.iter().zip(&others.held);
        Self { held: both.map(|(own, other)| *own || *other).collect() }
    }

    /// Returns the codes that a text names: numbers, spans such as `501-504`, and classes such as `5xx`.
    pub fn in_text(text: &str) -> Self {
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
        let mut found = Self { held: vec![false; usize::from(END - FIRST)] };
        for word in words {
            let span = |word: &str| {
                let of_class = |class: &str| Some((class.get(..1)?.parse::<u16>().ok()?) * 100);
                match word.split_once('-') {
                    Some((first, last)) => Some((first.parse().ok()?, last.parse().ok()?)),
                    None if class_words(word).next().is_some() => {
                        of_class(word).map(|first| (first, first + 99))
                    }
                    None => word.parse().ok().map(|code: u16| (code, code)),
                }
            };
            if let Some((first, last)) = span(word) {
                let held = (FIRST..END).zip(&mut found.held);
                let named = held.filter(|(code, _)| (first..=last).contains(code));
                named.for_each(|(_, held)| *held = true);
            }
        }
        found
    }

    /// Returns those of a class, by its first digit.
    pub fn of_class(&self, class: u16) -> Self {
        let both = (FIRST..END).zip(&self.held);
        Self { held: both.map(|(code, held)| *held && code / 100 == class).collect() }
    }

    /// Returns whether one of them is of a class, by its first digit.
    pub fn has_class(&self, class: u16) -> bool {
        let start = usize::from((class * 100).saturating_sub(FIRST));
        self.held.get(start..start + 100).is_some_and(|held| held.contains(&true))
    }

    /// Returns whether a code is one of them.
    pub fn contain(&self, code: u16) -> bool {
        let held = code.checked_sub(FIRST).and_then(|at| self.held.get(usize::from(at)));
        held.copied().unwrap_or_default()
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        !self.held.contains(&true)
    }

    /// Returns the classes of which every code is among them, by their first digits.
    pub fn classes(&self) -> Vec<u16> {
        let is_whole = |class: &u16| (class * 100..=class * 100 + 99).all(|it| self.contain(it));
        CLASSES.filter(is_whole).collect()
    }

    /// Returns runs of neighbors, each by its first and its last code, in order.
    pub fn runs(&self) -> Vec<(u16, u16)> {
        let mut runs: Vec<(u16, u16)> = Vec::new();
        for code in (FIRST..END).filter(|code| self.contain(*code)) {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == code => *last = code,
                _ => runs.push((code, code)),
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query;
    use crate::query::values::Automata;

    fn codes(matchers: &str) -> Option<Codes> {
        let (tree, _) = query::parse(&format!("x{matchers}"));
        let tree = tree?;
        let selectors = tree.selectors();
        Codes::of(&Values::of(&selectors.first()?.matchers, &Automata::default()))
    }

    #[test]
    fn codes_are_those_that_the_matchers_let_through() {
        let runs = |matchers| codes(matchers).map(|codes| codes.runs());
        assert_eq!(runs(r#"{code=~"5.."}"#), Some(vec![(500, 599)]));
        assert_eq!(runs(r#"{code=~"2..|404"}"#), Some(vec![(200, 299), (404, 404)]));
        assert_eq!(runs(r#"{code!~"5..",code!="404"}"#), Some(vec![(100, 403), (405, 499)]));
        assert_eq!(runs(r#"{code=~"5xx"}"#), Some(vec![]));
        assert_eq!(runs(r#"{code="$code"}"#), None);
    }

    #[test]
    fn classes_stand_for_their_codes() {
        let (tree, _) = query::parse(r#"x{code!~"4xx|5.."}"#);
        let tree = tree.expect("it is read");
        let selectors = tree.selectors();
        let matchers = selectors.first().map(|selector| selector.matchers.iter());
        let values = Values::of(matchers.into_iter().flatten(), &Automata::default());
        let found = Codes::of_classes(&values, Form::Classes).expect("it is known");
        assert_eq!(found.runs(), [(100, 399)]);
    }

    #[test]
    fn sets_of_codes_are_compared() {
        let all = Codes::all();
        let bad = codes(r#"{code=~"500|503"}"#).expect("it is known");
        let good = all.without(&bad).of_class(5);
        assert_eq!(good.runs(), [(501, 502), (504, 599)]);
        assert!(good.contain(502) && !good.contain(503) && !good.contain(99));
        assert!(bad.of_class(4).is_empty());
    }

    #[test]
    fn codes_are_found_in_a_text() {
        let runs = |text| Codes::in_text(text).runs();
        assert_eq!(runs("501: not built yet, 503-504, 4xx"), [(400, 499), (501, 501), (503, 504)]);
        assert_eq!(runs("none, 7, 60000, 4-"), []);
    }

    #[test]
    fn words_for_classes_are_told_from_codes() {
        let words = |value| class_words(value).map(|(_, word)| word).collect::<Vec<_>>();
        assert_eq!(words("2xx|3XX"), ["2xx", "3XX"]);
        assert_eq!(words("^5xx$"), ["5xx"]);
        for value in ["5..", "55xx", "5xxx", "6xx", "5x"] {
            assert!(words(value).is_empty(), "{value}");
        }
    }
}
