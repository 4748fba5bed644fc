//! The one integration binary: everything the product promises, checked from outside.
#![expect(clippy::disallowed_methods, reason = "tests read and write files of their own")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod architecture;
mod backend;
mod bad_input;
mod baseline;
mod cascades;
mod change;
mod checkouts;
mod cli;
mod command;
mod conformance;
mod convert;
mod corpus;
mod datadog;
mod dialect;
mod diff;
mod discovery;
mod edits;
mod examples;
mod explain;
mod fixes;
mod fixture;
mod forge;
mod gate;
mod import;
mod large_input;
mod lint;
mod log;
mod mutations;
mod pages;
mod parts;
mod policy_files;
mod prometheus_rules;
mod promql;
mod publish;
mod pyrra;
mod queries;
mod registry;
mod report;
mod repository;
mod since;
mod sloth;
mod standin;
mod untouched;
mod yaml;
