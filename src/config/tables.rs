//! The tables of the document that are small, and the document as a whole.

use std::collections::BTreeMap;

use toml::de::DeTable;

use crate::config::Alerting;
use crate::config::Config;
use crate::config::EXPORTS;
use crate::config::Files;
use crate::config::Problem;
use crate::config::Response;
use crate::config::backend;
use crate::config::decode::Decoder;
use crate::config::decode::Length;
use crate::config::decode::Node;
use crate::config::decode::Table;
use crate::config::decode::meant;
use crate::config::decode::short;
use crate::config::gate;
use crate::config::nearest::nearest;
use crate::config::people;
use crate::config::rules;
use crate::config::stays_inside;
use crate::globs::Globs;
use crate::source::SourceId;

/// The keys of the document.
pub(super) const KEYS: &[&str] = &[
    "files",
    "rules",
    "backend",
    "services",
    "owners",
    "response",
    "alerting",
    "gate",
    "sloth",
    "metrics",
    "reference",
    "exports",
];

/// The keys of `[files]`.
pub(super) const FILES_KEYS: &[&str] = &["include", "exclude", "templates", "overlays"];

/// The keys of `[response]`.
pub(super) const RESPONSE_KEYS: &[&str] = &["ettd", "ettr"];

/// The keys of `[alerting]`.
pub(super) const ALERTING_KEYS: &[&str] = &["page", "ticket", "pagers", "tickets"];

/// The keys of `[sloth]`.
pub(super) const SLOTH_KEYS: &[&str] = &["window"];

/// The keys of `[metrics]`.
pub(super) const METRICS_KEYS: &[&str] = &["file"];

/// The keys of `[reference]`.
pub(super) const REFERENCE_KEYS: &[&str] = &["external"];

/// Reads a document.
pub(super) fn decode(id: SourceId, document: &DeTable<'_>) -> (Config, Vec<Problem>) {
    let mut decoder = Decoder::new(id);
    let mut config = Config::default();
    let table = Table::new("`slo.toml`", document);
    decoder.check_keys(&table, KEYS);
    for (key, node) in table.iter() {
        match key.get_ref().as_ref() {
            "files" => config.files = files(&mut decoder, node),
            "rules" => config.rules = rules::decode(&mut decoder, node),
            "backend" => config.backends = backend::decode(&mut decoder, node),
            "services" => config.services = services(&mut decoder, node),
            "owners" => config.owners = owners(&mut decoder, node),
            "response" => config.response = response(&mut decoder, node),
            "alerting" => config.alerting = alerting(&mut decoder, node),
            "gate" => config.gate = gate::decode(&mut decoder, node),
            "sloth" => sloth(&mut decoder, node, &mut config),
            "metrics" => metrics(&mut decoder, node, &mut config),
            "reference" => reference(&mut decoder, node, &mut config),
            "exports" => config.exports = exports(&mut decoder, node),
            _ => {}
        }
    }
    check_fork_backend(&mut decoder, &table, &mut config);
    let mut problems = decoder.problems;
    problems.sort_by_key(|problem| problem.span);
    (config, problems)
}

/// Reads `[files]`.
fn files(decoder: &mut Decoder, node: &Node<'_>) -> Files {
    let mut files = Files::default();
    if let Some(table) = decoder.table("`[files]`", node) {
        decoder.check_keys(&table, FILES_KEYS);
        if let Some(node) = table.get("include") {
            files.include = decoder.some_globs("include", node).unwrap_or_default();
        }
        if let Some(node) = table.get("exclude") {
            files.exclude = decoder.globs("exclude", node).unwrap_or_default();
        }
        if let Some(node) = table.get("templates") {
            files.templates = decoder.globs("templates", node).unwrap_or_default();
        }
        if let Some(node) = table.get("overlays") {
            let overlays = decoder.globs("overlays", node).unwrap_or_default();
            files.overlays = Globs::of_folders(overlays.written()).unwrap_or_default();
        }
    }
    files
}

/// Reads `[services]`.
fn services(decoder: &mut Decoder, node: &Node<'_>) -> BTreeMap<String, Globs> {
    let mut services = BTreeMap::new();
    if let Some(table) = decoder.table("`[services]`", node) {
        for (key, node) in table.iter() {
            let name = key.get_ref().to_string();
            if let Some(globs) = decoder.globs(&name, node) {
                services.insert(name, globs);
            }
        }
    }
    services
}

