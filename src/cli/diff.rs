//! `slo diff`

use crate::change;
use crate::change::Change;
use crate::git::Repository;
use crate::git::error::Error as GitError;
use crate::git::id::CommitId;
use crate::git::trees;
use crate::git::trees::Request;
use crate::git::trees::Trees;
use crate::lint;
use crate::lint::Tree;
use crate::report::Report;
use crate::report::words;

use super::Exit;
use super::arguments::DiffOptions;
use super::arguments::Global;
use super::discover;
use super::error::Error;
use super::output;
use super::project::Project;
use super::snapshot;

/// What stands between two commits that are compared as they are.
const RANGE: &str = "..";

/// What stands before a commit that is compared with where it left the other.
const SINCE_FORK: &str = "...";

/// The two sides of a comparison; without a head the files as they lie there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sides {
    base: CommitId,
    head: Option<CommitId>,
}

pub(super) fn run(global: &Global, options: &DiffOptions) -> Result<Exit, Error> {
    let project = Project::open(global)?;
    let Some(repository) = &project.repository else {
        return Err(GitError::NotARepository { path: project.root.clone() }.into());
    };
    let sides = sides(repository, options)?;
    let before = snapshot::read(repository, sides.base, &project.config)?;
    let after = match sides.head {
        Some(head) => snapshot::read(repository, head, &project.config)?,
        None => lint::load(discover::files(&project, &[])?.sources, &project.config.files),
    };
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
    let Some(base) = &options.base else {
        let base = match trees::decide(repository, &Request::default())? {
            Trees::Whole { head, .. } => head,
            Trees::Compared(change) => change.compared,
        };
        return Ok(Sides { base, head: None });
    };
    let range = base.split_once(SINCE_FORK).map(|sides| (sides, true));
    let range = range.or_else(|| base.split_once(RANGE).map(|sides| (sides, false)));
    let Some(((base, head), since_fork)) = range else {
        let head = options.head.as_deref().map(resolved).transpose()?;
        return Ok(Sides { base: resolved(base)?, head });
    };
    if let Some(other) = &options.head {
        let message = format!("`{base}{RANGE}{head}` names both sides, and `{other}` is a third");
        return Err(Error::Usage { message, hint: Some("name two commits".to_owned()) });
    }
    let (base, head) = (resolved(base)?, resolved(head)?);
    if !since_fork {
        return Ok(Sides { base, head: Some(head) });
    }
    let starts = repository.merge_bases(base, head)?;
    let Some(start) = starts.first() else {
        return Err(GitError::HistoriesUnrelated { one: base, other: head }.into());
    };
    Ok(Sides { base: *start, head: Some(head) })
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
    let head =
        sides.head.map_or_else(|| "the files as they lie there".to_owned(), |head| head.short());
    let found = match count {
        0 => "nothing differs".to_owned(),
        1 => "1 change".to_owned(),
        count => format!("{count} changes"),
    };
    format!("{} compared with {head}: {found}", sides.base.short())
}
