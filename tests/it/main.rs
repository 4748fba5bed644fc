//! The one integration binary: everything the product promises, checked from outside.

mod architecture;
mod fixture;
mod forge;
mod parts;
mod publish;
mod registry;
mod report;
mod standin;
mod yaml;
