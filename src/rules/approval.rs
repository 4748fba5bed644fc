//! Who approved an SLO, and for which side.

use crate::config::Config;
use crate::model::Subject;
use crate::source::Spanned;

use super::Checker;
use super::reference::roles;

/// The annotation that names who agreed to an SLO.
pub(super) const APPROVERS: &str = "slo/approvers";

/// The settings of `missing-approver` that name the roles of each side, which are also what the sides
/// are called.
pub(super) const PRODUCT: &str = "product";
pub(super) const ENGINEERING: &str = "engineering";

/// The words of a role that tell its side, unless `slo.toml` names the roles.
const PRODUCT_WORDS: &[&str] = &["business", "product", "pdm", "pm", "po"];
const ENGINEERING_WORDS: &[&str] = &[
    "engineering",
    "engineer",
    "engineers",
    "development",
    "developer",
    "developers",
    "dev",
    "tech",
    "sre",
    "platform",
    "infra",
    "infrastructure",
    "operations",
    "ops",
    "cto",
];

/// The same in Japanese, where words have no ends.
const PRODUCT_IN_JAPANESE: &[&str] = &["プロダクト", "事業"];
const ENGINEERING_IN_JAPANESE: &[&str] =
    &["エンジニア", "開発", "技術", "運用", "基盤", "インフラ"];

/// A side of the agreement, with what `slo.toml` says of its roles.
pub(super) struct Side<'a> {
    /// What it is called.
    pub(super) name: &'static str,
    /// Its roles, where `slo.toml` names them.
    pub(super) roles: Vec<&'a str>,
}

impl<'a> Side<'a> {
    /// Returns a side as it is for an SLO.
    pub(super) fn new(name: &'static str, slo: &Subject<'_>, checker: &Checker<'a>) -> Self {
        Self::at(name, checker.path(slo.meta.span.source), checker)
    }

    /// Returns a side as it is for what stands at a path.
    pub(super) fn at(name: &'static str, path: &str, checker: &Checker<'a>) -> Self {
        Self { name, roles: roles(name, path, checker) }
    }

    /// Returns whether a role is of this side. Product engineers are engineers.
    pub(super) fn holds(&self, role: &str) -> bool {
        if !self.roles.is_empty() {
            return self.roles.iter().any(|known| known.eq_ignore_ascii_case(role));
        }
        let has = |words: &[&str], japanese: &[&str]| {
            let mut parts = role.split(|letter: char| !letter.is_alphanumeric());
            parts.any(|part| words.iter().any(|word| word.eq_ignore_ascii_case(part)))
                || japanese.iter().any(|word| role.contains(word))
        };
        let is_engineering = has(ENGINEERING_WORDS, ENGINEERING_IN_JAPANESE);
        if self.name == PRODUCT {
            has(PRODUCT_WORDS, PRODUCT_IN_JAPANESE) && !is_engineering
        } else {
            is_engineering
        }
    }

    /// Returns whether somebody is of this side: by a role, or as one.
    pub(super) fn has(&self, name: &str, config: &Config) -> bool {
        self.holds(name) || config.roles_of(name).any(|role| self.holds(role))
    }
}

/// Returns who approved an SLO, or all SLOs of its Service.
pub(super) fn approvers<'a>(slo: &'a Subject<'_>) -> Option<Spanned<&'a str>> {
    let of_service = || slo.service?.meta.declared(APPROVERS);
    slo.meta.declared(APPROVERS).or_else(of_service)
}

/// Returns whether somebody of a side approved an SLO.
pub(super) fn is_approved_by(side: &'static str, slo: &Subject<'_>, checker: &Checker<'_>) -> bool {
    let Some(approvers) = approvers(slo) else { return false };
    let (config, side) = (checker.config(), Side::new(side, slo, checker));
    names(approvers.value, config).into_iter().any(|name| side.has(name, config))
}

/// Returns the approvers of a list: separated by commas, or by spaces as in CODEOWNERS. A role may
/// have spaces in its name.
pub(super) fn names<'a>(text: &'a str, config: &Config) -> Vec<&'a str> {
    let mut names = Vec::new();
    for item in text.split([',', ';', '、']).map(str::trim).filter(|item| !item.is_empty()) {
        if config.knows_owner(item) {
            names.push(item);
        } else {
            names.extend(item.split_whitespace());
        }
    }
    names
}
