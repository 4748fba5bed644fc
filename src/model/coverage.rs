//! Which endpoints are to be covered by SLOs, and which endpoints an API has.

use crate::source::SourceId;
use crate::source::Span;
use crate::source::Spanned;

/// What a team agreed on about the endpoints of a service: a matrix of features and conditions.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// The name.
    pub name: String,
    /// The descriptions of APIs that list the endpoints.
    pub inventory: Vec<Inventory>,
    /// The features, each with its endpoints.
    pub rows: Vec<CoverageRow>,
    /// The endpoints that no SLO has to cover.
    pub excluded: Vec<Spanned<String>>,
    /// The whole object.
    pub span: Span,
}

/// The description of an API that lists endpoints.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// Its path from the root.
    pub openapi: Spanned<String>,
    /// What stands before each path of it, such as `/api/v1`.
    pub base_path: Option<String>,
}

/// A feature with its endpoints and marks.
#[derive(Clone, Debug)]
pub struct CoverageRow {
    /// The name of the feature.
    pub feature: String,
    /// Its endpoints, such as `PUT /evaluations/{id}`.
    pub endpoints: Vec<Spanned<String>>,
    /// Everything that it says: equal texts say the same.
    pub meaning: String,
}

/// The operations of an OpenAPI document.
#[derive(Clone, Debug)]
pub struct Api {
    /// The file.
    pub source: SourceId,
    /// The operations, in order.
    pub operations: Vec<Operation>,
}

/// An operation of an API.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The method, in capitals.
    pub method: String,
    /// The path, as it is written: `/evaluations/{id}`.
    pub path: String,
    /// `operationId`.
    pub id: Option<String>,
    /// Whether it is deprecated, or `x-slo` excludes it.
    pub is_excluded: bool,
    /// What `x-slo` says of it, of its path or of the whole API: equal texts say the same.
    pub declared: String,
    /// The method, where it is written.
    pub span: Span,
}

impl Operation {
    /// Returns how people call it: `PUT /evaluations/{id}`.
    pub fn endpoint(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Returns whether a text names it, with or without what stands before each path: `{id}`, `:id`, `<id>` and
    /// `*` are one.
    pub fn is_named(&self, text: &str, base_path: Option<&str>) -> bool {
        if self.id.as_deref() == Some(text.trim()) {
            return true;
        }
        let Some((method, path)) = text.trim().split_once(char::is_whitespace) else {
            return false;
        };
        let path = path.trim();
        let bare = base_path.and_then(|base| path.strip_prefix(base.trim_end_matches('/')));
        let own = plain(&self.path);
        method.eq_ignore_ascii_case(&self.method)
            && [Some(path), bare].into_iter().flatten().any(|path| plain(path) == own)
    }
}

/// Returns a path with one word for every variable.
fn plain(path: &str) -> String {
    let part = |part: &str| {
        let is_variable = part == "*"
            || part.starts_with(':')
            || part.starts_with('{') && part.ends_with('}')
            || part.starts_with('<') && part.ends_with('>');
        if is_variable { "{}".to_owned() } else { part.to_owned() }
    };
    let parts: Vec<String> = path.trim_end_matches('/').split('/').map(part).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_named_in_many_ways() {
        let operation = Operation {
            method: "PUT".to_owned(),
            path: "/evaluations/{id}".to_owned(),
            id: Some("saveEvaluation".to_owned()),
            is_excluded: false,
            declared: String::new(),
            span: Span::default(),
        };
        for text in [
            "PUT /evaluations/{id}",
            "put  /evaluations/:evaluation",
            "PUT /api/v1/evaluations/*",
            "PUT /evaluations/<id>/",
            "saveEvaluation",
        ] {
            assert!(operation.is_named(text, Some("/api/v1")), "{text}");
        }
        for text in ["POST /evaluations/{id}", "PUT /evaluations", "PUT", "/evaluations/{id}", ""] {
            assert!(!operation.is_named(text, Some("/api/v1")), "{text}");
        }
        assert!(!operation.is_named("PUT /api/v1/evaluations/1", None));
    }
}
