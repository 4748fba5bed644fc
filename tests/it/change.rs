//! What changed between two trees, as the product says it.
//!
//! Every heading of `tests/fixtures/change` is a case: `before` and `after` blocks are the two
//! trees, a `changes` block is the whole list, those included that are listed only when asked for.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use slo::change;
use slo::change::Change;
use slo::change::ChangeKind;
use slo::change::Effect;
use slo::config;
use slo::lint;
use slo::lint::Tree;
use slo::quantity::Ratio;
use slo::source::LineIndex;
use slo::source::Origin;
use slo::source::Source;
use slo::source::Span;

use crate::fixture;

/// The files of one tree: paths and texts.
type Files = Vec<(String, String)>;

/// Two trees, and where the expected list stands in the Markdown file.
#[derive(Debug, Default)]
struct Case {
    heading: String,
    before: Files,
    after: Files,
    expected: std::ops::Range<usize>,
}

fn cases(markdown: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut case = Case::default();
    let mut open: Option<(String, usize)> = None;
    let mut place = 0;
    for line in markdown.split_inclusive('\n') {
        let start = place;
        place += line.len();
        if let Some((info, from)) = &open {
            if line.trim_end() == "```" {
                let text = markdown[*from..start].to_owned();
                let words: Vec<&str> = info.split_whitespace().collect();
                let path = words.iter().find_map(|word| word.strip_prefix("file="));
                let file = (path.unwrap_or("slo.yaml").to_owned(), text);
                match words.as_slice() {
                    ["yaml", "before", ..] => case.before.push(file),
                    ["yaml", "after", ..] => case.after.push(file),
                    ["changes"] => {
                        case.expected = *from..start;
                        cases.push(std::mem::take(&mut case));
                    }
                    other => panic!("{}: a block of {other:?}", case.heading),
                }
                open = None;
            }
        } else if let Some(info) = line.strip_prefix("```") {
            open = Some((info.trim().to_owned(), place));
        } else if let Some(heading) = line.strip_prefix("## ") {
            case = Case { heading: heading.trim().to_owned(), ..Case::default() };
        }
    }
    cases
}

fn tree(files: &Files) -> Tree {
    let source = |(path, text): &(String, String)| {
        Source::from_text(path.as_str(), text.as_str(), Origin::Worktree)
    };
    let tree = lint::load(files.iter().map(source).collect(), &config::Files::default());
    let problems: Vec<_> = tree.files.iter().flat_map(|file| &file.yaml).collect();
    assert!(problems.is_empty(), "{problems:?}");
    tree
}

fn place(tree: &Tree, span: Option<Span>) -> String {
    span.map_or("nowhere".to_owned(), |span| {
        let file = tree.sources.file(span.source);
        let position = LineIndex::new(&file.text).position(span.start as usize);
        format!("{}:{}:{}", file.path, position.line, position.column)
    })
}

fn draw(before: &Tree, after: &Tree, change: &Change) -> String {
    let mut text = format!("{} {}", change.kind.name(), change.name);
    for (word, part) in [("objective", &change.objective), ("alert", &change.alert)] {
        if let Some(part) = part {
            write!(text, ", {word} {part}").expect("a string takes text");
        }
    }
    let value = |value: &Option<String>| value.clone().unwrap_or("nothing".to_owned());
    if change.before.is_some() || change.after.is_some() {
        write!(text, ": {} → {}", value(&change.before), value(&change.after))
            .expect("a string takes text");
    }
    let places = [place(before, change.before_span), place(after, change.after_span)];
    write!(text, "\n  at {} → {}", places[0], places[1]).expect("a string takes text");
    match &change.effect {
        Some(Effect::Budget { before, after, ratio }) => {
            let ratio =
                ratio.as_ref().map_or("from nothing".to_owned(), |ratio| format!("times {ratio}"));
            write!(text, "\n  budget {} → {}, {ratio}", before.share, after.share)
                .expect("a string takes text");
            for (unit, of) in [("minutes", 0), ("events", 1)] {
                let of = |amount: &change::Amount| {
                    let amounts = [&amount.minutes, &amount.events];
                    amounts[of].as_ref().map(Ratio::to_string)
                };
                if let (Some(before), Some(after)) = (of(before), of(after)) {
                    write!(text, ", {before} → {after} {unit}").expect("a string takes text");
                }
            }
        }
        Some(Effect::Outage { before, after }) => {
            let outage = |outage: &Option<change::Outage>| {
                outage.as_ref().map_or("never".to_owned(), |outage| {
                    let spent = outage.spent.as_ref().map(|spent| spent.percent().rounded(2));
                    let spent = spent.unwrap_or("?".to_owned());
                    format!("{} s, {spent} % spent", outage.seconds)
                })
            };
            write!(text, "\n  full outage {} → {}", outage(before), outage(after))
                .expect("a string takes text");
        }
        Some(Effect::Policy(differences)) => {
            for it in differences {
                let (old, new) = (value(&it.before), value(&it.after));
                let (field, direction) = (&it.field, it.direction);
                write!(text, "\n  {field}: {old} → {new} ({direction:?})")
                    .expect("a string takes text");
            }
        }
        None => {}
    }
    text + "\n"
}

