//! Objectives that judge the same: one indicator, counted in one way over one window.
//!
//! Two rules ask for them: objectives with one target are duplicates, those with different targets
//! contradict each other.
//!
//! # Why
//!
//! Whether two indicators are the same is known only when their queries are parsed. Most objectives
//! share nothing with any other, so a number is made of the words of a query first, in whatever order
//! they stand: only those whose numbers are equal are read.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::hash::Hash;
use std::hash::Hasher;
use std::sync::Arc;

use crate::change::indicator_meaning;
use crate::model::BudgetingMethod;
use crate::model::Catalog;
use crate::model::Home;
use crate::model::Indicator;
use crate::model::Labels;
use crate::model::Measure;
use crate::model::MetricSource;
use crate::model::Objective;
use crate::model::Operator;
use crate::model::Relation;
use crate::model::Slo;
use crate::model::Subject;
use crate::model::Text;
use crate::model::WindowKind;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::query::fingerprint;
use crate::query::placeholder::may_hold_placeholders;
use crate::source::Span;
use crate::source::Spanned;

mod across;

/// Two objectives that judge the same.
#[derive(Clone, Copy, Debug)]
pub struct Twins<'a> {
    /// The one that comes first.
    pub first: Twin<'a>,
    /// The one that comes later, of the same SLO or of another.
    pub second: Twin<'a>,
}

/// An objective that judges the same as another.
#[derive(Clone, Copy, Debug)]
pub struct Twin<'a> {
    /// The SLO, by its position.
    pub index: usize,
    /// The SLO.
    pub slo: &'a Subject<'a>,
    /// The objective.
    pub objective: &'a Objective,
    /// Its target, between 0 and 1.
    pub target: &'a Spanned<Ratio>,
}

impl Twins<'_> {
    /// Returns whether the two have one target.
    pub fn agree(&self) -> bool {
        self.first.target.value == self.second.target.value
    }

    /// Returns whether both stand in one SLO.
    pub fn are_of_one_slo(&self) -> bool {
        self.first.index == self.second.index
    }

    /// Returns where the two stand, the later one first: at their targets, or where an alias or a merge
    /// brings one target to both, where they begin. Nothing where one text is both.
    pub fn places(&self) -> Option<[Span; 2]> {
        let place: [fn(&Twin<'_>) -> Span; 3] =
            [|twin| twin.target.span, |twin| twin.objective.head, |twin| twin.slo.meta.place()];
        let places = place.map(|place| [place(&self.second), place(&self.first)]);
        places.into_iter().find(|[second, first]| second != first)
    }

    /// Returns the window that both have, as one of them writes it.
    pub fn window(&self) -> Option<Duration> {
        Some(self.first.slo.window.as_ref()?.duration.value)
    }
}

/// Returns the objectives that judge the same: of two SLOs at most one pair that agrees and one that
/// does not, and of each further target only the first SLO that has it.
///
/// What cannot be known is left out: parts that are missing or out of range, composite SLOs, drafts,
/// queries with placeholders that something else fills in. So is what nothing reads together (other
/// namespaces, overlays and versions of the format), and what has one name, of which
/// `duplicate-object-name` speaks. Of two formats, what they count is compared.
pub fn find<'a>(slos: &'a [Subject<'a>], catalog: &'a Catalog) -> Vec<Twins<'a>> {
    let mut candidates: Vec<(u64, Candidate<'a>)> = Vec::with_capacity(slos.len());
    for (index, slo) in slos.iter().enumerate() {
        let Some(whole) = Terms::of_slo(slo) else { continue };
        let mut last: Option<(&Arc<Indicator>, u64)> = None;
        for objective in &slo.objectives {
            let Some(target) = objective.budgeted() else { continue };
            let Some(indicator) = catalog.indicator(&objective.indicator).one() else { continue };
            let comparison = match objective.comparison(Some(indicator)) {
                Some((Some(operator), Some(value))) => Some((operator.value, &value.value)),
                Some(_) => continue,
                None => None,
            };
            let Some(terms) = whole.of_objective(objective) else { continue };
            let known = last.filter(|(known, _)| Arc::ptr_eq(known, indicator));
            let number = known.map_or_else(|| of_indicator(indicator), |(_, number)| number);
            last = Some((indicator, number));
            let twin = Twin { index, slo, objective, target };
            let (position, asked) = (candidates.len(), (terms, comparison));
            candidates.push((number, Candidate { position, twin, indicator, asked }));
        }
    }
    // Most stand alone with their numbers.
    candidates.sort_unstable_by_key(|(number, candidate)| (*number, candidate.position));
    let alike = candidates.chunk_by(|one, other| one.0 == other.0).filter(|alike| alike.len() > 1);
    let mut groups: Vec<Vec<Candidate<'a>>> = Vec::new();
    for alike in alike {
        let mut likely: HashMap<Asked<'a>, Vec<Candidate<'a>>> = HashMap::new();
        for (_, candidate) in alike {
            likely.entry(candidate.asked).or_default().push(*candidate);
        }
        let likely = likely.into_values().filter(|likely| likely.len() > 1);
        groups.extend(likely.flat_map(|likely| of_one_meaning(likely, catalog)));
    }
    groups.sort_by_key(|group| group.first().map(|candidate| candidate.position));
    let mut found = Found::default();
    for group in groups {
        let twins: Vec<Twin<'a>> = group.into_iter().map(|candidate| candidate.twin).collect();
        found.pair(&twins);
    }
    for [first, second] in across::pairs(slos, catalog) {
        found.add(first, second);
    }
    found.twins.sort_by_key(|twins| (twins.second.index, twins.first.index));
    found.twins
}

/// What objectives share that may judge the same: their terms, and what they are compared with.
type Asked<'a> = (Terms<'a>, Option<(Operator, &'a Ratio)>);

/// An objective that may judge the same as another.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    /// Where it stands among all of them.
    position: usize,
    twin: Twin<'a>,
    indicator: &'a Arc<Indicator>,
    asked: Asked<'a>,
}

/// What two objectives must have in common to be compared, apart from what their indicators measure:
/// what is read together, and is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Terms<'a> {
    home: Home<'a>,
    environment: Environment<'a>,
    relation: Relation,
    method: BudgetingMethod,
    window: Length,
    /// Where a window that is aligned to a calendar starts, and in which zone.
    calendar: Option<(Option<&'a str>, Option<&'a str>)>,
    slice_target: Option<&'a Ratio>,
    slice_window: Option<Length>,
}

