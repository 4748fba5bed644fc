use super::*;
use crate::git::sample::Sample;

fn subjects(commits: &Commits) -> Vec<&str> {
    commits.at_hand().iter().map(|commit| commit.subject.as_str()).collect()
}

#[test]
fn the_commits_of_a_branch_are_those_that_the_base_lacks() {
    let (sample, [_, base, _]) = Sample::branched();
    sample.git(&["merge", "--quiet", "-m", "Merge main", "main"]);
    sample.commit_file("d", "1\n");
    let commits = sample.open().commits_between(base, sample.head()).expect("the sample holds it");
    assert!(matches!(commits, Commits::Complete(_)));
    assert_eq!(subjects(&commits), ["write d", "Merge main", "write b.yaml"]);
    let merge = &commits.at_hand()[1];
    assert!(merge.is_merge());
    assert_eq!(merge.changed_paths, Ok(Vec::new()));
    let first = &commits.at_hand()[2];
    assert_eq!(first.changed_paths.as_ref().expect("the sample holds it")[0], "b.yaml");
}

#[test]
fn a_commit_names_its_people_time_and_trailers() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    let id = sample.commit("Fix the leak\n\nLong story.\n\nChange-Class: p0\nSLO: checkout");
    let commit = sample.open().commit(id).expect("the sample holds it");
    assert_eq!(commit.subject, "Fix the leak");
    assert_eq!(commit.author.mail, "ada@example.com");
    assert_eq!(commit.committer.name, "Charles");
    let printed = sample.git(&["log", "-1", "--format=%ct"]);
    assert_eq!(commit.committer_time.as_second().to_string(), printed);
    let values: Vec<&str> = commit.trailer("change-class").collect();
    assert_eq!(values, ["p0"]);
    assert_eq!(commit.parents, [sample.id("HEAD~1")]);
}

#[test]
fn the_trailers_are_those_that_git_finds() {
    let sample = Sample::new();
    let messages = [
        "t\n\nA: b",
        "t\n\nA: b\n\nC: d\nE : f",
        "t\n\nprose\nA: b",
        "t\n\nprose\nA: b\nSigned-off-by: x",
        "t\n\nA: b\n c\n d\nB: e",
        "t\n\nhttps://example.com/x",
        "t\n\nA b: c",
        "A: b",
        "t\n\nA:",
        "t\nB: c\n\nD: e\n\n\n",
        "t\n\n(cherry picked from commit 1)\nA: b",
    ];
    for message in messages {
        let id = sample.commit(message);
        let format = "--format=%(trailers:only,unfold,separator=%x0A)";
        let printed = sample.git(&["log", "-1", format]);
        let commit = sample.open().commit(id).expect("the sample holds it");
        let ours: Vec<String> = commit
            .trailers
            .iter()
            .map(|trailer| format!("{}: {}", trailer.key, trailer.value))
            .map(|line| line.trim_end().to_owned())
            .collect();
        let theirs: Vec<&str> = printed.lines().map(str::trim_end).collect();
        assert_eq!(ours, theirs, "{message:?}");
    }
}

#[test]
fn a_shallow_clone_says_that_commits_are_hidden() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.git(&["switch", "--quiet", "--create", "work"]);
    sample.commit_file("b", "1\n");
    sample.commit_file("c", "1\n");
    let clone = sample.clone(&["--depth=1", "--no-single-branch", "--branch=work"]);
    let repository = clone.open();
    let base = repository.resolve("origin/main").expect("the sample holds it");
    let commits = repository.commits_between(base, clone.head()).expect("the sample holds it");
    assert!(matches!(commits, Commits::Cut(_)));
    assert_eq!(subjects(&commits), ["write c"]);
    assert_eq!(commits.at_hand()[0].changed_paths, Err(Unseen::Hidden));
}

#[test]
fn a_shallow_clone_that_is_deep_enough_hides_nothing() {
    let sample = Sample::new();
    for number in 0..5 {
        sample.commit_file("a", &format!("{number}\n"));
    }
    sample.git(&["switch", "--quiet", "--create", "work"]);
    sample.commit_file("b", "1\n");
    sample.commit_file("c", "1\n");
    let clone = sample.clone(&["--depth=4", "--no-single-branch", "--branch=work"]);
    let repository = clone.open();
    assert!(repository.is_shallow().expect("the sample holds it"));
    let base = repository.resolve("origin/main").expect("the sample holds it");
    let commits = repository.commits_between(base, clone.head()).expect("the sample holds it");
    assert!(matches!(commits, Commits::Complete(_)));
    assert_eq!(subjects(&commits), ["write c", "write b"]);
}

#[test]
fn a_time_beyond_the_calendar_becomes_its_end() {
    assert_eq!(timestamp(i64::MAX), Timestamp::MAX);
    assert_eq!(timestamp(i64::MIN), Timestamp::MIN);
    assert_eq!(timestamp(1_700_000_000).as_second(), 1_700_000_000);
}
