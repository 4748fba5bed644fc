//! CODEOWNERS: who owns which paths, as GitHub reads the file.
//!
//! The last pattern that fits a path decides. A pattern without owners takes ownership away. Lines
//! that GitHub cannot read are passed over, there and here. Sections of GitLab are headings to us:
//! what stands in one takes its owners where it names none.
//!
//! # Why
//!
//! The patterns look like those of `.gitignore` and differ from them: there is no `!` and no `[a-z]`, and
//! `docs/*` stops at the files of the folder itself. A matcher of our own says exactly that, and
//! its time grows with the pattern times the path, whatever is written.
//!
//! # Source
//!
//! GitHub documentation, "About code owners", "CODEOWNERS syntax" and "CODEOWNERS file size".

use std::collections::BTreeMap;
use std::collections::HashMap;

use crate::config::people;

/// The places of the file, from the top of the repository; the first one that exists counts.
pub const PLACES: &[&str] = &[".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// The size in bytes from which on GitHub does not read the file.
pub const MAX_BYTES: usize = 3_000_000;

/// The most lines with a pattern that are read.
///
/// A pull request may add the file, and each line may have to be held against each path. The largest
/// repositories have a few thousand.
pub const MAX_LINES: usize = 20_000;

/// The most bytes of a line's pattern: longer than a path that any system opens.
const MAX_PATTERN: usize = 4_096;

/// Who owns which paths.
#[derive(Clone, Debug, Default)]
pub struct CodeOwners {
    entries: Vec<Entry>,
    /// The entries, in order, by the part that a path must have: the rarest one without a wildcard.
    by_part: BTreeMap<String, Vec<usize>>,
    /// The entries without such a part, in order.
    wild: Vec<usize>,
    /// The folder from which paths are asked for, with a `/` at its end; empty for the top.
    folder: String,
}

/// A line of CODEOWNERS that counts for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineProblem {
    /// The line, from 1.
    pub line: usize,
    /// Why it is passed over; lowercase, no full stop.
    pub message: String,
}

impl CodeOwners {
    /// Reads the text of a CODEOWNERS file.
    ///
    /// A file from [`MAX_BYTES`] on owns nothing, as on GitHub, and is one problem; so is one of more
    /// than [`MAX_LINES`] lines, of which the last ones decide and could not be left out.
    pub fn parse(text: &str) -> (Self, Vec<LineProblem>) {
        let mut owners = Self::default();
        let mut problems = Vec::new();
        if text.len() >= MAX_BYTES {
            let message = format!("a file of {MAX_BYTES} bytes or more is not read by GitHub");
            problems.push(LineProblem { line: 1, message });
            return (owners, problems);
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut inherited = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if let Some(section) = section(line) {
                inherited = section;
                continue;
            }
            match Entry::parse(line, &inherited) {
                Ok(entry) => owners.entries.extend(entry),
                Err(message) => problems.push(LineProblem { line: index + 1, message }),
            }
            if owners.entries.len() > MAX_LINES {
                let message = format!("a file of more than {MAX_LINES} patterns is not read");
                return (Self::default(), vec![LineProblem { line: index + 1, message }]);
            }
        }
        owners.sort_out();
        (owners, problems)
    }

    /// Puts each entry where a path that it may fit finds it.
    fn sort_out(&mut self) {
        let literals: Vec<Vec<String>> = self.entries.iter().map(Entry::literals).collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for part in literals.iter().flatten() {
            *counts.entry(part).or_default() += 1;
        }
        for (index, parts) in literals.iter().enumerate() {
            match parts.iter().min_by_key(|part| counts.get(part.as_str())) {
                Some(part) => self.by_part.entry(part.clone()).or_default().push(index),
                None => self.wild.push(index),
            }
        }
    }

    /// Takes the paths that are asked for to start at a folder: patterns start at the top of the
    /// repository, whatever folder of it is judged.
    ///
    /// * `folder`: from the top, with `/` between its parts; empty for the top itself.
    pub fn seen_from(mut self, folder: &str) -> Self {
        self.folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        self
    }

    /// Returns the owners of a path from the root, and whether the pattern that names them fits
    /// every path.
    ///
    /// Such a pattern (`*`, `/**`) says that somebody looks after the repository, not who looks
    /// after this path. Nothing when no pattern fits, or the last one that fits names nobody.
    pub fn owners_of(&self, path: &str) -> Option<(&[String], bool)> {
        let path = format!("{}{path}", self.folder);
        let parts: Vec<Vec<char>> = path.split('/').map(|part| part.chars().collect()).collect();
        let sorted = path.split('/').filter_map(|part| self.by_part.get(part));
        let last_fit = |places: &Vec<usize>| {
            places
                .iter()
                .rev()
                .copied()
                .find(|&place| self.entries.get(place).is_some_and(|entry| entry.fits(&parts)))
        };
        let place = sorted.chain([&self.wild]).filter_map(last_fit).max()?;
        let entry = self.entries.get(place)?;
        (!entry.owners.is_empty()).then_some((&entry.owners[..], entry.is_catch_all))
    }

