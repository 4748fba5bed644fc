//! The decision table, row by row.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::budget::Definition;
use crate::budget::Failure;
use crate::budget::Measurement;
use crate::budget::Series;
use crate::config::Config;
use crate::globs::Globs;
use crate::model::Catalog;
use crate::model::ChangeClass;
use crate::model::ErrorBudgetPolicy;
use crate::model::GateKind;
use crate::model::Object;
use crate::model::OnUnknown;
use crate::model::Requirements;
use crate::model::Slo;
use crate::policy::example;
use crate::policy::example::hour;
use crate::policy::example::spanned;
use crate::policy::example::texts;
use crate::proposal::Author;
use crate::proposal::CommitFacts;
use crate::proposal::Commits;
use crate::proposal::Proposal;
use crate::source::Origin;
use crate::source::Source;
use crate::source::SourceId;

mod claims;
mod scope;

/// The hour at which every case here is judged; the outage was in hours 0 and 1.
const NOW: i64 = 30;

/// A repository, a change, and what was measured.
struct Case {
    trusted: Vec<Object>,
    head: Option<Vec<Object>>,
    facts: Facts,
    services: BTreeMap<String, Globs>,
    owners: BTreeMap<String, Vec<String>>,
    measurements: Vec<Measurement>,
    names_policies: bool,
    findings: usize,
}

impl Case {
    /// One SLO of the service `checkout`, whose budget an outage spent, and a policy.
    fn new(policy: ErrorBudgetPolicy) -> Self {
        let slo = slo("checkout-availability", "checkout", "0.999");
        let owners = [("sre", "@ann"), ("sre", "bob@example.org"), ("security", "@sec/team")];
        let mut roles: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (role, member) in owners {
            roles.entry(role.into()).or_default().push(member.into());
        }
        Self {
            trusted: vec![policy_object(policy), Object::Slo(Arc::new(slo))],
            head: None,
            facts: Facts {
                proposal: Proposal {
                    commits: Commits::Complete(vec![commit("aaa", &[])]),
                    ..Proposal::default()
                },
                changed: vec!["src/checkout/cart.rs".into()],
                changed_lines: Some(12),
                ..Facts::default()
            },
            services: BTreeMap::new(),
            owners: roles,
            measurements: vec![measured("checkout-availability", "checkout", outage())],
            names_policies: false,
            findings: 0,
        }
    }

    fn commits(mut self, commits: Vec<CommitFacts>) -> Self {
        self.facts.proposal.commits = Commits::Complete(commits);
        self
    }

