//! `${NAME}` in a string, and variables that hold secrets.
//!
//! # Why
//!
//! An empty variable counts as a missing one: a CI system hands a secret that a job may not see to
//! that job as an empty string, and an empty token or address must never be used as if it were one.

use std::ops::Range;

/// The longest name of a variable that is shown, in bytes.
const LONGEST_NAME: usize = 64;

/// The longest name in one word that is shown, in bytes.
const LONGEST_WORD: usize = 15;

/// A variable of the environment that is needed is not there, or is empty.
///
/// Who takes the key for the secret itself writes the secret where a name belongs, so a message
/// repeats only what looks like a name: capitals, digits and `_`, and a `_` in a long one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is not set or is empty", self.shown())]
pub struct MissingVariable {
    /// The name of the variable.
    pub name: String,
}

impl MissingVariable {
    /// Returns what to do about it.
    pub fn hint(&self) -> String {
        if self.looks_like_a_name() {
            format!("set `{}` in the environment of this run", self.name)
        } else {
            "write the name of a variable in `slo.toml`, such as `PROMETHEUS_TOKEN`, never the \
             secret itself"
                .to_owned()
        }
    }

    fn shown(&self) -> String {
        if self.looks_like_a_name() {
            format!("environment variable `{}`", self.name)
        } else {
            "an environment variable (its name is not shown: it may be a secret itself)".to_owned()
        }
    }

    fn looks_like_a_name(&self) -> bool {
        let name = &self.name;
        let is_capital = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        name.len() <= LONGEST_NAME
            && name.bytes().all(|byte| is_capital(byte) || byte == b'_')
            && (name.len() <= LONGEST_WORD || name.contains('_'))
    }
}

/// Returns a variable of the environment, which is never empty.
///
/// # Errors
///
/// [`MissingVariable`] when `lookup` knows no such variable, or it is empty.
pub fn variable(
    name: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<String, MissingVariable> {
    lookup(name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| MissingVariable { name: name.to_owned() })
}

/// Replaces every `${NAME}` of a text.
///
/// A name is ASCII letters, digits and `_`, and does not start with a digit. `$${` stands for the
/// characters `${`. Every other `$` stands for itself. What a variable holds is not expanded again.
///
/// # Errors
///
/// [`MissingVariable`] for the first variable that `lookup` does not know or that is empty.
pub fn expand(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<String, MissingVariable> {
    let mut result = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => result.push_str(text),
            Piece::Opening | Piece::Broken(_) => result.push_str("${"),
            Piece::Variable(name) => result.push_str(&variable(name, lookup)?),
        }
    }
    Ok(result)
}

/// Returns whether a text holds a `${NAME}`.
pub(super) fn has_variable(text: &str) -> bool {
    pieces(text).any(|piece| matches!(piece, Piece::Variable(_)))
}

/// Returns where the first `${` stands that is not followed by a name and `}`, in bytes.
pub(super) fn broken(text: &str) -> Option<Range<usize>> {
    pieces(text).find_map(|piece| match piece {
        Piece::Broken(range) => Some(range),
        _ => None,
    })
}

/// Returns whether a text can be the name of a variable.
pub(super) fn is_name(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// One part of a text with variables.
enum Piece<'a> {
    /// Characters that stand for themselves.
    Text(&'a str),
    /// `$${`.
    Opening,
    /// `${NAME}`.
    Variable(&'a str),
    /// A `${` that no name and `}` follow.
    Broken(Range<usize>),
}

/// Splits a text at its variables.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let (piece, length) = if rest.starts_with("$${") {
            (Piece::Opening, 3)
        } else if let Some(inside) = rest.strip_prefix("${") {
            match inside.split_once('}').filter(|(name, _)| is_name(name)) {
                Some((name, _)) => (Piece::Variable(name), name.len() + 3),
                None => (Piece::Broken(at..at + 2), 2),
            }
        } else {
            // A `$` that starts nothing is text; the search goes on behind it.
            let next = rest
                .char_indices()
                .skip(1)
                .find(|&(_, character)| character == '$')
                .map_or(rest.len(), |(index, _)| index);
            (Piece::Text(rest.get(..next).unwrap_or_default()), next)
        };
        at += length;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        match name {
            "HOST" => Some("prom.example".to_owned()),
            "AGAIN" => Some("${HOST}".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn variables_are_replaced_once() {
        let expand = |text| expand(text, &lookup).expect("every variable is set");
        assert_eq!(expand("https://${HOST}/x"), "https://prom.example/x");
        assert_eq!(expand("${HOST}${HOST}"), "prom.exampleprom.example");
        assert_eq!(expand("${AGAIN}"), "${HOST}", "a value is not expanded again");
        assert_eq!(expand("$${HOST}"), "${HOST}", "a doubled dollar escapes");
        assert_eq!(expand("5$ $HOST $$"), "5$ $HOST $$");
        assert_eq!(expand("名前${HOST}値"), "名前prom.example値");
        assert_eq!(expand("${not a name} ${"), "${not a name} ${");
    }

    #[test]
    fn a_variable_that_is_missing_or_empty_is_named() {
        for (text, name) in [("a${GONE}b", "GONE"), ("${EMPTY}", "EMPTY")] {
            let error = expand(text, &lookup).expect_err("the variable is not there");
            assert_eq!(error.name, name);
            assert!(error.to_string().contains(name));
        }
    }

    #[test]
    fn a_secret_in_place_of_a_name_is_not_repeated() {
        let missing = |name: &str| MissingVariable { name: name.to_owned() };
        for name in ["GONE", "PROMETHEUS_READ_TOKEN_2", "TOKEN"] {
            assert_eq!(
                missing(name).to_string(),
                format!("environment variable `{name}` is not set or is empty")
            );
        }
        for secret in ["glpat_AbCd1234", "AKIAIOSFODNN7EXAMPLE", "hunter2", &"A_".repeat(40)] {
            let error = missing(secret);
            let shown = format!("{error} {}", error.hint());
            assert!(!shown.contains(secret), "{shown}");
            assert!(shown.contains("is not set or is empty") && shown.contains("never the secret"));
        }
    }

    #[test]
    fn an_opening_that_never_closes_is_found() {
        assert_eq!(broken("x ${HOST"), Some(2..4));
        assert_eq!(broken("${}"), Some(0..2));
        assert_eq!(broken("${1A}"), Some(0..2));
        assert_eq!(broken("$${HOST ${HOST}"), None);
    }
}
