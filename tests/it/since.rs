//! `slo lint --since`, `--staged` and `--rev`: what a change brings, what is staged, and what any commit holds.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::command::Ended;
use crate::command::slo;
use crate::diff::definition;
use crate::repository::Repository;

/// A target in the wrong unit.
const WRONG: &str = "99.5";

/// Lints with a line for each finding.
fn lint(repository: &Repository, arguments: &[&str]) -> Ended {
    let arguments = [&["lint", "--format", "concise"], arguments].concat();
    slo(repository.path(), &arguments)
}

/// A repository whose `main` holds an SLO with a mistake.
fn repository() -> Repository {
    let repository = Repository::new();
    repository.write("old.yaml", definition("old", WRONG, "5m"));
    repository.write("orders.yaml", definition("orders", "0.999", "5m"));
    repository.commit("agree");
    repository.branch("work");
    repository
}

const OF_NEW: &str =
    "new.yaml:11:25: error[target-unit-mismatch] `99.5` is a percentage in a field of fractions\n";

#[test]
fn what_stood_at_the_base_is_not_the_authors() {
    let repository = repository();
    assert_eq!(lint(&repository, &["--since", "main"]).expect(0).out, "");
    let told = slo(repository.path(), &["lint", "--since", "main"]).expect(0).out;
    assert_eq!(told, "2 SLOs, nothing new · 1 older finding\n");
    repository.write("new.yaml", definition("new", WRONG, "5m"));
    assert_eq!(lint(&repository, &["--since", "main"]).expect(1).out, OF_NEW);
    repository.commit("add one");
    assert_eq!(lint(&repository, &["--since", "main"]).expect(1).out, OF_NEW);
    assert_eq!(lint(&repository, &["--since", "HEAD"]).expect(0).out, "");
    assert_eq!(lint(&repository, &["--since", "HEAD~1", "old.yaml"]).expect(0).out, "");
    assert_eq!(lint(&repository, &[]).expect(1).out.lines().count(), 2);
}

#[test]
fn what_the_base_gained_or_mended_meanwhile_is_not_the_authors() {
    let repository = repository();
    repository.switch("main");
    repository.write("old.yaml", definition("old", "0.995", "5m"));
    repository.write("theirs.yaml", definition("theirs", WRONG, "5m"));
    repository.commit("mend one and break one");
    repository.switch("work");
    assert_eq!(lint(&repository, &["--since", "main"]).expect(0).out, "");
}

#[test]
fn a_move_a_new_name_and_a_new_line_are_no_news() {
    let repository = repository();
    repository.remove("old.yaml");
    repository.write("shop/old.yaml", format!("# Moved.\n\n{}", definition("old", WRONG, "5m")));
    assert_eq!(lint(&repository, &["--since", "main"]).expect(0).out, "");
    let renamed = definition("old", WRONG, "5m").replace("{name: old,", "{name: older,");
    repository.write("shop/old.yaml", renamed);
    assert_eq!(lint(&repository, &["--since", "main"]).expect(0).out, "");
    // A copy is new.
    repository.write("old.yaml", definition("old", WRONG, "5m"));
    let ended = lint(&repository, &["--since", "main"]).expect(1);
    assert!(
        ended.out.starts_with("shop/old.yaml:11:25: error[target-unit-mismatch]"),
        "{}",
        ended.out
    );
}

#[test]
fn what_a_change_breaks_elsewhere_is_its_own() {
    let repository = repository();
    let whole = definition("orders", "0.999", "5m");
    let (start, rest) = whole.split_once("  indicator:\n").expect("it has an indicator");
    let (inner, end) = rest.split_once("  timeWindow").expect("it has a window");
    let indicator = inner.replace("\n    ", "\n").replacen("    ", "", 1);
    repository.switch("main");
    repository.write("orders.yaml", format!("{start}  indicatorRef: orders\n  timeWindow{end}"));
    repository.write("sli.yaml", format!("apiVersion: openslo/v1\nkind: SLI\n{indicator}"));
    repository.commit("share an indicator");
    assert_eq!(lint(&repository, &["orders.yaml"]).expect(0).out, "");
    repository.remove("sli.yaml");
    let ended = lint(&repository, &["--since", "HEAD"]).expect(1);
    assert!(
        ended.out.starts_with("orders.yaml:6:17: error[unresolved-reference]"),
        "{}",
        ended.out
    );
    // Of two of one name, the one that is added is told.
    let repository = self::repository();
    repository.write("a.yaml", definition("orders", "0.999", "5m"));
    let ended = lint(&repository, &["--since", "main"]).expect(1);
    assert!(ended.out.starts_with("a.yaml:3:18: error[duplicate-object-name]"), "{}", ended.out);
}

#[test]
fn what_is_staged_is_judged_and_not_what_lies_there() {
    let repository = repository();
    repository.write("new.yaml", definition("new", WRONG, "5m"));
    assert_eq!(lint(&repository, &["--staged"]).expect(0).out, "");
    repository.git(&["add", "new.yaml"]);
    repository.write("new.yaml", definition("new", "0.995", "5m"));
    assert_eq!(lint(&repository, &["--staged"]).expect(1).out, OF_NEW);
    assert_eq!(lint(&repository, &["--staged", "new.yaml"]).expect(1).out, OF_NEW);
    assert_eq!(lint(&repository, &["--staged", "orders.yaml"]).expect(0).out, "");
    // The rules are staged with the definitions.
    repository.write("slo.toml", "[rules]\ntarget-unit-mismatch = \"off\"\n");
    assert_eq!(lint(&repository, &["--staged"]).expect(1).out, OF_NEW);
    repository.git(&["add", "slo.toml"]);
    repository.remove("slo.toml");
    assert_eq!(lint(&repository, &["--staged"]).expect(0).out, "");
    repository.git(&["rm", "--quiet", "--cached", "-f", "new.yaml", "slo.toml"]);
    assert_eq!(lint(&repository, &["--staged"]).expect(0).out, "");
    let ended = lint(&repository, &["--staged", "--since", "main~0"]).expect(0);
    assert_eq!(ended.out, "");
}

