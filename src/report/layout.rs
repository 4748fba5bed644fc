//! Text measured in columns: widths, cuts, wrapped paragraphs.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// Returns how many columns a character takes.
pub(super) fn char_width(character: char) -> usize {
    character.width().unwrap_or(0)
}

/// Returns how many columns a text takes; it must hold no control characters.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Returns the text with spaces behind it up to a width.
pub(super) fn pad_end(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Returns the text with spaces before it up to a width.
pub(super) fn pad_start(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Returns the text, cut with `…` where it is wider than `columns`.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += char_width(character);
        if used > columns {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

/// The most characters of one message that are shown.
const MAX_MESSAGE: usize = 2_000;

/// Returns a message, cut where it is longer than anybody reads.
///
/// A message may quote a value of a file, and a value may be as long as the file.
pub(super) fn message(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// Breaks text into lines at spaces, the first of `first` columns, the others of `rest`.
///
/// A word that is wider than a line is broken where the line ends. There is always a line.
pub(super) fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    let mut limit = first.max(1);
    let end_line = |line: &mut String, lines: &mut Vec<String>| {
        lines.push(std::mem::take(line).trim_end().to_owned());
        rest.max(1)
    };
    for word in words(text) {
        let size = width(word.trim_end());
        if used > 0 && used + size > limit {
            limit = end_line(&mut line, &mut lines);
            used = 0;
        }
        for character in word.chars() {
            let size = char_width(character);
            if used + size > limit && character != ' ' && used > 0 {
                limit = end_line(&mut line, &mut lines);
                used = 0;
            }
            line.push(character);
            used += size;
        }
    }
    if !line.trim_end().is_empty() || lines.is_empty() {
        end_line(&mut line, &mut lines);
    }
    lines
}

/// Returns the words of a text, each with the space behind it; a unit stays with its number.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    for (index, _) in text.match_indices(' ') {
        let next = text.get(index + 1..).unwrap_or_default();
        if !next.starts_with('%') {
            words.extend(text.get(start..=index));
            start = index + 1;
        }
    }
    words.extend(text.get(start..).filter(|word| !word.is_empty()));
    words
}

/// Returns a whole number with a space between each three digits: `12 401`.
pub(super) fn grouped(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// Returns `1 error` or `2 errors`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(width("決済 a"), 6);
        assert_eq!(cut("決済サービス", 6), "決済…");
        assert_eq!(pad_start("決", 4), "  決");
        assert_eq!(grouped("1234567"), "1 234 567");
        assert_eq!(grouped("123"), "123");
    }

    #[test]
    fn words_wrap_and_long_words_break() {
        assert_eq!(wrap("one two three", 8, 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3, 4), ["abc", "defg", "h ij"]);
        assert_eq!(wrap("", 3, 4), [""]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_asked_and_no_letter_is_lost(text in "[a-z決 ]{0,80}", columns in 2usize..20) {
            let lines = wrap(&text, columns, columns);
            prop_assert!(lines.iter().all(|line| width(line) <= columns), "{lines:?}");
            let letters = |text: &str| text.replace(' ', "");
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
