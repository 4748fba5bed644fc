//! Markdown files as tests: prose says why, fenced blocks are the case.
//!
//! Every page in `src/rules` and every file in `tests/fixtures` is read by this runner. A block's
//! info string is `LANGUAGE ROLE [file=PATH]`; `CONTRIBUTING.md` lists the roles. Expected blocks are
//! rewritten with `UPDATE_FIXTURES=1 cargo test`, never typed.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use slo::config::Config;
use slo::config::METRICS_FILE;
use slo::config::Metrics;
use slo::config::baseline;
use slo::config::baseline::Baseline;
use slo::config::owners::CodeOwners;
use slo::finding::Finding;
use slo::finding::Safety;
use slo::lint;
use slo::lint::Choice;
use slo::lint::Differences;
use slo::lint::RuleSet;
use slo::lint::Tree;
use slo::lint::baseline::Matching;
use slo::lint::baseline::Scope;
use slo::lint::baseline::Unseen;
use slo::rules;
use slo::rules::Facts;
use slo::rules::Rule;
use slo::source::LineIndex;
use slo::source::Origin;
use slo::source::Source;
use slo::source::SourceId;

mod draw;
mod read;

pub(crate) use read::cases;

/// A fenced block of a Markdown file.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) role: String,
    pub(crate) file: Option<String>,
    pub(crate) text: String,
    /// The bytes of the text in the Markdown file.
    pub(crate) range: std::ops::Range<usize>,
}

/// An input and what is expected of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    pub(crate) heading: String,
    pub(crate) inputs: Vec<Block>,
    pub(crate) config: Option<Block>,
    pub(crate) now: Option<String>,
    pub(crate) owners: Option<String>,
    pub(crate) metrics: Option<String>,
    pub(crate) baseline: Option<Block>,
    /// The tree that a change starts from, where one is judged.
    pub(crate) before: Vec<Block>,
    /// The messages of its commits, each below a line with its author.
    pub(crate) commits: Vec<String>,
    /// Whether nothing is committed yet.
    pub(crate) is_staged: bool,
    pub(crate) expected: Vec<Block>,
}

impl Case {
    /// Returns whether nothing may be reported.
    pub(crate) fn is_good(&self) -> bool {
        self.inputs.iter().all(|block| block.role == "good")
    }

    pub(crate) fn sources(&self) -> Vec<Source> {
        sources_of(&self.inputs)
    }

    /// Reads the inputs and runs the rules named, or the recommended set where none is.
    pub(crate) fn run(&self, only: &[&str]) -> (Tree, Vec<Finding>) {
        self.run_on(self.sources(), only)
    }

    /// A rule about what is accepted judges what other rules found, so all of them run beside it.
    fn run_on(&self, sources: Vec<Source>, only: &[&str]) -> (Tree, Vec<Finding>) {
        let chosen = only.iter().filter_map(|name| rules::named(name));
        let judges = chosen.clone().any(Rule::is_of_acceptance);
        let run = chosen.filter(|_| !judges).map(|rule| rule.name.to_owned());
        let choice = Choice { set: None, only: run.collect() };
        let (tree, mut findings) = self.run_chosen(sources, &choice);
        findings.retain(|finding| only.is_empty() || only.contains(&finding.rule));
        (tree, lint::fold(findings))
    }

    /// Runs the rules that are chosen; says everything, what is accepted too.
    pub(crate) fn run_chosen(&self, sources: Vec<Source>, choice: &Choice) -> (Tree, Vec<Finding>) {
        let config = self.config.as_ref().map_or_else(Config::default, |block| {
            let source = Source::from_text("slo.toml", block.text.as_str(), Origin::Worktree);
            let (config, problems) = Config::parse(SourceId::default(), &source);
            assert!(problems.is_empty(), "{}: {problems:?}", self.heading);
            config
        });
        let config = Config { metrics: self.metrics(), ..config };
        let (rules, unknown) = RuleSet::new(&config.rules, choice);
        assert!(unknown.is_empty(), "{unknown:?}");
        let now = self.now.as_deref().unwrap_or("2026-11-22T09:00:00Z").trim();
        let mut tree = lint::load(sources, &config.files);
        let now = now.parse().expect("a `text now` block holds an instant");
        let (code_owners, problems) = CodeOwners::parse(self.owners.as_deref().unwrap_or_default());
        assert!(problems.is_empty(), "{}: {problems:?}", self.heading);
        let before = lint::load(sources_of(&self.before), &config.files);
        let proposal = self.proposal();
        let given = Some(&proposal).filter(|_| !self.is_staged);
        let differences = Differences::between(&before, &mut tree);
        let is_change = !self.before.is_empty();
        let comparison = is_change.then(|| differences.comparison(&before, &config.owners, given));
        let facts = Facts { comparison, ..Facts::new(&config, &code_owners, now) };
        let mut findings = lint::run(&tree, &rules, &facts);
        if let Some(block) = &self.baseline {
            let text = without_markers(&block.text);
            let source = Source::from_text(baseline::FILE_NAME, text, Origin::Worktree);
            let (held, problems) = Baseline::parse(SourceId::default(), &source);
            assert!(problems.is_empty(), "{}: {problems:?}", self.heading);
            let mut matching = Matching::new(&held);
            let unseen = Unseen::new(&tree, []);
            matching.mark(&tree, &unseen, &mut findings);
            let file = tree.sources.add(source);
            let scope = Scope::new(&rules, &unseen, &|_| true);
            matching.report_unused(&tree, file, &scope, &facts, &mut findings);
        }
        (tree, findings)
    }

