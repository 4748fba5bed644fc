//! Which codes of responses an indicator counts as good.

use crate::model::Slo;
use crate::query::events::EventSet;
use crate::query::events::Events;
use crate::query::form::Form;
use crate::query::grpc;
use crate::query::status::Codes;
use crate::query::status::is_status;
use crate::query::tree::Matcher;
use crate::query::values::Automata;
use crate::query::values::Values;

use super::Side;
use super::Sli;

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
    let found = |side: &'s Side<'a>| {
        let (codes, matchers) = asked(side.events.as_ref()?, automata)?;
        Some((codes, side, matchers))
    };
    let total = sli.total.as_ref().and_then(|total| total.events.as_ref());
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
    if !is_status(label) || grpc::is_code_of(set.metric, label) {
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
        if set.is_taken {
            return None;
        }
        let own = codes_of_label(set, &matchers.first()?.label.text, automata)?;
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

/// Returns the matchers of codes: those of one label, for two labels may tell two things.
fn matchers<'s>(set: &'s EventSet<'_>) -> impl Iterator<Item = &'s Matcher> {
    let of_codes = |matcher: &&Matcher| is_status(&matcher.label.text);
    let all = set.selector.matchers.iter().filter(of_codes);
    let first = all.clone().next();
    all.filter(move |matcher| first.is_some_and(|first| first.label.text == matcher.label.text))
}

/// Returns the codes that an SLO declares as good beside the usual ones: numbers, spans of numbers and
/// classes, anywhere in a text.
pub fn declared_good(slo: &Slo) -> Option<Codes> {
    let text = slo.meta.annotation("slo/good-status")?;
    Some(Codes::in_text(&text.value))
}
