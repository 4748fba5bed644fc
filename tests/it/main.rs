//! The one integration binary: everything the product promises, checked from outside.

mod architecture;
mod change;
mod fixture;
mod forge;
mod parts;
mod registry;
mod report;
mod standin;
mod yaml;
