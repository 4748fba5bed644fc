//! Which known word was most likely meant.
//!
//! **Invariant:** `spelling` knows no vocabulary, and says nothing: whether a word that is near is
//! told, or written by a fix, is for those who know what the words are.
//!
//! # Why
//!
//! A misspelled key of `slo.toml`, a misspelled field of a definition and a misspelled name of an
//! object are one question. Answered in one place, `fail_on`, `failOn` and `fial-on` lead to `fail-on`
//! wherever they are written.

use std::cell::LazyCell;

use compact_str::CompactString;

/// The longest word that is compared, in bytes: the longest name of a Kubernetes object.
pub const MAX_LENGTH: usize = 253;

/// How many edits a word may be away.
pub const MAX_DISTANCE: usize = 2;

/// What the known words are, which says how much of one may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// Words of a format, of which there is a short list: half of a word may differ.
    Words,
    /// Names that people gave, among which `api` and `app` are two: a third of one may differ.
    Names,
}

/// Returns the known words that are nearest to `word`, all at one distance, in the order of the
/// alphabet; none where none is near.
///
/// A word in another spelling (`failOn`, `fail_on`, `FAIL-ON` for `fail-on`) is at distance 0; an edit
/// adds, drops, replaces or swaps characters, and two are the most.
pub fn nearest<'a>(
    word: &str,
    known: impl IntoIterator<Item = impl Into<Known<'a>>>,
    vocabulary: Vocabulary,
) -> Vec<&'a str> {
    if word.len() > MAX_LENGTH {
        return Vec::new();
    }
    let part = match vocabulary {
        Vocabulary::Words => 2,
        Vocabulary::Names => 3,
    };
    let own = Letters::of(word);
    // Most words have no neighbor by their letters.
    let word = LazyCell::new(|| folded(word));
    let distance = |name: &str| distance(&word, &folded(name));
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .map(Into::into)
        .filter(|known| !own.is_far(known.letters))
        .filter(|known| known.word.len() <= MAX_LENGTH)
        .map(|known| (distance(known.word), known.word))
        .filter(|(distance, name)| *distance <= MAX_DISTANCE.min(name.len() / part))
        .collect();
    found.sort_unstable();
    let least = found.first().map(|(distance, _)| *distance);
    found.retain(|(distance, _)| Some(*distance) == least);
    found.into_iter().map(|(_, name)| name).collect()
}

/// Returns the known word that a longer one begins with, for half of it or more, or else the only one
/// that begins with a shorter one: `targetPercent` for `targetPercentage`, `description` for `desc`.
///
/// What is shorter has four letters or more. Such a word is likely, and never certain.
pub fn by_beginning<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LEAST: usize = 4;
    let word = folded(word);
    let (mut within, mut beyond) = (None, Vec::new());
    for name in known {
        let known = folded(name);
        let is_half = known.len() >= LEAST && 2 * known.len() >= word.len();
        if is_half && word.starts_with(known.as_str()) {
            within = within.max(Some((known.len(), name)));
        } else if word.len() >= LEAST && known.starts_with(word.as_str()) {
            beyond.push(name);
        }
    }
    match (within, beyond.as_slice()) {
        (Some((_, name)), _) => Some(name),
        (None, [only]) => Some(only),
        _ => None,
    }
}

/// Returns how many characters of a word are compared: words of which one has more than
/// [`MAX_DISTANCE`] more than the other are never near.
pub fn length(word: &str) -> usize {
    let mut count = 0;
    each_letter(word, |_| count += 1);
    count
}

/// A known word with its letters, for those who compare it with many.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    word: &'a str,
    letters: Letters,
}

impl<'a> From<&'a str> for Known<'a> {
    fn from(word: &'a str) -> Self {
        Self { word, letters: Letters::of(word) }
    }
}

/// Which letters stand in a word, and which of them more than once, whatever the order: a bit for each,
/// and one for several that share it.
#[derive(Clone, Copy, Debug, Default)]
struct Letters {
    once: u64,
    twice: u64,
}

