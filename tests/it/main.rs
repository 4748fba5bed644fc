//! The one integration binary: everything the product promises, checked from outside.

mod architecture;
mod dialect;
mod fixture;
mod forge;
mod mutations;
mod parts;
mod registry;
mod report;
mod standin;
mod yaml;
