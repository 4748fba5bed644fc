//! The hooks of `.pre-commit-hooks.yaml`, run by pre-commit as a repository that uses them would.
//!
//! # Why
//!
//! Only the hook of an installed program is run. The other one differs in where the program comes from: pre-commit
//! builds it with `cargo install`, from nothing and with optimization, which takes longer than all other tests
//! together. Its entry, its files and its arguments are held equal here, and `manifests` has the manifest validated.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::parts::part;
use crate::publish::job::copy;
use crate::publish::job::example_folder;

/// An SLO that says neither what is measured nor how much of it must be good.
const WRONG: &str = "\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: checkout-empty
spec:
  service: checkout
";

/// A repository of an example, beside a home of pre-commit.
struct Repository {
    folder: TempDir,
}

impl Repository {
    fn new() -> Self {
        let repository = Self { folder: TempDir::new().expect("make a folder for a repository") };
        std::fs::create_dir(repository.home()).expect("make a home");
        copy(&example_folder("checkout"), &repository.root());
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.git(&["add", "--all"]);
        repository
    }

    fn add(&self, name: &str, text: &str) {
        let path = self.root().join(name);
        std::fs::write(&path, text)
            .unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
        self.git(&["add", name]);
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.current_dir(self.root()).env("HOME", self.home()).args(arguments);
        let output = git.output().expect("start git");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs a hook of this project, as it stands here, on what is staged; returns whether it passed, and its words.
    fn run(&self, hook: &str, files: &[&str]) -> (bool, String) {
        let mut command = Command::new(part("SLO_PRE_COMMIT"));
        command
            .current_dir(self.root())
            .args(["try-repo", env!("CARGO_MANIFEST_DIR"), hook, "--color", "never"])
            .env("HOME", self.home())
            .env("PRE_COMMIT_HOME", self.home())
            .env("PATH", path());
        match files {
            [] => drop(command.arg("--all-files")),
            files => drop(command.arg("--files").args(files)),
        }
        let output = command.output().expect("start pre-commit");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }
}

/// Returns the search path of programs, with the folder of this build's program before it.
fn path() -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_slo"));
    let folder = program.parent().expect("a program lies in a folder");
    let path = std::env::var("PATH").expect("there is a PATH");
    format!("{}:{path}", folder.display())
}

#[test]
#[ignore = "needs pre-commit: tests/run provides it"]
fn the_installed_hook_tells_a_good_file_from_a_bad_one() {
    let repository = Repository::new();
    let (passed, said) = repository.run("slo-lint-system", &[]);
    assert!(passed, "{said}");
    assert!(said.contains("slo lint (installed)") && said.contains("Passed"), "{said}");

    repository.add("slo/checkout-empty.yaml", WRONG);
    let (passed, said) = repository.run("slo-lint-system", &[]);
    assert!(!passed, "{said}");
    assert!(said.contains("- exit code: 1"), "{said}");
    assert!(said.contains("slo/checkout-empty.yaml:"), "{said}");

    // References resolve over all files, so any file of a kind that may hold objects is reason enough to look.
    let (passed, said) = repository.run("slo-lint-system", &["slo/checkout.yaml"]);
    assert!(!passed, "{said}");
    let (passed, said) = repository.run("slo-lint-system", &["measurements.csv"]);
    assert!(passed && said.contains("Skipped"), "{said}");
}

#[test]
fn the_hook_that_builds_differs_in_nothing_else() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
    let text = std::fs::read_to_string(manifest).expect("read the manifest");
    let of = |id: &str| {
        let start = format!("- id: {id}\n");
        let rest = text.split_once(&start).expect("the hook is there").1;
        let hook = rest.split("\n- id: ").next().unwrap_or_default();
        let kept = |line: &&str| {
            let key = line.trim_start();
            !["name:", "description:", "language:"].iter().any(|other| key.starts_with(other))
        };
        hook.trim_end().lines().filter(kept).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(of("slo-lint"), of("slo-lint-system"));
}
