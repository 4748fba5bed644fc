//! The one integration binary: everything the product promises, checked from outside.

mod architecture;
mod bad_input;
mod cli;
mod command;
mod corpus;
mod examples;
mod fixture;
mod forge;
mod gate;
mod parts;
mod registry;
mod report;
mod repository;
mod standin;
mod yaml;
