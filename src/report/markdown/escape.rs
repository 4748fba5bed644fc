//! Text of a repository in Markdown: shown, never obeyed.
//!
//! # Why
//!
//! A character reference cannot stand in place of the symbol that gives a text structure, so every
//! symbol that could mean something becomes one: in a table, in a list, in a heading, before and
//! behind any other text. Only mentions, references and addresses survive that, because the forge
//! looks for them in the finished page; a character without width breaks each of them.
//!
//! # Source
//!
//! GitHub Flavored Markdown Spec, sections 2.5 "Entity and numeric character references" and 6.9
//! "Autolinks (extension)".

use crate::report::escape;

/// The most characters of one text that are shown.
const MAX_TEXT: usize = 400;

/// A character without width, as a reference.
const BREAK: &str = "&#8203;";

/// Returns text with its code, which messages put between backticks, as code, and all else plain.
pub(in crate::report) fn prose(text: &str) -> String {
    let shown = clipped(text);
    let parts: Vec<&str> = shown.split('`').collect();
    let mut written = String::with_capacity(shown.len() + 16);
    for (index, part) in parts.iter().enumerate() {
        let is_last = index + 1 == parts.len();
        if index % 2 == 0 {
            written.push_str(&plain(part, written.is_empty()));
        } else if is_last || part.trim().is_empty() {
            // A backtick without a partner, or around nothing, is a backtick.
            written.push_str("&#96;");
            written.push_str(&plain(part, false));
            written.push_str(if is_last { "" } else { "&#96;" });
        } else {
            written.push_str(&code(part));
        }
    }
    written
}

/// Returns text as plain text: nothing in it is code, a mention, a link or markup.
pub(in crate::report) fn escape(text: &str) -> String {
    plain(&clipped(text), true)
}

/// Returns text as code.
pub(in crate::report) fn code(text: &str) -> String {
    let shown = clipped(text);
    let is_risky = |character: char| "`|<>&@\\".contains(character);
    if shown.is_empty() {
        "<code></code>".to_owned()
    } else if shown.contains(is_risky) || shown.trim() != shown {
        format!("<code>{}</code>", plain(&shown, true))
    } else {
        format!("`{shown}`")
    }
}

/// Returns the first characters of a text, with nothing active in them.
fn clipped(text: &str) -> String {
    let shown: String = text.chars().take(MAX_TEXT).collect();
    let dots = if shown.len() < text.len() { "…" } else { "" };
    format!("{}{dots}", escape::line(&shown))
}

fn plain(text: &str, is_first: bool) -> String {
    let characters: Vec<char> = text.chars().collect();
    let at = |index: usize| characters.get(index).copied();
    let mut written = String::with_capacity(text.len() + 16);
    // `1.` and `1)` start a list where they start a line.
    let digits = characters.iter().take_while(|character| character.is_ascii_digit()).count();
    for (index, &character) in characters.iter().enumerate() {
        let next = at(index + 1);
        let is_behind = |word: &str| {
            let count = word.chars().count();
            let before = characters.get(index.saturating_sub(count)..index).unwrap_or_default();
            before.iter().collect::<String>().eq_ignore_ascii_case(word)
        };
        let starts = is_first && index == 0 && "#+-=~:".contains(character);
        let lists = is_first
            && digits > 0
            && index == digits
            && ".)".contains(character)
            && next.is_none_or(char::is_whitespace);
        if character == '.' && is_behind("www") {
            written.push_str(BREAK);
        }
        if "&<>`|\\*_[]~$!\"'".contains(character) || starts || lists {
            written.push_str("&#");
            written.push_str(&u32::from(character).to_string());
            written.push(';');
        } else {
            written.push(character);
        }
        let joins = match character {
            '@' => true,
            '#' => next.is_some_and(char::is_alphanumeric),
            ':' => next == Some('/'),
            '-' => is_behind("gh") && next.is_some_and(|next| next.is_ascii_digit()),
            _ => false,
        };
        if joins {
            written.push_str(BREAK);
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns what a reader sees.
    fn read(text: &str) -> String {
        let mut read = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("&#") {
            read.push_str(before);
            let (number, after) = behind.split_once(';').expect("a reference ends");
            let number = number.parse().expect("a reference is a number");
            read.extend(char::from_u32(number).filter(|&character| character != '\u{200b}'));
            rest = after;
        }
        read + rest
    }

    #[test]
    fn messages_keep_their_code_and_lose_their_claws() {
        assert_eq!(prose("window `336h` is long"), "window `336h` is long");
        assert_eq!(prose("`a|b`"), "<code>a&#124;b</code>");
        assert_eq!(prose("one ` alone"), "one &#96; alone");
        assert_eq!(escape("@org/team"), "@&#8203;org/team");
        assert_eq!(escape("<img src=x>"), "&#60;img src=x&#62;");
        assert_eq!(escape("see https://x.example"), "see https:&#8203;//x.example");
        assert_eq!(escape("WWW.x.example"), "WWW&#8203;.x.example");
        assert_eq!(escape("fixes #12, GH-7"), "fixes #&#8203;12, GH-&#8203;7");
        assert_eq!(escape("a\n\n# b"), "a&#92;n&#92;n# b");
        assert_eq!(escape("1. one"), "1&#46; one");
        assert_eq!(escape("99.9 %"), "99.9 %");
        assert_eq!(escape("#12"), "&#35;&#8203;12");
        assert_eq!(escape("# one"), "&#35; one");
        assert_eq!(escape("\u{202e}x"), "&#92;u{202e}x");
        assert_eq!(escape("[a](javascript:b)"), "&#91;a&#93;(javascript:b)");
    }

    proptest! {
        #[test]
        fn no_markup_mention_or_table_cell_survives(
            text in "([@<>|`\\\\\\[\\]*_~$!#&:/. \n\r\u{202e}a1-]|www\\.|http://|GH-1){0,60}"
        ) {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains(['<', '>', '|', '`', '[', ']', '\\', '\n', '*', '_']));
            for (at, _) in escaped.match_indices('@') {
                prop_assert!(escaped[at + 1..].starts_with(BREAK), "{escaped}");
            }
            prop_assert!(!escaped.contains("://") && !escaped.contains("www."), "{escaped}");
            prop_assert_eq!(read(&escaped), escape::line(&text).into_owned());
        }

        #[test]
        fn prose_has_no_markup_but_code(text in "([@<>|`\\\\a \n]){0,60}") {
            let written = prose(&text).replace("<code>", "").replace("</code>", "");
            prop_assert!(!written.contains(['<', '>', '|', '\\', '\n']), "{written}");
            prop_assert_eq!(written.matches('`').count() % 2, 0);
            for (at, _) in written.match_indices('@') {
                prop_assert!(written[at + 1..].starts_with(BREAK), "{written}");
            }
        }
    }
}
