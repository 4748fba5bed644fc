//! Trailers: the `Key: value` lines at the end of a commit message.
//!
//! **Invariant:** this module knows no key. Which trailers mean something is the policy's word.
//!
//! # Source
//!
//! git, `Documentation/git-interpret-trailers`: the trailers are the last paragraph of the message,
//! not its first, when all its lines are trailers, or when git itself wrote one of them and at
//! least a quarter of its lines are trailers.

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer {
    /// The key as it was written; compare it without regard to case.
    pub key: String,
    /// The value without surrounding spaces; continued lines are joined with one space.
    pub value: String,
}

impl Trailer {
    /// Returns whether this trailer has the key, without regard to case.
    pub fn is(&self, key: &str) -> bool {
        self.key.eq_ignore_ascii_case(key)
    }
}

/// What git writes itself; `(cherry picked …)` counts as a trailer line and has no key.
const WRITTEN_BY_GIT: [&str; 2] = ["Signed-off-by: ", "(cherry picked from commit "];

/// Returns the trailers of a message, in order.
pub fn parse(message: &str) -> Vec<Trailer> {
    let lines: Vec<&str> = message.lines().map(str::trim_end).collect();
    let Some(block) = last_paragraph(&lines) else {
        return Vec::new();
    };
    if !is_trailer_block(block) {
        return Vec::new();
    }
    let mut found: Vec<Trailer> = Vec::new();
    let mut continues = false;
    for line in block {
        if line.starts_with('#') {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            if let (true, Some(last)) = (continues, found.last_mut()) {
                last.value.push(' ');
                last.value.push_str(line.trim());
            }
            continue;
        }
        let trailer = split(line);
        continues = trailer.is_some();
        found.extend(trailer);
    }
    for trailer in &mut found {
        trailer.value = trailer.value.trim().to_owned();
    }
    found
}

/// Returns the last paragraph unless it is the first, which is the title.
fn last_paragraph<'lines, 'text>(lines: &'lines [&'text str]) -> Option<&'lines [&'text str]> {
    let end = lines.iter().rposition(|line| !line.is_empty())? + 1;
    let lines = lines.get(..end)?;
    let start = lines.iter().rposition(|line| line.is_empty())? + 1;
    let title_is_above =
        lines.get(..start)?.iter().any(|line| !line.is_empty() && !line.starts_with('#'));
    title_is_above.then(|| lines.get(start..)).flatten()
}

fn is_trailer_block(block: &[&str]) -> bool {
    let mut trailers = 0;
    let mut others = 0;
    let mut written_by_git = false;
    let mut follows_trailer = false;
    for line in block {
        if line.starts_with('#') {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            others += usize::from(!follows_trailer);
            continue;
        }
        let by_git = WRITTEN_BY_GIT.iter().any(|start| line.starts_with(start));
        written_by_git |= by_git;
        follows_trailer = by_git || split(line).is_some();
        if follows_trailer {
            trailers += 1;
        } else {
            others += 1;
        }
    }
    trailers > 0 && (others == 0 || (written_by_git && trailers * 3 >= others))
}

/// Splits `Key: value`; a key is made of ASCII letters, digits and `-`.
fn split(line: &str) -> Option<Trailer> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim_end_matches([' ', '\t']);
    let is_key = !key.is_empty()
        && key.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
    is_key.then(|| Trailer { key: key.to_owned(), value: value.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(message: &str) -> Vec<(String, String)> {
        parse(message).into_iter().map(|trailer| (trailer.key, trailer.value)).collect()
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn the_last_paragraph_holds_the_trailers() {
        let message =
            "Fix the leak\n\nWhy: not a trailer\n\nChange-Class: security\nIncident: INC-1\n";
        assert_eq!(pairs(message), [pair("Change-Class", "security"), pair("Incident", "INC-1")]);
    }

    #[test]
    fn a_title_is_never_a_trailer() {
        assert_eq!(pairs("topic: what changes"), []);
        assert_eq!(pairs("\n\ntopic: what changes\n"), []);
    }

    #[test]
    fn prose_in_the_paragraph_makes_it_prose() {
        assert_eq!(pairs("title\n\nsome words\nChange-Class: p0\n"), []);
    }

    #[test]
    fn a_line_of_git_allows_prose_beside_it() {
        let message = "title\n\nsome words\nSigned-off-by: A <a@example.com>\n";
        assert_eq!(pairs(message), [pair("Signed-off-by", "A <a@example.com>")]);
        let message = "title\n\none\ntwo\nthree\nfour\nSigned-off-by: A <a@example.com>\n";
        assert_eq!(pairs(message), []);
    }

    #[test]
    fn a_continued_value_is_one_value() {
        let message = "title\n\nApproved-by: Sato\n  <sato@example.com>\nSLO: checkout\n";
        assert_eq!(
            pairs(message),
            [pair("Approved-by", "Sato <sato@example.com>"), pair("SLO", "checkout")]
        );
    }

    #[test]
    fn keys_are_compared_without_case() {
        let trailers = parse("title\n\nchange-class : p0\n");
        assert!(trailers.iter().any(|trailer| trailer.is("Change-Class")));
    }
}
