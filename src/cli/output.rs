//! Writes reports and errors where they belong.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;
use tempfile::TempPath;

use crate::dialect;
use crate::git::id::CommitId;
use crate::lint::Tree;
use crate::report;
use crate::report::Format;
use crate::report::Refusal;
use crate::report::Report;
use crate::report::Style;
use crate::report::Target;
use crate::report::escape;
use crate::rules;
use crate::source::LineIndex;
use crate::source::Source;

use super::Exit;
use super::arguments::Arguments;
use super::arguments::Color;
use super::arguments::Global;
use super::discover::Found;
use super::error::Error;
use super::is_terminal;
use super::runner;

/// The columns of a run that no terminal watches.
const PLAIN_WIDTH: usize = 100;

/// The columns of a page that no terminal watches: what is read at length reads better narrow.
const PLAIN_PAGE_WIDTH: usize = 80;

/// Refuses two formats that would write over each other.
pub(super) fn check_targets(targets: &[Target]) -> Result<(), Error> {
    let place = |target: &Target| {
        let path = Path::new(target.file.as_ref()?);
        // What is there already may have several names.
        let full = path.canonicalize().or_else(|_| std::path::absolute(path));
        Some(full.unwrap_or_else(|_| path.to_owned()))
    };
    let written = |target: &Target| match &target.file {
        Some(file) => format!("`--format {}={file}`", target.format.name()),
        None => format!("`--format {}`", target.format.name()),
    };
    let mut seen = BTreeMap::new();
    for target in targets {
        let Some(first) = seen.insert(place(target), target) else { continue };
        let name = target.format.name();
        let (where_to, hint) = if target.file.is_some() {
            ("one file", "name another file for one of them".to_owned())
        } else {
            ("standard output", format!("send one to a file: `--format {name}=FILE`"))
        };
        let message = format!("{} and {} write to {where_to}", written(first), written(target));
        return Err(Error::Usage { message, hint: Some(hint) });
    }
    Ok(())
}

/// Writes a report in every format that was asked for; the terminal's where none was.
pub(super) fn render(
    global: &Global,
    targets: &[Target],
    report: &Report<'_>,
) -> Result<(), Error> {
    let usual = [Target { format: Format::Terminal, file: None }];
    let targets = if targets.is_empty() { &usual[..] } else { targets };
    for target in targets {
        let written = match &target.file {
            None => {
                let style = style(global);
                print(target.format, |out| report::render(target.format, report, &style, out))
            }
            Some(file) => {
                let mut text = Vec::new();
                report::render(target.format, report, &Style::default(), &mut text)
                    .map_err(|source| Error::Io { action: "write", path: file.clone(), source })?;
                write_file(Path::new(file), &text)
            }
        };
        match written {
            // Whoever stops reading changes neither the other reports nor how the run ends.
            Err(error) if error.is_closed_pipe() => {}
            written => written?,
        }
    }
    Ok(())
}

/// Prints a report; in a job, as a runner may read it.
pub(super) fn print(
    format: Format,
    render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    let mut stream = BufWriter::new(io::stdout().lock());
    if !runner::is_job() {
        return render(&mut stream).and_then(|()| stream.flush()).map_err(unwritable);
    }
    let mut text = Vec::new();
    render(&mut text).map_err(unwritable)?;
    let text = runner::printable(format, String::from_utf8_lossy(&text).into_owned());
    write(&mut stream, text.as_bytes())
}

/// Returns how a report for people is drawn on standard output.
pub(super) fn style(global: &Global) -> Style {
    style_or(global, PLAIN_WIDTH)
}

/// Returns how a page for people is drawn on standard output.
pub(super) fn page_style(global: &Global) -> Style {
    style_or(global, PLAIN_PAGE_WIDTH)
}

/// Returns how text for people is drawn on standard output.
///
/// * `unwatched`: the columns where no terminal says how many there are.
fn style_or(global: &Global, unwatched: usize) -> Style {
    let watched = is_terminal(&io::stdout());
    let wished = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let dumb = env::var("TERM").is_ok_and(|term| term == "dumb");
    let color = match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => watched && wished && !dumb,
    };
    let said = env::var("COLUMNS").ok().and_then(|said| columns(&said));
    let width = if watched { said.or_else(terminal_width) } else { None };
    Style { color, width: width.unwrap_or(unwatched), unicode: true }
}

/// Returns the columns that `COLUMNS` says; nothing for what no terminal has.
fn columns(said: &str) -> Option<usize> {
    said.parse::<u16>().ok().filter(|columns| *columns > 0).map(usize::from)
}

fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// Writes bytes to a stream.
pub(super) fn write(stream: &mut dyn Write, text: &[u8]) -> Result<(), Error> {
    stream.write_all(text).and_then(|()| stream.flush()).map_err(unwritable)
}

/// Returns the error of a standard output that cannot be written.
pub(super) fn unwritable(source: io::Error) -> Error {
    Error::Io { action: "write", path: "standard output".to_owned(), source }
}

/// Replaces a file as a whole: another reader sees the old text or the new, never half of one.
///
/// A link is followed, and what is no file, such as `/dev/stdout` or a named pipe, is written into.
pub(super) fn write_file(path: &Path, text: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::Io { action: "write", path: path.display().to_string(), source };
    let followed = path.canonicalize();
    let path = followed.as_deref().unwrap_or(path);
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        let mut stream = fs::OpenOptions::new().write(true).open(path).map_err(failed)?;
        return stream.write_all(text).map_err(failed);
    }
    fs::create_dir_all(folder(path)).map_err(failed)?;
    let file = staged(path, text).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Writes bytes to a temporary file beside the one that it may replace, with its permissions, and
