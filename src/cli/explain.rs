//! `slo explain`

use std::io;

use crate::rules;

use super::Exit;
use super::arguments::ExplainOptions;
use super::arguments::Global;
use super::error::Error;
use super::output;

pub(super) fn run(_: &Global, options: &ExplainOptions) -> Result<Exit, Error> {
    let Some(rule) = rules::named(&options.rule) else {
        let hint = match rules::nearest(&options.rule) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "`slo rules` lists the rules".to_owned(),
        };
        let message = format!("there is no rule `{}`", options.rule);
        return Err(Error::Usage { message, hint: Some(hint) });
    };
    let mut text = String::new();
    for (number, line) in rule.docs.lines().enumerate() {
        text.push_str(&shown(line));
        text.push('\n');
        if number == 0 {
            let (family, level, set) = (rule.family(), rule.level.name(), rule.set.name());
            text.push_str(&format!(
                "\nfamily {family} · {level} · set {set} · since {}\n",
                rule.since
            ));
        }
    }
    output::write(&mut io::stdout().lock(), text.as_bytes())?;
    Ok(Exit::Success)
}

/// Returns a line of the page without the marks that make it a test.
fn shown(line: &str) -> String {
    if let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) {
        let mut words = info.split(' ');
        let language = words.next().unwrap_or_default();
        let (says, language) = match (language, words.next()) {
            ("findings", _) => ("What is reported:", "text"),
            (language, Some("bad")) => ("Bad:", language),
            (language, Some("good")) => ("Good:", language),
            (language, Some("fix")) => ("What the fix changes:", language),
            (language, Some("config")) => ("With this in `slo.toml`:", language),
            (language, Some("now")) => ("At this instant:", language),
            (language, _) => return format!("```{language}"),
        };
        return format!("{says}\n\n```{language}");
    }
    let (text, _) = line.split_once("#~ ").unwrap_or((line, ""));
    if text.len() == line.len() { line.to_owned() } else { text.trim_end().to_owned() }
}
