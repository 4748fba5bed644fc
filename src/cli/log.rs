//! `slo log`

use std::io;
use std::io::Write;

use crate::git::Repository;
use crate::git::error::Error as GitError;
use crate::git::id::CommitId;
use crate::report::Format;
use crate::report::escape;
use crate::report::history;
use crate::report::history::History;
use crate::spelling;
use crate::spelling::Vocabulary;

use super::Exit;
use super::arguments::Global;
use super::arguments::LogOptions;
use super::arguments::PageFormat;
use super::error::Error;
use super::output;
use super::past;
use super::past::Past;
use super::project::Project;

pub(super) fn run(global: &Global, options: &LogOptions) -> Result<Exit, Error> {
    let project = Project::open(global)?;
    let Some(repository) = &project.repository else {
        return Err(GitError::NotARepository { path: project.root.clone() }.into());
    };
    let head = match &options.rev {
        Some(revision) => repository.resolve(revision)?,
        None => repository.head()?,
    };
    let is_named = global.config.is_some();
    let past = past::of(repository, &project.config, is_named, &options.slo, head)?;
    let Some(past) = past else {
        return Err(unknown(global, repository, &project, (&options.slo, head))?);
    };
    let is_renamed = past.is_renamed;
    let history = view(past, options.all);
    let format = match options.format {
        PageFormat::Terminal => Format::Terminal,
        PageFormat::Markdown => Format::Markdown,
        PageFormat::Json => Format::Json,
    };
    let style = output::style(global);
    let draw = |out: &mut dyn Write| -> io::Result<()> {
        match options.format {
            PageFormat::Terminal if options.blame => history::blame(&history, &style, out),
            PageFormat::Terminal => history::draw(&history, &style, out),
            PageFormat::Markdown if options.blame => history::markdown_blame(&history, out),
            PageFormat::Markdown => history::markdown(&history, out),
            PageFormat::Json => history::json(&history, out),
        }
    };
    output::print(format, draw)?;
    if is_renamed {
        let (old, new) = (escape::line(&options.slo), escape::line(&history.slo));
        output::say(global, &format!("`{old}` has another name since: `{new}`"));
    }
    if history.is_cut {
        output::say(global, "what is older is not in this clone: `git fetch --unshallow` gets it");
    }
    Ok(Exit::Success)
}

/// Returns what is shown; what changes nothing is left out unless it is asked for.
fn view(past: Past, all: bool) -> History {
    let mut history = past.history;
    if !all {
        for step in &mut history.steps {
            step.changes.retain(|change| change.kind != "indicator-reworded");
        }
        history.steps.retain(|step| !step.changes.is_empty());
    }
    history
}

/// Returns what is said of a name that no SLO has, then or now.
fn unknown(
    global: &Global,
    repository: &Repository,
    project: &Project,
    (slo, head): (&str, CommitId),
) -> Result<Error, Error> {
    let names = past::names(repository, &project.config, global.config.is_some(), head)?;
    let near = spelling::nearest(slo, names.iter().map(String::as_str), Vocabulary::Names);
    let hint = match (near.first(), names.len()) {
        (Some(near), _) => Some(format!("did you mean `{}`?", escape::line(near))),
        (None, 0) => Some("the commit defines no SLO".to_owned()),
        (None, 1..=10) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            Some(format!("the SLOs are {}", escape::line(&names.join(", "))))
        }
        _ => Some("`slo budget` and `slo lint` list names of SLOs".to_owned()),
    };
    let message = format!("no SLO is called `{slo}`, and none was");
    Ok(Error::Usage { message, hint })
}
