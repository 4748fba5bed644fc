//! The one integration binary: everything the product promises, checked from outside.

mod parts;
mod yaml;
