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

impl Scalar<'_> {
    /// Returns the value under the core schema of YAML 1.2.
    ///
    /// `yes`, `on` and `1_000` are strings here, although YAML 1.1 readers see booleans and numbers.
    pub fn value(&self) -> Value {
        if self.style != Style::Plain || self.is_string {
            return Value::String;
        }
        match self.text {
            "" | "~" | "null" | "Null" | "NULL" => Value::Null,
            "true" | "True" | "TRUE" => Value::Bool(true),
            "false" | "False" | "FALSE" => Value::Bool(false),
            text => number(text).map_or(Value::String, Value::Number),
        }
    }

    /// Returns whether the value is a finite number, without computing it.
    pub fn is_number(&self) -> bool {
        matches!(self.text.as_bytes().first(), Some(b'0'..=b'9' | b'+' | b'-' | b'.'))
            && matches!(self.value(), Value::Number(_))
    }
}

fn number(text: &str) -> Option<Ratio> {
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).ok().map(Ratio::whole);
    if let Some(digits) = text.strip_prefix("0x") {
        return digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| radix(digits, 16))?;
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| radix(digits, 8))?;
    }
    Ratio::parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Scalar { text, style: Style::Plain, is_string: false }.value()
    }

    #[test]
    fn plain_scalars_are_read_as_yaml_1_2_reads_them() {
        assert_eq!(value("0o14"), Value::Number(Ratio::whole(12)));
        assert_eq!(value("014"), Value::Number(Ratio::whole(14)));
        assert_eq!(value("99.90"), Value::Number(Ratio::parse("99.9").unwrap()));
        assert_eq!(value("TRUE"), Value::Bool(true));
        for text in ["yes", "on", "1_000", "99.9%", ".inf", ".nan", "12:30:45", "0b11", "1e"] {
            assert_eq!(value(text), Value::String, "{text}");
        }
        let quoted = Scalar { text: "99.9", style: Style::DoubleQuoted, is_string: false };
        assert_eq!(quoted.value(), Value::String);
    }
}
