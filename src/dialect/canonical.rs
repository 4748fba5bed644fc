//! A text for a part of a document: what says the same has the same.

use crate::yaml::Node;

/// The deepest that is looked into; what lies deeper is written as it is.
const DEEPEST: usize = 32;

/// The most bytes of a text: aliases of aliases say more than anything that is written.
const LONGEST: usize = 4096;

/// Returns a text that does not depend on the order of keys, on layout and on quotes; of what is very long, its
/// beginning and how much is written.
pub(super) fn text(node: Node<'_>) -> String {
    let mut out = String::new();
    write(node, 0, &mut out);
    if out.len() > LONGEST {
        out.push_str(&format!("… {}", node.raw().len()));
    }
    out
}

fn write(node: Node<'_>, depth: usize, out: &mut String) {
    if out.len() > LONGEST {
        return;
    }
    if depth > DEEPEST {
        out.push_str(node.raw());
    } else if node.is_mapping() {
        let mut entries: Vec<_> = node.entries().collect();
        entries.sort_by(|one, other| one.key.text().cmp(&other.key.text()));
        out.push('{');
        for entry in entries {
            out.push_str(&format!("{:?}:", entry.key.text().unwrap_or_default()));
            write(entry.value, depth + 1, out);
        }
        out.push('}');
    } else if node.is_sequence() {
        out.push('[');
        for item in node.items() {
            write(item, depth + 1, out);
            out.push(',');
        }
        out.push(']');
    } else {
        out.push_str(&format!("{:?}", node.text().unwrap_or_else(|| node.raw())));
    }
}