fn listed(case: &Case) -> String {
    let (before, after) = (tree(&case.before), tree(&case.after));
    let mut changes = change::between(before.placed(), after.placed());
    changes.extend(change::moved(before.placed(), after.placed()));
    changes.iter().map(|change| draw(&before, &after, change)).collect()
}

fn every_case() -> Vec<Case> {
    let pages = fixture::markdown_below("tests/fixtures/change");
    let texts = pages.iter().map(|path| fs::read_to_string(path).expect("it was just listed"));
    texts.flat_map(|text| cases(&text)).collect()
}

#[test]
fn every_difference_is_listed() {
    let mut failures = Vec::new();
    for path in fixture::markdown_below("tests/fixtures/change") {
        let mut markdown = fs::read_to_string(&path).expect("it was just listed");
        for case in cases(&markdown).into_iter().rev() {
            let actual = listed(&case);
            if markdown[case.expected.clone()] != actual {
                let name = Path::new(path.file_name().expect("it is a file")).display();
                failures.push(format!("{name}: {}:\n{actual}", case.heading));
                markdown.replace_range(case.expected, &actual);
            }
        }
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            fs::write(path, markdown).expect("the file can be written");
        }
    }
    assert!(failures.is_empty(), "{} failures:\n\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_tree_is_equal_to_itself() {
    for case in every_case() {
        for files in [&case.before, &case.after] {
            let (one, other) = (tree(files), tree(files));
            let changes = change::between(one.placed(), other.placed());
            assert_eq!(changes, [], "{}", case.heading);
        }
    }
}

/// What a change says, with its places as paths and bytes.
fn placed(change: &Change, before: &Tree, after: &Tree) -> String {
    let place = |span: Option<Span>, tree: &Tree| {
        span.map(|span| (tree.sources.file(span.source).path.clone(), span.range()))
    };
    let places = (place(change.before_span, before), place(change.after_span, after));
    let bare = Change { before_span: None, after_span: None, ..change.clone() };
    format!("{bare:?} {places:?}")
}

#[test]
fn trees_that_are_read_together_differ_as_those_that_are_read_apart() {
    let source = |(path, text): &(String, String)| {
        Source::from_text(path.as_str(), text.as_str(), Origin::Worktree)
    };
    let files = config::Files::default();
    let extra = every_case().into_iter().take(3).flat_map(|case| case.after);
    let extra: Files = extra.map(|(path, text)| (format!("other/{path}"), text)).collect();
    for case in every_case() {
        let [old, new] = [&case.before, &case.after].map(|own| {
            let all = own.iter().chain(&extra);
            let mut sources: Vec<Source> = all.map(source).collect();
            sources.sort_by(|one, other| one.path.cmp(&other.path));
            sources
        });
        let (before, after) = lint::load_both((old.clone(), &files), (new.clone(), &files));
        let apart = (lint::load(old, &files), lint::load(new, &files));
        let together: Vec<String> = change::between(before.placed(), after.placed())
            .iter()
            .map(|change| placed(change, &before, &after))
            .collect();
        let expected: Vec<String> = change::between(apart.0.placed(), apart.1.placed())
            .iter()
            .map(|change| placed(change, &apart.0, &apart.1))
            .collect();
        assert_eq!(together, expected, "{}", case.heading);
        assert_eq!(before.sources.len(), apart.0.sources.len(), "{}", case.heading);
    }
}

