use super::*;
use crate::git::sample::Sample;

#[test]
fn the_merge_base_is_where_two_branches_parted() {
    let (sample, [root, main, work]) = Sample::branched();
    let repository = sample.open();
    assert_eq!(repository.merge_bases(main, work).expect("the sample holds it"), [root]);
    assert_eq!(repository.merge_bases(root, work).expect("the sample holds it"), [root]);
    assert!(repository.is_ancestor(root, work).expect("the sample holds it"));
    assert!(!repository.is_ancestor(work, main).expect("the sample holds it"));
    assert_eq!(repository.parents(main).expect("the sample holds it"), [root]);
}

#[test]
fn of_two_merge_bases_the_latest_comes_first() {
    let (sample, [_, latest, older]) = Sample::branched();
    sample.git(&["switch", "--quiet", "main"]);
    // Each branch merges the other as it was.
    sample.git(&["tag", "old-main"]);
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "one", "work"]);
    sample.git(&["switch", "--quiet", "work"]);
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "two", "old-main"]);
    let (main, work) = (sample.id("main"), sample.id("work"));
    let repository = sample.open();
    assert_eq!(repository.merge_bases(main, work).expect("the sample holds it"), [latest, older]);
    assert_eq!(repository.merge_bases(work, main).expect("the sample holds it"), [latest, older]);
}

#[test]
fn clocks_that_run_differently_hide_no_ancestor() {
    let sample = Sample::new();
    let root = sample.commit_file("a", "1\n");
    // The base is older than its own parent, by its clock.
    sample.turn_back(3600);
    let base = sample.commit_file("b", "1\n");
    sample.git(&["switch", "--quiet", "--create", "work", &root.to_string()]);
    sample.turn_back(-7200);
    let work = sample.commit_file("c", "1\n");
    let between = sample.open().between(base, work).expect("the sample holds it");
    assert_eq!(between.commits, [work]);
    assert!(!between.is_cut);
}

#[test]
fn a_cut_history_does_not_guess_a_merge_base() {
    let sample = Sample::new();
    for number in 0..4 {
        sample.commit_file("a", &format!("{number}\n"));
    }
    let root = sample.head();
    sample.git(&["switch", "--quiet", "--create", "work"]);
    sample.commit_file("b", "1\n");
    sample.git(&["switch", "--quiet", "main"]);
    sample.commit_file("c", "1\n");
    let answers: Vec<_> = ["1", "2", "3"]
        .into_iter()
        .map(|depth| {
            let depth = format!("--depth={depth}");
            let clone = sample.clone(&[&depth, "--no-single-branch"]);
            let (main, work) = (clone.id("main"), clone.id("origin/work"));
            clone.open().merge_bases(main, work)
        })
        .collect();
    assert!(matches!(answers[0], Err(Error::MergeBaseMissing { .. })));
    assert_eq!(*answers[1].as_ref().expect("the sample holds it"), [root]);
    assert_eq!(*answers[2].as_ref().expect("the sample holds it"), [root]);
}

#[test]
fn a_hidden_side_branch_could_hold_a_better_merge_base() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.git(&["switch", "--quiet", "--create", "side"]);
    for number in 0..6 {
        sample.commit_file("side", &format!("{number}\n"));
    }
    sample.git(&["switch", "--quiet", "main"]);
    sample.commit_file("b", "1\n");
    sample.git(&["branch", "work"]);
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge side", "side"]);
    sample.git(&["switch", "--quiet", "work"]);
    sample.commit_file("c", "1\n");
    let clone = sample.clone(&["--depth=4", "--no-single-branch"]);
    let (main, work) = (clone.id("origin/main"), clone.id("work"));
    let answer = clone.open().merge_bases(main, work);
    assert!(matches!(answer, Err(Error::MergeBaseMissing { .. })));
}

#[test]
fn a_tip_above_a_cut_history_is_still_an_ancestor() {
    let sample = Sample::new();
    for number in 0..4 {
        sample.commit_file("a", &format!("{number}\n"));
    }
    let clone = sample.clone(&["--depth=2"]);
    let (tip, parent) = (clone.head(), clone.id("HEAD~1"));
    let repository = clone.open();
    assert_eq!(repository.merge_bases(tip, parent).expect("the sample holds it"), [parent]);
    assert!(repository.is_ancestor(parent, tip).expect("the sample holds it"));
    let unknown = CommitId::parse(&"1".repeat(40)).expect("the sample holds it");
    assert!(matches!(repository.is_ancestor(unknown, tip), Err(Error::HistoryMissing { .. })));
}
