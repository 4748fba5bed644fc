use crate::git::sample::Sample;

#[test]
fn tracked_files_are_those_of_the_index_also_when_ignored() {
    let sample = Sample::new();
    sample.write(".gitignore", "ignored/\n");
    sample.write("ignored/slo.yaml", "a: 1\n");
    sample.write("plain.yaml", "a: 1\n");
    sample.git(&["add", "--force", "ignored/slo.yaml"]);
    sample.commit("files");
    sample.git(&["update-index", "--assume-unchanged", "plain.yaml"]);
    sample.write("ignored/other.yaml", "");
    let repository = sample.open();
    assert_eq!(
        repository.tracked_paths(|_| true).expect("the sample holds it"),
        [".gitignore", "ignored/slo.yaml", "plain.yaml"]
    );
    let inside = repository.at_root("ignored").expect("the sample holds it");
    assert_eq!(inside.tracked_paths(|_| true).expect("the sample holds it"), ["slo.yaml"]);
}

#[test]
fn a_clean_worktree_has_nothing_uncommitted() {
    let sample = Sample::new();
    sample.write(".gitignore", "out\n");
    sample.commit_file("a", "1\n");
    sample.write("out", "ignored\n");
    assert!(!sample.open().has_uncommitted_changes().expect("the sample holds it"));
    // Written again with the same bytes: only the clock of the file differs.
    sample.write("a", "1\n");
    assert!(!sample.open().has_uncommitted_changes().expect("the sample holds it"));
}

#[test]
fn changed_staged_new_and_removed_files_are_uncommitted() {
    let sample = Sample::new();
    sample.write("team/changed", "1\n");
    sample.write("staged", "1\n");
    sample.write("removed", "1\n");
    sample.commit("files");
    sample.write("team/changed", "two\n");
    sample.write("staged", "two\n");
    sample.git(&["add", "staged"]);
    sample.git(&["rm", "--quiet", "--cached", "removed"]);
    sample.write("folder/new", "1\n");
    let repository = sample.open();
    assert_eq!(
        repository.uncommitted_paths().expect("the sample holds it"),
        ["folder/new", "removed", "staged", "team/changed"]
    );
    let inside = repository.at_root("team").expect("the sample holds it");
    assert_eq!(inside.uncommitted_paths().expect("the sample holds it"), ["changed"]);
}

#[cfg(unix)]
#[test]
#[expect(clippy::disallowed_methods, reason = "the sample is a folder of its own")]
fn a_permission_alone_is_no_change() {
    use std::os::unix::fs::PermissionsExt;
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    let path = sample.path().join("a");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
        .expect("the sample holds it");
    assert!(!sample.open().has_uncommitted_changes().expect("the sample holds it"));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the sample is a folder of its own")]
fn a_configured_filter_is_never_run() {
    let sample = Sample::new();
    let mark = sample.path().join("ran");
    let command = format!("touch {}; cat", mark.display());
    sample.write(".gitignore", "ran\n");
    sample.write(".gitattributes", "*.yaml filter=evil diff=evil\n");
    sample.commit_file("a.yaml", "1\n");
    sample.git(&["config", "filter.evil.clean", &command]);
    sample.git(&["config", "filter.evil.smudge", &command]);
    sample.git(&["config", "diff.evil.textconv", &command]);
    sample.git(&["config", "core.fsmonitor", &command]);
    // As long as before, so that only reading the file can tell.
    sample.write("a.yaml", "2\n");
    let repository = sample.open();
    assert_eq!(repository.uncommitted_paths().expect("the sample holds it"), ["a.yaml"]);
    let head = repository.head().expect("the sample holds it");
    repository.commit(head).expect("the sample holds it");
    assert!(!mark.exists());
}
