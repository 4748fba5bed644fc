use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;

use crate::dialect::Problem;
use crate::finding::Level;
use crate::model::Catalog;
use crate::model::Dialect;
use crate::model::Kind;
use crate::model::Object;
use crate::model::Selector;
use crate::model::Speller;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::FileFacts;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Edit;
use crate::source::Span;
use crate::yaml;

pub(super) const RULE: Rule = Rule {
    name: "invalid-object-name",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Names,
    since: "0.1.0",
    docs: include_str!("invalid_object_name.md"),
    settings: &[],
    check: Check::Files(check),
};

/// The kinds of objects that a reference may lead to.
const KINDS: [Kind; 6] = [
    Kind::Service,
    Kind::Sli,
    Kind::AlertPolicy,
    Kind::AlertCondition,
    Kind::AlertNotificationTarget,
    Kind::DataSource,
];

/// What wrong names have to keep clear of, and where they are used.
struct Names<'a> {
    catalog: &'a Catalog,
    /// The kinds of objects that have such a name, by the places of their names.
    kinds: HashMap<Span, Kind>,
    /// How many names of a kind there are that are a suggestion, or would become it.
    taken: HashMap<(Kind, String), usize>,
    /// The places that name such an object.
    places: HashMap<(Kind, &'a str), Vec<Span>>,
}

fn check(files: &[FileFacts], checker: &mut Checker<'_>) {
    // Who is named where is found out once, and only where a name is wrong.
    let (mut names, mut speller) = (None, None);
    for problem in files.iter().flat_map(|file| &file.dialect) {
        let Problem::InvalidName { span, name, field, is_reference, dotted } = problem else {
            continue;
        };
        if *is_reference {
            if !is_reference_known(name, checker) {
                let speller = speller.get_or_insert_with(|| Speller::new(checker.catalog()));
                let mut near: Vec<&str> =
                    KINDS.iter().flat_map(|kind| speller.nearest(*kind, name)).collect();
                near.sort_unstable();
                near.dedup();
                let message =
                    format!("{} in `{field}` cannot be the name of an object", quote(name));
                let finding = checker.report(*span, message);
                finding.note(form(*dotted));
                match (near.as_slice(), suggestion(name, *dotted)) {
                    ([only], _) => finding.help(format!("`{only}` is the name of an object")),
                    (_, Some(suggestion)) => {
                        finding.help(format!("`{suggestion}` would do; name the object so too"))
                    }
                    _ => finding,
                };
            }
            continue;
        }
        let names = names.get_or_insert_with(|| Names::new(files, checker.catalog()));
        let suggestion = suggestion(name, *dotted);
        let fix = suggestion.as_ref().and_then(|to| names.rename(*span, name, to, checker));
        let message = format!("{} cannot be the name of an object", quote(name));
        let finding = checker.report(*span, message);
        finding.note(form(*dotted));
        match (suggestion, fix) {
            (Some(suggestion), _) if suggestion == name.trim() => {
                finding.help("write it on one line, without space around it");
            }
            (Some(suggestion), Some(edits)) => {
                let title = match edits.len() - 1 {
                    0 => format!("write `{suggestion}`"),
                    1 => format!("write `{suggestion}`, also where it is referred to"),
                    times => format!("write `{suggestion}`, also in {times} references to it"),
                };
                finding.unsafe_fix(title, edits);
            }
            (Some(suggestion), None) if names.is_taken(*span, &suggestion) => {
                finding
                    .help(format!("`{suggestion}` would be the name of two objects; find another"));
            }
            (Some(suggestion), None) => {
                finding.help(format!("`{suggestion}` would do; rename every reference with it"));
            }
            (None, _) => {}
        }
    }
}

/// Returns what names look like.
fn form(dotted: bool) -> String {
    let (letters, most) = if dotted {
        ("lower-case letters, digits, hyphens and dots", 253)
    } else {
        ("lower-case letters, digits and hyphens", 63)
    };
    format!("a name has at most {most} {letters}, with a letter or digit at both ends")
}

/// Returns whether a reference has its cause elsewhere: the object itself has the name, or lies
/// where it cannot be read.
fn is_reference_known(name: &str, checker: &Checker<'_>) -> bool {
    let catalog = checker.catalog();
    KINDS.iter().any(|kind| catalog.named(*kind, name).next().is_some())
        || catalog.may_hold(name)
        || checker.external().iter().any(|external| external == name)
}

