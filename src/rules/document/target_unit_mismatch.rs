use crate::dialect::Problem;
use crate::finding::Level;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;

pub(super) const RULE: Rule = Rule {
    name: "target-unit-mismatch",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Slos,
    since: "0.1.0",
    docs: include_str!("target_unit_mismatch.md"),
    settings: &[],
    check: Check::File(check),
};

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    for problem in &file.dialect {
        let Problem::TargetRange { span, text, value, percent, other_field } = problem else {
            continue;
        };
        if value.is_negative() || value.compare_whole(100).is_gt() {
            continue;
        }
        let found = quote(text);
        // Few let more than half of all events fail, and nobody lets none: no certain readings.
        let share = if *percent { value.clone() } else { value / 100 };
        let has_one_reading = &share + &share >= Ratio::one() && share != Ratio::one();
        let edit = other_field.as_ref().filter(|_| has_one_reading);
        if *percent {
            let finding =
                checker.report(*span, format!("{found} is a fraction in a field of percent"));
            finding.label(format!("read as {value} percent of good events"));
            match edit {
                Some(edit) => {
                    finding.unsafe_fix("rename the field to `target`", vec![edit.clone()])
                }
                None if has_one_reading => finding.help(format!("write `{}`", share.percent())),
                None => finding.help("write the target in percent, such as `99.9`"),
            };
        } else {
            let finding =
                checker.report(*span, format!("{found} is a percentage in a field of fractions"));
            finding.label("a target is a share of all events, at most 1");
            match edit {
                Some(edit) => {
                    finding.safe_fix("rename the field to `targetPercent`", vec![edit.clone()])
                }
                None if has_one_reading => finding.help(format!("write `{share}`")),
                None => finding.help("write the share of good events, such as `0.999`"),
            };
        }
    }
}
