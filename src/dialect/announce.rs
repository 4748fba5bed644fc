//! Tells whether text that is no YAML, or none yet, was meant to hold an object of ours.
//!
//! It is read line by line and without a parser, for what a parser makes of text that is no YAML ends
//! at the first mistake. A mention in a comment, or below another key, does not count.

use crate::spelling;
use crate::spelling::Vocabulary;

use super::mark;
use super::openslo;
use super::recognize::is_ours;
use super::recognize::is_own_kind;

/// Fields, in lowercase, that no other format has.
const FIELDS: [&str; 3] = ["ratiometric", "indicatorref", "metricsourceref"];

/// The longest key that is looked at, in bytes; escapes are longer than what they stand for.
const LONGEST_KEY: usize = 60;

/// Returns whether some document of a text names a version of ours, or nearly; is an error budget
/// policy by its kind; or has a kind and a field of OpenSLO and no version at all.
pub(super) fn announces(text: &str) -> bool {
    any_document(text, |document| {
        let is_openslo = document.has_kind && document.has_field && !document.has_other_version;
        document.has_version || document.is_policy || is_openslo
    })
}

/// Returns whether some document of a text is an error budget policy by its kind, or nearly.
pub(super) fn announces_policy(text: &str) -> bool {
    any_document(text, |document| document.is_policy)
}

fn any_document(text: &str, is_it: impl Fn(&Document) -> bool) -> bool {
    let mut document = Document::default();
    for line in text.trim_start_matches('\u{feff}').split(['\n', '\r']) {
        let marker = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
        if marker.is_some() {
            if is_it(&document) {
                return true;
            }
            document = Document::default();
        }
        document.read(marker.unwrap_or(line));
    }
    is_it(&document)
}

/// A key that says what an object is.
#[derive(Clone, Copy)]
enum Key {
    Version,
    Kind,
}

/// What the lines of one document have said so far.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Document {
    /// The column of the outermost keys.
    outermost: Option<usize>,
    is_in_items: bool,
    /// The key of which the value stands on another line.
    pending: Option<Key>,
    has_version: bool,
    has_other_version: bool,
    has_kind: bool,
    has_field: bool,
    is_policy: bool,
}

impl Document {
    fn read(&mut self, line: &str) {
        let is_lead = |letter: char| letter.is_whitespace() || "-?[{".contains(letter);
        let body = line.trim_start_matches(is_lead);
        let column = line.len() - body.len();
        let opens = line.get(..column).is_some_and(|lead| lead.contains(['[', '{']));
        let is_outermost = self.outermost.is_none_or(|outermost| column <= outermost);
        let mut has_key = false;
        let depth = pieces(body, |depth, piece| {
            has_key |= depth == 0 && piece.contains(':');
            self.entry(piece, depth, is_outermost && depth == 0);
        });
        // Behind an opening bracket that stands alone the keys may be indented anyhow.
        if has_key && is_outermost && (!opens || depth > 0) {
            self.outermost = Some(column);
        }
    }

    /// Reads what may be a key with its value, or a value alone.
    fn entry(&mut self, piece: &str, depth: i32, is_outermost: bool) {
        let piece = piece.trim();
        if piece.is_empty() {
            return;
        }
        if piece.starts_with(':') || !piece.contains(':') {
            // What stands in brackets is no version, but may be what a template says.
            if let Some(key) = self.pending.take().filter(|_| depth <= 0) {
                self.value(key, piece);
            }
        } else {
            self.pending = None;
        }
        let is_end = |letter: char| letter == ':' || letter == '=' || letter.is_whitespace();
        let (key, value) = piece.split_once(is_end).unwrap_or((piece, ""));
        if key.len() > LONGEST_KEY {
            return;
        }
        let key = mark::plain(key);
        self.has_field |= FIELDS.iter().any(|field| field.eq_ignore_ascii_case(&key));
        if is_outermost {
            self.is_in_items = key == "items";
            let value = mark::plain(value.trim_matches([':', ' ']));
            self.has_version |= key == "version" && value.starts_with("prometheus/v");
        }
        if let Some(key) = Key::of(&key).filter(|_| is_outermost || self.is_in_items) {
            self.value(key, value);
        }
    }

    fn value(&mut self, key: Key, value: &str) {
        // An anchor or a tag may stand before the value.
        let value =
            value.trim_start_matches(|letter: char| letter == ':' || letter.is_whitespace());
        let value = match value.split_once(char::is_whitespace) {
            Some((first, rest)) if first.starts_with(['&', '!']) => rest,
            None if value.starts_with(['&', '!']) => "",
            _ => value,
        };
        let value = mark::plain(value.trim());
        if value.is_empty() || value.starts_with(['|', '>']) {
            self.pending = Some(key);
            return;
        }
        match key {
            Key::Version => {
                let is_ours = value.split_whitespace().next().is_some_and(is_ours);
                self.has_version |= is_ours;
                self.has_other_version |= !is_ours;
            }
            Key::Kind => {
                self.has_kind |= openslo::is_kind(&value);
                self.is_policy |= is_own_kind(&value);
            }
        }
    }
}

impl Key {
    fn of(key: &str) -> Option<Self> {
        if !key.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_')) {
            return None;
        }
        let is_version = !spelling::nearest(key, ["apiVersion"], Vocabulary::Words).is_empty();
        let is_kind = || spelling::is_certain(key, "kind");
        is_version.then_some(Self::Version).or_else(|| is_kind().then_some(Self::Kind))
    }
}

