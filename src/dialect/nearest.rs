//! The known word that a person most likely meant.

/// How far a word may be from a known one to count as a misspelling of it.
const MAX_DISTANCE: usize = 2;

/// Returns the known words within two edits of `word`, nearest first, at the nearest distance.
///
/// An edit adds, drops, replaces or swaps characters; a word of three characters may differ by one.
pub(super) fn within<'a>(
    word: &str,
    known: impl Iterator<Item = &'a str>,
) -> impl Iterator<Item = &'a str> {
    let mut found: Vec<(usize, &str)> = known
        .filter(|name| name.len().abs_diff(word.len()) <= MAX_DISTANCE)
        .map(|name| (distance(word, name), name))
        .filter(|(distance, name)| *distance <= MAX_DISTANCE.min(name.len() / 2))
        .collect();
    found.sort_unstable();
    let best = found.first().map(|(distance, _)| *distance);
    found.into_iter().filter(move |(distance, _)| Some(*distance) == best).map(|(_, name)| name)
}

/// Returns whether a near word has one reading: at most every third character of the known one differs.
///
/// `up` and `or` are near `op` and may as well be words of their own.
pub(super) fn is_certain(word: &str, known: &str) -> bool {
    distance(word, known) <= known.len() / 3
}

fn distance(word: &str, known: &str) -> usize {
    if known.eq_ignore_ascii_case(word) { 0 } else { strsim::damerau_levenshtein(word, known) }
}

/// Returns the nearest known word, if one is near.
pub(super) fn one<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    within(word, known).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["target", "targetPercent", "op", "value", "timeSliceTarget"];
        let one = |word| one(word, known.into_iter());
        assert_eq!(one("targte"), Some("target"));
        assert_eq!(one("TargetPercent"), Some("targetPercent"));
        assert_eq!(one("values"), Some("value"));
        assert_eq!(one("goal"), None);
        assert_eq!(one("x"), None, "a single letter is near nothing");
    }

    #[test]
    fn a_short_word_has_one_reading_only_as_itself() {
        for other in ["up", "or", "ok", "po"] {
            assert!(!is_certain(other, "op"), "{other}");
        }
        assert!(is_certain("OP", "op") && is_certain("knd", "kind"));
        assert!(is_certain("targte", "target") && !is_certain("vakue1", "value"));
    }
}
