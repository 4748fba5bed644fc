use super::*;
use crate::git::sample::Sample;

fn last_change(sample: &Sample) -> Vec<ChangedPath> {
    let repository = sample.open();
    let (from, to) = (sample.id("HEAD~1"), sample.head());
    repository.changed_paths(from, to).expect("the sample holds it")
}

fn changed(path: &str, kind: PathChange) -> ChangedPath {
    ChangedPath { path: path.to_owned(), previous_path: None, kind }
}

/// A change from `from` to `HEAD`.
fn change(sample: &Sample, from: CommitId) -> Compared {
    Compared {
        trusted: from,
        compared: from,
        other_starts: Vec::new(),
        head: sample.head(),
        how: How::BaseOption,
        merge_base_missing: false,
    }
}

fn seen_lines(sample: &Sample) -> Option<u64> {
    sample.open().proposed_lines(&change(sample, sample.id("HEAD~1"))).expect("the sample holds it")
}

fn lines(sample: &Sample) -> u64 {
    seen_lines(sample).expect("nothing hides lines")
}

#[test]
fn added_modified_and_removed_files_are_listed_without_their_folders() {
    let sample = Sample::new();
    sample.write("x/y/old.yaml", "1\n2\n");
    sample.commit_file("x/same.yaml", "a\nb\nc\n");
    sample.git(&["rm", "--quiet", "x/y/old.yaml"]);
    sample.write("z/new.yaml", "other\n");
    sample.commit_file("x/same.yaml", "a\nB\nc\nd\n");
    assert_eq!(
        last_change(&sample),
        [
            changed("x/same.yaml", PathChange::Modified),
            changed("x/y/old.yaml", PathChange::Removed),
            changed("z/new.yaml", PathChange::Added),
        ]
    );
}

#[test]
fn a_file_that_moves_with_a_change_is_renamed() {
    let sample = Sample::new();
    sample.commit_file("a/slo.yaml", "one\ntwo\nthree\nfour\n");
    sample.git(&["rm", "--quiet", "a/slo.yaml"]);
    sample.commit_file("b/slo.yaml", "one\ntwo\nthree\nFOUR\n");
    let expected = ChangedPath {
        previous_path: Some("a/slo.yaml".to_owned()),
        ..changed("b/slo.yaml", PathChange::Renamed)
    };
    assert_eq!(last_change(&sample), [expected]);
}

#[test]
fn equal_files_are_paired_by_name() {
    let sample = Sample::new();
    sample.write("a/one.yaml", "same\n");
    sample.commit_file("x/two.yaml", "same\n");
    sample.git(&["mv", "a", "z"]);
    sample.git(&["mv", "x", "b"]);
    sample.commit("move");
    let sources: Vec<_> = last_change(&sample)
        .into_iter()
        .map(|change| (change.path, change.previous_path.expect("the sample holds it")))
        .collect();
    let pair = |to: &str, from: &str| (to.to_owned(), from.to_owned());
    assert_eq!(sources, [pair("b/two.yaml", "x/two.yaml"), pair("z/one.yaml", "a/one.yaml")]);
}

#[test]
fn too_many_files_are_renamed_only_when_they_are_equal() {
    let sample = Sample::new();
    for number in 0..1001 {
        sample.write(&format!("a/{number}"), &format!("a\nb\nc\n{number}\n"));
    }
    sample.commit("before");
    sample.git(&["mv", "a", "b"]);
    for number in 0..1001 {
        sample.write(&format!("b/{number}"), &format!("a\nb\nx\n{number}\n"));
    }
    sample.write("b/equal", "a\nb\nc\n7\n");
    sample.commit("after");
    let renamed: Vec<_> =
        last_change(&sample).into_iter().filter_map(|change| change.previous_path).collect();
    assert_eq!(renamed, ["a/7"]);
}

#[test]
fn a_file_may_become_a_folder() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.git(&["rm", "--quiet", "a"]);
    sample.commit_file("a/b", "2\n");
    assert_eq!(
        last_change(&sample),
        [changed("a", PathChange::Removed), changed("a/b", PathChange::Added)]
    );
}

#[test]
fn a_file_has_lines_whatever_it_holds_and_attributes_say() {
    let sample = Sample::new();
    sample.write(".gitattributes", "*.yaml -diff\n");
    sample.write("image", "\0one\n");
    sample.commit_file("a.yaml", "1\n");
    sample.write("image", "\0two\n");
    sample.commit_file("a.yaml", "2\n");
    assert_eq!(lines(&sample), 4);
    sample.write_bytes("image", &[0; 2000]);
    sample.commit("draw");
    assert_eq!(lines(&sample), 11);
}

