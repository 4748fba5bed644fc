use crate::finding::Level;
use crate::model::Dialect;
use crate::model::Object;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;

pub(super) const RULE: Rule = Rule {
    name: "unstable-version",
    level: Level::Info,
    set: Set::All,
    judges: Judges::OpenSlo,
    since: "0.1.0",
    docs: include_str!("unstable_version.md"),
    settings: &[],
    check: Check::Object(check),
};

fn check(object: &Object, checker: &mut Checker<'_>) {
    if object.meta().dialect != Dialect::OpenSloV2Alpha {
        return;
    }
    let version = Dialect::OpenSloV2Alpha.api_version();
    let stable = Dialect::OpenSloV1.api_version();
    let message = format!("one object is written in `{version}`, a draft");
    let finding = checker.report(object.meta().place(), message);
    finding.label("this one").help(format!("`{stable}` is the stable version"));
    finding.once("several objects are written in `openslo.com/v2alpha`, a draft");
}
