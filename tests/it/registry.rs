//! The suite polices the rule set, so that no reviewer has to.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use slo::config::Config;
use slo::config::Files;
use slo::config::owners::CodeOwners;
use slo::convert;
use slo::convert::Target;
use slo::dialect;
use slo::finding::Finding;
use slo::lint;
use slo::lint::Choice;
use slo::lint::RuleSet;
use slo::lint::Tree;
use slo::rules;
use slo::rules::Facts;
use slo::rules::Judges;
use slo::rules::Set;
use slo::source::Origin;
use slo::source::Source;
use slo::source::SourceId;
use slo::yaml;

use crate::architecture::rust_files;
use crate::command::NOW;
use crate::fixture;

/// The headings of a page, in order; `Settings` stands only on pages of rules that have some.
const HEADINGS: [&str; 5] =
    ["Why it matters", "Example", "Settings", "When to allow it", "Sources"];

fn page_path(rule: &rules::Rule) -> std::path::PathBuf {
    let file = format!("src/rules/{}/{}.md", rule.family(), rule.name.replace('-', "_"));
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

#[test]
fn every_page_says_what_the_rule_is_in_the_same_order() {
    for rule in rules::all() {
        let page = fs::read_to_string(page_path(rule))
            .unwrap_or_else(|_| panic!("{}: no page", rule.name));
        assert_eq!(page, rule.docs, "{}: the page is compiled in", rule.name);
        assert!(page.starts_with(&format!("# {}\n\n", rule.name)), "{}: title", rule.name);
        let headings: Vec<&str> =
            page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let wanted: Vec<&str> = HEADINGS
            .into_iter()
            .filter(|heading| *heading != "Settings" || !rule.settings.is_empty())
            .collect();
        assert_eq!(headings, wanted, "{}", rule.name);
        let summary = rule.summary();
        assert!(summary.ends_with('.') && summary.len() < 100, "{}: {summary}", rule.name);
        for setting in rule.settings {
            assert!(page.contains(&format!("`{}`", setting.name)), "{}: {setting:?}", rule.name);
        }
    }
}

#[test]
fn every_rule_has_a_page_that_shows_it_firing_and_what_is_right() {
    for rule in rules::all() {
        let cases = fixture::cases(rule.docs);
        let bad = cases.iter().filter(|case| !case.is_good()).count();
        let good = cases.iter().any(fixture::Case::is_good);
        let fix = cases.iter().any(|case| case.expected.iter().any(|block| block.role == "fix"));
        assert!(bad >= 1 && (good || fix), "{}: {bad} bad blocks", rule.name);
        let drawn = cases.iter().flat_map(|case| &case.expected);
        assert!(
            drawn.clone().any(|block| block.role == "findings"),
            "{}: no drawn finding",
            rule.name
        );
        for case in cases.iter().filter(|case| !case.is_good()) {
            let (_, findings) = case.run(&[rule.name]);
            assert!(!findings.is_empty(), "{}: a bad block is silent", rule.name);
        }
    }
}

#[test]
fn every_rule_has_three_bad_and_three_near_miss_fixtures() {
    for rule in rules::all() {
        let path = format!("{}/tests/fixtures/rules/{}.md", env!("CARGO_MANIFEST_DIR"), rule.name);
        let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{path} is missing"));
        let cases = fixture::cases(&text);
        let good = cases.iter().filter(|case| case.is_good()).count();
        assert!(cases.len() - good >= 3, "{}: {} bad cases", rule.name, cases.len() - good);
        assert!(good >= 3, "{}: {good} good cases", rule.name);
    }
}

/// The heading below which a sound file stands, and after it the same file with a slip in it.
const MUTATION: &str = "A mutation of a sound file";

/// How many lines a slip takes away and adds.
const LINES_OF_A_SLIP: usize = 4;

/// All rules judge both files. Nothing is new about the slip but what the one rule says; the sound
/// file is silent, but for rules that are in no set by default and for what it accepts itself.
#[test]
fn every_rule_alone_notices_a_mutation_of_a_sound_file() {
    let mut wrong = Vec::new();
    for rule in rules::all() {
        let path = format!("{}/tests/fixtures/rules/{}.md", env!("CARGO_MANIFEST_DIR"), rule.name);
        let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{path} is missing"));
        let mut cases = fixture::cases(&text);
        cases.retain(|case| case.heading == MUTATION);
        let [sound, mutated @ ..] = cases.as_slice() else {
            wrong.push(format!("{}: nothing below `{MUTATION}`", rule.name));
            continue;
        };
        if !sound.is_good() || mutated.is_empty() || mutated.iter().any(fixture::Case::is_good) {
            wrong.push(format!("{}: first one sound file, then those with a slip", rule.name));
        }
        let known = said(sound, "\n");
        let is_due = |name| {
            name == rule.name || rules::named(name).is_some_and(|it| it.set == Set::Recommended)
        };
        let loud = known.iter().filter(|(name, _, accepted)| is_due(name) && !accepted);
        wrong.extend(loud.map(|(name, message, _)| {
            format!("{}: its sound file is reported: {name}: {message}", rule.name)
        }));
        for case in mutated {
            let lines = lines_unlike(case, sound);
            if !(1..=LINES_OF_A_SLIP).contains(&lines) {
                wrong.push(format!("{}: the slip takes {lines} lines", rule.name));
            }
            let found = said(case, "\n");
            if !found.iter().any(|(name, _, accepted)| *name == rule.name && !accepted) {
                wrong.push(format!("{}: silent about the slip", rule.name));
            }
            let is_known = |message: &String| known.iter().any(|one| one.1 == *message);
            for (name, message, _) in &found {
                if *name != rule.name && !is_known(message) {
                    wrong.push(format!("{}: {name} notices it too: {message}", rule.name));
                }
            }
            if said(case, "\r\n") != found || said(sound, "\r\n") != known {
                wrong.push(format!("{}: other line ends, other findings", rule.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} failures:\n{}", wrong.len(), wrong.join("\n"));
}

/// Counts the lines that only one of the two has, in the inputs and in the baseline.
fn lines_unlike(one: &fixture::Case, other: &fixture::Case) -> usize {
    let text = |case: &fixture::Case| -> String {
        let blocks = case.inputs.iter().chain(&case.baseline);
        blocks.map(|block| fixture::without_markers(&block.text)).collect()
    };
    let (one, other) = (text(one), text(other));
    let mut rest: Vec<&str> = other.lines().collect();
    let mut unlike = 0;
    for line in one.lines() {
        match rest.iter().position(|other| *other == line) {
            Some(at) => drop(rest.remove(at)),
            None => unlike += 1,
        }
    }
    unlike + rest.len()
}

/// Returns which of all rules say what, and whether that is accepted.
fn said(case: &fixture::Case, line_end: &str) -> Vec<(&'static str, String, bool)> {
    let mut sources = case.sources();
    for source in &mut sources {
        source.text = source.text.replace('\n', line_end).into();
    }
    let choice = Choice { set: Some(Set::All), only: Vec::new() };
    let said =
        |finding: Finding| (finding.rule, finding.message.to_string(), finding.is_accepted());
    case.run_chosen(sources, &choice).1.into_iter().map(said).collect()
}

#[test]
fn every_rule_has_the_family_that_lists_it() {
    for (family, listed) in rules::FAMILIES {
        for rule in *listed {
            // Wherever it stands in memory.
            let copy = rules::Rule { ..**rule };
            assert_eq!((copy.family(), rule.family()), (*family, *family), "{}", rule.name);
        }
    }
}

#[test]
fn names_are_unique_kebab_case_and_without_prohibition() {
    let mut seen = BTreeSet::new();
    for rule in rules::all() {
        assert!(seen.insert(rule.name), "{} stands twice", rule.name);
        let plain =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        assert!(rule.name.chars().all(plain), "{}", rule.name);
        for word in ["no-", "dont-", "avoid-", "require-", "use-"] {
            let noun = [
                "no-alert",
                "no-error-budget-policy",
                "no-data-unspecified",
                "no-data-not-alerted",
            ];
            assert!(!rule.name.starts_with(word) || noun.contains(&rule.name), "{}", rule.name);
        }
    }
}

#[test]
fn every_file_in_a_family_is_a_rule_of_it() {
    let known: BTreeSet<_> = rules::all().map(page_path).collect();
    for path in fixture::markdown_below("src/rules") {
        assert!(known.contains(&path), "{} belongs to no rule", path.display());
    }
    for path in rust_files("src/rules") {
        // `src/rules/window.rs` is the family itself.
        let in_family = path.parent().is_some_and(|folder| !folder.ends_with("rules"));
        let page = path.with_extension("md");
        assert!(!in_family || known.contains(&page), "{} is no rule", path.display());
    }
    for path in fixture::markdown_below("tests/fixtures/rules") {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        assert!(rules::named(stem).is_some(), "{} belongs to no rule", path.display());
    }
}

#[test]
fn recommended_rules_are_silent_on_every_good_block_of_other_pages() {
    for page in rules::all() {
        for case in fixture::cases(page.docs).into_iter().filter(fixture::Case::is_good) {
            let (_, findings) = case.run(&[]);
            let loud = findings.iter().filter(|finding| !finding.is_accepted());
            let loud: Vec<_> = loud.map(|finding| (finding.rule, &finding.message)).collect();
            assert!(loud.is_empty(), "a good block of {}: {loud:?}", page.name);
        }
    }
}

#[test]
fn one_thread_finds_what_many_find_in_the_same_order() {
    let mut files = Vec::new();
    for page in rules::all() {
        for block in fixture::cases(page.docs).into_iter().flat_map(|case| case.inputs) {
            let path =
                format!("{:03}/{}", files.len(), block.file.as_deref().unwrap_or("slo.yaml"));
            let text = fixture::without_markers(&block.text);
            files.push(Source::from_text(path, text, Origin::Worktree));
        }
    }
    let (config, code_owners) = (Config::default(), CodeOwners::default());
    let now = NOW.parse().expect("an instant");
    let facts = Facts::new(&config, &code_owners, now);
    let choice = Choice { set: Some(Set::All), only: Vec::new() };
    let (rules, _) = RuleSet::new(&config.rules, &choice);
    let found = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| lint::run(&lint::load(files.clone(), &Files::default()), &rules, &facts))
    };
    let alone = found(1);
    let loud: BTreeSet<_> = alone.iter().map(|finding| finding.rule).collect();
    assert!(loud.len() * 4 > rules::all().count() * 3, "{loud:?}");
    for threads in [2, 3, 8, 8, 8] {
        assert!(found(threads) == alone, "{threads} threads find something else");
    }
}

#[test]
fn messages_keep_the_voice_of_the_house() {
    for page in rules::all() {
        for case in fixture::cases(page.docs) {
            for finding in case.run(&[page.name]).1 {
                let labels =
                    finding.labels.iter().map(|label| &label.message).chain(&finding.label);
                let parts = labels.chain(&finding.help).chain(&finding.notes);
                for text in parts.chain([&finding.message]) {
                    let first = text.chars().next().expect("a message says something");
                    assert!(!first.is_uppercase() && !text.ends_with('.'), "{}: {text}", page.name);
                    for word in ["illegal", "should", "please", "Please"] {
                        assert!(!text.contains(word), "{}: {text}", page.name);
                    }
                }
            }
        }
    }
}

#[test]
fn pages_are_tests() {
    fixture::check_files(&fixture::markdown_below("src/rules"));
}

#[test]
fn fixtures_of_rules_hold() {
    fixture::check_files(&fixture::markdown_below("tests/fixtures/rules"));
}

/// The whole rule set, in one place: a rule that moves between sets or levels shows here.
#[test]
fn the_rule_set_is_listed() {
    let mut text = String::new();
    for rule in rules::all() {
        let set = match rule.set {
            Set::Recommended => "recommended",
            Set::Strict => "strict",
            Set::All => "all",
        };
        text +=
            &format!("{:<12} {:<32} {:<8} {set}\n", rule.family(), rule.name, rule.level.name());
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rule-set.txt");
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::write(&path, &text).expect("the list can be written");
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "run with UPDATE_FIXTURES=1");
}

/// Which rules speak of objects of which format, in whatever is tested.
type Spoken = BTreeMap<&'static str, BTreeSet<&'static str>>;

fn note(spoken: &mut Spoken, tree: &Tree, findings: Vec<Finding>) {
    for finding in findings {
        // What is said of rules of Prometheus names the SLO in another place.
        let labels = finding.labels.iter().map(|label| label.span.source);
        for source in labels.chain([finding.span.source]) {
            let stream = yaml::parse(source, tree.sources.file(source));
            let families = dialect::read(&stream).families;
            // Of a file in two formats nobody knows which one is meant.
            if families.len() == 1 {
                spoken.entry(finding.rule).or_default().extend(families);
            }
        }
    }
}

/// Returns the files of a tree, those that hold SLOs in another format; nothing where none has a counterpart.
fn converted(tree: &Tree, target: Target) -> Option<Vec<Source>> {
    let mut is_any = false;
    let window = Config::default().files.sloth_window;
    let file = |(id, source): (SourceId, &Source)| {
        let stream = yaml::parse(id, source);
        let other = convert::convert(id, &[&stream], &tree.catalog, target, window);
        is_any |= other.converted > 0;
        let text = if other.converted > 0 { other.text } else { source.text.to_string() };
        Source::from_text(&source.path, text, Origin::Worktree)
    };
    let files = tree.sources.iter().map(file).collect();
    is_any.then_some(files)
}

/// Fixtures, as they are and converted, say of which formats a rule can speak.
#[test]
fn rules_speak_of_the_formats_that_they_say() {
    let mut pages = fixture::markdown_below("tests/fixtures/rules");
    pages.extend(fixture::markdown_below("tests/fixtures/dialect"));
    let choice = Choice { set: Some(Set::All), only: Vec::new() };
    let config = Config::default();
    let (all, _) = RuleSet::new(&config.rules, &choice);
    let code_owners = CodeOwners::default();
    let now = NOW.parse().expect("a time");
    let facts = Facts::new(&config, &code_owners, now);
    let mut spoken = Spoken::new();
    for path in pages {
        let markdown = fs::read_to_string(&path).expect("the file was just listed");
        for case in fixture::cases(&markdown) {
            let (tree, findings) = case.run_chosen(case.sources(), &choice);
            note(&mut spoken, &tree, findings);
            if case.is_good() {
                continue;
            }
            for target in [Target::Sloth, Target::Pyrra] {
                let Some(files) = converted(&tree, target) else { continue };
                let other = lint::load(files, &config.files);
                let findings = lint::run(&other, &all, &facts);
                note(&mut spoken, &other, findings);
            }
        }
    }
    let mut wrong = Vec::new();
    for rule in rules::all() {
        let says = rule.judges.formats();
        let found = spoken.get(rule.name).into_iter().flatten();
        let more: Vec<_> = found.filter(|format| !says.contains(format)).collect();
        if !more.is_empty() {
            wrong.push(format!("{} speaks of {more:?} too", rule.name));
        }
    }
    for judged in Judges::ALL {
        let rules = || rules::all().filter(|rule| rule.judges == judged);
        for format in judged.formats() {
            let mut found = rules().filter_map(|rule| spoken.get(rule.name));
            if !found.any(|formats| formats.contains(format)) {
                wrong.push(format!("no rule about {judged:?} speaks of {format}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} failures:\n{}", wrong.len(), wrong.join("\n"));
}
