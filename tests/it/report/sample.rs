//! A run with everything in it.

use jiff::Timestamp;
use slo::finding::Finding;
use slo::finding::Level;
use slo::quantity::Ratio;
use slo::report::Amount;
use slo::report::BudgetRow;
use slo::report::BudgetState;
use slo::report::BudgetTable;
use slo::report::ChangeRow;
use slo::report::Comment;
use slo::report::Note;
use slo::report::Outcome;
use slo::report::Report;
use slo::report::RuleView;
use slo::report::Summary;
use slo::report::Tier;
use slo::report::VerdictView;
use slo::source::Edit;
use slo::source::Origin;
use slo::source::Source;
use slo::source::SourceId;
use slo::source::Sources;
use slo::source::Span;

const RULES: [RuleView<'static>; 2] = [
    RuleView {
        name: "alert-can-never-fire",
        level: Level::Error,
        summary: "An alert asks for more errors than there can be.",
        page: "# alert-can-never-fire\n",
    },
    RuleView {
        name: "server-errors-counted-good",
        level: Level::Error,
        summary: "An indicator counts answers of a broken server as good.",
        page: "# server-errors-counted-good\n",
    },
];

pub(super) fn docs(rule: &str) -> String {
    format!("https://example.com/rules/{rule}")
}

pub(super) struct Sample {
    pub(super) sources: Sources,
    pub(super) findings: Vec<Finding>,
    changes: Vec<ChangeRow>,
    budgets: BudgetTable,
    verdict: VerdictView,
}

impl Sample {
    pub(super) fn new() -> Self {
        let mut sources = Sources::new();
        let search =
            sources.add(Source::from_text("slo/search.yaml", search_text(), Origin::Worktree));
        let checkout =
            sources.add(Source::from_text("slo/checkout.yaml", checkout_text(), Origin::Worktree));
        let findings = findings(&sources, search, checkout);
        Self { sources, findings, changes: changes(), budgets: budgets(), verdict: verdict() }
    }

    pub(super) fn lint(&self) -> Report<'_> {
        let mut report = Report::of_findings(&self.sources, &self.findings, docs);
        report.rules = &RULES;
        report.summary = Some(Summary {
            older: None,
            slos: 14,
            files: 9,
            dialects: vec!["OpenSLO", "Sloth"],
            ..Summary::default()
        });
        report
    }

    pub(super) fn report(&self) -> Report<'_> {
        let mut report = self.lint();
        report.changes = Some(&self.changes);
        report.budgets = Some(&self.budgets);
        report.verdict = Some(&self.verdict);
        report.comment = Comment {
            marker: Some("<!-- slo:report:v1 0123456789abcdef -->"),
            blob: Some("https://github.com/shop/slos/blob/3f2a91c/"),
            footer: vec![
                "policy `slo/policy.yaml` at 1c0ffee (base)".into(),
                "measured 09:00 UTC from prod".into(),
                "slo 0.1.0".into(),
                "this comment is updated in place".into(),
            ],
            limit: Some(60_000),
        };
        report
    }
}

/// Returns the span of `needle` in a file.
pub(super) fn find(sources: &Sources, source: SourceId, needle: &str) -> Span {
    let start = sources.file(source).text.find(needle).expect("the text is there");
    Span::new(source, start, start + needle.len())
}

fn search_text() -> String {
    let mut lines: Vec<String> = (1..=40).map(|line| format!("# line {line}")).collect();
    lines[11] = "      target: 0.9".into();
    lines[30] = "        threshold: 14.4".into();
    lines.join("\n") + "\n"
}

fn checkout_text() -> String {
    let mut lines: Vec<String> = (1..=30).map(|line| format!("# line {line}")).collect();
    lines[23] =
        "                sum(rate(http_requests_total{job=\"checkout\",code!=\"500\"}[5m]))".into();
    lines[2] = "  window: 672h".into();
    lines.join("\n") + "\n"
}

fn findings(sources: &Sources, search: SourceId, checkout: SourceId) -> Vec<Finding> {
    let mut never = Finding::new(
        "alert-can-never-fire",
        Level::Error,
        find(sources, search, "14.4"),
        "a burn rate of 14.4 needs 144 % errors at a target of 90 %",
    );
    never
        .label("never reached, even when every request fails")
        .also(
            find(sources, search, "0.9"),
            "an error budget of 10 % allows a burn rate of at most 10",
        )
        .help("at this target, a burn rate of 5 over 6h spends 4.2 % of the budget and can fire");
    let span = find(sources, checkout, "code!=\"500\"");
    let mut good = Finding::new(
        "server-errors-counted-good",
        Level::Error,
        span,
        "501, 502, 503 and 504 count as success",
    );
    let edit = Edit { span, text: "code!~\"5..\"".into() };
    good.label("excludes 500 alone").unsafe_fix("write `code!~\"5..\"`", vec![edit]);
    let span = find(sources, checkout, "672h");
    let mut window = Finding::new(
        "noncanonical-duration",
        Level::Warning,
        span,
        "window `672h` is not in its largest whole unit",
    );
    let edit = Edit { span, text: "4w".into() };
    window.label("equal to `4w`").safe_fix("write it as `4w`", vec![edit]);
    let mut allowed = Finding::new(
        "missing-owner",
        Level::Warning,
        find(sources, search, "# line 2"),
        "nobody owns `search`",
    );
    allowed.suppressed = true;
    vec![never, good, window, allowed]
}

