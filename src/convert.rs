//! Writes SLOs in another format, and says what that format has no place for.
//!
//! **Invariant:** nothing is lost in silence. Whoever writes a value notes where it stood; every value of an SLO
//! that nobody noted is told as dropped, be it one that the model knows or not.
//!
//! What is written means the same, or a note says what else it means: converting there and back, where nothing
//! was noted, leaves an SLO that [`crate::change`] finds no difference in.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::Catalog;
use crate::model::Dialect;
use crate::model::Indicator;
use crate::model::IndicatorUse;
use crate::model::MetricSource;
use crate::model::Object;
use crate::model::Objective;
use crate::model::Query;
use crate::model::Slo;
use crate::model::answers_promql;
use crate::quantity::Duration;
use crate::source::SourceId;
use crate::source::Span;
use crate::yaml::Document;
use crate::yaml::Node;
use crate::yaml::Stream;

mod labels;
mod ledger;
mod names;
mod openslo;
pub mod policies;
mod pyrra;
mod queries;
mod sloth;
mod write;

use ledger::Ledger;
use names::Names;

/// A format that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `openslo/v1`
    OpenSlo,
    /// `prometheus/v1`, files of Sloth
    Sloth,
    /// `pyrra.dev/v1alpha1`
    Pyrra,
}

impl Target {
    /// Returns the name that people know the format by.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenSlo => "OpenSLO",
            Self::Sloth => "Sloth",
            Self::Pyrra => "Pyrra",
        }
    }
}

/// The SLOs of a file in another format.
#[derive(Debug, Default)]
pub struct Conversion {
    /// YAML, a document for each object; empty where nothing could be converted.
    pub text: String,
    /// What the text does not say, or says in another way, in the order of the file.
    pub notes: Vec<Note>,
    /// How many SLOs are in the text.
    pub converted: usize,
}

/// Something that a conversion does not keep as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Where it stands.
    pub span: Span,
    /// What becomes of it.
    pub kind: NoteKind,
    /// What it is, and why.
    pub text: String,
}

/// What becomes of something that is not kept as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoteKind {
    /// The SLO is not written at all.
    Refused,
    /// It is written in another way.
    Changed,
    /// It is left out.
    Dropped,
}

impl NoteKind {
    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "not converted",
            Self::Changed => "changed",
            Self::Dropped => "dropped",
        }
    }
}

/// Converts the SLOs of one file.
///
/// * `streams`: the file, and the texts in it that are read on their own; `catalog`: everything that may be
///   referred to; `sloth_window`: the window that all SLOs of Sloth have.
pub fn convert(
    source: SourceId,
    streams: &[&Stream],
    catalog: &Catalog,
    target: Target,
    sloth_window: Duration,
) -> Conversion {
    let mut ledger = Ledger::new();
    let mut documents: Vec<Value> = Vec::new();
    let mut converted = 0;
    // The catalog orders them by kind.
    let mut objects: Vec<&Object> = catalog.objects_of(source).collect();
    objects.sort_by_key(|object| object.meta().span);
    let documents_read = streams.iter().flat_map(|stream| &stream.documents);
    let mut roots: Vec<Node<'_>> = documents_read.map(Document::root).collect();
    // What stands within another comes before it.
    roots.sort_by_key(|root| (root.span().end, Reverse(root.span().start)));
    let mut files = sloth::Files::default();
    let mut names = Names::default();
    // What of the objects is written, all of it or some.
    let mut kept = Vec::new();
    for object in &objects {
        let Object::Slo(slo) = object else { continue };
        let node = node_at(&roots, slo.meta.span);
        let job = Job { slo, catalog, roots: &roots, sloth_window, node };
        // What is noted of an SLO counts if all of it can be written.
        let mut own = Ledger::new();
        let written = match target {
            Target::OpenSlo => openslo::slo(&job, &mut names, &mut own),
            Target::Sloth => sloth::slos(&job, &mut names, &mut own).map(|(service, slos)| {
                files.add(service, slos);
                Vec::new()
            }),
            Target::Pyrra => pyrra::slos(&job, &mut names, &mut own),
        };
        match written {
            Ok(mut written) => {
                converted += 1;
                documents.append(&mut written);
                kept.push(slo.meta.span);
                ledger.absorb(own);
            }
            Err(why) => ledger.refuse(slo, &why),
        }
    }
    // What an SLO uses is written in it.
    objects.retain(|object| match object {
        Object::Slo(_) => false,
        Object::Sli(indicator) => {
            let is_used = ledger.carries_part(indicator.meta.span);
            kept.extend(is_used.then_some(indicator.meta.span));
            !is_used
        }
        _ => true,
    });
    for object in &objects {
        match object {
            Object::Service(service) if target == Target::OpenSlo => {
                let node = node_at(&roots, service.meta.span);
                documents.push(openslo::service(service, node, &mut ledger));
                kept.push(service.meta.span);
            }
            other => ledger.leave_out(other),
        }
    }
    documents.append(&mut files.into_documents());
    account(&roots, &kept, &mut ledger);
    Conversion { text: write::yaml(&documents), notes: ledger.into_notes(), converted }
}

