use crate::finding::Level;
use crate::model::Api;
use crate::model::Catalog;
use crate::model::Coverage;
use crate::model::Inventory;
use crate::model::Operation;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Comparison;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Sources;

pub(super) const RULE: Rule = Rule {
    name: "api-changed-coverage-unchanged",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Policies,
    since: "0.1.0",
    docs: include_str!("api_changed_coverage_unchanged.md"),
    settings: &[],
    check: Check::Catalog(check),
};

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let Some(comparison) = checker.comparison() else { return };
    let (before, old_sources) = comparison.before;
    for coverage in catalog.coverages() {
        for inventory in &coverage.inventory {
            let path = &inventory.openapi.value;
            // An API that is listed for the first time is covered when somebody gets to it.
            let Some(listed) = listed_as(path, coverage, comparison) else { continue };
            let Some(old) = api(before, old_sources, listed) else { continue };
            match api(catalog, checker.sources(), path) {
                Some(new) => compare(old, new, (coverage, inventory), comparison, checker),
                None => report_gone(coverage, inventory, checker),
            }
        }
    }
}

fn api<'a>(catalog: &'a Catalog, sources: &Sources, path: &str) -> Option<&'a Api> {
    let path = path.trim_start_matches("./");
    catalog.apis().iter().find(|api| sources.file(api.source).path == path)
}

/// Returns the path under which an API was listed before: the same, or the one that it takes the place of.
fn listed_as<'a>(
    path: &'a str,
    coverage: &Coverage,
    comparison: Comparison<'a>,
) -> Option<&'a str> {
    let before = comparison.before.0.coverages();
    let paths = |of: &'a Coverage| of.inventory.iter().map(|it| it.openapi.value.as_str());
    if before.iter().flat_map(paths).any(|listed| listed == path) {
        return Some(path);
    }
    let is_listed = |old: &str| coverage.inventory.iter().any(|it| it.openapi.value == old);
    let same = before.iter().filter(|other| other.name == coverage.name);
    let mut gone = same.flat_map(paths).filter(|old| !is_listed(old));
    gone.next().filter(|_| gone.next().is_none())
}

/// Reports that a list of endpoints is nowhere, so that nobody sees which are new.
fn report_gone(coverage: &Coverage, inventory: &Inventory, checker: &mut Checker<'_>) {
    let (name, path) = (quote(&coverage.name), quote(&inventory.openapi.value));
    checker
        .report(inventory.openapi.span, format!("{name} lists the API in {path}, and none is there any more"))
        .help("name the file in which it is now, or take it out of `inventory` with the rows that speak of it");
}

fn compare(
    old: &Api,
    new: &Api,
    agreed: (&Coverage, &Inventory),
    comparison: Comparison<'_>,
    checker: &mut Checker<'_>,
) {
    let (coverage, inventory) = agreed;
    let name = quote(&coverage.name);
    let same = |api: &'_ Api, operation: &Operation| {
        let endpoint = operation.endpoint();
        api.operations.iter().find(|other| other.is_named(&endpoint, None)).cloned()
    };
    let base = inventory.base_path.as_deref();
    for operation in new.operations.iter().filter(|operation| !operation.is_excluded) {
        let endpoint = quote(&operation.endpoint());
        let rows = rows(coverage, operation, base);
        match same(old, operation) {
            None if rows.is_empty() && !is_excluded(coverage, operation, base) => {
                checker
                    .report(operation.span, format!("{endpoint} is new, and {name} does not speak of it"))
                    .help("add it to the endpoints of a row of `matrix`, or to `excluded` with a reason");
            }
            Some(was) if was.declared != operation.declared => {
                let is_same = |row: &&str| meanings(comparison, coverage).any(|old| old == *row);
                if !rows.is_empty() && rows.iter().all(is_same) {
                    checker
                        .report(
                            operation.span,
                            format!("what `x-slo` says of {endpoint} changed, and its row in {name} did not"),
                        )
                        .help("look whether the marks of the row still hold, and say so in it");
                }
            }
            _ => {}
        }
    }
    for gone in old.operations.iter().filter(|operation| same(new, operation).is_none()) {
        let endpoints = coverage.rows.iter().flat_map(|row| &row.endpoints);
        for named in endpoints.chain(&coverage.excluded) {
            if gone.is_named(&named.value, base) {
                let endpoint = quote(&gone.endpoint());
                checker
                    .report(
                        named.span,
                        format!("{name} speaks of {endpoint}, which the API has no more"),
                    )
                    .help("take it out, or name the operation that took its place");
            }
        }
    }
}

/// Returns what the rows say that name an operation.
fn rows<'a>(coverage: &'a Coverage, operation: &Operation, base: Option<&str>) -> Vec<&'a str> {
    let is_it = |text: &str| operation.is_named(text, base);
    let rows = coverage.rows.iter();
    let found = rows.filter(|row| row.endpoints.iter().any(|endpoint| is_it(&endpoint.value)));
    found.map(|row| row.meaning.as_str()).collect()
}

fn is_excluded(coverage: &Coverage, operation: &Operation, base: Option<&str>) -> bool {
    coverage.excluded.iter().any(|endpoint| operation.is_named(&endpoint.value, base))
}

/// Returns what the rows of a coverage said before.
fn meanings<'a>(
    comparison: Comparison<'a>,
    coverage: &'a Coverage,
) -> impl Iterator<Item = &'a str> {
    let before = comparison.before.0.coverages().iter();
    let same = before.filter(move |other| other.name == coverage.name);
    same.flat_map(|other| &other.rows).map(|row| row.meaning.as_str())
}
