//! Which rules are on, at which level, and who said so.

use std::collections::BTreeSet;

use crate::config::LevelSetting;
use crate::config::Problem;
use crate::config::RuleEntry;
use crate::config::RuleSetName;
use crate::config::Rules;
use crate::finding::Finding;
use crate::finding::Level;
use crate::rules;
use crate::rules::Rule;
use crate::rules::Set;
use crate::source::Sources;
use crate::source::Span;

use super::settings;

/// What the command line asks for, over what `slo.toml` says.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The set, if one is named.
    pub set: Option<Set>,
    /// The only rules to run, if any are named.
    pub only: Vec<String>,
}

/// What is wrong about a choice of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongChoice {
    /// The place in `slo.toml`; nothing for the command line.
    pub span: Option<Span>,
    /// What is wrong; lowercase, no full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The rules of a run.
#[derive(Clone, Debug)]
pub struct RuleSet {
    chosen: Vec<Chosen>,
}

/// A rule of a run, and who turned it on or off.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The rule.
    pub rule: &'static Rule,
    /// The level where no entry with paths says otherwise; nothing where it is off.
    pub level: Option<Level>,
    /// The entries of `slo.toml` that speak of it.
    pub entries: Vec<RuleEntry>,
    /// Who set that level.
    pub set_by: SetBy,
}

/// Who said whether a rule runs, and at which level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetBy {
    /// Nobody: its set is held against the recommended one.
    Default,
    /// The set that `slo.toml` names at this place.
    Set(Span),
    /// The set that the command line names.
    SetOption(Set),
    /// The rule's entry in `slo.toml`, at this place.
    Entry(Span),
    /// The rules that the command line names: no other runs.
    RuleOption,
}

impl RuleSet {
    /// Chooses rules by `slo.toml` and the command line, which wins.
    ///
    /// Names of no rule and settings that a rule does not have, or cannot read, are returned beside
    /// the rules; whether they end the run is the caller's choice.
    pub fn new(config: &Rules, choice: &Choice) -> (Self, Vec<WrongChoice>) {
        let set = choice.set.unwrap_or(match config.set.as_ref().map(|set| set.value) {
            None | Some(RuleSetName::Recommended) => Set::Recommended,
            Some(RuleSetName::Strict) => Set::Strict,
            Some(RuleSetName::All) => Set::All,
        });
        let mut wrong = Vec::new();
        for entry in &config.entries {
            match rules::named(&entry.rule.value) {
                Some(rule) => wrong.extend(settings::problems(rule, entry).map(WrongChoice::from)),
                None => wrong.push(unknown_rule(&entry.rule.value, Some(entry.rule.span))),
            }
        }
        let asked = choice.only.iter().filter(|name| rules::named(name).is_none());
        wrong.extend(asked.map(|name| unknown_rule(name, None)));
        let chosen = rules::all().map(|rule| choose(rule, config, choice, set)).collect();
        (Self { chosen }, wrong)
    }

    /// Returns the rules that could say what some findings say: those that said it, or all where one speaks of
    /// comments, which may allow what any rule says.
    #[must_use]
    pub fn of(&self, findings: &[Finding]) -> Self {
        let names: BTreeSet<&str> = findings.iter().map(|finding| finding.rule).collect();
        let is_asked = |chosen: &&Chosen| names.contains(chosen.rule.name);
        if self.chosen.iter().filter(is_asked).any(|chosen| chosen.rule.is_of_acceptance()) {
            return self.clone();
        }
        Self { chosen: self.chosen.iter().filter(is_asked).cloned().collect() }
    }

    /// Returns the rules that are on somewhere.
    pub fn chosen(&self) -> impl Iterator<Item = &'static Rule> {
        self.chosen.iter().filter(|chosen| chosen.is_on()).map(|chosen| chosen.rule)
    }

    /// Returns every rule with how it was chosen.
    pub fn all(&self) -> &[Chosen] {
        &self.chosen
    }

    /// Returns whether a rule is on for the file of a path; nothing where there is no such rule.
    pub fn is_on_at(&self, rule: &str, path: &str) -> Option<bool> {
        let chosen = self.chosen.iter().find(|chosen| chosen.rule.name == rule)?;
        let special = chosen.special(path);
        Some(special.map_or(chosen.level, level_of).is_some())
    }

    /// Returns the level of a finding under this choice, or nothing where the rule is off there.
    pub fn level(&self, rule: &Rule, finding: &Finding, sources: &Sources) -> Option<Level> {
        let chosen = self.chosen.iter().find(|chosen| chosen.rule.name == rule.name)?;
        let path = &sources.file(finding.span.source).path;
        let level = match chosen.special(path) {
            Some(setting) => level_of(setting)?,
            None if matches!(chosen.set_by, SetBy::Entry(_)) => chosen.level?,
            // Nobody speaks of its level: each case has its own.
            None => return chosen.level.map(|_| finding.level),
        };
        Some(if finding.level < rule.level { finding.level.min(level) } else { level })
    }
}