/// What a change says, without its direction and its places.
type Said = (&'static str, String, Option<String>, Option<String>, Option<String>);

fn said(change: &Change, backwards: bool) -> Said {
    let (kind, before, after) = (change.kind, change.before.clone(), change.after.clone());
    if backwards {
        (kind.reversed().name(), String::new(), change.alert.clone(), after, before)
    } else {
        (kind.name(), String::new(), change.alert.clone(), before, after)
    }
}

fn mirrored(before: &Tree, after: &Tree) -> (Vec<Said>, Vec<Said>) {
    let forwards = change::between(before.placed(), after.placed());
    let backwards = change::between(after.placed(), before.placed());
    let mut one: Vec<Said> = forwards.iter().map(|change| said(change, false)).collect();
    let mut other: Vec<Said> = backwards.iter().map(|change| said(change, true)).collect();
    // An alert of another name is called by the new one.
    let names = |changes: &[Said]| -> BTreeSet<Option<String>> {
        changes.iter().map(|(_, _, alert, ..)| alert.clone()).collect()
    };
    if names(&one) != names(&other) {
        one.iter_mut().chain(&mut other).for_each(|(_, _, alert, ..)| *alert = None);
    }
    one.sort();
    other.sort();
    (one, other)
}

#[test]
fn read_backwards_every_change_is_its_opposite() {
    for case in every_case() {
        let (before, after) = (tree(&case.before), tree(&case.after));
        let (one, other) = mirrored(&before, &after);
        assert_eq!(one, other, "{}", case.heading);
    }
}

#[test]
fn the_directions_of_a_policy_mirror_too() {
    let directions = |before: &Tree, after: &Tree, backwards: bool| {
        let changes = change::between(before.placed(), after.placed()).into_iter();
        let mut found: Vec<String> = changes
            .filter_map(|change| match change.effect {
                Some(Effect::Policy(differences)) => Some(differences),
                _ => None,
            })
            .flatten()
            .map(|it| if backwards { it.direction.reversed() } else { it.direction })
            .map(|direction| format!("{direction:?}"))
            .collect();
        found.sort();
        found
    };
    for case in every_case() {
        let (before, after) = (tree(&case.before), tree(&case.after));
        let (one, other) = (directions(&before, &after, false), directions(&after, &before, true));
        assert_eq!(one, other, "{}", case.heading);
    }
}

#[test]
fn of_two_that_are_alike_the_one_in_the_new_file_is_new() {
    let text = "apiVersion: openslo/v1\nkind: SLO\nmetadata: { name: a }\nspec:\n  service: shop\n  \
                objectives: [{ target: 0.99 }]\n---\napiVersion: openslo/v1\nkind: Service\n\
                metadata: { name: shop }\n";
    let files = |paths: &[&str]| {
        tree(&paths.iter().map(|path| ((*path).to_owned(), text.to_owned())).collect())
    };
    let places = |before: &[&str], after: &[&str]| {
        let (before, after) = (files(before), files(after));
        let changes = change::between(before.placed(), after.placed());
        let place = |change: &Change| match change.before_span {
            Some(span) => place(&before, Some(span)),
            None => place(&after, change.after_span),
        };
        changes.iter().map(|change| format!("{} {}", change.kind.name(), place(change))).collect()
    };
    let places: [Vec<String>; 4] = [
        places(&["c"], &["b", "c"]),
        places(&["c"], &["c", "d"]),
        places(&["b", "c"], &["c"]),
        places(&["c"], &["d"]),
    ];
    let slo = |said: &str| vec![said.to_owned()];
    assert_eq!(
        places,
        [slo("slo-added b:3:19"), slo("slo-added d:3:19"), slo("slo-removed b:3:19"), Vec::new()]
    );
}

/// One SLO of a small world, as numbers that a test can choose.
#[derive(Clone, Debug)]
struct Written {
    name: u8,
    targets: Vec<u8>,
    window: u8,
    query: u8,
    threshold: u8,
    lookback: u8,
    after: u8,
}

impl Written {
    fn text(&self) -> String {
        let mut text = format!(
            "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{ name: slo-{} }}\nspec:\n  service: api\n  \
             budgetingMethod: Occurrences\n  timeWindow: [{{ duration: {}d, isRolling: true }}]\n  \
             indicator:\n    metadata: {{ name: sli }}\n    spec:\n      ratioMetric:\n        counter: true\n        \
             good: {{ metricSource: {{ type: Prometheus, spec: {{ query: 'x{{code=\"{}\"}}' }} }} }}\n        \
             total: {{ metricSource: {{ type: Prometheus, spec: {{ query: x }} }} }}\n  alertPolicies:\n    \
             - kind: AlertPolicy\n      metadata: {{ name: policy }}\n      spec:\n        conditions:\n          \
             - kind: AlertCondition\n            metadata: {{ name: page }}\n            spec:\n              severity: page\n              \
             condition: {{ kind: burnrate, op: gte, threshold: {}, lookbackWindow: {}m, alertAfter: {}m }}\n        \
             notificationTargets:\n          - targetRef: chat\n  objectives:\n",
            self.name, self.window, self.query, self.threshold, self.lookback, self.after,
        );
        for target in &self.targets {
            writeln!(text, "    - target: 0.9{target}").expect("a string takes text");
        }
        text
    }
}

fn written() -> impl Strategy<Value = Written> {
    let targets = prop::collection::vec(0u8..9, 1..4);
    (0u8..4, targets, 7u8..9, 0u8..3, 1u8..4, 1u8..4, 0u8..3).prop_map(
        |(name, targets, window, query, threshold, lookback, after)| Written {
            name,
            targets,
            window,
            query,
            threshold,
            lookback,
            after,
        },
    )
}

fn world() -> impl Strategy<Value = Vec<Written>> {
    prop::collection::vec(written(), 0..5)
}

fn files(world: &[Written]) -> Files {
    let text = |(index, written): (usize, &Written)| (format!("{index}.yaml"), written.text());
    world.iter().enumerate().map(text).collect()
}

fn without_places(changes: Vec<Change>) -> Vec<Change> {
    let plain = |change| Change { before_span: None, after_span: None, ..change };
    changes.into_iter().map(plain).collect()
}

/// A tier without a memory: threshold in halves, gate, whether it exempts `security`.
type WrittenTier = (u8, usize, bool);

/// The gates, mildest first.
const GATES: [&str; 4] = ["open", "warn", "approve", "freeze"];

fn policy_text(tiers: &[WrittenTier]) -> String {
    let mut text =
        "apiVersion: slo/v1\nkind: ErrorBudgetPolicy\nmetadata: { name: p }\nspec:\n  tiers:\n"
            .to_owned();
    for (index, (threshold, gate, exempts)) in tiers.iter().enumerate() {
        let exempt = if *exempts { ", exempt: [security]" } else { "" };
        let rate = f64::from(*threshold) / 2.0;
        writeln!(
            text,
            "    - {{ name: t{index}, enter: {{ burn: {{ lookback: slo, gte: {rate} }} }}, gate: {}, approvers: [sre]{exempt} }}",
            GATES[*gate],
        )
        .expect("a string takes text");
    }
    text
}

/// Returns how severely a change without an exemption and one with it are blocked at a burn rate:
/// 0 passes, 1 needs approval, 2 is frozen.
fn met(tiers: &[WrittenTier], halves: u8) -> [usize; 2] {
    let active = || tiers.iter().filter(|(threshold, ..)| halves >= *threshold);
    let highest = active().map(|(_, gate, _)| *gate).max().unwrap_or(0);
    let plain = highest.saturating_sub(1);
    let mut freezes = active().filter(|(_, gate, _)| *gate == 3);
    let exempt = highest == 3 && freezes.all(|(.., exempts)| *exempts);
    [plain, if exempt { 0 } else { plain }]
}

/// Two SLOs of one name differ in nothing but what follows from the change.
#[test]
fn what_follows_from_changes_of_one_alert_stands_in_one_order() {
    let written = |window, threshold, after| {
        let targets = vec![0];
        Written { name: 3, targets, window, query: 0, threshold, lookback: threshold, after }
    };
    let before = [written(7, 2, 0), written(8, 2, 0)];
    let after = tree(&files(&[written(7, 1, 1), written(7, 1, 1)]));
    let [one, other] =
        [[0, 1], [1, 0]].map(|order| tree(&files(&order.map(|at| before[at].clone()))));
    let of = |before: &Tree| without_places(change::between(before.placed(), after.placed()));
    assert_eq!(of(&one), of(&other));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_files_decides_nothing(before in world(), after in world()) {
        let (one, other) = (tree(&files(&before)), tree(&files(&after)));
        let listed = change::between(one.placed(), other.placed());
        let reversed = |world: &[Written]| world.iter().rev().cloned().collect::<Vec<_>>();
        let (back, forth) = (tree(&files(&reversed(&before))), tree(&files(&reversed(&after))));
        let again = change::between(back.placed(), forth.placed());
        prop_assert_eq!(without_places(listed), without_places(again));
        let same = change::between(one.placed(), back.placed());
        prop_assert_eq!(same, []);
    }

    #[test]
    fn any_two_trees_mirror_each_other(before in world(), after in world()) {
        let (one, other) = (tree(&files(&before)), tree(&files(&after)));
        let (forwards, backwards) = mirrored(&one, &other);
        prop_assert_eq!(forwards, backwards);
    }

    /// An alert is compared by when it fires: at every burn rate that is tried, what is said must
    /// agree with the two times.
    #[test]
    fn an_alert_is_loosened_exactly_where_it_fires_later(old in written(), new in written()) {
        let new = Written { name: old.name, targets: old.targets.clone(), ..new };
        let time = |it: &Written, rate: f64| {
            let (threshold, lookback) = (f64::from(it.threshold), f64::from(it.lookback));
            if rate < threshold { f64::INFINITY } else { threshold * lookback / rate + f64::from(it.after) }
        };
        let (one, other) = (tree(&files(std::slice::from_ref(&old))), tree(&files(std::slice::from_ref(&new))));
        let kinds: Vec<ChangeKind> =
            change::between(one.placed(), other.placed()).iter().map(|change| change.kind).collect();
        let rates: Vec<f64> = (1..4_000).map(|step| f64::from(step) / 100.0).collect();
        let later = rates.iter().any(|rate| time(&new, *rate) > time(&old, *rate) + 1e-9);
        let sooner = rates.iter().any(|rate| time(&new, *rate) < time(&old, *rate) - 1e-9);
        prop_assert_eq!(kinds.contains(&ChangeKind::AlertLoosened), later);
        prop_assert_eq!(kinds.contains(&ChangeKind::AlertTightened), sooner);
    }

    #[test]
    fn a_policy_that_is_tightened_blocks_no_less(
        old in prop::collection::vec((0u8..5, 0usize..4, any::<bool>()), 1..4),
        new in prop::collection::vec((0u8..5, 0usize..4, any::<bool>()), 1..4),
    ) {
        let file = |tiers: &[WrittenTier]| vec![("policy.yaml".to_owned(), policy_text(tiers))];
        let (one, other) = (tree(&file(&old)), tree(&file(&new)));
        let changes = change::between(one.placed(), other.placed());
        for halves in 0..8 {
            let pairs = met(&old, halves).into_iter().zip(met(&new, halves));
            for (before, after) in pairs {
                match changes.first().map(|change| change.kind) {
                    None => prop_assert_eq!(before, after),
                    Some(ChangeKind::PolicyTightened) => prop_assert!(before <= after),
                    Some(ChangeKind::PolicyLoosened) => prop_assert!(before >= after),
                    Some(kind) => prop_assert_eq!(kind, ChangeKind::PolicyChanged),
                }
            }
        }
    }
}

#[test]
fn every_kind_of_change_has_a_fixture() {
    let mut seen = String::new();
    for path in fixture::markdown_below("tests/fixtures/change") {
        seen.push_str(&fs::read_to_string(path).expect("the file was just listed"));
    }
    for kind in ChangeKind::ALL {
        let begins = format!("\n{} ", kind.name());
        assert!(seen.contains(&begins), "no fixture has `{}`", kind.name());
    }
}
