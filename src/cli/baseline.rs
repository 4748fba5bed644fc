//! The baseline of a run: read, set off against the findings, written anew.
//!
//! # Why
//!
//! It stands beside `slo.toml` and is held to the same: what is wrong in it ends the run. A baseline of
//! which a part is passed over would report old findings as new, or hide new ones as old.

use std::io;
use std::path::Path;

use crate::config::Problem;
use crate::config::baseline;
use crate::config::baseline::Baseline;
use crate::config::baseline::Entry;
use crate::finding::Finding;
use crate::lint::RuleSet;
use crate::lint::Tree;
use crate::lint::baseline::Matching;
use crate::lint::baseline::Scope;
use crate::lint::baseline::Unseen;
use crate::rules::Facts;
use crate::source::MAX_BYTES;
use crate::source::Origin;
use crate::source::Source;
use crate::source::SourceId;

use super::arguments::BaselineOptions;
use super::arguments::Global;
use super::error::Error;
use super::file;
use super::file::Content;
use super::output;
use super::project;
use super::replace;
use super::snapshot;
use super::snapshot::At;
use super::snapshot::Tracked;

/// The name of the file.
const NAME: &str = baseline::FILE_NAME;

/// A baseline and the file that it was read from.
struct Stored {
    baseline: Baseline,
    source: Source,
    /// Whether the file held some finding twice.
    had_twins: bool,
}

/// What is to become of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Renewal {
    /// It holds whatever is found.
    All,
    /// It holds what is found of what it held.
    Known,
}

/// What a run of `slo lint` does with the baseline.
pub(super) struct Course {
    stored: Option<Stored>,
    renewal: Option<Renewal>,
    /// Whether entries that stand for nothing are reported.
    is_complete: bool,
}

/// What a run is about.
pub(super) struct About<'a> {
    pub(super) global: &'a Global,
    pub(super) root: &'a Path,
    pub(super) rules: &'a RuleSet,
    pub(super) facts: &'a Facts<'a>,
    /// The files that were not read.
    pub(super) unseen: &'a Unseen,
    /// Whether what stands in the file of a path is reported.
    pub(super) is_asked: &'a dyn Fn(&str) -> bool,
}

impl Course {
    /// Reads the baseline that lies at the root, unless it is not to be used.
    ///
    /// * `is_stdin`: whether standard input is judged, which is nothing that stays.
    pub(super) fn open(
        root: &Path,
        options: &BaselineOptions,
        is_stdin: bool,
    ) -> Result<Self, Error> {
        let renewal = match (options.write_baseline, options.prune_baseline) {
            (true, _) => Some(Renewal::All),
            (false, true) => Some(Renewal::Known),
            (false, false) => None,
        };
        if is_stdin && renewal.is_some() {
            let message = format!("{NAME} cannot be written for what is not saved");
            let hint = Some("name the file instead of reading standard input".to_owned());
            return Err(Error::Usage { message, hint });
        }
        let mut stored = if options.no_baseline { None } else { of_worktree(root)? };
        if let Some(Stored { baseline, source, had_twins }) = &mut stored {
            match (baseline.twin(), renewal) {
                (Some(twin), None) => return Err(wrong(source, twin)),
                // Both sides of a merge may hold it; what is written holds it once.
                (Some(_), Some(_)) => {
                    baseline.join_twins();
                    *had_twins = true;
                }
                (None, _) => {}
            }
        }
        // While somebody types, findings come and go.
        Ok(Self { stored, renewal, is_complete: !is_stdin })
    }

    /// Reads the baseline of a tree that nobody can write, unless it is not to be used.
    pub(super) fn of_tree(at: &At<'_>, options: &BaselineOptions) -> Result<Self, Error> {
        if options.write_baseline || options.prune_baseline {
            let message = format!("{NAME} cannot be written in {}", at.called);
            let hint = Some("write it for the files as they lie there".to_owned());
            return Err(Error::Usage { message, hint });
        }
        let stored = if options.no_baseline { None } else { stored_in(at)? };
        Ok(Self { stored, renewal: None, is_complete: true })
    }