impl Letters {
    fn of(word: &str) -> Self {
        let mut found = Self::default();
        each_letter(word, |letter| {
            // Lower-case letters and digits have bits of their own.
            let bit = 1 << (u32::from(letter) % 64);
            found.twice |= found.once & bit;
            found.once |= bit;
        });
        found
    }

    /// Returns whether no way of [`MAX_DISTANCE`] edits leads from one word to the other: each edit adds
    /// at most one letter and takes at most one away.
    fn is_far(self, other: Self) -> bool {
        let lacks_many = |one: Self, other: Self| {
            let (once, twice) = (one.once & !other.once, one.twice & !other.twice);
            // Most words are told apart by letters that one of them has not got at all.
            has_many(once) || (once.count_ones() + twice.count_ones()) as usize > MAX_DISTANCE
        };
        lacks_many(self, other) || lacks_many(other, self)
    }
}

/// Returns whether more than [`MAX_DISTANCE`] bits are set.
fn has_many(bits: u64) -> bool {
    let without_lowest = |bits: u64, _| bits & bits.wrapping_sub(1);
    (0..MAX_DISTANCE).fold(bits, without_lowest) != 0
}

/// Returns whether two words are one in different spellings, as `failOn` and `fail-on` are.
pub fn is_same(one: &str, other: &str) -> bool {
    folded(one) == folded(other)
}

/// Returns whether a near word has one reading: at most every third character of the known one differs.
///
/// `up` and `or` are near `op`, and may as well be words of their own.
pub fn is_certain(word: &str, known: &str) -> bool {
    distance(&folded(word), &folded(known)) <= known.len() / 3
}

/// Returns whether two names, one letter apart, differ inside one longer word of letters.
pub fn is_slip(name: &str, known: &str) -> bool {
    let words = |text: &str| text.split(['-', '.', '_']).map(str::to_owned).collect::<Vec<_>>();
    let (name, known) = (words(name), words(known));
    if name.len() != known.len() {
        return true;
    }
    let mut pairs = name.iter().zip(&known).filter(|(left, right)| left != right);
    pairs.all(|(left, right)| {
        let is_other_letter = left.len() == right.len() && sorted(left) != sorted(right);
        // `read` and `head` are two words; `request` and `requests` are one.
        let least = if is_other_letter { 6 } else { 4 };
        let is_long = |word: &str| word.len() >= least && word.chars().all(char::is_alphabetic);
        is_long(left) && is_long(right)
    })
}

fn sorted(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}

/// Returns how many edits lead from one word to the other.
///
/// What both begin and end with changes nothing, and names of one repository have much of it.
fn distance(one: &str, other: &str) -> usize {
    fn without_start<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
        let pairs = one.char_indices().zip(other.chars());
        let end = pairs.take_while(|((_, left), right)| left == right).last();
        let end = end.map_or(0, |((at, letter), _)| at + letter.len_utf8());
        (one.get(end..).unwrap_or_default(), other.get(end..).unwrap_or_default())
    }
    fn without_end<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
        let pairs = one.chars().rev().zip(other.chars().rev());
        let same = pairs.take_while(|(left, right)| left == right);
        let length: usize = same.map(|(letter, _)| letter.len_utf8()).sum();
        let cut = |word: &'a str| word.get(..word.len() - length).unwrap_or_default();
        (cut(one), cut(other))
    }
    let (one, other) = without_start(one, other);
    match without_end(one, other) {
        ("", rest) | (rest, "") => rest.chars().count(),
        (one, other) => strsim::damerau_levenshtein(one, other),
    }
}

/// Returns a word without what another spelling of it changes.
fn folded(word: &str) -> CompactString {
    let mut folded = CompactString::default();
    each_letter(word, |letter| folded.push(letter));
    folded
}

