//! Rules about objects among themselves: names, owners, references, duplicates.

use super::Rule;

mod duplicate_object_name;
mod missing_owner;
mod unresolved_reference;

pub(super) const RULES: &[&Rule] =
    &[&unresolved_reference::RULE, &duplicate_object_name::RULE, &missing_owner::RULE];
