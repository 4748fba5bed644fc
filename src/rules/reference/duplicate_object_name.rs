use std::collections::BTreeMap;

use crate::finding::Level;
use crate::model::Catalog;
use crate::model::Home;
use crate::model::Kind;
use crate::model::Object;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

pub(super) const RULE: Rule = Rule {
    name: "duplicate-object-name",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::SlosAndPolicies,
    since: "0.1.0",
    docs: include_str!("duplicate_object_name.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// What two objects share that are one to whoever reads them.
type Identity<'a> = (Kind, &'a str, Home<'a>);

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let mut first: BTreeMap<Identity<'_>, &Object> = BTreeMap::new();
    for object in catalog.namesakes().flatten() {
        let meta = object.meta();
        let Some(name) = &meta.name else { continue };
        let identity = (object.kind(), name.value.as_str(), meta.home());
        let Some(known) = first.get(&identity) else {
            first.insert(identity, object);
            continue;
        };
        let kind = object.kind().name();
        let place = match &meta.namespace {
            Some(service) if meta.dialect.makes_alerts() => format!(" in {}", quote(service)),
            Some(namespace) => format!(" in namespace {}", quote(namespace)),
            None => String::new(),
        };
        let named = quote(&name.value);
        if is_copy(known, object) {
            checker
                .report_at(Level::Info, name.span, format!("a copy of the {kind} {named}{place}"))
                .label("says the same, until one of them changes")
                .also(known.meta().place(), "the other one")
                .mutual();
            continue;
        }
        checker
            .report(name.span, format!("another {kind} is named {named}{place}"))
            .label("a reference to it cannot tell them apart")
            .also(known.meta().place(), "the other one")
            .mutual()
            .help(help(object, known));
    }
}

/// Returns what to do: two files may be of two environments.
fn help(object: &Object, known: &Object) -> &'static str {
    if object.meta().span.source == known.meta().span.source {
        "give it another name"
    } else {
        "give it another name, or list the folders of environments in `[files] overlays` of `slo.toml`"
    }
}

/// Returns whether an object repeats what another file says of something that is only referred to.
///
/// Many keep a file whole by repeating the Service or the DataSource in each; nothing is ambiguous
/// while all of them say the same.
fn is_copy(first: &Object, second: &Object) -> bool {
    let kinds = [Kind::Service, Kind::DataSource, Kind::AlertNotificationTarget];
    let is_elsewhere = first.meta().span.source != second.meta().span.source;
    let meaning = |object: &Object| serde_json::to_string(object).ok();
    kinds.contains(&first.kind()) && is_elsewhere && meaning(first) == meaning(second)
}
