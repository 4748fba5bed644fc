//! `[rules]`: which rules run, at which level, on which files, with which settings.

use toml::de::DeValue;

use crate::config::Value;
use crate::config::decode::Decoder;
use crate::config::decode::Node;
use crate::config::decode::Table;
use crate::config::decode::meant;
use crate::config::decode::short;
use crate::config::nearest::nearest;
use crate::finding::Level;
use crate::globs::Globs;
use crate::source::Spanned;

/// The keys of `[rules]` that are not the name of a rule.
pub(super) const KEYS: &[&str] = &["set"];

/// The keys of a rule's table that are not its own settings.
pub const ENTRY_KEYS: &[&str] = &["level", "paths"];

/// The words for a level.
pub(super) const LEVELS: &[(&str, LevelSetting)] = &[
    ("off", LevelSetting::Off),
    ("info", LevelSetting::At(Level::Info)),
    ("warning", LevelSetting::At(Level::Warning)),
    ("error", LevelSetting::At(Level::Error)),
];

/// The words for a set of rules.
pub(super) const SETS: &[(&str, RuleSetName)] = &[
    ("recommended", RuleSetName::Recommended),
    ("strict", RuleSetName::Strict),
    ("all", RuleSetName::All),
];

/// What `[rules]` says.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// `set`: the rules that run without being asked for.
    pub set: Option<Spanned<RuleSetName>>,
    /// What is said about single rules, in the order of the file.
    ///
    /// Several entries for one rule may fit one file: each later one overrides what it states.
    pub entries: Vec<RuleEntry>,
}

/// A set of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleSetName {
    /// What is certainly wrong whatever a team's habits are.
    Recommended,
    /// What a careful team also wants.
    Strict,
    /// Every rule.
    All,
}

impl RuleSetName {
    /// Returns the word for the set.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recommended => "recommended",
            Self::Strict => "strict",
            Self::All => "all",
        }
    }
}

/// What the file says about one rule, for some paths or all.
#[derive(Clone, Debug)]
pub struct RuleEntry {
    /// The name of the rule as written, which may be none that exists.
    pub rule: Spanned<String>,
    /// `level`; without one the entry only brings settings.
    pub level: Option<Spanned<LevelSetting>>,
    /// `paths`: where the entry holds; empty means everywhere.
    pub paths: Globs,
    /// Every other key, in the order of the file: whoever knows the rules refuses what is no setting
    /// of the rule, a misspelled `level` included.
    pub settings: Vec<(Spanned<String>, Spanned<Value>)>,
}

impl RuleEntry {
    /// Returns whether the entry holds for a path from the root.
    pub fn holds_for(&self, path: &str) -> bool {
        self.paths.is_empty() || self.paths.matches(path)
    }
}

/// The level that a rule is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelSetting {
    /// The rule does not run.
    Off,
    /// The rule runs and reports at most this.
    At(Level),
}

impl Rules {
    /// Returns the entries of one rule that hold for a path, in the order of the file.
    pub fn entries_for(&self, rule: &str, path: &str) -> impl Iterator<Item = &RuleEntry> {
        self.entries.iter().filter(move |entry| entry.rule.value == rule && entry.holds_for(path))
    }

    /// Returns the level that the file sets for a rule at a path: the last one that holds there.
    pub fn level(&self, rule: &str, path: &str) -> Option<Spanned<LevelSetting>> {
        self.entries_for(rule, path).filter_map(|entry| entry.level).last()
    }
}

/// Reads `[rules]`.
pub(super) fn decode(decoder: &mut Decoder, node: &Node<'_>) -> Rules {
    let mut rules = Rules::default();
    let Some(table) = decoder.table("`[rules]`", node) else {
        return rules;
    };
    for (key, node) in table.iter() {
        let name = Spanned::new(key.get_ref().to_string(), decoder.span(key.span()));
        if KEYS.contains(&name.value.as_str()) {
            rules.set = decoder.word(&name.value, node, SETS);
            continue;
        }
        // A rule's name is long; one letter beside `set` is no name of a rule.
        if nearest(&name.value, KEYS).is_some() {
            let message = format!("there is no rule `{}`", short(&name.value));
            decoder.problem(key.span(), message, Some(meant(&name.value, KEYS)));
            continue;
        }
        match node.get_ref() {
            DeValue::String(_) => rules.entries.push(RuleEntry {
                level: decoder.word(&name.value, node, LEVELS),
                rule: name,
                paths: Globs::default(),
                settings: Vec::new(),
            }),
            DeValue::Array(elements) => {
                for element in elements {
                    rules.entries.extend(entry(decoder, name.clone(), element));
                }
            }
            _ => rules.entries.extend(entry(decoder, name, node)),
        }
    }
    rules
}

/// Reads the table of one rule.
fn entry(decoder: &mut Decoder, rule: Spanned<String>, node: &Node<'_>) -> Option<RuleEntry> {
    let DeValue::Table(table) = node.get_ref() else {
        let expected = "a level such as `\"warning\"`, or a table";
        return decoder.expected(&format!("`{}`", rule.value), expected, node);
    };
    let table = Table::new(&rule.value, table);
    let level = table.get("level").and_then(|node| decoder.word("level", node, LEVELS));
    let paths =
        table.get("paths").and_then(|node| decoder.some_globs("paths", node)).unwrap_or_default();
    let mut settings = Vec::new();
    for (key, node) in table.iter() {
        let key = Spanned::new(key.get_ref().to_string(), decoder.span(key.span()));
        if !ENTRY_KEYS.contains(&key.value.as_str()) {
            let value = decoder.value(&key.value, node, 0);
            settings.extend(value.map(|value| (key, value)));
        }
    }
    Some(RuleEntry { rule, level, paths, settings })
}
