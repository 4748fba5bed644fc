//! `slo lint`

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io;
use std::io::Read;
use std::path::MAIN_SEPARATOR;
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;

use crate::config::Config;
use crate::config::baseline;
use crate::finding::Finding;
use crate::finding::Safety;
use crate::lint;
use crate::lint::Differences;
use crate::lint::RuleSet;
use crate::lint::Tree;
use crate::lint::baseline::Unseen;
use crate::proposal::Proposal;
use crate::report::Format;
use crate::report::Report;
use crate::report::RuleView;
use crate::report::Summary;
use crate::report::Target;
use crate::rules::Comparison;
use crate::rules::Facts;
use crate::source::MAX_BYTES;
use crate::source::Origin;
use crate::source::Source;

use super::Exit;
use super::arguments::FailLevel;
use super::arguments::FixKind;
use super::arguments::Global;
use super::arguments::LintOptions;
use super::baseline::About;
use super::discover;
use super::discover::PassedOver;
use super::error::Error;
use super::fix;
use super::fix::Mended;
use super::ground::Before;
use super::ground::Ground;
use super::is_terminal;
use super::output;
use super::project;
use super::project::Project;
use super::since;
use super::snapshot;
use super::snapshot::Unread;

/// The path under which standard input is reported.
const STDIN: &str = "<stdin>";

pub(super) fn run(global: &Global, options: &LintOptions) -> Result<Exit, Error> {
    let started = Instant::now();
    let ground = Ground::open(global, options)?;
    let project = &ground.project;
    let rules = project.rules(&options.rules)?;
    let now = options.clock.now.unwrap_or_else(Timestamp::now);
    let wanted = Wanted::new(&ground, options)?;
    wanted.check(options)?;
    let course = ground.course(options, wanted.stdin.is_some())?;
    let gathered = gather(global, &ground, options, &wanted)?;
    let before = ground.before(options, &gathered.sources)?;
    let code_owners = ground.code_owners(global)?;
    let alone = Facts::new(&project.config, &code_owners, now);
    let Loaded { mut tree, before, passed_over, unread } = load(gathered, before, project, &wanted);
    let differences = before.as_ref().map(|it| Differences::between(&it.tree, &mut tree));
    let both = before.as_ref().zip(differences.as_ref());
    let comparison = both.map(|(before, it)| before.comparison(it));
    let untouched = ground.untouched(options, &tree, now)?;
    let facts = Facts { comparison, untouched: untouched.as_ref(), ..alone };
    let unseen_of = |tree: &Tree| Unseen::new(tree, unread.iter().cloned());
    let judge = |tree: &Tree| {
        let mut findings = lint::run(tree, &rules, &facts);
        if options.fix.is_some() {
            course.mark(tree, &unseen_of(tree), &mut findings);
        }
        findings
    };
    let reported = |finding: &Finding, tree: &Tree| {
        let path = &tree.sources.file(finding.span.source).path;
        wanted.holds(path) || path == baseline::FILE_NAME
    };
    let mended = match options.fix {
        None => Mended { findings: judge(&tree), tree, applied: 0, unwritten: None },
        Some(which) => mend(global, project, tree, judge, reported, which),
    };
    let Mended { mut tree, mut findings, unwritten, .. } = mended;
    let is_asked = |path: &str| wanted.holds(path);
    let unseen = unseen_of(&tree);
    let about = About {
        global,
        root: &project.root,
        rules: &rules,
        facts: &facts,
        unseen: &unseen,
        is_asked: &is_asked,
    };
    course.settle(&about, &mut tree, &mut findings)?;
    let older = before.as_ref().map(|Compared { tree: before, .. }| {
        // Of what is not found now, nobody has to know whether it was found before.
        let old = lint::run(before, &rules.of(&findings), &alone);
        since::keep_new(before, &tree, &mut findings, &old)
    });
    lint::turn(&tree, &mut findings, |path| wanted.holds(path));
    findings.retain(|finding| reported(finding, &tree));
    let findings = lint::fold(findings);
    wanted.tell_about_silent_paths(global, project, &tree, &passed_over);
    let formats = &options.output.format;
    tell(global, formats, &tree, &findings, Told { rules: &rules, older, started })?;
    if let Some(unwritten) = unwritten {
        return Err(unwritten);
    }
    Ok(exit(project, options, &findings))
}

/// Returns whether what was found fails.
fn exit(project: &Project, options: &LintOptions, findings: &[Finding]) -> Exit {
    let fail_on = options.fail_on.map_or(project.config.gate.fail_on, FailLevel::lowest);
    let failing =
        findings.iter().any(|finding| !finding.is_accepted() && fail_on.includes(finding.level));
    if failing { Exit::Findings } else { Exit::Success }
}

