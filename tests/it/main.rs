//! The one integration binary: everything the product promises, checked from outside.

mod forge;
mod standin;
mod yaml;
