use crate::dialect::Problem;
use crate::finding::Level;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;

pub(super) const RULE: Rule = Rule {
    name: "warning-never-reached",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Gates,
    since: "0.1.0",
    docs: include_str!("warning_never_reached.md"),
    settings: &[],
    check: Check::File(check),
};

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    for problem in &file.dialect {
        let Problem::DeadWarning { span, other, decided } = problem else { continue };
        let what = if *decided == "failure" { "fails" } else { "passes" };
        let finding = checker.report(*span, "this warning is never given");
        finding.label(format!("whatever would be warned of {what} already"));
        finding.also(*other, "is looked at first");
        finding.help(match *decided {
            "failure" => "warn of values that do not fail yet",
            _ => "ask less for a warning than for a pass",
        });
    }
}
