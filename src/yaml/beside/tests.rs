use super::*;
use crate::source;
use crate::source::Origin;
use crate::source::Source;
use crate::source::SourceId;
use crate::yaml;

/// Adds `new: 1` below the value `HERE`; what comes out has to be YAML.
fn added(file: &str) -> Option<String> {
    let start = file.find("HERE").expect("the value is there");
    let value = Span::new(SourceId::default(), start, start + "HERE".len());
    let edit = add_below(file, value, &[(0, "new:".to_owned()), (2, "deep: 1".to_owned())])?;
    let text = source::apply(file, &[edit]).expect("one edit overlaps nothing");
    let source = Source::from_text("a.yaml", text.as_str(), Origin::Worktree);
    assert!(yaml::parse(SourceId::default(), &source).problems.is_empty(), "{text}");
    Some(text)
}

#[test]
fn an_entry_is_added_to_the_block_that_holds_the_other() {
    for (file, expected) in [
        ("a: HERE", "a: HERE\nnew:\n  deep: 1"),
        ("b: x?y=1&z=2\na: HERE\n", "b: x?y=1&z=2\na: HERE\nnew:\n  deep: 1\n"),
        ("x:\n  a: HERE # why\n  b: 2\n", "x:\n  a: HERE # why\n  new:\n    deep: 1\n  b: 2\n"),
        ("- a: HERE\r\n  b: 2\r\n", "- a: HERE\r\n  new:\r\n    deep: 1\r\n  b: 2\r\n"),
        ("- b: 2\n\n  # note\n  a: HERE\n", "- b: 2\n\n  # note\n  a: HERE\n  new:\n    deep: 1\n"),
        (
            "x: # all\n    - - a: HERE\n",
            "x: # all\n    - - a: HERE\n        new:\n          deep: 1\n",
        ),
        ("x:\n  slo/a: HERE\n---\ny: 1\n", "x:\n  slo/a: HERE\n  new:\n    deep: 1\n---\ny: 1\n"),
    ] {
        assert_eq!(added(file).as_deref(), Some(expected), "{file}");
    }
}

#[test]
fn where_a_doubt_is_left_nothing_is_added() {
    for file in [
        "{ a: HERE }\n",
        "x: {\n  a: HERE\n}\n",
        "x: { b: 1,\n  a: HERE\n}\n",
        "x: [\n  a: HERE\n]\n",
        "x: &x\n  a: HERE\ny: *x\n",
        "a: HERE is more\n",
        "\"a\": HERE\n",
        "{\n  \"a\": HERE\n}\n",
        "? a\n: HERE\n",
        "x:\n\ta: HERE\n",
        "x: |\n  a: HERE\n",
        "x: 'y\n  a: HERE'\n",
        "a: !t HERE\n",
    ] {
        assert_eq!(added(file), None, "{file}");
    }
}