/// A length of time however it is written: its seconds, and whether they are those of a calendar.
type Length = (u64, bool);

fn length(duration: &Spanned<Duration>) -> Length {
    (duration.value.nominal_seconds(), duration.value.unit.is_calendar())
}

impl<'a> Terms<'a> {
    /// Returns what all objectives of an SLO share; nothing where no other SLO can judge the same.
    pub fn of_slo(slo: &'a Slo) -> Option<Self> {
        let window = slo.window.as_ref().filter(|_| !slo.composite && !slo.is_draft())?;
        let calendar = match &window.kind {
            WindowKind::Rolling => None,
            WindowKind::Calendar { start, zone } => {
                let text = |text: &'a Spanned<Text>| text.value.as_str();
                Some((start.as_ref().map(text), zone.as_ref().map(text)))
            }
        };
        Some(Self {
            home: slo.meta.home(),
            environment: Environment(&slo.meta.labels),
            relation: slo.relation()?,
            method: slo.method(),
            window: length(&window.duration),
            calendar,
            slice_target: None,
            slice_window: None,
        })
    }

    /// Returns what one of these objectives asks for, apart from its target and its threshold; nothing
    /// where it leaves out what has to be known.
    pub fn of_objective(self, objective: &'a Objective) -> Option<Self> {
        let slice_target = objective.slice_target.as_ref().map(|target| &target.value);
        let slice_window = objective.slice_window.as_ref().map(length);
        let is_whole = match self.method {
            BudgetingMethod::Occurrences => true,
            BudgetingMethod::Timeslices => slice_target.is_some() && slice_window.is_some(),
            BudgetingMethod::RatioTimeslices => slice_window.is_some(),
        };
        is_whole.then_some(Self { slice_target, slice_window, ..self })
    }
}

/// What the labels of an SLO say of where it runs: a metric that names no server may count either.
#[derive(Clone, Copy, Debug)]
struct Environment<'a>(&'a Labels);

impl Environment<'_> {
    /// Returns the values of each label that says it.
    fn values(&self) -> impl Iterator<Item = impl Iterator<Item = &str>> {
        const LABELS: [&str; 6] = ["environment", "env", "stage", "cluster", "region", "zone"];
        let values = |label| self.0.get(label).iter().map(|value| value.value.as_str());
        LABELS.into_iter().map(values)
    }
}

impl PartialEq for Environment<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.values().zip(other.values()).all(|(own, others)| own.eq(others))
    }
}

impl Eq for Environment<'_> {}

impl Hash for Environment<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for (label, values) in self.values().enumerate() {
            values.for_each(|value| (label, value).hash(state));
        }
    }
}

/// Returns those of some objectives whose indicators measure the same, group by group.
///
/// Many indicators are shared or copied: what is written alike is read once.
fn of_one_meaning<'a>(likely: Vec<Candidate<'a>>, catalog: &Catalog) -> Vec<Vec<Candidate<'a>>> {
    let is_known = |candidate: &Candidate<'_>| is_known(&candidate.indicator.measure);
    let is_one = |pair: &[Candidate<'_>]| match pair {
        [one, other] => Arc::ptr_eq(one.indicator, other.indicator),
        _ => true,
    };
    if likely.windows(2).all(is_one) {
        return if likely.iter().take(1).all(is_known) { vec![likely] } else { Vec::new() };
    }
    let mut copies: BTreeMap<String, Vec<Candidate<'a>>> = BTreeMap::new();
    for candidate in likely.into_iter().filter(is_known) {
        copies.entry(as_written(candidate.indicator)).or_default().push(candidate);
    }
    let mut groups: BTreeMap<String, Vec<Candidate<'a>>> = BTreeMap::new();
    let is_single = copies.len() == 1;
    for (written, copies) in copies {
        let Some(first) = copies.first() else { continue };
        let read = || indicator_meaning(catalog, &first.twin.objective.indicator).to_string();
        let meaning = if is_single { written } else { read() };
        groups.entry(meaning).or_default().extend(copies);
    }
    let mut groups: Vec<Vec<Candidate<'a>>> = groups.into_values().collect();
    groups.retain(|group| group.len() > 1);
    for group in &mut groups {
        group.sort_by_key(|candidate| candidate.position);
    }
    groups
}

