//! `[gate]`: how `slo gate` behaves.

use crate::config::decode::Decoder;
use crate::config::decode::Node;
use crate::finding::Level;
use crate::globs::Globs;
use crate::source::Spanned;

/// The keys of `[gate]`.
pub(super) const KEYS: &[&str] =
    &["fail-on", "comment", "comment-author", "comment-key", "fork-backend", "policies"];

/// How `slo gate` behaves.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// `fail-on`: from which level on a finding fails a run.
    pub fail_on: FailOn,
    /// `comment`: when the pull request gets a comment.
    pub comment: Comment,
    /// `comment-author`: the account that writes the comment, if it is not `github-actions[bot]`.
    pub comment_author: Option<String>,
    /// `comment-key`: tells apart the comments of several runs in one job; empty by default.
    pub comment_key: String,
    /// `fork-backend`: the backend for pull requests from forks; always one of the file.
    pub fork_backend: Option<Spanned<String>>,
    /// `policies`: the files that policies are read from; empty means every policy found.
    pub policies: Globs,
}

impl Gate {
    /// Returns whether the error budget policies of a file count.
    pub fn counts_policies_of(&self, path: &str) -> bool {
        self.policies.is_empty() || self.policies.matches(path)
    }
}

/// From which level on a finding fails a run.
///
/// `fail-on` is `"error"`, which is the default, `"warning"`, `"info"` or `"never"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// No finding fails a run; what the policy blocks stays blocked.
    Never,
    /// A finding of this level or a higher one fails it.
    At(Level),
}

impl FailOn {
    /// Returns whether a finding of `level` fails a run.
    pub fn includes(self, level: Level) -> bool {
        match self {
            Self::Never => false,
            Self::At(lowest) => level >= lowest,
        }
    }
}

impl Default for FailOn {
    fn default() -> Self {
        Self::At(Level::Error)
    }
}

/// When the pull request gets a comment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Comment {
    /// Where something fails or warns, and to say that it no longer does.
    #[default]
    OnFailure,
    /// On every run.
    Always,
    /// On no run.
    Never,
}

/// Reads `[gate]`.
pub(super) fn decode(decoder: &mut Decoder, node: &Node<'_>) -> Gate {
    let mut gate = Gate::default();
    let Some(table) = decoder.table("`[gate]`", node) else {
        return gate;
    };
    decoder.check_keys(&table, KEYS);
    if let Some(node) = table.get("fail-on") {
        let words = [
            ("error", FailOn::At(Level::Error)),
            ("warning", FailOn::At(Level::Warning)),
            ("info", FailOn::At(Level::Info)),
            ("never", FailOn::Never),
        ];
        let word = decoder.word("fail-on", node, &words);
        gate.fail_on = word.map_or(gate.fail_on, |word| word.value);
    }
    if let Some(node) = table.get("comment") {
        let words = [
            ("on-failure", Comment::OnFailure),
            ("always", Comment::Always),
            ("never", Comment::Never),
        ];
        let word = decoder.word("comment", node, &words);
        gate.comment = word.map_or(gate.comment, |word| word.value);
    }
    if let Some(node) = table.get("comment-author") {
        let author = decoder.string("comment-author", node);
        gate.comment_author = author.map(|author| author.value);
    }
    if let Some(node) = table.get("comment-key") {
        let key = decoder.string("comment-key", node);
        gate.comment_key = key.map(|key| key.value).unwrap_or_default();
    }
    if let Some(node) = table.get("fork-backend") {
        gate.fork_backend = decoder.string("fork-backend", node);
    }
    if let Some(node) = table.get("policies") {
        gate.policies = decoder.some_globs("policies", node).unwrap_or_default();
    }
    gate
}
