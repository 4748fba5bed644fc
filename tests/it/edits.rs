//! Edits that mean the same: whatever real files are written like, another way of writing is no change.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use slo::change;
use slo::config::Files;
use slo::lint;
use slo::lint::Tree;
use slo::source::Origin;
use slo::source::Source;
use slo::source::SourceId;
use slo::yaml;
use slo::yaml::Node;

use crate::corpus;

/// How many edits are tried of each file.
const CASES: u32 = 8;

/// Files with queries of which not all is read, so that nobody can tell whether other words mean the same.
const UNREAD: [(&str, &str); 1] =
    [("sloth/examples/victoria-metrics.yml", "`histogram_share` is of VictoriaMetrics alone")];

/// A way of writing the same otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit {
    /// Lines end as on Windows.
    LineEnds,
    /// A byte-order mark stands before everything.
    Mark,
    /// Comments stand before what begins a line.
    Comments,
    /// Everything stands on one line for each document, in quotes.
    Flow,
    /// The keys of every mapping stand the other way round.
    Keys,
    /// The documents stand the other way round.
    Documents,
    /// Queries have blanks within parentheses.
    Blanks,
    /// The file has another name.
    Path,
}

const ALL: [Edit; 8] = [
    Edit::LineEnds,
    Edit::Mark,
    Edit::Comments,
    Edit::Flow,
    Edit::Keys,
    Edit::Documents,
    Edit::Blanks,
    Edit::Path,
];

/// Edits that are made together.
#[derive(Clone, Debug)]
struct Edits(Vec<Edit>);

fn edits() -> impl Strategy<Value = Edits> {
    prop::sample::subsequence(ALL.to_vec(), 1..=ALL.len()).prop_map(Edits)
}

impl Edits {
    fn has(&self, edit: Edit) -> bool {
        self.0.contains(&edit)
    }

    /// Returns the path and the text of a file that was edited.
    fn apply(&self, path: &str, text: &str) -> (String, String) {
        let ending = Path::new(path).extension().and_then(OsStr::to_str);
        let is_yaml = matches!(ending, Some("yaml" | "yml"));
        let is_written_anew = [Edit::Flow, Edit::Keys, Edit::Documents, Edit::Blanks];
        let mut text = text.trim_start_matches('\u{feff}').to_owned();
        if is_yaml && is_written_anew.into_iter().any(|edit| self.has(edit)) {
            let source = Source::from_text("slo.yaml", text.as_str(), Origin::Worktree);
            let stream = yaml::parse(SourceId::default(), &source);
            let roots = stream.documents.iter().map(yaml::Document::root);
            let mut documents: Vec<String> = roots.map(|root| self.written(root)).collect();
            if self.has(Edit::Documents) {
                documents.reverse();
            }
            text = documents.iter().fold(String::new(), |all, one| all + "---\n" + one + "\n");
        }
        if self.has(Edit::Comments) && is_yaml {
            let commented = |line: &str| match line.chars().next() {
                Some(first) if first.is_alphabetic() => format!("# A remark.\n\n{line}"),
                _ => line.to_owned(),
            };
            text = text.split_inclusive('\n').map(commented).collect();
        }
        if self.has(Edit::LineEnds) {
            text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        }
        if self.has(Edit::Mark) {
            text.insert(0, '\u{feff}');
        }
        (if self.has(Edit::Path) { format!("moved/{path}") } else { path.to_owned() }, text)
    }

    /// Returns a node on one line.
    fn written(&self, node: Node<'_>) -> String {
        if node.is_mapping() {
            let entries = node
                .entries()
                .map(|entry| format!("{}: {}", self.written(entry.key), self.written(entry.value)));
            let mut entries: Vec<String> = entries.collect();
            if self.has(Edit::Keys) {
                entries.reverse();
            }
            return format!("{{{}}}", entries.join(", "));
        }
        if node.is_sequence() {
            let items: Vec<String> = node.items().map(|item| self.written(item)).collect();
            return format!("[{}]", items.join(", "));
        }
        let scalar = node.scalar().expect("what is no collection is a scalar");
        if !matches!(scalar.value(), yaml::Value::String) {
            return scalar.text.to_owned();
        }
        let text = if self.has(Edit::Blanks) {
            scalar.text.replace("(rate(", "( rate( ")
        } else {
            scalar.text.to_owned()
        };
        serde_json::to_string(&text).expect("a text can be written")
    }
}

fn tree(path: &str, text: &str) -> Tree {
    lint::load(vec![Source::from_text(path, text, Origin::Worktree)], &Files::default())
}

#[test]
fn an_edit_that_means_the_same_is_no_change() {
    let Some(files) = corpus::corpus() else { return };
    let texts = files.iter().filter_map(|file| {
        let text = String::from_utf8(file.bytes.clone()).ok()?;
        let whole = tree(&file.path, &text);
        let is_sound = whole.files.iter().all(|file| file.yaml.is_empty());
        let holds = !whole.catalog.objects().is_empty() && whole.templates.is_empty() && is_sound;
        holds.then(|| (file.path.clone(), text))
    });
    let texts: Vec<(String, String)> = texts.collect();
    assert!(texts.len() > 400, "{} files hold objects", texts.len());
    let (mut wrong, tried) = (String::new(), Cell::new(0));
    for (path, text) in &texts {
        let before = tree(path, text);
        // A runner counts what it has tried, whatever it was.
        let mut runner = TestRunner::new(ProptestConfig {
            cases: CASES,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let done = runner.run(&edits(), |edits| {
            tried.set(tried.get() + 1);
            let is_unread = UNREAD.iter().any(|(end, _)| path.ends_with(end));
            let Edits(mut all) = edits;
            all.retain(|edit| !(is_unread && *edit == Edit::Blanks));
            let edits = Edits(all);
            let (other_path, other) = edits.apply(path, text);
            let after = tree(&other_path, &other);
            let changes = change::between(before.placed(), after.placed()).into_iter();
            let said: Vec<_> = changes.filter(|it| it.kind.is_listed_by_default()).collect();
            prop_assert!(said.is_empty(), "{edits:?}: {said:?}");
            Ok(())
        });
        if let Err(error) = done {
            let _ = writeln!(wrong, "{path}: {error}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(tried.get(), texts.len() * CASES as usize);
}
