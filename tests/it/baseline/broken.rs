//! A baseline that is wrong ends the run, as a wrong `slo.toml` does.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::repository::Repository;

use super::FILE;
use super::lint;
use super::old;

/// Asserts that a run refuses the baseline, and that it can go on without it.
#[track_caller]
fn refused(folder: &Repository, place: &str, message: &str, help: &str) {
    let text = |path: &std::path::Path| fs::read(path).ok();
    let before = text(&folder.path().join(FILE));
    for options in
        [&[][..], &["--write-baseline"], &["--prune-baseline"], &["--fix"], &["slo/b.yaml"]]
    {
        let ended = lint(folder, options).expect(2);
        assert!(ended.err.contains(&format!("error: {message}")), "{options:?}: {}", ended.err);
        assert!(ended.err.contains(&format!("  --> {FILE}{place}\n")), "{}", ended.err);
        assert!(ended.err.contains(help), "{}", ended.err);
        assert_eq!(ended.out, "");
    }
    assert_eq!(text(&folder.path().join(FILE)), before);
    lint(folder, &["--no-baseline"]).expect(1);
}

#[test]
fn what_is_wrong_is_named_at_its_place() {
    let folder = old();
    let text = folder.read(FILE);
    let lines: Vec<&str> = text.lines().collect();
    let merge = format!("<<<<<<< HEAD\n{}\n=======\n>>>>>>> work", lines[6]);
    folder.write(FILE, text.replace(lines[6], &merge));
    refused(
        &folder,
        ":7:1",
        "a merge left the mark `<<<<<<<` here",
        "keep the lines of both sides",
    );
    folder.write(FILE, text.replace("version = 1", "version = 7"));
    refused(
        &folder,
        ":3:11",
        "the baseline has version 7, and 1 is read",
        "the `slo` that wrote it",
    );
    folder.write(FILE, text.replacen("rule = ", "rul = ", 1));
    refused(
        &folder,
        ":7:77",
        "unknown key `rul` in a finding of the baseline",
        "did you mean `rule`?",
    );
    folder.write(FILE, "{ \"version\": 1 }\n");
    refused(&folder, ":1:1", "not TOML", "");
    folder.write(FILE, b"version = \xFF\n");
    refused(&folder, ":1:11", "the file is not UTF-8 from byte 10 on", "");
    folder.write(FILE, "#".repeat(9 * 1024 * 1024));
    refused(&folder, ":1:1", "the file of 9437184 bytes is too large to be read", "");
}

#[test]
fn a_finding_that_is_held_twice_ends_the_run_until_it_is_pruned() {
    for option in ["--prune-baseline", "--write-baseline"] {
        let folder = old();
        let text = folder.read(FILE);
        let line = text.lines().nth(6).unwrap();
        let more = line.replace(" },", ", count = 2 },");
        folder.write(FILE, text.replace(line, &format!("{line}\n{more}")));
        for options in [&[][..], &["--fix"], &["slo/b.yaml"]] {
            let ended = lint(&folder, options).expect(2);
            let said =
                "error: the baseline holds this finding twice\n  --> slo-baseline.toml:8:3\n";
            assert!(ended.err.contains(said), "{}", ended.err);
            assert!(ended.err.contains("`slo lint --prune-baseline` keeps the line"));
        }
        let ended = lint(&folder, &[option]).expect(0);
        assert!(ended.err.contains("wrote slo-baseline.toml with 2 findings"), "{}", ended.err);
        assert_eq!(folder.read(FILE), text);
        folder.write(FILE, text.replace(line, &format!("{line}\n{line}")));
        lint(&folder, &[option]).expect(0);
        assert_eq!(folder.read(FILE), text, "as wide as one line, and one line fewer");
    }
}

#[test]
fn what_is_no_file_is_not_followed() {
    let folder = old();
    let help = "put the file itself there, or add `--no-baseline`";
    fs::rename(folder.path().join(FILE), folder.path().join("elsewhere.toml")).unwrap();
    symlink("elsewhere.toml", folder.path().join(FILE)).unwrap();
    refused(&folder, "", "the baseline is a link, which is not followed", help);
    folder.remove(FILE);
    fs::create_dir(folder.path().join(FILE)).unwrap();
    refused(&folder, "", "the baseline is a folder", help);
    fs::remove_dir(folder.path().join(FILE)).unwrap();
    let made = Command::new("mkfifo").arg(folder.path().join(FILE)).status().unwrap();
    assert!(made.success());
    let ended = lint(&folder, &[]).expect(2);
    assert!(ended.err.contains("the baseline is a pipe, a socket or a device"), "{}", ended.err);
}

#[test]
fn the_baseline_is_no_definition() {
    let folder = old();
    let text = folder.read(FILE).replace("leaves no", "openslo/v1 kind: SLO");
    folder.write(FILE, text);
    let ended = lint(&folder, &[FILE]).expect(0);
    assert_eq!(ended.out, "");
    assert!(ended.err.contains("slo-baseline.toml holds no SLO object"), "{}", ended.err);
}
