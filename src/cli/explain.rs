//! `slo explain`

use std::io;
use std::io::Write;

use crate::report::catalog;
use crate::report::catalog::RuleCard;
use crate::report::page;
use crate::rules;
use crate::rules::Rule;

use super::Exit;
use super::arguments::ExplainOptions;
use super::arguments::Global;
use super::arguments::PageFormat;
use super::error::Error;
use super::output;
use super::rules::Named;
use super::rules::card;

pub(super) fn run(global: &Global, options: &ExplainOptions) -> Result<Exit, Error> {
    if options.names.is_empty() {
        let families: Vec<&str> = rules::FAMILIES.iter().map(|(family, _)| *family).collect();
        let families = families.join(", ");
        let hint =
            format!("`slo explain RULE`, or a family: {families}; `slo rules` lists the rules");
        return Err(Error::Usage { message: "no rule is named".to_owned(), hint: Some(hint) });
    }
    let asked: Vec<Named> =
        options.names.iter().map(|name| Named::of(name)).collect::<Result<_, _>>()?;
    let mut text = Vec::new();
    let written = match options.format {
        PageFormat::Terminal => terminal(&asked, global, &mut text),
        PageFormat::Markdown => markdown(&asked, &mut text),
        PageFormat::Json => json(&asked, &mut text),
    };
    written.map_err(output::unwritable)?;
    // Every word of it is the program's own: there is nothing to keep from a runner.
    output::write(&mut io::stdout().lock(), &text)?;
    Ok(Exit::Success)
}

/// Returns the rules that are asked for, each once.
fn each(asked: &[Named]) -> Vec<&'static Rule> {
    let mut rules: Vec<&'static Rule> = Vec::new();
    for rule in asked.iter().flat_map(Named::rules) {
        if !rules.iter().any(|other| other.name == rule.name) {
            rules.push(rule);
        }
    }
    rules
}

/// Draws pages; a family, whose pages are many, in short.
fn terminal(asked: &[Named], global: &Global, out: &mut dyn Write) -> io::Result<()> {
    let style = output::page_style(global);
    for (index, named) in asked.iter().enumerate() {
        if index > 0 {
            page::divide(&style, out)?;
        }
        match named {
            Named::Rule(rule) => page::draw(&card(rule), rule.docs, &style, out)?,
            Named::Family(family, rules) => {
                let cards: Vec<RuleCard> = rules.iter().map(|rule| card(rule)).collect();
                catalog::overview(family, &cards, &style, out)?;
            }
        }
    }
    Ok(())
}

fn markdown(asked: &[Named], out: &mut dyn Write) -> io::Result<()> {
    for (index, rule) in each(asked).into_iter().enumerate() {
        let gap = if index > 0 { "\n" } else { "" };
        write!(out, "{gap}{}", page::markdown_with_facts(&card(rule), rule.docs))?;
    }
    Ok(())
}

fn json(asked: &[Named], out: &mut dyn Write) -> io::Result<()> {
    if let [Named::Rule(rule)] = asked {
        return catalog::page_json(&card(rule), rule.docs, out);
    }
    let pages: Vec<_> = each(asked).into_iter().map(|rule| (card(rule), rule.docs)).collect();
    catalog::pages_json(&pages, out)
}
