//! Paths inside the repository.

/// Returns whether a path is relative and stays inside the folder that it starts from.
///
/// A path with a drive, a leading `/`, a `..`, a backslash or a NUL does not, nor does an empty
/// one. A path that holds `${NAME}` has to be asked about again once it is expanded.
pub fn stays_inside(path: &str) -> bool {
    let has_drive = path.as_bytes().get(1) == Some(&b':');
    !path.is_empty()
        && !has_drive
        && !path.starts_with('/')
        && !path.contains(['\\', '\0'])
        && path.split('/').all(|part| part != "..")
}

#[cfg(test)]
mod tests {
    use super::stays_inside;

    #[test]
    fn only_paths_below_the_root_stay_inside() {
        for path in ["counts.csv", "data/計測.csv", "./a/b", "a/..b/c", "a..b"] {
            assert!(stays_inside(path), "{path}");
        }
        for path in ["", "/etc/passwd", "../x", "a/../../x", "a/..", "C:/x", "a\\..\\x", "a\0"] {
            assert!(!stays_inside(path), "{path:?}");
        }
    }
}