    /// Returns whether no line names a pattern.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// One line: a pattern and its owners.
#[derive(Clone, Debug)]
struct Entry {
    /// Fits the path itself, unless the pattern names a folder.
    itself: Option<Vec<Part>>,
    /// Fits what lies below the path, unless the pattern stops there.
    below: Option<Vec<Part>>,
    owners: Vec<String>,
    is_catch_all: bool,
}

/// One part of a pattern, between two `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// `**`: any number of parts, none too.
    AnyDepth,
    /// Characters and wildcards of one part.
    Name(Vec<Wildcard>),
}

/// One character of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wildcard {
    /// `*`: any number of characters, none too.
    Run,
    /// `?`: any character.
    One,
    /// The character itself.
    Exactly(char),
}

impl Entry {
    /// Reads a line; nothing for one that is blank or a comment.
    fn parse(line: &str, inherited: &[String]) -> Result<Option<Self>, String> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        let (pattern, rest) = split_pattern(line);
        if pattern.len() > MAX_PATTERN {
            return Err(format!("a pattern of more than {MAX_PATTERN} bytes fits no path"));
        }
        let mut entry = Self::new(pattern)?;
        for owner in words(rest) {
            if !people::is_member(owner) {
                return Err(
                    "an owner is neither `@login`, `@organization/team` nor a mail address".into(),
                );
            }
            entry.owners.push(owner.to_owned());
        }
        if entry.owners.is_empty() {
            entry.owners = inherited.to_vec();
        }
        Ok(Some(entry))
    }

    /// Reads a pattern.
    fn new(pattern: &str) -> Result<Self, String> {
        if pattern.starts_with('!') {
            return Err("a pattern cannot be turned around with `!`".to_owned());
        }
        let names_folder = pattern.ends_with('/');
        let inner = pattern.strip_suffix('/').unwrap_or(pattern);
        let is_anchored = inner.contains('/');
        let inner = inner.strip_prefix('/').unwrap_or(inner);
        if inner.is_empty() {
            return Err("the pattern names nothing".to_owned());
        }
        let mut parts = Vec::new();
        if !is_anchored {
            parts.push(Part::AnyDepth);
        }
        for part in inner.split('/') {
            let part = Part::parse(part)?;
            if part != Part::AnyDepth || parts.last() != Some(&Part::AnyDepth) {
                parts.push(part);
            }
        }
        let any = || Part::Name(vec![Wildcard::Run]);
        let ends_open = parts.last() == Some(&Part::AnyDepth);
        // `docs/*` are the files in `docs`, while `docs` and `docs/**` are all below it.
        let stops = is_anchored && parts.last() == Some(&any()) && !names_folder;
        let is_wild = parts.iter().all(|part| *part == Part::AnyDepth || *part == any());
        let is_catch_all = is_wild && parts.contains(&Part::AnyDepth);
        let mut below = parts.clone();
        below.extend((!ends_open).then_some(Part::AnyDepth));
        below.push(any());
        Ok(Self {
            itself: (!names_folder && !ends_open).then_some(parts),
            below: (!stops).then_some(below),
            owners: Vec::new(),
            is_catch_all,
        })
    }

    /// Returns the parts without a wildcard, which every path that fits has.
    fn literals(&self) -> Vec<String> {
        let parts = self.itself.as_ref().or(self.below.as_ref());
        parts.into_iter().flatten().filter_map(Part::literal).collect()
    }

    /// Returns whether the pattern fits a path.
    fn fits(&self, path: &[Vec<char>]) -> bool {
        let is_fit = |pattern: &Option<Vec<Part>>| {
            pattern.as_ref().is_some_and(|pattern| {
                fits(pattern, path, |part| *part == Part::AnyDepth, |part, name| part.fits(name))
            })
        };
        is_fit(&self.itself) || is_fit(&self.below)
    }
}

