use crate::dialect::Problem;
use crate::finding::Level;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

pub(super) const RULE: Rule = Rule {
    name: "target-unit-mismatch",
    level: Level::Error,
    set: Set::Recommended,
    since: "0.1.0",
    docs: include_str!("target_unit_mismatch.md"),
    settings: &[],
    check: Check::File(check),
};

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    for problem in &file.dialect {
        let Problem::TargetRange { span, text, percent, other_field } = problem else {
            continue;
        };
        let Some(value) = Ratio::parse(text.trim_matches(['"', '\''])) else {
            continue;
        };
        if value.is_negative() || value.compare_whole(100).is_gt() {
            continue;
        }
        let found = quote(text);
        if *percent {
            let finding =
                checker.report(*span, format!("{found} is a fraction in a field of percent"));
            finding.label(format!("read as {value} percent of good events"));
            // A whole of 1 in a field of fractions would be 100 percent, which nobody means.
            let is_whole = value == Ratio::one();
            match other_field.as_ref().filter(|_| !is_whole) {
                Some(edit) => {
                    finding.unsafe_fix("rename the field to `target`", vec![edit.clone()])
                }
                None if is_whole => finding.help("write the target in percent, such as `99.9`"),
                None => finding.help(format!("write `{}`", value.percent())),
            };
        } else {
            let finding =
                checker.report(*span, format!("{found} is a percentage in a field of fractions"));
            finding.label("a target is a share of all events, at most 1");
            // Few let more than half of all events fail: below that, percent is no certain reading.
            let has_one_reading =
                value.compare_whole(50).is_ge() && value.compare_whole(100).is_lt();
            match other_field.as_ref().filter(|_| has_one_reading) {
                Some(edit) => {
                    finding.safe_fix("rename the field to `targetPercent`", vec![edit.clone()])
                }
                None => finding.help(format!("write `{}`", &value / 100)),
            };
        }
    }
}
