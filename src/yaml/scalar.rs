//! What a scalar means under the core schema of YAML 1.2.

use crate::quantity::Ratio;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single quotes.
    SingleQuoted,
    /// In double quotes, with escapes.
    DoubleQuoted,
    /// A literal block, `|`.
    Literal,
    /// A folded block, `>`.
    Folded,
    /// Something that is computed elsewhere: it is given, and nobody here knows what it is.
    Unknown,
}

/// A scalar: its decoded text and how it is written.
#[derive(Clone, Copy, Debug)]
pub struct Scalar<'a> {
    /// The text after escapes, folding and indentation are undone.
    pub text: &'a str,
    /// How it is written.
    pub style: Style,
    /// Whether a tag says that it is a string.
    pub is_string: bool,
}

/// The value of a scalar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`, `~`, or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A finite number.
    Number(Ratio),
    /// Anything else, `.inf` and `.nan` included.
    String,
}

/// The type of a scalar's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// `null`, `~`, or nothing.
    Null,
    /// `true` or `false`.
    Bool,
    /// A finite number.
    Number,
    /// Anything else.
    String,
}

impl Scalar<'_> {
    /// Returns the value under the core schema of YAML 1.2.
    ///
    /// `yes`, `on` and `1_000` are strings here, although YAML 1.1 readers see booleans and numbers; so is
    /// `014`, in which they see another number.
    pub fn value(&self) -> Value {
        if self.style != Style::Plain || self.is_string {
            return Value::String;
        }
        match self.text {
            text if is_null(text) => Value::Null,
            "true" | "True" | "TRUE" => Value::Bool(true),
            "false" | "False" | "FALSE" => Value::Bool(false),
            text => number(text).map_or(Value::String, Value::Number),
        }
    }

    /// Returns the type of the value, mostly without computing the value.
    pub fn value_type(&self) -> ValueType {
        if self.style != Style::Plain || self.is_string {
            return ValueType::String;
        }
        match self.text {
            text if is_null(text) => ValueType::Null,
            "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => ValueType::Bool,
            text if is_short_decimal(text) || number(text).is_some() => ValueType::Number,
            _ => ValueType::String,
        }
    }

    /// Returns whether the value is null.
    pub fn is_null(&self) -> bool {
        self.style == Style::Plain && !self.is_string && is_null(self.text)
    }

    /// Returns whether the value is a finite number.
    pub fn is_number(&self) -> bool {
        self.value_type() == ValueType::Number
    }
}

/// Returns whether a word is text to every reader where it stands without quotes, to those of YAML 1.1
/// too; `no` and `True` are not.
pub fn is_text(word: &str) -> bool {
    const VALUES: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    word.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && word.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._".contains(letter))
        && !VALUES.iter().any(|value| word.eq_ignore_ascii_case(value))
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Returns whether text is digits, at most one point among them: what most numbers are.
fn is_short_decimal(text: &str) -> bool {
    let mut points = 0;
    let mut is_digit_or_point = |byte: u8| {
        points += usize::from(byte == b'.');
        byte == b'.' || byte.is_ascii_digit()
    };
    text.len() <= 16
        && text.bytes().all(&mut is_digit_or_point)
        && points < text.len().min(2)
        && octal(text).is_none()
}

/// Returns the number that readers of YAML 1.1 take a text for, where those of YAML 1.2 take it for
/// another: `014` is 12 to the first and 14 to the second. `07` is one number to both.
pub fn octal(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_octal = digits.len() > 1
        && digits.starts_with('0')
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    let octal = is_octal.then(|| i64::from_str_radix(digits, 8).ok())??;
    (digits.parse() != Ok(octal)).then_some(if text.starts_with('-') { -octal } else { octal })
}

fn number(text: &str) -> Option<Ratio> {
    // Most scalars are words, and no number begins like one.
    if !matches!(text.as_bytes().first(), Some(b'0'..=b'9' | b'+' | b'-' | b'.')) {
        return None;
    }
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).ok().map(Ratio::whole);
    if let Some(digits) = text.strip_prefix("0x") {
        return digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| radix(digits, 16))?;
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| radix(digits, 8))?;
    }
    // What two readers take for two numbers is none.
    octal(text).map_or_else(|| Ratio::parse(text), |_| None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Scalar { text, style: Style::Plain, is_string: false }.value()
    }

    #[test]
    fn what_any_reader_takes_for_a_value_is_no_text() {
        for word in ["checkout", "api-v1.2", "a_b", "nothing", "Online"] {
            assert!(is_text(word), "{word}");
        }
        for word in ["", "no", "NULL", "True", "y", "1h", ".inf", "-a", "a b", "a: b", "é"] {
            assert!(!is_text(word), "{word}");
        }
    }

    #[test]
    fn plain_scalars_are_read_as_yaml_1_2_reads_them() {
        assert_eq!(value("0o14"), Value::Number(Ratio::whole(12)));
        assert_eq!(value("07"), Value::Number(Ratio::whole(7)));
        assert_eq!(value("019"), Value::Number(Ratio::whole(19)));
        assert_eq!(value("014"), Value::String, "12 to one reader and 14 to another");
        assert_eq!((octal("014"), octal("-0300"), octal("0")), (Some(12), Some(-192), None));
        assert_eq!((octal("007"), octal("0.1"), octal("14")), (None, None, None));
        assert_eq!(value("99.90"), Value::Number(Ratio::parse("99.9").expect("a decimal")));
        assert_eq!(value("TRUE"), Value::Bool(true));
        for text in ["yes", "on", "1_000", "99.9%", ".inf", ".nan", "12:30:45", "0b11", "1e"] {
            assert_eq!(value(text), Value::String, "{text}");
        }
        let quoted = Scalar { text: "99.9", style: Style::DoubleQuoted, is_string: false };
        assert_eq!(quoted.value(), Value::String);
    }

    #[test]
    fn the_type_of_a_value_is_known_before_the_value() {
        for text in [
            "",
            ".",
            "~",
            "null",
            "true",
            "False",
            "yes",
            "1",
            "1.",
            ".5",
            "1.5",
            "1.5.2",
            "-3",
            "+1e3",
            "0x1f",
            "0o17",
            "28d",
            "1-2",
            "99.9%",
            "12345678901234567890",
            ".inf",
        ] {
            let scalar = Scalar { text, style: Style::Plain, is_string: false };
            let expected = match scalar.value() {
                Value::Null => ValueType::Null,
                Value::Bool(_) => ValueType::Bool,
                Value::Number(_) => ValueType::Number,
                Value::String => ValueType::String,
            };
            assert_eq!(scalar.value_type(), expected, "{text}");
            assert_eq!(scalar.is_null(), expected == ValueType::Null, "{text}");
        }
    }
}
