//! The rules, by family, and what a rule is.
//!
//! A rule is a constant: a name, a level, a set, a page, and a function from facts to findings. It
//! lives in two files of its family's folder: `the_rule.rs` and `the_rule.md`. The page is the help
//! text, the documentation and the rule's first test.
//!
//! **Invariant:** rules read values and report; they never open files, ask the clock or print.
//!
//! # Why
//!
//! No trait, no macro, no registration at a distance: a person who knows one rule knows them all.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::OnceLock;

use crate::alerts::link;
use crate::alerts::urgency;
use crate::alerts::urgency::Urgency;
use crate::config::Config;
use crate::config::Value;
use crate::config::baseline::Entry;
use crate::config::owners::CodeOwners;
use crate::dialect;
use crate::finding::Finding;
use crate::finding::Level;
use crate::finding::Words;
use crate::globs::Globs;
use crate::indicators::Sli;
use crate::model;
use crate::model::AlertCondition;
use crate::model::Catalog;
use crate::model::ErrorBudgetPolicy;
use crate::model::Lost;
use crate::model::Object;
use crate::model::Query;
use crate::model::Subject;
use crate::needs;
use crate::needs::Circles;
use crate::policy::Governance;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::query::Extent;
use crate::query::values::Automata;
use crate::source::Edit;
use crate::source::SourceId;
use crate::source::Sources;
use crate::source::Span;
use crate::spelling;
use crate::spelling::Vocabulary;
use crate::twins;
use crate::twins::Twins;
use crate::yaml;
use crate::yaml::Node;

mod alerting;
mod annotation;
mod approval;
mod change;
mod comparison;
mod datadog;
mod document;
mod indicator;
mod judges;
mod objective;
mod policy;
mod reference;
mod suppression;
mod window;
mod words;

pub use comparison::Comparison;
pub use judges::FORMATS;
pub use judges::Judges;
pub use suppression::Fault;
pub use suppression::MAX_RULES;
pub use suppression::Suppression;
pub use suppression::Use;

/// A rule: what it is called, when it is on, what it says, and how it finds out.
#[derive(Debug)]
pub struct Rule {
    /// The name: kebab-case, the bad thing; it reads well after *allow*.
    pub name: &'static str,
    /// The usual level: that of most of what it reports, and the one that the catalog lists.
    ///
    /// A case that deserves less or more is reported with [`Checker::report_at`]. A level from
    /// `slo.toml` is that of the usual case and the highest of any: the usual case moves to it in
    /// both directions, a case that deserves more never stays above it, and one that deserves less
    /// never rises to it.
    pub level: Level,
    /// When it is on without being asked for.
    pub set: Set,
    /// What it judges, which says of which formats it can speak.
    pub judges: Judges,
    /// The version that brought it.
    pub since: &'static str,
    /// The page.
    pub docs: &'static str,
    /// Its own settings in `slo.toml`.
    pub settings: &'static [Setting],
    /// How it finds out.
    pub check: Check,
}

/// A setting of a rule: a key of its table in `slo.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
}

/// What a setting of a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A list of globs from the root, for the whole repository: it stands without `paths`.
    Globs,
    /// A list of strings that are not empty.
    Texts,
    /// A length of time, zero or more, in units that are exact.
    Length,
    /// A list of such lengths.
    Lengths,
    /// A number of 0 or more.
    Number,
}

/// The sets of rules, each of which holds the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Set {
    /// What is certainly wrong, whatever a team's habits are.
    Recommended,
    /// What a careful team also wants.
    Strict,
    /// The informational rest.
    All,
}

impl Set {
    /// Returns the word for the set.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recommended => "recommended",
            Self::Strict => "strict",
            Self::All => "all",
        }
    }
}

