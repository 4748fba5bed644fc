//! Which finding an entry stands for, and which it does not.

use super::*;
use crate::config::Config;
use crate::config::Files;
use crate::config::baseline::render;
use crate::config::owners::CodeOwners;
use crate::lint;
use crate::lint::Choice;
use crate::source::Origin;
use crate::source::Source;

/// A file of a test: its path and its text.
type File<'a> = (&'a str, &'a str);

fn judged(files: &[File<'_>]) -> (Tree, Vec<Finding>) {
    let source = |(path, text): &File<'_>| Source::from_text(*path, *text, Origin::Worktree);
    let tree = lint::load(files.iter().map(source).collect(), &Files::default());
    let (config, code_owners) = (Config::default(), CodeOwners::default());
    let now = jiff::Timestamp::UNIX_EPOCH;
    let facts = Facts::new(&config, &code_owners, now);
    let only = [
        "unknown-field",
        "missing-field",
        "target-100",
        "duplicate-object-name",
        "yaml-parse-error",
    ];
    let only = only.map(str::to_owned).to_vec();
    let (rules, _) = RuleSet::new(&config.rules, &Choice { set: None, only });
    let findings = lint::run(&tree, &rules, &facts);
    (tree, findings)
}

/// Returns the baseline that holds whatever is found.
fn baseline(files: &[File<'_>]) -> Baseline {
    let (tree, mut findings) = judged(files);
    assert!(!findings.is_empty(), "there is something to hold");
    let empty = Baseline::default();
    let matching = Matching::new(&empty);
    let held = vec![None; findings.len()];
    let (rules, _) = RuleSet::new(&Config::default().rules, &Choice::default());
    let unseen = Unseen::default();
    let scope = Scope::new(&rules, &unseen, &|_| true);
    let renewed = matching.renew(&tree, &mut findings, &held, &scope, |_| true);
    let source = Source::from_text("slo-baseline.toml", render(&renewed), Origin::Worktree);
    let (baseline, problems) = Baseline::parse(SourceId::default(), &source);
    assert_eq!(problems, []);
    baseline
}

/// Returns what is new, each as `path:text: message`, and how many findings the entries still count.
fn new(baseline: &Baseline, files: &[File<'_>]) -> (Vec<String>, u32) {
    new_beside(baseline, files, &[])
}

/// Returns the same where files of some paths are there and are not read.
fn new_beside(baseline: &Baseline, files: &[File<'_>], left_out: &[&str]) -> (Vec<String>, u32) {
    let (tree, mut findings) = judged(files);
    let unseen = Unseen::new(&tree, left_out.iter().map(|path| (*path).to_owned()));
    let mut matching = Matching::new(baseline);
    matching.mark(&tree, &unseen, &mut findings);
    let shown = findings.iter().filter(|finding| !finding.baselined).map(|finding| {
        let path = &tree.sources.file(finding.span.source).path;
        format!("{path}:{}: {}", tree.sources.slice(finding.span), finding.message)
    });
    (shown.collect(), matching.left.iter().sum())
}

const NOTHING: [&str; 0] = [];

fn service(name: &str, rest: &str) -> String {
    format!("apiVersion: openslo/v1\nkind: Service\nmetadata:\n  name: {name}\n{rest}")
}

fn slo(targets: &[&str]) -> String {
    let mut text = "apiVersion: openslo/v1\nkind: SLO\nmetadata: { name: shop }\nspec:\n  \
                    service: shop\n  budgetingMethod: Occurrences\n  indicatorRef: x\n  \
                    timeWindow: [{ duration: 28d, isRolling: true }]\n  objectives:\n"
        .to_owned();
    for target in targets {
        text.push_str(&format!("    - {target}\n"));
    }
    text
}

#[test]
fn edits_beside_a_finding_leave_it_old() {
    let old = service("shop", "  team: a\n");
    let held = baseline(&[("a.yaml", &old)]);
    let others = [
        format!("# 説明\n---\n{old}"),
        old.replace('\n', "\r\n"),
        format!("\u{feff}{old}"),
        old.replace("  team: a", "  labels: { x: y }\n  team: another # word"),
        format!("{}---\n{old}", service("other", "")),
        "{ kind: Service, metadata: { team: b, name: shop }, apiVersion: openslo/v1 }\n".into(),
        format!("apiVersion: v1\nkind: List\nitems:\n- {}", old.trim_end().replace('\n', "\n  ")),
    ];
    for text in others {
        assert_eq!(new(&held, &[("a.yaml", &text)]), (vec![], 0), "{text}");
    }
}

#[test]
fn an_entry_stands_for_no_other_violation() {
    let held = baseline(&[("a.yaml", &service("shop", "  team: a\n"))]);
    for (text, expected) in [
        (service("shop", "  tram: a\n"), "a.yaml:tram: `tram` is not a field of `metadata`"),
        (service("other", "  team: a\n"), "a.yaml:team: `team` is not a field of `metadata`"),
        (service("shop", "team: a\n"), "a.yaml:team: `team` is not a field of this object"),
        (
            service("shop", "  namespace: b\n  team: a\n"),
            "a.yaml:team: `team` is not a field of `metadata`",
        ),
    ] {
        let (found, left) = new(&held, &[("a.yaml", &text)]);
        assert!(found.contains(&expected.to_owned()), "{text}{found:?}");
        assert_eq!(left, 1, "{text}");
    }
}

#[test]
fn once_more_is_new_wherever_it_stands() {
    let held = baseline(&[("a.yaml", &slo(&["target: 1"]))]);
    assert_eq!(held.entries.len(), 1);
    let twice = slo(&["target: 0.9", "target: 1", "target: 1"]);
    let (found, left) = new(&held, &[("a.yaml", &twice)]);
    assert_eq!((found.len(), left), (1, 0));
    let held = baseline(&[("a.yaml", &twice)]);
    assert_eq!(held.entries.iter().map(|entry| entry.count).collect::<Vec<_>>(), [2]);
    assert_eq!(new(&held, &[("a.yaml", &twice)]).0, NOTHING);
    assert_eq!(new(&held, &[("a.yaml", &slo(&["target: 1"]))]), (vec![], 1));
}

#[test]
fn an_objective_with_a_name_is_not_another() {
    let old = slo(&["{ displayName: fast, target: 1 }", "{ displayName: slow, target: 0.9 }"]);
    let held = baseline(&[("a.yaml", &old)]);
    let turned = slo(&["{ displayName: slow, target: 0.9 }", "{ target: 1.0, displayName: fast }"]);
    assert_eq!(new(&held, &[("a.yaml", &turned)]), (vec![], 0));
    let other = slo(&["{ displayName: fast, target: 0.9 }", "{ displayName: slow, target: 1 }"]);
    let (found, left) = new(&held, &[("a.yaml", &other)]);
    assert_eq!((found.len(), left), (1, 1));
}

#[test]
fn an_objective_is_known_by_its_new_name_once_the_old_one_is_gone() {
    let (old, sound) = ("{ displayName: fsat, target: 1 }", "{ displayName: slow, target: 0.9 }");
    let held = baseline(&[("a.yaml", &slo(&[old, sound]))]);
    for renamed in ["fast", "'a]b'", "'[x].y'", "''"] {
        let renamed = format!("{{ displayName: {renamed}, target: 1 }}");
        let known = new(&held, &[("a.yaml", &slo(&[sound, &renamed]))]);
        assert_eq!(known.0.len(), usize::from(renamed.contains("''")), "{renamed}");
        let kept = old.replace("target: 1", "target: 0.9");
        let (found, left) = new(&held, &[("a.yaml", &slo(&[&kept, &renamed]))]);
        assert_eq!((found.len(), left), (1, 1), "its old name still stands: {renamed}");
    }
    let (found, _) =
        new(&held, &[("a.yaml", &slo(&[sound, "{ displayName: a, target: 0.9, x: 1 }"]))]);
    assert_eq!(found.len(), 1, "another value is new");
    let at = |way: &str| Key { at: Some(way.to_owned()), ..held.entries[0].key.clone() };
    for (way, item, nameless) in [
        ("spec.objectives[fast].target", Some("spec.objectives[fast]"), "spec.objectives[].target"),
        ("a[b].c[].d", Some("a[b]"), "a[].c[].d"),
        ("a[][b]", Some("a[][b]"), "a[][]"),
        ("a[].b", None, "a[].b"),
        ("a]b", Some("a]"), "a]b"),
        ("a", None, "a"),
    ] {
        assert_eq!(key::item(&at(way)), item, "{way}");
        assert_eq!(key::nameless(way), nameless, "{way}");
    }
}

#[test]
fn an_object_is_known_in_another_file_once_it_is_gone_from_its_own() {
    let old = service("shop", "  team: a\n");
    let held = baseline(&[("a.yaml", &old)]);
    let sound = service("shop", "");
    assert_eq!(new(&held, &[("b/c.yaml", &old)]), (vec![], 0), "moved");
    let split = service("other", "");
    assert_eq!(new(&held, &[("a.yaml", &split), ("b.yaml", &old)]), (vec![], 0), "split off");
    for files in [
        &[("a.yaml", &*old), ("b.yaml", &*old)][..],
        &[("a.yaml", &*sound), ("b.yaml", &*old)][..],
        &[("a.yaml", "apiVersion: openslo/v1\nkind: [\n"), ("b.yaml", &*old)][..],
    ] {
        let (found, _) = new(&held, files);
        assert!(found.iter().any(|one| one.starts_with("b.yaml:team:")), "{files:?} {found:?}");
    }
    let (found, left) = new_beside(&held, &[("b.yaml", &old)], &["a.yaml"]);
    assert_eq!((found.len(), left), (1, 1), "what is not read is not gone");
    let named_twice = [("a.yaml", &*old), ("b.yaml", &*service("shop", "  tram: a\n"))];
    let held = baseline(&named_twice);
    let both = service("shop", "  tram: a\n  team: a\n");
    let (found, _) = new(&held, &[("b.yaml", &both)]);
    assert_eq!(found, ["b.yaml:team: `team` is not a field of `metadata`"], "it was there before");
}

#[test]
fn what_has_no_name_does_not_move() {
    let old = "apiVersion: openslo/v1\nkind: Service\nmetadata:\n  team: a\n";
    let held = baseline(&[("a.yaml", old)]);
    assert_eq!(new(&held, &[("a.yaml", old)]).0, NOTHING);
    assert_eq!(new(&held, &[("b.yaml", old)]).0.len(), held.entries.len());
}

#[test]
fn of_two_equal_places_it_is_the_same_finding() {
    let (one, other) = (service("shop", ""), service("shop", "spec: { description: x }\n"));
    let held = baseline(&[("a.yaml", &one), ("b.yaml", &other)]);
    assert_eq!(held.entries.len(), 1);
    let (tree, mut findings) = judged(&[("a.yaml", &one), ("b.yaml", &other)]);
    lint::turn(&tree, &mut findings, |path| path == "a.yaml");
    assert_eq!(tree.sources.file(findings[0].span.source).path, "a.yaml");
    Matching::new(&held).mark(&tree, &Unseen::default(), &mut findings);
    assert!(findings[0].baselined);
    let third = [("a.yaml", &*one), ("b.yaml", &*other), ("c.yaml", &*other)];
    assert_eq!(new(&held, &third).0.len(), 1, "a third one is new");
}

#[test]
fn words_count_unless_another_version_wrote_them() {
    let old = service("shop", "  team: a\n");
    let mut held = baseline(&[("a.yaml", &old)]);
    for (message, same, other) in [
        ("`metadata` has no field `team`", 1, 1),
        ("field `team` is not one of `metadata`", 1, 0),
        ("it is wrong", 1, 1),
    ] {
        held.entries[0].key.message = message.to_owned();
        env!("CARGO_PKG_VERSION").clone_into(&mut held.written_by);
        assert_eq!(new(&held, &[("a.yaml", &old)]).0.len(), same, "{message}");
        "0.0.1".clone_into(&mut held.written_by);
        assert_eq!(new(&held, &[("a.yaml", &old)]).0.len(), other, "{message}");
    }
    let values = |message: &str| {
        let key = Key { message: message.to_owned(), ..held.entries[0].key.clone() };
        wordless(&key).map(|known| known.4.join("|"))
    };
    let message = "a burn rate of 14.4 needs 144 % errors (at 90 %), says `a b`";
    assert_eq!(values(message).as_deref(), Some("14.4|144|90|a b"));
    assert_eq!(values("no share of events"), None);
}

#[test]
fn a_key_that_stands_twice_is_known_by_its_object() {
    let (twice, sound) = (service("a", "  name: b\n"), service("c", ""));
    let held = baseline(&[("a.yaml", &format!("{twice}---\n{sound}"))]);
    assert_eq!(new(&held, &[("a.yaml", &format!("{sound}---\n# more\n{twice}"))]), (vec![], 0));
    let other = format!("{}---\n{}", service("a", ""), service("c", "  name: b\n"));
    let (found, left) = new(&held, &[("a.yaml", &other)]);
    assert_eq!((found.len(), left), (1, 1), "{found:?}");
    let merged = |name: &str| service(name, "spec: { description: x, <<: 1 }\n");
    let held = baseline(&[("a.yaml", &merged("a"))]);
    assert_eq!(new(&held, &[("a.yaml", &merged("a"))]).0, NOTHING);
    assert_eq!(new(&held, &[("a.yaml", &merged("c"))]).0.len(), 1);
}

#[test]
fn what_a_comment_allows_is_not_held() {
    let old = service("shop", "  team: a\n");
    let held = baseline(&[("a.yaml", &old)]);
    let allowed = old.replace("team: a", "team: a # slo: allow(unknown-field): because");
    let (tree, mut findings) = judged(&[("a.yaml", &allowed)]);
    let mut matching = Matching::new(&held);
    assert_eq!(matching.mark(&tree, &Unseen::default(), &mut findings), [None]);
    assert!(findings[0].suppressed && !findings[0].baselined);
}

#[test]
fn what_was_marked_first_has_used_up_the_entry() {
    let old = slo(&["target: 1"]);
    let held = baseline(&[("a.yaml", &old)]);
    let (tree, findings) = judged(&[("a.yaml", &slo(&["target: 1", "target: 1"]))]);
    let [mut first, mut second] = [vec![findings[1].clone()], vec![findings[0].clone()]];
    let mut matching = Matching::new(&held);
    matching.mark(&tree, &Unseen::default(), &mut first);
    matching.mark(&tree, &Unseen::default(), &mut second);
    assert!(first[0].baselined && !second[0].baselined);
}
