//! Which codes of responses an indicator counts as good.

use crate::model::Meta;
use crate::query::events::EventSet;
use crate::query::events::Events;
use crate::query::form;
use crate::query::form::Form;
use crate::query::grpc;
use crate::query::status::Codes;
use crate::query::status::is_status;
use crate::query::tree::Matcher;
use crate::query::values::Automata;
use crate::query::values::Values;

use super::Side;
use super::Sli;
use super::asked::SCOPES;

/// The codes that an indicator counts as good.
#[derive(Debug)]
pub struct GoodCodes<'s, 'a> {
    /// The codes.
    pub codes: Codes,
    /// The codes of valid events, where they are known.
    pub valid: Option<Codes>,
    /// The side whose matchers say so: good events, or bad ones.
    pub side: &'s Side<'a>,
    /// Those matchers, in the order of the text.
    pub matchers: Vec<&'s Matcher>,
}

/// Returns the codes that an indicator counts as good: those that `good` asks for, or those of `total`
/// that `bad` does not ask for.
///
/// A label of classes, such as `5xx`, tells all codes of a class. Nothing where no label of either tells
/// codes.
pub fn good_codes<'s, 'a>(sli: &'s Sli<'a>, automata: &Automata) -> Option<GoodCodes<'s, 'a>> {
    let total = sli.total.as_ref().and_then(|total| total.events.as_ref());
    let found = |side: &'s Side<'a>| {
        let (codes, matchers) = asked(side.events.as_ref()?, automata)?;
        is_told_by_status(side, total).then_some((codes, side, matchers))
    };
    let valid = total.and_then(|events| valid(events, automata));
    if let Some(good) = &sli.good {
        let (codes, side, matchers) = found(good)?;
        return Some(GoodCodes { codes, valid, side, matchers });
    }
    let (bad, side, matchers) = found(sli.bad.as_ref()?)?;
    let codes = valid.as_ref()?.without(&bad);
    Some(GoodCodes { codes, valid, side, matchers })
}

/// Returns the codes that a set of events asks for by a label; nothing where the label tells none.
pub fn codes_of_label(set: &EventSet<'_>, label: &str, automata: &Automata) -> Option<Codes> {
    let matchers: Vec<&Matcher> = set.matchers(label).collect();
    let is_other = !is_status(label) || grpc::is_code_of(set.metric, label);
    if is_other || !is_of_http(set, label, automata) {
        return None;
    }
    let values = Values::of(matchers.iter().copied(), automata);
    match (Form::of(set.metric, label), Form::of_words(matchers)) {
        // What no value of the label is, `status-class-literal` tells.
        (Some(Form::Codes), Some(_)) => None,
        (Some(Form::Codes) | None, None) => Codes::of(&values),
        (Some(form), _) | (None, Some(form)) => Codes::of_classes(&values, form),
    }
}

/// Returns the codes that some events are, with the matchers that say so; nothing where they are told
/// otherwise.
pub fn asked<'s>(events: &'s Events<'_>, automata: &Automata) -> Option<(Codes, Vec<&'s Matcher>)> {
    let (codes, matchers) = codes(events, automata)?;
    // What asks for no code, or refuses none, does not speak of codes.
    let is_asked = !codes.is_empty() && codes != Codes::all();
    is_asked.then_some((codes, matchers))
}

/// Returns the codes of valid events: all of them where no label asks for some.
pub fn valid(events: &Events<'_>, automata: &Automata) -> Option<Codes> {
    if events.sets.iter().any(speaks_of_codes) {
        return Some(codes(events, automata)?.0);
    }
    Some(Codes::all())
}

/// Returns the codes that any of some sets asks for; nothing where one of them asks for none.
fn codes<'s>(events: &'s Events<'_>, automata: &Automata) -> Option<(Codes, Vec<&'s Matcher>)> {
    let mut found: Option<(Codes, Vec<&'s Matcher>)> = None;
    for set in &events.sets {
        let matchers: Vec<&Matcher> = matchers(set).collect();
        if set.is_taken || matchers.is_empty() {
            return None;
        }
        let mut own = Codes::all();
        for label in set.labels().into_iter().filter(|label| is_status(label)) {
            let others = Codes::all().without(&codes_of_label(set, label, automata)?);
            own = own.without(&others);
        }
        found = Some(match found {
            None => (own, matchers),
            Some((codes, before)) => (codes.with(&own), [before, matchers].concat()),
        });
    }
    found
}

/// Returns whether a set asks for codes.
fn speaks_of_codes(set: &EventSet<'_>) -> bool {
    matchers(set).next().is_some()
}

/// Returns the matchers of codes.
fn matchers<'s>(set: &'s EventSet<'_>) -> impl Iterator<Item = &'s Matcher> {
    set.selector.matchers.iter().filter(|matcher| is_status(&matcher.label.text))
}

/// Returns whether a side is told from the valid events by statuses, and by what says whose they are: any
/// other label may leave out what the status lets through.
fn is_told_by_status(side: &Side<'_>, total: Option<&Events<'_>>) -> bool {
    let asked = |label: &str| {
        let mut sets = total.into_iter().flat_map(|total| &total.sets);
        sets.any(|set| set.matchers(label).next().is_some())
    };
    let is_known = |label: &&str| is_status(label) || SCOPES.contains(label) || asked(label);
    let mut sets = side.events.iter().flat_map(|events| &events.sets);
    sets.all(|set| set.labels().iter().all(is_known))
}

/// Returns whether a label holds the status of HTTP: by a name that says so, by the name of the metric, or
/// by what is asked of it. The `code` of a process that ended is none.
fn is_of_http(set: &EventSet<'_>, label: &str, automata: &Automata) -> bool {
    const ANY: [&str; 4] = ["code", "status", "status_code", "statuscode"];
    const WORDS: [&str; 12] = [
        "api",
        "apiserver",
        "envoy",
        "haproxy",
        "hits",
        "http",
        "istio",
        "nginx",
        "request",
        "requests",
        "response",
        "responses",
    ];
    let is_certain = !ANY.contains(&label.to_ascii_lowercase().as_str());
    let says_so = || set.metric.split(['_', ':', '.']).any(|word| WORDS.contains(&word));
    let names = |matcher: &Matcher| {
        let named = form::named(matcher, automata).unwrap_or_default();
        named.iter().any(|named| matches!(named.class, 2 | 5))
    };
    is_certain || says_so() || set.matchers(label).any(names)
}

/// Returns the codes that are declared as good beside the usual ones: numbers, spans of numbers and
/// classes, anywhere in a text.
pub fn declared_good(meta: &Meta) -> Option<Codes> {
    let text = meta.annotation("slo/good-status")?;
    Some(Codes::in_text(&text.value))
}
