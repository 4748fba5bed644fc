use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;

use crate::finding::Level;
use crate::globs::Globs;
use crate::model::Catalog;
use crate::model::Kind;
use crate::model::Object;
use crate::model::names_in;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Holds;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Setting;
use crate::rules::words::quote;
use crate::source::Edit;
use crate::source::Span;
use crate::yaml;

use super::folder;
use super::lost_in_folders;

pub(super) const RULE: Rule = Rule {
    name: "unused-object",
    level: Level::Warning,
    set: Set::Strict,
    judges: Judges::OpenSlo,
    since: "0.1.0",
    docs: include_str!("unused_object.md"),
    settings: &[Setting { name: LIBRARIES, holds: Holds::Globs }],
    check: Check::Files(check),
};

/// The setting that names the folders whose objects others use.
const LIBRARIES: &str = "libraries";

/// The kinds of objects that have no purpose of their own.
const KINDS: [Kind; 5] = [
    Kind::Sli,
    Kind::AlertPolicy,
    Kind::AlertCondition,
    Kind::AlertNotificationTarget,
    Kind::DataSource,
];

/// The most objects that are shown beside the one that alone uses them.
const MAX_PLACES: usize = 10;

/// What an object is known by.
type Name<'a> = (Kind, &'a str);

/// The only object that refers to a name, by its position; nothing where several do.
type Users<'a> = HashMap<Name<'a>, Option<usize>>;

fn check(files: &[FileFacts], checker: &mut Checker<'_>) {
    let catalog = checker.catalog();
    // Without any SLO the repository keeps objects for others.
    if catalog.slos().next().is_none() {
        return;
    }
    let users = users(catalog);
    let mut unused: BTreeMap<Name<'_>, Vec<(usize, &Object)>> = BTreeMap::new();
    for (index, object) in catalog.objects().iter().enumerate() {
        let name = (object.kind(), object.meta().name());
        if KINDS.contains(&name.0) && !name.1.is_empty() && !users.contains_key(&name) {
            unused.entry(name).or_default().push((index, object));
        }
    }
    if unused.is_empty() {
        return;
    }
    let excuses = Excuses::new(files, checker);
    for (name, objects) in unused {
        if !objects.iter().any(|(_, object)| excuses.hold(name, object, checker)) {
            report(name, &objects, &users, &excuses, checker);
        }
    }
}

/// Returns who refers to each name.
fn users(catalog: &Catalog) -> Users<'_> {
    let mut users = Users::new();
    for (index, object) in catalog.objects().iter().enumerate() {
        for reference in object.references() {
            let user = users.entry((reference.kind, reference.name.value.as_str()));
            let user = user.or_insert(Some(index));
            *user = user.filter(|known| *known == index);
        }
    }
    users
}

