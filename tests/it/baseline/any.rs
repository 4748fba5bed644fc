//! Whatever a rule reports of whatever file can be held, and is known again.

use std::collections::BTreeSet;
use std::fs;

use jiff::Span;
use jiff::Timestamp;
use slo::config::Config;
use slo::config::Files;
use slo::config::baseline;
use slo::config::baseline::Baseline;
use slo::config::owners::CodeOwners;
use slo::lint;
use slo::lint::Choice;
use slo::lint::RuleSet;
use slo::lint::baseline::Matching;
use slo::lint::baseline::Scope;
use slo::lint::baseline::Unseen;
use slo::rules;
use slo::rules::Facts;
use slo::rules::Set;
use slo::source::Origin;
use slo::source::Source;
use slo::source::SourceId;

use crate::command::NOW;
use crate::fixture;

/// Returns every file of every page and fixture, each in a folder of its case.
fn files() -> Vec<Source> {
    let mut files = Vec::new();
    for folder in ["src/rules", "tests/fixtures/rules"] {
        for page in fixture::markdown_below(folder) {
            let text = fs::read_to_string(&page).unwrap();
            for (case, one) in fixture::cases(&text).into_iter().enumerate() {
                for (number, block) in one.inputs.into_iter().enumerate() {
                    let stem = page.file_stem().unwrap().to_str().unwrap();
                    let path = format!("{folder}/{stem}/{case}/{number}.yaml");
                    let text = fixture::without_markers(&block.text);
                    files.push(Source::from_text(path, text, Origin::Worktree));
                }
            }
        }
    }
    // What leads nowhere has no name, and a name may be empty.
    let nowhere =
        "apiVersion: openslo/v1\nkind: \"\"\nmetadata: { name: \"\", \"\": { \"\": x } }\n";
    let texts = [nowhere, &nowhere.replace("\"\"", "\" \""), &nowhere.replace(": \"\"", ": SLO")];
    for (number, text) in texts.into_iter().enumerate() {
        files.push(Source::from_text(format!("odd/{number}.yaml"), text, Origin::Worktree));
    }
    files
}

#[test]
fn whatever_is_found_is_held() {
    let (config, code_owners) = (Config::default(), CodeOwners::default());
    let now: Timestamp = NOW.parse().unwrap();
    let facts = Facts::new(&config, &code_owners, now);
    let choice = Choice { set: Some(Set::All), only: Vec::new() };
    let (rules, _) = RuleSet::new(&config.rules, &choice);
    let mut tree = lint::load(files(), &Files::default());
    let mut findings = lint::run(&tree, &rules, &facts);
    assert!(findings.len() > 500, "{}", findings.len());
    let none = Baseline::default();
    let held = vec![None; findings.len()];
    let unseen = Unseen::default();
    let scope = Scope::new(&rules, &unseen, &|_| true);
    let renewed = Matching::new(&none).renew(&tree, &mut findings, &held, &scope, |_| true);
    let text = baseline::render(&renewed);
    let source = Source::from_text(baseline::FILE_NAME, text.as_str(), Origin::Worktree);
    let (read, problems) = Baseline::parse(SourceId::default(), &source);
    assert_eq!(problems, []);
    let mut again = lint::run(&tree, &rules, &facts);
    let mut matching = Matching::new(&read);
    let held = matching.mark(&tree, &unseen, &mut again);
    for finding in &again {
        let is_of_acceptance =
            rules::named(finding.rule).is_some_and(rules::Rule::is_of_acceptance);
        let is_held = !finding.suppressed && !is_of_acceptance;
        assert_eq!(finding.baselined, is_held, "{finding:?}");
    }
    let scope = Scope::new(&rules, &unseen, &|_| true);
    let renewed = matching.renew(&tree, &mut again, &held, &scope, |_| true);
    assert_eq!(baseline::render(&renewed), text, "and the file stays as it is");
    let count = again.len();
    let file = tree.sources.add(source);
    let scope = Scope::new(&rules, &unseen, &|_| true);
    matching.report_unused(&tree, file, &scope, &facts, &mut again);
    assert_eq!(again.len(), count, "no entry stands for nothing");
    let held = findings.iter().filter(|finding| finding.baselined);
    let places: BTreeSet<_> = held.map(|finding| (finding.rule, finding.span)).collect();
    let later = Facts { now: now + Span::new().hours(24 * 40), ..facts };
    let mut later = lint::run(&tree, &rules, &later);
    Matching::new(&read).mark(&tree, &unseen, &mut later);
    later.retain(|finding| places.contains(&(finding.rule, finding.span)));
    for finding in &later {
        assert!(finding.baselined, "it is new every day: {finding:?}");
    }
}
