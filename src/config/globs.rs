//! Patterns of paths.

use globset::Glob;
use globset::GlobBuilder;
use globset::GlobSet;
use globset::GlobSetBuilder;

/// The longest pattern, in bytes.
const MAX_LENGTH: usize = 1_024;

/// The most patterns in one list.
pub(super) const MAX_PATTERNS: usize = 1_000;

/// A list of globs from the root, compiled, with the patterns as written.
///
/// `*` and `?` stay inside one part of a path, `**` spans any number of parts, `{a,b}` is either,
/// `[ab]` is one character, `\` takes a special meaning away. Upper and lower case differ. A
/// pattern whose last part has no special character also matches everything below it, so that a
/// folder can be named: `charts` is `charts` and `charts/**`.
#[derive(Clone, Debug, Default)]
pub struct Globs {
    patterns: Vec<String>,
    set: GlobSet,
}

impl Globs {
    /// Compiles patterns.
    ///
    /// # Errors
    ///
    /// Why one of the patterns does not compile, as words for a message.
    pub fn new(patterns: Vec<String>) -> Result<Self, String> {
        if patterns.len() > MAX_PATTERNS {
            return Err(format!("a list holds at most {MAX_PATTERNS} patterns"));
        }
        let mut builder = GlobSetBuilder::new();
        for pattern in &patterns {
            for glob in compile(pattern)? {
                builder.add(glob);
            }
        }
        let set = builder.build().map_err(|error| error.kind().to_string())?;
        Ok(Self { patterns, set })
    }

    /// Returns whether a path from the root, with `/` between its parts, fits one of the patterns.
    ///
    /// An empty list fits nothing; where an empty list means everything, the place that holds it
    /// says so.
    pub fn matches(&self, path: &str) -> bool {
        self.set.is_match(path)
    }

    /// Returns whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Returns the patterns as written.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }
}

/// Compiles one pattern, and the one for what lies below it.
fn compile(pattern: &str) -> Result<Vec<Glob>, String> {
    refuse(pattern)?;
    let rooted = pattern.strip_prefix("./").unwrap_or(pattern);
    let rooted = rooted.strip_prefix('/').unwrap_or(rooted);
    let rooted = rooted.strip_suffix('/').unwrap_or(rooted);
    if rooted.is_empty() || rooted == "." {
        return Ok(vec![build("**")?]);
    }
    let last = rooted.rsplit('/').next().unwrap_or(rooted);
    let mut globs = Vec::with_capacity(2);
    if !pattern.ends_with('/') {
        globs.push(build(rooted)?);
    }
    if pattern.ends_with('/') || !last.contains(['*', '?', '[', ']', '{', '}']) {
        globs.push(build(&format!("{rooted}/**"))?);
    }
    Ok(globs)
}

/// Says what no pattern of paths from the root can hold.
fn refuse(pattern: &str) -> Result<(), String> {
    let mut escaped = pattern.chars().skip_while(|&character| character != '\\');
    let why = if pattern.is_empty() {
        "it is empty"
    } else if pattern.len() > MAX_LENGTH {
        return Err(format!("it is longer than {MAX_LENGTH} bytes"));
    } else if pattern.starts_with('!') {
        "a pattern cannot be turned around with `!`"
    } else if pattern.split('/').any(|part| part == "..") {
        "it leaves the repository"
    } else if escaped.nth(1).is_some_and(char::is_alphanumeric) {
        "parts of a path are separated by `/`, not by `\\`"
    } else {
        return Ok(());
    };
    Err(why.to_owned())
}

/// Compiles one glob.
fn build(pattern: &str) -> Result<Glob, String> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|error| error.kind().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(pattern: &str) -> Globs {
        Globs::new(vec![pattern.to_owned()]).expect("the pattern compiles")
    }

    #[test]
    fn globs_start_at_the_root_and_a_star_stays_in_its_part() {
        assert!(globs("slo/*.yaml").matches("slo/a.yaml"));
        assert!(!globs("slo/*.yaml").matches("slo/tier1/a.yaml"));
        assert!(!globs("slo/*.yaml").matches("x/slo/a.yaml"));
        assert!(globs("slo/**").matches("slo/tier1/a.yaml"));
        assert!(globs("**/*.yaml").matches("a.yaml"));
        assert!(globs("*.{yaml,yml}").matches("a.yml"));
        assert!(globs("定義/*").matches("定義/可用性.yaml"));
        assert!(!globs("SLO/*").matches("slo/a.yaml"), "case matters");
    }

    #[test]
    fn a_folder_can_be_named() {
        for pattern in ["charts", "charts/", "/charts", "./charts/"] {
            assert!(globs(pattern).matches("charts/a/b.yaml"), "{pattern}");
            assert!(!globs(pattern).matches("charts2/a.yaml"), "{pattern}");
        }
        assert!(!globs("charts/*").matches("charts/a/b.yaml"));
        assert!(globs("/").matches("a/b.yaml"));
    }

    #[test]
    fn what_is_no_glob_from_the_root_is_refused() {
        for pattern in ["", "a[", "{a", "!a", "../a", "a/../b", "src\\checkout\\**"] {
            assert!(Globs::new(vec![pattern.to_owned()]).is_err(), "{pattern}");
        }
        assert!(Globs::new(vec!["{".repeat(100_000)]).is_err());
        assert!(Globs::new(vec!["{a,".repeat(300)]).is_err());
        assert!(Globs::new(vec!["a".to_owned(); MAX_PATTERNS + 1]).is_err());
    }

    #[test]
    fn no_pattern_fits_nothing() {
        assert!(Globs::default().is_empty());
        assert!(!Globs::default().matches("a"));
    }
}
