use super::*;
use crate::source::Origin;

fn parse(text: &str) -> (Metrics, Vec<String>) {
    let source = Source::from_text(METRICS_FILE, text, Origin::Worktree);
    let (metrics, problems) = Metrics::parse(SourceId::default(), &source);
    (metrics, problems.into_iter().map(|problem| problem.message).collect())
}

#[test]
fn every_declaration_is_read() {
    let (metrics, problems) = parse(
        "scrapeInterval: 30s\nbuckets: {http_seconds: [0.05, 0.1, 2.5]}\ntypes: {http_seconds: histogram}\n\
         units: {http_seconds: seconds}\nlabels: {http_total: {code: [200, 500]}}\n",
    );
    assert_eq!(problems, [""; 0]);
    assert_eq!(metrics.scrape_interval, Duration::parse("30s"));
    let bounds: Vec<String> =
        metrics.buckets["http_seconds"].iter().map(Ratio::to_string).collect();
    assert_eq!(bounds, ["0.05", "0.1", "2.5"]);
    assert_eq!(metrics.types["http_seconds"], "histogram");
    assert_eq!(metrics.units["http_seconds"], "seconds");
    assert_eq!(metrics.labels["http_total"]["code"], ["200", "500"]);
    assert_eq!(parse(""), (Metrics::default(), Vec::new()));
    assert_eq!(parse("# nothing yet\n"), (Metrics::default(), Vec::new()));
}

#[test]
fn what_is_wrong_is_said_and_the_rest_is_read() {
    let (metrics, problems) = parse(
        "scrape_interval: 30s\nscrapeInterval: 0s\nbuckets: {a: [2, 1], b: [], c: [1, 2], d: 3, e: [1, 1], f: [1, +Inf]}\n\
         types: {a: histogramm, b: gauge}\nunits: [seconds]\nlabels: {a: {code: 200, path: [\"/\"]}}\n",
    );
    assert_eq!(
        problems,
        [
            "unknown key `scrape_interval` in the declarations of metrics",
            "`scrapeInterval` holds `0s`",
            "the buckets of `a` are no rising numbers",
            "the buckets of `b` are no rising numbers",
            "the buckets of `d` are no rising numbers",
            "the buckets of `e` are no rising numbers",
            "the buckets of `f` hold `+Inf`",
            "`histogramm` is no type of metric",
            "`units` must be a mapping",
            "the values of label `code` are no list",
        ]
    );
    assert_eq!(metrics.buckets.len(), 1);
    assert_eq!(metrics.types.len(), 1);
    assert_eq!(metrics.labels["a"].len(), 1);
    assert_eq!(parse("a: [").1, ["the file is no YAML"]);
    assert_eq!(parse("types: {}\ntypes: {}\n").1, ["the key `types` stands twice in one mapping"]);
    assert_eq!(parse("<<: 1\n").1, ["a merge `<<` brings something that is not a mapping"]);
    assert_eq!(parse("types: *a\n").1, ["no anchor `&a` stands before this alias"]);
    assert_eq!(parse("- a\n").1, ["the file is no mapping"]);
    assert_eq!(parse("{}\n---\n{}\n").1, ["the file has more than one document"]);
}

#[test]
fn a_file_of_the_usual_name_may_be_another_tools() {
    let is_ours = |text: &str| {
        let source = Source::from_text("x", text, Origin::Worktree);
        Metrics::parse_if_ours(SourceId::default(), &source).is_some()
    };
    for ours in [
        "scrapeInterval: 1m\n",
        "buckets:\n  a: [1]\ntypes: wrong\n",
        "scrapeInterval: 1m\nremoteWrite: []\n",
        "scrapeInterval: 1m\nbucket: {}\n",
        "scrapeInterval: 1m\nscrapeInterval: 2m\n",
        "scrapeInterval: 1m\n---\ntypes: {}\n",
        "---\n---\nscrapeInterval: 1m\n",
        "scrapeInterval: [\n",
    ] {
        assert!(is_ours(ours), "{ours}");
    }
    for other in [
        "",
        "a: [",
        "- types\n",
        "remoteWrite: []\n",
        "apiVersion: v1\nkind: ConfigMap\n",
        "apiVersion: v1\nkind: ConfigMap\nlabels: {}\n",
    ] {
        assert!(!is_ours(other), "{other}");
    }
}
