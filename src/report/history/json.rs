//! The past of an SLO as JSON, described by `schemas/log.json`.
//!
//! Within a version fields are added, never renamed or removed. A value that is not known is `null`, never left
//! out.

use std::io;
use std::io::Write;

use serde::Serialize;

use super::History;
use super::Line;
use super::Part;
use super::parts;
use super::percent;

/// The version of the document.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    slo: &'a str,
    service: Option<&'a str>,
    until: String,
    cut: bool,
    targets: Vec<Target<'a>>,
    commits: Vec<Entry<'a>>,
    parts: Vec<PartView<'a>>,
}

#[derive(Serialize)]
struct Target<'a> {
    objective: Option<&'a str>,
    levels: Vec<Level>,
}

#[derive(Serialize)]
struct Level {
    since: String,
    target: Option<String>,
}

#[derive(Serialize)]
struct PartView<'a> {
    part: String,
    value: Option<&'a str>,
    commit: &'a str,
    at: String,
    author: &'a str,
}

#[derive(Serialize)]
struct Entry<'a> {
    commit: &'a str,
    at: String,
    author: &'a str,
    mail: &'a str,
    subject: &'a str,
    merge: Option<&'a str>,
    trailers: Vec<Trailer<'a>>,
    unreadable_since: Option<&'a str>,
    changes: Vec<Change<'a>>,
}

#[derive(Serialize)]
struct Trailer<'a> {
    key: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct Change<'a> {
    kind: &'a str,
    slo: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
    effect: Option<&'a str>,
    path: &'a str,
    line: Option<usize>,
}

fn part_view(part: Part<'_>) -> PartView<'_> {
    let step = part.step;
    PartView {
        part: part.name,
        value: Some(part.value).filter(|value| !value.is_empty()),
        commit: &step.commit,
        at: step.at.to_string(),
        author: &step.author,
    }
}

/// Writes the past of an SLO as JSON.
///
/// # Errors
///
/// Only those of `out`.
pub fn json(history: &History, out: &mut dyn Write) -> io::Result<()> {
    let targets = history.targets.iter().map(|Line { name, points }| Target {
        objective: Some(name.as_str()).filter(|name| !name.is_empty()),
        levels: points
            .iter()
            .map(|(at, target)| Level {
                since: at.to_string(),
                target: target.as_ref().map(percent),
            })
            .collect(),
    });
    let commits = history.steps.iter().map(|step| Entry {
        commit: &step.commit,
        at: step.at.to_string(),
        author: &step.author,
        mail: &step.mail,
        subject: &step.subject,
        merge: step.merge.as_deref(),
        unreadable_since: step.unreadable_since.as_deref(),
        trailers: step.trailers.iter().map(|(key, value)| Trailer { key, value }).collect(),
        changes: step
            .changes
            .iter()
            .map(|change| Change {
                kind: &change.kind,
                slo: &change.slo,
                before: change.before.as_deref(),
                after: change.after.as_deref(),
                effect: change.effect.as_deref(),
                path: &change.path,
                line: change.line,
            })
            .collect(),
    });
    let document = Document {
        version: VERSION,
        slo: &history.slo,
        service: history.service.as_deref(),
        until: history.end.to_string(),
        cut: history.is_cut,
        targets: targets.collect(),
        commits: commits.collect(),
        parts: parts(history).into_iter().map(part_view).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
