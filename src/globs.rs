//! Globs of paths and of names.
//!
//! **Invariant:** a glob is read here and nowhere else, whoever wrote it where. One that is accepted
//! means what it seems to mean; any other is a [`Refusal`], and nothing that fits no path by accident.
//!
//! # Why
//!
//! `slo.toml` and a policy say by globs which changes a gate judges. A spelling that one reader accepts
//! and another one takes for something else (`src`, `/src/**`, `!docs/**`) opens the gate without a word.

use globset::Glob;
use globset::GlobBuilder;
use globset::GlobSet;
use globset::GlobSetBuilder;

/// The longest glob, in bytes.
const MAX_LENGTH: usize = 1_024;

/// The most globs in one list.
pub const MAX_GLOBS: usize = 1_000;

/// Where `**` stands for no number of folders, since it is not a whole part of the path.
const JOINED: [&str; 6] = ["{**,", "{**}", ",**,", ",**}", "}**", "**{"];

/// Where an alternative begins or ends beside a part of the path.
const EDGES: [&str; 6] = ["{/", ",/", "{./", ",./", "/,", "/}"];

/// A list of globs, compiled once.
///
/// `*` and `?` are any characters and any one, `**` any number of folders, `{a,b}` either, `[ab]` one
/// of these characters, `[!ab]` one of all others. Upper and lower case differ.
#[derive(Clone, Debug, Default)]
pub struct Globs {
    written: Vec<String>,
    /// What they are from the root, with those for what lies below a folder that is named.
    rooted: Vec<String>,
    set: GlobSet,
}

/// Why a glob is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It has no characters.
    #[error("it is empty")]
    Empty,
    /// It has more bytes than anybody writes.
    #[error("it is longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// The list has more globs than anybody writes.
    #[error("a list holds at most {MAX_GLOBS} patterns")]
    TooMany,
    /// It begins or ends with white space, which no name does.
    #[error("it begins or ends with white space")]
    WhiteSpace,
    /// It begins with `!`: a list has no exceptions.
    #[error("a pattern cannot be turned around with `!`")]
    TurnedAround,
    /// It has a backslash, which some take for a separator and others for an escape.
    #[error("parts of a path are separated by `/`, not by `\\`, and `[*]` is a `*`")]
    Backslash,
    /// A part of it is `..`.
    #[error("it leaves the repository")]
    Outside,
    /// `**` is joined to something else, and so means `*`.
    #[error("`**` is a whole part of a path, as in `src/**`")]
    Joined,
    /// A `/` stands where an alternative begins or ends, or among the characters in brackets.
    #[error("a `/` stands at the edge of `{{…}}` or within `[…]`")]
    Edge,
    /// It does not follow the syntax; why, in words.
    #[error("{0}")]
    Syntax(String),
}

/// What a glob is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Paths,
    Folders,
    Names,
}

impl Globs {
    /// Compiles globs of paths from the root, with `/` between the parts; also of branches.
    ///
    /// `*` does not cross a `/`, `**` does. `./` and `/` at the beginning say nothing. A glob whose last
    /// part has no wildcard is also everything below it, so that a folder can be named: `src` is `src`
    /// and `src/**`. One that ends with `/` is only what lies below.
    ///
    /// # Errors
    ///
    /// Why one of them is no glob. Whoever goes on without the list takes the stricter side.
    pub fn of_paths<T: AsRef<str>>(globs: impl IntoIterator<Item = T>) -> Result<Self, Refusal> {
        Self::compiled(globs, Of::Paths)
    }

    /// Compiles globs of folders from the root, which match the folders that they name and nothing below.
    ///
    /// One that ends with `/`, `/**` or `/**/*` names the folders right in another one.
    ///
    /// # Errors
    ///
    /// Why one of them is no glob. Whoever goes on without the list takes the stricter side.
    pub fn of_folders<T: AsRef<str>>(globs: impl IntoIterator<Item = T>) -> Result<Self, Refusal> {
        Self::compiled(globs, Of::Folders)
    }

    /// Compiles globs of names, in which `/` is a letter like any other.
    ///
    /// # Errors
    ///
    /// Why one of them is no glob. Whoever goes on without the list takes the stricter side.
    pub fn of_names<T: AsRef<str>>(globs: impl IntoIterator<Item = T>) -> Result<Self, Refusal> {
        Self::compiled(globs, Of::Names)
    }

    /// Returns whether one of the globs matches the whole text.
    ///
    /// An empty list matches nothing; where an empty list means everything, the place that holds it
    /// says so.
    pub fn matches(&self, text: &str) -> bool {
        self.set.is_match(text)
    }

    /// Returns whether one of the globs matches a path, or may match one below it.
    ///
    /// Asked of a place at which a link or a submodule stands: nobody sees what lies below. A glob with
    /// alternatives may match anything there.
    pub fn may_match_below(&self, path: &str) -> bool {
        let mut rooted = self.rooted.iter();
        self.matches(path) || rooted.any(|glob| glob.contains('{') || reaches_below(glob, path))
    }

    /// Returns whether one of the globs matches a path, and one of them whatever may lie below it.
    ///
    /// Asked of a place at which a link or a submodule stands: nobody sees what lies below. Only a glob
    /// that ends with `/**` or `/**/*`, or names a folder, is known to match all of that.
    pub fn matches_all_below(&self, path: &str) -> bool {
        let holds_all = |glob: &String| {
            let glob = glob.strip_suffix("/*").filter(|rest| ends_open(rest)).unwrap_or(glob);
            let Some(folder) = glob.strip_suffix("**") else { return false };
            let Some(folder) = folder.strip_suffix('/') else { return folder.is_empty() };
            build(folder, Of::Paths).is_ok_and(|glob| {
                let glob = glob.compile_matcher();
                let ends = path.match_indices('/').map(|(index, _)| index).chain([path.len()]);
                ends.filter_map(|end| path.get(..end)).any(|folder| glob.is_match(folder))
            })
        };
        self.matches(path) && self.rooted.iter().any(holds_all)
    }

