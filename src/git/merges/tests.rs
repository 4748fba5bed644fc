use super::*;
use crate::git::sample::Sample;

const LINES: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

/// `work` and `main` change different lines of `a`; each adds a file of its own; on `work`.
fn diverged() -> Sample {
    let sample = Sample::new();
    sample.commit_file("a", LINES);
    sample.git(&["switch", "--quiet", "--create", "work"]);
    sample.write("b", "1\n");
    sample.commit_file("a", &LINES.replace('1', "one"));
    sample.git(&["switch", "--quiet", "main"]);
    sample.write("c", "1\n");
    sample.commit_file("a", &LINES.replace('9', "nine"));
    sample.git(&["switch", "--quiet", "work"]);
    sample
}

fn added(sample: &Sample) -> Vec<String> {
    sample
        .open()
        .added_by_merge(sample.head(), &Effort::new())
        .expect("the sample holds it")
        .expect("the sample holds it")
        .own
}

#[test]
fn a_clean_merge_of_one_file_adds_nothing() {
    let sample = diverged();
    sample.git(&["merge", "--quiet", "-m", "Merge", "main"]);
    assert_eq!(added(&sample), Vec::<String>::new());
}

#[test]
fn a_merge_costs_what_is_walked_for_it() {
    let sample = diverged();
    sample.git(&["merge", "--quiet", "-m", "Merge", "main"]);
    let (repository, merge) = (sample.open(), sample.head());
    let added = |pieces| {
        repository.added_by_merge(merge, &Effort::of(pieces)).expect("the sample holds it")
    };
    assert_eq!(added(200), Ok(Added::default()));
    assert_eq!(added(20), Err(Unseen::TooMuchWork));
}

#[test]
fn what_only_the_merge_holds_is_its_own() {
    let sample = diverged();
    sample.git(&["merge", "--quiet", "--no-commit", "main"]);
    sample.write("d", "evil\n");
    let merged = LINES.replace('1', "one").replace('9', "nine");
    sample.write("a", &merged.replace('5', "evil"));
    sample.commit("Merge");
    assert_eq!(added(&sample), ["a", "d"]);
}

#[test]
fn a_merge_that_makes_a_file_executable_is_seen() {
    let sample = diverged();
    sample.git(&["merge", "--quiet", "-m", "Merge", "main"]);
    sample.git(&["update-index", "--chmod=+x", "a"]);
    sample.git(&["commit", "--quiet", "--amend", "--no-edit"]);
    assert_eq!(added(&sample), ["a"]);
}

#[test]
fn a_merge_that_drops_one_side_is_seen() {
    let sample = diverged();
    sample.git(&["merge", "--quiet", "-s", "ours", "-m", "Merge", "main"]);
    assert_eq!(added(&sample), ["a", "c"]);
}

#[test]
fn a_change_is_merged_where_the_other_side_moved_the_file() {
    for (from, onto) in [("work", "main"), ("main", "work")] {
        let sample = diverged();
        sample.git(&["switch", "--quiet", "main"]);
        sample.git(&["mv", "a", "moved"]);
        sample.commit("Move it");
        sample.git(&["switch", "--quiet", onto]);
        sample.git(&["merge", "--quiet", "-m", "Merge", from]);
        let merged = LINES.replace('1', "one").replace('9', "nine");
        assert_eq!(sample.git(&["show", "HEAD:moved"]), merged.trim_end());
        let merge = sample.open().added_by_merge(sample.head(), &Effort::new());
        let moved = vec![("a".to_owned(), "moved".to_owned())];
        assert_eq!(merge.expect("the sample holds it"), Ok(Added { own: Vec::new(), moved }));
        // What differs from that by a line, keeps the old file, or drops a side is seen.
        let texts =
            [merged.replace('5', "evil"), LINES.replace('1', "one"), LINES.replace('9', "nine")];
        for text in texts {
            sample.write("moved", &text);
            sample.git(&["commit", "--quiet", "--all", "--amend", "--no-edit"]);
            assert!(!added(&sample).is_empty(), "{text}");
        }
        sample.write("moved", &merged);
        sample.write("a", &LINES.replace('1', "one"));
        sample.git(&["add", "--all"]);
        sample.git(&["commit", "--quiet", "--amend", "--no-edit"]);
        assert_eq!(added(&sample), ["a", "moved"]);
    }
}