/// Shows every character of a word in lowercase, without those that only join the parts of a name.
fn each_letter(word: &str, see: impl FnMut(char)) {
    let is_kept = |letter: &char| !matches!(letter, '-' | '_' | ' ');
    if word.is_ascii() {
        let letters = word.bytes().map(|letter| char::from(letter.to_ascii_lowercase()));
        letters.filter(is_kept).for_each(see);
    } else {
        word.chars().filter(is_kept).flat_map(char::to_lowercase).for_each(see);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["target", "targetPercent", "op", "value", "timeSliceTarget"];
        let one = |word| nearest(word, known, Vocabulary::Words).first().copied();
        assert_eq!(one("targte"), Some("target"));
        assert_eq!(one("TargetPercent"), Some("targetPercent"));
        assert_eq!(one("time_slice_target"), Some("timeSliceTarget"));
        assert_eq!(one("values"), Some("value"));
        assert_eq!(one("opp"), Some("op"));
        assert_eq!(one("goal"), None);
        assert_eq!(one("x"), None, "a single letter is near nothing");
        assert_eq!(one("名前"), None);
        assert_eq!(one(&"target".repeat(100)), None);
    }

    #[test]
    fn a_word_is_known_by_its_beginning() {
        let known = ["target", "targetPercent", "description", "dataSourceRef", "dataSourceSpec"];
        let one = |word| by_beginning(word, known);
        assert_eq!(one("targetPercentage"), Some("targetPercent"));
        assert_eq!(one("targetLatency"), None, "less than half of it is known");
        assert_eq!(one("desc"), Some("description"));
        assert_eq!(one("dataSource"), None, "two begin so");
        assert_eq!((one("des"), one("")), (None, None));
    }

    proptest::proptest! {
        #[test]
        fn what_two_words_share_at_both_ends_changes_no_distance(
            one in "[ab名]{0,7}",
            other in "[ab名]{0,7}",
        ) {
            proptest::prop_assert_eq!(distance(&one, &other), strsim::damerau_levenshtein(&one, &other));
        }

        #[test]
        fn letters_alone_never_rule_out_a_word_that_is_near(one in "[a-d-]{0,9}", other in "[a-d名]{0,9}") {
            let distance = strsim::damerau_levenshtein(&folded(&one), &folded(&other));
            let is_far = Letters::of(&one).is_far(Letters::of(&other));
            proptest::prop_assert!(!is_far || distance > MAX_DISTANCE);
        }
    }

    #[test]
    fn a_short_word_has_one_reading_only_as_itself() {
        for other in ["up", "or", "ok", "po"] {
            assert!(!is_certain(other, "op"), "{other}");
        }
        assert!(is_certain("OP", "op") && is_certain("knd", "kind"));
        assert!(is_certain("targte", "target") && !is_certain("vakue1", "value"));
    }

    #[test]
    fn names_are_told_apart_sooner_than_words() {
        let near =
            |name, known: &[&'static str]| nearest(name, known.iter().copied(), Vocabulary::Names);
        assert!(near("a", &["b"]).is_empty());
        assert!(near("read", &["beat"]).is_empty(), "two letters of four");
        assert_eq!(near("api", &["app"]), ["app"]);
        assert_eq!(near("checkot", &["checkout", "check"]), ["checkout"]);
        assert_eq!(near("zone-c", &["zone-b", "zone-a", "zones"]), ["zone-a", "zone-b", "zones"]);
    }

    #[test]
    fn slips_are_told_from_other_things() {
        for (written, known) in [
            ("checkout-request", "checkout-requests"),
            ("chekcout", "checkout"),
            ("on-call", "oncall"),
            ("payment-latancy", "payment-latency"),
        ] {
            assert!(is_slip(written, known), "{written} is {known}");
        }
        for (written, known) in [
            ("latency-p95", "latency-p99"),
            ("zone-a", "zone-b"),
            ("api-v1", "api-v12"),
            ("read-latency", "head-latency"),
        ] {
            assert!(!is_slip(written, known), "{written} is not {known}");
        }
    }
}