#[test]
fn what_a_change_leaves_out_or_whom_it_makes_an_owner_counts_after_it() {
    let repository = repository();
    let is_told = |rule: &str| {
        let out = lint(&repository, &["--since", "main"]).expect(1).out;
        assert!(out.contains(&format!("error[{rule}]")), "{out}");
    };
    repository.write("slo.toml", "[files]\nexclude = [\"orders.yaml\"]\n");
    repository.commit("orders is none of ours");
    is_told("slo-deleted-without-tombstone");
    repository.write("orders.yaml", definition("orders", "0.9", "5m"));
    repository.commit("orders is none of ours at all");
    is_told("slo-deleted-without-tombstone");
    repository.switch("main");
    repository.write("slo.toml", "[owners]\nproduct = [\"@paula\"]\n");
    repository.commit("name owners");
    repository.branch("lower");
    repository.write("slo.toml", "[owners]\nproduct = [\"@paula\", \"@max\"]\n");
    repository.write("orders.yaml", definition("orders", "0.9", "5m"));
    repository.commit("orders: less\n\nSLO-Change: it is enough\nApproved-by: @max");
    is_told("target-lowered-without-approval");
    repository.write("notes.txt", "agreed\n");
    repository.commit("agreed\n\nApproved-by: @paula");
    let out = lint(&repository, &["--since", "main"]).expect(0).out;
    assert!(!out.contains("error["), "{out}");
}

#[test]
fn the_first_commit_is_judged_whole() {
    let repository = Repository::new();
    assert_eq!(lint(&repository, &["--staged"]).expect(0).out, "");
    repository.write("new.yaml", definition("new", WRONG, "5m"));
    repository.git(&["add", "--all"]);
    assert_eq!(lint(&repository, &["--staged"]).expect(1).out, OF_NEW);
}

#[test]
fn a_hook_judges_what_git_is_about_to_commit() {
    let repository = repository();
    let hook = repository.path().join(".git/hooks/pre-commit");
    let program = env!("CARGO_BIN_EXE_slo");
    let text = format!("#!/bin/sh\n{program} lint --staged --format concise > .git/said\n");
    repository.write(".git/hooks/pre-commit", text + "echo \"code $?\" >> .git/said\n");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    repository.write("new.yaml", definition("new", "0.995", "5m"));
    repository.git(&["add", "new.yaml"]);
    repository.git(&["commit", "--quiet", "-m", "add one"]);
    assert_eq!(repository.read(".git/said"), "code 0\n");
    // Git keeps an index of its own for a commit of everything, and for one of some files.
    for what in ["--all", "new.yaml"] {
        repository.write("new.yaml", definition("new", WRONG, "5m"));
        repository.git(&["commit", "--quiet", "-m", "break it", what]);
        assert_eq!(repository.read(".git/said"), format!("{OF_NEW}code 1\n"), "{what}");
        repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    }
}

#[test]
fn any_commit_is_judged_without_a_checkout() {
    let repository = repository();
    repository.write("new.yaml", definition("new", WRONG, "5m"));
    repository.write("slo.toml", "[rules]\ntarget-unit-mismatch = \"warning\"\n");
    repository.commit("add one");
    repository.remove("new.yaml");
    repository.write("slo.toml", "[rules]\nset = \"strict\"\n");
    let ended = lint(&repository, &["--rev", "work"]).expect(0);
    assert!(ended.out.contains("new.yaml:11:25: warning[target-unit-mismatch]"), "{}", ended.out);
    let ended = lint(&repository, &["--rev", "main"]).expect(1);
    assert!(ended.out.starts_with("old.yaml:11:25: error[target-unit-mismatch]"), "{}", ended.out);
    let ended = lint(&repository, &["--rev", "work", "--since", "main"]).expect(0);
    assert_eq!(ended.out, OF_NEW.replace("error[", "warning["));
    assert_eq!(lint(&repository, &["--rev", "work", "new.yaml"]).expect(0).out.lines().count(), 1);
}

#[test]
fn what_cannot_be_both_is_refused() {
    let repository = repository();
    for (arguments, code, says) in [
        (&["--staged", "--fix"][..], 2, "--fix"),
        (&["--staged", "--rev", "main"], 2, "--rev"),
        (&["--rev", "main", "--write-baseline"], 2, "--write-baseline"),
        (&["--since", "main", "--prune-baseline"], 2, "--prune-baseline"),
        (&["--since", "main", "--fix"], 2, "--fix"),
        (&["--staged", "-"], 2, "neither staged nor committed"),
        (&["--rev", "nowhere"], 3, "`nowhere`"),
        (&["--since", "nowhere"], 3, "`nowhere`"),
        (&["--staged", "../other.yaml"], 2, "is not below"),
    ] {
        let ended = lint(&repository, arguments);
        assert_eq!(
            (ended.code, ended.out.as_str()),
            (Some(code), ""),
            "{arguments:?}: {}",
            ended.err
        );
        assert!(ended.err.contains(says), "{arguments:?}: {}", ended.err);
    }
    let folder = Repository::folder();
    folder.write("new.yaml", definition("new", WRONG, "5m"));
    for arguments in [&["--staged"][..], &["--since", "HEAD"], &["--rev", "HEAD"]] {
        let ended = lint(&folder, arguments);
        assert!(ended.code == Some(3) && ended.err.contains("git repository"), "{}", ended.err);
    }
}
