//! The text of the comment: the line by which it is found again, and the length that GitHub accepts.
//!
//! Knows nothing of the report that it frames: it is Markdown, and all that matters is that what is cut off
//! leaves nothing open behind.

use std::borrow::Cow;
use std::fmt;
use std::fmt::Write as _;

use sha2::Digest as _;
use sha2::Sha256;

/// The longest text of a comment that is sent, in Unicode scalar values.
///
/// GitHub refuses a body above 65 536; the rest is room for what is counted differently there.
pub const LONGEST: usize = 60_000;

const LAST_SENTENCE: &str = "_The report is cut here, because a comment holds at most 60 000 characters. The summary of the job has all of it._\n";

/// The first line of a comment, by which a later run finds it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker(String);

impl Marker {
    /// Returns the line, without its line break.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Says whether a text carries this marker as its first line.
    pub fn is_on(&self, text: &str) -> bool {
        text.lines().next().is_some_and(|line| line.trim_end() == self.0)
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Returns the marker of the comment that one job keeps for one root.
///
/// * `root_path`: the folder that is judged, as seen from the repository; two roots get two comments.
/// * `job`: `GITHUB_JOB`; two jobs get two comments.
/// * `comment_key`: `comment-key` of the configuration, empty where none is set; tells runs of a matrix apart.
pub fn marker(root_path: &str, job: &str, comment_key: &str) -> Marker {
    let digest = Sha256::digest([root_path, job, comment_key].join("\0"));
    let mut line = String::from("<!-- slo:report:v1 ");
    for byte in digest.iter().take(8) {
        // Writing to a `String` cannot fail.
        let _ = write!(line, "{byte:02x}");
    }
    line.push_str(" -->");
    Marker(line)
}

/// Returns a text of at most [`LONGEST`] characters: itself, or its first lines and a sentence that says so.
///
/// It is cut between two lines. A code fence, a comment or a `<details>` that is still open there is closed
/// before the last sentence, so that the sentence is seen and the page below it keeps its form.
pub fn cap(body: &str) -> Cow<'_, str> {
    if body.chars().count() <= LONGEST {
        return Cow::Borrowed(body);
    }
    let room = LONGEST - LAST_SENTENCE.chars().count();
    let (mut used, mut kept) = (0, 0);
    let (mut open, mut open_where_kept) = (Open::default(), Open::default());
    for line in body.split_inclusive('\n') {
        used += line.chars().count();
        if used > room {
            break;
        }
        open.read(line);
        if used + open.closing_length() <= room {
            kept += line.len();
            open_where_kept = open.clone();
        } else {
            break;
        }
    }
    let mut text = body.get(..kept).unwrap_or_default().to_owned();
    open_where_kept.close(&mut text);
    text.push_str(LAST_SENTENCE);
    Cow::Owned(text)
}

/// What a Markdown text has opened and not closed yet.
#[derive(Clone, Default)]
struct Open {
    /// The character and the length of a code fence.
    fence: Option<(char, usize)>,
    /// Whether `<!--` waits for its `-->`.
    comment: bool,
    /// How many `<details>` wait for their `</details>`.
    details: usize,
}

impl Open {
    /// Reads one more line.
    fn read(&mut self, line: &str) {
        if !self.comment && self.read_fence(line) {
            return;
        }
        if self.fence.is_none() {
            self.read_tags(line);
        }
    }

    /// Reads a line as the start or end of a code fence, and says whether it is one.
    fn read_fence(&mut self, line: &str) -> bool {
        let text = line.trim_start_matches(' ');
        if line.len() - text.len() > 3 {
            return false;
        }
        let Some(mark) = text.chars().next().filter(|mark| matches!(mark, '`' | '~')) else {
            return false;
        };
        let length = text.chars().take_while(|character| *character == mark).count();
        let rest = text.trim_start_matches(mark).trim();
        match self.fence {
            Some((open, opened)) if open == mark && length >= opened && rest.is_empty() => {
                self.fence = None;
            }
            None if length >= 3 && (mark == '~' || !rest.contains('`')) => {
                self.fence = Some((mark, length));
            }
            _ => return false,
        }
        true
    }

    /// Follows comments and `<details>` through a line outside any fence.
    fn read_tags(&mut self, line: &str) {
        let mut rest = line;
        loop {
            let (mark, next) =
                if self.comment { ("-->", rest.find("-->")) } else { ("<", rest.find('<')) };
            let Some(found) = next else { return };
            rest = rest.get(found..).unwrap_or_default();
            if self.comment {
                self.comment = false;
            } else if rest.starts_with("<!--") {
                self.comment = true;
            } else if rest.starts_with("<details") {
                self.details += 1;
            } else if rest.starts_with("</details") {
                self.details = self.details.saturating_sub(1);
            }
            rest = rest.get(mark.len()..).unwrap_or_default();
        }
    }

    fn closing_length(&self) -> usize {
        let mut closing = String::new();
        self.close(&mut closing);
        // One more for a line break that the text before it may lack.
        closing.chars().count() + 1
    }

    /// Appends what closes everything that is open, and an empty line.
    fn close(&self, text: &mut String) {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        if let Some((mark, length)) = self.fence {
            text.extend(std::iter::repeat_n(mark, length));
            text.push('\n');
        }
        if self.comment {
            text.push_str("-->\n");
        }
        for _ in 0..self.details {
            text.push_str("</details>\n");
        }
        text.push('\n');
    }
}
