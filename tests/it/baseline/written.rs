//! `--write-baseline` and `--prune-baseline`: what goes in, what stays, what goes.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::command::Run;
use crate::repository::Repository;

use super::FILE;
use super::found;
use super::lint;
use super::old;
use super::slo;

/// Returns the rule and the path of each entry.
fn entries(folder: &Repository) -> Vec<String> {
    let text = folder.read(FILE);
    let value = |line: &str, key: &str| {
        let (_, rest) = line.split_once(&format!("{key} = \""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let entry = |line: &str| Some(format!("{} {}", value(line, "path")?, value(line, "rule")?));
    text.lines().filter_map(entry).collect()
}

#[test]
fn the_file_is_the_same_every_time() {
    let folder = old();
    let text = folder.read(FILE);
    assert_eq!(entries(&folder), ["slo/a.yaml target-100", "slo/b.yaml target-unit-mismatch"]);
    assert!(!text.contains("19,") && !text.contains(":19"), "no line is in it: {text}");
    let ended = lint(&folder, &["--write-baseline"]).expect(0);
    assert!(ended.err.contains("slo-baseline.toml holds 2 findings as before"), "{}", ended.err);
    assert_eq!(folder.read(FILE), text);
    folder.remove(FILE);
    let ended = lint(&folder, &["--write-baseline"]).expect(0);
    assert!(ended.err.contains("wrote slo-baseline.toml with 2 findings\n"), "{}", ended.err);
    assert_eq!(folder.read(FILE), text);
    let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside it");
}

#[test]
fn what_is_new_goes_in_and_what_is_mended_goes() {
    let folder = old();
    folder.write("slo/a.yaml", slo("a", &["target: 0.9"]));
    folder.write("slo/c.yaml", slo("c", &["target: 1"]));
    let told = lint(&folder, &[]).expect(1);
    let both = [format!("{FILE}:7 unused-baseline-entry"), "slo/c.yaml:19 target-100".to_owned()];
    assert_eq!(found(&told), both);
    let pruned = lint(&folder, &["--prune-baseline"]).expect(1);
    assert_eq!(found(&pruned), ["slo/c.yaml:19 target-100"], "what is new stays new");
    assert!(pruned.err.contains("with 1 finding: 1 dropped"), "{}", pruned.err);
    assert_eq!(entries(&folder), ["slo/b.yaml target-unit-mismatch"]);
    let written = lint(&folder, &["--write-baseline"]).expect(0);
    assert!(written.err.contains("with 2 findings: 1 more"), "{}", written.err);
    assert_eq!(entries(&folder), ["slo/b.yaml target-unit-mismatch", "slo/c.yaml target-100"]);
}

#[test]
fn a_count_goes_down_with_what_it_counts() {
    let folder = Repository::folder();
    folder.write("a.yaml", slo("a", &["target: 1", "target: 1", "target: 1"]));
    lint(&folder, &["--write-baseline"]).expect(0);
    assert!(folder.read(FILE).contains(", count = 3 },"), "{}", folder.read(FILE));
    folder.write("a.yaml", slo("a", &["target: 1", "target: 0.9", "target: 1"]));
    let told = lint(&folder, &[]).expect(0);
    assert!(told.out.contains("holds 3 findings of `target-100` in `a.yaml`, and 2 are there"));
    lint(&folder, &["--prune-baseline"]).expect(0);
    assert!(folder.read(FILE).contains(", count = 2 },"), "{}", folder.read(FILE));
    assert_eq!(lint(&folder, &[]).expect(0).out, "");
}

#[test]
fn what_was_not_asked_about_stays_as_it_is() {
    let folder = old();
    let text = folder.read(FILE);
    folder.write("slo/a.yaml", slo("a", &["target: 0.9"]));
    folder.write("slo/b.yaml", slo("b", &["target: 0.9"]));
    folder.write("new/c.yaml", slo("c", &["target: 1"]));
    for asked in [&["new"][..], &["--rule", "missing-field"], &["new", "--rule", "target-100"]] {
        let told = lint(&folder, asked);
        assert!(!told.out.contains("unused"), "{asked:?}: {}", told.out);
        lint(&folder, &[asked, &["--prune-baseline"]].concat());
        assert_eq!(folder.read(FILE), text, "{asked:?}");
    }
    assert_eq!(found(&lint(&folder, &["slo/a.yaml"])), [format!("{FILE}:7 unused-baseline-entry")]);
    lint(&folder, &["--write-baseline", "new"]).expect(0);
    let three =
        ["new/c.yaml target-100", "slo/a.yaml target-100", "slo/b.yaml target-unit-mismatch"];
    assert_eq!(entries(&folder), three);
    lint(&folder, &["--prune-baseline", "slo/b.yaml"]).expect(0);
    assert_eq!(entries(&folder), &three[..2]);
    folder.write("new/d.yaml", slo("d", &["target: 99"]));
    lint(&folder, &["--write-baseline", "--rule", "target-100"]).expect(0);
    assert_eq!(entries(&folder), ["new/c.yaml target-100"], "of another rule nothing goes in");
    lint(&folder, &["--no-baseline", "new/d.yaml"]).expect(1);
}

#[test]
fn what_cannot_be_seen_is_not_called_mended() {
    type Hide = fn(&Repository);
    let hide: &[(&str, Hide)] = &[
        ("the rule is off", |it| it.write("slo.toml", "[rules]\ntarget-100 = \"off\"\n")),
        ("the rule is off there", |it| {
            it.write("slo.toml", "[[rules.target-100]]\npaths = [\"slo/**\"]\nlevel = \"off\"\n");
        }),
        ("left out", |it| it.write("slo.toml", "[files]\nexclude = [\"slo/a.yaml\"]\n")),
        ("a template", |it| it.write("slo.toml", "[files]\ntemplates = [\"slo/a.yaml\"]\n")),
        ("became a template", |it| {
            it.write("slo/a.yaml", format!("{{{{- if .x }}}}\n{}", it.read("slo/a.yaml")));
        }),
        ("broken", |it| it.write("slo/a.yaml", "apiVersion: openslo/v1\nkind: [\n")),
        ("a key twice", |it| it.replace("slo/a.yaml", "  name: a\n", "  name: a\n  name: a\n")),
        ("a merge of no mapping", |it| it.replace("slo/a.yaml", "\nspec:\n", "\nspec:\n  <<: 1\n")),
    ];
    for (why, hide) in hide {
        let folder = old();
        let text = folder.read(FILE);
        hide(&folder);
        let told = lint(&folder, &[]);
        assert!(!told.out.contains("unused"), "{why}: {}", told.out);
        lint(&folder, &["--prune-baseline"]);
        assert_eq!(folder.read(FILE), text, "{why}");
    }
    let folder = old();
    folder.remove("slo/a.yaml");
    assert!(lint(&folder, &[]).out.contains("unused"), "what is gone is mended");
}

#[test]
fn a_moved_file_has_its_entries_moved() {
    let folder = old();
    folder.write("slo/z.yaml", folder.read("slo/a.yaml"));
    folder.remove("slo/a.yaml");
    let pruned = lint(&folder, &["--prune-baseline"]).expect(0);
    assert!(pruned.err.contains("wrote slo-baseline.toml with 2 findings\n"), "{}", pruned.err);
    assert_eq!(entries(&folder), ["slo/b.yaml target-unit-mismatch", "slo/z.yaml target-100"]);
    let folder = old();
    folder.write("new/a.yaml", folder.read("slo/a.yaml"));
    folder.remove("slo/a.yaml");
    lint(&folder, &["--write-baseline", "new"]).expect(0);
    assert_eq!(entries(&folder), ["new/a.yaml target-100", "slo/b.yaml target-unit-mismatch"]);
}

#[test]
fn another_version_is_known_by_its_values_and_written_anew() {
    let folder = old();
    let text = folder.read(FILE);
    let own = format!("slo = \"{}\"", env!("CARGO_PKG_VERSION"));
    let words = "a target of 100 % leaves no error budget";
    let older = text.replace(&own, "slo = \"0.0.9\"").replace(words, "100 % is no target");
    assert_ne!(older, text);
    folder.write(FILE, &older);
    assert_eq!(lint(&folder, &[]).expect(0).out, "");
    lint(&folder, &["--prune-baseline"]).expect(0);
    assert_eq!(folder.read(FILE), text);
}

#[test]
fn branches_that_mend_two_findings_merge() {
    let repository = Repository::new();
    for name in ["a", "b", "c", "d", "e"] {
        repository.write(&format!("{name}.yaml"), slo(name, &["target: 1"]));
    }
    lint(&repository, &["--write-baseline"]).expect(0);
    repository.commit("Live with it");
    for name in ["a", "e"] {
        repository.git(&["switch", "--quiet", "--create", name, "main"]);
        repository.write(&format!("{name}.yaml"), slo(name, &["target: 0.9"]));
        lint(&repository, &["--prune-baseline"]).expect(0);
        repository.commit("Mend it");
    }
    repository.git(&["merge", "--quiet", "--no-edit", "a"]);
    assert_eq!(lint(&repository, &[]).expect(0).out, "");
    assert_eq!(
        entries(&repository),
        ["b.yaml", "c.yaml", "d.yaml"].map(|it| format!("{it} target-100"))
    );
}

#[test]
fn the_last_finding_leaves_an_empty_file() {
    let folder = Repository::folder();
    folder.write("a.yaml", slo("a", &["target: 0.9"]));
    let ended = lint(&folder, &["--write-baseline"]).expect(0);
    assert!(ended.err.contains("is not written: there is nothing to hold"), "{}", ended.err);
    assert!(!folder.path().join(FILE).exists());
    folder.write("a.yaml", slo("a", &["target: 1"]));
    lint(&folder, &["--write-baseline"]).expect(0);
    folder.write("a.yaml", slo("a", &["target: 0.9"]));
    let ended = lint(&folder, &["--prune-baseline"]).expect(0);
    assert!(ended.err.contains("holds nothing any more and can be deleted"), "{}", ended.err);
    assert!(folder.read(FILE).ends_with("findings = [\n]\n"));
    assert_eq!(lint(&folder, &[]).expect(0).out, "");
    let quiet = lint(&folder, &["-q", "--write-baseline"]).expect(0);
    assert_eq!(quiet.err, "");
}

#[test]
fn what_stays_the_same_is_not_written() {
    let folder = old();
    let written = folder.read(FILE);
    let crlf = written.replace('\n', "\r\n");
    let commented = written.replace("findings = [", "# until the move\nfindings = [  # ours");
    for text in [&crlf, &commented] {
        folder.write(FILE, text);
        for option in ["--prune-baseline", "--write-baseline"] {
            let ended = lint(&folder, &[option]).expect(0);
            assert!(ended.err.contains("holds 2 findings as before"), "{}", ended.err);
            assert_eq!(&folder.read(FILE), text);
        }
    }
    folder.write(FILE, &crlf);
    folder.write("slo/a.yaml", slo("a", &["target: 0.9"]));
    lint(&folder, &["--prune-baseline"]).expect(0);
    let text = folder.read(FILE);
    assert_eq!(text.matches("\r\n").count(), text.matches('\n').count(), "lines end as they did");
    assert_eq!(entries(&folder), ["slo/b.yaml target-unit-mismatch"]);
    assert!(text.contains("other comments are lost"), "{text}");
}

#[test]
fn nothing_is_pruned_where_there_is_no_file() {
    let folder = Repository::folder();
    folder.write("a.yaml", slo("a", &["target: 1"]));
    let ended = lint(&folder, &["--prune-baseline"]).expect(1);
    let said = "there is no slo-baseline.toml to prune; `--write-baseline` writes one";
    assert!(ended.err.contains(said), "{}", ended.err);
    assert!(!folder.path().join(FILE).exists());
}

#[test]
fn fixes_come_before_the_file() {
    let folder = Repository::folder();
    folder.write("a.yaml", slo("a", &["{ op: gt, target: 1 }"]));
    lint(&folder, &["--fix", "--write-baseline"]).expect(0);
    assert!(!folder.read("a.yaml").contains("op:"));
    assert_eq!(entries(&folder), ["a.yaml target-100"]);
}

#[test]
fn options_that_exclude_each_other_are_refused() {
    let folder = old();
    for options in [
        &["--write-baseline", "--no-baseline"][..],
        &["--prune-baseline", "--no-baseline"],
        &["--write-baseline", "--prune-baseline"],
        &["--write-baseline", "-"],
        &["--prune-baseline", "-", "--stdin-filename", "slo/a.yaml"],
    ] {
        lint(&folder, options).expect(2);
    }
}

#[test]
fn a_file_that_may_not_be_written_is_left() {
    let folder = old();
    let text = folder.read(FILE);
    folder.write("slo/c.yaml", slo("c", &["target: 1"]));
    fs::set_permissions(folder.path().join(FILE), fs::Permissions::from_mode(0o444)).unwrap();
    let ended = lint(&folder, &["--write-baseline"]).expect(3);
    assert!(
        ended.err.contains("error: replace slo-baseline.toml: it is read-only"),
        "{}",
        ended.err
    );
    assert_eq!(folder.read(FILE), text);
    let folder = Repository::folder();
    folder.write("slo/a.yaml", slo("a", &["target: 1"]));
    folder.give_away();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let run = Run::new(folder.path()).arguments(&["lint", "--write-baseline", "--format", "json"]);
    let command = run.unprivileged();
    if !crate::command::is_root() {
        let ended = command.end().expect(3);
        assert!(ended.json()["error"]["message"].as_str().unwrap().starts_with("create "));
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_file_stands_at_the_root_wherever_it_is_written_from() {
    let repository = Repository::new();
    repository.write("slo/a.yaml", slo("a", &["target: 1"]));
    let below = repository.path().join("slo");
    Run::new(&below).arguments(&["lint", "--write-baseline"]).end().expect(0);
    assert_eq!(entries(&repository), ["slo/a.yaml target-100"]);
    repository.write("team/slo.toml", "");
    repository.write("team/b.yaml", slo("b", &["target: 1"]));
    let team = repository.path().join("team");
    Run::new(&team).arguments(&["lint"]).end().expect(1);
    Run::new(&team).arguments(&["lint", "--write-baseline"]).end().expect(0);
    assert!(repository.read("team/slo-baseline.toml").contains("path = \"b.yaml\""));
    assert_eq!(entries(&repository), ["slo/a.yaml target-100"]);
}
