//! Recorded measurements as JSON.
//!
//! # Why
//!
//! The text is checked to be JSON and then read as YAML, which every JSON text is: our YAML nodes
//! know their line and the digits as they are written, while a JSON number would pass through a
//! binary float.

use serde::de::IgnoredAny;

use crate::source::LineIndex;
use crate::source::Origin;
use crate::source::Source;
use crate::source::SourceId;
use crate::yaml;
use crate::yaml::Node;

use super::Entry;
use super::line;
use super::line::COLUMNS;
use super::line::Problem;

/// Reads the rows of a document, each with its name.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<(String, Entry)>, Problem> {
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(bytes) {
        let line = u64::try_from(error.line()).unwrap_or(1).max(1);
        return Err(Problem { line, message: "the text is not JSON".to_owned() });
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Problem { line: 1, message: "the text is not UTF-8".to_owned() })?;
    let index = LineIndex::new(text);
    let line = |offset: u32| {
        let line = index.position(offset as usize).line;
        u64::try_from(line).unwrap_or(1)
    };
    let stream = yaml::parse(SourceId::default(), &Source::from_text("", text, Origin::Worktree));
    if let Some(problem) = stream.problems.first() {
        let message = match problem {
            yaml::Problem::DuplicateKey { key, .. } => {
                format!("the key `{}` is given twice", line::short(key))
            }
            _ => "the text cannot be read".to_owned(),
        };
        return Err(Problem { line: line(problem.span().start), message });
    }
    let Some(document) = stream.documents.first() else {
        return Err(Problem { line: 1, message: "the text is empty".to_owned() });
    };
    let root = document.root();
    let version = root.get("version").and_then(Node::text);
    if version != Some("1") {
        let message = "`version` is not 1".to_owned();
        return Err(Problem { line: line(root.span().start), message });
    }
    let Some(list) = root.get("measurements").filter(|node| node.is_sequence()) else {
        let message = "`measurements` is not a list".to_owned();
        return Err(Problem { line: line(root.span().start), message });
    };
    list.items().map(|item| row(item, line(item.span().start))).collect()
}

fn row(item: Node<'_>, line: u64) -> Result<(String, Entry), Problem> {
    let mut texts = [""; 5];
    for (text, key) in texts.iter_mut().zip(COLUMNS) {
        let problem = |message: String| Problem { line, message };
        let node = item.get(key);
        let node = node.ok_or_else(|| problem(format!("the key `{key}` is missing")))?;
        if node.is_mapping() || node.is_sequence() {
            return Err(problem(format!("`{key}` is neither text nor a number")));
        }
        *text = node.text().unwrap_or_default();
    }
    line::read(line, texts)
}
