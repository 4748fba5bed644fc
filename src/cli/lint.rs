//! `slo lint`

use std::collections::BTreeSet;
use std::env;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::time::Instant;

use jiff::Timestamp;

use crate::finding::Finding;
use crate::finding::Safety;
use crate::lint;
use crate::lint::RuleSet;
use crate::lint::Tree;
use crate::report::Report;
use crate::report::RuleView;
use crate::report::Summary;
use crate::rules::Facts;
use crate::source::MAX_BYTES;
use crate::source::Origin;
use crate::source::Source;

use super::Exit;
use super::arguments::FailLevel;
use super::arguments::FixKind;
use super::arguments::Global;
use super::arguments::LintOptions;
use super::discover;
use super::error::Error;
use super::fix;
use super::fix::Mended;
use super::is_terminal;
use super::output;
use super::project::Project;

/// The path under which standard input is reported.
const STDIN: &str = "<stdin>";

pub(super) fn run(global: &Global, options: &LintOptions) -> Result<Exit, Error> {
    let started = Instant::now();
    let project = Project::open(global)?;
    let rules = project.rules(&options.rules)?;
    let now = options.now.unwrap_or_else(Timestamp::now);
    let wanted = Wanted::new(&project, &options.paths)?;
    if wanted.stdin && options.fix.is_some() {
        let message = "standard input cannot be fixed: there is no file to write".to_owned();
        let hint = Some("name the file, or leave `--fix` out".to_owned());
        return Err(Error::Usage { message, hint });
    }
    let mut found = discover::files(&project)?;
    if wanted.stdin {
        found.sources.push(standard_input()?);
    }
    for why in &found.passed_over {
        output::say(global, &format!("passed over {why}"));
    }
    let tree = lint::load(found.sources);
    let code_owners = project.code_owners();
    let facts = Facts { config: &project.config, code_owners: &code_owners, now };
    let judge = |tree: &Tree| lint::run(tree, &rules, &facts);
    let reported =
        |finding: &Finding, tree: &Tree| wanted.holds(&tree.sources.file(finding.span.source).path);
    let mended = match options.fix {
        None => Mended { findings: judge(&tree), tree, applied: 0, unwritten: None },
        Some(FixKind::Safe) => fix::apply(&project, tree, judge, reported, Safety::Safe),
        Some(FixKind::Unsafe) => fix::apply(&project, tree, judge, reported, Safety::Unsafe),
    };
    match mended.applied {
        0 => {}
        1 => output::say(global, "applied 1 fix"),
        count => output::say(global, &format!("applied {count} fixes")),
    }
    let Mended { tree, mut findings, unwritten, .. } = mended;
    findings.retain(|finding| reported(finding, &tree));
    let findings = lint::fold(findings);
    wanted.tell_about_silent_paths(global, &tree);
    let watched = is_terminal(&io::stdout());
    let elapsed = watched.then(|| started.elapsed());
    let summary = summary(&tree, found.templates, elapsed);
    let views = views(&rules);
    let mut report = Report::of_findings(&tree.sources, &findings, output::docs);
    report.rules = &views;
    report.summary = (!global.quiet).then_some(summary);
    output::render(global, &options.format, &report)?;
    if let Some(unwritten) = unwritten {
        return Err(unwritten);
    }
    let fail_on = options.fail_on.map_or(project.config.gate.fail_on, FailLevel::lowest);
    let failing =
        findings.iter().any(|finding| !finding.suppressed && fail_on.includes(finding.level));
    Ok(if failing { Exit::Findings } else { Exit::Success })
}

/// Returns what formats for machines say about every rule.
pub(super) fn views(rules: &RuleSet) -> Vec<RuleView<'static>> {
    let view = |chosen: &lint::Chosen| {
        let rule = chosen.rule;
        RuleView { name: rule.name, level: rule.level, summary: rule.summary(), page: rule.docs }
    };
    rules.all().iter().map(view).collect()
}

fn summary(tree: &Tree, templates: usize, elapsed: Option<std::time::Duration>) -> Summary {
    let objects = tree.catalog.objects();
    let files: BTreeSet<_> = objects.iter().map(|object| object.meta().span.source).collect();
    let families: BTreeSet<_> =
        objects.iter().map(|object| object.meta().dialect.family()).collect();
    Summary {
        slos: tree.catalog.slos().count(),
        files: files.len(),
        dialects: families.into_iter().collect(),
        templates_passed_over: tree.templates.len() + templates,
        baselined: 0,
        elapsed,
    }
}

fn standard_input() -> Result<Source, Error> {
    let failed = |source| Error::Io { action: "read", path: "standard input".to_owned(), source };
    let mut bytes = Vec::new();
    let limit = MAX_BYTES as u64 + 1;
    io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Source::decode(STDIN, bytes, Origin::Stdin))
}

/// The paths that are reported: those named, or all.
struct Wanted {
    stdin: bool,
    paths: Vec<String>,
}

impl Wanted {
    fn new(project: &Project, named: &[PathBuf]) -> Result<Self, Error> {
        let mut wanted = Self { stdin: false, paths: Vec::new() };
        for path in named {
            if path.as_os_str() == "-" {
                wanted.stdin = true;
                wanted.paths.push(STDIN.to_owned());
                continue;
            }
            wanted.paths.push(below_root(project, path)?);
        }
        Ok(wanted)
    }

    fn holds(&self, path: &str) -> bool {
        let below = |folder: &String| {
            folder.is_empty()
                || path == folder
                || path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        self.paths.is_empty() || self.paths.iter().any(below)
    }

    /// A path that somebody names holds something, or somebody is mistaken.
    fn tell_about_silent_paths(&self, global: &Global, tree: &Tree) {
        for path in &self.paths {
            let one = Self { stdin: false, paths: vec![path.clone()] };
            let objects = tree.catalog.objects().iter();
            let speaks = objects
                .map(|object| object.meta().span.source)
                .chain(
                    tree.files
                        .iter()
                        .filter(|file| !file.yaml.is_empty() || !file.dialect.is_empty())
                        .map(|file| file.source),
                )
                .any(|source| one.holds(&tree.sources.file(source).path));
            let template = tree.templates.iter().any(|template| one.holds(template));
            if !speaks {
                let shown = if path.is_empty() { "." } else { path };
                let why = if template {
                    "is a template, which is passed over"
                } else {
                    "holds no SLO object"
                };
                output::say(global, &format!("{shown} {why}"));
            }
        }
    }
}

/// Returns a path as it stands from the root.
fn below_root(project: &Project, path: &Path) -> Result<String, Error> {
    let failed = |source| Error::Io { action: "open", path: path.display().to_string(), source };
    let full = env::current_dir().map_err(failed)?.join(path);
    let Ok(full) = full.canonicalize() else {
        let message = format!("there is no file or folder {}", path.display());
        return Err(Error::Usage { message, hint: None });
    };
    let root = project.root.canonicalize().map_err(failed)?;
    let Ok(relative) = full.strip_prefix(&root) else {
        return Err(Error::Usage {
            message: format!("{} is not below {}", path.display(), root.display()),
            hint: Some("name the repository with `--repo DIR`".to_owned()),
        });
    };
    Ok(relative.display().to_string().replace('\\', "/"))
}