/// Reads `[owners]`.
fn owners(decoder: &mut Decoder, node: &Node<'_>) -> BTreeMap<String, Vec<String>> {
    let mut owners = BTreeMap::new();
    let Some(table) = decoder.table("`[owners]`", node) else {
        return owners;
    };
    for (key, node) in table.iter() {
        let role = key.get_ref().to_string();
        let mut members = Vec::new();
        for member in decoder.strings(&role, node).unwrap_or_default() {
            if people::is_member(&member.value) {
                members.push(member.value);
                continue;
            }
            let written = short(&member.value);
            let message = format!("`{written}` is neither a login, a team nor a mail address");
            let hint = "write `@login`, `@organization/team` or `name@example.com`".to_owned();
            decoder.problem(member.span.range(), message, Some(hint));
        }
        owners.insert(role, members);
    }
    owners
}

/// Reads `[response]`.
fn response(decoder: &mut Decoder, node: &Node<'_>) -> Response {
    let Some(table) = decoder.table("`[response]`", node) else {
        return Response::default();
    };
    decoder.check_keys(&table, RESPONSE_KEYS);
    let mut duration = |key: &str| decoder.duration(key, table.get(key)?, Length::Exact);
    Response { ettd: duration("ettd"), ettr: duration("ettr") }
}

/// Reads `[alerting]`.
fn alerting(decoder: &mut Decoder, node: &Node<'_>) -> Alerting {
    let Some(table) = decoder.table("`[alerting]`", node) else {
        return Alerting::default();
    };
    decoder.check_keys(&table, ALERTING_KEYS);
    let mut words = |key: &str| {
        let words = table.get(key).and_then(|node| decoder.texts(key, node));
        words.unwrap_or_default()
    };
    Alerting {
        page: words("page"),
        ticket: words("ticket"),
        pagers: words("pagers"),
        tickets: words("tickets"),
    }
}

/// Reads `[sloth]`.
fn sloth(decoder: &mut Decoder, node: &Node<'_>, config: &mut Config) {
    if let Some(table) = decoder.table("`[sloth]`", node) {
        decoder.check_keys(&table, SLOTH_KEYS);
        let window =
            table.get("window").and_then(|node| decoder.duration("window", node, Length::Window));
        config.files.sloth_window = window.unwrap_or(config.files.sloth_window);
    }
}

/// Reads `[metrics]`.
fn metrics(decoder: &mut Decoder, node: &Node<'_>, config: &mut Config) {
    let Some(table) = decoder.table("`[metrics]`", node) else {
        return;
    };
    decoder.check_keys(&table, METRICS_KEYS);
    let file = table.get("file").and_then(|node| decoder.string("file", node));
    let Some(file) = file else {
        return;
    };
    if stays_inside(&file.value) {
        config.metrics_file = Some(file);
    } else {
        let hint = "write it from the root, with `/` and without `..`".to_owned();
        let message = "`file` leaves the repository".to_owned();
        decoder.problem(file.span.range(), message, Some(hint));
    }
}

/// Reads `[reference]`.
fn reference(decoder: &mut Decoder, node: &Node<'_>, config: &mut Config) {
    if let Some(table) = decoder.table("`[reference]`", node) {
        decoder.check_keys(&table, REFERENCE_KEYS);
        let external = table.get("external").and_then(|node| decoder.texts("external", node));
        config.external = external.unwrap_or_default();
    }
}

/// Reads `exports`. A name that is nearly a known one was meant to be it; others are accepted.
fn exports(decoder: &mut Decoder, node: &Node<'_>) -> Vec<String> {
    let mut exports = Vec::new();
    for name in decoder.strings("exports", node).unwrap_or_default() {
        let meant = nearest(&name.value, &EXPORTS);
        if let Some(meant) = meant.filter(|meant| *meant != name.value) {
            let message = format!("`exports` does not know `{}`", short(&name.value));
            decoder.problem(name.span.range(), message, Some(format!("did you mean `{meant}`?")));
            continue;
        }
        exports.push(name.value);
    }
    exports
}

/// Notes a `fork-backend` that no table describes, and forgets it.
fn check_fork_backend(decoder: &mut Decoder, table: &Table<'_, '_>, config: &mut Config) {
    let described: Vec<String> = table
        .get("backend")
        .and_then(|node| node.get_ref().as_table())
        .into_iter()
        .flat_map(|table| table.keys().map(|key| key.get_ref().to_string()))
        .collect();
    let is_unknown = |name: &str| !described.iter().any(|known| known == name);
    if let Some(name) = config.gate.fork_backend.take_if(|name| is_unknown(&name.value)) {
        let known: Vec<&str> = described.iter().map(String::as_str).collect();
        let hint = if known.is_empty() {
            format!("describe it in `[backend.{}]`", short(&name.value))
        } else {
            meant(&name.value, &known)
        };
        let message = format!("`fork-backend` names `{}`, which is no backend", short(&name.value));
        decoder.problem(name.span.range(), message, Some(hint));
    }
}
