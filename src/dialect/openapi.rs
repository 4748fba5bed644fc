//! Descriptions of APIs, as an inventory of endpoints: OpenAPI 3 and Swagger 2.
//!
//! What is wrong with one is nobody's business here.
//!
//! # Source
//!
//! OpenAPI Specification 3.1.0, "Paths Object" and "Path Item Object"; OpenAPI Specification 2.0.

use crate::model::Api;
use crate::model::Operation;
use crate::source::SourceId;
use crate::yaml::Node;

use super::canonical;

/// The keys of a path that are operations.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The extension that says what an SLO has to know of an endpoint.
const EXTENSION: &str = "x-slo";

/// Returns the operations of a document; nothing where it describes no API.
pub(super) fn read(source: SourceId, root: Node<'_>) -> Option<Api> {
    let paths = root.given("paths").filter(|paths| paths.is_mapping())?;
    if root.given("openapi").is_none() && root.given("swagger").is_none() {
        return None;
    }
    let extension = |node: Node<'_>| node.given(EXTENSION).map(canonical::text).unwrap_or_default();
    let of_root = extension(root);
    let mut operations = Vec::new();
    for path in paths.entries() {
        let Some(name) = path.key.text().filter(|name| name.starts_with('/')) else { continue };
        let of_path = extension(path.value);
        for entry in path.value.entries() {
            let method = entry.key.text().filter(|method| METHODS.contains(method));
            let (Some(method), true) = (method, entry.value.is_mapping()) else { continue };
            let excludes = |node: Node<'_>| {
                let extension = node.given(EXTENSION);
                let excluded = extension.and_then(|extension| extension.given("exclude"));
                excluded.is_some_and(|excluded| !excluded.is_null())
            };
            let is_deprecated =
                entry.value.given("deprecated").and_then(Node::text).is_some_and(|it| it == "true");
            operations.push(Operation {
                method: method.to_ascii_uppercase(),
                path: name.to_owned(),
                id: entry.value.given("operationId").and_then(Node::text).map(str::to_owned),
                is_excluded: is_deprecated
                    || [entry.value, path.value, root].into_iter().any(excludes),
                declared: format!("{}{of_path}{of_root}", extension(entry.value)),
                span: entry.key.span(),
            });
        }
    }
    Some(Api { source, operations })
}
