//! The placeholders that a query still holds.

use std::collections::BTreeSet;

use super::Extent;
use super::lexer;
use super::parse;
use super::tree::Expression;
use super::tree::ExpressionKind;

/// The language of a query, as far as its data source tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `PromQL`.
    Promql,
    /// Another one, in which `$match`, `$1` and `{{name}}` may have a meaning of their own.
    Other,
    /// Nobody says which; text that can be read as `PromQL` is taken for it.
    Unknown,
}

/// What a byte of `PromQL` belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Region {
    /// The query itself.
    Code,
    /// A comment, which nobody evaluates.
    Comment,
    /// A quoted string; `pattern` where it is a regular expression.
    Quoted { start: usize, pattern: bool },
}

/// Returns whether a query holds a mark of placeholders at all; few do, and only those are read.
pub fn may_hold_placeholders(text: &str) -> bool {
    text.contains('$') || text.contains("{{")
}

/// Returns where the placeholders of a query stand, each text once, in order.
///
/// Only what is certainly one: `route="/odata/$metadata"`, the `${1}` of a `label_replace` and the
/// templates of another language stay as they are.
pub fn placeholders(text: &str, language: Language) -> Vec<Extent> {
    if !may_hold_placeholders(text) {
        return Vec::new();
    }
    let (tree, _) = match language {
        Language::Promql | Language::Unknown => parse(text),
        Language::Other => (None, Vec::new()),
    };
    let is_promql = language == Language::Promql || tree.is_some();
    let mut skipped = Vec::new();
    if let Some(tree) = &tree {
        replacements(tree, &mut skipped);
    }
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    let mut regions = Regions { text, at: 0, region: Region::Code };
    let (last_brace, last_braces) = (text.rfind('}'), text.rfind("}}"));
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| rest.find(['$', '{'])) {
        let start = at + next;
        let tail = text.get(start..).unwrap_or_default();
        // What no brace can close is not searched for one, again and again.
        let is_open = |close: Option<usize>| close.is_none_or(|close| close < start);
        let is_broken = tail.starts_with("${") && is_open(last_brace)
            || tail.starts_with("{{") && is_open(last_braces);
        let length = if is_broken { None } else { length(tail) };
        at = start + length.unwrap_or(1);
        let extent = extent(start, at);
        if length.is_none() || skipped.iter().any(|skipped: &Extent| skipped.contains(extent)) {
            continue;
        }
        let is_certain = if is_promql {
            is_certain(extent.slice(text), start, text, regions.at(start))
        } else {
            is_certain_anywhere(extent.slice(text))
        };
        if is_certain && seen.insert(extent.slice(text)) {
            found.push(extent);
        }
    }
    found
}

fn extent(start: usize, end: usize) -> Extent {
    let narrow = |position: usize| u32::try_from(position).unwrap_or(u32::MAX);
    Extent { start: narrow(start), end: narrow(end) }
}

/// Collects the third arguments of `label_replace`, in which `$1` and `${name}` are groups.
fn replacements(expression: &Expression, found: &mut Vec<Extent>) {
    if let ExpressionKind::Call(call) = &expression.kind
        && call.name.text == "label_replace"
    {
        found.extend(call.arguments.get(2).map(|replacement| replacement.extent));
    }
    for child in expression.children() {
        replacements(child, found);
    }
}

/// Returns whether a text that looks like a placeholder certainly is one in `PromQL`.
fn is_certain(found: &str, start: usize, text: &str, region: Region) -> bool {
    let (quoted, pattern) = match region {
        Region::Comment => return false,
        Region::Code => return true,
        Region::Quoted { start, pattern } => (start, pattern),
    };
    let before = text.get(quoted + 1..start).unwrap_or_default();
    // `"$env"` holds nothing else; `"/odata/$metadata"` may be a path with a dollar in it.
    let is_first = before.is_empty();
    // Nothing follows the end of a text, so a letter behind `$` never matches.
    let is_in_class = before.rfind('[') > before.rfind(']');
    let is_anchor_before_text = pattern && !is_in_class && !before.ends_with('\\');
    if found.starts_with("{{") {
        let inner = found.trim_start_matches('{').trim_start();
        return is_first || inner.starts_with(['.', '$']);
    }
    found.starts_with("${") || found.starts_with("$__") || is_first || is_anchor_before_text
}

/// Returns whether a text is a placeholder whatever the language: `$__interval`, `${REGION}`, or
/// the window of Sloth.
fn is_certain_anywhere(found: &str) -> bool {
    let window = found.strip_prefix("{{").and_then(|inner| inner.strip_suffix("}}"));
    let braced = found.strip_prefix("${").and_then(|inner| inner.strip_suffix('}'));
    let is_name = |name: &str| name.chars().all(|letter| is_in_name(letter) || letter == ':');
    window.is_some_and(|window| window.trim() == ".window")
        || braced.is_some_and(is_name)
        || found.starts_with("$__")
}

