//! `slo rules`

use std::io;

use crate::lint::Chosen;
use crate::source::LineIndex;

use super::Exit;
use super::arguments::Global;
use super::arguments::RulesOptions;
use super::error::Error;
use super::output;
use super::project::Project;

pub(super) fn run(global: &Global, options: &RulesOptions) -> Result<Exit, Error> {
    let project = Project::open(global)?;
    let rules = project.rules(&options.rules)?;
    let width = rules.all().iter().map(|chosen| chosen.rule.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut family = "";
    for chosen in rules.all() {
        if chosen.rule.family() != family {
            if !family.is_empty() {
                text.push('\n');
            }
            family = chosen.rule.family();
            text.push_str(&format!("{family}\n"));
        }
        let level = chosen.level.map_or("off", |level| level.name());
        let name = chosen.rule.name;
        text.push_str(&format!("  {name:width$}  {level:7}  {}\n", set_by(&project, chosen)));
    }
    output::write(&mut io::stdout().lock(), text.as_bytes())?;
    Ok(Exit::Success)
}

/// Returns who turned a rule on or off: a line of `slo.toml`, or a set.
fn set_by(project: &Project, chosen: &Chosen) -> String {
    let mut parts = Vec::new();
    if let (Some(span), Some(file)) = (chosen.set_by, &project.file) {
        let line = LineIndex::new(&file.text).position(span.start as usize).line;
        parts.push(format!("{}:{line}", file.path));
    } else {
        parts.push(format!("set {}", chosen.rule.set.name()));
    }
    for entry in chosen.entries.iter().filter(|entry| !entry.paths.is_empty()) {
        if let (Some(level), Some(file)) = (&entry.level, &project.file) {
            let line = LineIndex::new(&file.text).position(level.span.start as usize).line;
            let paths = entry.paths.written().join(", ");
            parts.push(format!("otherwise in {paths} ({}:{line})", file.path));
        }
    }
    parts.join(", ")
}
