//! What the queries of an indicator count: good or bad events, and valid ones.
//!
//! [`read`] parses the queries of every indicator once, [`Sli`] says what they count.
//!
//! **Invariant:** `indicators` finds facts and words nothing; a rule of family `indicator` says them to
//! people. What is not certain is absent.
//!
//! # Why
//!
//! Twenty rules ask the same of an indicator: which query counts good events, which valid ones, over
//! which series. An indicator may say so in two queries or in one that divides, by good events or by bad
//! ones; here all of them become the same three sides.

use std::collections::HashMap;
use std::ptr;
use std::sync::Arc;

use rayon::prelude::*;

use crate::model::Catalog;
use crate::model::Indicator;
use crate::model::Measure;
use crate::model::MetricSource;
use crate::model::Object;
use crate::model::Objective;
use crate::model::Operator;
use crate::model::Query;
use crate::model::RawType;
use crate::model::Subject;
use crate::model::answers_promql;
use crate::query;
use crate::query::events;
use crate::query::events::Events;
use crate::query::events::Share;
use crate::query::problem::Problem;
use crate::query::tree::Expression;

use self::recorded::Expansion;
use self::recorded::Records;
use self::recorded::Series;

pub mod asked;
pub mod averages;
pub mod cancels;
pub mod counters;
pub mod datadog;
pub mod direction;
pub mod endpoints;
pub mod latency;
pub mod percentiles;
pub mod protocol;
pub mod recorded;
pub mod spans;
pub mod stated;
pub mod statuses;
pub mod subset;
pub mod vitals;

/// An indicator with its queries, parsed.
#[derive(Debug)]
pub struct Queries<'a> {
    /// The indicator.
    pub indicator: &'a Arc<Indicator>,
    /// The objectives that use it, in the order of the files.
    pub users: Vec<User<'a>>,
    /// The queries, in the order good, bad, total; or the only one.
    pub each: Vec<Parsed<'a>>,
}

/// An objective that uses an indicator.
#[derive(Clone, Copy, Debug)]
pub struct User<'a> {
    /// The SLO.
    pub slo: &'a Subject<'a>,
    /// The objective.
    pub objective: &'a Objective,
}

/// A query that was parsed.
#[derive(Debug)]
pub struct Parsed<'a> {
    /// What it is for.
    pub role: Role,
    /// Who answers it.
    pub source: &'a MetricSource,
    /// The text.
    pub query: &'a Query,
    /// The language.
    pub language: Language,
    /// The tree, where it is PromQL that can be read.
    pub tree: Option<Expression>,
    /// What is wrong with it as PromQL.
    pub problems: Vec<Problem>,
    /// The tree, where it is a query of Datadog that can be read.
    pub datadog: Option<query::datadog::tree::Expression>,
    /// What is wrong with it as a query of Datadog.
    pub datadog_problems: Vec<query::datadog::problem::Problem>,
    /// What it counts in PromQL, where that is not what is written.
    meant: Option<Meant<'a>>,
}

/// What a query counts, in PromQL: recorded series replaced by what they record, queries of Datadog by
/// what counts the same.
#[derive(Debug)]
struct Meant<'a> {
    /// The text that the extents of the tree are of.
    query: Query,
    tree: Expression,
    series: Vec<Series<'a>>,
}

/// What a query is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It counts good events.
    Good,
    /// It counts bad events.
    Bad,
    /// It counts valid events.
    Total,
    /// It gives the share of good events, or of bad ones.
    Ratio(RawType),
    /// It gives a value that an objective compares.
    Value,
}

/// The language of a query, by the type of its data source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// PromQL.
    Prometheus,
    /// MetricsQL, which reads most of PromQL as PromQL does.
    VictoriaMetrics,
    /// Queries of metrics at Datadog.
    Datadog,
    /// Another one.
    Other,
    /// Nobody says which.
    Unknown,
}

/// An indicator by what its queries count.
#[derive(Debug)]
pub struct Sli<'a> {
    /// The queries.
    pub queries: &'a Queries<'a>,
    /// What counts good events.
    pub good: Option<Side<'a>>,
    /// What counts bad events.
    pub bad: Option<Side<'a>>,
    /// What counts valid events.
    pub total: Option<Side<'a>>,
    /// The division, where one query divides.
    pub share: Option<Share<'a>>,
}

/// One side of an indicator.
#[derive(Debug)]
pub struct Side<'a> {
    /// The query.
    pub parsed: &'a Parsed<'a>,
    /// The text of the query, in full: recorded series replaced by what they record.
    pub query: &'a Query,
    /// What counts, in PromQL: the whole query, or the part of it before or after the division.
    pub expression: &'a Expression,
    /// The events, where they can be told.
    pub events: Option<Events<'a>>,
}

impl Language {
    /// Returns the language of a data source.
    fn of(source: &MetricSource, catalog: &Catalog) -> Self {
        let Some(kind) = catalog.source_type(source) else { return Self::Unknown };
        let lower = kind.to_lowercase();
        match lower.as_str() {
            _ if lower.contains("datadog") => Self::Datadog,
            _ if !answers_promql(kind) => Self::Other,
            _ if lower.contains("victoria") => Self::VictoriaMetrics,
            _ => Self::Prometheus,
        }
    }
}

