//! Makes the invisible visible: control characters, terminal escapes, text that changes direction.
//!
//! A file of a pull request reaches terminals, logs and comments of other people. What it holds is
//! shown, never sent.

use std::borrow::Cow;
use std::fmt::Write;

use crate::text::is_active;

/// Appends a character that [`is_active`] the way Rust writes it: `\n`, `\u{1b}`.
pub fn push(into: &mut String, character: char) {
    match character {
        '\n' => into.push_str("\\n"),
        '\r' => into.push_str("\\r"),
        '\t' => into.push_str("\\t"),
        other => {
            write!(into, "\\u{{{:x}}}", u32::from(other)).expect("writing to a string never fails");
        }
    }
}

/// Returns text of one line in which nothing is active.
///
/// Line ends and tabs become `\n`, `\r` and `\t`.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_active) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_active(character) {
            push(&mut escaped, character);
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Returns text of several lines in which nothing but their ends is active.
pub fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.lines().map(line)
}

/// Returns a path as a relative reference of a URI: every byte but letters, digits, `-._~/` is
/// percent-encoded.
///
/// # Source
///
/// RFC 3986, section 2.3, "Unreserved Characters".
pub fn uri(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            other => {
                write!(encoded, "%{other:02X}").expect("writing to a string never fails");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_acts_is_shown_and_the_rest_stays() {
        assert_eq!(line("plain – 決済 👩\u{200d}💻"), "plain – 決済 👩\u{200d}💻");
        assert_eq!(line("\x1b[31mred\x07"), "\\u{1b}[31mred\\u{7}");
        assert_eq!(line("a\u{202e}b\r\n\tc\u{9b}"), "a\\u{202e}b\\r\\n\\tc\\u{9b}");
        assert_eq!(uri("a b/名.yaml"), "a%20b/%E5%90%8D.yaml");
    }

    proptest! {
        #[test]
        fn nothing_active_survives(text in any::<String>()) {
            prop_assert!(!line(&text).contains(is_active));
            prop_assert!(uri(&text).is_ascii());
        }
    }
}
