//! The repositories under `examples/` say what their README says, byte for byte.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::command::NOW;
use crate::command::slo;
use crate::repository::Repository;

/// The name under which an example keeps what a command prints.
const EXPECTED: &str = "expected-";

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if !entry.file_name().to_string_lossy().starts_with(EXPECTED) {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Returns a repository whose first commit is the example.
fn repository(name: &str) -> Repository {
    let repository = Repository::new();
    copy(&example(name), repository.path());
    repository.commit("Start");
    repository
}

#[track_caller]
fn gives(repository: &Repository, name: &str, command: &str, code: i32) {
    let mut arguments = vec![command];
    arguments.extend(["--now", NOW]);
    let ended = slo(repository.path(), &arguments).expect(code);
    assert_eq!(ended.err, "");
    let file = example(name).join(format!("{EXPECTED}{command}.txt"));
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::write(&file, &ended.out).unwrap();
    }
    assert_eq!(ended.out, fs::read_to_string(&file).unwrap(), "{}", file.display());
}

#[test]
fn a_healthy_checkout_passes() {
    let repository = repository("checkout");
    gives(&repository, "checkout", "lint", 0);
    gives(&repository, "checkout", "budget", 0);
    gives(&repository, "checkout", "gate", 0);
}

#[test]
fn a_spent_budget_blocks_and_says_what_would_open_the_gate() {
    let repository = repository("checkout-frozen");
    gives(&repository, "checkout-frozen", "lint", 0);
    gives(&repository, "checkout-frozen", "budget", 0);
    gives(&repository, "checkout-frozen", "gate", 1);
    let expected = fs::read_to_string(example("checkout-frozen").join("expected-gate.txt"));
    assert!(expected.unwrap().contains("\n  opens "));
}

#[test]
fn the_first_commands_of_the_readme_do_what_it_says() {
    let repository = Repository::new();
    for name in ["checkout", "checkout-frozen"] {
        copy(&example(name), &repository.path().join("examples").join(name));
    }
    repository.commit("Start");
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let commands: Vec<_> =
        readme.lines().filter_map(|line| line.split_once("$ cargo run --release -- ")).collect();
    for (name, code) in [("checkout", 0), ("checkout-frozen", 1)] {
        let repo = format!("--repo examples/{name} ");
        let found = commands.iter().find(|(_, command)| command.contains(&repo));
        let arguments: Vec<&str> = found.expect(name).1.split_whitespace().collect();
        let ended = slo(repository.path(), &arguments).expect(code);
        let file = example(name).join(format!("{EXPECTED}gate.txt"));
        assert_eq!(ended.out, fs::read_to_string(&file).unwrap(), "{arguments:?}");
    }
}

#[test]
fn the_sample_of_the_readme_is_what_lint_prints() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let (_, rest) = readme.split_once("certainly wrong").expect("the sample is announced");
    let (announced, rest) = rest.split_once("```text\n").expect("it begins");
    let (sample, _) = rest.split_once("```").expect("it ends");
    assert!(announced.contains("a target of 0.9 and an alert at 14.4"), "{announced}");
    let repository = repository("checkout");
    let path = "slo/checkout.yaml";
    repository.replace(path, "- target: 0.999\n", "- target: 0.9\n");
    repository.replace(path, "threshold: 1\n", "threshold: 14.4\n");
    let ended = slo(repository.path(), &["lint"]).expect(1);
    assert!(ended.out.contains(sample), "{}", ended.out);
}

#[test]
fn the_readme_of_an_example_speaks_of_every_file() {
    for name in ["checkout", "checkout-frozen"] {
        let readme = fs::read_to_string(example(name).join("README.md")).unwrap();
        let mut folders = vec![example(name)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let file = entry.file_name().into_string().unwrap();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else if file != "README.md" {
                    assert!(readme.contains(&file), "{name}/README.md names no {file}");
                }
            }
        }
    }
}
