use crate::git::error::Error;
use crate::git::id::CommitId;
use crate::git::sample::Sample;

fn commit_tree(sample: &Sample, tree: &str) -> CommitId {
    let commit = sample.git(&["commit-tree", "-m", "odd", tree]);
    CommitId::parse(&commit).expect("the sample holds it")
}

/// Writes a tree object of the given entries, which git itself would refuse.
fn tree(sample: &Sample, entries: &[(&str, &str, &str)]) -> String {
    let mut bytes = Vec::new();
    for (mode, name, id) in entries {
        bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        let id = CommitId::parse(id).expect("the sample holds it");
        bytes.extend_from_slice(id.0.as_slice());
    }
    let path = sample.write_bytes("object", &bytes);
    let path = path.to_str().expect("the sample holds it");
    sample.git(&["hash-object", "-t", "tree", "-w", "--literally", path])
}

fn read(sample: &Sample, tree: &str) -> Result<usize, Error> {
    let commit = commit_tree(sample, tree);
    let repository = sample.open();
    let snapshot = repository.snapshot(commit)?;
    snapshot.files(|_| true).map(|files| files.len())
}

#[test]
fn names_that_leave_their_folder_are_refused() {
    let sample = Sample::new();
    sample.write("blob", "1\n");
    let blob = sample.git(&["hash-object", "-w", "blob"]);
    for name in ["..", ".", "a/b", "/etc/passwd"] {
        let tree = tree(&sample, &[("100644", name, &blob)]);
        let answer = read(&sample, &tree);
        assert!(matches!(answer, Err(Error::TreeMalformed { .. })), "{name}");
    }
    let twice = [("100644", "a", &*blob), ("100644", "a", &*blob)];
    let answer = read(&sample, &tree(&sample, &twice));
    assert!(matches!(answer, Err(Error::TreeMalformed { .. })));
}

#[test]
fn a_tree_that_unfolds_without_end_is_refused() {
    let sample = Sample::new();
    sample.write("blob", "1\n");
    let mut inner = sample.git(&["hash-object", "-w", "blob"]);
    let mut mode = "100644";
    for _ in 0..10 {
        let names: Vec<String> = (0..100).map(|name| format!("{name:02}")).collect();
        let entries: Vec<_> =
            names.iter().map(|name| (mode, name.as_str(), inner.as_str())).collect();
        inner = tree(&sample, &entries);
        mode = "40000";
    }
    let commit = commit_tree(&sample, &inner);
    let repository = sample.open();
    let answer = repository.snapshot(commit).expect("the sample holds it").files(|_| true);
    assert!(matches!(answer, Err(Error::TreeTooLarge { .. })));
    assert!(matches!(repository.commit(commit), Err(Error::TreeTooLarge { .. })));
}

#[test]
fn a_tree_deeper_than_any_file_system_is_refused() {
    let sample = Sample::new();
    sample.write("blob", "1\n");
    let mut inner = sample.git(&["hash-object", "-w", "blob"]);
    let mut mode = "100644";
    let name = "n".repeat(1000);
    for _ in 0..20 {
        inner = tree(&sample, &[(mode, name.as_str(), inner.as_str())]);
        mode = "40000";
    }
    let answer = read(&sample, &inner);
    assert!(matches!(answer, Err(Error::TreeMalformed { .. })));
}