/// Parses the queries of every indicator, each once, in the order of the files.
pub fn read<'a>(catalog: &'a Catalog, subjects: &'a [Subject<'a>]) -> Vec<Queries<'a>> {
    let mut places: HashMap<*const Indicator, usize> = HashMap::new();
    let mut found: Vec<(&'a Arc<Indicator>, Vec<User<'a>>)> = Vec::new();
    for object in catalog.objects() {
        if let Object::Sli(indicator) = object {
            places.insert(Arc::as_ptr(indicator), found.len());
            found.push((indicator, Vec::new()));
        }
    }
    for slo in subjects {
        for objective in &slo.objectives {
            let Some(indicator) = catalog.indicator(&objective.indicator).one() else { continue };
            let place = *places.entry(Arc::as_ptr(indicator)).or_insert(found.len());
            if place == found.len() {
                found.push((indicator, Vec::new()));
            }
            if let Some((_, users)) = found.get_mut(place) {
                users.push(User { slo, objective });
            }
        }
    }
    let records = Records::new(catalog.rules());
    let parsed = found.into_par_iter().map(|(indicator, users)| {
        let each = parsed(indicator, catalog, &records);
        Queries { indicator, users, each }
    });
    let mut queries: Vec<Queries<'a>> = parsed.collect();
    queries.sort_by_key(|queries| queries.indicator.meta.span);
    queries
}

fn parsed<'a>(
    indicator: &'a Indicator,
    catalog: &'a Catalog,
    records: &Records<'a>,
) -> Vec<Parsed<'a>> {
    let sources = match &indicator.measure {
        Measure::Unreadable => Vec::new(),
        Measure::Threshold(source) => vec![(Role::Value, source)],
        Measure::Raw { raw_type, source } => vec![(Role::Ratio(*raw_type), source)],
        Measure::Counts(counts) => {
            let good = counts.good.as_ref().map(|source| (Role::Good, source));
            let bad = counts.bad.as_ref().map(|source| (Role::Bad, source));
            let total = counts.total.as_ref().map(|source| (Role::Total, source));
            [good, bad, total].into_iter().flatten().collect()
        }
    };
    let parsed = sources.into_iter().filter_map(|(role, source)| {
        let query = source.query.as_ref()?;
        let language = Language::of(source, catalog);
        let (tree, problems) = match language {
            Language::Datadog | Language::Other => (None, Vec::new()),
            _ => query::parse(&query.text),
        };
        let (datadog, datadog_problems) = match language {
            Language::Datadog => query::datadog::parse(&query.text),
            _ => (None, Vec::new()),
        };
        let mut parsed = Parsed {
            role,
            source,
            query,
            language,
            tree,
            problems,
            datadog,
            datadog_problems,
            meant: None,
        };
        parsed.meant = parsed.meant(records);
        Some(parsed)
    });
    parsed.collect()
}

impl<'a> Parsed<'a> {
    fn meant(&self, records: &Records<'a>) -> Option<Meant<'a>> {
        if let Some(tree) = self.sound_datadog() {
            let tree = query::datadog::lower::lower(tree)?;
            return Some(Meant { query: self.query.clone(), tree, series: Vec::new() });
        }
        let Expansion { query, series } = records.expand(self.query, self.sound()?)?;
        let (tree, problems) = query::parse(&query.text);
        tree.filter(|_| problems.is_empty()).map(|tree| Meant { query, tree, series })
    }

    /// Returns what the query counts, in PromQL, with the text of it: recorded series replaced by what
    /// they record, a query of Datadog by what counts the same.
    pub fn counted(&self) -> Option<(&Query, &Expression)> {
        match &self.meant {
            Some(meant) => Some((&meant.query, &meant.tree)),
            None => Some((self.query, self.sound()?)),
        }
    }

    /// Returns the recorded series that the query names, where what they record is known.
    pub fn series(&self) -> &[Series<'a>] {
        self.meant.as_ref().map_or(&[], |meant| &meant.series)
    }

    /// Returns the tree, where the query is PromQL without a mistake.
    pub fn sound(&self) -> Option<&Expression> {
        self.tree.as_ref().filter(|_| self.problems.is_empty())
    }

    /// Returns the tree, where the query is one of Datadog without a mistake.
    pub fn sound_datadog(&self) -> Option<&query::datadog::tree::Expression> {
        self.datadog.as_ref().filter(|_| self.datadog_problems.is_empty())
    }
}

impl<'a> Queries<'a> {
    /// Returns the query of a role.
    pub fn of(&self, role: Role) -> Option<&Parsed<'a>> {
        self.each.iter().find(|parsed| parsed.role == role)
    }
}

