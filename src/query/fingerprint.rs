//! A number that queries share which may mean the same.

use super::quoted;

/// Returns a number that is the same for queries that mean the same: of their words, in whatever order
/// and case.
///
/// Layout, comments, quotes, numbers and lengths of time say nothing here. Queries with one number may
/// still mean different things; to tell them apart they have to be parsed.
pub fn fingerprint(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let (mut sum, mut at) = (0_u64, 0);
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        at += match byte {
            b'#' => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
            b'"' | b'\'' | b'`' => {
                let length = quoted_length(rest, byte);
                sum = sum.wrapping_add(of_quoted(text, at, length));
                length
            }
            _ if is_word(byte) => {
                let word = word(rest);
                // `5m` and `300s` may be one length of time, `1e3` and `1000` one number.
                if !byte.is_ascii_digit() {
                    sum = sum.wrapping_add(number(word));
                }
                word.len()
            }
            _ => 1,
        };
    }
    sum
}

/// Returns how long a text in quotes is that bytes begin with, both quotes included.
fn quoted_length(bytes: &[u8], quote: u8) -> usize {
    let mut is_escaped = false;
    let end = bytes.iter().skip(1).position(|&byte| {
        let is_end = byte == quote && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped && quote != b'`';
        is_end
    });
    end.map_or(bytes.len(), |end| end + 2)
}

/// Returns the number of the words of a text in quotes, escapes decoded.
fn of_quoted(text: &str, start: usize, length: usize) -> u64 {
    let written = text.get(start..start + length).unwrap_or_default();
    if written.starts_with('`') || !written.contains('\\') {
        return of_words(written.as_bytes());
    }
    of_words(quoted::decode(written).as_bytes())
}

fn of_words(text: &[u8]) -> u64 {
    let words = text.split(|byte| !is_word(*byte)).filter(|word| !word.is_empty());
    words.map(number).fold(0, u64::wrapping_add)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

fn word(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| !is_word(*byte)).unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or_default()
}

/// Returns the FNV-1a hash of a word in lowercase.
fn number(word: &[u8]) -> u64 {
    const START: u64 = 0xCBF2_9CE4_8422_2325;
    const FACTOR: u64 = 0x0000_0100_0000_01B3;
    let step =
        |hash: u64, byte: &u8| (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(FACTOR);
    word.iter().fold(START, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_the_same_has_one_number() {
        for (left, right) in [
            (
                "sum by (a, b) (rate(x{job='api',code=~\"2..\"}[1h]))",
                "SUM(rate(x{code=~\"2..\", job=\"api\"}[60m])) by (b, a)",
            ),
            ("x{path=~\"/a\\\\d\"} > 1e3", "x{path=~`/a\\d`} > 1000"),
            ("rate(\n  x[5m] # good\n)", "rate(x[5m])"),
            ("x{a=\"#1\\\"\", b='c'} # d", "x{b='c', a='#1\"'} # e"),
            ("{\"x\", a='b'}", "x{a='b'}"),
            ("x{a=\"\\x62\"}", "x{a='b'}"),
            ("x{a=\"b\\nc\"}", "x{a=`b\nc`}"),
            (" sum:web.hits{*} ", "sum:web.hits{*}"),
        ] {
            assert_eq!(fingerprint(left), fingerprint(right), "{left}");
        }
    }

    #[test]
    fn what_differs_in_a_word_has_another_number() {
        for (left, right) in [
            ("x{job=\"api\"}", "x{job=\"app\"}"),
            ("x{job=\"api\"}", "x{task=\"api\"}"),
            ("rate(x[5m])", "irate(x[5m])"),
            ("x + x", "x"),
            ("決済", "返品"),
            ("x{a=\"#b\"}", "x{a=\"#c\"}"),
            ("sum:web.hits{*}", "sum:web.errors{*}"),
        ] {
            assert_ne!(fingerprint(left), fingerprint(right), "{left}");
        }
    }
}
