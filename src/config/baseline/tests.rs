//! What the baseline's file promises: the same bytes, and every mistake at its place.

use serde_json::Value as Json;

use super::*;
use crate::source::LineIndex;
use crate::source::Origin;

fn key(path: &str, message: &str) -> Key {
    Key {
        path: path.to_owned(),
        object: Some("SLO shop/決済".to_owned()),
        at: Some("spec.objectives[速い].target".to_owned()),
        rule: "target-100".to_owned(),
        message: message.to_owned(),
    }
}

fn parse(text: &str) -> (Baseline, Vec<Problem>) {
    let source = Source::from_text(FILE_NAME, text, Origin::Worktree);
    Baseline::parse(SourceId::default(), &source)
}

/// Returns what is wrong, each as `line: message`.
fn problems(text: &str) -> Vec<String> {
    let line = |at: Span| LineIndex::new(text).position(at.start as usize).line;
    let problems = parse(text).1.into_iter();
    problems.map(|problem| format!("{}: {}", line(problem.span), problem.message)).collect()
}

fn schema() -> Json {
    serde_json::from_str(include_str!("../../../schemas/baseline.json")).expect("it is JSON")
}

#[test]
fn what_is_written_is_read_again() {
    let nasty = "`a\"b\\c\u{7f}\n\r\t\u{0}` \u{202e}turned\u{feff} \u{61c}\u{ad}\u{180e}\u{fff9}\u{e0041} 名前 👩\u{200d}💻 '''";
    let mut findings = BTreeMap::from([(key("b.yaml", nasty), 2), (key("a.yaml", "x"), 1)]);
    let bare = Key { object: None, at: None, ..key("a.yaml", "not valid YAML: '' \"\"") };
    findings.insert(bare, u32::MAX);
    let text = render(&findings);
    assert_eq!(text.lines().count(), 5 + 1 + 3 + 1, "one finding is one line: {text}");
    assert!(!text.contains(|it| it != '\n' && is_active(it)), "nothing hides: {text:?}");
    assert!(text.contains("\\u061C\\u00AD\\u180E\\uFFF9\\U000E0041"), "{text}");
    assert!(text.contains("名前 👩\u{200d}💻"), "and what is seen is not escaped: {text}");
    let (read, problems) = parse(&text);
    assert_eq!(problems, []);
    assert_eq!(read.written_by, env!("CARGO_PKG_VERSION"));
    let again: BTreeMap<Key, u32> =
        read.entries.into_iter().map(|entry| (entry.key, entry.count)).collect();
    assert_eq!(again, findings);
    assert_eq!(render(&again), text);
    for other in [text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
        assert_eq!(parse(&other).1, [], "{other:?}");
        assert_eq!(parse(&other).0.entries.len(), 3);
    }
}

#[test]
fn of_two_lines_for_one_finding_the_higher_count_stays() {
    let text = render(&BTreeMap::from([(key("a.yaml", "x"), 2), (key("b.yaml", "x"), 1)]));
    assert_eq!(parse(&text).0.twin(), None);
    let line = text.lines().nth(6).expect("a finding");
    for twins in [[line, &line.replace("2 }", "3 }")], [&line.replace("2 }", "3 }"), line]] {
        let (mut read, problems) = parse(&text.replace(line, &twins.join("\n")));
        assert_eq!(problems, []);
        let twin = read.twin().expect("a twin");
        assert_eq!(twin.message, "the baseline holds this finding twice");
        assert_eq!(twin.span, read.entries[1].span);
        read.join_twins();
        let counts = |baseline: &Baseline| baseline.entries.iter().map(|it| it.count).collect();
        let counts: Vec<u32> = counts(&read);
        assert_eq!((counts, read.twin()), (vec![3, 1], None));
    }
}

#[test]
fn no_finding_is_a_file_too() {
    let text = render(&BTreeMap::new());
    assert_eq!(parse(&text).0.entries, []);
    assert_eq!(parse(&text).1, []);
}

