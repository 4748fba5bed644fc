//! OpenSLO in four versions: `openslo/v1`, `openslo/v1alpha`, `openslo.com/v2alpha`, and the
//! resources of its operator for Kubernetes, `openslo.com/v1`.
//!
//! # Source
//!
//! The OpenSLO specification, v1, and its enhancement proposal for v2alpha; the operator's resource
//! definitions.

use crate::model::Dialect;
use crate::model::Kind;
use crate::yaml::Node;
use crate::yaml::replace_scalar;

use super::Expected;
use super::Problem;
use super::Reading;
use super::fields;
use super::formats::Format;
use super::schema::Schema;

mod check;
mod lower;

pub(super) use lower::units;

/// Returns the kinds, of which one is spelled in two ways.
const fn objects(data_source: &'static str) -> [&'static str; 7] {
    [
        "Service",
        "SLO",
        "SLI",
        "AlertPolicy",
        "AlertCondition",
        "AlertNotificationTarget",
        data_source,
    ]
}

/// The kinds of v1 and v2alpha.
const KINDS: [&str; 7] = objects("DataSource");

/// The kinds of v1alpha.
const KINDS_V1ALPHA: [&str; 2] = ["Service", "SLO"];

/// The kinds of the operator.
const KINDS_OPERATOR: [&str; 7] = objects("Datasource");

const fn format(
    version: &'static str,
    kinds: &'static [&'static str],
    read: fn(Node<'_>, &str, &mut Reading),
) -> Format {
    Format { version, family: "OpenSLO", kinds, is_shared: false, has_fields, read }
}

/// The versions, of which the first is meant where an object has none.
pub(super) const FORMATS: &[Format] = &[
    format("openslo/v1", &KINDS, |node, kind, reading| {
        read(node, Dialect::OpenSloV1, kind, reading);
    }),
    format("openslo/v1alpha", &KINDS_V1ALPHA, |node, kind, reading| {
        read(node, Dialect::OpenSloV1Alpha, kind, reading);
    }),
    format("openslo.com/v2alpha", &KINDS, |node, kind, reading| {
        read(node, Dialect::OpenSloV2Alpha, kind, reading);
    }),
    format("openslo.com/v1", &KINDS_OPERATOR, |node, kind, reading| {
        read(node, Dialect::OpenSloOperator, kind, reading);
    }),
];

/// Returns whether a word is a kind, in whatever case.
pub(super) fn is_kind(word: &str) -> bool {
    KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(word))
}

/// Returns the kind of a word.
fn kind_of(word: &str) -> Option<Kind> {
    Some(match word {
        "Service" => Kind::Service,
        "SLO" => Kind::Slo,
        "SLI" => Kind::Sli,
        "AlertPolicy" => Kind::AlertPolicy,
        "AlertCondition" => Kind::AlertCondition,
        "AlertNotificationTarget" => Kind::AlertNotificationTarget,
        "DataSource" | "Datasource" => Kind::DataSource,
        _ => return None,
    })
}

/// Returns whether an object has metadata, no version of others, and nothing of a service of Kubernetes.
fn has_fields(node: Node<'_>) -> bool {
    if node.given("apiVersion").is_some_and(|version| version.text().is_some()) {
        return false;
    }
    let Some(spec) = node.given("spec") else { return false };
    let is_service = fields::word(node, "kind").is_some_and(|kind| kind.value == "Service");
    let is_described = spec.entries().all(|entry| entry.key.text() == Some("description"));
    node.get("metadata").is_some() && (!is_service || is_described)
}

macro_rules! schemas {
    ($($dialect:ident $kind:ident $file:literal),* $(,)?) => {
        fn schema(dialect: Dialect, kind: Kind) -> Option<&'static Schema> {
            match (dialect, kind) {
                $((Dialect::$dialect, Kind::$kind) => {
                    static SCHEMA: Schema = Schema::new(include_str!(concat!(
                        "../../schemas/dialects/openslo/", $file, ".json"
                    )));
                    Some(&SCHEMA)
                })*
                _ => None,
            }
        }
    };
}

schemas! {
    OpenSloV1 Service "v1.service",
    OpenSloV1 Slo "v1.slo",
    OpenSloV1 Sli "v1.sli",
    OpenSloV1 AlertPolicy "v1.alert-policy",
    OpenSloV1 AlertCondition "v1.alert-condition",
    OpenSloV1 AlertNotificationTarget "v1.alert-notification-target",
    OpenSloV1 DataSource "v1.data-source",
    OpenSloV1Alpha Service "v1alpha.service",
    OpenSloV1Alpha Slo "v1alpha.slo",
    OpenSloV2Alpha Service "v2alpha.service",
    OpenSloV2Alpha Slo "v2alpha.slo",
    OpenSloV2Alpha Sli "v2alpha.sli",
    OpenSloV2Alpha AlertPolicy "v2alpha.alert-policy",
    OpenSloV2Alpha AlertCondition "v2alpha.alert-condition",
    OpenSloV2Alpha AlertNotificationTarget "v2alpha.alert-notification-target",
    OpenSloV2Alpha DataSource "v2alpha.data-source",
    OpenSloOperator Service "osko.service",
    OpenSloOperator Slo "osko.slo",
    OpenSloOperator Sli "osko.sli",
    OpenSloOperator AlertPolicy "osko.alert-policy",
    OpenSloOperator AlertCondition "osko.alert-condition",
    OpenSloOperator AlertNotificationTarget "osko.alert-notification-target",
    OpenSloOperator DataSource "osko.datasource",
}

