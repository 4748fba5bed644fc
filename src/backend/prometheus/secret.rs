//! What must never be seen: tokens, passwords, and everything that came from a variable.
//!
//! A token or a password of fewer than four characters cannot be looked for: it would be found
//! everywhere. What a server says to it is then not shown at all.

use std::cell::Cell;
use std::cell::RefCell;
use std::fmt;

use crate::budget::Failure;
use crate::config::expand;
use crate::config::variable;

mod forms;

use forms::REDACTED;

/// The most characters of a server's own words that are shown.
const MOST: usize = 400;

/// The shortest segment of a path that may be a secret, in bytes; shorter ones are names.
const LONG_SEGMENT: usize = 16;

/// The fewest bytes of a value that is looked for.
const SHORTEST: usize = 4;

/// What stands in the place of a server's words that cannot be searched.
const WITHHELD: &str =
    "the server's words are not shown, since the secret is too short to be looked for";

/// Values that came from variables.
#[derive(Default)]
pub(super) struct Secrets {
    /// The values, the longest first.
    values: Vec<String>,
    /// What Base64 has of each of them.
    base64: Vec<String>,
    /// Whether there is a secret that cannot be looked for.
    withholds: bool,
}

/// Reads variables and remembers their values.
pub(super) struct Vault<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    seen: RefCell<Vec<String>>,
    withholds: Cell<bool>,
}

impl<'a> Vault<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, seen: RefCell::default(), withholds: Cell::default() }
    }

    /// Returns a token or a password, without white space around it.
    pub(super) fn secret(&self, name: &str) -> Result<String, Failure> {
        let value = self.variable(name)?;
        self.withholds.set(self.withholds.get() || value.len() < SHORTEST);
        Ok(value)
    }

    /// Returns the value of a variable, without white space around it.
    pub(super) fn variable(&self, name: &str) -> Result<String, Failure> {
        variable(name, &|name| self.look_up(name))
            .map_err(|missing| Failure::Unreachable(missing.to_string()))
    }

    /// Replaces every `${NAME}` of a text.
    pub(super) fn expand(&self, text: &str) -> Result<String, Failure> {
        expand(text, &|name| self.look_up(name))
            .map_err(|missing| Failure::Unreachable(missing.to_string()))
    }

    /// Remembers a value that is made from secrets.
    pub(super) fn keep(&self, value: &str) {
        self.seen.borrow_mut().push(value.to_owned());
    }

    /// Remembers the parts of an address that variables may have brought: the values of its query and
    /// the long segments of its path, as they are and decoded.
    ///
    /// * `written`: the address as the configuration has it, which is no secret.
    pub(super) fn keep_address(&self, written: &str, url: &str) {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let values =
            query.split(['&', '#']).map(|pair| pair.split_once('=').unwrap_or(("", pair)).1);
        let segments = address.split('/').filter(|segment| segment.len() >= LONG_SEGMENT);
        for part in values.chain(segments).filter(|part| !written.contains(part)) {
            self.keep(part);
            self.keep(&decoded(part));
        }
    }

    /// Returns everything that was read.
    pub(super) fn into_secrets(self) -> Secrets {
        let mut seen = self.seen.into_inner();
        // A shorter value, such as a tenant's number, would tear holes into every message.
        seen.retain(|value| value.len() >= SHORTEST);
        // The longest first, so that no part of one is left when another one is its begin.
        seen.sort_by_key(|value| std::cmp::Reverse(value.len()));
        seen.dedup();
        let base64 = seen.iter().flat_map(|value| forms::base64(value)).collect();
        Secrets { values: seen, base64, withholds: self.withholds.get() }
    }

    fn look_up(&self, name: &str) -> Option<String> {
        let value = (self.lookup)(name)?.trim().to_owned();
        if !value.is_empty() {
            self.keep(&value);
        }
        Some(value)
    }
}

impl Secrets {
    /// Returns what a server says as it may be shown: without secrets and control characters, and not
    /// too long.
    pub(super) fn clean(&self, text: &str) -> String {
        if self.withholds { WITHHELD.to_owned() } else { self.without_secrets(text) }
    }

    fn without_secrets(&self, text: &str) -> String {
        let mut text: String = text.chars().filter(|it| !it.is_control()).collect();
        for secret in &self.values {
            text = text.replace(secret, REDACTED);
            text = forms::without(&text, secret);
        }
        for part in &self.base64 {
            text = forms::without_base64(&text, part);
        }
        if text.chars().count() > MOST {
            text = text.chars().take(MOST).chain(['…']).collect();
        }
        text
    }

    /// Cleans what a failure says: a refusal and a missing part in the words of the server, all else in
    /// ours.
    pub(super) fn clean_failure(&self, failure: Failure) -> Failure {
        match failure {
            Failure::NotCountable(text) => Failure::NotCountable(self.without_secrets(&text)),
            Failure::Unreachable(text) => Failure::Unreachable(self.without_secrets(&text)),
            Failure::Refused(text) => {
                let status = text.strip_prefix("HTTP ").and_then(|rest| rest.split_once(": "));
                Failure::Refused(match status {
                    Some((status, said)) => format!("HTTP {status}: {}", self.clean(said)),
                    None if text.starts_with("HTTP ") => text,
                    None => self.clean(&text),
                })
            }
            Failure::Partial(text) => Failure::Partial(self.clean(&text)),
            Failure::Malformed(text) => Failure::Malformed(self.without_secrets(&text)),
            other => other,
        }
    }
}

/// Replaces every `%` and two digits by the byte that they stand for.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let byte = byte.filter(|_| *first == b'%');
        bytes.push(byte.unwrap_or(*first));
        rest = byte.and(behind.get(2..)).unwrap_or(behind);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secrets(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_variable_held_is_shown() {
        let lookup = |name: &str| match name {
            "TOKEN" => Some("hunter2-long\n".to_owned()),
            "SHORT" => Some("hunter2".to_owned()),
            _ => None,
        };
        let vault = Vault::new(&lookup);
        assert_eq!(vault.variable("TOKEN"), Ok("hunter2-long".to_owned()));
        assert_eq!(vault.expand("x ${SHORT}"), Ok("x hunter2".to_owned()));
        let missing = vault.variable("GONE").expect_err("it is not set");
        let text = "environment variable `GONE` is not set or is empty";
        assert_eq!(missing, Failure::Unreachable(text.to_owned()));
        let secrets = vault.into_secrets();
        let shown = secrets.clean("token hunter2-long, \u{1b}[31mhunter2\n");
        assert_eq!(shown, "token [redacted], [31m[redacted]");
        assert_eq!(format!("{secrets:?}"), "Secrets(..)");
        assert_eq!(secrets.clean(&"x".repeat(900)).chars().count(), MOST + 1);
    }

    #[test]
    fn parts_of_an_address_that_a_variable_brought_are_not_shown() {
        let vault = Vault::new(&|_| None);
        let url =
            "https://prom.example/prometheus/0123456789abcdef/?key=s3cr%20et%&tenant=shop&bare";
        vault.keep_address("${BASE}/?key=${KEY}&tenant=shop&${OTHER}", url);
        let secrets = vault.into_secrets();
        let shown = secrets.clean("s3cr et% s3cr%20et% shop bare prometheus 0123456789abcdef");
        assert_eq!(shown, "[redacted] [redacted] shop [redacted] prometheus [redacted]");
    }
}
