use crate::rules;

use super::*;

/// The block of a page says nothing that is lost on the way to the terminal.
#[test]
fn a_finding_is_read_back_as_it_was_written() {
    let block = "\
warning[a-rule]: one thing
  --> a.yaml:12:3
   |
 7 |   決済: 1
   |   -- its name
12 |   b: 2
   |   ^ here
 3 | (other/b.yaml) c: 3
   |                ---- and there
   = note: known from a
   = help: look
   = help: write `d` (unsafe fix)

info[a-rule]: another
 --> a.yaml:1:1
  |
1 | x
  | ^
";
    let (sources, findings) = read("a-rule", block).expect("it is a block of findings");
    let [first, second] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!((first.level, &*first.message), (Level::Warning, "one thing"));
    assert_eq!(sources.slice(first.span), "b");
    assert_eq!(first.label.as_deref(), Some("here"));
    let labels: Vec<_> =
        first.labels.iter().map(|label| (sources.slice(label.span), &*label.message)).collect();
    assert_eq!(labels, [("決済", "its name"), ("c: 3", "and there")]);
    assert_eq!(sources.file(first.labels[1].span.source).path, "other/b.yaml");
    assert_eq!(
        (first.notes.as_slice(), first.help.as_deref()),
        (&["known from a".into()][..], Some("look"))
    );
    assert_eq!(first.fix.as_ref().map(|fix| &*fix.title), Some("write `d`"));
    assert_eq!((second.level, sources.slice(second.span)), (Level::Info, "x"));
    let style = Style::default();
    let drawn = draw("a-rule", block, 60, &style).expect("it is a block of findings").join("\n");
    assert!(drawn.contains("╭─[a.yaml:12:3]") && drawn.contains("├─[other/b.yaml:3:1]"), "{drawn}");
    assert!(!drawn.contains("more:"), "{drawn}");
}

#[test]
fn what_is_no_block_of_findings_is_left_alone() {
    for block in ["", "error[a-rule]: x\n", "error[other]: x\n --> a:1:1\n", "nothing\nat all\n"] {
        let read = read("a-rule", block);
        assert!(read.is_none_or(|(_, findings)| findings.is_empty()), "{block}");
    }
}

#[test]
fn every_block_of_every_page_is_read() {
    for rule in rules::all() {
        let blocks = rule.docs.split("```findings\n").skip(1);
        for block in blocks.filter_map(|rest| rest.split("\n```").next()) {
            let (_, findings) = read(rule.name, block).unwrap_or_else(|| panic!("{block}"));
            assert_eq!(findings.len(), block.matches("--> ").count(), "{block}");
        }
    }
}