/// Checks an object of a known kind and lowers it, as the version or the kind whose fields it has.
fn read(node: Node<'_>, dialect: Dialect, kind: &str, reading: &mut Reading) {
    let Some(kind) = kind_of(kind) else { return };
    let mut problems = problems(node, dialect, kind);
    let meant = meant(node, dialect, kind, &problems);
    let (dialect, kind) = if let Some((dialect, kind, others)) = meant {
        problems = others;
        (dialect, kind)
    } else {
        name_versions(dialect, kind, &mut problems);
        (dialect, kind)
    };
    reading.objects.extend(lower::object(node, dialect, kind, &problems));
    reading.problems.append(&mut problems);
}

fn problems(node: Node<'_>, dialect: Dialect, kind: Kind) -> Vec<Problem> {
    let head = node.given("kind").map_or(node.span(), Node::span);
    let mut problems =
        schema(dialect, kind).map_or_else(Vec::new, |schema| schema.check(node, head));
    check::object(node, dialect, kind, &mut problems);
    problems
}

/// Returns the other versions that know a kind, the stable ones first, with their schemas.
fn other_versions(
    dialect: Dialect,
    kind: Kind,
) -> impl Iterator<Item = (Dialect, &'static Schema)> {
    let versions = [
        Dialect::OpenSloV1,
        Dialect::OpenSloOperator,
        Dialect::OpenSloV1Alpha,
        Dialect::OpenSloV2Alpha,
    ];
    let others = versions.into_iter().filter(move |other| *other != dialect);
    others.filter_map(move |other| Some((other, schema(other, kind)?)))
}

/// Returns the version, or else the kind, that an object is written in, where it lacks several fields
/// of its own, or has several that are unknown there, and none of the other; and what is wrong with it
/// then.
fn meant(
    node: Node<'_>,
    dialect: Dialect,
    kind: Kind,
    problems: &[Problem],
) -> Option<(Dialect, Kind, Vec<Problem>)> {
    let unknown = problems.iter().find_map(|problem| match problem {
        Problem::UnknownField { key, .. } => Some(key),
        _ => None,
    })?;
    let is_of_fields = |problem: &&Problem| {
        matches!(
            problem,
            Problem::UnknownField { .. }
                | Problem::MissingFields { .. }
                | Problem::MissingOneOf { .. }
        )
    };
    if problems.iter().filter(is_of_fields).count() < 2 {
        return None;
    }
    let may_be_missing =
        |problem: &Problem| matches!(problem, Problem::MissingFields { weak: true, .. });
    let is_sound = |problem: &Problem| !is_of_fields(&problem) || may_be_missing(problem);
    let fits = |dialect, kind, [field, found, meant]: [&'static str; 3]| {
        let value = node.given(field)?;
        let span = value.place();
        let mut problems = self::problems(node, dialect, kind);
        problems.retain(|problem| problem.span() != span || is_of_fields(&problem));
        let rename = replace_scalar(value, meant);
        let is_meant = problems.iter().all(is_sound);
        problems.push(Problem::OtherVersion { span, found, meant, rename });
        is_meant.then_some((dialect, kind, problems))
    };
    let is_version = |(other, _): (Dialect, &Schema)| {
        fits(other, kind, ["apiVersion", dialect.api_version(), other.api_version()])
    };
    // What the fields of another kind hold is of the types that it asks for.
    let is_of_type = |problem: &Problem| {
        let is_wrong = matches!(problem, Problem::InvalidValue { expected: Expected::Type(_), .. });
        !is_wrong || problems.iter().any(|own| own.span() == problem.span())
    };
    let (found, _) = kinds(dialect).find(|(_, other)| *other == kind)?;
    let is_kind = |(meant, other): (&'static str, Kind)| {
        let may_fit = other != kind && schema(dialect, other)?.has_field(unknown);
        let fits = may_fit.then(|| fits(dialect, other, ["kind", found, meant]))?;
        fits.filter(|(.., problems)| problems.iter().all(is_of_type))
    };
    other_versions(dialect, kind).find_map(is_version).or_else(|| kinds(dialect).find_map(is_kind))
}

/// Returns the kinds of a version, as they are spelled there.
fn kinds(dialect: Dialect) -> impl Iterator<Item = (&'static str, Kind)> {
    let kinds: &[&str] = match dialect {
        Dialect::OpenSloV1Alpha => &KINDS_V1ALPHA,
        Dialect::OpenSloOperator => &KINDS_OPERATOR,
        _ => &KINDS,
    };
    kinds.iter().filter_map(|name| Some((*name, kind_of(name)?)))
}

/// Says of unknown fields which other version of the kind has them: such a key is no misspelled one.
fn name_versions(dialect: Dialect, kind: Kind, problems: &mut [Problem]) {
    for problem in problems {
        let Problem::UnknownField { key, rename, version, .. } = problem else { continue };
        if schema(dialect, kind).is_some_and(|schema| schema.has_field(key)) {
            continue;
        }
        let mut others = other_versions(dialect, kind);
        let has_it = |(_, schema): &(Dialect, &Schema)| schema.has_field(key);
        *version = others.find(has_it).map(|(other, _)| other.api_version());
        rename.take_if(|_| version.is_some());
    }
}