/// What a rule looks at; the engine walks.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Each file, with what its reading could not digest.
    File(fn(&FileFacts, &mut Checker<'_>)),
    /// All files at once: each in the light of the others.
    Files(fn(&[FileFacts], &mut Checker<'_>)),
    /// Each object, for itself.
    Object(fn(&Object, &mut Checker<'_>)),
    /// Each indicator, with what its queries count.
    Indicator(fn(&Sli<'_>, &mut Checker<'_>)),
    /// Each SLO, with what it refers to.
    Slo(fn(&Subject<'_>, &mut Checker<'_>)),
    /// All SLOs at once, in the order of the files: what several share is reported once.
    Slos(fn(&[Subject<'_>], &mut Checker<'_>)),
    /// All objects of the tree.
    Catalog(fn(&Catalog, &mut Checker<'_>)),
    /// Each comment that allows something, with what it was good for.
    Suppression(fn(&Suppression, &Use, &mut Checker<'_>)),
    /// Each entry of the baseline that counts more findings than there are, with how many are.
    Baseline(fn(&Entry, u32, &mut Checker<'_>)),
}

/// What the reading of one file could not digest.
#[derive(Clone, Debug, Default)]
pub struct FileFacts {
    /// The file.
    pub source: SourceId,
    /// What is not YAML.
    pub yaml: Vec<yaml::Problem>,
    /// What is not its dialect.
    pub dialect: Vec<dialect::Problem>,
}

/// What a rule may ask, and where it reports.
pub struct Checker<'a> {
    rule: &'static Rule,
    context: &'a Context<'a>,
    findings: Vec<Finding>,
    /// The file that was read again last, to mend it.
    mended: RefCell<Option<(SourceId, yaml::Stream)>>,
    /// Who owns the files that were asked about: many objects stand in one file.
    owners: RefCell<BTreeMap<SourceId, Option<Owners<'a>>>>,
}

/// The owners of a file, and whether the pattern that names them fits every path.
type Owners<'a> = (&'a [String], bool);

/// What every rule of a run may ask.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// The objects.
    pub catalog: &'a Catalog,
    /// The SLOs with what they refer to, in the order of the catalog.
    pub subjects: &'a [Subject<'a>],
    /// What is known beside the definitions.
    pub facts: Facts<'a>,
    /// What several rules ask of all objects.
    pub shared: &'a Shared<'a>,
}

/// What several rules ask of all objects, found when the first of them asks.
#[derive(Debug, Default)]
pub struct Shared<'a> {
    twins: OnceLock<Vec<Twins<'a>>>,
    lost: OnceLock<Lost<'a>>,
    governance: OnceLock<Governance<'a>>,
    circles: OnceLock<Circles<'a>>,
    watched: OnceLock<BTreeSet<Span>>,
    mistyped_services: OnceLock<BTreeMap<Span, &'a str>>,
    automata: Automata,
}

/// What is known beside the definitions.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// What `slo.toml` says.
    pub config: &'a Config,
    /// Who owns which paths.
    pub code_owners: &'a CodeOwners,
    /// The clock.
    pub now: jiff::Timestamp,
    /// What the change does that is judged, where one is.
    pub comparison: Option<Comparison<'a>>,
    /// The objects that no commit of the last [`UNTOUCHED_DAYS`] days changed, by their places; nothing where the
    /// history does not say.
    pub untouched: Option<&'a BTreeSet<Span>>,
}

/// The days after which an object that nobody changed is to be looked at again.
pub const UNTOUCHED_DAYS: i32 = 180;

impl<'a> Facts<'a> {
    /// Returns what is known of a tree alone.
    pub fn new(config: &'a Config, code_owners: &'a CodeOwners, now: jiff::Timestamp) -> Self {
        Self { config, code_owners, now, comparison: None, untouched: None }
    }
}

impl<'a> Checker<'a> {
    /// Returns a checker for one rule.
    pub fn new(rule: &'static Rule, context: &'a Context<'a>) -> Self {
        Self {
            rule,
            context,
            findings: Vec::new(),
            mended: RefCell::default(),
            owners: RefCell::default(),
        }
    }

    /// Reports a finding at the rule's usual level.
    pub fn report(&mut self, span: Span, message: impl Into<Words>) -> &mut Finding {
        self.report_at(self.rule.level, span, message)
    }

    /// Reports a finding that deserves less or more than the rule's usual level.
    #[expect(clippy::missing_panics_doc, reason = "a list that was just pushed to has a last item")]
    pub fn report_at(
        &mut self,
        level: Level,
        span: Span,
        message: impl Into<Words>,
    ) -> &mut Finding {
        let finding = Finding::new(self.rule.name, level, span, message);
        self.findings.push(finding);
        self.findings.last_mut().expect("one was just pushed")
    }

    /// Returns the objects of the tree.
    pub fn catalog(&self) -> &'a Catalog {
        self.context.catalog
    }

    /// Returns the files.
    pub fn sources(&self) -> &'a Sources {
        self.context.sources
    }

    /// Returns the SLOs with what they refer to, in order.
    pub fn subjects(&self) -> &'a [Subject<'a>] {
        self.context.subjects
    }

    /// Returns the objectives that judge the same, which are looked for once in a run.
    fn twins(&self) -> &'a [Twins<'a>] {
        let context = self.context;
        context.shared.twins.get_or_init(|| twins::find(context.subjects, context.catalog))
    }

    /// Returns the names that references give and nothing has, which are looked for once in a run.
    fn lost(&self) -> &'a Lost<'a> {
        self.context.shared.lost.get_or_init(|| model::lost(self.context.catalog))
    }

    /// Returns the SLOs that need themselves, which are looked for once in a run.
    fn circles(&self) -> &'a Circles<'a> {
        let context = self.context;
        context.shared.circles.get_or_init(|| needs::circles(context.subjects, context.catalog))
    }

    /// Returns the places of the SLOs that an alert of Prometheus watches, which are looked for once in a
    /// run.
    fn watched(&self) -> &'a BTreeSet<Span> {
        self.context.shared.watched.get_or_init(|| link::watched(self.context.catalog))
    }

    /// Returns the services of SLOs that are slips of one that is defined, by their places, with its name,
    /// which are looked for once in a run.
    fn mistyped_services(&self) -> &'a BTreeMap<Span, &'a str> {
        let shared = self.context.shared;
        shared.mistyped_services.get_or_init(|| reference::mistyped_services(self))
    }

    /// Returns the automata of label matchers, each of which is built once in a run.
    fn automata(&self) -> &'a Automata {
        &self.context.shared.automata
    }

    /// Returns where a part of a query stands in its file.
    fn place(&self, query: &Query, part: Extent) -> Span {
        query.place(part, self.text(query.span))
    }

    /// Returns the names of objects that another repository owns.
    pub fn external(&self) -> &'a [String] {
        &self.context.facts.config.external
    }

    /// Returns what `slo.toml` says.
    pub fn config(&self) -> &'a Config {
        self.context.facts.config
    }

    /// Returns how soon somebody has to act on an alert.
    pub fn urgency(&self, condition: &AlertCondition) -> Urgency {
        urgency::severity(condition, &self.config().alerting)
    }

    /// Returns the error budget policies that count: those of the files that `[gate] policies` names.
    pub fn policies(&self) -> Vec<&'a Arc<ErrorBudgetPolicy>> {
        let gate = &self.config().gate;
        let counts = |policy: &&Arc<ErrorBudgetPolicy>| {
            gate.counts_policies_of(self.path(policy.meta.span.source))
        };
        self.catalog().policies().filter(counts).collect()
    }

    /// Returns which of the policies that count govern which SLO; the selectors are read once in a run.
    pub fn governance(&self) -> &'a Governance<'a> {
        self.context.shared.governance.get_or_init(|| Governance::of(self.policies()))
    }

    /// Returns who owns a file by CODEOWNERS, as [`CodeOwners::owners_of`] says it.
    pub fn owners_of(&self, source: SourceId) -> Option<Owners<'a>> {
        let mut known = self.owners.borrow_mut();
        let code_owners = self.context.facts.code_owners;
        *known.entry(source).or_insert_with(|| code_owners.owners_of(self.path(source)))
    }

    /// Returns the texts of the rule's own setting of a name at a path: those of the last entry that
    /// holds there and has it; none where none has.
    pub fn texts(&self, name: &str, path: &str) -> Vec<&'a str> {
        self.given(name, path).unwrap_or_default()
    }

    /// Returns the globs of the rule's own setting of a name, which holds for the whole repository;
    /// nothing where it is not given.
    pub fn globs(&self, name: &str) -> Option<Globs> {
        Globs::of_paths(self.given(name, "")?).ok()
    }

    /// Returns the texts of another rule's setting of a name at a path, as [`Self::texts`] does, where
    /// two rules ask for one thing.
    pub fn texts_of(&self, rule: &Rule, name: &str, path: &str) -> Vec<&'a str> {
        let items = self.setting_of(rule, name, path).and_then(Value::as_array).unwrap_or_default();
        items.iter().filter_map(|item| item.value.as_str()).collect()
    }

    /// Returns the length of time that the rule's own setting of a name gives at a path.
    pub fn length(&self, name: &str, path: &str) -> Option<Duration> {
        Duration::parse(self.setting(name, path)?.as_str()?)
    }

    /// Returns the number that a rule's setting of a name gives at a path.
    pub fn number_of(&self, rule: &Rule, name: &str, path: &str) -> Option<Ratio> {
        self.setting_of(rule, name, path)?.as_number()
    }

    fn given(&self, name: &str, path: &str) -> Option<Vec<&'a str>> {
        let items = self.setting(name, path)?.as_array()?;
        Some(items.iter().filter_map(|item| item.value.as_str()).collect())
    }

    fn setting(&self, name: &str, path: &str) -> Option<&'a Value> {
        self.setting_of(self.rule, name, path)
    }

    fn setting_of(&self, rule: &Rule, name: &str, path: &str) -> Option<&'a Value> {
        let entries = self.config().rules.entries_for(rule.name, path);
        let settings = entries.flat_map(|entry| &entry.settings);
        let (_, value) = settings.filter(|(key, _)| key.value == name).last()?;
        Some(&value.value)
    }

    /// Returns whether a file is written for Terraform.
    pub fn is_terraform(&self, source: SourceId) -> bool {
        self.context.sources.file(source).is_terraform()
    }

    /// Returns the path of a file from the root.
    pub fn path(&self, source: SourceId) -> &'a str {
        &self.context.sources.file(source).path
    }

    /// Returns the edit that writes another word at the place of a scalar, quoted as it was; what is
    /// JSON stays JSON.
    ///
    /// Nothing where the scalar is not written on one line, or the word would need an escape, or an anchor
    /// stands anywhere before it: what is wrong here may be right where an alias brings it.
    pub fn rewrite(&self, span: Span, word: &str) -> Option<Edit> {
        let file = &self.context.sources.file(span.source).text;
        if file.get(..span.range().start).is_none_or(yaml::may_hold_anchor) {
            return None;
        }
        let old = self.text(span);
        let is_simple = |text: &str| !text.is_empty() && !text.contains(['\n', '\'', '"', '\\']);
        let text = match old.chars().next()? {
            quote @ ('"' | '\'') => format!("{quote}{word}{quote}"),
            '|' | '>' | '&' | '*' | '!' => return None,
            _ => yaml::plain_or_json(file, word),
        };
        let is_safe = is_simple(word) && !old.contains('\n');
        is_safe.then_some(Edit { span, text })
    }

    /// Returns the edit that writes another text for a part of a query.
    ///
    /// Nothing where the part is not written as it is read, or its text would have to be escaped, or an
    /// anchor stands anywhere before it: what is wrong here may be right where an alias brings it.
    fn rewrite_part(&self, query: &Query, part: Extent, text: &str) -> Option<Edit> {
        let span = self.place(query, part);
        let file = &self.context.sources.file(span.source).text;
        if file.get(..span.range().start).is_none_or(yaml::may_hold_anchor) {
            return None;
        }
        let is_as_read = span != query.span && self.text(span) == part.slice(&query.text);
        let is_plain = match self.text(query.span).chars().next()? {
            '"' => !text.contains(['"', '\\']),
            '\'' => !text.contains('\''),
            '|' | '>' => true,
            _ => !text.contains(": ") && !text.contains(" #"),
        };
        (is_as_read && is_plain && !text.contains('\n'))
            .then(|| Edit { span, text: text.to_owned() })
    }

    /// Returns the edit that adds lines below an entry of a block mapping, as [`yaml::add_below`] does;
    /// nothing where the object that holds it has a key of that name, read or not.
    pub fn add_below(
        &self,
        value: Span,
        object: Span,
        key: &str,
        lines: &[(usize, String)],
    ) -> Option<Edit> {
        let file = &self.context.sources.file(value.source).text;
        let is_new = !self.text(object).contains(key);
        is_new.then(|| yaml::add_below(file, value, lines))?
    }

    /// Returns what `mend` makes of the mapping that is written at a span.
    ///
    /// Only the model outlives the reading of a file, so a file is read again where something in it
    /// is to be mended: once, as long as a rule goes from file to file. Nothing where `mend` gives
    /// nothing.
    pub fn mend<T>(&self, place: Span, mend: impl FnOnce(Node<'_>) -> Option<T>) -> Option<T> {
        // Terraform is written in other ways than YAML.
        if self.is_terraform(place.source) {
            return None;
        }
        let mut last = self.mended.borrow_mut();
        let is_last = last.as_ref().is_some_and(|(source, _)| *source == place.source);
        if !is_last {
            let file = self.context.sources.file(place.source);
            *last = Some((place.source, yaml::parse(place.source, file)));
        }
        let (_, stream) = last.as_ref()?;
        mend(stream.mapping(place)?)
    }

    /// Returns what the change does that is judged, where one is.
    pub fn comparison(&self) -> Option<Comparison<'a>> {
        self.context.facts.comparison
    }

    /// Returns whether no commit of the last [`UNTOUCHED_DAYS`] days changed the object at a place, as far as is
    /// known.
    fn is_untouched(&self, object: Span) -> bool {
        self.context.facts.untouched.is_some_and(|places| places.contains(&object))
    }

    /// Returns the text of a span.
    pub fn text(&self, span: Span) -> &'a str {
        self.context.sources.slice(span)
    }

    /// Returns the clock.
    pub fn now(&self) -> jiff::Timestamp {
        self.context.facts.now
    }

    /// Returns what was reported.
    pub fn finish(self) -> Vec<Finding> {
        self.findings
    }
}

