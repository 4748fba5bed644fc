use super::*;
use crate::git::sample::Sample;

const LINES: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

/// `main` gains a bad commit and a later good one in the same file; on the branch `work`.
fn broken() -> (Sample, CommitId) {
    let sample = Sample::new();
    sample.commit_file("a", LINES);
    let bad = sample.commit_file("a", &LINES.replace('2', "bad"));
    sample.commit_file("a", &LINES.replace('2', "bad").replace('9', "good"));
    sample.git(&["switch", "--quiet", "--create", "work"]);
    (sample, bad)
}

fn reverted(sample: &Sample) -> Option<CommitId> {
    let base = sample.id("main");
    sample.open().reverts(base).reverted_by(sample.head()).expect("the sample holds it")
}

#[test]
fn a_revert_made_by_git_is_recognized() {
    let (sample, bad) = broken();
    sample.git(&["revert", "--no-edit", &bad.to_string()]);
    assert_eq!(reverted(&sample), Some(bad));
}

#[test]
fn a_revert_is_recognized_without_its_message() {
    let (sample, bad) = broken();
    sample.git(&["revert", "--no-edit", &bad.to_string()]);
    sample.git(&["commit", "--quiet", "--amend", "-m", "back"]);
    assert_eq!(reverted(&sample), Some(bad));
}

#[test]
fn the_message_alone_makes_no_revert() {
    let (sample, bad) = broken();
    sample.write("a", &LINES.replace('9', "good").replace('5', "more"));
    sample.commit(&format!("Revert\n\nThis reverts commit {bad}."));
    assert_eq!(reverted(&sample), None);
}

#[test]
fn a_revert_with_an_addition_is_none() {
    let (sample, bad) = broken();
    sample.git(&["revert", "--no-commit", &bad.to_string()]);
    sample.write("b", "more\n");
    sample.commit(&format!("Revert\n\nThis reverts commit {bad}."));
    assert_eq!(reverted(&sample), None);
}

#[test]
fn taking_back_a_later_change_too_is_no_revert() {
    let (sample, bad) = broken();
    sample.write("a", LINES);
    sample.commit(&format!("Revert\n\nThis reverts commit {bad}."));
    assert_eq!(reverted(&sample), None);
}

#[test]
fn a_revert_that_makes_a_file_executable_is_none() {
    let (sample, bad) = broken();
    sample.git(&["revert", "--no-edit", &bad.to_string()]);
    sample.git(&["update-index", "--chmod=+x", "a"]);
    sample.git(&["commit", "--quiet", "--amend", "--no-edit"]);
    assert_eq!(reverted(&sample), None);
}

#[test]
fn the_same_lines_in_another_place_are_no_revert() {
    let sample = Sample::new();
    let twice = "x: 1\na\nb\nc\nd\ne\nf\nx: 1\n";
    sample.commit_file("a", twice);
    let bad = sample.commit_file("a", "x: 2\na\nb\nc\nd\ne\nf\nx: 1\n");
    sample.write("b", "1\n");
    sample.commit_file("a", "x: 2\na\nb\nc\nd\ne\nf\nx: 2\n");
    sample.git(&["switch", "--quiet", "--create", "work"]);
    // Takes back a part of the second place and claims the first.
    sample.write("a", "x: 2\na\nb\nc\nd\ne\nf\nx: 1\n");
    sample.commit(&format!("Revert\n\nThis reverts commit {bad}."));
    assert_eq!(reverted(&sample), None);
}

#[test]
fn a_wrong_claim_hides_no_revert() {
    let (sample, bad) = broken();
    sample.git(&["revert", "--no-edit", &bad.to_string()]);
    for claim in [sample.id("main"), sample.id("main~2"), sample.head()] {
        let message = format!("Revert\n\nThis reverts commit {claim}.");
        sample.git(&["commit", "--quiet", "--amend", "-m", &message]);
        assert_eq!(reverted(&sample), Some(bad));
    }
}

#[test]
fn a_revert_that_was_picked_takes_back_the_copy() {
    let sample = Sample::new();
    sample.commit_file("a", LINES);
    sample.git(&["branch", "release"]);
    sample.commit_file("b", "1\n");
    let bad = sample.commit_file("a", &LINES.replace('2', "bad"));
    sample.git(&["revert", "--no-edit", &bad.to_string()]);
    sample.git(&["switch", "--quiet", "release"]);
    sample.git(&["cherry-pick", &bad.to_string()]);
    let copy = sample.head();
    assert_ne!(copy, bad);
    sample.git(&["switch", "--quiet", "--create", "work"]);
    sample.git(&["cherry-pick", "-x", "main"]);
    let found =
        sample.open().reverts(copy).reverted_by(sample.head()).expect("the sample holds it");
    assert_eq!(found, Some(copy));
}

#[test]
fn only_what_the_base_holds_can_be_reverted() {
    let (sample, _) = broken();
    let own = sample.commit_file("b", "1\n");
    sample.git(&["revert", "--no-edit", &own.to_string()]);
    assert_eq!(reverted(&sample), None);
}

#[test]
fn a_merge_can_be_reverted() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.git(&["switch", "--quiet", "--create", "feature"]);
    sample.commit_file("b", "1\n");
    sample.commit_file("c", "1\n");
    sample.git(&["switch", "--quiet", "main"]);
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", "feature"]);
    let merge = sample.head();
    sample.git(&["switch", "--quiet", "--create", "work"]);
    sample.git(&["revert", "--no-edit", "-m", "1", "HEAD"]);
    assert_eq!(reverted(&sample), Some(merge));
}

#[test]
fn an_empty_commit_reverts_nothing() {
    let (sample, bad) = broken();
    sample.commit(&format!("Revert\n\nThis reverts commit {bad}."));
    assert_eq!(reverted(&sample), None);
}

#[test]
fn a_cut_clone_does_not_know_a_revert() {
    let (sample, bad) = broken();
    sample.git(&["revert", "--no-edit", &bad.to_string()]);
    let clone = sample.clone(&["--depth=2", "--branch=work"]);
    let base = clone.id("HEAD~1");
    assert_eq!(
        clone.open().reverts(base).reverted_by(clone.head()).expect("the sample holds it"),
        None
    );
}
