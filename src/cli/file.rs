//! Reads a regular file, and nothing else: no link that leads elsewhere, no pipe that waits for
//! somebody, no device without an end.

use std::fmt;
use std::fs;
use std::io;
use std::io::Read;
use std::path::Path;

/// How much is read of a file that is too large, in bytes.
pub(super) const START: usize = 64 * 1024;

/// What stands at a path.
pub(super) enum Content {
    /// A file, whole.
    Bytes(Vec<u8>),
    /// A file of more bytes than are read: how it starts, and its size.
    TooLarge { start: Vec<u8>, size: u64 },
    /// Nothing.
    Nothing,
    /// Something else, which is not read.
    Other(Other),
    /// Something that the system does not let us look at.
    Unreadable(io::Error),
}

/// What is no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Other {
    Link,
    Folder,
    Device,
}

impl fmt::Display for Other {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Link => "a link, which is not followed",
            Self::Folder => "a folder",
            Self::Device => "a pipe, a socket or a device",
        })
    }
}

/// Reads the file at a path; a link there is not followed.
///
/// * `limit`: the most bytes that are read.
pub(super) fn read(path: &Path, limit: u64) -> Content {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if is_absence(&error) => return Content::Nothing,
        Err(error) => return Content::Unreadable(error),
    };
    if metadata.is_symlink() {
        return Content::Other(Other::Link);
    }
    if metadata.is_dir() {
        return Content::Other(Other::Folder);
    }
    if !metadata.is_file() {
        return Content::Other(Other::Device);
    }
    match read_bounded(path, metadata.len(), limit) {
        Err(error) if is_absence(&error) => Content::Nothing,
        Err(error) => Content::Unreadable(error),
        Ok(content) => content,
    }
}

/// Reads the file at a path below a folder; no link on the way is followed either.
pub(super) fn read_below(folder: &Path, path: &str, limit: u64) -> Content {
    if is_below_link(folder, path) {
        return Content::Other(Other::Link);
    }
    read(&folder.join(path), limit)
}

/// Returns whether a folder on the way is a link, which may lead out of the repository.
pub(super) fn is_below_link(root: &Path, path: &str) -> bool {
    let mut folders = Path::new(path).ancestors().skip(1);
    folders.any(|folder| !folder.as_os_str().is_empty() && root.join(folder).is_symlink())
}

/// Returns whether an error says that nothing is there.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Reads at most so many bytes, whatever the size is said to be: a file may grow meanwhile, and some
/// have no size at all.
fn read_bounded(path: &Path, size: u64, limit: u64) -> io::Result<Content> {
    let file = fs::File::open(path)?;
    let wanted = if size > limit { START as u64 } else { limit.saturating_add(1) };
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(wanted)).unwrap_or_default());
    file.take(wanted).read_to_end(&mut bytes)?;
    let read = bytes.len() as u64;
    Ok(if size > limit || read > limit {
        Content::TooLarge { start: bytes, size: size.max(read) }
    } else {
        Content::Bytes(bytes)
    })
}
