//! A large baseline is read, matched and written in the time that its length needs. What grows with
//! the square of it ends as a run that hangs (`command.rs`).

use std::fmt::Write as _;

use crate::repository::Repository;

use super::FILE;
use super::lint;
use super::slo;

/// How many findings there are.
const COUNT: usize = 10_000;

fn services(prefix: &str) -> String {
    (0..COUNT).fold(String::new(), |mut text, at| {
        let head = "---\napiVersion: openslo/v1\nkind: Service\nmetadata:";
        let _ = writeln!(text, "{head} {{ name: {prefix}{at}, team: a }}");
        text
    })
}

#[test]
fn many_objects_in_one_file_that_moves() {
    let folder = Repository::folder();
    folder.write("all.yaml", services("a"));
    lint(&folder, &["-q", "--write-baseline"]).expect(0);
    assert_eq!(folder.read(FILE).matches("unknown-field").count(), COUNT);
    assert_eq!(lint(&folder, &[]).expect(0).out, "");
    folder.write("moved.yaml", services("a"));
    folder.remove("all.yaml");
    assert_eq!(lint(&folder, &[]).expect(0).out, "");
    folder.write("moved.yaml", services("b"));
    let other = lint(&folder, &[]).expect(1);
    assert_eq!(other.out.lines().count(), COUNT + 1, "all are new, and one says that all are gone");
    lint(&folder, &["-q", "--write-baseline"]).expect(0);
    assert_eq!(folder.read(FILE).matches("Service b").count(), COUNT);
}

#[test]
fn many_findings_in_one_object() {
    let folder = Repository::folder();
    let objectives = vec!["{ target: 1 }"; COUNT];
    folder.write("a.yaml", slo("a", &objectives));
    lint(&folder, &["-q", "--write-baseline"]).expect(0);
    assert!(folder.read(FILE).contains(&format!("count = {COUNT}")));
    assert_eq!(lint(&folder, &[]).expect(0).out, "");
    let fields = (0..COUNT).fold(String::new(), |mut text, at| {
        let _ = writeln!(text, "  field{at}: 1");
        text
    });
    folder.write(
        "a.yaml",
        format!("apiVersion: openslo/v1\nkind: Service\n{fields}metadata: {{ name: a }}\n"),
    );
    lint(&folder, &["-q", "--write-baseline"]).expect(0);
    assert_eq!(lint(&folder, &[]).expect(0).out, "");
}

#[test]
fn what_is_too_large_to_be_read_is_not_written() {
    let folder = Repository::folder();
    let name = "x".repeat(50);
    let deep = format!("a/{}", "b".repeat(200));
    for file in 0..4 {
        folder.write(&format!("{deep}/{file}.yaml"), services(&name));
    }
    let ended = lint(&folder, &["-q", "--write-baseline", "--rule", "unknown-field"]).expect(2);
    assert!(ended.err.contains("error: the baseline would have "), "{}", ended.err);
    assert!(!folder.path().join(FILE).exists());
}
