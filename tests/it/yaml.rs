//! Reading YAML: every node knows its bytes, and no text is too strange to be read or refused.

use proptest::prelude::*;
use slo::source::Origin;
use slo::source::Source;
use slo::source::SourceId;
use slo::yaml::Node;
use slo::yaml::Problem;
use slo::yaml::Stream;
use slo::yaml::parse;

fn read(text: &str) -> Stream {
    parse(SourceId::default(), &Source::from_text("x.yaml", text, Origin::Worktree))
}

fn raw<'a>(stream: &'a Stream, path: &[&str]) -> &'a str {
    let mut node = stream.documents[0].root();
    for key in path {
        node = node.get(key).unwrap_or_else(|| panic!("no {key}"));
    }
    node.raw()
}

#[test]
fn every_scalar_keeps_its_raw_text() {
    let stream = read("a: '99.9'\nb: \"x\\ty\"\nc: 0o14 # octal\nd: |\n  one\n  two\ne: end\n");
    assert_eq!(raw(&stream, &["a"]), "'99.9'");
    assert_eq!(raw(&stream, &["b"]), "\"x\\ty\"");
    assert_eq!(stream.documents[0].root().get("b").unwrap().text(), Some("x\ty"));
    assert_eq!(raw(&stream, &["c"]), "0o14");
    assert_eq!(stream.documents[0].root().get("d").unwrap().text(), Some("one\ntwo\n"));
}

#[test]
fn carriage_returns_byte_order_marks_and_japanese_text_keep_their_offsets() {
    let text = "\u{feff}名前: 決済\r\nspec:\r\n  target: 0.999\r\n";
    let stream = read(text);
    assert_eq!(raw(&stream, &["名前"]), "決済");
    let target = stream.documents[0].root().get("spec").unwrap().get("target").unwrap();
    assert_eq!(&text[target.span().range()], "0.999");
}

#[test]
fn a_block_collection_ends_with_its_last_child() {
    let stream = read("a:\n  b: 1\n\n# far away\nc: 2\n");
    assert_eq!(raw(&stream, &["a"]), "b: 1");
}

#[test]
fn aliases_are_followed_and_merges_never_hide_own_keys() {
    let stream = read("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\n");
    let used = stream.documents[0].root().get("use").unwrap();
    let seen: Vec<_> =
        used.entries().map(|e| (e.key.text().unwrap(), e.value.raw(), e.merged)).collect();
    assert_eq!(seen, [("y", "3", false), ("x", "1", true)]);
    assert_eq!(stream.documents[0].overrides.len(), 1);
    assert_eq!(stream.documents[0].overrides[0].key, "y");
}

#[test]
fn merges_of_lists_take_the_first_and_refuse_scalars() {
    let stream = read("p: &p {x: 1}\nq: &q {x: 2, z: 3}\nu: {<<: [*p, *q]}\n");
    let used = stream.documents[0].root().get("u").unwrap();
    let seen: Vec<_> = used.entries().map(|e| e.value.raw()).collect();
    assert_eq!(seen, ["1", "3"]);
    let bad = read("u: {<<: 5}\n");
    assert!(matches!(bad.problems[..], [Problem::MergeNotMapping { .. }]), "{:?}", bad.problems);
    // A merge that an alias should bring, and that is refused, is the alias' problem alone.
    let itself = read("a: &a\n  b: 1\n  <<: *a\n");
    assert!(
        matches!(itself.problems[..], [Problem::RecursiveAlias { .. }]),
        "{:?}",
        itself.problems
    );
    let pairs: Vec<String> = (0..300).map(|number| format!("  k{number}: v\n")).collect();
    let many = format!("x: &x\n{}l:\n{}", pairs.concat(), "  - {<<: *x, n: 1}\n".repeat(800));
    let many = read(&many);
    assert!(matches!(many.problems[..], [Problem::TooManyAliases { .. }]), "{:?}", many.problems);
}

#[test]
fn a_bad_document_is_reported_and_the_next_one_is_read() {
    let stream = read("a: [1, 2\n---\nb: 2\n---\nc: 1\nc: 2\n---\nd: 4\n");
    assert_eq!(stream.documents.len(), 2);
    assert_eq!(stream.documents[1].root().get("d").unwrap().raw(), "4");
    assert!(matches!(
        &stream.problems[..],
        [Problem::Syntax { .. }, Problem::DuplicateKey { key, .. }] if key == "c"
    ));
    assert_eq!(stream.broken.len(), 2);
}

#[test]
fn duplicate_keys_are_found_in_small_and_large_mappings() {
    let large: Vec<String> = (0..40).map(|key| format!("k{key}: 1")).collect();
    for text in ["a: 1\nb: 2\na: 3\n".to_owned(), large.join("\n") + "\nk7: 2\n"] {
        assert!(matches!(read(&text).problems[..], [Problem::DuplicateKey { .. }]), "{text}");
    }
}

#[test]
fn unknown_and_recursive_aliases_are_named() {
    assert!(matches!(&read("a: *nope\nb: 1\n").problems[..],
        [Problem::UnknownAlias { name, .. }] if name == "nope"));
    assert!(matches!(read("a: &a [*a]\n").problems[..], [Problem::RecursiveAlias { .. }]));
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        text += &format!("a{level}: &a{level} [{below}]\n");
    }
    let stream = read(&text);
    assert!(matches!(stream.problems[..], [Problem::TooManyAliases { .. }]));
    assert!(stream.documents.is_empty());
}

#[test]
fn depth_is_limited_in_both_styles() {
    for text in ["[".repeat(100_000), (0..400).map(|depth| " ".repeat(depth) + "a:\n").collect()] {
        let stream = read(&text);
        assert!(matches!(stream.problems[..], [Problem::TooDeep { .. }]), "{:?}", stream.problems);
    }
}

#[test]
fn comments_are_kept_where_one_may_matter() {
    let stream = read("a: 1 # slo: allow(x): y\n# above\nb: '# not one'\n");
    let texts: Vec<_> = stream.comments.iter().map(|c| (c.text.as_str(), c.own_line)).collect();
    assert_eq!(texts, [(" slo: allow(x): y", false), (" above", true)]);
    assert!(read("a: 1 # nothing of ours\n").comments.is_empty());
}

#[test]
fn many_comment_lines_are_no_error() {
    let text = format!("# slo: header\n{}a: 1\n", "# line\n".repeat(5_000));
    assert!(read(&text).problems.is_empty());
}

fn nested(node: Node<'_>) {
    for child in node.items().chain(node.entries().filter(|e| !e.merged).map(|e| e.value)) {
        let from_alias = !node.span().contains(child.span());
        assert!(from_alias || child.span().start >= node.span().start);
        assert!(node.document().text.get(child.span().range()).is_some(), "whole characters");
        nested(child);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(\\PC|[\n\r\t:#&*!|>'\"%@`\\[\\]{},? -]){0,200}") {
        for document in &read(&text).documents {
            nested(document.root());
        }
    }

    #[test]
    fn any_yaml_like_text_is_read_or_refused(lines in prop::collection::vec(
        "( {0,4})(- )?(a|b|<<|名|\"k\"): ?(&x |\\*x|1|'s'|\\||>-|\\[|\\]|\\{|\\}|~|# slo:)?", 0..20)) {
        for document in &read(&lines.join("\n")).documents {
            nested(document.root());
        }
    }
}
