//! What exempts a change, and who may approve it.

use std::sync::Arc;

use super::Case;
use super::SECURITY;
use super::class;
use super::commit;
use super::policy;
use super::slo;
use crate::gate::Claim;
use crate::gate::Evidence;
use crate::gate::Miss;
use crate::gate::Note;
use crate::gate::Outcome;
use crate::gate::Reason;
use crate::model::ChangeClass;
use crate::model::GateKind;
use crate::model::Object;
use crate::model::Requirements;
use crate::policy::example::spanned;
use crate::policy::example::texts;
use crate::proposal::CommitFacts;
use crate::proposal::Commits;

#[test]
fn approval_counts_by_a_person_of_the_role_who_wrote_nothing() {
    let approved = |trailers: &[(&str, &str)]| {
        let case = Case::new(policy(GateKind::Approve));
        case.commits(vec![commit("aaa", trailers), commit("bbb", &[])]).answer().1
    };
    assert_eq!(approved(&[("approved-by", "@Ann")]), Reason::Approved);
    assert_eq!(approved(&[("Approved-by", "Bob <BOB@example.org>")]), Reason::Approved);
    assert_eq!(approved(&[("Approved-by", "@eve")]), Reason::NeedsApproval);
    assert_eq!(approved(&[("Approved-by", "ann")]), Reason::NeedsApproval);
    let named = [("Approved-by", "@ann"), ("Co-authored-by", "ann <ann@example.net>")];
    assert_eq!(approved(&named), Reason::NeedsApproval);
    let own = [("Approved-by", "@ann"), ("Co-authored-by", "Ann <7+ann@users.noreply.github.com>")];
    assert_eq!(approved(&own), Reason::NeedsApproval);
    let mut case = Case::new(policy(GateKind::Approve));
    let mut own = commit("aaa", &[("Approved-by", "bob@example.org")]);
    own.author.mail = "Bob@Example.org".into();
    case = case.commits(vec![own]);
    assert_eq!(case.answer().1, Reason::NeedsApproval, "nobody approves their own change");
}

#[test]
fn whoever_proposes_a_change_does_not_approve_it() {
    let approved_by = |author: &str| {
        let mut case = Case::new(policy(GateKind::Approve));
        case = case.commits(vec![commit("aaa", &[("Approved-by", "@ann")])]);
        case.facts.proposal.author = Some(author.to_owned());
        case.answer().1
    };
    assert_eq!(approved_by("Ann"), Reason::NeedsApproval);
    assert_eq!(approved_by("eve"), Reason::Approved);
}

#[test]
fn more_than_one_approval_needs_more_than_one_person() {
    let approved = |trailers: &[(&str, &str)]| {
        let mut policy = policy(GateKind::Approve);
        policy.tiers[0].approvals = 2;
        let case = Case::new(policy).commits(vec![commit("aaa", trailers)]);
        case.answer().1
    };
    let ann = ("Approved-by", "@ann");
    let bob = ("Approved-by", "bob@example.org");
    assert_eq!(approved(&[ann, ann, ("Approved-by", "@ANN")]), Reason::NeedsApproval);
    assert_eq!(approved(&[ann, bob]), Reason::Approved);
}

#[test]
fn a_freeze_lets_pass_what_is_exempt_commit_by_commit() {
    let frozen = |commits: Vec<CommitFacts>| Case::new(policy(GateKind::Freeze)).commits(commits);
    let exempt =
        frozen(vec![commit("aaa", &[SECURITY]), commit("bbb", &[("change-class", "reliability")])]);
    assert_eq!(exempt.answer(), (Outcome::Pass, Reason::Exempt, 0));
    let verdict = exempt.verdict();
    let classes: Vec<_> = verdict
        .exemptions()
        .into_iter()
        .map(|exemption| (exemption.class.as_str(), exemption.by.as_str()))
        .collect();
    assert_eq!(classes, [("security", "Dev"), ("reliability-fix", "Dev")]);
    let mixed = frozen(vec![commit("aaa", &[SECURITY]), commit("bbb", &[])]);
    assert_eq!(mixed.answer(), (Outcome::Block, Reason::Frozen, 1));
    let refused = mixed.verdict();
    let refusals = &refused.decisions.first().expect("a decision").refusals;
    let names: Vec<_> = refusals.iter().map(|refusal| refusal.commit.as_str()).collect();
    assert_eq!(names, ["bbb"]);
    assert!(refused.exemptions().is_empty(), "nothing passes");
    assert_eq!(frozen(Vec::new()).answer().1, Reason::Frozen, "no commit, no exemption");
}