pub(super) fn ratio(text: &str) -> Ratio {
    Ratio::parse(text).expect("a decimal")
}

pub(super) fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn row(slo: &str, service: &str, target: &str, window: &str) -> BudgetRow {
    BudgetRow {
        slo: slo.into(),
        service: Some(service.into()),
        condition: None,
        method: "occurrences".into(),
        window: window.into(),
        target: ratio(target),
        state: BudgetState::Known,
        reason: None,
        explanation: None,
        indicator: None,
        good: None,
        valid: None,
        consumed: None,
        remaining: None,
        left: None,
        estimated: false,
        burn_rates: Vec::new(),
        exhausted_at: None,
        coverage: None,
        observed_at: None,
        source: Some("recorded".into()),
        history: Vec::new(),
        history_span: None,
        with_change: None,
        warnings: Vec::new(),
    }
}

fn rates(rates: [&str; 3]) -> Vec<(String, Option<Ratio>)> {
    ["1h", "6h", "3d"]
        .into_iter()
        .zip(rates)
        .map(|(name, rate)| (name.into(), Some(ratio(rate))))
        .collect()
}

fn history(steps: &[i64]) -> Vec<Option<Ratio>> {
    steps.iter().map(|&step| Ratio::new(step, 10)).collect()
}

fn budgets() -> BudgetTable {
    let mut available = row("checkout-availability", "checkout", "0.999", "28d");
    available.indicator = Some(ratio("0.99931"));
    available.consumed = Some(ratio("0.69"));
    available.remaining = Some(ratio("0.31"));
    available.left = Some(Amount::Events(ratio("12401")));
    available.burn_rates = rates(["0.4", "0.9", "1.1"]);
    available.history = history(&[1, 1, 1, 3, 1, 2, 1, 1, 61, 3, 1, 1, 1, 1]);
    available.history_span = Some("28 days".into());
    let mut latency = row("checkout-latency", "checkout", "0.99", "28d");
    latency.condition = Some("< 300 ms".into());
    latency.consumed = Some(ratio("1.142"));
    latency.remaining = Some(ratio("-0.142"));
    latency.left = Some(Amount::Events(ratio("-52330")));
    latency.burn_rates = rates(["2.1", "1.8", "1.3"]);
    latency.exhausted_at = Some(instant("2026-11-17T14:00:00Z"));
    latency.history = history(&[1, 1, 1, 2, 3, 4, 7, 8, 9, 10, 12, 13, 17, 21]);
    latency.history_span = Some("28 days".into());
    latency.with_change = Some("target 99 % → 98.5 %: +23.9 %".into());
    latency.coverage = Some(ratio("0.972"));
    latency.observed_at = Some(instant("2026-11-22T08:40:00Z"));
    let mut search = row("search-availability", "search", "0.995", "7d");
    search.method = "timeslices".into();
    search.state = BudgetState::NoData;
    search.reason = Some("coverage".into());
    search.explanation = Some("62 % of the window has data, 90 % is needed (prod)".into());
    BudgetTable {
        rows: vec![available, latency, search],
        measured_at: Some(instant("2026-11-22T09:00:00Z")),
        backends: vec!["prod (Prometheus)".into()],
        queries: 3,
        elapsed: None,
    }
}

fn changes() -> Vec<ChangeRow> {
    let row = |kind: &str, slo: &str, drawn: &str, path: &str, line, effect: &str| ChangeRow {
        kind: kind.into(),
        slo: slo.into(),
        before: None,
        after: None,
        drawn: drawn.into(),
        effect: Some(effect.into()),
        path: path.into(),
        line: Some(line),
        is_gone: false,
    };
    let mut lowered = row(
        "target-lowered",
        "checkout-latency",
        "99 % → 98.5 %",
        "slo/latency.yaml",
        18,
        "budget 1 % → 1.5 % (+50 %): 366 000 → 549 000 slow requests in 28d",
    );
    lowered.before = Some("0.99".into());
    lowered.after = Some("0.985".into());
    let loosened = row(
        "alert-loosened",
        "checkout-page",
        "burn 14.4 → 20",
        "slo/alerts.yaml",
        40,
        "a full outage pages after 1.2 min instead of 0.9; 2.0 % → 2.8 % of budget spent by then",
    );
    vec![lowered, loosened]
}

fn verdict() -> VerdictView {
    VerdictView {
        outcome: Outcome::Block,
        exit_code: 1,
        reason: "frozen".into(),
        headline: "`checkout-latency` has spent 114 % of its error budget".into(),
        tiers: vec![Tier {
            policy: "default".into(),
            tier: "freeze".into(),
            slo: "checkout-latency".into(),
            gate: "freeze".into(),
            since: Some(instant("2026-11-17T14:00:00Z")),
            because: "burn over 28d is 1.14, the policy freezes at 1".into(),
            opens: Some(instant("2026-11-26T03:00:00Z")),
            opens_because: Some(
                "when the outage of 10-29 leaves the window, at the present burn".into(),
            ),
            place: Some("slo/policy.yaml:9".into()),
        }],
        exemptions: Vec::new(),
        overrides: Vec::new(),
        notes: vec![Note {
            label: "not exempt".into(),
            what: "2 of 3 commits".into(),
            why: "3f2a91c, 88d01e4; `Change-Class: reliability` or `security` would be".into(),
        }],
        ways_on: vec![
            "a reliability fix with its trailer".into(),
            "an override by sre-manager (slo override --help)".into(),
            "wait".into(),
        ],
    }
}
