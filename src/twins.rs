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
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::sync::Arc;

use serde_json::Value;
use serde_json::json;

use crate::change::indicator_meaning;
use crate::model::BudgetingMethod;
use crate::model::Catalog;
use crate::model::Indicator;
use crate::model::Measure;
use crate::model::MetricSource;
use crate::model::Objective;
use crate::model::Slo;
use crate::model::Subject;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::query::fingerprint;
use crate::query::placeholder::may_hold_placeholders;
use crate::source::Span;
use crate::source::Spanned;

/// The annotation that says what a target is.
const RELATION: &str = "slo/relation";

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
/// `duplicate-object-name` speaks.
pub fn find<'a>(
    slos: &'a [Subject<'a>],
    catalog: &Catalog,
    overlay: impl Fn(&Slo) -> Option<&'a str>,
) -> Vec<Twins<'a>> {
    let mut likely: Vec<(u64, Twin<'a>)> = Vec::new();
    for (index, slo) in slos.iter().enumerate() {
        if slo.composite || slo.window.is_none() || slo.is_draft() {
            continue;
        }
        let mut last: Option<(&Arc<Indicator>, u64)> = None;
        for objective in &slo.objectives {
            let Some(target) = objective.budgeted() else { continue };
            let Some(indicator) = catalog.indicator(&objective.indicator).one() else { continue };
            let known = last.filter(|(known, _)| Arc::ptr_eq(known, indicator));
            let measure = known.map_or_else(|| of_indicator(indicator), |(_, measure)| measure);
            last = Some((indicator, measure));
            let number = number(slo, objective, indicator, measure);
            likely.push((number, Twin { index, slo, objective, target }));
        }
    }
    // Stable, so that what comes first in the files stays first.
    likely.sort_by_key(|(number, _)| *number);
    let mut keys = Keys { catalog, overlay, meanings: HashMap::new(), are_copies: false };
    let mut groups: BTreeMap<String, Vec<Twin<'a>>> = BTreeMap::new();
    for run in likely.chunk_by(|one, other| one.0 == other.0).filter(|run| run.len() > 1) {
        let written = keys.begin(run);
        for ((_, twin), written) in run.iter().zip(written) {
            if let Some(key) = keys.of(*twin, written) {
                groups.entry(key).or_default().push(*twin);
            }
        }
    }
    let mut found = Found::default();
    let mut groups: Vec<Vec<Twin<'a>>> =
        groups.into_values().filter(|group| group.len() > 1).collect();
    groups.sort_by_key(|group| group.first().map(|twin| twin.objective.span));
    for group in groups {
        found.pair(&group);
    }
    found.twins.sort_by_key(|twins| (twins.second.index, twins.first.index));
    found.twins
}

/// What makes two objectives one, as text.
struct Keys<'c, F> {
    catalog: &'c Catalog,
    /// Returns the folder of an SLO that is a set of definitions of its own.
    overlay: F,
    /// What the indicators of the run measure, by how they are written: many are copies of one. Absent
    /// where that is not known.
    meanings: HashMap<String, Option<Value>>,
    /// Whether all indicators of the run are written alike, so that none of them has to be read.
    are_copies: bool,
}

impl<'a, F: Fn(&Slo) -> Option<&'a str>> Keys<'_, F> {
    /// Looks at objectives that may judge the same; returns how the indicator of each is written.
    fn begin(&mut self, run: &[(u64, Twin<'_>)]) -> Vec<String> {
        let catalog = self.catalog;
        let written = |(_, twin): &(u64, Twin<'_>)| {
            let indicator = catalog.indicator(&twin.objective.indicator).one();
            indicator.map(|indicator| as_written(indicator)).unwrap_or_default()
        };
        let written: Vec<String> = run.iter().map(written).collect();
        self.meanings.clear();
        self.are_copies = written.iter().all(|other| Some(other) == written.first());
        written
    }

    fn of(&mut self, twin: Twin<'_>, written: String) -> Option<String> {
        let catalog = self.catalog;
        let Twin { slo, objective, .. } = twin;
        let indicator = catalog.indicator(&objective.indicator).one()?;
        let are_copies = self.are_copies;
        let meaning = self.meanings.entry(written).or_insert_with_key(|written| {
            let read = || {
                let alike = are_copies.then(|| Value::from(written.as_str()));
                alike.unwrap_or_else(|| indicator_meaning(catalog, &objective.indicator))
            };
            is_known(&indicator.measure).then(read)
        });
        let meaning = meaning.as_ref()?;
        let comparison = objective.comparison(Some(indicator));
        if matches!(comparison, Some((None, _) | (_, None))) || !has_slices(slo, objective) {
            return None;
        }
        let key = json!([
            slo.meta.dialect.api_version(),
            slo.meta.namespace,
            (self.overlay)(slo),
            relation(slo)?,
            slo.method(),
            slo.window,
            comparison,
            objective.slice_target,
            objective.slice_window,
            meaning,
        ]);
        Some(key.to_string())
    }
}

/// Returns an indicator as it is written: what is written alike measures the same.
fn as_written(indicator: &Indicator) -> String {
    serde_json::to_string(&indicator.measure).unwrap_or_default()
}

/// Returns what the target of an SLO is; nothing where that cannot be read.
///
/// What says nothing is `achievable`, what people are held to. Names such as `login-sla` say it, too.
fn relation(slo: &Slo) -> Option<&'static str> {
    const WORDS: [&str; 3] = ["achievable", "aspirational", "sla"];
    if slo.meta.declared(RELATION).is_some() {
        return WORDS.into_iter().find(|word| slo.meta.declares(RELATION, word));
    }
    let mut parts = slo.meta.name().split(['-', '.', '_']);
    Some(parts.find_map(|part| WORDS.into_iter().find(|word| *word == part)).unwrap_or(WORDS[0]))
}

/// Returns whether an objective says all that its budgeting method asks about slices.
fn has_slices(slo: &Slo, objective: &Objective) -> bool {
    match slo.method() {
        BudgetingMethod::Occurrences => true,
        BudgetingMethod::Timeslices => {
            objective.slice_target.is_some() && objective.slice_window.is_some()
        }
        BudgetingMethod::RatioTimeslices => objective.slice_window.is_some(),
    }
}

/// Returns whether a measure says all that is counted, and nothing fills in anything later.
fn is_known(measure: &Measure) -> bool {
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

/// Returns a number that is the same for objectives with one key.
fn number(slo: &Slo, objective: &Objective, indicator: &Indicator, measure: u64) -> u64 {
    let window = slo.window.as_ref().map(|window| window.duration.value.nominal_seconds());
    let value = objective.comparison(Some(indicator)).and_then(|(_, value)| value);
    let mut hasher = DefaultHasher::new();
    (measure, window, value.map(|value| value.value.to_parts())).hash(&mut hasher);
    hasher.finish()
}

/// Returns a number that is the same for indicators that measure the same: that of the query that
/// tells most.
fn of_indicator(indicator: &Indicator) -> u64 {
    let Some(source) = indicator.measure.sources().next() else { return 0 };
    if let Some(query) = &source.query {
        return fingerprint(&query.text);
    }
    let texts = source.settings.iter().map(|setting| fingerprint(&setting.value.value));
    texts.fold(0, u64::wrapping_add)
}
