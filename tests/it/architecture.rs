//! The house stays in order: imports only go down, no file outgrows its ceiling.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// The floors, lowest first. `src/lib.rs` says what each module is for.
const FLOORS: &[&[&str]] = &[
    &["source", "quantity", "spelling", "globs", "text"],
    &["yaml", "query", "finding"],
    &["model", "config"],
    &["dialect", "change", "budget"],
    &[
        "policy",
        "proposal",
        "alerts",
        "indicators",
        "needs",
        "twins",
        "convert",
        "risk",
        "coverage",
        "replay",
        "git",
        "backend",
        "forge",
    ],
    &["rules"],
    &["lint"],
    &["gate"],
    &["report"],
    &["cli"],
];

/// The modules that touch the world; only `cli` may import one.
const DOORS: &[&str] = &["git", "backend", "forge"];

/// What `crate::` may name beside modules.
const BESIDE_MODULES: &[&str] = &[];

/// Files that may be longer than their ceiling, each with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[];

pub(crate) fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    let path = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("it was found below");
    path.to_str().expect("names are UTF-8").replace('\\', "/")
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// Returns the text of a file in which everything that leads to the root of the crate starts there.
///
/// In `src/model.rs`, `super::` is the root, but for a module that stands in the file itself, such as
/// `mod tests`, of which it is the file.
fn from_the_root(name: &str, text: &str) -> String {
    let is_below_root = name.matches('/').count() == 1;
    let mut is_outside = true;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.ends_with('{') && line.split(' ').any(|word| word == "mod") {
            is_outside = false;
        }
        let leads_up = is_below_root && is_outside;
        lines.push(if leads_up { line.replace("super::", "crate::") } else { line.to_owned() });
        is_outside |= line == "}";
    }
    lines.join("\n")
}

/// Returns whether a line imports several things at once.
fn is_group(line: &str) -> bool {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
    words.next() == Some("use") && line.contains('{')
}

#[test]
fn one_line_imports_one_thing() {
    for (line, expected) in [
        ("use std::fs::{File, read};", true),
        ("    use Operator::{Gt, Lt};", true),
        ("pub(crate) use crate::{", true),
        ("use std::fs::File;", false),
        ("fn used() { use_it() }", false),
    ] {
        assert_eq!(is_group(line), expected, "{line}");
    }
    for path in ["src", "tests", "examples"].into_iter().flat_map(rust_files) {
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let place = format!("{}:{}", relative(&path), number + 1);
            assert!(path.ends_with(file!()) || !is_group(line), "{place}: one a line");
        }
    }
}

#[test]
fn the_way_up_from_a_file_below_the_root_is_seen() {
    let text =
        "use super::cli;\nmod tests {\n    use super::*;\n}\nfn last() { super::git::open() }";
    let read = from_the_root("src/finding.rs", text);
    let expected = text.replace("super::cli", "crate::cli").replace("super::git", "crate::git");
    assert_eq!(read, expected);
    assert_eq!(from_the_root("src/lint/run.rs", text), text);
}

#[test]
fn imports_only_go_down() {
    for path in rust_files("src") {
        let name = relative(&path);
        let module = name.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default();
        if matches!(module, "lib" | "main") {
            continue;
        }
        let own = floor(module).unwrap_or_else(|| panic!("{name}: `{module}` stands on no floor"));
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in from_the_root(&name, &text).lines().enumerate() {
            let place = format!("{name}:{}", number + 1);
            assert!(!line.contains("super::super"), "{place}: one level up at most");
            if line.trim_start().starts_with("//") {
                continue;
            }
            for import in line.split("crate::").skip(1) {
                let other: String = import
                    .chars()
                    .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                    .collect();
                let Some(theirs) = floor(&other) else {
                    let named = BESIDE_MODULES.contains(&other.as_str());
                    assert!(named, "{place}: `{other}` stands on no floor");
                    continue;
                };
                let down = other == module || theirs < own;
                assert!(down, "{place}: `{module}` imports `{other}`, which is not below it");
                let through_door =
                    DOORS.contains(&other.as_str()) && other != module && module != "cli";
                assert!(!through_door, "{place}: only `cli` imports the door `{other}`");
            }
        }
    }
}

#[test]
fn no_file_outgrows_its_ceiling() {
    for folder in ["src", "tests"] {
        for path in rust_files(folder) {
            let name = relative(&path);
            let in_family = name.starts_with("src/rules/") && name.matches('/').count() >= 3;
            let ceiling = if in_family { 300 } else { 600 };
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            let excepted =
                EXCEPTIONS.iter().any(|(file, reason)| *file == name && !reason.is_empty());
            assert!(lines <= ceiling || excepted, "{name} has {lines} lines, at most {ceiling}");
        }
    }
    let runner = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixture.rs");
    assert!(
        fs::read_to_string(runner).unwrap().lines().count() < 400,
        "the fixture runner is small"
    );
}

#[test]
fn no_module_is_a_cupboard() {
    for path in rust_files("src") {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let cupboard = ["util", "utils", "common", "helper", "helpers", "misc", "types", "mod"];
        assert!(!cupboard.contains(&stem), "{}: what is it for?", relative(&path));
    }
}

#[test]
fn nothing_starts_a_program_but_the_fetch_of_one_commit() {
    for path in rust_files("src") {
        let name = relative(&path);
        let starts = fs::read_to_string(&path).unwrap().contains("process::Command");
        let may = ["src/git/fetch.rs", "src/git/sample.rs"].contains(&name.as_str());
        assert!(!starts || may, "{name}: git is read by gix, and only `fetch` asks a server");
    }
}

#[test]
fn no_binary_float_decides() {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    for path in rust_files("src") {
        let name = relative(&path);
        let floor = name.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default();
        if !["quantity", "budget", "policy", "gate"].contains(&floor) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        // The one way out of exact numbers, for drawing.
        let mut is_way_out = false;
        for (number, line) in text.lines().enumerate() {
            is_way_out = name == "src/quantity/ratio.rs"
                && (line.contains("pub fn to_f64(&self)") || is_way_out && line != "    }");
            let code = line.split("//").next().unwrap_or_default();
            let is_float = code
                .split(|letter| !is_word(letter))
                .any(|word| ["f32", "f64", "to_f32", "to_f64", "from_f64"].contains(&word));
            assert!(!is_float || is_way_out, "{name}:{}: no binary floats", number + 1);
        }
    }
}

#[test]
fn dependencies_stand_in_the_order_of_the_alphabet() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let text = fs::read_to_string(manifest).unwrap();
    let sections = text.split("\n[").filter(|section| section.contains("dependencies]\n"));
    for section in sections {
        let lines = section.lines().skip(1).filter_map(|line| line.split_once(" = "));
        let names: Vec<&str> = lines.map(|(name, _)| name).collect();
        assert!(!names.is_empty() && names.is_sorted(), "{names:?}");
    }
}

#[test]
fn nothing_waits_outside_the_forge() {
    for path in rust_files("src") {
        let name = relative(&path);
        let text = fs::read_to_string(&path).unwrap();
        let waits = text.lines().any(|line| line.contains("async fn") || line.contains(".await"));
        assert!(!waits || name.starts_with("src/forge"), "{name}: no `async` on this floor");
    }
}
