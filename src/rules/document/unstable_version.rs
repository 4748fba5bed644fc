use crate::finding::Level;
use crate::model::Catalog;
use crate::model::Dialect;
use crate::model::Object;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Rule;
use crate::rules::Set;

pub(super) const RULE: Rule = Rule {
    name: "unstable-version",
    level: Level::Info,
    set: Set::All,
    since: "0.1.0",
    docs: include_str!("unstable_version.md"),
    settings: &[],
    check: Check::Catalog(check),
};

fn check(catalog: &Catalog, checker: &mut Checker<'_>) {
    let metas = catalog.objects().iter().map(Object::meta);
    let mut drafts = metas.filter(|meta| meta.dialect == Dialect::OpenSloV2Alpha);
    let Some(first) = drafts.next() else {
        return;
    };
    let version = Dialect::OpenSloV2Alpha.api_version();
    let stable = Dialect::OpenSloV1.api_version();
    let help = format!("`{stable}` is the stable version");
    match 1 + drafts.count() {
        1 => {
            let message = format!("one object is written in `{version}`, a draft");
            checker.report(first.place(), message).label("this one").help(help);
        }
        count => {
            let message = format!("{count} objects are written in `{version}`, a draft");
            checker.report(first.place(), message).label("the first of them").help(help);
        }
    }
}
