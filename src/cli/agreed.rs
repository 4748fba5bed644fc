//! What is agreed: the objects of the trusted tree, with the policies that count.
//!
//! # Why
//!
//! A policy that is wrong ends the run: half a policy is none that anybody agreed to, and one that
//! cannot be read is no reason to have none. It is found by its words, not by its name.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::config;
use crate::config::Config;
use crate::config::owners::CodeOwners;
use crate::dialect;
use crate::finding::Finding;
use crate::finding::Level;
use crate::lint;
use crate::lint::RuleSet;
use crate::lint::Tree;
use crate::model::Catalog;
use crate::model::Object;
use crate::rules;
use crate::rules::Facts;
use crate::rules::Set;
use crate::source::LineIndex;
use crate::source::Position;
use crate::source::Source;
use crate::source::SourceId;
use crate::source::Span;

use super::error::Error;
use super::snapshot::Unread;

/// The kind that an error budget policy has.
const KIND: &str = "ErrorBudgetPolicy";

/// The version of the kinds of this tool, in lowercase.
const VERSION: &str = "slo/v1";

/// Returns the objects of the trusted tree, with the policies that the configuration names alone.
///
/// # Errors
///
/// A policy that is wrong, or that cannot be read.
pub(super) fn of(trusted: &Tree, unread: &[Unread], config: &Config) -> Result<Catalog, Error> {
    let counts = |object: &&Object| match object {
        Object::ErrorBudgetPolicy(policy) => {
            config.gate.counts_policies_of(&trusted.sources.file(policy.meta.span.source).path)
        }
        _ => true,
    };
    let objects = trusted.catalog.objects().iter().filter(counts).cloned().collect();
    let agreed = Catalog::new(objects, Vec::new());
    refuse_unread(trusted, unread, config)?;
    refuse_wrong(trusted, &agreed, config)?;
    refuse_lost(trusted, config)?;
    refuse_halves(trusted, &agreed)?;
    Ok(agreed)
}

/// Returns whether bytes that are no text that could be read hold a policy's words.
pub(super) fn names_policy(bytes: &[u8]) -> bool {
    let narrow = KIND.as_bytes().to_vec();
    let little: Vec<u8> = KIND.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = KIND.encode_utf16().flat_map(u16::to_be_bytes).collect();
    [narrow, little, big].iter().any(|word| memchr::memmem::find(bytes, word).is_some())
}

/// Returns whether text speaks of a policy, though its kind or its version may be misspelled:
/// `openslo/v1` is the version of something else.
fn speaks_of_policy(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_whole = |at: usize| {
        let before = lower.get(..at).unwrap_or_default();
        !before.ends_with(|letter: char| letter.is_alphanumeric())
    };
    text.contains(KIND)
        || lower.match_indices(VERSION).any(|(at, _)| is_whole(at))
        || dialect::is_meant_for_policy(text)
}

fn refuse_unread(trusted: &Tree, unread: &[Unread], config: &Config) -> Result<(), Error> {
    let is_named = !config.gate.policies.is_empty();
    for file in unread {
        let is_policy = file.names_policy.unwrap_or(is_named);
        if is_policy && config.gate.counts_policies_of(&file.path) {
            return Err(unreadable(&file.path, &file.why));
        }
    }
    let files = trusted.sources.iter().map(|(_, file)| file);
    for file in files.filter(|file| trusted.templates.contains(&file.path)) {
        if (file.text.contains(KIND) || dialect::is_meant_for_policy(&file.text))
            && config.gate.counts_policies_of(&file.path)
        {
            return Err(unreadable(&file.path, "it is a template"));
        }
    }
    Ok(())
}

fn refuse_wrong(trusted: &Tree, agreed: &Catalog, config: &Config) -> Result<(), Error> {
    let policies: BTreeSet<Span> = agreed.policies().map(|policy| policy.meta.span).collect();
    let is_lost = |finding: &Finding| {
        let file = trusted.sources.file(finding.span.source);
        let objects = trusted.catalog.objects().iter().map(|object| object.meta().span);
        let records = trusted.catalog.records().iter().map(|record| record.span);
        speaks_of_policy(&file.text)
            && config.gate.counts_policies_of(&file.path)
            && !objects.chain(records).any(|span| span.contains(finding.span))
    };
    // What a policy says is judged; that it is unwise is not for the gate to say.
    let read = rules::all().filter(|rule| matches!(rule.family(), "document" | "reference"));
    let only = read.filter(|rule| rule.set == Set::Recommended).map(|rule| rule.name.to_owned());
    let choice = lint::Choice { set: None, only: only.collect() };
    let (rules, _) = RuleSet::new(&config::Rules::default(), &choice);
    let (code_owners, now) = (CodeOwners::default(), Timestamp::UNIX_EPOCH);
    let facts = Facts::new(config, &code_owners, now);
    let findings = lint::run(trusted, &rules, &facts);
    let wrong = findings.iter().find(|finding| {
        finding.level == Level::Error
            && (policies.iter().any(|span| span.contains(finding.span)) || is_lost(finding))
    });
    let Some(finding) = wrong else { return Ok(()) };
    let (path, position) = place(trusted, finding.span);
    Err(Error::Config {
        message: finding.message.to_string(),
        path,
        position: Some(position),
        hint: Some(format!("`slo explain {}` says more", finding.rule)),
    })
}

/// Whatever is wrong with it, a file that says to hold a policy and gives none has lost one.
fn refuse_lost(trusted: &Tree, config: &Config) -> Result<(), Error> {
    let given: BTreeSet<SourceId> =
        trusted.catalog.policies().map(|policy| policy.meta.span.source).collect();
    let is_lost = |file: &Source| {
        config.gate.counts_policies_of(&file.path) && dialect::is_meant_for_policy(&file.text)
    };
    let mut without = trusted.sources.iter().filter(|(id, _)| !given.contains(id));
    match without.find(|(_, file)| is_lost(file)) {
        Some((_, file)) => Err(unreadable(&file.path, "nothing of it is a policy")),
        None => Ok(()),
    }
}

/// Whatever has been said of it or allowed, a policy without one of its tiers is not the one that was
/// agreed on.
fn refuse_halves(trusted: &Tree, agreed: &Catalog) -> Result<(), Error> {
    let Some(span) = agreed.policies().find_map(|policy| policy.unread) else { return Ok(()) };
    let (path, position) = place(trusted, span);
    let message = "this part of the error budget policy cannot be read".to_owned();
    Err(Error::Config { message, path, position: Some(position), hint: None })
}

/// Returns the file and the position of a place.
pub(super) fn place(tree: &Tree, span: Span) -> (String, Position) {
    let file = tree.sources.file(span.source);
    let position = LineIndex::new(&file.text).position(span.start as usize);
    (file.path.clone(), position)
}

fn unreadable(path: &str, why: &str) -> Error {
    Error::Config {
        message: format!("the error budget policy of the base branch cannot be read: {why}"),
        path: path.to_owned(),
        position: None,
        hint: Some(format!("`[files]` of {} may exclude it", config::FILE_NAME)),
    }
}