/// Why nobody in sight refers to an object that is used all the same, or that another rule speaks of.
struct Excuses<'a> {
    libraries: Globs,
    /// The names of references which lead nowhere, of whatever kind: `unresolved-reference` names them.
    lost: HashSet<&'a str>,
    /// Names that are meant by them.
    meant: HashSet<Name<'a>>,
    /// The kinds of such references by their folders: nobody knows which object is meant.
    beside: HashSet<(Kind, &'a str)>,
    /// The words of objects of which some part could not be read: how many of these hold each.
    half_read: HashMap<&'a str, usize>,
    /// Those objects.
    broken: BTreeSet<Span>,
    /// The types that metrics name in the place of a DataSource, in lowercase, with the first that does.
    types: HashMap<String, (Span, &'a str)>,
}

impl<'a> Excuses<'a> {
    fn new(files: &[FileFacts], checker: &Checker<'a>) -> Self {
        let broken = half_read(files, checker);
        let mut words = HashMap::new();
        for span in &broken {
            // Each object counts once.
            for word in names_in(checker.text(*span)).collect::<BTreeSet<&str>>() {
                *words.entry(word).or_default() += 1;
            }
        }
        let lost = checker.lost();
        let near = lost.iter().flat_map(|((kind, _), near)| near.iter().map(|near| (*kind, *near)));
        Self {
            libraries: checker.globs(LIBRARIES).unwrap_or_default(),
            lost: lost.keys().map(|(_, name)| *name).collect(),
            meant: near.collect(),
            beside: lost_in_folders(checker),
            half_read: words,
            broken,
            types: types(checker.catalog()),
        }
    }

    fn hold(&self, (kind, name): Name<'a>, object: &Object, checker: &Checker<'_>) -> bool {
        let is_external = || checker.external().iter().any(|external| external == name);
        let has_backend = || {
            let mut sources = checker.config().backends.values().flat_map(|one| &one.sources);
            kind == Kind::DataSource && sources.any(|source| source == name)
        };
        let is_in_another = || {
            let own = usize::from(self.broken.contains(&object.meta().span));
            self.half_read.get(name).is_some_and(|count| *count > own)
        };
        let path = checker.path(object.meta().span.source);
        self.libraries.matches(path)
            || self.beside.contains(&(kind, folder(path)))
            || self.lost.contains(name)
            || self.meant.contains(&(kind, name))
            || checker.catalog().may_hold(name)
            || is_in_another()
            || is_external()
            || has_backend()
    }

    /// Returns the first metric that names only the type of a data source, and that type: people
    /// expect the one to lead to the other.
    fn by_type(&self, object: &Object) -> Option<(Span, &'a str)> {
        let Object::DataSource(source) = object else { return None };
        let wanted = source.source_type.as_ref()?.value.trim().to_ascii_lowercase();
        self.types.get(&wanted).copied()
    }
}

/// Returns the types of data sources that metrics name in the place of a DataSource.
fn types(catalog: &Catalog) -> HashMap<String, (Span, &str)> {
    let mut types = HashMap::new();
    for metric in catalog.metric_sources() {
        if let (Some(given), None) = (&metric.source_type, &metric.reference) {
            let key = given.value.trim().to_ascii_lowercase();
            types.entry(key).or_insert((given.span, given.value.as_str()));
        }
    }
    types
}

/// Returns the objects of which a part could not be read: it may hold a reference.
fn half_read(files: &[FileFacts], checker: &Checker<'_>) -> BTreeSet<Span> {
    let mut found = BTreeSet::new();
    for file in files.iter().filter(|file| !file.dialect.is_empty()) {
        let problems = file.dialect.iter().map(|problem| problem.span().start);
        let mut problems: Vec<u32> = problems.collect();
        problems.sort_unstable();
        let is_half_read = |span: &Span| {
            let next = problems.partition_point(|start| *start < span.start);
            problems.get(next).is_some_and(|start| *start < span.end)
        };
        let objects = checker.catalog().objects_of(file.source);
        found.extend(objects.map(|object| object.meta().span).filter(is_half_read));
    }
    found
}

fn report<'a>(
    (kind, name): Name<'a>,
    objects: &[(usize, &'a Object)],
    users: &Users<'a>,
    excuses: &Excuses<'a>,
    checker: &mut Checker<'a>,
) {
    let Some(((index, object), others)) = objects.split_first() else { return };
    let [lack, follows, help] = words(kind);
    let dependents = dependents(*index, object, users, excuses, checker);
    let edits = if others.is_empty() { delete(object, &dependents, checker) } else { None };
    let by_type = excuses.by_type(object);
    let message = format!("{lack} the {} {}", kind.name(), quote(name));
    let finding = checker.report(object.meta().place(), message);
    finding.label(follows);
    for (_, other) in others.iter().take(MAX_PLACES) {
        finding.also(other.meta().place(), "nor this one of its name");
    }
    for dependent in dependents.iter().take(MAX_PLACES) {
        finding.also(dependent.meta().place(), "used by it alone");
    }
    if let Some((span, source_type)) = by_type {
        let source_type = quote(source_type);
        finding.also(span, format!("the type {source_type} alone leads to no DataSource"));
    }
    finding.help(help);
    if let Some(edits) = edits {
        let title = match dependents.len() {
            0 => "delete it".to_owned(),
            1 => "delete it, and the object that only it uses".to_owned(),
            count => format!("delete it, and the {count} objects that only it uses"),
        };
        finding.unsafe_fix(title, edits);
    }
}

/// Returns what nobody does with an object of a kind, what follows, and what to do.
fn words(kind: Kind) -> [&'static str; 3] {
    match kind {
        Kind::Sli => [
            "no SLO measures",
            "nothing is promised about it",
            "name it as the indicator of an SLO, or delete it",
        ],
        Kind::AlertPolicy => [
            "no SLO lists",
            "it never fires",
            "list it under `alertPolicies` of an SLO, or delete it",
        ],
        Kind::AlertCondition => [
            "no AlertPolicy lists",
            "it is never checked",
            "list it under `conditions` of an AlertPolicy, or delete it",
        ],
        Kind::AlertNotificationTarget => [
            "no AlertPolicy notifies",
            "nothing is ever sent there",
            "list it under `notificationTargets` of an AlertPolicy, or delete it",
        ],
        _ => [
            "no metric comes from",
            "it is never asked",
            "name it as the source of a metric, or delete it",
        ],
    }
}

/// Returns the objects that only this one refers to: they are unused for the same cause.
fn dependents<'a>(
    index: usize,
    object: &'a Object,
    users: &Users<'a>,
    excuses: &Excuses<'a>,
    checker: &Checker<'a>,
) -> Vec<&'a Object> {
    let mut found: Vec<&Object> = Vec::new();
    for reference in object.references() {
        let name = (reference.kind, reference.name.value.as_str());
        let mut named = checker.catalog().named(name.0, name.1);
        let (Some(only), None) = (named.next(), named.next()) else { continue };
        let is_known = found.iter().any(|other| other.meta().span == only.meta().span);
        let is_alone = !is_known && users.get(&name) == Some(&Some(index));
        found.extend(Some(only).filter(|_| is_alone && !excuses.hold(name, only, checker)));
    }
    found
}

/// Returns the edits that delete an object and its dependents; nothing where one of them is not a
/// document of its own, or a file would be left without any object.
fn delete(object: &Object, dependents: &[&Object], checker: &Checker<'_>) -> Option<Vec<Edit>> {
    let doomed: Vec<Span> =
        [object].iter().chain(dependents).map(|object| object.meta().span).collect();
    let is_left = |span: &Span| {
        let mut objects = checker.catalog().objects_of(span.source);
        objects.any(|object| !doomed.contains(&object.meta().span))
    };
    if !doomed.iter().all(is_left) {
        return None;
    }
    let delete =
        |span: Span| yaml::delete_document(&checker.sources().file(span.source).text, span);
    doomed.into_iter().map(delete).collect()
}