#[test]
fn labels_and_reverts_are_evidence_too() {
    let mut case = Case::new(policy(GateKind::Freeze));
    case.facts.labels = vec!["security".into()];
    assert_eq!(case.answer().1, Reason::Exempt);
    let mut revert = commit("aaa", &[]);
    revert.reverts_ancestor = true;
    let case = Case::new(policy(GateKind::Freeze)).commits(vec![revert]);
    assert_eq!(case.answer().1, Reason::Exempt);
    let verdict = case.verdict();
    assert_eq!(
        verdict.exemptions().first().map(|exemption| &exemption.claim),
        Some(&Claim::Revert)
    );
}

#[test]
fn a_merge_is_judged_for_what_it_adds_alone() {
    let mut plain = commit("mmm", &[]);
    plain.parents = 2;
    plain.paths.clear();
    let case = Case::new(policy(GateKind::Freeze));
    let case = case.commits(vec![commit("aaa", &[SECURITY]), plain.clone()]);
    assert_eq!(case.answer().1, Reason::Exempt);
    let mut evil = plain;
    evil.paths = vec!["src/checkout/cart.rs".into()];
    let case = case.commits(vec![commit("aaa", &[SECURITY]), evil]);
    assert_eq!(case.answer().1, Reason::Frozen);
}

#[test]
fn a_change_that_no_commit_makes_is_not_exempt() {
    let mut case = Case::new(policy(GateKind::Freeze)).commits(vec![commit("aaa", &[SECURITY])]);
    case.facts.changed.push("src/checkout/price.rs".into());
    assert_eq!(case.answer().1, Reason::Frozen);
    let verdict = case.verdict();
    let decision = verdict.decisions.first().expect("a decision");
    assert_eq!(decision.unexplained, ["src/checkout/price.rs"]);
    assert!(decision.refusals.is_empty());
    let mut explains = commit("bbb", &[SECURITY]);
    explains.paths = vec!["src/checkout/price.rs".into()];
    let case = case.commits(vec![commit("aaa", &[SECURITY]), explains]);
    assert_eq!(case.answer().1, Reason::Exempt);
}

#[test]
fn only_what_a_freeze_asks_for_is_found_out() {
    let asked = |gate: GateKind, exempt: &[&str], classes: Vec<ChangeClass>| {
        let mut policy = policy(gate);
        policy.tiers[0].exempt = texts(exempt);
        policy.change_classes = classes;
        Case::new(policy).run(|setting| Evidence::of_policies(setting.trusted))
    };
    let small = ChangeClass {
        name: spanned("security".to_owned()),
        trailer: Some(spanned("Change-Class: security".to_owned())),
        label: None,
        paths: Vec::new(),
        reverts_ancestor: false,
        requires: Requirements::default(),
        max_changed_lines: Some(11),
    };
    let nothing = Evidence::default();
    assert_eq!(asked(GateKind::Freeze, &["security", "unknown"], Vec::new()), nothing);
    assert_eq!(asked(GateKind::Warn, &["security", "rollback"], vec![small.clone()]), nothing);
    let reverts = Evidence { reverts: true, lines: false };
    assert_eq!(asked(GateKind::Freeze, &["rollback"], vec![small.clone()]), reverts);
    let lines = Evidence { reverts: false, lines: true };
    assert_eq!(asked(GateKind::Freeze, &["security"], vec![small.clone()]), lines);
    // What nobody counted is not small.
    let mut policy = policy(GateKind::Freeze);
    policy.change_classes = vec![small];
    let mut case = Case::new(policy).commits(vec![commit("aaa", &[SECURITY])]);
    case.facts.changed_lines = Some(11);
    assert_eq!(case.answer().1, Reason::Exempt);
    case.facts.changed_lines = None;
    assert_eq!(case.answer().1, Reason::Frozen);
}

#[test]
fn commits_that_are_not_at_hand_are_not_exempt() {
    let mut case = Case::new(policy(GateKind::Freeze));
    case.facts.proposal.commits = Commits::Cut(vec![commit("aaa", &[SECURITY])]);
    assert_eq!(case.answer().1, Reason::Frozen);
    let verdict = case.verdict();
    assert!(verdict.notes.iter().any(|note| matches!(note, Note::HistoryCut)));
}

