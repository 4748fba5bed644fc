//! The forms in which a server may repeat a secret.
//!
//! # Why
//!
//! An error page escapes for HTML, a log line for JSON, an address for itself, and each leaves other
//! characters as they are. So the text is read character by character in all of these at once,
//! instead of guessing which a server chose. Base64 is looked for wherever in a longer text the
//! secret stood before: in a header, or behind the name of a user.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// What stands in the place of a secret.
pub(super) const REDACTED: &str = "[redacted]";

/// The fewest characters of Base64 that are looked for; fewer may stand anywhere.
const SHORTEST_BASE64: usize = 6;

/// The most bytes from the `&` of an entity to its `;`.
const LONGEST_ENTITY: usize = 10;

/// Replaces a secret, however each of its characters is escaped.
pub(super) fn without(text: &str, secret: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let found = at_start(rest, secret).filter(|length| *length > 0);
        match found {
            Some(_) => shown.push_str(REDACTED),
            None => shown.push(first),
        }
        rest = rest.get(found.unwrap_or(first.len_utf8())..).unwrap_or_default();
    }
    shown
}

/// Replaces a part of Base64, with all the Base64 around it.
pub(super) fn without_base64(text: &str, part: &str) -> String {
    let is_of_it = |it: char| it.is_ascii_alphanumeric() || "+/-_=".contains(it);
    // Escapes of the alphabet's own characters; no others stand in Base64.
    let plain = ["+", "/", "="].iter().fold(text.to_owned(), |text, sign| {
        let code = sign.as_bytes().first().copied().unwrap_or_default();
        text.replace(&format!("%{code:02X}"), sign).replace(&format!("%{code:02x}"), sign)
    });
    let mut shown = String::with_capacity(text.len());
    let (mut rest, mut is_found) = (plain.as_str(), false);
    while !rest.is_empty() {
        let (run, behind) = rest.split_at(rest.find(|it| !is_of_it(it)).unwrap_or(rest.len()));
        let holds = run.replace('-', "+").replace('_', "/").contains(part);
        is_found |= holds;
        shown.push_str(if holds { REDACTED } else { run });
        let (between, next) = behind.split_at(behind.find(is_of_it).unwrap_or(behind.len()));
        shown.push_str(between);
        rest = next;
    }
    if is_found { shown } else { text.to_owned() }
}

/// Returns what Base64 has of a secret, for each of the three places at which it may begin.
pub(super) fn base64(secret: &str) -> Vec<String> {
    let of_place = |place: usize| {
        let mut bytes = vec![0; place];
        bytes.extend_from_slice(secret.as_bytes());
        let encoded = STANDARD_NO_PAD.encode(&bytes);
        // Six bits a character: those that hold bits of something else are left out.
        let (first, last) = ((place * 8).div_ceil(6), bytes.len() * 8 / 6);
        Some(encoded.get(first..last)?.to_owned())
    };
    (0..3).filter_map(of_place).filter(|part| part.len() >= SHORTEST_BASE64).collect()
}

/// Returns how many bytes a secret takes at the start of a text.
fn at_start(text: &str, secret: &str) -> Option<usize> {
    let mut rest = text;
    for character in secret.chars() {
        rest = percent(rest, character)
            .or_else(|| entity(rest, character))
            .or_else(|| backslash(rest, character))
            .or_else(|| rest.strip_prefix(character))?;
    }
    Some(text.len() - rest.len())
}

/// Returns what follows a character that is written as in an address.
fn percent(text: &str, character: char) -> Option<&str> {
    if character == ' ' && text.starts_with('+') {
        return text.get(1..);
    }
    let mut rest = text;
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        let digits = rest.strip_prefix('%')?.get(..2)?;
        if u8::from_str_radix(digits, 16) != Ok(byte) {
            return None;
        }
        rest = rest.get(3..)?;
    }
    Some(rest)
}

/// Returns what follows a character that is written as in HTML.
fn entity(text: &str, character: char) -> Option<&str> {
    let inner = text.strip_prefix('&')?;
    let end = inner.bytes().take(LONGEST_ENTITY).position(|byte| byte == b';')?;
    let (name, rest) = (inner.get(..end)?, inner.get(end + 1..)?);
    let number = match name.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => digits.parse().ok()?,
        },
        None => u32::from(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => return None,
        }),
    };
    (number == u32::from(character)).then_some(rest)
}

/// Returns what follows a character that is written as in JSON or in a program.
fn backslash(text: &str, character: char) -> Option<&str> {
    let rest = text.strip_prefix('\\')?;
    for (mark, digits) in [('u', 4), ('x', 2)] {
        let number = rest.strip_prefix(mark).and_then(|rest| rest.get(..digits));
        let number = number.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        if number == Some(u32::from(character)) {
            return rest.get(1 + digits..);
        }
    }
    rest.strip_prefix(character).filter(|_| !character.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_however_it_is_escaped() {
        let secret = "p&ss/w\"rd é";
        for text in [
            secret,
            "p%26ss%2Fw%22rd%20%C3%A9",
            "p%26ss/w%22rd+%c3%a9",
            "p&amp;ss/w&quot;rd é",
            "p&#38;ss&#x2F;w&#34;rd &#233;",
            "p\\u0026ss\\/w\\\"rd \\u00e9",
        ] {
            assert_eq!(without(&format!("<{text}>"), secret), "<[redacted]>", "{text}");
        }
        assert_eq!(without("p&ss", secret), "p&ss");
        assert_eq!(without("100 % & more \\", "% &x"), "100 % & more \\");
    }

    #[test]
    fn a_secret_is_found_in_base64_wherever_it_stood() {
        let secret = "hunter2?>~-0f1e";
        for before in ["", "a", "ab", "Bearer ", "scraper:"] {
            let whole = format!("{before}{secret}!");
            let encoded = STANDARD_NO_PAD.encode(&whole);
            for text in [
                encoded.clone(),
                encoded.replace('+', "-").replace('/', "_"),
                encoded.replace('+', "%2B").replace('/', "%2f") + "%3D",
            ] {
                let shown = base64(secret)
                    .iter()
                    .fold(format!("no, {text}."), |text, part| without_base64(&text, part));
                assert_eq!(shown, "no, [redacted].", "{before} {text}");
            }
        }
        assert_eq!(without_base64("a%2Fb", "AAAAAA"), "a%2Fb");
        assert_eq!(base64("abcd"), [] as [&str; 0], "too little to tell from other text");
    }
}
