//! Quoted strings: where one ends, and what it says.
//!
//! # Source
//!
//! Prometheus documentation, "Querying basics", string literals, which follow Go's.

use crate::query::problem::ProblemKind;

/// A string that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Quoted {
    /// Bytes from the opening quote to the closing one, both included.
    pub(super) length: usize,
    /// The content with its escapes resolved; bytes that are no UTF-8 become U+FFFD.
    pub(super) value: String,
}

/// Why a string could not be read, and at which bytes from its opening quote.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: ProblemKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Reads the string whose opening quote begins the text.
///
/// # Errors
///
/// A [`Fault`] when the string does not end or has an escape that there is not.
pub(super) fn read(text: &str) -> Result<Quoted, Fault> {
    let unterminated = |end: usize| Fault { kind: ProblemKind::UnterminatedString, start: 0, end };
    let Some(quote) = text.chars().next() else {
        return Err(unterminated(0));
    };
    let mut value = Vec::new();
    let mut at = quote.len_utf8();
    let rest = |at: usize| text.get(at..).unwrap_or_default();
    while let Some(character) = rest(at).chars().next() {
        let next = at + character.len_utf8();
        if character == quote {
            let value = String::from_utf8_lossy(&value).into_owned();
            return Ok(Quoted { length: next, value });
        }
        if quote != '`' && character == '\n' {
            return Err(unterminated(at));
        }
        if quote != '`' && character == '\\' {
            at = next
                + unescape(rest(next), quote, &mut value).map_err(|length| Fault {
                    kind: ProblemKind::InvalidEscape,
                    start: at,
                    end: next + length,
                })?;
        } else {
            value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            at = next;
        }
    }
    Err(unterminated(text.len()))
}

/// Returns what a string says, given its text with quotes.
pub(super) fn decode(text: &str) -> String {
    read(text).map(|quoted| quoted.value).unwrap_or_default()
}

/// Writes a string in double quotes.
pub(super) fn encode(value: &str) -> String {
    let mut text = String::from("\"");
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

/// Resolves the escape after a backslash and returns its length, or the length of what is wrong.
fn unescape(text: &str, quote: char, value: &mut Vec<u8>) -> Result<usize, usize> {
    let Some(character) = text.chars().next() else {
        return Err(0);
    };
    let simple = match character {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' => b'\\',
        '"' if quote == '"' => b'"',
        '\'' if quote == '\'' => b'\'',
        '0'..='7' => return numeric(text, 0, 3, 8, value),
        'x' => return numeric(text, 1, 2, 16, value),
        'u' => return numeric(text, 1, 4, 16, value),
        'U' => return numeric(text, 1, 8, 16, value),
        other => return Err(other.len_utf8()),
    };
    value.push(simple);
    Ok(1)
}

/// Resolves an escape of `count` digits after `skip` letters: a byte when the digits are two or
/// three, a character when they are more.
fn numeric(
    text: &str,
    skip: usize,
    count: usize,
    radix: u32,
    value: &mut Vec<u8>,
) -> Result<usize, usize> {
    let end = skip + count;
    let digits = text.bytes().skip(skip).take(count);
    let digits = digits.take_while(|byte| char::from(*byte).is_digit(radix)).count();
    let number = text
        .get(skip..end)
        .filter(|_| digits == count)
        .and_then(|digits| u32::from_str_radix(digits, radix).ok())
        .ok_or(skip + digits)?;
    if count <= 3 {
        value.push(u8::try_from(number).map_err(|_| end)?);
    } else {
        let character = char::from_u32(number).ok_or(end)?;
        value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<String> {
        read(text).ok().map(|quoted| quoted.value)
    }

    #[test]
    fn escapes_are_those_of_go() {
        assert_eq!(value(r#""a\n\x41\101\u00e9\U0001F600""#).as_deref(), Some("a\nAAé😀"));
        assert_eq!(value(r"'it\'s'").as_deref(), Some("it's"));
        assert_eq!(value(r#"'\"'"#), None, "only the quote in use can be escaped");
        assert_eq!(value(r"`a\n`").as_deref(), Some(r"a\n"), "raw strings have no escapes");
        assert_eq!(value(r#""\xe2\x82\xac""#).as_deref(), Some("€"), "bytes make characters");
    }

    #[test]
    fn a_fault_points_at_the_escape() {
        let fault = read(r#""5\d""#).expect_err("there is no such escape");
        assert_eq!((fault.kind, fault.start, fault.end), (ProblemKind::InvalidEscape, 2, 4));
        assert!(read(r#""\777""#).is_err(), "more than a byte");
        assert!(read(r#""\ud800""#).is_err(), "half a character");
        assert!(read("\"a\nb\"").is_err(), "only raw strings span lines");
    }

    #[test]
    fn what_is_encoded_decodes_to_the_same() {
        for text in ["", "a\"b\\c\n", "é\t{{.x}} $y"] {
            assert_eq!(decode(&encode(text)), text);
        }
    }
}
