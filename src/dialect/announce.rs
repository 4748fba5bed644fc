//! Tells whether text that is no YAML was meant to hold an object of ours.

use super::recognize::is_ours;

const KEY: &str = "apiVersion";

/// Returns whether text names a version of ours at its top level, or at that of a list of objects.
///
/// It is read without a parser: a mention in a comment, or below another key, does not count.
pub(super) fn announces(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = || text.lines().map(str::trim_end);
    let is_list = |line: &str| {
        let kind = line.trim_start_matches([' ', '{', '"']).strip_prefix("kind");
        kind.is_some_and(|kind| kind.trim_matches(['"', ':', ' ', ',']) == "List")
    };
    let holds_items = lines().any(|line| line.starts_with("- ") || is_list(line));
    let (mut depth, mut opened_at_root, mut at) = (0_usize, false, 0);
    for line in text.split_inclusive('\n') {
        for (offset, byte) in line.bytes().enumerate() {
            let lead = line.get(..offset).unwrap_or_default();
            match byte {
                b'#' if depth == 0 && (lead.is_empty() || lead.ends_with(' ')) => break,
                b'{' => {
                    let is_root = || lead.chars().all(|letter| " -[".contains(letter));
                    opened_at_root = if depth == 0 { is_root() } else { opened_at_root };
                    depth += 1;
                }
                b'}' => depth = depth.saturating_sub(1),
                b'a' => {
                    let rest = text.get(at + offset..).unwrap_or_default();
                    let is_top = match depth {
                        0 => is_top_of_block(lead, holds_items),
                        1 => opened_at_root,
                        _ => opened_at_root && holds_items,
                    };
                    if is_top && version(rest).is_some_and(is_ours) {
                        return true;
                    }
                }
                _ => {}
            }
        }
        at += line.len();
    }
    false
}

/// Returns whether a key behind `lead` stands on the top level.
fn is_top_of_block(lead: &str, holds_items: bool) -> bool {
    let lead = lead.strip_suffix(['"', '\'']).unwrap_or(lead);
    let is_blank = lead.chars().all(|letter| letter == ' ' || letter == '-');
    lead.is_empty() || is_blank && (lead.starts_with('-') || holds_items)
}

/// Returns the version, where text begins with the key and one.
fn version(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(KEY)?.trim_start_matches(['"', '\'', ' ']).strip_prefix(':')?;
    let rest = rest.trim_start_matches([' ', '"', '\'']);
    rest.split(|letter: char| letter.is_whitespace() || "\"',}".contains(letter)).next()
}

#[cfg(test)]
mod tests {
    use super::announces;

    #[test]
    fn only_a_version_at_the_top_level_counts() {
        for text in [
            "apiVersion: openslo/v1\nkind: [",
            "kind: SLO\n\"apiVersion\": 'openslo.com/v2alpha'\n\t",
            "---\napiVersion: slo/v1 # ours",
            "- apiVersion: openslo/v1",
            "- kind: SLO\n  apiVersion: openslo/v1",
            "{\"kind\": \"SLO\", \"apiVersion\": \"openslo/v1\"",
            "[{\"apiVersion\": \"openslo/v1\"",
            "{\n  \"apiVersion\": \"openslo/v1\",",
            "kind: List\nitems:\n  - apiVersion: openslo/v1",
            "\u{feff}apiVersion: opensl/v1",
        ] {
            assert!(announces(text), "{text}");
        }
        for text in [
            "services:\n  web: {}\n# openslo: see apiVersion: openslo/v1",
            "# apiVersion: openslo/v1\nimage: x",
            "extra:\n  apiVersion: openslo/v1",
            "extra: {apiVersion: openslo/v1}",
            "extra:\n  - |\n    apiVersion: openslo/v1",
            "{\"object\": {\"apiVersion\": \"openslo/v1\"}}",
            "apiVersion: apps/v1\nkind: Deployment # openslo",
            "",
        ] {
            assert!(!announces(text), "{text}");
        }
    }
}
