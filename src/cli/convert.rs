//! `slo convert`

use std::collections::BTreeSet;
use std::io;

use crate::convert;
use crate::convert::Note;
use crate::convert::NoteKind;
use crate::convert::Target;
use crate::dialect;
use crate::lint as linter;
use crate::report::escape;
use crate::source::LineIndex;
use crate::source::SourceId;
use crate::source::Sources;
use crate::yaml;
use crate::yaml::Stream;

use super::Exit;
use super::arguments::ConvertOptions;
use super::arguments::Dialect;
use super::arguments::Global;
use super::discover;
use super::error::Error;
use super::is_terminal;
use super::lint::below_root;
use super::output;
use super::project::Project;

pub(super) fn run(global: &Global, options: &ConvertOptions) -> Result<Exit, Error> {
    let project = Project::open(global)?;
    let path = below_root(&project, &options.file)?;
    if project.root.join(&path).is_dir() {
        let message = format!("{} is a folder", options.file.display());
        return Err(Error::Usage { message, hint: Some("name one file".to_owned()) });
    }
    // What an SLO refers to may stand in any file.
    let found = discover::files(&project, std::slice::from_ref(&path))?;
    if let Some(passed) = found.passed_over.iter().find(|passed| passed.path == path) {
        let message = format!("{path} cannot be read: {}", passed.why);
        return Err(Error::Usage { message, hint: None });
    }
    let tree = linter::load(found.sources, &project.config.files);
    let source = tree.sources.iter().find(|(_, source)| source.path == path).map(|(id, _)| id);
    let has_slos = |source: &SourceId| {
        let objects = tree.catalog.objects_of(*source);
        objects.into_iter().any(|object| matches!(object, crate::model::Object::Slo(_)))
    };
    let Some(source) = source.filter(has_slos) else {
        let message = format!("{path} holds no SLO that is read");
        let hint = Some(format!("`slo lint {path}` says what is wrong with it, if anything is"));
        return Err(Error::Usage { message, hint });
    };
    // A tree does not keep what it has read: thousands of files would stand in memory for this one.
    let stream = yaml::parse(source, tree.sources.file(source));
    let reading = dialect::read(&stream);
    let streams: Vec<&Stream> = std::iter::once(&stream).chain(&reading.parts).collect();
    let target = match options.to {
        Dialect::Openslo => Target::OpenSlo,
        Dialect::Sloth => Target::Sloth,
        Dialect::Pyrra => Target::Pyrra,
    };
    let window = project.config.files.sloth_window;
    let conversion = convert::convert(source, &streams, &tree.catalog, target, window);
    print(&conversion.text)?;
    if !stream.problems.is_empty() || !reading.problems.is_empty() {
        output::say(
            global,
            &format!(
                "{path} has faults, and what is wrong is left out; `slo lint {path}` tells them"
            ),
        );
    }
    tell(global, &tree.sources, &conversion.notes);
    let is_whole = conversion.notes.iter().all(|note| note.kind != NoteKind::Refused);
    Ok(if is_whole { Exit::Success } else { Exit::Findings })
}

/// Writes YAML to standard output; on a terminal, with what is active in it made visible.
pub(super) fn print(text: &str) -> Result<(), Error> {
    let out = io::stdout();
    if is_terminal(&out) {
        let lines: Vec<_> = escape::lines(text).map(|line| format!("{line}\n")).collect();
        return output::write(&mut out.lock(), lines.concat().as_bytes());
    }
    output::write(&mut out.lock(), text.as_bytes())
}

/// Says what the text does not, each with its place.
///
/// * `notes`: in the order of the files.
pub(super) fn tell(global: &Global, sources: &Sources, notes: &[Note]) {
    let mut told = BTreeSet::new();
    for of_file in notes.chunk_by(|one, next| one.span.source == next.span.source) {
        let Some(first) = of_file.first() else { continue };
        let file = sources.file(first.span.source);
        let lines = LineIndex::new(&file.text);
        for note in of_file {
            let place = lines.position(note.span.start as usize);
            let (path, kind) = (&file.path, note.kind.name());
            let text = format!("{path}:{}:{}: {kind}: {}", place.line, place.column, note.text);
            if told.insert(text.clone()) {
                output::say(global, &text);
            }
        }
    }
}
