//! All fixes of a file together: what they leave is YAML and keeps every comment, however the file
//! is written. Safe ones add no finding either.

use std::collections::BTreeMap;

use proptest::prelude::*;
use slo::config::Files;
use slo::finding::Finding;
use slo::finding::Safety;
use slo::lint;
use slo::source::Origin;
use slo::source::Source;

use crate::mutations::findings;

const HEAD: &str = "apiVersion: openslo/v1
kind: SLO
metadata: {name: crossings-open, annotations: {slo/owner: ferries}}
spec:
  service: ferries
  indicatorRef: crossings
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Timeslices
  objectives:
    - displayName: &base first
      target: &shared 0.99
      timeSliceTarget: 0.9
      timeSliceWindow: &slice 4H
";

/// Every way to write the fields of an objective that have something to fix.
const FIELDS: [&[&str]; 5] = [
    &["displayName: one", "\"displayNmae\": '名'", "displayName: *base", "dispayName: 決済 # 名前"],
    &["target: 0.99", "target: 99", "target: *shared", "target: &own 0.99", "'target': 0.98"],
    &["targetPercent: 99", "targetPercent: 98", "\"targetPercent\": 99", "targetPercnt: 99"],
    &["targett: 0.97", "ttarget: 0.96", "op: gt", "x-note: {a: [1, 2]}"],
    &["timeSliceWindow: 4H", "timeSliceWindow: *slice", "timeSliceWindow: \"2H\""],
];

/// One field of an objective as it stands in the file.
#[derive(Clone, Debug)]
struct Field {
    written: &'static str,
    /// A comment of its own line above it, and one behind it.
    comments: (bool, bool),
    /// Whether the key has a question mark, or the value is a block.
    form: u8,
}

fn fields() -> impl Strategy<Value = Vec<Field>> {
    let one = |ways: &'static [&'static str]| {
        let field = (prop::sample::select(ways), any::<(bool, bool)>(), 0..8u8);
        let field = field.prop_map(|(written, comments, form)| Field { written, comments, form });
        prop::option::of(field)
    };
    let all: Vec<_> = FIELDS.into_iter().map(one).collect();
    all.prop_map(|fields| fields.into_iter().flatten().collect::<Vec<_>>()).prop_shuffle()
}

/// Writes an objective; every comment has a number of its own.
fn objective(fields: &[Field], flow: bool, comments: &mut usize) -> String {
    let mut comment = |wanted: bool, before: &str| {
        *comments += usize::from(wanted);
        if wanted { format!("{before}# comment {comments}.") } else { String::new() }
    };
    if flow {
        let (mut text, last) = ("    - {".to_owned(), fields.len().saturating_sub(1));
        for (index, field) in fields.iter().enumerate() {
            let written = field.written.split(" #").next().unwrap_or_default();
            text += written;
            text += if index < last { ", " } else { "" };
            let note = comment(field.comments.1 && index < last, "");
            text += &if note.is_empty() { note } else { format!("{note}\n       ") };
        }
        return text + "}\n";
    }
    let mut text = String::new();
    for field in fields {
        let start = if text.is_empty() { "    - " } else { "      " };
        if !text.is_empty() && field.comments.0 {
            text += &comment(true, "      ");
            text += "\n";
        }
        let (key, value) = field.written.split_once(": ").unwrap_or_default();
        let may_change = !value.starts_with(['*', '&', '{', '"', '\'']) && !value.contains('#');
        text += start;
        text += &match field.form {
            0 if may_change => format!("? {key}\n      : {value}"),
            1 if may_change && key.ends_with("Window") => format!("{key}: |\n        {value}"),
            2 if may_change => format!("{key}:\n        {value}"),
            _ => field.written.to_owned(),
        };
        let is_block = field.form == 1 && may_change && key.ends_with("Window");
        text += &comment(field.comments.1 && !is_block && !value.contains('#'), "  ");
        text += "\n";
    }
    if text.is_empty() { "    - {}\n".to_owned() } else { text }
}

fn counted(findings: &[Finding]) -> BTreeMap<(&'static str, String), usize> {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry((finding.rule, finding.message.to_string())).or_default() += 1;
    }
    counts
}

fn fixed(text: &str, found: &[Finding], highest: Safety) -> Option<String> {
    let tree =
        lint::load(vec![Source::from_text("slo.yaml", text, Origin::Worktree)], &Files::default());
    lint::fix(&tree.sources, found, highest, |_| true).pop().map(|fixed| fixed.text)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, ..ProptestConfig::default() })]

    #[test]
    fn fixes_together_break_nothing_add_nothing_and_keep_comments(
        objectives in prop::collection::vec((fields(), any::<bool>()), 1..4),
        crlf in any::<bool>(),
        method in prop::sample::select(&["Timeslices", "Occurrences"][..]),
        highest in prop::sample::select(&[Safety::Safe, Safety::Unsafe][..]),
    ) {
        let mut comments = 0;
        let mut text = HEAD.replace("Timeslices", method);
        for (fields, flow) in &objectives {
            text += &objective(fields, *flow, &mut comments);
        }
        if text.contains("&own") {
            text += "    - {displayName: last, target: *own}\n";
        }
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        let found = findings(&text);
        prop_assert!(!counted(&found).keys().any(|(rule, _)| *rule == "yaml-parse-error"), "{text}");
        let before = counted(&found);
        let (mut current, mut found) = (text.clone(), found);
        for _ in 0..5 {
            let Some(next) = fixed(&current, &found, highest) else { break };
            found = findings(&next);
            for (key, count) in counted(&found) {
                let was = before.get(&key).copied().unwrap_or(0);
                let is_told = highest == Safety::Unsafe && key.0 != "yaml-parse-error";
                prop_assert!(count <= was || is_told, "adds {key:?}:\n{text}\n{next}");
            }
            for number in 1..=comments {
                let comment = format!("# comment {number}.");
                prop_assert!(next.contains(&comment), "{comment} is lost:\n{text}\n{next}");
            }
            prop_assert!(next.matches("\r\n").count() == next.matches('\n').count() || !crlf);
            current = next;
        }
        prop_assert_eq!(fixed(&current, &found, highest), None, "the fixes come to an end");
    }
}