/// Returns an indicator as it is written: what is written alike measures the same.
fn as_written(indicator: &Indicator) -> String {
    serde_json::to_string(&indicator.measure).unwrap_or_default()
}

/// Returns whether a measure says all that is counted, and nothing fills in anything later.
pub fn is_known(measure: &Measure) -> bool {
    let is_whole = match measure {
        Measure::Unreadable => false,
        Measure::Threshold(_) | Measure::Raw { .. } => true,
        Measure::Counts(counts) => {
            counts.total.is_some() && counts.good.is_some() != counts.bad.is_some()
        }
    };
    let is_fixed = |source: &MetricSource| {
        let settings = source.settings.iter().map(|setting| setting.value.value.as_str());
        let mut texts =
            source.query.iter().map(|query| query.text.as_str()).chain(settings).peekable();
        texts.peek().is_some() && texts.all(is_filled_in)
    };
    is_whole && measure.sources().all(is_fixed)
}

/// Returns whether a text is the same wherever it stands: the placeholder of Sloth for a range is.
fn is_filled_in(text: &str) -> bool {
    const RANGE: [&str; 2] = ["{{.window}}", "{{ .window }}"];
    let without = |text: String, range: &&str| text.replace(*range, "");
    !may_hold_placeholders(text)
        || !may_hold_placeholders(&RANGE.iter().fold(text.to_owned(), without))
}

/// The pairs that were found, and of which SLOs.
#[derive(Default)]
struct Found<'a> {
    twins: Vec<Twins<'a>>,
    /// The pairs of SLOs, and whether they agree: ladders of one SLO may repeat those of another.
    known: BTreeSet<(usize, usize, bool)>,
}

impl<'a> Found<'a> {
    fn add(&mut self, first: Twin<'a>, second: Twin<'a>) {
        let twins = Twins { first, second };
        if self.known.insert((first.index, second.index, twins.agree())) {
            self.twins.push(twins);
        }
    }

    /// Pairs those that judge the same, in their order.
    fn pair(&mut self, group: &[Twin<'a>]) {
        let mut names = BTreeSet::new();
        let mut targets: BTreeMap<&Ratio, Twin<'a>> = BTreeMap::new();
        for own in group.chunk_by(|one, other| one.index == other.index) {
            let (Some(first), Some(slo)) = (group.first(), own.first()) else { continue };
            if !names.insert(slo.slo.meta.name()) {
                continue;
            }
            self.pair_within(own);
            let known = |twin: &Twin<'a>| Some((*targets.get(&twin.target.value)?, *twin));
            match own.iter().find_map(known) {
                Some((other, twin)) => self.add(other, twin),
                None if first.index != slo.index => self.add(*first, *slo),
                None => {}
            }
            for twin in own {
                targets.entry(&twin.target.value).or_insert(*twin);
            }
        }
    }

    /// Pairs objectives of one SLO. Those of different targets may be steps, each with its name.
    fn pair_within(&mut self, own: &[Twin<'a>]) {
        let names = own.iter().filter_map(|twin| twin.objective.name.as_ref());
        let names: BTreeSet<&str> = names.map(|name| name.value.trim()).collect();
        let has_names = names.len() == own.len() && !names.contains("");
        let mut seen: BTreeMap<&Ratio, Twin<'a>> = BTreeMap::new();
        for twin in own {
            match (seen.get(&twin.target.value), own.first()) {
                (Some(same), _) => self.add(*same, *twin),
                (None, Some(first)) if !seen.is_empty() && !has_names => self.add(*first, *twin),
                (None, _) => {}
            }
            seen.entry(&twin.target.value).or_insert(*twin);
        }
    }
}

/// Returns a number that is the same for indicators that measure the same: of what their sources ask,
/// one after the other.
fn of_indicator(indicator: &Indicator) -> u64 {
    let of_settings = |source: &MetricSource| {
        let texts = source.settings.iter().map(|setting| fingerprint(&setting.value.value));
        texts.fold(0, u64::wrapping_add)
    };
    let of_source = |source: &MetricSource| {
        let query = source.query.as_ref().map(|query| fingerprint(&query.text));
        query.unwrap_or_else(|| of_settings(source))
    };
    let numbers = indicator.measure.sources().map(of_source);
    numbers.fold(0, |sum: u64, number| sum.rotate_left(1).wrapping_add(number))
}