    fn metrics(&self) -> Metrics {
        let text = self.metrics.as_deref().unwrap_or_default();
        let source = Source::from_text(METRICS_FILE, text, Origin::Worktree);
        let (metrics, problems) = Metrics::parse(SourceId::default(), &source);
        assert!(problems.is_empty(), "{}: {problems:?}", self.heading);
        metrics
    }

    /// Checks some rules on this case; returns what is wrong, and the new text of expected blocks.
    pub(crate) fn check(&self, only: &[&str]) -> (Vec<String>, Vec<(Block, String)>) {
        let (tree, findings) = self.run(only);
        let shown: Vec<&Finding> =
            findings.iter().filter(|finding| !finding.is_accepted()).collect();
        let mut wrong = self.check_markers(&tree, &shown);
        if self.is_good() && !shown.is_empty() {
            wrong.push(format!("a good block is reported:\n{}", draw::all(&tree, &shown)));
        }
        let (fixed, faults) = self.check_fixes(only, &findings, &tree);
        wrong.extend(faults);
        let mut updates = Vec::new();
        for block in &self.expected {
            let actual = match block.role.as_str() {
                "findings" => draw::all(&tree, &shown),
                "fix" => fixed.clone(),
                "model" => {
                    let model = serde_json::to_string_pretty(tree.catalog.objects());
                    model.expect("the model serializes") + "\n"
                }
                other => panic!("{}: unknown role `{other}`", self.heading),
            };
            if actual != block.text {
                wrong.push(format!("`{}` differs; it is now:\n{actual}", block.role));
                updates.push((block.clone(), actual));
            }
        }
        (wrong, updates)
    }

    /// Compares markers with the lines on which findings start.
    fn check_markers(&self, tree: &Tree, findings: &[&Finding]) -> Vec<String> {
        let mut marked = Vec::new();
        let baseline = self.baseline.iter().map(|block| (baseline::FILE_NAME, block));
        let inputs = self.inputs.iter();
        let inputs = inputs.map(|block| (block.file.as_deref().unwrap_or("slo.yaml"), block));
        for (path, block) in inputs.chain(baseline) {
            for (number, line) in block.text.lines().enumerate() {
                let Some((_, marks)) = line.split_once("#~ ") else {
                    continue;
                };
                for mark in marks.split_whitespace() {
                    marked.push(format!("{path}:{}: {mark}", number + 1));
                }
            }
        }
        let mut found: Vec<String> = findings
            .iter()
            .map(|finding| {
                let file = tree.sources.file(finding.span.source);
                let line = LineIndex::new(&file.text).position(finding.span.start as usize).line;
                format!("{}:{line}: {}[{}]", file.path, finding.level.name(), finding.rule)
            })
            .collect();
        marked.sort();
        found.sort();
        if marked == found || (marked.is_empty() && self.expects_findings()) {
            return Vec::new();
        }
        vec![format!("marked {marked:#?}\nfound {found:#?}\n{}", draw::all(tree, findings))]
    }

    fn expects_findings(&self) -> bool {
        self.expected.iter().any(|block| block.role == "findings")
    }

