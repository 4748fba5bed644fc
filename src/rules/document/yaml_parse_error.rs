use crate::dialect;
use crate::finding::Level;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::source;
use crate::source::Span;
use crate::source::Unreadable;
use crate::yaml;
use crate::yaml::Problem;

pub(super) const RULE: Rule = Rule {
    name: "yaml-parse-error",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Everything,
    since: "0.1.0",
    docs: include_str!("yaml_parse_error.md"),
    settings: &[],
    check: Check::File(check),
};

fn check(file: &FileFacts, checker: &mut Checker<'_>) {
    for problem in &file.yaml {
        report(problem, checker);
    }
    for problem in &file.dialect {
        let dialect::Problem::MergeOverride { span, merged, key } = problem else {
            continue;
        };
        checker
            .report(*span, format!("`{key}` is given here and, differently, by a merge"))
            .label("this one holds")
            .also(*merged, "the merge brings this one")
            .help("keep one of the two");
    }
}

fn report(problem: &Problem, checker: &mut Checker<'_>) {
    let span = problem.span();
    match problem {
        Problem::Unreadable { why, .. } => unreadable(span, why, checker),
        Problem::Syntax { detail, .. } => {
            let language = if checker.is_terraform(span.source) { "Terraform" } else { "YAML" };
            checker
                .report(span, format!("not valid {language}: {detail}"))
                .label("the reader stopped here")
                .note("nothing else in this document is checked");
        }
        Problem::DuplicateKey { first, key, .. } => {
            checker
                .report(span, format!("the key `{key}` stands twice in one mapping"))
                .label("readers that do not refuse it take this one")
                .also(*first, "first given here")
                .help("keep one of the two");
        }
        Problem::UnknownAlias { name, .. } => {
            checker
                .report(span, format!("the alias `*{name}` names no anchor above it"))
                .help(format!("define `&{name}` before this place in the same document"));
        }
        Problem::RecursiveAlias { .. } => {
            checker.report(span, "the alias stands inside the very node that it names");
        }
        Problem::TooManyAliases { .. } => {
            let most = yaml::MAX_ALIASED_NODES;
            checker.report(span, format!("the aliases stand for more than {most} values"));
        }
        Problem::TooDeep { .. } => {
            let most = yaml::MAX_DEPTH;
            checker.report(span, format!("collections nest deeper than {most} levels"));
        }
        Problem::MergeNotMapping { .. } => {
            checker
                .report(span, "a merge `<<` brings something that is not a mapping")
                .help("merge an alias of a mapping, or a list of them");
        }
    }
}

fn unreadable(span: Span, why: &Unreadable, checker: &mut Checker<'_>) {
    match why {
        Unreadable::WideEncoding => {
            checker.report(span, "the file is UTF-16 or UTF-32").help("save it as UTF-8")
        }
        Unreadable::NotUtf8 { offset } => checker
            .report(span, format!("the file is not UTF-8 from byte {offset} on"))
            .help("save it as UTF-8"),
        Unreadable::NotReadable { reason } => {
            checker.report(span, format!("the file cannot be read: {reason}"))
        }
        Unreadable::TooLarge { .. } => {
            let most = source::MAX_BYTES / (1024 * 1024);
            checker
                .report(span, format!("the file has more than {most} MiB, which is not read"))
                .help("split it, or leave it out with `[files] exclude`")
        }
    };
}
