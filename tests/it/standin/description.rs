//! GitHub's own description of its API, as the judge of what is sent to it and of what our stand-in answers.
//!
//! The description is `tests/github/api.github.com.cut.json`; the README beside it says where it is from.

use jsonschema::Draft;
use serde_json::Value;
use serde_json::json;

use super::http::Request;

const TEXT: &str = include_str!("../../github/api.github.com.cut.json");

/// The description, made ready to judge.
pub(crate) struct Description {
    root: Value,
}

impl Description {
    /// Reads the description.
    pub(crate) fn new() -> Description {
        let mut root: Value = serde_json::from_str(TEXT).unwrap();
        spell_out_null(&mut root);
        Description { root }
    }

    /// Returns everything that is wrong with a request.
    pub(crate) fn faults_of_request(&self, request: &Request) -> Vec<String> {
        let mut faults = Vec::new();
        let Some((operation, captured)) = self.operation(request) else {
            return vec![format!("{} {} is not described", request.method, request.target)];
        };
        let parameters: Vec<&Value> = operation["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|parameter| self.resolve(parameter))
            .collect();
        let query: Vec<(String, String)> = query_of(request);
        for (place, given) in [("path", &captured), ("query", &query)] {
            for (name, text) in given {
                let parameter = parameters
                    .iter()
                    .find(|parameter| parameter["in"] == place && parameter["name"] == **name);
                match parameter {
                    None => faults.push(format!("{place} parameter `{name}` is not described")),
                    Some(parameter) => {
                        faults.extend(self.faults(&parameter["schema"], &as_value(text)));
                    }
                }
            }
        }
        for parameter in parameters.iter().filter(|parameter| parameter["required"] == true) {
            let name = parameter["name"].as_str().unwrap();
            if captured.iter().chain(&query).all(|(given, _)| given != name) {
                faults.push(format!("parameter `{name}` is missing"));
            }
        }
        faults.extend(self.faults_of_body(&operation["requestBody"], request));
        faults
    }

    fn faults_of_body(&self, described: &Value, request: &Request) -> Vec<String> {
        if described.is_null() {
            let text =
                (!request.body.is_empty()).then(|| "a body where none is described".to_owned());
            return text.into_iter().collect();
        }
        let schema = &described["content"]["application/json"]["schema"];
        let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
            return vec!["the body is not JSON".to_owned()];
        };
        let mut faults = self.faults(schema, &body);
        // The description allows unknown fields, and the server ignores them: a typing error would go unseen.
        let known = schema["properties"].as_object().unwrap();
        let unknown =
            body.as_object().into_iter().flatten().filter(|(name, _)| !known.contains_key(*name));
        faults.extend(unknown.map(|(name, _)| format!("field `{name}` is not described")));
        if request.header("content-type") != ["application/json"] {
            faults.push("the body is not said to be JSON".to_owned());
        }
        faults
    }

    /// Returns everything that is wrong with an answer to a request.
    pub(crate) fn faults_of_answer(
        &self,
        request: &Request,
        status: u16,
        body: &[u8],
    ) -> Vec<String> {
        let Some((operation, _)) = self.operation(request) else {
            return Vec::new();
        };
        let basic = json!({ "$ref": "#/components/schemas/basic-error" });
        let described = self.resolve(&operation["responses"][status.to_string()]);
        let schema = match described {
            Value::Null if status < 400 => {
                return vec![format!("status {status} is not described")];
            }
            // Every operation can fail in ways that its description does not list.
            Value::Null => &basic,
            described if described["content"].is_null() => {
                return (!body.is_empty())
                    .then(|| "an answer where none is described".to_owned())
                    .into_iter()
                    .collect();
            }
            described => &described["content"]["application/json"]["schema"],
        };
        match serde_json::from_slice(body) {
            Ok(body) => self.faults(schema, &body),
            Err(_) => vec!["the answer is not JSON".to_owned()],
        }
    }

    /// Finds the operation that a request calls, and the texts that stand for the names in its path.
    fn operation(&self, request: &Request) -> Option<(&Value, Vec<(String, String)>)> {
        let path = request.target.split('?').next().unwrap();
        let parts: Vec<&str> = path.split('/').collect();
        for (template, methods) in self.root["paths"].as_object().unwrap() {
            let names: Vec<&str> = template.split('/').collect();
            let captured = capture(&names, &parts);
            let operation = &methods[request.method.to_ascii_lowercase()];
            if let (Some(captured), false) = (captured, operation.is_null()) {
                return Some((operation, captured));
            }
        }
        None
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.root.pointer(reference.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }

    fn faults(&self, schema: &Value, instance: &Value) -> Vec<String> {
        // The dialect of OpenAPI 3.0 is nearest to draft 4.
        let whole = json!({ "allOf": [schema], "components": self.root["components"] });
        let validator = jsonschema::options()
            .with_draft(Draft::Draft4)
            .should_validate_formats(true)
            .build(&whole)
            .unwrap();
        validator
            .iter_errors(instance)
            .map(|error| format!("{} at `{}`", error, error.instance_path()))
            .collect()
    }
}

/// Turns OpenAPI's `nullable: true` into what JSON Schema says in its place.
fn spell_out_null(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(spell_out_null),
        Value::Object(fields) => {
            fields.values_mut().for_each(spell_out_null);
            if fields.get("nullable") == Some(&Value::Bool(true)) {
                fields.remove("nullable");
                let schema = Value::Object(std::mem::take(fields));
                fields.insert("anyOf".to_owned(), json!([{ "type": "null" }, schema]));
            }
        }
        _ => {}
    }
}

fn capture(names: &[&str], parts: &[&str]) -> Option<Vec<(String, String)>> {
    if names.len() != parts.len() {
        return None;
    }
    let mut captured = Vec::new();
    for (name, part) in names.iter().zip(parts) {
        match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !part.is_empty() => captured.push((name.to_owned(), (*part).to_owned())),
            None if name == part => {}
            _ => return None,
        }
    }
    Some(captured)
}

/// Returns the query of a request, in its order.
pub(crate) fn query_of(request: &Request) -> Vec<(String, String)> {
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect()
}

/// Reads the text of a parameter: a number where it looks like one.
fn as_value(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from)
}
