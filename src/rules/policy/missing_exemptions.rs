use crate::finding::Level;
use crate::model::Catalog;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::Tier;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::list;
use crate::rules::words::quote;
use crate::source::Edit;
use crate::source::Span;
use crate::yaml::Added;
use crate::yaml::Node;
use crate::yaml::append_entries;
use crate::yaml::append_items;
use crate::yaml::replace_empty;

use super::whole;

pub(super) const RULE: Rule = Rule {
    name: "missing-exemptions",
    level: Level::Error,
    set: Set::Strict,
    judges: Judges::Policies,
    since: "0.1.0",
    docs: include_str!("missing_exemptions.md"),
    settings: &[],
    check: Check::Catalog(check),
};

/// What a freeze lets pass.
#[derive(Clone, Copy, Default)]
struct Passes {
    security: bool,
    repair: bool,
}

fn check(_: &Catalog, checker: &mut Checker<'_>) {
    for policy in whole(checker) {
        for tier in policy.tiers.iter().filter(|tier| tier.gate.value == GateKind::Freeze) {
            judge(policy, tier, checker);
        }
    }
}

fn judge(policy: &ErrorBudgetPolicy, tier: &Tier, checker: &mut Checker<'_>) {
    let mut passes = Passes::default();
    for class in &tier.exempt {
        let is_security = is_security(&class.value);
        let is_repair = is_repair(policy, &class.value);
        // A class of another name may be meant for either.
        passes.security |= is_security || !is_repair;
        passes.repair |= is_repair || !is_security;
    }
    let (what, lacking): (_, &[&str]) = match (passes.security, passes.repair) {
        (true, true) => return,
        (false, true) => ("security fixes", &["security"]),
        (true, false) => ("what would repair the service", &["reliability-fix"]),
        (false, false) => {
            ("security fixes and what would repair the service", &["reliability-fix", "security"])
        }
    };
    let edit = checker.mend(tier.span, |tier| exempt(tier, lacking));
    let span = list_span(tier);
    let message = format!("the tier {} stops {what}", quote(&tier.name.value));
    let finding = checker.report(span, message);
    if !tier.exempt.is_empty() {
        finding.label("nothing else passes");
    }
    let words = list(lacking, "and");
    finding.help(format!("exempt {words}, or a class of your own under `spec.changeClasses`"));
    if let Some(edit) = edit {
        finding.unsafe_fix(format!("add {words} to `exempt`"), vec![edit]);
    }
}

/// Returns the place of the exemptions, or of the gate where there are none.
fn list_span(tier: &Tier) -> Span {
    let places = tier.exempt.iter().map(|class| class.span);
    // An alias brings a list from elsewhere.
    let own = places.reduce(Span::cover).filter(|place| tier.span.contains(*place));
    own.unwrap_or(tier.gate.span)
}

/// Returns whether a class is by its name for security fixes and nothing else.
fn is_security(class: &str) -> bool {
    const NAMES: [&str; 4] = ["security", "vulnerability", "vulnerabilities", "cve"];
    const BESIDE: [&str; 4] = ["fix", "fixes", "patch", "patches"];
    let class = class.to_lowercase();
    let mut words = class.split(|letter: char| !letter.is_alphanumeric());
    let is_known = |word: &str| NAMES.contains(&word) || BESIDE.contains(&word);
    words.clone().all(is_known) && words.any(|word| NAMES.contains(&word))
}

/// Returns whether a class is for what repairs the service and nothing else: by its name, or because
/// it takes back what was done.
fn is_repair(policy: &ErrorBudgetPolicy, class: &str) -> bool {
    const NAMES: [&str; 5] = ["reliability-fix", "reliability", "rollback", "root-cause-fix", "p0"];
    let mut classes = policy.change_classes.iter();
    let defined = classes.find(|defined| defined.name.value == class);
    let takes_back = defined.is_some_and(|class| {
        class.reverts_ancestor
            && class.trailer.is_none()
            && class.label.is_none()
            && class.paths.is_empty()
    });
    takes_back || NAMES.iter().any(|name| class.eq_ignore_ascii_case(name))
}

/// Returns the edit that adds classes to the exemptions of a tier.
fn exempt(tier: Node<'_>, classes: &[&str]) -> Option<Edit> {
    let added = || Added::Sequence(classes.iter().map(|class| Added::Text(class)).collect());
    let Some(given) = tier.entry("exempt") else {
        return append_entries(tier, &[("exempt", added())]);
    };
    if given.value.is_empty() {
        return replace_empty(given.value, &added());
    }
    if given.merged { None } else { append_items(given.value, classes) }
}
