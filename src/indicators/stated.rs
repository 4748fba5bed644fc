//! Lengths of time that names state: 300 milliseconds of `checkout-p99-300ms`.

use crate::quantity::Ratio;

use super::latency::Unit;

/// A length of time in a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated<'t> {
    /// As it is written.
    pub text: &'t str,
    /// In seconds.
    pub seconds: Ratio,
}

/// Returns the lengths of time that a name states, in the order of the text: a decimal number and one of
/// the units of latencies, which nothing else is glued to.
///
/// Minutes and longer ones are windows more often than latencies, and are left out.
pub fn stated(text: &str) -> Vec<Stated<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut is_free = true;
    while let Some(first) = rest.chars().next() {
        if is_free && first.is_ascii_digit() {
            let number = before(rest, |letter| letter.is_ascii_digit() || letter == '.');
            let behind = rest.get(number.len()..).unwrap_or_default();
            let gap = usize::from(behind.starts_with(' '));
            let word = before(behind.get(gap..).unwrap_or_default(), char::is_alphanumeric);
            let length = number.len() + gap + word.len();
            let value = Ratio::parse(number).zip(Unit::named(word));
            if let Some((value, unit)) = value.filter(|(value, _)| !value.is_zero()) {
                let text = rest.get(..length).unwrap_or_default();
                found.push(Stated { text, seconds: &value * &unit.seconds() });
            }
            rest = behind;
            is_free = false;
        } else {
            is_free = !(first.is_alphanumeric() || first == '.');
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    found
}

/// Returns the letters at the start of a text that fit.
fn before(text: &str, fits: impl Fn(char) -> bool) -> &str {
    let end = text.find(|letter| !fits(letter)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_a_unit_is_a_length_of_time() {
        let found = |text: &str| -> Vec<(String, String)> {
            let all = stated(text);
            all.iter().map(|one| (one.text.to_owned(), one.seconds.to_string())).collect()
        };
        let one = |text: &str, seconds: &str| vec![(text.to_owned(), seconds.to_owned())];
        assert_eq!(found("checkout-p99-300ms"), one("300ms", "0.3"));
        assert_eq!(found("99% below 1.5 seconds."), one("1.5 seconds", "1.5"));
        assert_eq!(found("db_250us_read"), one("250us", "0.00025"));
        assert_eq!(found("1s or 2s").len(), 2);
        for text in ["p95s", "v2.5s", "300msgs", "5m", "0s", "ms300", "", "1.2.3s", "名5"] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