    /// Marks what the baseline holds.
    pub(super) fn mark(&self, tree: &Tree, unseen: &Unseen, findings: &mut [Finding]) {
        if let Some(stored) = &self.stored {
            Matching::new(&stored.baseline).mark(tree, unseen, findings);
        }
    }

    /// Marks what the baseline holds, writes it anew where that is asked for, and else adds to the
    /// findings what it holds for nothing.
    pub(super) fn settle(
        &self,
        about: &About<'_>,
        tree: &mut Tree,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Error> {
        if self.stored.is_none() && self.renewal.is_none() {
            return Ok(());
        }
        let empty = Baseline::default();
        let baseline = self.stored.as_ref().map_or(&empty, |stored| &stored.baseline);
        let mut matching = Matching::new(baseline);
        let held = matching.mark(tree, about.unseen, findings);
        if let Some(renewal) = self.renewal {
            return self.renew(renewal, about, tree, findings, (&matching, &held));
        }
        if let Some(stored) = self.stored.as_ref().filter(|_| self.is_complete) {
            let file = tree.sources.add(stored.source.clone());
            let scope = Scope::new(about.rules, about.unseen, about.is_asked);
            matching.report_unused(tree, file, &scope, about.facts, findings);
        }
        Ok(())
    }

    fn renew(
        &self,
        renewal: Renewal,
        about: &About<'_>,
        tree: &Tree,
        findings: &mut [Finding],
        (matching, held): (&Matching<'_>, &[Option<usize>]),
    ) -> Result<(), Error> {
        let is_asked = |source: SourceId| (about.is_asked)(&tree.sources.file(source).path);
        let is_taken = |finding: &Finding| {
            let other = finding.other_place().is_some_and(|other| is_asked(other.source));
            let is_shown = is_asked(finding.span.source) || other;
            is_shown && (renewal == Renewal::All || finding.baselined)
        };
        let scope = Scope::new(about.rules, about.unseen, about.is_asked);
        let known = findings.iter().filter(|finding| finding.baselined).count();
        let renewed = matching.renew(tree, findings, held, &scope, is_taken);
        let added = findings.iter().filter(|finding| finding.baselined).count() - known;
        let before = self.stored.as_ref().map(|stored| &stored.source);
        let is_same = self
            .stored
            .as_ref()
            .is_some_and(|stored| !stored.had_twins && stored.baseline.is_of(&renewed));
        let told = Told {
            renewal,
            is_same,
            is_there: before.is_some(),
            added: added as u64,
            old: self.stored.iter().flat_map(|stored| &stored.baseline.entries).map(count).sum(),
            new: renewed.values().map(|count| u64::from(*count)).sum(),
        };
        if !is_same && (told.new > 0 || told.is_there) {
            let mut text = baseline::render(&renewed);
            if before.is_some_and(|before| before.text.contains("\r\n")) {
                text = text.replace('\n', "\r\n");
            }
            write(about.root, before, &text)?;
        }
        output::say(about.global, &told.sentence());
        Ok(())
    }
}

fn count(entry: &Entry) -> u64 {
    u64::from(entry.count)
}

/// What became of the file.
struct Told {
    renewal: Renewal,
    /// Whether it holds what it held.
    is_same: bool,
    /// Whether it was there before.
    is_there: bool,
    /// How many findings went in.
    added: u64,
    /// How many it held.
    old: u64,
    /// How many it holds.
    new: u64,
}

impl Told {
    fn sentence(&self) -> String {
        let findings = |count| if count == 1 { "finding" } else { "findings" };
        let Self { renewal, is_same, is_there, added, old, new } = *self;
        match (new, is_there) {
            (0, false) if renewal == Renewal::Known => {
                return format!("there is no {NAME} to prune; `--write-baseline` writes one");
            }
            (0, false) => return format!("{NAME} is not written: there is nothing to hold"),
            (0, true) => return format!("{NAME} holds nothing any more and can be deleted"),
            _ if is_same => return format!("{NAME} holds {new} {} as before", findings(new)),
            _ => {}
        }
        let mut text = format!("wrote {NAME} with {new} {}", findings(new));
        let dropped = (old + added).saturating_sub(new);
        let changes = [(added, "more"), (dropped, "dropped")];
        let changes = changes.into_iter().filter(|(count, _)| is_there && *count > 0);
        let changes: Vec<String> = changes.map(|(count, what)| format!("{count} {what}")).collect();
        if !changes.is_empty() {
            text.push_str(&format!(": {}", changes.join(", ")));
        }
        text
    }
}

/// Reads the baseline at the root, if there is one.
fn of_worktree(root: &Path) -> Result<Option<Stored>, Error> {
    match file::read(&root.join(NAME), MAX_BYTES as u64) {
        Content::Nothing => Ok(None),
        Content::Bytes(bytes) => decode(Source::decode(NAME, bytes, Origin::Worktree)).map(Some),
        Content::TooLarge { size, .. } => {
            decode(Source::too_large(NAME, size, Origin::Worktree)).map(Some)
        }
        Content::Unreadable(source) => {
            Err(Error::Io { action: "read", path: NAME.to_owned(), source })
        }
        Content::Other(other) => Err(Error::Config {
            message: format!("the baseline is {other}"),
            path: NAME.to_owned(),
            position: None,
            hint: Some("put the file itself there, or add `--no-baseline`".to_owned()),
        }),
    }
}

/// Reads the baseline of a tree, if it has one.
pub(super) fn of_tree(at: &At<'_>) -> Result<Option<Baseline>, Error> {
    Ok(stored_in(at)?.map(|stored| stored.baseline))
}

fn stored_in(at: &At<'_>) -> Result<Option<Stored>, Error> {
    match snapshot::tracked_in(&at.snapshot, NAME, MAX_BYTES as u64)? {
        Tracked::Nothing => Ok(None),
        Tracked::Bytes(bytes) => {
            let stored = decode(at.settling(NAME, bytes))?;
            match stored.baseline.twin() {
                None => Ok(Some(stored)),
                Some(twin) => Err(wrong(&stored.source, twin)),
            }
        }
        Tracked::Other => Err(Error::Config {
            message: format!("the baseline of {} is no file that could be read", at.called),
            path: NAME.to_owned(),
            position: None,
            hint: Some("a link is not followed; put the file itself there".to_owned()),
        }),
    }
}

/// Reads a baseline; the first thing that is wrong ends the run.
fn decode(source: Source) -> Result<Stored, Error> {
    let (baseline, problems) = Baseline::parse(SourceId::default(), &source);
    match problems.into_iter().next() {
        None => Ok(Stored { baseline, source, had_twins: false }),
        Some(problem) => Err(wrong(&source, problem)),
    }
}

fn wrong(source: &Source, problem: Problem) -> Error {
    project::wrong(source, problem.span, problem.message, problem.hint)
}

/// Puts a text in the place of the file that was read, or where none was, and of no other.
fn write(root: &Path, before: Option<&Source>, text: &str) -> Result<(), Error> {
    if text.len() > MAX_BYTES {
        let (size, most) = (text.len() >> 20, MAX_BYTES >> 20);
        let message =
            format!("the baseline would have {size} MiB, and more than {most} are not read");
        let hint = "turn a rule off in `slo.toml`, or leave files out with `[files] exclude`";
        return Err(Error::Usage { message, hint: Some(hint.to_owned()) });
    }
    let failed = |action, source| Error::Io { action, path: NAME.to_owned(), source };
    let Some(before) = before else {
        let full = root.join(NAME);
        let file = output::staged(&full, text.as_bytes()).map_err(|why| failed("create", why))?;
        return file.persist_noclobber(&full).map_err(|why| failed("create", why.error));
    };
    match replace::all(root, &[(before, text)]).left.into_iter().next() {
        None => Ok(()),
        Some((_, why)) => Err(failed("replace", io::Error::other(why))),
    }
}
