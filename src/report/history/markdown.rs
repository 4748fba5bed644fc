//! The past of an SLO as Markdown, for a wiki or a comment.

use std::io;
use std::io::Write;

use crate::report::markdown::code;
use crate::report::markdown::prose;

use super::History;
use super::Part;
use super::Step;
use super::day;
use super::parts;
use super::words;

/// Writes the past of an SLO as Markdown.
///
/// # Errors
///
/// Only those of `out`.
pub fn markdown(history: &History, out: &mut dyn Write) -> io::Result<()> {
    head(history, out)?;
    writeln!(out, "| day | commit | by | change |\n| --- | --- | --- | --- |")?;
    for step in &history.steps {
        writeln!(out, "{}", row(step))?;
    }
    Ok(())
}

/// Writes as Markdown which commit made each part of an SLO what it is.
///
/// # Errors
///
/// Only those of `out`.
pub fn markdown_blame(history: &History, out: &mut dyn Write) -> io::Result<()> {
    head(history, out)?;
    writeln!(out, "| part | value | day | commit | by |\n| --- | --- | --- | --- | --- |")?;
    for Part { step, name, value } in parts(history) {
        let (at, commit, author) = (day(step.at), code(&step.short), prose(&step.author));
        writeln!(out, "| {} | {} | {at} | {commit} | {author} |", prose(&name), prose(value))?;
    }
    Ok(())
}

fn head(history: &History, out: &mut dyn Write) -> io::Result<()> {
    let service = history.service.as_deref().map(|service| format!(" of {}", code(service)));
    writeln!(out, "### {}{}\n", code(&history.slo), service.unwrap_or_default())
}

fn row(step: &Step) -> String {
    let mut parts: Vec<String> = Vec::new();
    for change in &step.changes {
        let effect = change.effect.as_deref().map(|effect| format!(" ({})", prose(effect)));
        let text = prose(&words(change, step));
        parts.push(format!("{text}{}", effect.unwrap_or_default()));
    }
    parts.extend(
        step.unreadable_since
            .as_deref()
            .map(|commit| format!("it could not be read from {} on", code(commit))),
    );
    let said = step.trailers.iter().map(|(key, value)| prose(&format!("{key}: {value}")));
    parts.extend(said);
    let author = prose(&step.author);
    format!("| {} | {} | {author} | {} |", day(step.at), code(&step.short), parts.join("<br>"))
}
