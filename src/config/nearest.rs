//! The known word that a person most likely meant.

use crate::spelling;
use crate::spelling::Vocabulary;

/// Returns the known word that `word` was most likely meant to be.
///
/// In this order: the nearest in spelling, a word that holds this one as a whole part (`bearer-token`
/// for `bearer-token-env`), and a word that starts with this one (`warn`).
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = spelling::nearest(word, known.iter().copied(), Vocabulary::Words);
    let kebab = kebab(word);
    let part =
        |name: &&&str| kebab.len() >= 4 && format!("-{name}-").contains(&format!("-{kebab}-"));
    let start = |name: &&&str| kebab.len() >= 3 && name.starts_with(&kebab);
    near.first().or_else(|| known.iter().find(part)).or_else(|| known.iter().find(start)).copied()
}

/// Writes a word in kebab-case, cut to a length beyond which nothing is near.
fn kebab(word: &str) -> String {
    let mut result = String::new();
    for character in word.chars().take(64) {
        if character.is_uppercase() && result.ends_with(|last: char| last.is_lowercase()) {
            result.push('-');
        }
        match character {
            '_' | ' ' => result.push('-'),
            _ => result.extend(character.to_lowercase()),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn another_spelling_a_slip_and_a_part_are_recognized() {
        let known = ["fail-on", "bearer-token-env", "basic-password-env", "url"];
        assert_eq!(nearest("failOn", &known), Some("fail-on"));
        assert_eq!(nearest("fail_on", &known), Some("fail-on"));
        assert_eq!(nearest("bearer-token", &known), Some("bearer-token-env"));
        assert_eq!(nearest("token", &known), Some("bearer-token-env"));
        assert_eq!(nearest("password", &known), Some("basic-password-env"));
        assert_eq!(nearest("ulr", &known), Some("url"));
        assert_eq!(nearest("x", &known), None);
        assert_eq!(nearest("名前", &known), None);
        assert_eq!(nearest("warn", &["warning", "error"]), Some("warning"));
    }
}