#[test]
fn a_resolved_conflict_is_the_merges_own() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.git(&["switch", "--quiet", "--create", "work"]);
    sample.commit_file("a", "2\n");
    sample.git(&["switch", "--quiet", "main"]);
    sample.commit_file("a", "3\n");
    let (succeeded, _) = sample.try_git(&["merge", "--quiet", "work"]);
    assert!(!succeeded);
    sample.write("a", "4\n");
    sample.commit("Merge");
    assert_eq!(added(&sample), ["a"]);
}

#[test]
fn a_commit_with_one_parent_adds_nothing_beyond_it() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.commit_file("a", "2\n");
    assert_eq!(added(&sample), Vec::<String>::new());
}

/// Commits the tree of a revision with the given parents, and checks that out.
fn commit_tree(sample: &Sample, tree: &str, parents: &[&str]) {
    let tree = format!("{tree}^{{tree}}");
    let mut arguments = vec!["commit-tree", &tree, "-m", "Merge"];
    arguments.extend(parents.iter().flat_map(|parent| ["-p", parent]));
    let commit = sample.git(&arguments);
    sample.git(&["reset", "--quiet", "--hard", &commit]);
}

#[test]
fn a_merge_of_three_parents_owns_what_any_of_them_has_not() {
    let sample = diverged();
    sample.git(&["switch", "--quiet", "--create", "third", "main~1"]);
    sample.commit_file("e", "1\n");
    sample.git(&["switch", "--quiet", "work"]);
    sample.git(&["merge", "--quiet", "--no-commit", "-s", "ours", "main", "third"]);
    sample.write("d", "evil\n");
    sample.commit("Merge");
    assert_eq!(added(&sample), ["a", "b", "c", "d", "e"]);
}

#[test]
fn a_merge_of_an_ancestor_brings_nothing_back() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.commit_file("a", "2\n");
    sample.commit_file("b", "1\n");
    commit_tree(&sample, "HEAD~2", &["HEAD", "HEAD~2"]);
    assert_eq!(added(&sample), ["a", "b"]);
    commit_tree(&sample, "HEAD^1", &["HEAD^2", "HEAD^1"]);
    assert_eq!(added(&sample), Vec::<String>::new());
}

#[test]
fn sides_without_a_common_commit_parted_from_nothing() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.git(&["switch", "--quiet", "--orphan", "island"]);
    sample.commit_file("b", "1\n");
    let merge = ["merge", "--quiet", "--allow-unrelated-histories", "-m", "Merge", "main"];
    sample.git(&merge);
    assert_eq!(added(&sample), Vec::<String>::new());
    commit_tree(&sample, "HEAD^1", &["main", "HEAD^1"]);
    assert_eq!(added(&sample), ["a"]);
}

#[test]
fn branches_that_merged_each_other_are_merged_from_every_start() {
    let sample = diverged();
    sample.git(&["tag", "old-work"]);
    sample.git(&["merge", "--quiet", "-m", "one", "main"]);
    sample.git(&["switch", "--quiet", "main"]);
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "two", "old-work"]);
    sample.commit_file("d", "1\n");
    sample.git(&["merge", "--quiet", "-m", "three", "work"]);
    assert_eq!(
        sample
            .open()
            .merge_bases(sample.id("HEAD^1"), sample.id("HEAD^2"))
            .expect("the sample holds it")
            .len(),
        2
    );
    assert_eq!(added(&sample), Vec::<String>::new());
    // What one side had from the start, and the other gained, is dropped.
    sample.git(&["rm", "--quiet", "b"]);
    sample.git(&["commit", "--quiet", "--amend", "--no-edit"]);
    assert_eq!(added(&sample), ["b"]);
}

#[test]
fn a_cut_clone_does_not_know_what_a_merge_adds() {
    let sample = diverged();
    sample.git(&["merge", "--quiet", "-m", "Merge", "main"]);
    let clone = sample.clone(&["--depth=2", "--branch=work"]);
    let added =
        clone.open().added_by_merge(clone.head(), &Effort::new()).expect("the sample holds it");
    assert_eq!(added, Err(Unseen::Hidden));
}