#[test]
fn an_entry_knows_its_place() {
    let text = render(&BTreeMap::from([(key("a.yaml", "x"), 1)]));
    let (read, _) = parse(&text);
    let [entry] = read.entries.as_slice() else { panic!("one entry") };
    let written = &text[entry.span.range()];
    assert!(written.starts_with("{ path = ") && written.ends_with(" }"), "{written}");
}

#[test]
fn what_is_wrong_is_named_at_its_place() {
    const HEAD: &str = "version = 1\nslo = \"0.1.0\"\n";
    const ONE: &str = "{ path = \"a\", rule = \"r\", message = \"m\" }";
    let findings = |list: &str| format!("{HEAD}findings = [\n{list}\n]\n");
    for (text, expected) in [
        (String::new(), "1: the baseline lacks `version`"),
        ("version = 2\nwhat = 1\n".into(), "1: the baseline has version 2, and 1 is read"),
        ("version = \"1\"\n".into(), "1: `version` expects an integer, found a string"),
        ("version = 1\nslo = \"\"\nfindings = []\n".into(), "2: `slo` is empty"),
        (HEAD.into(), "3: the baseline lacks `findings`"),
        (format!("{HEAD}finding = []\n"), "3: unknown key `finding` in the baseline"),
        (
            format!("{HEAD}findings = 1\n"),
            "3: `findings` expects an array of tables, found an integer",
        ),
        (findings("1"), "4: a finding of the baseline expects a table, found an integer"),
        (
            findings("{ path = \"a\", rule = \"r\" }"),
            "4: a finding of the baseline lacks `message`",
        ),
        (
            findings("{ path = \"a\", rul = \"r\", message = \"m\" }"),
            "4: unknown key `rul` in a finding of the baseline",
        ),
        (
            findings("{ path = \"a\", rule = \"r\", message = \"m\", count = 0 }"),
            "4: `count` expects an integer from 1 to 4294967295, found `0`",
        ),
        (
            findings("{ path = 1, rule = \"r\", message = \"m\" }"),
            "4: `path` expects a string, found an integer",
        ),
        (
            findings(&format!("<<<<<<< HEAD\n{ONE},\n=======\n>>>>>>> work")),
            "4: a merge left the mark `<<<<<<<` here",
        ),
        (
            findings("{ path = \"a\""),
            "5: not TOML: missing comma between key-value pairs, expected `,`",
        ),
    ] {
        let found = problems(&text);
        let first = found.first().map_or("nothing", String::as_str);
        let is_it =
            first == expected || (first.contains("not TOML") && expected.contains("not TOML"));
        assert!(is_it, "{text}\n{found:?}\nexpected {expected}");
    }
    let source = Source::decode(FILE_NAME, vec![0xFF, 0xFE, b'a', 0], Origin::Worktree);
    assert_eq!(Baseline::parse(SourceId::default(), &source).1.len(), 1);
}

#[test]
fn the_schema_knows_the_keys_that_are_read_and_accepts_what_is_written() {
    let schema = schema();
    for (pointer, keys) in
        [("/properties", KEYS), ("/properties/findings/items/properties", ENTRY_KEYS)]
    {
        let described = schema.pointer(pointer).and_then(Json::as_object).expect("a table");
        let described: Vec<&str> = described.keys().map(String::as_str).collect();
        assert_eq!(described, keys);
    }
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let json = |text: &str| {
        let table: toml::Table = toml::from_str(text).expect("it is TOML");
        serde_json::to_value(table).expect("a table of TOML is JSON")
    };
    let text = render(&BTreeMap::from([(key("a.yaml", "x"), 2), (key("b.yaml", "x"), 1)]));
    assert!(validator.is_valid(&json(&text)), "{text}");
    for wrong in [
        text.replace("version = 1", "version = 2"),
        text.replace("count = 2", "count = 0"),
        text.replace("rule =", "rul ="),
        text.replace("findings =", "finding ="),
    ] {
        assert!(!validator.is_valid(&json(&wrong)), "{wrong}");
        assert!(!problems(&wrong).is_empty(), "{wrong}");
    }
}
