//! `slo diff`

use crate::change;
use crate::change::Change;
use crate::git::Repository;
use crate::git::error::Error as GitError;
use crate::git::id::CommitId;
use crate::git::snapshot::Snapshot;
use crate::git::trees;
use crate::git::trees::Request;
use crate::git::trees::Trees;
use crate::lint;
use crate::lint::Tree;
use crate::report::Format;
use crate::report::Report;
use crate::report::words;
use crate::source::Source;

use super::Exit;
use super::arguments::DiffOptions;
use super::arguments::Global;
use super::discover;
use super::error::Error;
use super::output;
use super::project::Project;
use super::snapshot;
use super::snapshot::At;

/// What stands between two commits that are compared as they are.
const RANGE: &str = "..";

/// What stands before a commit that is compared with where it left the other.
const SINCE_FORK: &str = "...";

/// The two sides of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sides {
    /// Nothing before the first commit.
    base: Option<CommitId>,
    head: Head,
}

/// What is compared with a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    /// The files as they lie there.
    Files,
    /// What is staged.
    Staged,
    /// The tree of a commit.
    Commit(CommitId),
}

/// The formats that list changes; the others report findings.
const FORMATS: [Format; 4] = [Format::Terminal, Format::Concise, Format::Json, Format::Markdown];

pub(super) fn run(global: &Global, options: &DiffOptions) -> Result<Exit, Error> {
    let formats = options.output.format.iter().map(|target| target.format);
    if let Some(other) = formats.into_iter().find(|format| !FORMATS.contains(format)) {
        let message = format!("`{}` reports findings, and a difference has none", other.name());
        let hint = Some("choose terminal, concise, json or markdown".to_owned());
        return Err(Error::Usage { message, hint });
    }
    let project = Project::open(global)?;
    let Some(repository) = &project.repository else {
        return Err(GitError::NotARepository { path: project.root.clone() }.into());
    };
    let sides = sides(repository, options)?;
    let gathered = |at: &Snapshot<'_>, known: &[Source]| {
        snapshot::gather(at, &project.config, known).map(|gathered| gathered.sources)
    };
    let after = match sides.head {
        Head::Commit(commit) => gathered(&repository.snapshot(commit)?, &[])?,
        Head::Files => discover::files(&project, &[])?.sources,
        Head::Staged => gathered(&At::of(repository, None)?.snapshot, &[])?,
    };
    let before = match sides.base {
        Some(commit) => gathered(&repository.snapshot(commit)?, &after)?,
        None => Vec::new(),
    };
    let files = &project.config.files;
    let (before, after) = lint::load_both((before, files), (after, files));
    let changes = changes(&before, &after, options.all);
    let rows = words::change_rows(changes.iter(), &before.sources, &after.sources);
    let mut report = Report::of_findings(&after.sources, &[], output::docs);
    report.changes = Some(&rows);
    output::render(global, &options.output.format, &report)?;
    output::say(global, &sentence(sides, changes.len()));
    Ok(if options.exit_code && !changes.is_empty() { Exit::Findings } else { Exit::Success })
}

/// Returns what is compared.
fn sides(repository: &Repository, options: &DiffOptions) -> Result<Sides, Error> {
    let resolved = |name: &str| repository.resolve(if name.is_empty() { "HEAD" } else { name });
    let files = if options.staged { Head::Staged } else { Head::Files };
    let Some(base) = &options.base else {
        if options.staged {
            let base = match repository.head() {
                Err(GitError::NoCommits) => None,
                head => Some(head?),
            };
            return Ok(Sides { base, head: files });
        }
        let base = match trees::decide(repository, &Request::default())? {
            Trees::Whole { head, .. } => head,
            Trees::Compared(change) => change.compared,
        };
        return Ok(Sides { base: Some(base), head: files });
    };
    let range = base.split_once(SINCE_FORK).map(|sides| (sides, true));
    let range = range.or_else(|| base.split_once(RANGE).map(|sides| (sides, false)));
    let Some(((base, head), since_fork)) = range else {
        let head = options.head.as_deref().map(resolved).transpose()?;
        return Ok(Sides { base: Some(resolved(base)?), head: head.map_or(files, Head::Commit) });
    };
    let third = options.head.as_ref().map(|other| format!("`{other}`"));
    if let Some(third) = third.or_else(|| options.staged.then(|| "`--staged`".to_owned())) {
        let message = format!("`{base}{RANGE}{head}` names both sides, and {third} is a third");
        return Err(Error::Usage { message, hint: Some("name two".to_owned()) });
    }
    let (base, head) = (resolved(base)?, resolved(head)?);
    if !since_fork {
        return Ok(Sides { base: Some(base), head: Head::Commit(head) });
    }
    let starts = repository.merge_bases(base, head)?;
    let Some(start) = starts.first() else {
        return Err(GitError::HistoriesUnrelated { one: base, other: head }.into());
    };
    Ok(Sides { base: Some(*start), head: Head::Commit(head) })
}

fn changes(before: &Tree, after: &Tree, all: bool) -> Vec<Change> {
    let mut changes = change::between(before.placed(), after.placed());
    if all {
        changes.append(&mut change::moved(before.placed(), after.placed()));
    } else {
        changes.retain(|change| change.kind.is_listed_by_default());
    }
    changes
}

/// Returns what was compared, and how much differs.
fn sentence(sides: Sides, count: usize) -> String {
    let base = sides.base.map_or_else(|| "nothing".to_owned(), |base| base.short());
    let head = match sides.head {
        Head::Files => "the files as they lie there".to_owned(),
        Head::Staged => "what is staged".to_owned(),
        Head::Commit(head) => head.short(),
    };
    let found = match count {
        0 => "nothing differs".to_owned(),
        1 => "1 change".to_owned(),
        count => format!("{count} changes"),
    };
    format!("{base} compared with {head}: {found}")
}