impl<'a> Names<'a> {
    fn new(files: &[FileFacts], catalog: &'a Catalog) -> Self {
        let wrong =
            files.iter().flat_map(|file| &file.dialect).filter_map(|problem| match problem {
                Problem::InvalidName { name, dotted, .. } => Some((name.as_str(), *dotted)),
                _ => None,
            });
        let wanted: HashSet<String> =
            wrong.clone().filter_map(|(name, dotted)| suggestion(name, dotted)).collect();
        let wrong: HashSet<&str> = wrong.map(|(name, _)| name).collect();
        let (mut taken, mut kinds) = (HashMap::new(), HashMap::new());
        let mut places: HashMap<(Kind, &'a str), Vec<Span>> = HashMap::new();
        let mut place = |kind, name: &'a str, span| {
            if wrong.contains(name) {
                places.entry((kind, name)).or_default().push(span);
            }
        };
        for object in catalog.objects() {
            for reference in object.references() {
                place(reference.kind, &reference.name.value, reference.name.span);
            }
            match object {
                Object::Slo(slo) => {
                    if let Some(name) = &slo.service {
                        place(Kind::Service, &name.value, name.span);
                    }
                }
                Object::ErrorBudgetPolicy(policy) => {
                    let Selector { services, slos, .. } = &policy.selector;
                    for name in services {
                        place(Kind::Service, &name.value, name.span);
                    }
                    for name in slos {
                        place(Kind::Slo, &name.value, name.span);
                    }
                }
                _ => {}
            }
            let (kind, meta) = (object.kind(), object.meta());
            if wrong.contains(meta.name()) {
                kinds.insert(meta.place(), kind);
            }
            // What an object is called in its own version is what it would become.
            let dotted = !matches!(meta.dialect, Dialect::OpenSloV1 | Dialect::OpenSloV1Alpha);
            let is_sound = is_kebab(meta.name());
            let suggested = if is_sound { None } else { suggestion(meta.name(), dotted) };
            let becomes = suggested.iter().map(String::as_str).chain([meta.name()]);
            for name in becomes.filter(|name| wanted.contains(*name)).collect::<BTreeSet<_>>() {
                *taken.entry((kind, name.to_owned())).or_insert(0) += 1;
            }
        }
        Self { catalog, kinds, taken, places }
    }

    /// Returns whether the object that has its name at a place would share a new one.
    fn is_taken(&self, span: Span, to: &str) -> bool {
        let taken = self.kinds.get(&span).and_then(|kind| self.taken.get(&(*kind, to.to_owned())));
        taken.is_some_and(|count| *count > 1)
    }

    /// Returns the edits that rename an object and every reference to it; nothing where a reference
    /// may stand where it cannot be written, or the new name is another object's.
    fn rename(&self, span: Span, name: &str, to: &str, checker: &Checker<'_>) -> Option<Vec<Edit>> {
        // The line end of a block scalar would stay.
        let is_text = name.trim() == name && yaml::is_text(to);
        let config = checker.config();
        let mut sources = config.backends.values().flat_map(|backend| &backend.sources);
        let is_configured =
            config.services.contains_key(name) || sources.any(|source| source == name);
        if !is_text || is_configured || self.catalog.may_hold(name) {
            return None;
        }
        if self.is_taken(span, to) {
            return None;
        }
        let mut spans = vec![span];
        // An object in place is named by nobody.
        if let Some(&kind) = self.kinds.get(&span) {
            spans.extend(self.places.get(&(kind, name)).into_iter().flatten());
        }
        spans.sort_unstable();
        spans.dedup();
        spans.into_iter().map(|span| checker.rewrite(span, to)).collect()
    }
}

/// Returns a name like this one that would do; dots are kept where they are allowed.
fn suggestion(name: &str, dotted: bool) -> Option<String> {
    if !dotted {
        return kebab(name);
    }
    let parts: Vec<String> = name.split('.').filter_map(kebab).collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

/// Returns whether a name is already one that [`kebab`] gives, and keeps.
fn is_kebab(name: &str) -> bool {
    let plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let mut words = name.split('-');
    name.len() <= 63 && words.all(|word| !word.is_empty() && word.bytes().all(plain))
}

/// Returns the name in lower case with hyphens, cut between words where it is too long, if anything of it is left.
fn kebab(name: &str) -> Option<String> {
    let mut words = String::new();
    let mut before = ' ';
    for letter in name.chars() {
        let ends_word = before.is_ascii_lowercase() || before.is_ascii_digit();
        let starts_word = letter.is_ascii_uppercase() && ends_word;
        if starts_word || !letter.is_ascii_alphanumeric() {
            words.push('-');
        }
        if letter.is_ascii_alphanumeric() {
            words.push(letter.to_ascii_lowercase());
        }
        before = letter;
    }
    let parts: Vec<&str> = words.split('-').filter(|part| !part.is_empty()).collect();
    let mut joined = String::new();
    for part in parts {
        let separator = if joined.is_empty() { "" } else { "-" };
        if joined.len() + separator.len() + part.len() > 63 {
            break;
        }
        joined += separator;
        joined += part;
    }
    (!joined.is_empty()).then_some(joined)
}
