use crate::finding::Level;
use crate::rules;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Fault;
use crate::rules::Judges;
use crate::rules::MAX_RULES;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::Suppression;
use crate::rules::Use;

pub(super) const RULE: Rule = Rule {
    name: "unknown-rule",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Everything,
    since: "0.1.0",
    docs: include_str!("unknown_rule.md"),
    settings: &[],
    check: Check::Suppression(check),
};

fn check(suppression: &Suppression, _: &Use, checker: &mut Checker<'_>) {
    if let Some(fault) = suppression.fault {
        let message = match fault {
            Fault::Unclear => "the comment speaks to `slo` and names no rule",
            Fault::Buried => "the comment speaks to `slo` behind other words",
            Fault::Capitals => "the comment speaks to `slo` in capitals",
        };
        checker
            .report(suppression.span, message)
            .label("it has no effect")
            .help("write `# slo: allow(rule-name) until 2026-12-31: reason`");
    }
    if let Some(surplus) = suppression.surplus {
        checker
            .report(surplus, format!("the comment names more than {MAX_RULES} rules"))
            .label("this one and those behind it are not read")
            .help("name those that report something here");
    }
    for name in &suppression.rules {
        if rules::named(&name.value).is_some() {
            continue;
        }
        let finding = checker.report(name.span, format!("there is no rule `{}`", name.value));
        match rules::nearest(&name.value) {
            Some(nearest) => finding.help(format!("most likely `{nearest}`")),
            None => finding.help("`slo rules` lists them"),
        };
    }
}