impl Rule {
    /// Returns the family: the folder of the rule, a noun of the field.
    pub fn family(&self) -> &'static str {
        let is_in = |rules: &[&Rule]| rules.iter().any(|rule| rule.name == self.name);
        FAMILIES.iter().find(|(_, rules)| is_in(rules)).map_or("", |(family, _)| family)
    }

    /// Returns whether it speaks of what was accepted, by a comment or by the baseline: the baseline
    /// never holds what such a rule reports.
    pub fn is_of_acceptance(&self) -> bool {
        matches!(self.check, Check::Suppression(_) | Check::Baseline(_))
    }

    /// Returns the first sentence of the page.
    pub fn summary(&self) -> &'static str {
        let body = self.docs.split_once('\n').map_or("", |(_, body)| body);
        body.trim_start().lines().next().unwrap_or_default()
    }
}

/// The families, each with its rules.
pub const FAMILIES: &[(&str, &[&Rule])] = &[
    ("document", document::RULES),
    ("reference", reference::RULES),
    ("indicator", indicator::RULES),
    ("objective", objective::RULES),
    ("window", window::RULES),
    ("alerting", alerting::RULES),
    ("policy", policy::RULES),
    ("change", change::RULES),
];

/// Returns every rule, in the order of the families.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|(_, rules)| rules.iter().copied())
}

/// Returns the rule of a name.
pub fn named(name: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.name == name)
}

/// Returns the name of the rule that was most likely meant.
pub fn nearest(name: &str) -> Option<&'static str> {
    spelling::nearest(name, all().map(|rule| rule.name), Vocabulary::Words).first().copied()
}