/// What a report says beside what was found.
#[derive(Clone, Copy)]
struct Told<'a> {
    rules: &'a RuleSet,
    /// How many findings stood there before, where that was asked.
    older: Option<usize>,
    started: Instant,
}

/// Writes the report in every format that was asked for.
fn tell(
    global: &Global,
    targets: &[Target],
    tree: &Tree,
    findings: &[Finding],
    told: Told<'_>,
) -> Result<(), Error> {
    let Told { rules, older, started } = told;
    let watched = is_terminal(&io::stdout());
    let elapsed = watched.then(|| started.elapsed());
    let baselined = findings.iter().filter(|finding| finding.baselined).count();
    let views = views(rules);
    let mut report = Report::of_findings(&tree.sources, findings, output::docs);
    report.rules = &views;
    report.summary =
        (!global.quiet).then(|| Summary { baselined, older, elapsed, ..summary(tree) });
    report.templates_passed_over = Some(tree.templates.len());
    let is_counted = targets.is_empty() || targets.iter().any(is_for_people);
    if global.verbose || !is_counted {
        output::say_templates(global, tree);
    }
    output::say_unknown(global, tree);
    output::render(global, targets, &report)
}

/// The files that are linted, and what was not read.
struct Gathered {
    sources: Vec<Source>,
    /// The paths of files that `[files]` calls templates.
    templates: Vec<String>,
    passed_over: Vec<PassedOver>,
    /// The paths of all files that are there and were not read, whatever was asked about.
    unread: BTreeSet<String>,
}

/// What was read, and what was not.
struct Loaded {
    tree: Tree,
    before: Option<Compared>,
    passed_over: Vec<PassedOver>,
    /// The paths of all files that are there and were not read, whatever was asked about.
    unread: BTreeSet<String>,
}

/// The tree that is compared with, what it was read by, and who proposes what differs.
struct Compared {
    tree: Tree,
    config: Config,
    proposal: Option<Proposal>,
}

impl Compared {
    /// Returns what rules ask about the change.
    fn comparison<'a>(&'a self, differences: &'a Differences) -> Comparison<'a> {
        differences.comparison(&self.tree, &self.config.owners, self.proposal.as_ref())
    }
}

/// Reads the files that are to be linted; says what is passed over.
fn gather(
    global: &Global,
    ground: &Ground,
    options: &LintOptions,
    wanted: &Wanted,
) -> Result<Gathered, Error> {
    if let Some(gathered) = ground.gathered()? {
        return Ok(gathered_from(global, gathered, wanted));
    }
    let project = &ground.project;
    let named = wanted.named(project, options.force_exclude);
    let mut found = discover::files(project, &named)?;
    if let Some(path) = &wanted.stdin {
        let files = &project.config.files;
        let is_template = path != STDIN && files.templates.matches(path);
        let is_left_out = path != STDIN && options.force_exclude && !files.is_read(path);
        if is_template && !found.templates.contains(path) {
            found.templates.push(path.clone());
        }
        found.sources.retain(|source| source.path != *path);
        found.passed_over.retain(|passed| passed.path != *path);
        if !is_template && !is_left_out {
            let place = found.sources.partition_point(|source| source.path < *path);
            found.sources.insert(place, standard_input(path)?);
        }
    }
    let passed_over = found.passed_over.iter().map(|passed| &passed.path);
    let unread: BTreeSet<String> =
        passed_over.chain(&found.left_out).chain(&found.templates).cloned().collect();
    found.passed_over.retain(|passed| wanted.holds(&passed.path));
    found.left_out.retain(|path| wanted.holds(path));
    output::say_read(global, &found);
    tell_passed_over(global, &found.passed_over);
    let discover::Found { sources, templates, passed_over, .. } = found;
    Ok(Gathered { sources, templates, passed_over, unread })
}

/// Takes what was read in the place of the worktree.
fn gathered_from(global: &Global, whole: snapshot::Gathered, wanted: &Wanted) -> Gathered {
    let snapshot::Gathered { sources, unread: passed, mut left_out } = whole;
    let passed = passed.into_iter().map(|Unread { path, why, .. }| PassedOver { path, why });
    let mut passed_over: Vec<PassedOver> = passed.collect();
    left_out.extend(passed_over.iter().map(|passed| passed.path.clone()));
    passed_over.retain(|passed| wanted.holds(&passed.path));
    tell_passed_over(global, &passed_over);
    let unread = left_out.into_iter().collect();
    Gathered { sources, templates: Vec::new(), passed_over, unread }
}

