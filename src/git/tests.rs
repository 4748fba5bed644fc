//! Finding and opening repositories, and what they say of themselves.

use super::*;
use crate::git::sample::Sample;

#[test]
fn a_folder_without_a_repository_is_named() {
    let folder = Sample::folder();
    let error = Repository::discover(folder.path()).err().expect("the sample holds it");
    assert!(matches!(error, Error::NotARepository { .. }));
    assert!(error.hint().expect("the sample holds it").contains("slo lint"));
}

#[test]
fn a_repository_without_commits_is_not_an_empty_one() {
    let sample = Sample::new();
    let repository = sample.open();
    assert!(matches!(repository.head(), Err(Error::NoCommits)));
    assert!(matches!(repository.default_branch(None), Err(Error::DefaultBranchMissing)));
    assert_eq!(
        repository.tracked_paths(|_| true).expect("the sample holds it"),
        Vec::<String>::new()
    );
}

#[test]
fn a_sha256_repository_is_refused_by_name() {
    let sample = Sample::folder();
    sample.git(&["init", "--quiet", "--object-format=sha256"]);
    let error = Repository::discover(sample.path()).err().expect("the sample holds it");
    assert!(matches!(error, Error::ObjectFormatUnsupported { .. }), "{error:?}");
}

#[test]
fn a_folder_inside_finds_the_repository_above() {
    let sample = Sample::new();
    let commit = sample.commit_file("teams/checkout/slo.toml", "");
    let inside = sample.path().join("teams/checkout");
    let repository = Repository::discover(&inside).expect("the sample holds it");
    assert_eq!(repository.head().expect("the sample holds it"), commit);
    assert_eq!(repository.relative(&inside).expect("the sample holds it"), "teams/checkout");
    assert_eq!(repository.relative(sample.path()).expect("the sample holds it"), "");
    let outside = Sample::folder();
    assert!(repository.relative(outside.path()).is_err());
}

#[test]
fn a_root_outside_the_repository_is_refused() {
    let sample = Sample::new();
    for path in ["/etc", "a/../../b", ".."] {
        assert!(sample.open().at_root(path).is_err(), "{path}");
    }
    let repository = sample.open().at_root("./a//b/").expect("the sample holds it");
    assert_eq!(repository.root(), "a/b");
}

#[test]
fn the_default_branch_is_that_of_origin() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.git(&["branch", "--move", "trunk"]);
    let trunk = sample.head();
    let clone = sample.clone(&[]);
    clone.git(&["switch", "--quiet", "--create", "main"]);
    clone.commit_file("b", "1\n");
    let branch = clone.open().default_branch(None).expect("the sample holds it");
    assert_eq!(branch, Branch { name: "origin/trunk".to_owned(), tip: trunk });
    // Without a default branch of its own, what is pushed still wins over what is not.
    clone.git(&["remote", "set-head", "origin", "--delete"]);
    clone.git(&["update-ref", "refs/remotes/origin/main", &trunk.to_string()]);
    let branch = clone.open().default_branch(None).expect("the sample holds it");
    assert_eq!(branch, Branch { name: "origin/main".to_owned(), tip: trunk });
}