/// closes it: a process may hold only so many files open.
pub(super) fn staged(path: &Path, text: &[u8]) -> io::Result<TempPath> {
    let mut file = NamedTempFile::new_in(folder(path))?;
    file.write_all(text)?;
    match fs::metadata(path) {
        Ok(old) => fs::set_permissions(file.path(), old.permissions())?,
        Err(_) => readable(file.path())?,
    }
    Ok(file.into_temp_path())
}

fn folder(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Gives a new file the permissions that files usually have; a temporary one is closed to others.
#[cfg(unix)]
fn readable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Says why a run ended before it could report; returns how it ends.
pub(super) fn refuse(arguments: &Arguments, error: &Error) -> Exit {
    let mut text = format!("error: {}", escape::line(&described(error)));
    text.push('\n');
    if let Some((path, position)) = error.place() {
        let place = position.map_or(String::new(), |at| format!(":{}:{}", at.line, at.column));
        text.push_str(&format!("  --> {}{place}\n", escape::line(path)));
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("  help: {}\n", escape::line(&hint)));
    }
    let _ = io::stderr().lock().write_all(runner::line(&text).as_bytes());
    if error.precedes_report() {
        refuse_in_json(arguments, error);
    }
    error.exit()
}

/// Returns what an error says, and its causes after it.
fn described(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        text.push_str(&format!(": {source}"));
        cause = source.source();
    }
    text
}

/// Whoever asked for JSON gets the refusal as JSON too.
fn refuse_in_json(arguments: &Arguments, error: &Error) {
    let message = described(error);
    let (path, line) = match error.place() {
        Some((path, position)) => (Some(path), position.map(|position| position.line)),
        None => (None, None),
    };
    for target in arguments.formats().iter().filter(|target| target.format == Format::Json) {
        let mut text = Vec::new();
        let refusal = Refusal { message: &message, path, line };
        if report::render_refusal(refusal, &mut text).is_ok() {
            // The exit code says it too; a report that cannot be written changes nothing.
            let _ = match &target.file {
                None => print(Format::Json, |out| out.write_all(&text)),
                Some(file) => write_file(Path::new(file), &text),
            };
        }
    }
}

/// Says something on standard error that is no finding.
pub(super) fn say(global: &Global, text: &str) {
    if !global.quiet {
        let _ = writeln!(io::stderr().lock(), "{}", runner::line(&escape::line(text)));
    }
}

/// Says with `--verbose` how many files of the worktree were read, and which `[files]` leaves out.
pub(super) fn say_read(global: &Global, found: &Found) {
    if !global.verbose {
        return;
    }
    let (all, held) = (found.looked_into, objects_in(found.sources.iter()));
    say(global, &format!("read {}, {held} of which may hold an SLO object", files(all)));
    for path in &found.left_out {
        say(global, &format!("passed over {path}: left out by `[files]`"));
    }
}

/// Says with `--verbose` how many files of a commit were read.
///
/// * `which`: what the commit is.
pub(super) fn say_read_at(global: &Global, which: &str, commit: CommitId, tree: &Tree) {
    if global.verbose {
        let files = files(objects_in(tree.sources.iter().map(|(_, source)| source)));
        say(
            global,
            &format!("read {files} that may hold an SLO object of {which}, {}", commit.short()),
        );
    }
}

/// Returns how many of the files that were read may hold objects, and not rules of Prometheus alone.
fn objects_in<'a>(sources: impl Iterator<Item = &'a Source>) -> usize {
    let may_hold = |source: &&Source| {
        source.unreadable.is_some() || dialect::may_hold_objects(source.text.as_bytes())
    };
    sources.filter(may_hold).count()
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

/// Says how many templates were passed over, for reports that count none; with `--verbose`, which.
pub(super) fn say_templates(global: &Global, tree: &Tree) {
    if tree.templates.is_empty() {
        return;
    }
    let noun = if tree.templates.len() == 1 { "template" } else { "templates" };
    say(global, &format!("passed over {} {noun}", tree.templates.len()));
    if global.verbose {
        for path in &tree.templates {
            say(global, &format!("passed over {path}: a template"));
        }
    }
}

/// Says with `--verbose` which values are not known, and why.
pub(super) fn say_unknown(global: &Global, tree: &Tree) {
    if !global.verbose {
        return;
    }
    for of_file in tree.unknown.chunk_by(|one, next| one.span.source == next.span.source) {
        let Some(first) = of_file.first() else { continue };
        let file = tree.sources.file(first.span.source);
        let lines = LineIndex::new(&file.text);
        for unknown in of_file {
            let place = lines.position(unknown.span.start as usize);
            let (path, line, column) = (&file.path, place.line, place.column);
            let written = file.text.get(unknown.span.range()).unwrap_or_default();
            let first = written.lines().next().unwrap_or_default();
            say(global, &format!("{path}:{line}:{column}: `{first}` {}", unknown.why));
        }
    }
}

/// Returns the address of a rule's page.
pub(super) fn docs(rule: &str) -> String {
    let family = rules::named(rule).map_or("document", rules::Rule::family);
    let repository = env!("CARGO_PKG_REPOSITORY");
    format!("{repository}/blob/main/src/rules/{family}/{}.md", rule.replace('-', "_"))
}

#[cfg(test)]
mod tests;
