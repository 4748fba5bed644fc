//! `slo`: a Git-native linter and CI gate for service level objectives kept as code.
//!
//! # Five doors
//!
//! A program that uses the library needs five doors; everything else that is public may change
//! between minor versions.
//!
//! * [`lint::load`] reads files into a [`lint::Tree`]: objects, and what could not be digested.
//! * [`lint::run`] runs rules over a tree and returns findings, one for each object, with those that
//!   a comment allows. After what is not to be reported has been left out, [`lint::fold`] says once
//!   what holds for every object: `slo lint` shows what it returns.
//! * [`lint::fix`] applies the fixes of findings to text.
//! * [`change::between`] says what differs between two trees.
//! * [`gate::plan`] says what must be measured to judge a change, and [`gate::decide`] judges it.
//!
//! ```
//! use slo::config::owners::CodeOwners;
//! use slo::config::Config;
//! use slo::lint;
//! use slo::rules::Facts;
//! use slo::source::{Origin, Source};
//!
//! let text = "\
//! { apiVersion: openslo/v1, kind: SLO, metadata: { name: login }, spec: { service: shop } }
//! ---
//! { apiVersion: openslo/v1, kind: SLO, metadata: { name: search }, spec: { service: shop } }
//! ";
//! let config = Config::default();
//! let tree = lint::load(vec![Source::from_text("slo.yaml", text, Origin::Worktree)], &config.files);
//! let choice = lint::Choice { only: vec!["missing-owner".to_owned()], ..Default::default() };
//! let (rules, unknown) = lint::RuleSet::new(&config.rules, &choice);
//! assert!(unknown.is_empty());
//! let code_owners = CodeOwners::default();
//! let facts = Facts::new(&config, &code_owners, jiff::Timestamp::UNIX_EPOCH);
//! let findings = lint::run(&tree, &rules, &facts);
//! assert_eq!(findings.len(), 2);
//! assert_eq!(tree.sources.slice(findings[0].span), "login");
//! let shown = lint::fold(findings);
//! assert_eq!(shown.len(), 1);
//! assert_eq!(shown[0].message, "no SLO of the repository has an owner");
//! ```
//!
//! # The floors
//!
//! A module imports only from floors below its own; a test holds it to that.
//!
//! | floor | module | purpose |
//! | --- | --- | --- |
//! | 9 | `cli` | arguments, reading files, wiring, exit codes |
//! | 8 | [`report`] | a run in eight formats, for people and for machines |
//! | 7 | [`gate`] | what must be measured, and the verdict |
//! | 6 | [`lint`] | reads a tree, chooses rules, runs them, applies fixes |
//! | 5 | [`rules`] | the rules, by family, with their pages |
//! | 4 | [`proposal`] | who proposes a change, and who approved it |
//! | 4 | [`policy`] | where an error budget policy stands over measured history |
//! | 4 | [`alerts`] | when a burn-rate alert fires, whom it wakes, what it spends |
//! | 4 | [`indicators`] | what the queries of an indicator count |
//! | 4 | [`needs`] | what an SLO needs of others, and what those promise together |
//! | 4 | [`twins`] | objectives that judge the same |
//! | 4 | [`convert`] | SLOs in another format, and what is lost |
//! | 4 | `git` | **door**: trees, changes and commits of a repository |
//! | 4 | `backend` | **door**: good and valid events, recorded or asked of a server |
//! | 4 | `forge` | **door**: the pull request and its comment |
//! | 3 | [`dialect`] | recognizes an object and lowers it to the model |
//! | 3 | [`change`] | what differs between two trees, in SLO terms |
//! | 3 | [`budget`] | error-budget arithmetic |
//! | 2 | [`model`] | the normalized objects, every field with its place |
//! | 2 | [`config`] | `slo.toml`, CODEOWNERS and the baseline |
//! | 1 | [`yaml`] | YAML with exact positions, and edits that keep comments |
//! | 1 | [`query`] | PromQL with exact positions, and the counts it can give; metric queries of Datadog |
//! | 1 | [`finding`] | what a rule reports |
//! | 0 | [`source`] | files, spans, lines, edits |
//! | 0 | [`quantity`] | exact numbers and durations |
//! | 0 | [`spelling`] | which known word was most likely meant |
//! | 0 | [`globs`] | which paths or names are meant |
//! | 0 | [`text`] | which characters do something instead of showing something |
//!
//! # The path of one file
//!
//! ```text
//! bytes ─ source::Source::decode ─ yaml::parse ─ dialect::read ─ model::Catalog
//!       ─ lint::run ─ report::render
//! ```
//!
//! Nothing on this path before `report` fails: each step returns what it understood *and* what it
//! did not, so a file with one bad field is still linted for the rest.
//!
//! # The path of a verdict
//!
//! ```text
//! git (trusted, compared, head) ─ lint::load ×3 ─ gate::plan ─ backend ─ gate::decide ─ report
//! ```
//!
//! Policy, configuration and the definitions that count come from the *trusted* tree, the tip of the
//! base branch. `plan` and `decide` are pure; between them stands one fetch.

// A test may stop where something is wrong; the program may not.
#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::string_slice))]

pub mod alerts;
#[cfg(feature = "cli")]
pub mod backend;
pub mod budget;
pub mod change;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod convert;
pub mod dialect;
pub mod finding;
#[cfg(feature = "http")]
pub mod forge;
pub mod gate;
#[cfg(feature = "git")]
pub mod git;
pub mod globs;
pub mod indicators;
pub mod lint;
pub mod model;
pub mod needs;
pub mod policy;
pub mod proposal;
pub mod quantity;
pub mod query;
pub mod report;
pub mod rules;
pub mod source;
pub mod spelling;
pub mod text;
pub mod twins;
pub mod yaml;