impl From<Problem> for WrongChoice {
    fn from(problem: Problem) -> Self {
        let Problem { span, message, hint } = problem;
        Self { span: Some(span), message, hint }
    }
}

impl Chosen {
    /// Returns the level that an entry for some paths sets at one of them.
    fn special(&self, path: &str) -> Option<LevelSetting> {
        let mut entries = self.entries.iter();
        let last = entries.rfind(|entry| entry.level.is_some() && entry.holds_for(path));
        // What holds for every path is chosen already, by the command line too.
        let special = last.filter(|entry| !entry.paths.is_empty());
        special.and_then(|entry| entry.level.as_ref()).map(|setting| setting.value)
    }

    /// Returns whether the rule runs at all.
    pub fn is_on(&self) -> bool {
        let here = |entry: &RuleEntry| {
            entry.level.as_ref().is_some_and(|level| level_of(level.value).is_some())
        };
        self.level.is_some()
            || self.entries.iter().any(|entry| !entry.paths.is_empty() && here(entry))
    }
}

fn level_of(setting: LevelSetting) -> Option<Level> {
    match setting {
        LevelSetting::Off => None,
        LevelSetting::At(level) => Some(level),
    }
}

fn choose(rule: &'static Rule, config: &Rules, choice: &Choice, set: Set) -> Chosen {
    let entries: Vec<RuleEntry> =
        config.entries.iter().filter(|entry| entry.rule.value == rule.name).cloned().collect();
    let general = entries.iter().rfind(|entry| entry.paths.is_empty() && entry.level.is_some());
    let general = general.and_then(|entry| entry.level.as_ref());
    if choice.only.is_empty() {
        let by_set = match (choice.set, &config.set) {
            (Some(set), _) => SetBy::SetOption(set),
            (None, Some(set)) => SetBy::Set(set.span),
            (None, None) => SetBy::Default,
        };
        let (level, set_by) = match general {
            Some(setting) => (level_of(setting.value), SetBy::Entry(setting.span)),
            None => ((rule.set <= set).then_some(rule.level), by_set),
        };
        return Chosen { rule, level, entries, set_by };
    }
    if !choice.only.iter().any(|name| name == rule.name) {
        return Chosen { rule, level: None, entries: Vec::new(), set_by: SetBy::RuleOption };
    }
    let configured = general.and_then(|setting| Some((level_of(setting.value)?, setting.span)));
    let (level, set_by) = match configured {
        Some((level, span)) => (level, SetBy::Entry(span)),
        None => (rule.level, SetBy::RuleOption),
    };
    Chosen { rule, level: Some(level), entries, set_by }
}

fn unknown_rule(name: &str, span: Option<Span>) -> WrongChoice {
    let hint = match rules::nearest(name) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "`slo rules` lists the rules".to_owned(),
    };
    WrongChoice { span, message: format!("there is no rule `{name}`"), hint: Some(hint) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::source::Origin;
    use crate::source::Source;
    use crate::source::SourceId;

    fn rules(text: &str) -> Rules {
        let source = Source::from_text("slo.toml", text, Origin::Worktree);
        let (config, problems) = Config::parse(SourceId::default(), &source);
        assert_eq!(problems, []);
        config.rules
    }

    #[test]
    fn the_last_entry_that_holds_decides() {
        let text = "[[rules.target-100]]\nlevel = \"info\"\n\n[[rules.target-100]]\npaths = [\"a/**\"]\n\
                    level = \"warning\"\n\n[[rules.target-100]]\npaths = [\"a/b/**\"]\nlevel = \"off\"\n";
        let (set, _) = RuleSet::new(&rules(text), &Choice::default());
        let mut sources = Sources::new();
        let rule = rules::named("target-100").expect("it is a rule");
        let mut level = |path: &str| {
            let id = sources.add(Source::from_text(path, "", Origin::Worktree));
            let finding = Finding::new(rule.name, rule.level, Span::new(id, 0, 0), "x");
            set.level(rule, &finding, &sources)
        };
        assert_eq!(level("x.yaml"), Some(Level::Info));
        assert_eq!(level("a/x.yaml"), Some(Level::Warning));
        assert_eq!(level("a/b/x.yaml"), None);
    }
}
