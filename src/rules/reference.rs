//! Rules about objects among themselves: names, owners, references, duplicates.

use crate::model::Kind;
use crate::spelling::MAX_LENGTH;

use super::Rule;

mod duplicate_object_name;
mod missing_owner;
mod unresolved_reference;

pub(super) const RULES: &[&Rule] =
    &[&unresolved_reference::RULE, &duplicate_object_name::RULE, &missing_owner::RULE];

/// Returns whether an object could have the name.
fn is_name(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    name.len() <= MAX_LENGTH
        && name.starts_with(plain)
        && name.ends_with(plain)
        && name.chars().all(|letter| plain(letter) || letter == '-' || letter == '.')
}

/// Returns the name of a kind with its article.
fn with_article(kind: Kind) -> String {
    let article = match kind {
        Kind::Service | Kind::DataSource => "a",
        _ => "an",
    };
    format!("{article} {}", kind.name())
}
