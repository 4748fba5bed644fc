//! How many changes of meaning in a pair of queries the rules notice, and how many changes of spelling
//! alone they report.
//!
//! The pairs are those of our own below and, where `SLO_CORPUS` names the corpus, those of the
//! definitions that people published. A pair about which a rule has something to say is no sound pair
//! and is left out. Both rates are printed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use slo::config::Config;
use slo::config::Files;
use slo::config::owners::CodeOwners;
use slo::lint;
use slo::lint::Choice;
use slo::lint::RuleSet;
use slo::rules::Facts;
use slo::rules::Set;
use slo::rules::named;
use slo::source::Origin;
use slo::source::Source;

use crate::command::NOW;

mod edits;

use edits::EDITS;
use edits::SPELLINGS;

/// The least share of changes of meaning that is noticed, in percent.
const NOTICED: usize = 95;

/// Which events the part of a pair counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Good,
    Bad,
}

/// Two queries of one indicator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    kind: Part,
    part: String,
    total: String,
}

impl Pair {
    fn new(kind: Part, part: &str, total: &str) -> Self {
        Self { kind, part: part.to_owned(), total: total.to_owned() }
    }

    fn document(&self) -> String {
        let kind = match self.kind {
            Part::Good => "good",
            Part::Bad => "bad",
        };
        let source = |query: &str| serde_json::json!({"metricSource": {"type": "Prometheus", "spec": {"query": query}}});
        serde_json::json!({
            "apiVersion": "openslo/v1",
            "kind": "SLI",
            "metadata": {"name": "indicator"},
            "spec": {"ratioMetric": {kind: source(&self.part), "total": source(&self.total)}},
        })
        .to_string()
    }
}

/// Pairs of our own, of the shapes that people write.
fn own() -> Vec<Pair> {
    let requests = "sum(rate(http_requests_total{job=\"checkout\"}[5m]))";
    let of = |matchers: &str| requests.replace("job=\"checkout\"", matchers);
    let grpc = "sum(increase(grpc_server_handled_total{grpc_service=\"cart\",job=\"cart\"}[30m]))";
    vec![
        Pair::new(Part::Good, &of("job=\"checkout\",code!~\"5..\""), requests),
        Pair::new(Part::Good, &of("job=\"checkout\",code=~\"2..|3..|404\""), requests),
        Pair::new(Part::Bad, &of("job=\"checkout\",code=~\"5..\""), requests),
        Pair::new(Part::Bad, &of("code=~\"5..\",path=~\"/api/.*\",job=~\"checkout|cart\""), &of("job=~\"checkout|cart\",path=~\"/api/.*\"")),
        Pair::new(
            Part::Good,
            "sum by (region, zone) (rate(http_request_duration_seconds_bucket{job=\"checkout\",le=\"0.25\"}[{{.window}}]))",
            "sum by (region, zone) (rate(http_request_duration_seconds_count{job=\"checkout\"}[{{.window}}]))",
        ),
        Pair::new(
            Part::Bad,
            &grpc.replace("job=", "grpc_code=~\"Unknown|Internal|Unavailable|DataLoss|DeadlineExceeded|Unimplemented\",job="),
            grpc,
        ),
    ]
}

/// Returns the pairs that people published: the queries of one file, one after the other.
fn published() -> Vec<Pair> {
    let Some(root) = std::env::var_os("SLO_CORPUS").map(PathBuf::from) else {
        return Vec::new();
    };
    let table = fs::read_to_string(root.join("promql.tsv")).unwrap();
    let mut found = BTreeSet::new();
    let mut before: BTreeMap<String, (Part, String)> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [source, dialect, _, field, "ok", query] = columns.as_slice() else { continue };
        let query = query.replace("\\n", "\n");
        // Pyrra and Grafana name the metric alone, and take its growth themselves.
        let query = match *dialect {
            "pyrra" | "grafana-tf" if !query.contains('(') => format!("sum(rate({query}[5m]))"),
            _ => query,
        };
        let last = field.to_lowercase();
        let kind = if last.contains("error") {
            Some(Part::Bad)
        } else if last.contains("good") || last.contains("success") {
            Some(Part::Good)
        } else {
            None
        };
        match kind {
            Some(kind) => {
                before.insert((*source).to_owned(), (kind, query));
            }
            None if last.contains("total") => {
                if let Some((kind, part)) = before.remove(*source) {
                    found.insert(Pair { kind, part, total: query });
                }
            }
            None => {}
        }
    }
    found.into_iter().collect()
}

