//! A TOML value that `config` does not read itself: the settings of a rule.

use crate::quantity::Ratio;
use crate::source::Spanned;

/// A value of TOML, every part with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string, escapes resolved, `${NAME}` as written.
    String(String),
    /// An integer of 64 bits.
    Integer(i64),
    /// A number with a fraction or an exponent, as text that reads as a decimal; digit separators
    /// are dropped, and `inf` and `nan` stay words.
    Float(String),
    /// `true` or `false`.
    Boolean(bool),
    /// A list.
    Array(Vec<Spanned<Value>>),
    /// A table, in the order of the file.
    Table(Vec<(Spanned<String>, Spanned<Value>)>),
}

impl Value {
    /// Returns what the value is, as words for a message: "an integer".
    pub fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Boolean(_) => "a boolean",
            Self::Array(_) => "an array",
            Self::Table(_) => "a table",
        }
    }

    /// Returns the text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a number, whole or with a fraction; nothing for `inf` and `nan`.
    pub fn as_number(&self) -> Option<Ratio> {
        match self {
            Self::Integer(number) => Some(Ratio::whole(*number)),
            Self::Float(text) => Ratio::parse(text),
            _ => None,
        }
    }

    /// Returns the elements of an array.
    pub fn as_array(&self) -> Option<&[Spanned<Value>]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }
}