impl<'a> Sli<'a> {
    /// Finds what the queries of an indicator count.
    pub fn new(queries: &'a Queries<'a>) -> Self {
        let mut sli = Self { queries, good: None, bad: None, total: None, share: None };
        for parsed in &queries.each {
            let Some((query, tree)) = parsed.counted() else { continue };
            let whole = || Some(Side::new(parsed, query, tree));
            match parsed.role {
                Role::Good => sli.good = whole(),
                Role::Bad => sli.bad = whole(),
                Role::Total => sli.total = whole(),
                Role::Ratio(raw_type) => sli.divide(parsed, raw_type),
                Role::Value => {
                    if let Some(raw_type) = compared(queries) {
                        sli.divide(parsed, raw_type);
                    }
                }
            }
        }
        sli
    }

    fn divide(&mut self, parsed: &'a Parsed<'a>, raw_type: RawType) {
        let Some((query, tree)) = parsed.counted() else { return };
        let Some(share) = events::share(tree) else { return };
        let part = Some(Side::new(parsed, query, share.part));
        // What a share of bad events leaves is a share of good ones; the part is bad then.
        match (raw_type, share.is_complement) {
            (RawType::Success, false) | (RawType::Failure, true) => self.good = part,
            (RawType::Success, true) | (RawType::Failure, false) => self.bad = part,
        }
        self.total = Some(Side::new(parsed, query, share.whole));
        self.share = Some(share);
    }

    /// Returns the sides that are there: good, bad, total.
    pub fn sides(&self) -> impl Iterator<Item = &Side<'a>> {
        [&self.good, &self.bad, &self.total].into_iter().flatten()
    }
}

impl<'a> Side<'a> {
    fn new(parsed: &'a Parsed<'a>, query: &'a Query, expression: &'a Expression) -> Self {
        Self { parsed, query, expression, events: events::reduce(expression) }
    }

    /// Returns whether two sides stand in one query.
    pub fn is_beside(&self, other: &Side<'_>) -> bool {
        ptr::eq(self.parsed.query, other.parsed.query)
    }
}

/// Returns what a value is a share of, by how every objective compares it: a share of good events has
/// to be high.
fn compared(queries: &Queries<'_>) -> Option<RawType> {
    let mut types = queries.users.iter().map(|user| {
        Some(match user.objective.operator.as_ref()?.value {
            Operator::Gt | Operator::Gte => RawType::Success,
            Operator::Lt | Operator::Lte => RawType::Failure,
        })
    });
    let first = types.next()??;
    types.all(|other| other == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect;
    use crate::source::Origin;
    use crate::source::Source;
    use crate::source::SourceId;
    use crate::yaml;

    fn slo(raw_type: &str, operator: &str, query: &str) -> String {
        let (measure, compared) = match raw_type {
            "" => (
                "thresholdMetric: {metricSource".to_owned(),
                format!("op: {operator}, value: 0.9, "),
            ),
            _ => {
                (format!("ratioMetric: {{rawType: {raw_type}, raw: {{metricSource"), String::new())
            }
        };
        let end = if raw_type.is_empty() { "" } else { "}" };
        format!(
            "{{apiVersion: openslo/v1, kind: SLO, metadata: {{name: a}}, spec: {{service: s, \
             indicator: {{metadata: {{name: i}}, spec: {{{measure}: {{type: Prometheus, spec: \
             {{query: '{query}'}}}}}}{end}}}}}, budgetingMethod: Occurrences, \
             objectives: [{{{compared}target: 0.9}}]}}}}"
        )
    }

    /// Returns the good, bad and valid events of the only indicator, by their selectors.
    fn sides(text: &str) -> [Option<String>; 3] {
        let source = Source::from_text("slo.yaml", text, Origin::Worktree);
        let stream = yaml::parse(SourceId::default(), &source);
        let catalog = Catalog::new(dialect::read(&stream).objects, Vec::new());
        let subjects: Vec<_> = catalog.slos().map(|slo| Subject::new(&catalog, slo)).collect();
        let queries = read(&catalog, &subjects);
        let only = Sli::new(queries.first().expect("there is an indicator"));
        let selected = |side: &Option<Side<'_>>| {
            let side = side.as_ref()?;
            Some(side.expression.extent.slice(&side.parsed.query.text).to_owned())
        };
        [&only.good, &only.bad, &only.total].map(selected)
    }

    #[test]
    fn a_query_that_divides_has_two_sides() {
        let found = |good: Option<&str>, bad: Option<&str>| {
            [good, bad, Some("b")].map(|side| side.map(str::to_owned))
        };
        assert_eq!(sides(&slo("success", "", "a / b")), found(Some("a"), None));
        assert_eq!(sides(&slo("failure", "", "a / b")), found(None, Some("a")));
        assert_eq!(sides(&slo("success", "", "1 - a / b")), found(None, Some("a")));
        assert_eq!(sides(&slo("failure", "", "1 - a / b")), found(Some("a"), None));
        assert_eq!(sides(&slo("", "gte", "a / b")), found(Some("a"), None));
        assert_eq!(sides(&slo("", "lt", "a / b")), found(None, Some("a")));
        assert_eq!(sides(&slo("success", "", "a + b")), [None, None, None]);
    }
}
