//! Reads `metrics.yaml`, or the file that `slo.toml` names in its place.

use std::path::Path;

use crate::config::Config;
use crate::config::METRICS_FILE;
use crate::config::Metrics;
use crate::config::Problem;
use crate::source::MAX_BYTES;
use crate::source::Origin;
use crate::source::Source;
use crate::source::SourceId;

use super::error::Error;
use super::file;
use super::file::Content;
use super::project;
use super::snapshot;
use super::snapshot::At;
use super::snapshot::Tracked;

/// Reads the declarations of the worktree into a configuration.
pub(super) fn of_worktree(root: &Path, config: &mut Config) -> Result<(), Error> {
    let path = path(config);
    let found = match file::read_below(root, path, MAX_BYTES as u64) {
        Content::Bytes(bytes) => Ok(Source::decode(path, bytes, Origin::Worktree)),
        Content::TooLarge { size, .. } => Ok(Source::too_large(path, size, Origin::Worktree)),
        Content::Nothing => Err("there is none".to_owned()),
        Content::Other(other) => Err(format!("it is {other}")),
        Content::Unreadable(error) => Err(format!("it cannot be read: {error}")),
    };
    take(config, found)
}

/// Reads the declarations of a tree into a configuration.
pub(super) fn of_tree(at: &At<'_>, config: &mut Config) -> Result<(), Error> {
    let path = path(config);
    let found = match snapshot::tracked_in(&at.snapshot, path, MAX_BYTES as u64)? {
        Tracked::Bytes(bytes) => Ok(at.settling(path, bytes)),
        Tracked::Nothing => Err(format!("{} has none", at.called)),
        Tracked::Other => Err(format!("it is no file of {} that could be read", at.called)),
    };
    take(config, found)
}

fn path(config: &Config) -> &str {
    config.metrics_file.as_ref().map_or(METRICS_FILE, |file| file.value.as_str())
}

/// Takes the declarations of a file; one that nobody names may be missing, or another tool's.
fn take(config: &mut Config, found: Result<Source, String>) -> Result<(), Error> {
    let is_named = config.metrics_file.is_some();
    let source = match found {
        Ok(source) => source,
        Err(_) if !is_named => return Ok(()),
        Err(why) => {
            return Err(Error::Config {
                message: format!("`[metrics] file` names a file that is not read: {why}"),
                path: path(config).to_owned(),
                position: None,
                hint: None,
            });
        }
    };
    let id = SourceId::default();
    let read = if is_named {
        Some(Metrics::parse(id, &source))
    } else {
        Metrics::parse_if_ours(id, &source)
    };
    let Some((metrics, problems)) = read else { return Ok(()) };
    match problems.into_iter().next() {
        None => config.metrics = metrics,
        Some(Problem { span, message, hint }) => {
            return Err(project::wrong(&source, span, message, hint));
        }
    }
    Ok(())
}