    /// Proves every fix: it parses, removes its finding, adds none, comes to an end, and if safe
    /// leaves the model equal. Returns the difference that all fixes make.
    fn check_fixes(&self, only: &[&str], found: &[Finding], tree: &Tree) -> (String, Vec<String>) {
        let mut wrong = Vec::new();
        for finding in found.iter().filter(|finding| !finding.is_accepted()) {
            let Some(fix) = &finding.fix else { continue };
            let fixed =
                lint::fix(&tree.sources, std::slice::from_ref(finding), fix.safety, |_| true);
            let (after, remaining) = self.run_on(replace(tree, &fixed), only);
            let same = |other: &&Finding| other.message == finding.message;
            if remaining.iter().filter(same).count() >= found.iter().filter(same).count() {
                wrong.push(format!("the fix `{}` does not remove its finding", fix.title));
            }
            if !after.files.iter().all(|file| file.yaml.is_empty()) {
                wrong.push(format!("the fix `{}` breaks the file", fix.title));
            }
            let model =
                |tree: &Tree| serde_json::to_string(&tree.catalog.meaning()).expect("serializes");
            let reads_more = rule_changes_reading(finding.rule);
            if fix.safety == Safety::Safe && !reads_more && model(&after) != model(tree) {
                wrong.push(format!("the safe fix `{}` changes the model", fix.title));
            }
            let (_, all_before) = self.run(&[]);
            let (_, all_after) = self.run_on(replace(tree, &fixed), &[]);
            let known = |message: &str| all_before.iter().any(|finding| finding.message == message);
            // What is read for the first time may be wrong in ways that only its meaning shows.
            let is_new_meaning = |other: &Finding| {
                reads_more
                    && rules::named(other.rule).is_some_and(|other| other.family() != "document")
            };
            for added in all_after.iter().filter(|one| !known(&one.message) && !is_new_meaning(one))
            {
                wrong.push(format!("the fix `{}` adds: {}", fix.title, added.message));
            }
        }
        let mut current = self.sources();
        for round in 0.. {
            let (tree, findings) = self.run_on(current.clone(), only);
            let fixed = lint::fix(&tree.sources, &findings, Safety::Unsafe, |_| true);
            if fixed.is_empty() {
                break;
            }
            if round == 10 {
                wrong.push("the fixes come to no end".to_owned());
                break;
            }
            current = replace(&tree, &fixed);
        }
        (draw::difference(&self.sources(), &current), wrong)
    }
}

fn sources_of(blocks: &[Block]) -> Vec<Source> {
    let source = |block: &Block| {
        let path = block.file.clone().unwrap_or_else(|| "slo.yaml".to_owned());
        Source::from_text(path, without_markers(&block.text), Origin::Worktree)
    };
    blocks.iter().map(source).collect()
}

/// Fixes of these rules mend text that could not be read, so the model gains what it lacked; an alert
/// that is turned the right way round is judged for the first time.
pub(crate) fn rule_changes_reading(rule: &str) -> bool {
    matches!(
        rule,
        "unknown-kind"
            | "unknown-field"
            | "invalid-duration"
            | "budgeting-method-mismatch"
            | "target-unit-mismatch"
            | "unresolved-reference"
            | "invalid-calendar"
            | "burn-operator-inverted"
    )
}

fn replace(tree: &Tree, fixed: &[lint::Fixed]) -> Vec<Source> {
    tree.sources
        .iter()
        .map(|(id, source)| {
            let text =
                fixed.iter().find(|fixed| fixed.source == id).map(|fixed| fixed.text.as_str());
            let text = text.unwrap_or(&source.text);
            Source::from_text(source.path.as_str(), text, Origin::Worktree)
        })
        .collect()
}

/// Returns the input without its markers.
pub(crate) fn without_markers(text: &str) -> String {
    let cut = |line: &str| match line.split_once("#~ ") {
        Some((line, _)) => line.trim_end().to_owned(),
        None => line.to_owned(),
    };
    let mut result = text.lines().map(cut).collect::<Vec<_>>().join("\n");
    result.push('\n');
    result
}

/// Returns every Markdown file below a folder of the repository, in order.
pub(crate) fn markdown_below(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Checks every case of the files, each with the one rule that its name says, if it says one, or
/// with the recommended set.
pub(crate) fn check_files(files: &[PathBuf]) {
    let mut failures = Vec::new();
    for path in files {
        let markdown = fs::read_to_string(path).expect("the file was just listed");
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("names are UTF-8");
        let rule = rules::named(&stem.replace('_', "-"));
        let only: Vec<&str> = rule.iter().map(|rule| rule.name).collect();
        let mut updates = Vec::new();
        for case in cases(&markdown) {
            let (wrong, new) = case.check(&only);
            failures.extend(
                wrong
                    .into_iter()
                    .map(|wrong| format!("{}: {}: {wrong}", path.display(), case.heading)),
            );
            updates.extend(new);
        }
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            let mut text = markdown;
            for (block, new) in updates.into_iter().rev() {
                text.replace_range(block.range, &new);
            }
            fs::write(path, text).expect("the file can be written");
        }
    }
    assert!(failures.is_empty(), "{} failures:\n\n{}", failures.len(), failures.join("\n\n"));
}