/// Returns the rules of family `indicator` that speak of each pair.
fn rules_of(pairs: &[Pair]) -> Vec<BTreeSet<&'static str>> {
    let name = |index: usize| format!("{index:05}.yaml");
    let files = pairs.iter().enumerate();
    let sources = files
        .map(|(index, pair)| Source::from_text(name(index), pair.document(), Origin::Worktree));
    let tree = lint::load(sources.collect(), &Files::default());
    let config = Config::default();
    let choice = Choice { set: Some(Set::Recommended), only: Vec::new() };
    let (rules, _) = RuleSet::new(&config.rules, &choice);
    let code_owners = CodeOwners::default();
    let facts = Facts::new(&config, &code_owners, NOW.parse().unwrap());
    let mut found = vec![BTreeSet::new(); pairs.len()];
    for finding in lint::run(&tree, &rules, &facts) {
        let path = &tree.sources.file(finding.span.source).path;
        let index: usize = path.trim_end_matches(".yaml").parse().unwrap();
        if named(finding.rule).is_some_and(|rule| rule.family() == "indicator") {
            found[index].insert(finding.rule);
        }
    }
    found
}

/// An edit of a pair; nothing where there is nothing to edit, or where it changes nothing.
type Edit = fn(&Pair) -> Option<Pair>;

/// What became of the edits of one kind.
fn tried<'a>(
    pairs: &[Pair],
    edits: &[(&'a str, Edit)],
) -> Vec<(&'a str, Pair, BTreeSet<&'static str>)> {
    let (mut names, mut edited) = (Vec::new(), Vec::new());
    for (name, edit) in edits {
        for changed in pairs.iter().filter_map(edit) {
            names.push(*name);
            edited.push(changed);
        }
    }
    let found = rules_of(&edited);
    names
        .into_iter()
        .zip(edited)
        .zip(found)
        .map(|((name, pair), found)| (name, pair, found))
        .collect()
}

#[test]
fn changes_of_meaning_are_noticed_and_changes_of_spelling_are_not() {
    let mut pairs = own();
    let of_our_own = pairs.len();
    pairs.extend(published());
    let spoken = rules_of(&pairs);
    let loud = spoken.iter().take(of_our_own).any(|rules| !rules.is_empty());
    assert!(!loud, "a pair of our own is not sound: {spoken:?}");
    let sound = pairs.into_iter().zip(spoken).filter(|(_, rules)| rules.is_empty());
    let sound: Vec<Pair> = sound.map(|(pair, _)| pair).collect();

    let meanings = tried(&sound, EDITS);
    let noticed = meanings.iter().filter(|(.., rules)| !rules.is_empty()).count();
    let spellings = tried(&sound, SPELLINGS);
    let told: Vec<_> = spellings.iter().filter(|(.., rules)| !rules.is_empty()).collect();
    let mut report = format!(
        "{} sound pairs: {noticed} of {} changes of meaning noticed ({} %), {} of {} changes of spelling told\n",
        sound.len(),
        meanings.len(),
        noticed * 100 / meanings.len(),
        told.len(),
        spellings.len(),
    );
    for (name, _) in EDITS {
        let of_edit = || meanings.iter().filter(|(edit, ..)| edit == name);
        let seen = of_edit().filter(|(.., rules)| !rules.is_empty()).count();
        let _ = writeln!(report, "  {seen:>3} of {:>3}  {name}", of_edit().count());
    }
    let mut out = std::io::stdout();
    let _ = std::io::Write::write_all(&mut out, report.as_bytes());
    for (name, pair, _) in meanings.iter().filter(|(.., rules)| rules.is_empty()) {
        let _ = writeln!(report, "not noticed: {name}: {pair:?}");
    }
    for (name, pair, rules) in &told {
        let _ = writeln!(report, "told: {name}: {rules:?}: {pair:?}");
    }
    // Every kind of edit has something to work on.
    for (name, _) in EDITS.iter().chain(SPELLINGS) {
        let is_tried = meanings.iter().chain(&spellings).any(|(edit, ..)| edit == name);
        assert!(is_tried, "{name}: no pair to edit");
    }
    assert!(told.is_empty(), "{report}");
    assert!(noticed * 100 >= meanings.len() * NOTICED, "{report}");
}
