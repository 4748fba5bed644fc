use super::*;
use crate::git::sample::Sample;

fn last_change(sample: &Sample, paths: &[&str]) -> Reached {
    let repository = sample.open();
    repository.last_change(sample.head(), paths.iter().copied()).expect("the sample holds it")
}

#[test]
fn the_last_commit_that_touches_any_of_the_files_is_found() {
    let sample = Sample::new();
    let first = sample.commit_file("slo/a", "1\n");
    sample.commit_file("other", "1\n");
    let second = sample.commit_file("slo/a", "2\n");
    sample.commit_file("slo/b", "1\n");
    sample.commit_file("other", "2\n");
    let found = last_change(&sample, &["slo/a", "slo/none"]);
    assert_eq!(found, Reached::Change { commit: second, parent: sample.id("HEAD~3") });
    assert_eq!(last_change(&sample, &["never"]), Reached::Root(first));
    assert_eq!(last_change(&sample, &[]), Reached::Root(first));
}

#[test]
fn what_a_merge_brings_is_its_own_and_a_removal_is_a_change() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.git(&["switch", "--quiet", "--create", "work"]);
    sample.commit_file("b", "1\n");
    sample.git(&["switch", "--quiet", "main"]);
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", "work"]);
    let merge = sample.head();
    let parent = sample.id("HEAD^1");
    assert_eq!(last_change(&sample, &["b"]), Reached::Change { commit: merge, parent });
    sample.git(&["rm", "--quiet", "b"]);
    sample.commit("remove");
    let removed = Reached::Change { commit: sample.head(), parent: merge };
    assert_eq!(last_change(&sample, &["b"]), removed);
}

#[test]
fn a_cut_clone_says_where_it_ends() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.commit_file("b", "1\n");
    sample.commit_file("c", "1\n");
    let clone = sample.clone(&["--depth=2"]);
    assert_eq!(last_change(&clone, &["a"]), Reached::Cut(clone.id("HEAD~1")));
}