/// Visits what stands between the brackets and commas of a line, up to its comment, each with how
/// many brackets are open there; returns how many are at the end.
fn pieces(line: &str, mut visit: impl FnMut(i32, &str)) -> i32 {
    let (mut depth, mut start, mut end) = (0, 0, line.len());
    let (mut quote, mut is_escaped, mut before) = (None, false, ' ');
    for (at, letter) in line.char_indices() {
        let piece = line.get(start..at).unwrap_or_default();
        match (quote, letter) {
            (Some(open), _) => {
                if letter == open && !is_escaped {
                    quote = None;
                }
                is_escaped = letter == '\\' && !is_escaped;
            }
            (None, '#') if before.is_whitespace() => {
                end = at;
                break;
            }
            (None, '"' | '\'')
                if matches!(piece.trim_end().chars().next_back(), None | Some(':')) =>
            {
                (quote, is_escaped) = (Some(letter), false);
            }
            (None, '{' | '[' | '}' | ']' | ',') => {
                visit(depth, piece);
                start = at + 1;
                depth += match letter {
                    '{' | '[' => 1,
                    '}' | ']' => -1,
                    _ => 0,
                };
            }
            _ => {}
        }
        before = letter;
    }
    visit(depth, line.get(start..end).unwrap_or_default());
    depth
}

#[cfg(test)]
mod tests {
    use super::announces;
    use super::announces_policy;

    #[test]
    fn a_version_of_ours_counts_however_it_is_written() {
        for text in [
            "apiVersion: openslo/v1\nkind: [",
            "kind: SLO\n\"apiVersion\": 'openslo.com/v2alpha'\n\t",
            "---\napiVersion: slo/v1 # ours",
            "- apiVersion: openslo/v1",
            "- kind: SLO\n  apiVersion: openslo/v1",
            "{\"kind\": \"SLO\", \"apiVersion\": \"openslo/v1\"",
            "[{\"apiVersion\": \"openslo/v1\"",
            "[{\"a\": {}}, {\"apiVersion\": \"openslo/v1\"",
            "{\n  \"apiVersion\": \"openslo/v1\",",
            "[\n  {\n    \"a\": 1\n  },\n  {\n    \"apiVersion\": \"openslo/v1\"",
            "{ \"kind\": \"SLO\",\n  \"spec\": {,\n  \"apiVersion\": \"openslo/v1\"",
            "kind: List\nitems:\n  - apiVersion: openslo/v1",
            "items:\n- metadata: {}\n  apiVersion: openslo/v1\nkind: List",
            "\u{feff}apiVersion: opensl/v1",
            "---\n  # ours\n  apiVersion: openslo/v1\n  kind: SLO\n  spec: [",
            "  apiVersion: openslo/v1\nkind: SLO",
            "apiVersion: >-\n  openslo/v1\nspec: [",
            "apiVersion: &version\n  openslo/v1\nspec: [",
            "apiVersion: !!str openslo/v1\nspec: [",
            "apiVersion: \"openslo\\x2fv1\"\nspec: [",
            "\"apiVersion\": \"openslo\\/v1\", [",
            "? apiVersion\n: openslo/v1\nspec: [",
            "\"apiVersion\"\n: openslo/v1\nspec: [",
            "ApiVersion: openslo/v1\nspec: [",
            "apiVerson: openslo/v1\nspec: [",
            "api_version : openslo/v1\nspec: [",
            "apiVersion:openslo/v1\nspec: [",
            "apiVersion: \"openslo/v1\nspec: [",
            "spec: [\napiVersion: openslo/v1",
            "spec: {\napiVersion: openslo/v1",
            "kind: SLO\nspec:\n  indicatorRef: a\n  objectives: [",
            "apiVersion: {{ .Values.version }}\nkind: SLO\nspec:\n  indicatorRef: a",
        ] {
            assert!(announces(text), "{text}");
        }
    }

    #[test]
    fn a_mention_in_a_comment_or_below_another_key_does_not_count() {
        for text in [
            "services:\n  web: {}\n# openslo: see apiVersion: openslo/v1",
            "# apiVersion: openslo/v1\nimage: x",
            "  # apiVersion: openslo/v1\n#apiVersion: openslo/v1\nimage: x",
            "image: x # apiVersion: openslo/v1",
            "image: [ # , apiVersion: openslo/v1\n",
            "image: 'a, apiVersion: openslo/v1'\nports: [",
            "extra:\n  apiVersion: openslo/v1",
            "extra: {apiVersion: openslo/v1}",
            "extra: {\n  apiVersion: openslo/v1}",
            "extra:\n  - |\n    apiVersion: openslo/v1",
            "{\"object\": {\"apiVersion\": \"openslo/v1\"}}",
            "{\"object\": {\n  \"apiVersion\": \"openslo/v1\"}}",
            "apiVersion: apps/v1\nkind: Deployment # openslo",
            "apiVersion: example.com/v1\nkind: SLO\nspec:\n  indicatorRef: a",
            "kind: Service\nspec: [",
            "version: openslo/v1\nimage: openslo/v1\nports: [",
            "",
        ] {
            assert!(!announces(text), "{text}");
        }
    }

    #[test]
    fn a_policy_is_known_by_its_kind_alone() {
        for text in [
            "kind: ErrorBudgetPolicy\nspec: [",
            "  kind: errorbudgetpolicy",
            "kind: ErrorBudgetPolcy",
            "Kind: error-budget-policy",
            "kind: >-\n  ErrorBudgetPolicy",
            "{\"kind\": \"ErrorBudgetPolicy\"",
            "---\na: 1\n---\nkind: ErrorBudgetPolicy\n---\nb: 1",
        ] {
            assert!(announces_policy(text) && announces(text), "{text}");
        }
        for text in ["kind: SLO", "# kind: ErrorBudgetPolicy", "names:\n  kind: ErrorBudgetPolicy"]
        {
            assert!(!announces_policy(text), "{text}");
        }
    }
}