/// Reads the objects of what is linted, and of what it is compared with.
fn load(gathered: Gathered, before: Option<Before>, project: &Project, wanted: &Wanted) -> Loaded {
    let Gathered { sources, mut templates, passed_over, mut unread } = gathered;
    let files = &project.config.files;
    let (mut tree, before) = match before {
        None => (lint::load(sources, files), None),
        Some(Before { sources: old, config, proposal }) => {
            let (before, tree) = lint::load_both((old, &config.files), (sources, files));
            (tree, Some(Compared { tree: before, config, proposal }))
        }
    };
    unread.extend(tree.templates.iter().cloned());
    tree.templates.append(&mut templates);
    tree.templates.retain(|path| wanted.holds(path));
    Loaded { tree, before, passed_over, unread }
}

fn tell_passed_over(global: &Global, passed_over: &[PassedOver]) {
    for PassedOver { path, why } in passed_over {
        output::say(global, &format!("passed over {path}: {why}"));
    }
}

/// Applies fixes; says how many.
fn mend(
    global: &Global,
    project: &Project,
    tree: Tree,
    judge: impl Fn(&Tree) -> Vec<Finding>,
    reported: impl Fn(&Finding, &Tree) -> bool,
    which: FixKind,
) -> Mended {
    let highest = match which {
        FixKind::Safe => Safety::Safe,
        FixKind::Unsafe => Safety::Unsafe,
    };
    let templates = tree.templates.clone();
    let mut mended = fix::apply(project, tree, judge, reported, highest);
    // What a fix reads again knows nothing of the templates that `[files]` names.
    mended.tree.templates = templates;
    match mended.applied {
        0 => {}
        1 => output::say(global, "applied 1 fix"),
        count => output::say(global, &format!("applied {count} fixes")),
    }
    mended
}

/// Returns whether a report ends with a sentence that counts templates.
fn is_for_people(target: &Target) -> bool {
    target.format == Format::Terminal && target.file.is_none()
}

/// Returns what formats for machines say about every rule.
pub(super) fn views(rules: &RuleSet) -> Vec<RuleView<'static>> {
    let view = |chosen: &lint::Chosen| {
        let rule = chosen.rule;
        RuleView { name: rule.name, level: rule.level, summary: rule.summary(), page: rule.docs }
    };
    rules.all().iter().map(view).collect()
}

fn summary(tree: &Tree) -> Summary {
    let objects = tree.catalog.objects();
    let files: BTreeSet<_> = objects.iter().map(|object| object.meta().span.source).collect();
    let families: BTreeSet<_> =
        objects.iter().map(|object| object.meta().dialect.family()).collect();
    Summary {
        slos: tree.catalog.slos().count(),
        files: files.len(),
        dialects: families.into_iter().collect(),
        ..Summary::default()
    }
}

/// Reads standard input as what a path holds.
fn standard_input(path: &str) -> Result<Source, Error> {
    let failed = |source| Error::Io { action: "read", path: "standard input".to_owned(), source };
    let mut bytes = Vec::new();
    let limit = MAX_BYTES as u64 + 1;
    io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Source::decode(path, bytes, Origin::Stdin))
}

/// The paths that are reported: those named, or all.
struct Wanted {
    /// The path under which standard input is judged, where it is.
    stdin: Option<String>,
    paths: Vec<String>,
}

impl Wanted {
    fn new(ground: &Ground, options: &LintOptions) -> Result<Self, Error> {
        let mut wanted = Self { stdin: None, paths: Vec::new() };
        let project = &ground.project;
        for path in &options.paths {
            if !ground.is_worktree() {
                wanted.paths.push(project::named_from_root(project, path)?);
                continue;
            }
            if path.as_os_str() != "-" {
                wanted.paths.push(below_root(project, path)?);
                continue;
            }
            let name = options.stdin_filename.as_deref().map(|name| buffer(project, name));
            let name = name.transpose()?.unwrap_or_else(|| STDIN.to_owned());
            wanted.paths.push(name.clone());
            wanted.stdin = Some(name);
        }
        if wanted.stdin.is_none() && options.stdin_filename.is_some() {
            let message = "`--stdin-filename` names standard input, which is not read".to_owned();
            let hint = Some("add `-` to read it".to_owned());
            return Err(Error::Usage { message, hint });
        }
        Ok(wanted)
    }