impl Part {
    /// Reads what stands between two `/`.
    fn parse(text: &str) -> Result<Self, String> {
        if text == "**" {
            return Ok(Self::AnyDepth);
        }
        let mut wildcards = Vec::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            let wildcard = match character {
                '*' => Wildcard::Run,
                '?' => Wildcard::One,
                '[' | ']' => return Err("`[` and `]` have no meaning in a pattern".to_owned()),
                '\\' => Wildcard::Exactly(characters.next().unwrap_or('\\')),
                _ => Wildcard::Exactly(character),
            };
            if wildcard != Wildcard::Run || wildcards.last() != Some(&Wildcard::Run) {
                wildcards.push(wildcard);
            }
        }
        Ok(Self::Name(wildcards))
    }

    /// Returns the only name that fits, where there is no wildcard.
    fn literal(&self) -> Option<String> {
        let Self::Name(wildcards) = self else { return None };
        let exactly = |wildcard: &Wildcard| match wildcard {
            Wildcard::Exactly(character) => Some(*character),
            Wildcard::One | Wildcard::Run => None,
        };
        wildcards.iter().map(exactly).collect()
    }

    /// Returns whether one part of a path fits.
    fn fits(&self, name: &[char]) -> bool {
        match self {
            Self::AnyDepth => true,
            Self::Name(wildcards) => fits(
                wildcards,
                name,
                |wildcard| *wildcard == Wildcard::Run,
                |wildcard, character| match wildcard {
                    Wildcard::Exactly(wanted) => wanted == character,
                    Wildcard::One | Wildcard::Run => true,
                },
            ),
        }
    }
}