/// Says what is not written of the documents of which some is.
///
/// * `roots`: those within another before it; `kept`: where the objects stand that are written.
fn account(roots: &[Node<'_>], kept: &[Span], ledger: &mut Ledger) {
    // One that holds the text of another says nothing itself.
    let holders: BTreeSet<usize> =
        kept.iter().filter_map(|place| holder_of(roots, *place)).collect();
    let places: Vec<Span> = roots.iter().map(|root| root.span()).collect();
    for root in holders.iter().filter_map(|holder| roots.get(*holder)) {
        ledger.account(*root, &places);
    }
}

/// An SLO that is converted.
struct Job<'a> {
    slo: &'a Slo,
    catalog: &'a Catalog,
    roots: &'a [Node<'a>],
    /// The window of all SLOs of Sloth.
    sloth_window: Duration,
    /// Where it is written.
    node: Option<Node<'a>>,
}

impl<'a> Job<'a> {
    /// Returns the mapping that stands in a place of the file.
    fn at(&self, place: Span) -> Option<Node<'a>> {
        node_at(self.roots, place)
    }

    /// Returns the indicator of an objective.
    fn indicator(
        &self,
        objective: &'a Objective,
        ledger: &mut Ledger,
    ) -> Result<&'a Indicator, String> {
        if let IndicatorUse::Named(reference) = &objective.indicator {
            ledger.carry(reference.name.span);
        }
        let found = self.catalog.indicator(&objective.indicator).one();
        found.map(|found| &**found).ok_or_else(|| "its indicator cannot be found".to_owned())
    }

    /// Notes that an indicator is written, where it says nothing but what is measured.
    fn carry_indicator(&self, indicator: &Indicator, ledger: &mut Ledger) {
        let is_more = matches!(
            indicator.meta.dialect,
            Dialect::OpenSloV1
                | Dialect::OpenSloV1Alpha
                | Dialect::OpenSloV2Alpha
                | Dialect::OpenSloOperator
                | Dialect::Nobl9
        );
        if !is_more {
            ledger.carry(indicator.meta.span);
            return;
        }
        indicator.meta.name.iter().for_each(|name| ledger.carry(name.span));
        let holder = self.at(indicator.meta.span);
        let paths: [&[&str]; 3] = [
            &["ratioMetric", "rawType"],
            &["spec", "ratioMetric", "rawType"],
            &["ratioMetrics", "rawType"],
        ];
        let word = ledger::unmodeled(holder, &paths);
        if let Some(word) = word {
            ledger.carry(word.span);
        }
    }

    /// Returns the query of a source of Prometheus.
    fn promql(&self, source: &'a MetricSource, ledger: &mut Ledger) -> Result<&'a Query, String> {
        let kind = self.catalog.source_type(source);
        if let Some(other) = kind.filter(|kind| !answers_promql(kind)) {
            return Err(format!("`{other}` answers its queries, and not Prometheus"));
        }
        source.source_type.iter().for_each(|kind| ledger.carry(kind.span));
        let query = source.query.as_ref().ok_or("a query of it cannot be read")?;
        ledger.carry(query.span);
        Ok(query)
    }

    /// Returns what is said of the alerts that a tool makes.
    fn alerting(&self) -> Option<Node<'a>> {
        let of = |holder: Option<Node<'a>>| holder.and_then(|holder| holder.given("alerting"));
        of(self.node).or_else(|| of(self.node.and_then(|node| node.given("spec"))))
    }

    /// Says what becomes of the alerts that a tool makes.
    fn account_alerts(&self, target: Target, ledger: &mut Ledger) {
        let family = self.slo.meta.dialect.family();
        let place = self.alerting().map_or(self.slo.meta.place(), Node::span);
        if !self.slo.meta.dialect.makes_alerts() {
            return;
        }
        if family == target.name() || self.slo.generated.is_empty() {
            // Where there are none, nothing else that is said of them matters.
            self.alerting().iter().for_each(|alerting| ledger.carry(alerting.span()));
            return;
        }
        let name = self.slo.meta.name();
        if target == Target::OpenSlo {
            ledger.drop(place, format!("`{name}`: the alerts that {family} makes of it"));
        } else {
            let text = format!("`{name}`: its alerts are those that {} makes", target.name());
            ledger.carry(place);
            ledger.change(place, text);
        }
    }

    /// Returns whether something alerts on it, or may.
    fn has_alerts(&self) -> bool {
        let slo = self.slo;
        !slo.generated.is_empty()
            || !slo.alert_policies.is_empty()
            || !slo.meta.dialect.names_alerts()
    }
}

/// Returns the node of an object.
///
/// * `roots`: those within another before it.
fn node_at<'a>(roots: &[Node<'a>], span: Span) -> Option<Node<'a>> {
    descend(*roots.get(holder_of(roots, span)?)?, span)
}

/// Returns the place of the innermost document around something.
///
/// * `roots`: those within another before it.
fn holder_of(roots: &[Node<'_>], span: Span) -> Option<usize> {
    let first = roots.partition_point(|root| root.span().end < span.end);
    let mut behind = roots.iter().enumerate().skip(first);
    behind.find(|(_, root)| root.span().contains(span)).map(|(place, _)| place)
}

fn descend(node: Node<'_>, span: Span) -> Option<Node<'_>> {
    if node.span() == span && node.is_mapping() {
        return Some(node);
    }
    if !node.span().contains(span) {
        return None;
    }
    let children = node.entries().map(|entry| entry.value).chain(node.items());
    children.into_iter().find_map(|child| descend(child, span))
}