#[test]
fn a_file_that_moves_counts_by_what_changes_in_it() {
    let sample = Sample::new();
    sample.commit_file("a/slo.yaml", "one\ntwo\nthree\nfour\n");
    sample.git(&["rm", "--quiet", "a/slo.yaml"]);
    sample.commit_file("b/slo.yaml", "one\ntwo\nthree\nFOUR\n");
    assert_eq!(lines(&sample), 2);
    let touched = sample
        .open()
        .touched_paths(sample.id("HEAD~1"), sample.head())
        .expect("the sample holds it");
    assert_eq!(touched, ["a/slo.yaml", "b/slo.yaml"]);
    sample.git(&["rm", "--quiet", "b/slo.yaml"]);
    sample.commit("remove");
    assert_eq!(lines(&sample), 4);
}

#[test]
fn the_lines_behind_a_link_or_a_submodule_are_not_seen() {
    let sample = Sample::new();
    let commit = sample.commit_file("b", "other");
    let link = sample.git(&["rev-parse", "HEAD:b"]);
    let stage = |mode: &str, id: &str| {
        let entry = format!("{mode},{id},a");
        sample.git(&["update-index", "--add", "--cacheinfo", &entry]);
        sample.git(&["commit", "--quiet", "-m", "put it there"]);
        seen_lines(&sample)
    };
    assert_eq!(stage("160000", &commit.to_string()), None, "a new submodule");
    assert_eq!(stage("100644", &link), None, "a submodule that goes");
    assert_eq!(stage("120000", &link), None, "a file that becomes a link of the same bytes");
    sample.git(&["mv", "b", "c"]);
    sample.git(&["commit", "--quiet", "-m", "move"]);
    assert_eq!(seen_lines(&sample), Some(0), "nothing is hidden in what did not change");
}

#[test]
fn where_branches_merged_each_other_what_one_of_them_had_is_not_lost() {
    let sample = Sample::new();
    let start = sample.commit_file("a", "old\n");
    sample.git(&["switch", "--quiet", "--create", "side"]);
    let side = sample.commit_file("a", "fixed\n");
    sample.git(&["switch", "--quiet", "main"]);
    let late = sample.commit_file("b", "1\n");
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge side", "side"]);
    let trusted = sample.head();
    // The author merges both, and takes the file as it was before it was fixed.
    let late_tree = format!("{late}^{{tree}}");
    let (one, other) = (late.to_string(), side.to_string());
    let commit = sample.git(&["commit-tree", &late_tree, "-m", "x", "-p", &one, "-p", &other]);
    sample.git(&["reset", "--quiet", "--hard", &commit]);
    let other_starts = vec![side];
    let change = Compared { trusted, compared: late, other_starts, ..change(&sample, start) };
    let repository = sample.open();
    assert_eq!(
        repository.touched_paths(late, change.head).expect("the sample holds it"),
        Vec::<String>::new()
    );
    assert_eq!(repository.proposed_paths(&change).expect("the sample holds it"), ["a"]);
    assert_eq!(repository.proposed_lines(&change).expect("the sample holds it"), Some(3));
}

#[test]
fn the_forge_takes_a_change_to_where_the_base_moved_the_file() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n2\n3\n4\n");
    sample.git(&["switch", "--quiet", "--create", "work"]);
    sample.commit_file("a", "1\n2\n3\nfour\n");
    sample.git(&["switch", "--quiet", "main"]);
    sample.git(&["mv", "a", "b"]);
    let trusted = sample.commit("move");
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work", "work"]);
    let change = Compared { how: How::ForgeMerge, ..change(&sample, trusted) };
    let repository = sample.open();
    assert_eq!(repository.proposed_paths(&change).expect("the sample holds it"), ["b"]);
    let moved = repository.moved_by_base(&change).expect("the sample holds it");
    assert_eq!(moved, [("a".to_owned(), "b".to_owned())].into());
    let change = Compared { how: How::EventBase, ..change };
    assert!(repository.moved_by_base(&change).expect("the sample holds it").is_empty());
}

#[test]
fn a_rename_out_of_the_judged_folder_removes_there() {
    let sample = Sample::new();
    sample.commit_file("team/a.yaml", "1\n2\n3\n");
    sample.git(&["mv", "team/a.yaml", "a.yaml"]);
    sample.commit("move");
    let repository = sample.open().at_root("team").expect("the sample holds it");
    let changes = repository.changed_paths(sample.id("HEAD~1"), sample.head());
    assert_eq!(changes.expect("the sample holds it"), [changed("a.yaml", PathChange::Removed)]);
}

#[test]
fn the_counts_are_those_of_git() {
    let sample = Sample::new();
    let text = (0..40).map(|line| format!("line {line}\n")).collect::<Vec<_>>().concat();
    sample.commit_file("a", &text);
    let text = text.replace("line 7\n", "").replace("line 20\n", "x\ny\n");
    sample.commit_file("a", &text);
    let printed = sample.git(&["diff", "--numstat", "HEAD~1", "HEAD"]);
    assert_eq!(printed, "2\t2\ta");
    assert_eq!(lines(&sample), 4);
}
