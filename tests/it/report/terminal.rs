//! What a person sees in a terminal.

use proptest::prelude::*;
use slo::finding::Finding;
use slo::finding::Level;
use slo::report::Format;
use slo::report::Report;
use slo::report::Style;
use slo::report::render;
use slo::source::Origin;
use slo::source::Source;
use slo::source::Sources;
use slo::source::Span;

use super::sample::Sample;
use super::sample::docs;
use super::text;

fn drawn(report: &Report<'_>, style: Style) -> String {
    let mut out = Vec::new();
    render(Format::Terminal, report, &style, &mut out).expect("memory takes every byte");
    String::from_utf8(out).expect("a report is UTF-8")
}

/// Draws one finding on each needle of a file, the first its own place, in 60 columns.
fn on(file: &str, spans: &[(usize, usize, &'static str)]) -> String {
    let mut sources = Sources::new();
    let id = sources.add(Source::from_text("a.yaml", file, Origin::Worktree));
    let mut spans = spans.iter().map(|&(start, end, label)| (Span::new(id, start, end), label));
    let (span, label) = spans.next().expect("a finding has a place");
    let mut finding = Finding::new("r", Level::Error, span, "m");
    finding.label(label);
    for (span, label) in spans {
        finding.also(span, label);
    }
    let findings = [finding];
    let report = Report::of_findings(&sources, &findings, docs);
    let drawn = drawn(&report, Style { width: 60, ..Style::default() });
    let body = drawn.strip_prefix("error[r]: m\n").expect("the heading is the first line");
    format!("\n{}", body.replace("  more: slo explain r\n\n", ""))
}

/// Draws a finding on the first occurrence of a needle.
fn at(file: &str, needle: &str) -> String {
    let start = file.find(needle).expect("the needle is there");
    on(file, &[(start, start + needle.len(), "here")])
}

#[test]
fn places_of_one_file_share_a_frame_in_the_order_of_the_file() {
    let sample = Sample::new();
    let expected = "\
error[alert-can-never-fire]: a burn rate of 14.4 needs 144 % errors at a target of 90 %
    ╭─[slo/search.yaml:31:20]
 12 │       target: 0.9
    ·               ─┬─
    ·                ╰── an error budget of 10 % allows a burn rate of at most 10
 31 │         threshold: 14.4
    ·                    ──┬─
    ·                      ╰── never reached, even when every request fails
    ╰────
  help: at this target, a burn rate of 5 over 6h spends 4.2 % of the budget and can fire
  more: slo explain alert-can-never-fire

";
    let written = text(Format::Terminal, &sample.lint());
    assert!(written.starts_with(expected), "{written}");
    assert!(written.ends_with(
        "\n2 errors and 1 warning in 14 SLOs (9 files: OpenSLO, Sloth) · 1 safe fix with --fix · \
         1 unsafe with --fix=unsafe\n"
    ));
    assert!(!written.contains("missing-owner"), "what is suppressed is not shown");
}

#[test]
fn nothing_to_report_is_one_line() {
    let sample = Sample::new();
    let mut report = sample.lint();
    report.findings = &[];
    assert_eq!(text(Format::Terminal, &report), "14 SLOs, nothing to report\n");
    let summary = report.summary.as_mut().unwrap();
    summary.elapsed = Some(std::time::Duration::from_millis(9));
    report.templates_passed_over = Some(1);
    assert_eq!(
        text(Format::Terminal, &report),
        "14 SLOs, nothing to report · 1 template passed over · 9 ms\n"
    );
}

#[test]
fn another_file_is_drawn_below() {
    let mut sources = Sources::new();
    let one = sources.add(Source::from_text("one.yaml", "name: a\n", Origin::Worktree));
    let text = "#\n".repeat(99) + "name: a\n";
    let two = sources.add(Source::from_text("two.yaml", text, Origin::Worktree));
    let mut finding = Finding::new("r", Level::Warning, Span::new(one, 6, 7), "m");
    finding.label("again").also(Span::new(two, 204, 205), "first");
    let findings = [finding];
    let drawn = drawn(&Report::of_findings(&sources, &findings, docs), Style::default());
    let expected = "\
warning[r]: m
     ╭─[one.yaml:1:7]
   1 │ name: a
     ·       ┬
     ·       ╰── again
     ├─[two.yaml:100:7]
 100 │ name: a
     ·       ┬
     ·       ╰── first
     ╰────
  more: slo explain r

";
    assert_eq!(drawn, expected);
}

#[test]
fn carriage_returns_tabs_and_byte_order_marks_move_no_caret() {
    let expected = "
   ╭─[a.yaml:2:4]
 2 │ a:  1
   ·     ┬
   ·     ╰── here
   ╰────
";
    assert_eq!(at("\u{feff}x: 0\r\na:\t1\r\n", "1"), expected);
    let first = "
   ╭─[a.yaml:1:1]
 1 │ x: 0
   · ┬
   · ╰── here
   ╰────
";
    assert_eq!(at("\u{feff}x: 0\r\n", "x"), first);
}

#[test]
fn wide_characters_take_two_columns() {
    let expected = "
   ╭─[a.yaml:1:5]
 1 │ 名前: 決済
   ·       ──┬─
   ·         ╰── here
   ╰────
";
    assert_eq!(at("名前: 決済\n", "決済"), expected);
}

#[test]
fn what_acts_on_a_terminal_is_shown() {
    let drawn = at("a: \x1b[31mred\x07\u{202e}\n", "red");
    let expected = "
   ╭─[a.yaml:1:9]
 1 │ a: \\u{1b}[31mred\\u{7}\\u{202e}
   ·              ─┬─
   ·               ╰── here
   ╰────
";
    assert_eq!(drawn, expected);
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let long = format!("q: {} needle {}\n", "a".repeat(5_000), "b".repeat(5_000));
    let drawn = at(&long, "needle");
    let lines: Vec<_> = drawn.lines().collect();
    assert!(lines[2].starts_with(" 1 │ …aaa") && lines[2].ends_with("bbb…"), "{drawn}");
    let column = |line: &str, text: &str| line.find(text).map(|at| line[..at].chars().count());
    assert_eq!(column(lines[1], "needle"), column(lines[2], "───┬──"), "{drawn}");
    assert!(lines.iter().all(|line| line.chars().count() <= 60), "{drawn}");
}

#[test]
fn a_message_that_quotes_a_whole_file_is_cut() {
    let mut sources = Sources::new();
    let id = sources.add(Source::from_text("a.yaml", "a: 1\n", Origin::Worktree));
    let endless = "x".repeat(1_000_000);
    let mut finding = Finding::new("r", Level::Error, Span::new(id, 0, 1), endless.clone());
    finding.label(endless.clone()).help(endless);
    let findings = [finding];
    let report = Report::of_findings(&sources, &findings, docs);
    for format in [Format::Terminal, Format::Concise, Format::Github, Format::Markdown] {
        let length = text(format, &report).len();
        assert!(length < 20_000, "{format:?}: {length}");
    }
}

#[test]
fn empty_places_and_the_end_of_the_file_have_a_caret() {
    let insert = "
   ╭─[a.yaml:1:3]
 1 │ a:
   ·   ▲
   ·   ╰── here
   ╰────
";
    assert_eq!(on("a:\nb: 1\n", &[(2, 2, "here")]), insert);
    let end = "
   ╭─[a.yaml:2:1]
 2 │
   · ▲
   · ╰── here
   ╰────
";
    assert_eq!(on("a: 1\n", &[(5, 5, "here")]), end);
    assert_eq!(on("", &[(0, 0, "here")]), "\n   ╭─[a.yaml:1:1]\n   ╰────\n");
}

#[test]
fn a_place_of_many_lines_shows_its_first_and_last() {
    let file = "spec:\n  a: 1\n  b: 2\n  c: 3\n  d: 4\n  e: 5\nend: 1\n";
    let whole = "
   ╭─[a.yaml:1:1]
 1 │ ╭─▶ spec:
   ⋮ │
 6 │ ├─▶   e: 5
   · ╰──── here
   ╰────
";
    assert_eq!(on(file, &[(0, 40, "here")]), whole);
    let few = "
   ╭─[a.yaml:1:1]
 1 │ ╭─▶ spec:
 2 │ │     a: 1
   · │        ┬
   · │        ╰── also
 3 │ ├─▶   b: 2
   · ╰──── here
   ╰────
";
    assert_eq!(on(file, &[(0, 20, "here"), (11, 12, "also")]), few);
}

#[test]
fn places_that_overlap_each_get_their_line() {
    let expected = "
   ╭─[a.yaml:1:4]
 1 │ a: one two
   ·    ───┬───
   ·       ╰── both
 1 │ a: one two
   ·    ─┬─ ─┬─
   ·     │   ╰── second
   ·     ╰── first
   ╰────
";
    let spans = [(3, 10, "both"), (3, 6, "first"), (7, 10, "second")];
    assert_eq!(on("a: one two\n", &spans), expected);
}

#[test]
fn color_and_lines_only_where_asked() {
    let sample = Sample::new();
    let plain = drawn(&sample.report(), Style::default());
    assert!(!plain.contains('\x1b'));
    let colored = drawn(&sample.report(), Style { color: true, ..Style::default() });
    let mut stripped = String::new();
    for (index, part) in colored.split("\x1b[").enumerate() {
        let text = if index == 0 { part } else { part.split_once('m').unwrap().1 };
        stripped.push_str(text);
    }
    assert_eq!(stripped, plain, "color changes no character");
    let ascii = drawn(&sample.lint(), Style { unicode: false, ..Style::default() });
    let excerpt =
        "    ,-[slo/search.yaml:31:20]\n 12 |       target: 0.9\n    :               ^|^\n";
    assert!(ascii.contains(excerpt), "{ascii}");
}

#[test]
fn tables_fit_their_terminal_and_keep_what_is_left() {
    let sample = Sample::new();
    let mut report = sample.report();
    report.findings = &[];
    report.summary = None;
    let wide = drawn(&report, Style { width: 120, ..Style::default() });
    let table = "\
checkout                      target  window  method          left  in events   1h   6h   3d  runs out   28 days
  checkout-availability       99.9 %  28d     occurrences   31.0 %     12 401  0.4  0.9  1.1  –          ▁▁▁▁▁▁▁▁█▁▁▁▁▁
  checkout-latency  < 300 ms  99   %  28d     occurrences  −14.2 %    −52 330  2.1  1.8  1.3  since Tue  ▁▁▁▁▂▂▃▄▄▄▅▅▇█
search
  search-availability         99.5 %  7d      timeslices   no data: 62 % of the window has data, 90 % is needed (prod)

with this change, checkout-latency: target 99 % → 98.5 %: +23.9 %
checkout-latency: 97.2 % of the window has data

measured 2026-11-22 09:00 UTC · data until 2026-11-22 08:40 UTC · prod (Prometheus) · 3 queries
";
    assert!(wide.contains(table), "{wide}");
    assert!(wide.contains(
        "  freeze       since Tue 2026-11-17 14:00 UTC    burn over 28d is 1.14, the policy"
    ));
    for width in [40, 60, 80, 100, 120, 160] {
        let drawn = drawn(&report, Style { width, ..Style::default() });
        assert!(drawn.contains("−14.2 %") && drawn.contains("no data"), "{drawn}");
        let table = drawn.lines().skip_while(|line| !line.starts_with("checkout "));
        for line in table {
            assert!(line.chars().count() <= width, "{line}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_and_no_place_is_too_strange_to_draw(
        file in "([a-z: ]{0,9}|\\PC{0,5}|[\r\n\t\u{feff}\u{1b}\u{0}決\u{202e}\u{301}]{0,4}){0,30}",
        spans in prop::collection::vec((0usize..200, 0usize..90), 1..6),
        width in 0usize..120,
        color in any::<bool>(),
    ) {
        let mut sources = Sources::new();
        let id = sources.add(Source::from_text(file.clone(), file.clone(), Origin::Worktree));
        let span = |&(start, length): &(usize, usize)| Span::new(id, start, start + length);
        let mut finding = Finding::new("r", Level::Error, span(&spans[0]), file.clone());
        finding.label(file.clone()).help(file.clone()).note(file);
        for place in &spans[1..] {
            finding.also(span(place), "why this place has to do with it");
        }
        let findings = [finding];
        let report = Report::of_findings(&sources, &findings, docs);
        let written = drawn(&report, Style { color, width, unicode: true });
        let active = |character: char| character.is_control() && character != '\n';
        let sent = if color { written.replace("\x1b[", "") } else { written.clone() };
        prop_assert!(!sent.contains(active), "{written:?}");
        let points = ["┬", "▲", "├─▶"].iter().any(|caret| written.contains(caret));
        prop_assert!(points || !written.contains(" │ "), "{written}");
    }
}
