//! `slo rules`

use std::io;

use crate::config;
use crate::lint::Chosen;
use crate::lint::SetBy;
use crate::source::LineIndex;
use crate::source::Span;

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

/// Returns who turned a rule on or off: a line of `slo.toml`, a set, or an option.
fn set_by(project: &Project, chosen: &Chosen) -> String {
    let line = |span: Span| match &project.file {
        Some(file) => {
            let line = LineIndex::new(&file.text).position(span.start as usize).line;
            format!("{}:{line}", file.path)
        }
        None => config::FILE_NAME.to_owned(),
    };
    let own = chosen.rule.set.name();
    let mut parts = vec![match chosen.set_by {
        SetBy::Default => format!("set {own}"),
        SetBy::Set(span) => format!("set {own} ({})", line(span)),
        SetBy::SetOption(set) => format!("set {own} (--set {})", set.name()),
        SetBy::Entry(span) => line(span),
        SetBy::RuleOption => "--rule".to_owned(),
    }];
    for entry in chosen.entries.iter().filter(|entry| !entry.paths.is_empty()) {
        if let Some(level) = &entry.level {
            let paths = entry.paths.written().join(", ");
            parts.push(format!("otherwise in {paths} ({})", line(level.span)));
        }
    }
    parts.join(", ")
}
