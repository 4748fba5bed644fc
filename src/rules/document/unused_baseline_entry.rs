use crate::config::baseline::Entry;
use crate::finding::Level;
use crate::rules;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

pub(super) const RULE: Rule = Rule {
    name: "unused-baseline-entry",
    level: Level::Warning,
    set: Set::Recommended,
    judges: Judges::Everything,
    since: "0.1.0",
    docs: include_str!("unused_baseline_entry.md"),
    settings: &[],
    check: Check::Baseline(check),
};

fn check(entry: &Entry, found: u32, checker: &mut Checker<'_>) {
    let (rule, path) = (quote(&entry.key.rule), quote(&entry.key.path));
    let message = match rules::named(&entry.key.rule) {
        None => format!("the baseline holds a finding of {rule}, and there is no such rule"),
        Some(rule) if rule.is_of_acceptance() => {
            format!("the baseline holds a finding of `{}`, which is always reported", rule.name)
        }
        Some(_) if found == 0 => {
            format!("the baseline holds a finding of {rule} in {path} that is not there any more")
        }
        Some(_) => {
            let (count, verb) = (entry.count, if found == 1 { "is" } else { "are" });
            format!(
                "the baseline holds {count} findings of {rule} in {path}, and {found} {verb} there"
            )
        }
    };
    let label = if found == 0 { "stands for nothing" } else { "counts too many" };
    let finding = checker.report(entry.span, message);
    finding.label(label).help("`slo lint --prune-baseline` mends the file");
    finding.once("the baseline holds findings that are not there any more");
    if found > 0 || rules::named(&entry.key.rule).is_some_and(|rule| !rule.is_of_acceptance()) {
        finding.note("left as it is, it would hide the same mistake made anew");
    }
}
