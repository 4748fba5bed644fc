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
        text.push_str(shown(line));
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
fn shown(line: &str) -> &str {
    if let Some((before, _)) = line.split_once("#~ ") {
        return before.trim_end();
    }
    line
}