/// Walks a query of `PromQL` and tells strings and comments from the rest.
struct Regions<'text> {
    text: &'text str,
    at: usize,
    region: Region,
}

impl Regions<'_> {
    /// Returns what the byte at `target` belongs to; targets never fall.
    fn at(&mut self, target: usize) -> Region {
        let bytes = self.text.as_bytes();
        while self.at < target {
            let Some(&byte) = bytes.get(self.at) else { break };
            match self.region {
                Region::Code => match byte {
                    b'#' => self.region = Region::Comment,
                    b'"' | b'\'' | b'`' => {
                        let before = self.text.get(..self.at).unwrap_or_default().trim_end();
                        let pattern = before.ends_with("=~") || before.ends_with("!~");
                        self.region = Region::Quoted { start: self.at, pattern };
                    }
                    _ => {}
                },
                Region::Comment if matches!(byte, b'\n' | b'\r') => self.region = Region::Code,
                Region::Comment => {}
                Region::Quoted { start, .. } => {
                    let quote = bytes.get(start).copied();
                    if byte == b'\\' && quote != Some(b'`') {
                        self.at += 1;
                    } else if Some(byte) == quote {
                        self.region = Region::Code;
                    }
                }
            }
            self.at += 1;
        }
        self.region
    }
}

/// Returns the length of the placeholder that text begins with.
///
/// A `$` without a name behind it ends a regular expression, as in `code=~"5..$"`.
fn length(text: &str) -> Option<usize> {
    let begins = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    if let Some(inner) = text.strip_prefix("${") {
        return inner.starts_with(begins).then(|| text.find('}').map(|end| end + 1)).flatten();
    }
    if text.starts_with("{{") {
        return lexer::template(text).or_else(|| text.find("}}").map(|end| end + 2));
    }
    let name = text.strip_prefix('$')?;
    let length = name.find(|letter| !is_in_name(letter)).unwrap_or(name.len());
    name.starts_with(begins).then_some(1 + length)
}

fn is_in_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, language: Language) -> Vec<&str> {
        placeholders(text, language).into_iter().map(|extent| extent.slice(text)).collect()
    }

    #[test]
    fn placeholders_are_told_from_labels_anchors_and_groups() {
        let promql = |text| found(text, Language::Promql);
        assert_eq!(
            promql("sum(rate(x{job=\"$job\",code=~\"5..$\",env=\"${ENV}\"}[$__rate_interval]))"),
            ["$job", "${ENV}", "$__rate_interval"]
        );
        assert_eq!(promql("x[{{.window}}] / x[{{.window}}]"), ["{{.window}}"]);
        let helm = r#"rate(x[{{ "{{" }}.window{{ "}}" }}])"#;
        assert_eq!(found(helm, Language::Promql), [r#"{{ "{{" }}.window{{ "}}" }}"#]);
        assert_eq!(promql("x{a=~\"$b|c\",d=~\"e$f\"}"), ["$b", "$f"]);
        assert_eq!(promql("x{a=\"it's\"} # it's $b\n / y{c=\"$d\"}"), ["$d"]);
        for correct in [
            "x{route=\"/odata/$metadata\"}",
            "x{route=~\"/odata/\\\\$metadata\"}",
            "x{route=~\"[$a-z]+\"}",
            "x{route=\"/users/{{id}}\"}",
            "label_replace(x, \"a\", \"${1}-api\", \"b\", \"(.*)\")",
            "label_replace(x, \"a\", \"$name\", \"b\", \"(?P<name>.*)\")",
            "x # per $__interval",
            "x{{a=\"b\"",
        ] {
            assert!(promql(correct).is_empty(), "{correct}");
        }
    }

    #[test]
    fn another_language_keeps_its_own_marks() {
        let other = |text| found(text, Language::Other);
        assert!(other("[{\"$match\": {\"ok\": \"$ok\"}}]").is_empty());
        assert!(other("{app=\"a\"} | line_format \"{{.status}}\"").is_empty());
        assert!(other("avg:x{host:*} by {env}").is_empty());
        assert!(other("\"${r.host}-a\"").is_empty());
        assert_eq!(
            other("SELECT $1 WHERE $__timeFilter(t) = ${REGION}"),
            ["$__timeFilter", "${REGION}"]
        );
        let unknown = |text| found(text, Language::Unknown);
        assert_eq!(unknown("rate(x[$range])"), ["$range"]);
        assert!(unknown("[{\"$match\": {\"ok\": \"$ok\"}}]").is_empty());
    }
}