    fn run<T>(&self, with: impl FnOnce(&Setting<'_>) -> T) -> T {
        let trusted = Catalog::new(self.trusted.clone(), Vec::new());
        let head = self.head.clone().unwrap_or_else(|| self.trusted.clone());
        let head = Catalog::new(head, Vec::new());
        with(&Setting {
            trusted: &trusted,
            head: &head,
            facts: &self.facts,
            services: &self.services,
            owners: &self.owners,
            names_policies: self.names_policies,
            now: hour(NOW),
        })
    }

    fn verdict(&self) -> Verdict {
        self.run(|setting| decide(setting, &self.measurements, self.findings))
    }

    fn answer(&self) -> (Outcome, Reason, u8) {
        let verdict = self.verdict();
        let answer = verdict.answer;
        (answer.outcome, answer.reason, verdict.exit_code())
    }

    fn requests(&self) -> Vec<String> {
        let requests = self.run(plan);
        let named = requests.iter().map(|request| {
            let tree = match request.definition {
                Definition::Trusted => "trusted",
                Definition::Head => "head",
            };
            format!("{}#{} {tree}", request.name(), request.objective)
        });
        named.collect()
    }
}

fn slo(name: &str, service: &str, target: &str) -> Slo {
    example::slo(name, Some(service), target, "28d")
}

fn policy_object(policy: ErrorBudgetPolicy) -> Object {
    Object::ErrorBudgetPolicy(Arc::new(policy))
}

/// A class of changes to some paths, of which nothing else is asked.
fn class(name: &str, globs: &[&str]) -> ChangeClass {
    ChangeClass {
        name: spanned(name.to_owned()),
        trailer: None,
        label: None,
        paths: texts(globs),
        reverts_ancestor: false,
        requires: Requirements::default(),
        max_changed_lines: None,
    }
}

fn policy(gate: GateKind) -> ErrorBudgetPolicy {
    let mut tier = example::tier("the-tier", "slo >= 1", None, gate);
    tier.exempt = texts(&["reliability-fix", "security", "rollback"]);
    tier.approvers = texts(&["sre"]);
    example::policy(vec![tier])
}

/// Two hours at 50 %: 1.49 times the budget of 28 days at 99.9 %.
fn outage() -> Result<Arc<Series>, Failure> {
    example::incident(0, NOW, |at| Some(if at < 2 { 5_000 } else { 0 }))
}

fn quiet() -> Result<Arc<Series>, Failure> {
    example::incident(0, NOW, |_| Some(0))
}

fn measured(slo: &str, service: &str, series: Result<Arc<Series>, Failure>) -> Measurement {
    Measurement {
        slo: slo.into(),
        service: Some(service.into()),
        objective: 0,
        definition: Definition::Trusted,
        series,
        backend: "prod".into(),
        source: "recorded".into(),
        method: None,
        observed_at: hour(NOW),
        warnings: Vec::new(),
    }
}

fn commit(id: &str, trailers: &[(&str, &str)]) -> CommitFacts {
    let trailers = trailers.iter();
    CommitFacts {
        id: id.repeat(13),
        short: id.into(),
        subject: "cart: count items once".into(),
        author: Author { name: "Dev".into(), mail: "dev@example.org".into() },
        trailers: trailers.map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        paths: vec!["src/checkout/cart.rs".into()],
        ..CommitFacts::default()
    }
}

const SECURITY: (&str, &str) = ("Change-Class", "security");

#[test]
fn a_change_out_of_scope_passes() {
    let mut policy = policy(GateKind::Freeze);
    policy.scope.paths = texts(&["src/**"]);
    let mut case = Case::new(policy);
    assert_eq!(case.answer(), (Outcome::Block, Reason::Frozen, 1));
    case.facts.changed = vec!["docs/cart.md".into()];
    assert_eq!(case.answer(), (Outcome::Pass, Reason::NotInScope, 0));
    assert!(case.requests().is_empty(), "nothing needs measuring");
    case.facts.changed.clear();
    assert_eq!(case.answer(), (Outcome::Pass, Reason::NotInScope, 0));
    case.facts.extent = Extent::WholeTree;
    assert_eq!(case.answer(), (Outcome::Block, Reason::Frozen, 1));
}

#[test]
fn a_service_with_paths_gates_changes_to_them_and_one_without_gates_all() {
    let mut case = Case::new(policy(GateKind::Freeze));
    case.facts.changed = vec!["src/search/query.rs".into()];
    assert_eq!(case.answer().1, Reason::Frozen);
    let paths = |glob: &str| Globs::of_paths([glob]).expect("the glob compiles");
    case.services.insert("checkout".into(), paths("src/checkout/**"));
    assert_eq!(case.answer().1, Reason::NotInScope);
    case.facts.changed.push("src/checkout/pay/card.rs".into());
    assert_eq!(case.answer().1, Reason::Frozen);
    case.services.insert("checkout".into(), Globs::default());
    case.facts.changed.pop();
    assert_eq!(case.answer().1, Reason::Frozen, "an empty list is no entry");
}

#[test]
fn a_policy_for_other_branches_does_not_judge() {
    let mut policy = policy(GateKind::Freeze);
    policy.scope.branches = texts(&["release/*"]);
    let mut case = Case::new(policy);
    assert_eq!(case.answer().1, Reason::Frozen, "an unknown branch may be one of them");
    case.facts.target_branch = Some("main".into());
    assert_eq!(case.answer().1, Reason::NotInScope);
    case.facts.target_branch = Some("release/7".into());
    assert_eq!(case.answer().1, Reason::Frozen);
}

#[test]
fn without_a_policy_or_a_governed_slo_the_gate_is_open_and_says_so() {
    let mut case = Case::new(policy(GateKind::Freeze));
    case.trusted.remove(0);
    assert_eq!(case.answer(), (Outcome::Pass, Reason::Open, 0));
    assert!(matches!(case.verdict().notes.as_slice(), [Note::NoPolicy]));
    case.names_policies = true;
    assert_eq!(case.answer(), (Outcome::Warn, Reason::Open, 0), "somebody meant to have one");
    assert!(matches!(case.verdict().notes.as_slice(), [Note::NamedPolicyMissing]));
    let mut policy = policy(GateKind::Freeze);
    policy.selector.slos = texts(&["search-*"]);
    let case = Case::new(policy);
    assert_eq!(case.answer().1, Reason::Open);
    assert!(matches!(case.verdict().notes.as_slice(), [Note::NothingGoverned]));
}

#[test]
fn a_failed_backend_does_what_the_policy_says() {
    let failing = |answer| {
        let mut policy = policy(GateKind::Freeze);
        policy.evaluation.no_data.on_backend_error = spanned(answer);
        let mut case = Case::new(policy);
        let failure = Err(Failure::Unreachable("timeout".into()));
        case.measurements = vec![measured("checkout-availability", "checkout", failure)];
        case.answer()
    };
    assert_eq!(failing(OnUnknown::Deny), (Outcome::Block, Reason::BackendError, 3));
    assert_eq!(failing(OnUnknown::Warn), (Outcome::Warn, Reason::BackendError, 0));
    assert_eq!(failing(OnUnknown::Allow), (Outcome::Pass, Reason::BackendError, 0));
}

#[test]
fn each_gate_gives_its_answer() {
    let answer = |gate| Case::new(policy(gate)).answer();
    assert_eq!(answer(GateKind::Open), (Outcome::Pass, Reason::Open, 0));
    assert_eq!(answer(GateKind::Warn), (Outcome::Warn, Reason::Warn, 0));
    assert_eq!(answer(GateKind::Approve), (Outcome::Block, Reason::NeedsApproval, 1));
    assert_eq!(answer(GateKind::Freeze), (Outcome::Block, Reason::Frozen, 1));
    let mut case = Case::new(policy(GateKind::Freeze));
    case.measurements = vec![measured("checkout-availability", "checkout", quiet())];
    assert_eq!(case.answer(), (Outcome::Pass, Reason::Open, 0));
}

#[test]
fn a_verdict_says_since_when_by_which_number_and_what_opens_it() {
    let verdict = Case::new(policy(GateKind::Freeze)).verdict();
    let [tier] = verdict.tiers.as_slice() else {
        panic!("one active tier");
    };
    assert_eq!((tier.gate, tier.since), (GateKind::Freeze, hour(2)));
    let burn = tier.standing.enter.first().and_then(|enter| enter.burn.known());
    let expected = crate::quantity::Ratio::new(10_000, 6_720).expect("events");
    assert_eq!(burn, Some(&expected));
    let opens = tier.standing.opens.and_then(|opens| opens.without_errors);
    assert_eq!(opens, Some(hour(1 + 672)), "when the first of the two hours leaves");
    let deciding: Vec<_> = verdict.deciding().map(|decision| decision.tier).collect();
    assert_eq!(deciding, [Some(0)]);
    let open = Case::new(policy(GateKind::Open)).verdict();
    assert_eq!(open.tiers.len(), 1, "open tiers are listed too");
}

#[test]
fn what_is_not_known_does_what_the_policy_says() {
    let unknown = |answer| {
        let mut policy = policy(GateKind::Freeze);
        policy.evaluation.no_data.on_unknown = spanned(answer);
        let mut case = Case::new(policy);
        case.measurements.clear();
        case.answer()
    };
    assert_eq!(unknown(OnUnknown::Deny), (Outcome::Block, Reason::Unknown, 3));
    assert_eq!(unknown(OnUnknown::Hold), (Outcome::Block, Reason::Unknown, 3));
    assert_eq!(unknown(OnUnknown::Warn), (Outcome::Warn, Reason::Unknown, 0));
    assert_eq!(unknown(OnUnknown::Allow), (Outcome::Pass, Reason::Unknown, 0));
}

#[test]
fn the_most_severe_objective_decides() {
    let mut case = Case::new(policy(GateKind::Freeze));
    let search = slo("search-availability", "search", "0.999");
    case.trusted.push(Object::Slo(Arc::new(search)));
    assert_eq!(case.answer(), (Outcome::Block, Reason::Frozen, 1), "search is not measured");
    case.measurements = vec![measured("checkout-availability", "checkout", quiet())];
    assert_eq!(case.answer(), (Outcome::Block, Reason::Unknown, 3));
    let verdict = case.verdict();
    let deciding: Vec<_> = verdict.deciding().map(|decision| decision.slo.meta.name()).collect();
    assert_eq!(deciding, ["search-availability"]);
    case.measurements.push(measured("search-availability", "search", quiet()));
    assert_eq!(case.answer(), (Outcome::Pass, Reason::Open, 0));
}

#[test]
fn two_policies_of_equal_precedence_both_count_and_say_so() {
    let mut case = Case::new(policy(GateKind::Warn));
    case.trusted.push(policy_object(policy(GateKind::Freeze)));
    assert_eq!(case.answer().1, Reason::Frozen);
    let verdict = case.verdict();
    assert!(verdict.notes.iter().any(|note| matches!(note, Note::EqualPrecedence { .. })));
    let mut milder = policy(GateKind::Warn);
    milder.precedence = 1;
    case.trusted.push(policy_object(milder));
    assert_eq!(case.answer().1, Reason::Warn);
}

#[test]
fn a_parallel_freeze_counts_like_one_of_the_ladder() {
    let mut policy = policy(GateKind::Warn);
    let mut parallel = example::tier("beside", "7d >= 1", None, GateKind::Freeze);
    parallel.parallel = true;
    policy.tiers.insert(0, parallel);
    assert_eq!(Case::new(policy).answer().1, Reason::Frozen);
}

#[test]
fn the_head_cannot_loosen_what_the_trusted_tree_judges() {
    let mut case = Case::new(policy(GateKind::Freeze));
    let looser = slo("checkout-availability", "checkout", "0.9");
    case.head = Some(vec![Object::Slo(Arc::new(looser))]);
    let both = ["checkout-availability#0 trusted", "checkout-availability#0 head"];
    assert_eq!(case.requests(), both);
    assert_eq!(case.answer().1, Reason::Frozen, "neither target nor policy of the head loosens");
    case.head = Some(Vec::new());
    assert_eq!(case.answer().1, Reason::Frozen, "nor does deleting the SLO");
    assert_eq!(case.requests(), ["checkout-availability#0 trusted"]);
}

#[test]
fn the_head_is_judged_by_its_own_definition_when_that_is_stricter() {
    let mut case = Case::new(policy(GateKind::Freeze));
    let leak = example::incident(0, NOW, |_| Some(100));
    case.measurements = vec![measured("checkout-availability", "checkout", leak)];
    assert_eq!(case.answer(), (Outcome::Pass, Reason::Open, 0));
    let stricter = slo("checkout-availability", "checkout", "0.9999");
    case.head = Some(vec![Object::Slo(Arc::new(stricter))]);
    assert_eq!(case.answer().1, Reason::Frozen, "by the same counts");
    let verdict = case.verdict();
    let definitions: Vec<_> = verdict.tiers.iter().map(|tier| tier.definition).collect();
    assert_eq!(definitions, [Definition::Head]);
}

#[test]
fn a_head_that_measures_something_else_leaves_the_trusted_verdict() {
    let mut case = Case::new(policy(GateKind::Freeze));
    let mut other = slo("checkout-availability", "checkout", "0.999");
    other.budgeting_method = Some(spanned(crate::model::BudgetingMethod::Timeslices));
    case.head = Some(vec![Object::Slo(Arc::new(other))]);
    case.measurements = vec![measured("checkout-availability", "checkout", quiet())];
    assert_eq!(case.answer().1, Reason::Unknown, "nobody measured the head's definition");
    let failure = Err(Failure::DefinitionChanged);
    let mut head = measured("checkout-availability", "checkout", failure);
    head.definition = Definition::Head;
    case.measurements.push(head);
    assert_eq!(case.answer().1, Reason::Open);
    let verdict = case.verdict();
    assert!(verdict.notes.iter().any(|note| matches!(note, Note::HeadNotJudged { .. })));
}

#[test]
fn an_objective_that_the_head_adds_gates_nothing_before_it_is_agreed() {
    let mut case = Case::new(policy(GateKind::Freeze));
    case.measurements = vec![measured("checkout-availability", "checkout", quiet())];
    let with = |targets: &[&str]| {
        let mut whole = slo("checkout-availability", "checkout", "0.999");
        whole.objectives =
            targets.iter().flat_map(|target| slo("x", "x", target).objectives).collect();
        Some(vec![Object::Slo(Arc::new(whole))])
    };
    for targets in [["0.999", "0.9999"], ["0.9999", "0.999"]] {
        case.head = with(&targets);
        assert_eq!(case.answer(), (Outcome::Pass, Reason::Open, 0), "{targets:?}");
        assert_eq!(case.requests(), ["checkout-availability#0 trusted"], "{targets:?}");
    }
    case.head = with(&["0.99", "0.95"]);
    assert_eq!(case.requests().len(), 2, "the nearest one is the change of the agreed one");
    case.head = with(&[]);
    assert_eq!(case.answer(), (Outcome::Block, Reason::Unknown, 3), "none is not open");
}

#[test]
fn an_unchanged_head_is_not_measured_twice() {
    let case = Case::new(policy(GateKind::Freeze));
    let requests = case.run(plan);
    let [request] = requests.as_slice() else {
        panic!("one request");
    };
    assert_eq!(request.end, hour(NOW));
    let days = (request.end.as_second() - request.start.as_second()) / 86_400;
    assert_eq!(days, 28 + 90);
    assert_eq!(request.lookbacks, [3_600, 6 * 3_600, 3 * 86_400]);
    assert_eq!(request.step_seconds, 3_600);
}

#[test]
fn findings_block_unless_something_worse_does() {
    let mut case = Case::new(policy(GateKind::Warn));
    case.findings = 2;
    assert_eq!(case.answer(), (Outcome::Block, Reason::Findings, 1));
    case.measurements.clear();
    assert_eq!(case.answer(), (Outcome::Block, Reason::Findings, 1), "a known fact comes first");
    let mut frozen = Case::new(policy(GateKind::Freeze));
    frozen.findings = 2;
    assert_eq!(frozen.answer(), (Outcome::Block, Reason::Frozen, 1));
}

#[test]
fn an_slo_that_cannot_be_judged_is_not_open() {
    let mut case = Case::new(policy(GateKind::Freeze));
    let mut broken = slo("checkout-availability", "checkout", "0.999");
    broken.objectives.clear();
    case.trusted[1] = Object::Slo(Arc::new(broken));
    assert_eq!(case.answer(), (Outcome::Block, Reason::Unknown, 3));
    let whole = slo("checkout-availability", "checkout", "1");
    case.trusted[1] = Object::Slo(Arc::new(whole));
    assert_eq!(case.answer(), (Outcome::Block, Reason::Unknown, 3), "nothing may fail");
}

#[test]
fn the_same_case_gives_the_same_verdict() {
    let case = Case::new(policy(GateKind::Freeze));
    let written = || format!("{:?}", case.verdict());
    assert_eq!(written(), written());
}