/// The answer to a commit that claims the class `security` with more trailers, and what it misses.
fn claimed(
    requires: Requirements,
    max_changed_lines: Option<u64>,
    trailers: &[(&str, &str)],
) -> (Reason, Option<Miss>) {
    let mut policy = policy(GateKind::Freeze);
    policy.change_classes = vec![ChangeClass {
        name: spanned("security".to_owned()),
        trailer: Some(spanned("Change-Class: security".to_owned())),
        label: None,
        paths: Vec::new(),
        reverts_ancestor: false,
        requires,
        max_changed_lines,
    }];
    let all: Vec<_> = [SECURITY].into_iter().chain(trailers.iter().copied()).collect();
    let case = Case::new(policy).commits(vec![commit("aaa", &all)]);
    let verdict = case.verdict();
    let refusals = verdict.decisions.into_iter().flat_map(|decision| decision.refusals);
    let misses = refusals.flat_map(|refusal| refusal.misses);
    let miss = misses.map(|(_, miss)| miss).find(|miss| *miss != Miss::Evidence);
    (verdict.answer.reason, miss)
}

#[test]
fn a_class_of_the_policy_may_ask_for_an_incident_or_the_slo() {
    let incident = Requirements { incident: true, ..Requirements::default() };
    let miss = (Reason::Frozen, Some(Miss::Incident));
    assert_eq!(claimed(incident.clone(), None, &[]), miss);
    assert_eq!(claimed(incident.clone(), None, &[("Incident", "")]), miss);
    let named = [("Incident", "INC-123")];
    assert_eq!(claimed(incident, None, &named), (Reason::Exempt, None));
    let slo = Requirements { slo: true, ..Requirements::default() };
    let other = [("SLO", "search-availability")];
    assert_eq!(claimed(slo.clone(), None, &other), (Reason::Frozen, Some(Miss::Slo)));
    let named = [("SLO", "checkout/checkout-availability")];
    assert_eq!(claimed(slo, None, &named), (Reason::Exempt, None));
}

#[test]
fn an_slo_without_a_service_is_named_by_its_name_alone() {
    let mut class = policy(GateKind::Freeze);
    class.tiers[0].exempt = texts(&["fix"]);
    class.change_classes = vec![ChangeClass {
        name: spanned("fix".to_owned()),
        trailer: Some(spanned("Change-Class: fix".to_owned())),
        label: None,
        paths: Vec::new(),
        reverts_ancestor: false,
        requires: Requirements { slo: true, ..Requirements::default() },
        max_changed_lines: None,
    }];
    let mut case = Case::new(class);
    let mut slo = slo("checkout-availability", "checkout", "0.999");
    slo.service = None;
    case.trusted[1] = Object::Slo(Arc::new(slo));
    case.measurements[0].service = None;
    let named = |name| vec![commit("aaa", &[("Change-Class", "fix"), ("SLO", name)])];
    let case = case.commits(named("search"));
    assert_eq!(case.answer().1, Reason::Frozen);
    let case = case.commits(named("checkout-availability"));
    assert_eq!(case.answer().1, Reason::Exempt);
}

#[test]
fn a_class_of_the_policy_may_ask_for_approval_and_a_small_change() {
    let sre = Requirements { approvals: vec![("sre".into(), 1)], ..Requirements::default() };
    let miss = Miss::Approvals { role: "sre".into(), needed: 1, found: 0 };
    assert_eq!(claimed(sre.clone(), None, &[]), (Reason::Frozen, Some(miss)));
    let by = [("Approved-by", "@ann")];
    assert_eq!(claimed(sre, None, &by), (Reason::Exempt, None));
    let none = Requirements::default();
    assert_eq!(claimed(none.clone(), Some(12), &[]), (Reason::Exempt, None));
    let miss = Miss::TooLarge { lines: 12, allowed: 11 };
    assert_eq!(claimed(none, Some(11), &[]), (Reason::Frozen, Some(miss)));
}

#[test]
fn a_class_may_be_a_set_of_paths_and_an_undefined_one_exempts_nothing() {
    let exempt = |glob: &str, name: &str| {
        let mut policy = policy(GateKind::Freeze);
        policy.tiers[0].exempt = texts(&[name]);
        policy.change_classes = vec![class("tests", &[glob])];
        Case::new(policy).answer().1
    };
    assert_eq!(exempt("src/checkout/**", "tests"), Reason::Exempt);
    assert_eq!(exempt("src/*", "tests"), Reason::Frozen, "`*` stays in its folder");
    assert_eq!(exempt("src/checkout/**", "hotfix"), Reason::Frozen);
}

#[test]
fn a_team_does_not_approve_by_a_trailer() {
    let security =
        Requirements { approvals: vec![("security".into(), 1)], ..Requirements::default() };
    let by = [("Approved-by", "@sec/team")];
    assert_eq!(claimed(security, None, &by).0, Reason::Frozen);
}
