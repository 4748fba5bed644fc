//! Checks the settings of a rule in `slo.toml`: the rule knows their names and what each holds.

use crate::config::ENTRY_KEYS;
use crate::config::Problem;
use crate::config::RuleEntry;
use crate::config::Value;
use crate::globs::Globs;
use crate::quantity::Duration;
use crate::rules::Holds;
use crate::rules::Rule;
use crate::rules::Setting;
use crate::source::Span;
use crate::source::Spanned;

/// Returns what is wrong about the settings of an entry for a rule.
pub(super) fn problems(rule: &Rule, entry: &RuleEntry) -> impl Iterator<Item = Problem> {
    entry.settings.iter().filter_map(|(key, value)| {
        let Some(setting) = rule.settings.iter().find(|setting| setting.name == key.value) else {
            let own = rule.settings.iter().map(|setting| setting.name);
            let known: Vec<&str> = ENTRY_KEYS.iter().copied().chain(own).collect();
            let table = format!("`{}`", rule.name);
            return Some(Problem::unknown_key(&key.value, key.span, &table, &known));
        };
        if setting.holds == Holds::Globs && !entry.paths.is_empty() {
            let message = format!("`{}` holds for the whole repository", setting.name);
            let hint = "write it in an entry of its own, without `paths`";
            return Some(problem(key.span, message, Some(hint)));
        }
        wrong(*setting, value)
    })
}

fn wrong(setting: Setting, value: &Spanned<Value>) -> Option<Problem> {
    match setting.holds {
        Holds::Globs | Holds::Texts | Holds::Lengths => wrong_list(setting, value),
        Holds::Length => wrong_length(setting.name, value),
        Holds::Number => wrong_number(setting.name, value),
    }
}

const LENGTH: &str = "write one whole number and one of `s m h d w`: `30s`, `5m`";

fn wrong_length(name: &str, value: &Spanned<Value>) -> Option<Problem> {
    let Some(text) = value.value.as_str() else {
        let message = format!("`{name}` expects a duration, found {}", value.value.kind());
        return Some(problem(value.span, message, Some(LENGTH)));
    };
    let message = || format!("`{name}` is no duration of exact units");
    (!is_length(text)).then(|| problem(value.span, message(), Some(LENGTH)))
}

fn is_length(text: &str) -> bool {
    Duration::parse(text).is_some_and(|length| length.seconds().is_some())
}

fn wrong_number(name: &str, value: &Spanned<Value>) -> Option<Problem> {
    let Some(number) = value.value.as_number() else {
        let message = format!("`{name}` expects a number, found {}", value.value.kind());
        return Some(problem(value.span, message, None));
    };
    let message = || format!("`{name}` cannot be below 0");
    number.is_negative().then(|| problem(value.span, message(), None))
}

fn wrong_list(setting: Setting, value: &Spanned<Value>) -> Option<Problem> {
    let name = setting.name;
    let Some(items) = value.value.as_array() else {
        let message = format!("`{name}` expects an array of strings, found {}", value.value.kind());
        let is_text = value.value.as_str().is_some();
        let hint = is_text.then_some("put the string in brackets: `[\"…\"]`");
        return Some(problem(value.span, message, hint));
    };
    let globs = "globs start at the root: `slo/**/*.yaml`";
    let mut patterns = Vec::new();
    for item in items {
        let Some(text) = item.value.as_str() else {
            let message = format!("`{name}` expects a string, found {}", item.value.kind());
            return Some(problem(item.span, message, None));
        };
        if text.is_empty() {
            return Some(problem(item.span, format!("`{name}` holds an empty string"), None));
        }
        if setting.holds == Holds::Lengths && !is_length(text) {
            let message = format!("an item of `{name}` is no duration of exact units");
            return Some(problem(item.span, message, Some(LENGTH)));
        }
        if setting.holds == Holds::Globs {
            if let Err(why) = Globs::of_paths([text]) {
                let message = format!("a glob of `{name}` does not compile: {why}");
                return Some(problem(item.span, message, Some(globs)));
            }
            patterns.push(text);
        }
    }
    let why = Globs::of_paths(patterns).err()?;
    Some(problem(value.span, format!("`{name}` does not compile: {why}"), Some(globs)))
}

fn problem(span: Span, message: String, hint: Option<&str>) -> Problem {
    Problem { span, message, hint: hint.map(str::to_owned) }
}