#[test]
fn a_default_branch_that_the_forge_names_is_no_other() {
    let sample = Sample::new();
    let main = sample.commit_file("a", "1\n");
    sample.git(&["branch", "trunk"]);
    let clone = sample.clone(&[]);
    clone.git(&["switch", "--quiet", "--create", "trunk"]);
    clone.commit_file("b", "1\n");
    let named = |sample: &Sample, name| sample.open().default_branch(Some(name));
    let pushed = Branch { name: "origin/trunk".to_owned(), tip: main };
    assert_eq!(named(&clone, "trunk").expect("the sample holds it"), pushed);
    assert_eq!(
        named(&sample, "trunk").expect("the sample holds it"),
        Branch { name: "trunk".to_owned(), tip: main }
    );
    clone.git(&["branch", "own"]);
    for name in ["own", "other", "", "../heads/main", "a b", "@{-1}"] {
        let error = named(&clone, name).unwrap_err();
        assert!(matches!(error, Error::BranchMissing { .. }), "{name}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn without_origin_the_default_branch_is_main_or_master() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.git(&["branch", "master"]);
    assert_eq!(sample.open().default_branch(None).expect("the sample holds it").name, "main");
    sample.git(&["branch", "--move", "main", "work"]);
    assert_eq!(sample.open().default_branch(None).expect("the sample holds it").name, "master");
    sample.git(&["branch", "--delete", "--force", "master"]);
    // A tag of the name is no branch.
    sample.git(&["tag", "main"]);
    assert!(matches!(sample.open().default_branch(None), Err(Error::DefaultBranchMissing)));
}

#[test]
fn a_revision_is_resolved_to_its_commit() {
    let sample = Sample::new();
    let first = sample.commit_file("a", "1\n");
    sample.git(&["tag", "--annotate", "-m", "release", "v1"]);
    let second = sample.commit_file("a", "2\n");
    let repository = sample.open();
    assert_eq!(repository.resolve("v1").expect("the sample holds it"), first);
    assert_eq!(repository.resolve("HEAD~1").expect("the sample holds it"), first);
    assert_eq!(repository.resolve(&second.short()).expect("the sample holds it"), second);
    for revision in ["", "v1..HEAD", "HEAD:a", "nothing", "HEAD~99", "^"] {
        let error = repository.resolve(revision).unwrap_err();
        assert!(matches!(error, Error::RevisionUnknown { .. }), "{revision}");
    }
}

#[test]
fn a_revision_that_may_be_several_commits_is_refused() {
    let sample = Sample::new();
    let first = sample.commit_file("a", "1\n");
    sample.git(&["branch", "release"]);
    sample.git(&["update-ref", "refs/remotes/origin/main", &first.to_string()]);
    let second = sample.commit_file("a", "2\n");
    for name in ["release", "origin/main", "main", &first.short(), "unlike"] {
        sample.git(&["tag", name]);
    }
    let repository = sample.open();
    for revision in [
        "release",
        "origin/main",
        &first.short(),
        "release~0",
        "release@{0}~0",
        "origin/main^{commit}",
    ] {
        let error = repository.resolve(revision).unwrap_err();
        assert!(matches!(&error, Error::RevisionAmbiguous { meanings, .. } if meanings.len() == 2));
        assert!(error.to_string().contains("`refs/tags/"), "{error}");
    }
    // What is one commit by every name is no choice.
    assert_eq!(repository.resolve("main").expect("the sample holds it"), second);
    assert_eq!(repository.resolve("unlike").expect("the sample holds it"), second);
    assert_eq!(repository.resolve("refs/heads/release").expect("the sample holds it"), first);
    assert_eq!(repository.resolve("refs/remotes/origin/main").expect("the sample holds it"), first);
    assert_eq!(repository.resolve(&first.to_string()).expect("the sample holds it"), first);
}

#[test]
fn a_bare_repository_has_trees_and_no_worktree() {
    let sample = Sample::new();
    let commit = sample.commit_file("a.yaml", "a: 1\n");
    let bare = sample.clone(&["--bare"]);
    let repository = bare.open();
    assert_eq!(repository.worktree(), None);
    assert_eq!(repository.head().expect("the sample holds it"), commit);
    let files = repository.snapshot(commit).expect("the sample holds it").files(|_| true);
    assert_eq!(files.expect("the sample holds it").len(), 1);
    assert!(!repository.has_uncommitted_changes().expect("the sample holds it"));
}

#[test]
fn an_added_worktree_has_its_own_head_and_index() {
    let sample = Sample::new();
    let main = sample.commit_file("a.yaml", "a: 1\n");
    let folder = Sample::folder();
    let path = folder.path().join("tree");
    let text = path.to_str().expect("the sample holds it");
    sample.git(&["worktree", "add", "--quiet", "-b", "work", text]);
    sample.commit_file("b.yaml", "b: 1\n");
    let repository = Repository::discover(&path).expect("the sample holds it");
    assert_eq!(repository.head().expect("the sample holds it"), main);
    assert_eq!(repository.tracked_paths(|_| true).expect("the sample holds it"), ["a.yaml"]);
    assert_eq!(
        repository
            .worktree()
            .expect("the sample holds it")
            .canonicalize()
            .expect("the sample holds it"),
        path.canonicalize().expect("the sample holds it")
    );
}

#[test]
fn a_replaced_commit_is_read_as_it_is() {
    let sample = Sample::new();
    let first = sample.commit_file("a", "1\n");
    let second = sample.commit_file("a", "2\n");
    let one = first.to_string();
    sample.git(&["replace", &one, &second.to_string()]);
    let repository = sample.open();
    let content = repository
        .snapshot(first)
        .expect("the sample holds it")
        .read("a", 9)
        .expect("the sample holds it");
    assert_eq!(content, crate::git::snapshot::Content::Bytes(b"1\n".to_vec()));
}
