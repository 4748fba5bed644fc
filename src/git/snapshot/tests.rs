use super::*;
use crate::git::sample::Sample;

fn paths(files: &[SnapshotFile]) -> Vec<&str> {
    files.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn the_files_of_a_commit_are_those_of_then() {
    let sample = Sample::new();
    let then = sample.commit_file("slo/a.yaml", "a: 1\n");
    sample.commit_file("slo/a.yaml", "a: 2\n");
    sample.write("slo/uncommitted.yaml", "");
    let repository = sample.open();
    let snapshot = repository.snapshot(then).expect("the sample holds it");
    let files = snapshot.files(|path| path.starts_with("slo/")).expect("the sample holds it");
    assert_eq!(paths(&files), ["slo/a.yaml"]);
    let content = snapshot.read("slo/a.yaml", 100).expect("the sample holds it");
    assert_eq!(content, Content::Bytes(b"a: 1\n".to_vec()));
    assert_eq!(snapshot.read("slo", 100).expect("the sample holds it"), Content::Folder);
    assert_eq!(snapshot.read("slo/b", 100).expect("the sample holds it"), Content::Absent);
    assert_eq!(snapshot.read("slo/a.yaml/b", 9).expect("the sample holds it"), Content::Absent);
}

#[test]
fn files_stand_in_the_order_of_their_paths() {
    let sample = Sample::new();
    for path in ["b/z", "b.a", "b-a", "a/c/d", "a/c.d"] {
        sample.write(path, "x");
    }
    let commit = sample.commit("files");
    let repository = sample.open();
    let files = repository.snapshot(commit).expect("the sample holds it").files(|_| true);
    assert_eq!(
        paths(&files.expect("the sample holds it")),
        ["a/c.d", "a/c/d", "b-a", "b.a", "b/z"]
    );
}

#[test]
fn a_large_file_is_reported_and_not_read() {
    let sample = Sample::new();
    let commit = sample.commit_file("a.yaml", "0123456789");
    let repository = sample.open();
    let snapshot = repository.snapshot(commit).expect("the sample holds it");
    assert_eq!(snapshot.read("a.yaml", 9).expect("the sample holds it"), Content::TooLarge(10));
    assert!(matches!(snapshot.read("a.yaml", 10).expect("the sample holds it"), Content::Bytes(_)));
}

#[test]
fn reading_many_files_keeps_their_order() {
    let sample = Sample::new();
    for number in 0..300 {
        sample.write(&format!("{number:03}.yaml"), &format!("n: {number}\n"));
    }
    let commit = sample.commit("many");
    let repository = sample.open();
    let snapshot = repository.snapshot(commit).expect("the sample holds it");
    let files = snapshot.files(|_| true).expect("the sample holds it");
    let contents = snapshot.read_all(&files, 100).expect("the sample holds it");
    for (number, content) in contents.into_iter().enumerate() {
        assert_eq!(content, Content::Bytes(format!("n: {number}\n").into()));
    }
}

#[cfg(unix)]
#[test]
fn a_symlink_out_of_the_repository_is_not_followed() {
    let sample = Sample::new();
    let link = sample.path().join("secret.yaml");
    std::os::unix::fs::symlink("/etc/passwd", link).expect("the sample holds it");
    let commit = sample.commit("link");
    let repository = sample.open();
    let snapshot = repository.snapshot(commit).expect("the sample holds it");
    let files = snapshot.files(|_| true).expect("the sample holds it");
    assert_eq!(files[0].kind, FileKind::Symlink);
    assert_eq!(
        snapshot.read("secret.yaml", 100).expect("the sample holds it"),
        Content::Symlink("/etc/passwd".to_owned())
    );
    assert_eq!(
        snapshot.read_all(&files, 100).expect("the sample holds it"),
        [Content::Symlink("/etc/passwd".to_owned())]
    );
}

#[test]
fn a_submodule_is_reported_and_not_entered() {
    let sample = Sample::new();
    let commit = sample.commit_file("a", "1\n");
    let entry = format!("160000,{commit},lib");
    sample.git(&["update-index", "--add", "--cacheinfo", &entry]);
    sample.git(&["commit", "--quiet", "-m", "submodule"]);
    let repository = sample.open();
    let snapshot = repository.snapshot(sample.head()).expect("the sample holds it");
    assert_eq!(snapshot.read("lib", 100).expect("the sample holds it"), Content::Submodule);
    assert_eq!(snapshot.read("lib/a", 100).expect("the sample holds it"), Content::Absent);
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_not_utf8_is_shown_and_marked() {
    use std::os::unix::ffi::OsStrExt;
    let sample = Sample::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.yaml");
    std::os::unix::fs::symlink("x", sample.path().join(name)).expect("the sample holds it");
    let commit = sample.commit("latin");
    let repository = sample.open();
    let files = repository
        .snapshot(commit)
        .expect("the sample holds it")
        .files(|_| true)
        .expect("the sample holds it");
    assert_eq!(files[0].path, "caf\u{fffd}.yaml");
    assert!(files[0].path_is_lossy);
}

#[test]
fn a_root_inside_the_repository_hides_the_rest() {
    let sample = Sample::new();
    let before = sample.commit_file("other/b.yaml", "b: 1\n");
    let commit = sample.commit_file("team/slo/a.yaml", "a: 1\n");
    let repository = sample.open().at_root("team").expect("the sample holds it");
    let snapshot = repository.snapshot(commit).expect("the sample holds it");
    assert_eq!(paths(&snapshot.files(|_| true).expect("the sample holds it")), ["slo/a.yaml"]);
    assert!(matches!(
        snapshot.read("slo/a.yaml", 100).expect("the sample holds it"),
        Content::Bytes(_)
    ));
    assert!(snapshot.read("../other/b.yaml", 100).is_err());
    let older = repository.snapshot(before).expect("the sample holds it");
    assert_eq!(older.files(|_| true).expect("the sample holds it"), []);
    assert_eq!(older.read("slo/a.yaml", 100).expect("the sample holds it"), Content::Absent);
}

#[test]
fn a_file_that_a_partial_clone_lacks_is_named() {
    let sample = Sample::new();
    let then = sample.commit_file("a.yaml", "a: 1\n");
    sample.commit_file("a.yaml", "a: 2\n");
    sample.git(&["config", "uploadpack.allowFilter", "true"]);
    let clone = sample.clone(&["--filter=blob:none"]);
    let repository = clone.open();
    let error = repository.snapshot(then).expect("the sample holds it").read("a.yaml", 9);
    let error = error.unwrap_err();
    assert!(matches!(error, Error::ObjectMissing { .. }), "{error:?}");
    assert!(error.to_string().contains("`a.yaml`"));
    assert!(error.hint().expect("the sample holds it").contains("partial clone"));
}

#[test]
fn a_commit_that_is_not_at_hand_is_an_error() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    let missing = CommitId::parse(&"1".repeat(40)).expect("the sample holds it");
    let error = sample.open().snapshot(missing).err().expect("the sample holds it");
    assert!(matches!(error, Error::CommitMissing { .. }));
}
