//! Replaces files that were read before, and no others.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use tempfile::TempPath;

use crate::source::Source;

use super::output;

/// What became of files that were to be replaced.
#[derive(Debug, Default)]
pub(super) struct Replaced {
    /// The paths that were written.
    pub(super) written: Vec<String>,
    /// The paths that were not, each with why.
    pub(super) left: Vec<(String, String)>,
}

/// A new text beside the file that it is for.
struct Staged<'a> {
    before: &'a Source,
    full: PathBuf,
    file: TempPath,
}

/// Replaces files, each as a whole: another reader sees the old text or the new, never half of one.
///
/// Every new text is written beside its file first, and each file is looked at again. Where one text
/// cannot be written, or one file is read-only or no longer holds what was read, none is replaced:
/// texts may belong together. Where one cannot be put in its place, no more are.
///
/// * `changes`: each file as it was read, and its new text.
pub(super) fn all(root: &Path, changes: &[(&Source, &str)]) -> Replaced {
    let mut replaced = Replaced::default();
    let mut staged = Vec::new();
    let mut failed = false;
    for (before, text) in changes {
        let full = root.join(&before.path);
        let file = check(root, before).and_then(|()| {
            output::staged(&full, text.as_bytes()).map_err(|error| error.to_string())
        });
        match file {
            Ok(file) => staged.push(Staged { before, full, file }),
            Err(why) => {
                failed = true;
                replaced.left.push((before.path.clone(), why));
            }
        }
    }
    let again: Vec<_> = staged.iter().map(|staged| check(root, staged.before)).collect();
    failed |= again.iter().any(Result::is_err);
    for (Staged { before, full, file }, again) in staged.into_iter().zip(again) {
        let outcome = again.and_then(|()| {
            if failed {
                return Err("another file could not be written".to_owned());
            }
            // Whoever writes between the two looks is not written over either.
            check(root, before)?;
            file.persist(&full).map_err(|error| error.error.to_string())
        });
        match outcome {
            Ok(()) => replaced.written.push(before.path.clone()),
            Err(why) => {
                failed = true;
                replaced.left.push((before.path.clone(), why));
            }
        }
    }
    replaced
}

/// Returns why a file may not be replaced, if it may not.
pub(super) fn check(root: &Path, before: &Source) -> Result<(), String> {
    let text = |error: io::Error| error.to_string();
    let full = &root.join(&before.path);
    let metadata = fs::symlink_metadata(full).map_err(text)?;
    if !metadata.is_file() {
        return Err("it is no file any more".to_owned());
    }
    if metadata.permissions().readonly() {
        return Err("it is read-only".to_owned());
    }
    // Replacing needs no right to the file itself, but takes it for granted.
    fs::OpenOptions::new().write(true).open(full).map_err(text)?;
    if fs::read(full).map_err(text)? != before.text.as_bytes() {
        return Err("it has changed since it was read".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Origin;

    fn source(path: &str) -> Source {
        Source::from_text(path, "old\n", Origin::Worktree)
    }

    fn written(folder: &Path, name: &str, text: &str) {
        fs::write(folder.join(name), text).expect("a file of a test can be written");
    }

    fn read(folder: &Path, name: &str) -> String {
        fs::read_to_string(folder.join(name)).expect("a file of a test can be read")
    }

    #[test]
    fn where_somebody_else_has_written_a_file_none_is_replaced() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let root = folder.path();
        written(root, "a.yaml", "old\n");
        written(root, "b.yaml", "newer\n");
        let (a, b, gone) = (source("a.yaml"), source("b.yaml"), source("gone.yaml"));
        let replaced = all(root, &[(&a, "new\n"), (&b, "new\n"), (&gone, "new\n")]);
        assert!(replaced.written.is_empty(), "{replaced:?}");
        let left: Vec<&str> = replaced.left.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(left, ["b.yaml", "gone.yaml", "a.yaml"]);
        assert_eq!(
            (read(root, "a.yaml"), read(root, "b.yaml")),
            ("old\n".into(), "newer\n".into())
        );
        assert_eq!(fs::read_dir(root).map(Iterator::count).ok(), Some(2), "nothing is left over");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn where_one_text_cannot_be_written_none_is() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        written(folder.path(), "a.yaml", "old\n");
        let name = folder.path().join("a.yaml").display().to_string();
        let a = source(name.trim_start_matches('/'));
        // A file that can be written, in a folder where no other can be made.
        let path = "proc/self/comm";
        let comm = fs::read_to_string("/proc/self/comm").expect("every process has a name");
        let comm = Source::from_text(path, comm, Origin::Worktree);
        let replaced = all(Path::new("/"), &[(&a, "new\n"), (&comm, "new\n")]);
        assert!(replaced.written.is_empty(), "{replaced:?}");
        assert_eq!(replaced.left.len(), 2, "{replaced:?}");
        assert_eq!(read(folder.path(), "a.yaml"), "old\n");
    }
}
