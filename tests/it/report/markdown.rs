//! The comment on a pull request.

use slo::finding::Finding;
use slo::finding::Level;
use slo::report::BudgetTable;
use slo::report::Comment;
use slo::report::Format;
use slo::report::Report;
use slo::source::Origin;
use slo::source::Source;
use slo::source::Sources;
use slo::source::Span;

use super::sample::Sample;
use super::sample::docs;
use super::text;

#[test]
fn the_comment_says_first_what_matters_and_folds_the_rest() {
    let sample = Sample::new();
    let written = text(Format::Markdown, &sample.report());
    let lines: Vec<_> = written.lines().collect();
    assert_eq!(lines[0], "<!-- slo:report:v1 0123456789abcdef -->");
    assert_eq!(lines[1], "### ⛔ Blocked: `checkout-latency` has spent 114 % of its error budget");
    assert!(written.contains(
        "| `checkout-latency` &#60; 300 ms, 99 % over 28d | **−14.2 %** | 2.1 · 1.8 · 1.3 | \
         target 99 % → 98.5 %: +23.9 % | frozen since Nov 17 |"
    ));
    assert!(written.contains("62 % of the window has data, 90 % is needed (prod)"));
    assert!(written.contains(
        "([`slo/latency.yaml:18`](https://github.com/shop/slos/blob/3f2a91c/slo/latency.yaml#L18))"
    ));
    assert!(
        written.contains("<details><summary>3 findings</summary>"),
        "the suppressed one is not"
    );
    assert!(written.contains("```mermaid\nxychart-beta\n  title \"checkout-latency: burn rate\""));
    assert!(written.ends_with("this comment is updated in place</sub>\n"));
    assert!(!written.contains("missing-owner"));
}

#[test]
fn names_from_a_pull_request_stay_text() {
    let sample = Sample::new();
    let mut report = sample.report();
    let mut verdict = report.verdict.unwrap().clone();
    verdict.headline = "`a` | @team <img> [x](http://y) `".into();
    let mut budgets: BudgetTable = report.budgets.unwrap().clone();
    budgets.rows[0].slo = "a`|b\n@c\"]\n```".into();
    budgets.rows[0].condition = Some("</details> | @d".into());
    report.verdict = Some(&verdict);
    report.budgets = Some(&budgets);
    let written = text(Format::Markdown, &report);
    let headline = written.lines().nth(1).unwrap();
    assert_eq!(
        headline,
        "### ⛔ Blocked: `a` &#124; @&#8203;team &#60;img&#62; &#91;x&#93;(http:&#8203;//y) &#96;"
    );
    let row = written.lines().find(|line| line.contains("99.9 %")).unwrap();
    assert_eq!(row.matches(" | ").count(), 4, "{row}");
    assert!(!row.contains("</details>") && !row.contains("@c") && !row.contains("@d"), "{row}");
    assert_eq!(written.matches("```").count() % 2, 0);
    assert_eq!(written.matches("<details>").count(), written.matches("</details>").count());
}

#[test]
fn a_comment_never_passes_its_limit_and_says_what_is_left_out() {
    let mut sources = Sources::new();
    let id = sources.add(Source::from_text("a.yaml", "a: 1\n", Origin::Worktree));
    let message = "|".repeat(100);
    let finding = Finding::new("r", Level::Error, Span::new(id, 0, 1), message);
    let findings = vec![finding; 5_000];
    let sample = Sample::new();
    let mut budgets = sample.report().budgets.unwrap().clone();
    budgets.rows = budgets.rows.iter().cycle().take(3_000).cloned().collect();
    let mut changes = sample.report().changes.unwrap().to_vec();
    changes = changes.iter().cycle().take(2_000).cloned().collect();
    for limit in [2_000, 5_000, 60_000] {
        let mut report = sample.report();
        report.sources = &sources;
        report.findings = &findings;
        report.budgets = Some(&budgets);
        report.changes = Some(&changes);
        report.comment.limit = Some(limit);
        let written = text(Format::Markdown, &report);
        let length = written.chars().count();
        assert!(length <= limit, "{length} of {limit}");
        assert!(written.contains("more SLOs"), "{written}");
        assert!(written.ends_with("</sub>\n"));
        if limit == 60_000 {
            assert!(length > 40_000, "room is used: {length}");
            assert!(written.contains("more changes") && written.contains(" more\n"), "{written}");
        }
        assert_eq!(written.matches("<details>").count(), written.matches("</details>").count());
    }
}

#[test]
fn without_a_gate_the_findings_are_the_headline() {
    let sample = Sample::new();
    let mut report = sample.lint();
    report.comment = Comment::default();
    let written = text(Format::Markdown, &report);
    assert!(
        written.starts_with("### ⛔ 2 errors and 1 warning in 14 SLOs (9 files: OpenSLO, Sloth)\n")
    );
    let empty = Report::of_findings(&sample.sources, &[], docs);
    assert_eq!(text(Format::Markdown, &empty), "### ✅ nothing to report\n");
}
