//! The past of an SLO as Markdown, for a wiki or a comment.

use std::io;
use std::io::Write;

use crate::report::markdown::code;
use crate::report::markdown::prose;

use super::History;
use super::Step;
use super::day;
use super::words;

/// Writes the past of an SLO as Markdown.
///
/// # Errors
///
/// Only those of `out`.
pub fn markdown(history: &History, out: &mut dyn Write) -> io::Result<()> {
    let service = history.service.as_deref().map(|service| format!(" of {}", code(service)));
    writeln!(out, "### {}{}\n", code(&history.slo), service.unwrap_or_default())?;
    writeln!(out, "| day | commit | by | change |\n| --- | --- | --- | --- |")?;
    for step in &history.steps {
        writeln!(out, "{}", row(step))?;
    }
    Ok(())
}

fn row(step: &Step) -> String {
    let mut parts: Vec<String> = Vec::new();
    for change in &step.changes {
        let effect = change.effect.as_deref().map(|effect| format!(" ({})", prose(effect)));
        let text = prose(&words(change, step));
        parts.push(format!("{text}{}", effect.unwrap_or_default()));
    }
    let said = step.trailers.iter().map(|(key, value)| prose(&format!("{key}: {value}")));
    parts.extend(said);
    let author = prose(&step.author);
    format!("| {} | {} | {author} | {} |", day(step.at), code(&step.short), parts.join("<br>"))
}