    /// Refuses to mend what lies in no file.
    fn check(&self, options: &LintOptions) -> Result<(), Error> {
        if self.stdin.is_none() || options.fix.is_none() {
            return Ok(());
        }
        let message = "standard input cannot be fixed: there is no file to write".to_owned();
        let hint = Some("name the file, or leave `--fix` out".to_owned());
        Err(Error::Usage { message, hint })
    }

    fn holds(&self, path: &str) -> bool {
        let below = |folder: &String| {
            folder.is_empty()
                || path == folder
                || path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        self.paths.is_empty() || self.paths.iter().any(below)
    }

    /// Returns the paths that are read because somebody names them.
    fn named(&self, project: &Project, force_exclude: bool) -> Vec<String> {
        let files = &project.config.files;
        let is_file = |path: &&String| self.stdin.as_ref() != Some(*path);
        // The baseline quotes definitions, and is none.
        let is_named = |path: &&String| {
            path.as_str() != baseline::FILE_NAME && (!force_exclude || files.is_read(path))
        };
        self.paths.iter().filter(is_file).filter(is_named).cloned().collect()
    }

    /// A path that somebody names holds something, or somebody is mistaken.
    fn tell_about_silent_paths(
        &self,
        global: &Global,
        project: &Project,
        tree: &Tree,
        passed_over: &[PassedOver],
    ) {
        for path in &self.paths {
            let one = Self { stdin: None, paths: vec![path.clone()] };
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
            if speaks || passed_over.iter().any(|passed| one.holds(&passed.path)) {
                continue;
            }
            let shown = if path.is_empty() { "." } else { path };
            let is_file = !project.root.join(path).is_dir();
            let why = if tree.templates.iter().any(|template| one.holds(template)) {
                "is a template, which is passed over"
            } else if is_file && !project.config.files.is_read(path) && path != STDIN {
                // Only `--force-exclude` comes here.
                "is left out by `[files]`"
            } else if is_file {
                "holds no SLO object"
            } else {
                "holds no SLO object in the files that are read"
            };
            output::say(global, &format!("{shown} {why}"));
        }
    }
}

/// Returns a path as it stands from the root.
pub(super) fn below_root(project: &Project, path: &Path) -> Result<String, Error> {
    let failed = |source| Error::Io { action: "open", path: path.display().to_string(), source };
    let full = env::current_dir().map_err(failed)?.join(path);
    let Ok(full) = full.canonicalize() else {
        let message = format!("there is no file or folder {}", path.display());
        return Err(Error::Usage { message, hint: None });
    };
    relative(project, path, &full)
}

/// Returns the path of a file that an editor holds, which need not be saved yet, from the root.
fn buffer(project: &Project, path: &Path) -> Result<String, Error> {
    let failed = |source| Error::Io { action: "open", path: path.display().to_string(), source };
    let full = env::current_dir().map_err(failed)?.join(path);
    if full.is_dir() {
        let message = format!("{} is a folder, and standard input a file", path.display());
        return Err(Error::Usage { message, hint: None });
    }
    if let Ok(full) = full.canonicalize() {
        return relative(project, path, &full);
    }
    let folder = full.parent().and_then(|folder| folder.canonicalize().ok());
    let (Some(folder), Some(name)) = (folder, full.file_name()) else {
        let message = format!("there is no folder for {}", path.display());
        return Err(Error::Usage { message, hint: None });
    };
    relative(project, path, &folder.join(name))
}

/// Returns a full path as it stands from the root.
///
/// * `path`: how somebody named it.
fn relative(project: &Project, path: &Path, full: &Path) -> Result<String, Error> {
    let failed = |source| Error::Io { action: "open", path: path.display().to_string(), source };
    let root = project.root.canonicalize().map_err(failed)?;
    let Ok(relative) = full.strip_prefix(&root) else {
        let given = env::current_dir().map_err(failed)?.join(path);
        let is_link = fs::symlink_metadata(&given).is_ok_and(|given| given.is_symlink());
        let folder = given.parent().and_then(|folder| folder.canonicalize().ok());
        let leads_out = is_link && folder.is_some_and(|folder| folder.starts_with(&root));
        return Err(if leads_out {
            let message = format!("{} is a link that leads out of the repository", path.display());
            Error::Usage { message, hint: Some("name a file of the repository".to_owned()) }
        } else {
            let message = format!("{} is not below {}", path.display(), root.display());
            let hint = Some("name the repository with `--repo DIR`".to_owned());
            Error::Usage { message, hint }
        });
    };
    match relative.to_str() {
        Some(relative) => Ok(relative.replace(MAIN_SEPARATOR, "/")),
        None => Err(Error::Usage {
            message: format!("{}: {}", path.display(), discover::NOT_UTF8),
            hint: None,
        }),
    }
}
