//! The past of an SLO as JSON, described by `schemas/log.json`.
//!
//! Within a version fields are added, never renamed or removed. A value that is not known is `null`, never left
//! out.

use std::io;
use std::io::Write;

use serde::Serialize;

use super::History;
use super::percent;

/// The version of the document.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    slo: &'a str,
    service: Option<&'a str>,
    until: String,
    targets: Vec<Target<'a>>,
    commits: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Target<'a> {
    objective: Option<&'a str>,
    levels: Vec<Level>,
}

#[derive(Serialize)]
struct Level {
    since: String,
    target: String,
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

/// Writes the past of an SLO as JSON.
///
/// # Errors
///
/// Only those of `out`.
pub fn json(history: &History, out: &mut dyn Write) -> io::Result<()> {
    let targets = history.targets.lines.iter().map(|(name, points)| Target {
        objective: Some(name.as_str()).filter(|name| !name.is_empty()),
        levels: points
            .iter()
            .map(|(at, target)| Level { since: at.to_string(), target: percent(target) })
            .collect(),
    });
    let commits = history.steps.iter().map(|step| Entry {
        commit: &step.commit,
        at: step.at.to_string(),
        author: &step.author,
        mail: &step.mail,
        subject: &step.subject,
        merge: step.merge.as_deref(),
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
        targets: targets.collect(),
        commits: commits.collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
