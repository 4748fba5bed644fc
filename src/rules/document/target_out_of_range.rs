use crate::dialect::Problem;
use crate::finding::Level;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

pub(super) const RULE: Rule = Rule {
    name: "target-out-of-range",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Slos,
    since: "0.1.0",
    docs: include_str!("target_out_of_range.md"),
    settings: &[],
    check: Check::File(check),
};

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    for problem in &file.dialect {
        match problem {
            Problem::TargetRange { span, text, value, percent, .. } => {
                // One that may be a percentage is one in the wrong field.
                if !value.is_negative() && value.compare_whole(100).is_le() {
                    continue;
                }
                let range = if *percent { "0 to 100 percent" } else { "0 to 1" };
                checker
                    .report(*span, format!("no share of events is {}", quote(text)))
                    .label(format!("a target lies in {range}"));
            }
            Problem::LowTarget { span, text } => {
                let message =
                    format!("a target of {} lets more than half of all events fail", quote(text));
                checker
                    .report_at(Level::Warning, *span, message)
                    .help("check whether it is mistyped, or meant as the share of bad events")
                    .note("an annotation `slo/rationale` that gives a reason allows it");
            }
            _ => {}
        }
    }
}
