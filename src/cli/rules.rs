//! `slo rules`

use crate::config;
use crate::lint::Chosen;
use crate::lint::SetBy;
use crate::report::Format;
use crate::report::catalog;
use crate::report::catalog::EntryRow;
use crate::report::catalog::Place;
use crate::report::catalog::RuleCard;
use crate::report::catalog::RuleRow;
use crate::report::catalog::Setter;
use crate::rules;
use crate::rules::Rule;
use crate::source::LineIndex;
use crate::source::Span;

use super::Exit;
use super::arguments::Global;
use super::arguments::ListFormat;
use super::arguments::RulesOptions;
use super::error::Error;
use super::output;
use super::project::Project;

pub(super) fn run(global: &Global, options: &RulesOptions) -> Result<Exit, Error> {
    let asked = options.names.iter().chain(&options.families);
    let named: Vec<Named> = asked.map(|name| Named::of(name)).collect::<Result<_, _>>()?;
    let project = Project::open(global)?;
    let chosen = project.rules(&options.rules)?;
    let is_asked = |rule: &Rule| {
        let mut asked = named.iter().flat_map(Named::rules);
        named.is_empty() || asked.any(|other| other.name == rule.name)
    };
    let chosen = chosen.all().iter().filter(|chosen| is_asked(chosen.rule));
    let rows: Vec<RuleRow> = chosen.map(|chosen| row(chosen, &project)).collect();
    match options.format {
        ListFormat::Terminal => {
            let style = output::style(global);
            output::print(Format::Terminal, |out| catalog::list(&rows, &style, out))?;
        }
        ListFormat::Json => {
            output::print(Format::Json, |out| catalog::list_json(&rows, out))?;
        }
    }
    Ok(Exit::Success)
}

/// What a name on the command line stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Named {
    /// A rule.
    Rule(&'static Rule),
    /// A family, with its rules.
    Family(&'static str, &'static [&'static Rule]),
}

impl Named {
    /// Returns what a name stands for.
    pub(super) fn of(name: &str) -> Result<Self, Error> {
        let family = || rules::FAMILIES.iter().find(|(family, _)| *family == name);
        if let Some(rule) = rules::named(name) {
            return Ok(Self::Rule(rule));
        }
        if let Some((family, rules)) = family() {
            return Ok(Self::Family(family, rules));
        }
        let families = rules::FAMILIES.iter().map(|(family, _)| *family);
        let known = rules::all().map(|rule| rule.name).chain(families);
        Err(Error::unknown("rule", name, known, "`slo rules` lists the rules".to_owned()))
    }

    /// Returns the rules that it stands for.
    pub(super) fn rules(&self) -> impl Iterator<Item = &'static Rule> {
        let (one, many) = match self {
            Self::Rule(rule) => (Some(*rule), [].as_slice()),
            Self::Family(_, rules) => (None, *rules),
        };
        one.into_iter().chain(many.iter().copied())
    }
}

/// Returns what is known of a rule without its page.
pub(super) fn card(rule: &'static Rule) -> RuleCard {
    RuleCard {
        name: rule.name,
        family: rule.family(),
        level: rule.level,
        set: rule.set.name(),
        formats: rule.judges.formats(),
        since: rule.since,
        summary: rule.summary(),
        settings: rule.settings.iter().map(|setting| setting.name).collect(),
        docs: output::docs(rule.name),
    }
}

/// Returns a rule, and who turned it on or off: a line of `slo.toml`, a set, or an option.
fn row(chosen: &Chosen, project: &Project) -> RuleRow {
    let place = |span: Span| match &project.file {
        Some(file) => {
            let line = LineIndex::new(&file.text).position(span.start as usize).line;
            Place { path: file.path.clone(), line }
        }
        None => Place { path: config::FILE_NAME.to_owned(), line: 1 },
    };
    let set_by = match chosen.set_by {
        SetBy::Default => Setter::Default,
        SetBy::Set(span) => Setter::Set(place(span)),
        SetBy::SetOption(set) => Setter::SetOption(set.name()),
        SetBy::Entry(span) => Setter::Entry(place(span)),
        SetBy::RuleOption => Setter::RuleOption,
    };
    let entries = chosen.entries.iter().map(|entry| EntryRow {
        level: entry.level.as_ref().map(|level| level.value),
        paths: entry.paths.written().to_vec(),
        settings: entry.settings.iter().map(|(key, _)| key.value.clone()).collect(),
        place: place(entry.level.as_ref().map_or(entry.rule.span, |level| level.span)),
    });
    let entries = entries.collect();
    RuleRow { card: card(chosen.rule), is_on: chosen.is_on(), level: chosen.level, set_by, entries }
}