/// Returns whether a sequence fits a pattern in which a run stands for any number of elements.
///
/// Only the last run seen is ever tried again one element longer, which is enough: an earlier run
/// that took more could be traded for a later one that does. So time is pattern times text.
fn fits<P, T>(
    pattern: &[P],
    text: &[T],
    is_run: impl Fn(&P) -> bool,
    is_fit: impl Fn(&P, &T) -> bool,
) -> bool {
    let (mut at, mut done) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(element) = text.get(done) {
        match pattern.get(at) {
            Some(part) if is_run(part) => {
                retry = Some((at + 1, done));
                at += 1;
            }
            Some(part) if is_fit(part, element) => {
                at += 1;
                done += 1;
            }
            _ => match &mut retry {
                Some((after_run, taken)) => {
                    *taken += 1;
                    (at, done) = (*after_run, *taken);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(is_run)
}

/// Splits a line behind its pattern: at the first space without a backslash before it.
fn split_pattern(line: &str) -> (&str, &str) {
    let mut is_escaped = false;
    for (index, character) in line.char_indices() {
        if character.is_whitespace() && !is_escaped {
            return line.split_at(index);
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    (line, "")
}

/// Returns the words of a line up to a comment.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split_whitespace().take_while(|word| !word.starts_with('#'))
}

/// Returns the owners that the heading of a section of GitLab names for the lines below it.
///
/// `[Name]`, `^[Name]` for an optional section, `[Name][2]` with a number of approvals.
fn section(line: &str) -> Option<Vec<String>> {
    let line = line.trim();
    let heading = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?;
    let (_, rest) = heading.split_once(']')?;
    let approvals = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let rest = approvals.map_or(rest, |(_, rest)| rest);
    let is_heading = rest.is_empty() || rest.starts_with(char::is_whitespace);
    let owners = words(rest).filter(|word| people::is_member(word));
    is_heading.then(|| owners.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the owners of a path as one text, with `*` where the pattern is a catch-all.
    fn owners(text: &str, path: &str) -> String {
        let (owners, problems) = CodeOwners::parse(text);
        assert_eq!(problems, [], "{text}");
        match owners.owners_of(path) {
            Some((owners, true)) => format!("* {}", owners.join(" ")),
            Some((owners, false)) => owners.join(" "),
            None => String::new(),
        }
    }

    #[test]
    fn the_last_pattern_that_fits_decides() {
        let text = "\u{feff}# Everything\r\n*       @global1 @global2\r\n\r\n*.js    @js # comment\r\n\
                    /build/logs/ doctocat@example.com\r\n/docs/ @org/docs\r\n/docs/api\r\n";
        assert_eq!(owners(text, "src/main.rs"), "* @global1 @global2");
        assert_eq!(owners(text, "src/deep/a.js"), "@js");
        assert_eq!(owners(text, "build/logs/x/y.txt"), "doctocat@example.com");
        assert_eq!(owners(text, "x/build/logs/y.txt"), "* @global1 @global2");
        assert_eq!(owners(text, "docs/a/b.md"), "@org/docs");
        assert_eq!(owners(text, "docs/api/a.js"), "", "no owners take ownership away");
        assert_eq!(owners(text, "docs/a.js"), "@org/docs");
    }

    #[test]
    fn folders_wildcards_and_anchors() {
        for (pattern, fits, does_not) in [
            ("docs/*", "docs/a.md", "docs/b/c.md"),
            ("apps/", "x/apps/a/b", "apps"),
            ("/apps/", "apps/a/b", "x/apps/a"),
            ("apps/github", "apps/github/a", "x/apps/github/a"),
            ("**/logs", "deep/er/logs/a.txt", "deep/logs2/a.txt"),
            ("**/logs", "logs", "log"),
            ("/a/**/z", "a/z", "b/a/z"),
            ("/a/**/z", "a/b/c/z/file", "a/b/c"),
            ("slo/**", "slo/a/b.yaml", "slo"),
            ("slo/**/*.yaml", "slo/a/b.yaml", "slo/a/b.yml"),
            ("/slo/t?er*/x", "slo/tier1/x", "slo/ter/x"),
            ("/my\\ folder/", "my folder/a", "my"),
            ("/定義/*.yaml", "定義/可用性.yaml", "定義/x/可用性.yaml"),
            ("/a\\*b", "a*b", "axb"),
            ("SLO/", "SLO/a", "slo/a"),
            ("/*", "a.md", "a/b.md"),
        ] {
            let line = format!("{pattern} @owner");
            assert_eq!(owners(&line, fits), "@owner", "{pattern} fits {fits}");
            assert_eq!(owners(&line, does_not), "", "{pattern} does not fit {does_not}");
        }
    }

    #[test]
    fn a_pattern_for_everything_is_told_apart() {
        for pattern in ["*", "**", "/**", "**/*", "/**/*", "**/**"] {
            let line = format!("{pattern} @owner");
            assert_eq!(owners(&line, "a/b.yaml"), "* @owner", "{pattern}");
            assert_eq!(owners(&line, "b.yaml"), "* @owner", "{pattern}");
        }
        for pattern in ["*.yaml", "/a/", "a/**", "**/b.yaml", "/*/b.yaml"] {
            let line = format!("{pattern} @owner");
            assert_eq!(owners(&line, "a/b.yaml"), "@owner", "{pattern}");
        }
    }

    #[test]
    fn lines_that_github_passes_over_are_passed_over() {
        let text = "* @a\n!x @b\n[a-z].md @b\nx.md b\nx[1].md @b\n/ @b\n";
        let (owners, problems) = CodeOwners::parse(text);
        let lines: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6]);
        let everyone = ["@a".to_owned()];
        assert_eq!(owners.owners_of("x.md"), Some((&everyone[..], true)));
        let (owners, problems) = CodeOwners::parse(&"* @a\n".repeat(MAX_BYTES / 5));
        assert!(owners.is_empty());
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn patterns_start_at_the_top_whatever_folder_is_judged() {
        let (owners, _) = CodeOwners::parse("/team/slo/ @checkout\n/slo/ @others\n");
        let owners = owners.seen_from("team");
        let checkout = ["@checkout".to_owned()];
        assert_eq!(owners.owners_of("slo/a.yaml"), Some((&checkout[..], false)));
        assert_eq!(owners.owners_of("other/a.yaml"), None);
    }

    #[test]
    fn sections_of_gitlab_do_no_harm() {
        let text = "* @a\n[Documentation][2] @docs @org/writers\n/docs/\n/docs/legal/ @legal\n^[Optional]\n/x/\n";
        assert_eq!(owners(text, "docs/a"), "@docs @org/writers");
        assert_eq!(owners(text, "docs/legal/a"), "@legal");
        assert_eq!(owners(text, "x/a"), "");
        assert_eq!(owners(text, "y"), "* @a");
    }

    #[test]
    fn of_many_lines_the_last_that_fits_decides_in_no_time() {
        let lines = (0..MAX_LINES - 2).map(|it| format!("/services/s{it}/ @team{it}\n"));
        let text = format!("/services/s7/ @first\n{}*.md @docs\n", lines.collect::<String>());
        let (owners, problems) = CodeOwners::parse(&text);
        assert_eq!(problems, []);
        for (path, team) in (0..MAX_LINES - 2).map(|it| (format!("services/s{it}/a"), it)) {
            let team = [format!("@team{team}")];
            assert_eq!(owners.owners_of(&path), Some((&team[..], false)), "{path}");
        }
        let docs = ["@docs".to_owned()];
        assert_eq!(owners.owners_of("services/s7/a.md"), Some((&docs[..], false)));
        let (owners, problems) = CodeOwners::parse(&format!("{text}* @a\n/last/ @b\n"));
        assert!(owners.is_empty());
        assert_eq!(problems.len(), 1, "one line more than are read");
    }

    #[test]
    fn hostile_patterns_take_no_time() {
        let pattern = "*a".repeat(2_000) + "/" + &"**/*/".repeat(2_000);
        let (owners, _) = CodeOwners::parse(&format!("{pattern} @a\n"));
        let path = "a".repeat(1_000) + &"/a".repeat(1_000);
        assert_eq!(owners.owners_of(&path), None);
    }
}
