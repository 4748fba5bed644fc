//! What a change writes reaches logs, summaries and comments of other people: shown, never obeyed.

use std::fmt::Write;

use slo::forge::body;

use crate::standin::github::GitHub;

use super::FROZEN;
use super::assert_blocked;
use super::job::Job;
use super::ours;

/// Text that mentions, marks up, breaks tables and commands a runner.
const NAME: &str = "@octo/admins <img src=x onerror=y> | [x](https://x.example) `a` ##[set-output name=outcome;]pass ::error::x";

/// Returns an SLO that has this name and is wrong.
fn slo(name: &str) -> String {
    let name = name.replace('\'', "''");
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: '{name}'\nspec:\n  '{name}': 1\n  service: '{name}'\n"
    )
}

/// Returns whether a line is an annotation of ours.
fn is_annotation(command: &str) -> bool {
    let kind = command.strip_prefix("::").and_then(|rest| rest.split([' ', ':']).next());
    matches!(kind, Some("error" | "warning" | "notice")) && command.contains("title=")
}

#[test]
fn names_of_a_change_are_text_wherever_they_appear() {
    let github = GitHub::start("");
    let job = Job::of(FROZEN, &[]);
    let lines =
        format!("{}# ::set-output name=outcome::pass\n::error::x: ##[add-mask]block\n", slo(NAME));
    job.propose(&[("slo/@octo ##[error]x.yaml", &lines), ("slo/other.yaml", &slo(NAME))]);
    let ran = job.gate(&github.url(), &[]);
    assert_blocked(&ran);
    for command in ran.commands() {
        assert!(is_annotation(command), "{command}");
    }
    let comment = ours(&github).remove(0);
    for text in [&comment, &ran.summary] {
        assert!(text.contains("octo/admins"), "the name is not there at all: {text}");
        assert!(!text.contains("@octo"), "{text}");
        assert!(!text.contains("<img"), "{text}");
        assert!(!text.contains("https://x.example"), "{text}");
        for row in text.lines().filter(|line| line.starts_with("| ")) {
            assert!(matches!(row.matches('|').count(), 5), "{row}");
        }
    }
}

#[test]
fn no_format_of_any_command_hands_a_runner_a_command() {
    let job = Job::of(FROZEN, &[]);
    let lines =
        format!("{}# ::set-output name=outcome::pass\n::error::x: ##[add-mask]block\n", slo(NAME));
    job.propose(&[("slo/@octo ##[error]x.yaml", &lines), ("slo/other.yaml", &slo(NAME))]);
    for format in ["terminal", "concise", "markdown", "json", "sarif", "gitlab", "junit"] {
        for command in [&["gate", "--no-fetch"][..], &["lint"], &["lint", "slo/no ##[error] file"]]
        {
            let environment = [("GITHUB_ACTIONS", "true".to_owned())];
            let ran = job.run_in(&environment, &[command, &["--format", format]].concat());
            for obeyed in ran.commands() {
                assert!(is_annotation(obeyed), "{command:?} {format}: {obeyed}");
            }
            let is_report = command.len() <= 2 && !command.contains(&"slo/no ##[error] file");
            if is_report && matches!(format, "json" | "sarif" | "gitlab") {
                let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
                let is_quoted = value.to_string().contains("##[");
                assert!(is_quoted || format != "json", "{command:?}: the name stays");
            }
        }
    }
}

#[test]
fn a_marker_planted_by_somebody_else_is_left_alone() {
    let github = GitHub::start("");
    let planted = format!("{}\n### ✅ Passed: all is well", body::marker("", "gate", ""));
    github.planted(Some("mallory"), &planted);
    github.planted(None, &planted);
    assert_blocked(&Job::new(FROZEN).gate(&github.url(), &[]));
    let comments = github.comments();
    assert_eq!(comments.len(), 3);
    assert!(comments.iter().take(2).all(|comment| comment.body == planted), "{comments:?}");
    assert_eq!(ours(&github).len(), 1);
}

#[test]
fn a_flood_of_findings_fits_into_a_comment_and_a_summary() {
    let github = GitHub::start("");
    let job = Job::of(FROZEN, &[]);
    let mut text = String::new();
    for index in 0..4_000 {
        let name = format!("{}-{index}", "決済".repeat(60));
        writeln!(text, "---\n{}", slo(&name).trim_end()).unwrap();
    }
    job.propose(&[("slo/flood.yaml", &text)]);
    let ran = job.gate(&github.url(), &[]);
    assert_blocked(&ran);
    let comment = ours(&github).remove(0);
    assert!(comment.chars().count() <= body::LONGEST, "{}", comment.chars().count());
    assert!(comment.contains("this comment is updated in place"), "the last line is cut off");
    assert!(ran.summary.len() <= 1_000_000, "{}", ran.summary.len());
    assert!(ran.summary.len() > 200_000, "{}", ran.summary.len());
    let annotations = ran.commands().len();
    assert!(annotations <= 30, "{annotations}");
}