    /// Returns whether there is no glob.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// Returns the globs as written.
    pub fn written(&self) -> &[String] {
        &self.written
    }

    fn compiled<T: AsRef<str>>(
        globs: impl IntoIterator<Item = T>,
        of: Of,
    ) -> Result<Self, Refusal> {
        let mut found = Self::default();
        let mut builder = GlobSetBuilder::new();
        for glob in globs {
            let glob = glob.as_ref();
            if found.written.len() == MAX_GLOBS {
                return Err(Refusal::TooMany);
            }
            refuse(glob)?;
            let rooted = match of {
                Of::Paths => rooted(glob)?,
                Of::Folders => rooted(glob)?.into_iter().take(1).map(named).collect(),
                Of::Names => vec![glob.to_owned()],
            };
            for glob in &rooted {
                builder.add(build(glob, of)?);
            }
            found.written.push(glob.to_owned());
            found.rooted.extend(rooted);
        }
        found.set = builder.build().map_err(|error| Refusal::Syntax(error.kind().to_string()))?;
        Ok(found)
    }
}

/// Refuses what is no glob, whatever it is compared with.
fn refuse(glob: &str) -> Result<(), Refusal> {
    if glob.is_empty() {
        Err(Refusal::Empty)
    } else if glob.len() > MAX_LENGTH {
        Err(Refusal::TooLong)
    } else if glob.trim() != glob {
        Err(Refusal::WhiteSpace)
    } else if glob.starts_with('!') {
        Err(Refusal::TurnedAround)
    } else if glob.contains('\\') {
        Err(Refusal::Backslash)
    } else {
        Ok(())
    }
}

/// Returns what a glob of paths is from the root, and the one for what lies below it.
fn rooted(glob: &str) -> Result<Vec<String>, Refusal> {
    build(glob, Of::Paths)?;
    let parts: Vec<&str> = glob.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.contains(&"..") {
        return Err(Refusal::Outside);
    }
    if parts.is_empty() {
        return Ok(vec!["**".to_owned()]);
    }
    let rooted = parts.join("/");
    let outline = outline(&rooted)?;
    let mut words = outline.split(['/', '{', '}', ',']);
    if JOINED.iter().any(|joined| outline.contains(joined))
        || words.any(|word| word.contains("**") && word != "**")
    {
        return Err(Refusal::Joined);
    }
    if EDGES.iter().any(|edge| outline.contains(edge)) {
        return Err(Refusal::Edge);
    }
    let below = format!("{rooted}/**");
    Ok(if glob.ends_with('/') {
        vec![below]
    } else if last_part(&outline).contains(['*', '?']) {
        vec![rooted]
    } else {
        vec![rooted, below]
    })
}

/// Returns a glob of the folders that a glob of paths from the root names.
fn named(rooted: String) -> String {
    let open = rooted.strip_suffix("/*").filter(|rest| ends_open(rest)).unwrap_or(&rooted);
    match open.trim_end_matches("/**") {
        "**" => "*".to_owned(),
        outer if outer.len() < open.len() => format!("{outer}/*"),
        _ => rooted,
    }
}

/// Returns a glob that compiles with `?` for each `[…]`, and without the commas that separate nothing.
fn outline(glob: &str) -> Result<String, Refusal> {
    let mut outline = String::with_capacity(glob.len());
    let mut depth = 0_usize;
    let mut letters = glob.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '[' => {
                letters.next_if(|next| matches!(next, '!' | '^'));
                // A bracket that comes first is one of the characters.
                let first = letters.next();
                let mut rest = letters.by_ref().take_while(|next| *next != ']');
                if first == Some('/') || rest.any(|next| next == '/') {
                    return Err(Refusal::Edge);
                }
                outline.push('?');
                continue;
            }
            '{' => depth = depth.saturating_add(1),
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        outline.push(if letter == ',' && depth == 0 { ' ' } else { letter });
    }
    Ok(outline)
}

/// Returns what follows the last `/` that stands in no alternative.
fn last_part(outline: &str) -> &str {
    let mut depth = 0_usize;
    let mut start = 0;
    for (index, letter) in outline.char_indices() {
        match letter {
            '{' => depth = depth.saturating_add(1),
            '}' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => start = index,
            _ => {}
        }
    }
    outline.get(start..).unwrap_or(outline)
}

/// Compiles one glob.
fn build(glob: &str, of: Of) -> Result<Glob, Refusal> {
    GlobBuilder::new(glob)
        .literal_separator(of != Of::Names)
        .build()
        .map_err(|error| Refusal::Syntax(error.kind().to_string()))
}

/// Returns whether the last part of a glob of paths is any number of folders.
fn ends_open(glob: &str) -> bool {
    glob == "**" || glob.ends_with("/**")
}

/// Returns whether a glob of paths without alternatives goes on where a path ends.
fn reaches_below(glob: &str, path: &str) -> bool {
    let mut parts = glob.split('/');
    for name in path.split('/') {
        match parts.next() {
            Some("**") => return true,
            Some(part) if fits(part, name) => {}
            _ => return false,
        }
    }
    parts.next().is_some()
}

/// Returns whether one part of a glob fits one part of a path.
fn fits(part: &str, name: &str) -> bool {
    build(part, Of::Paths).map_or(true, |glob| glob.compile_matcher().is_match(name))
}

#[cfg(test)]
mod tests;
