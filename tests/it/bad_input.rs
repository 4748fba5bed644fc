//! Bad input gets a finding or a clear error, never a panic, a hang or a lost file.
//!
//! Every run is guarded: one that panics or does not end fails its test (`command.rs`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::backend::run::StandIn;
use crate::backend::run::json;
use crate::backend::run::steady;
use crate::command::Ended;
use crate::command::NOW;
use crate::command::Run;
use crate::command::SLO;
use crate::command::slo;
use crate::repository::Repository;
use crate::standin::http::Reply;

/// An SLO with two things to find, one of which has a safe fix.
static BROKEN: LazyLock<String> = LazyLock::new(|| SLO.replace("Occurrences", "occurrences"));

fn folder() -> Repository {
    let folder = Repository::folder();
    folder.write("good/broken.yaml", &*BROKEN);
    folder
}

fn lint(folder: &Repository) -> Ended {
    slo(folder.path(), &["lint", "--format", "json", "--now", NOW])
}

/// Returns the rules that spoke about a file.
fn rules_of(ended: &Ended, path: &str) -> Vec<String> {
    let json = ended.json();
    let findings = json["findings"].as_array().unwrap().iter();
    let of_file = findings.filter(|finding| finding["path"] == path);
    of_file.map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

/// Asserts that a file gets a finding and the file beside it is linted all the same.
#[track_caller]
fn is_a_finding(path: &str, content: &[u8]) {
    let folder = folder();
    folder.write(path, content);
    let ended = lint(&folder);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_ne!(rules_of(&ended, path), Vec::<String>::new(), "{path}");
    assert!(rules_of(&ended, "good/broken.yaml").contains(&"target-100".to_owned()), "{path}");
}

/// Asserts that a file is passed over and the file beside it is linted all the same.
#[track_caller]
fn is_passed_over(folder: &Repository) {
    let ended = lint(folder);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(rules_of(&ended, "good/broken.yaml").contains(&"target-100".to_owned()));
}

#[test]
fn text_of_another_encoding_is_a_finding() {
    is_a_finding("latin.yaml", b"apiVersion: openslo/v1\nkind: SLO\n# caf\xe9\n");
    let wide: Vec<u8> = BROKEN.encode_utf16().flat_map(u16::to_le_bytes).collect();
    is_a_finding("little.yaml", &[b"\xff\xfe", wide.as_slice()].concat());
    let wide: Vec<u8> = BROKEN.encode_utf16().flat_map(u16::to_be_bytes).collect();
    is_a_finding("big.yaml", &[b"\xfe\xff", wide.as_slice()].concat());
    is_a_finding("nul.yaml", b"apiVersion: openslo/v1\nkind: SLO\nmetadata: \0\n");
}

#[test]
fn what_is_no_yaml_is_a_finding() {
    is_a_finding("a.yaml", b"apiVersion: openslo/v1\nkind: [SLO\n");
    is_a_finding("b.yaml", b"apiVersion: openslo/v1\n\tkind: SLO\n");
    is_a_finding("c.yaml", b"apiVersion: openslo/v1\nkind: \"\\q\n");
    is_a_finding("d.json", b"{\"apiVersion\": \"openslo/v1\", ");
    is_a_finding("e.yaml", b"apiVersion: openslo/v1\nkind: SLO\nkind: SLO\n");
}

#[test]
fn what_is_no_yaml_and_meant_to_be_an_object_is_a_finding_however_it_is_written() {
    let indented = format!("  {}\n", BROKEN.trim_end().replace('\n', "\n  "));
    let without = BROKEN.replace("apiVersion: openslo/v1\n", "");
    let with = |head: &str| format!("{head}\n{without}");
    let texts = [
        BROKEN.to_owned(),
        indented.clone(),
        format!("# ours\n---\n{indented}"),
        BROKEN.replacen("kind: SLO", " kind: SLO", 1),
        with("apiVersion: >-\n  openslo/v1"),
        with("apiVersion: |\n  openslo/v1"),
        with("apiVersion:\n  openslo/v1"),
        with("apiVersion: \"openslo\\x2fv1\""),
        with("apiVersion: \"\\x6fpenslo/v1\""),
        with("apiVersion: &version openslo/v1"),
        with("? apiVersion\n: openslo/v1"),
        with("ApiVersion: openslo/v1"),
        with("apiVerson: openslo/v1"),
        with("apiVersion: OPENSLO/v1"),
        with("apiVersion: opnslo/v1"),
        with("apiVersion:openslo/v1"),
        without.replace("indicator:", "indicatorRef:"),
        "{\"kind\": \"SLO\", \"apiVersion\": \"openslo\\/v1\", \"spec\": {}".to_owned(),
        "kind: List\nitems:\n- apiVersion: openslo/v1\n  kind: SLO\n".to_owned(),
        "version: prometheus/v1\nservice: shop\nslos:\n  - name: a\n".to_owned(),
        "version: \"prometheus/v1\"\nservice: shop\n".to_owned(),
    ];
    let folder = folder();
    for (number, text) in texts.iter().enumerate() {
        folder.write(&format!("{number}.yaml"), format!("{text}\nbroken: [\n"));
    }
    let ended = lint(&folder);
    for (number, text) in texts.iter().enumerate() {
        let rules = rules_of(&ended, &format!("{number}.yaml"));
        assert!(rules.contains(&"yaml-parse-error".to_owned()), "{text}: {rules:?}");
    }
    is_passed_over(&folder);
}

#[test]
fn what_is_no_yaml_and_of_another_tool_is_passed_over() {
    let texts = [
        "openslo: \"\\q\n",
        "# SLOs: see apiVersion: openslo/v1\nservices:\n  web:\n    image: shop\n",
        "services: # apiVersion: openslo/v1\n  web:\n    image: openslo/oslo:v1\n",
        "# openslo\nslo: { enabled: true }\nimage: openslo/v1\n",
        "#apiVersion: openslo/v1\n#kind: SLO\n#spec: { indicatorRef: a }\nreplicas: 2\n",
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  slo: |\n    apiVersion: openslo/v1\n",
        "apiVersion: example.com/v1alpha\nkind: SLO\nspec:\n  budgetingMethod: Occurrences\n",
        "apiVersion: monitoring.example.com/v1\nkind: Objective\n# openslo\n",
        "kind: Service\nspec: { ports: [80] }\n# openslo\n",
    ];
    let folder = folder();
    for (number, text) in texts.iter().enumerate() {
        folder.write(&format!("{number}.yaml"), format!("{text}\nbroken: [\n"));
        folder.write(&format!("{number}-indented.yaml"), format!("broken: [\n{text}"));
    }
    let ended = lint(&folder);
    let json = ended.json();
    let paths = json["findings"].as_array().unwrap().iter().map(|finding| &finding["path"]);
    assert!(paths.into_iter().all(|path| path == "good/broken.yaml"), "{json}");
    is_passed_over(&folder);
}

#[test]
fn depth_and_aliases_end_where_they_must() {
    let deep = format!("apiVersion: openslo/v1\nkind: SLO\nspec: {}", "[".repeat(100_000));
    is_a_finding("deep.yaml", deep.as_bytes());
    let mut nested = "apiVersion: openslo/v1\nkind: SLO\nspec:\n".to_owned();
    for level in 0..2_000 {
        nested.push_str(&" ".repeat(level + 1));
        nested.push_str("a:\n");
    }
    is_a_finding("nested.yaml", nested.as_bytes());
    let mut bomb =
        "apiVersion: openslo/v1\nkind: SLO\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let alias = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{alias}]\n"));
    }
    bomb.push_str("spec: *a29\n");
    is_a_finding("bomb.yaml", bomb.as_bytes());
    is_a_finding("self.yaml", b"apiVersion: openslo/v1\nkind: SLO\nspec: &a { b: *a }\n");
    let quotes = format!("apiVersion: openslo/v1\nkind: SLO\nspec: {}", "{a: \"".repeat(20_000));
    is_a_finding("quotes.yaml", quotes.as_bytes());
}

#[test]
fn a_file_that_is_too_large_is_a_finding() {
    let mut large = b"apiVersion: openslo/v1\nkind: SLO\n".to_vec();
    large.resize(50 * 1024 * 1024, b'#');
    is_a_finding("large.yaml", &large);
}

#[test]
fn an_empty_file_and_one_of_something_else_are_passed_over() {
    let folder = folder();
    folder.write("empty.yaml", "");
    folder.write("blank.yaml", "\n\n---\n---\n...\n");
    folder.write("other.yaml", "a: [1, 2");
    folder.write("picture.json", b"\x89PNG\r\n\x1a\n\0\0");
    let ended = lint(&folder);
    assert_eq!(
        ended.json()["findings"].as_array().unwrap().len(),
        rules_of(&ended, "good/broken.yaml").len()
    );
    is_passed_over(&folder);
}

#[test]
fn links_folders_and_pipes_are_not_read() {
    let folder = folder();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("x.yaml"), &*BROKEN).unwrap();
    symlink(outside.path().join("x.yaml"), folder.path().join("out.yaml")).unwrap();
    symlink(outside.path(), folder.path().join("outside")).unwrap();
    symlink("loop.yaml", folder.path().join("loop.yaml")).unwrap();
    symlink("..", folder.path().join("good/up")).unwrap();
    symlink("/dev/zero", folder.path().join("zero.yaml")).unwrap();
    fs::create_dir(folder.path().join("folder.yaml")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe.yaml")).status();
    assert!(made.unwrap().success());
    let ended = lint(&folder);
    assert!(
        ended.err.contains("out.yaml: a link that leads out of the repository"),
        "{}",
        ended.err
    );
    let json = ended.json();
    let paths = json["findings"].as_array().unwrap().iter().map(|finding| &finding["path"]);
    assert!(paths.into_iter().all(|path| path == "good/broken.yaml"), "{json}");
    is_passed_over(&folder);
}

#[test]
fn a_link_is_passed_over_unsaid_only_where_its_target_is_read() {
    let repository = Repository::new();
    repository.write(".gitignore", "rendered/\n");
    repository.write("slo.toml", "[files]\nexclude = [\"old/**\"]\n");
    let targets = [
        ("slo.txt", true),
        ("rendered/a.yaml", true),
        ("old/a.yaml", true),
        ("slo/a.yaml", false),
        ("slo", false),
    ];
    for (number, (target, is_said)) in targets.into_iter().enumerate() {
        let link = format!("{number}.yaml");
        if target != "slo" {
            repository.write(target, &*BROKEN);
        }
        symlink(target, repository.path().join(&link)).unwrap();
        let ended = lint(&repository);
        assert_eq!(rules_of(&ended, &link), Vec::<String>::new());
        let said = format!("{link}: a link to {target}, which is not read");
        assert_eq!(ended.err.contains(&said), is_said, "{target}: {}", ended.err);
        assert_eq!(ended.err.contains(&link), is_said, "{target}: {}", ended.err);
    }
}

#[test]
fn a_tracked_file_below_a_link_is_not_read_and_not_fixed() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("x.yaml"), &*BROKEN).unwrap();
    let repository = Repository::new();
    repository.write("slo/x.yaml", &*BROKEN);
    repository.commit("Start");
    fs::remove_dir_all(repository.path().join("slo")).unwrap();
    symlink(outside.path(), repository.path().join("slo")).unwrap();
    let ended = slo(repository.path(), &["lint", "--fix", "--format", "json"]);
    assert_eq!(rules_of(&ended, "slo/x.yaml"), Vec::<String>::new());
    assert_eq!(fs::read_to_string(outside.path().join("x.yaml")).unwrap(), *BROKEN);
}

#[test]
fn a_name_that_is_no_text_is_said() {
    let folder = folder();
    let name = OsStr::from_bytes(b"caf\xe9.yaml");
    fs::write(folder.path().join(name), &*BROKEN).unwrap();
    let ended = lint(&folder);
    assert!(ended.err.contains("passed over"), "{ended:?}");
    is_passed_over(&folder);
    let named = Run::new(folder.path()).arguments(&[OsStr::new("lint"), name]).end();
    assert!(matches!(named.code, Some(0..=2)), "{named:?}");
}

#[test]
fn names_and_lines_of_every_script_are_shown() {
    let folder = folder();
    folder.write("目標/決済 支払い.yaml", &*BROKEN);
    let ended = lint(&folder);
    assert!(rules_of(&ended, "目標/決済 支払い.yaml").contains(&"target-100".to_owned()));
    let named = slo(folder.path(), &["lint", "目標"]).expect(1);
    assert!(named.out.contains("目標/決済 支払い.yaml:"), "{}", named.out);
    folder.write("new\nline.yaml", &*BROKEN);
    let strange = slo(folder.path(), &["lint", "--format", "concise"]).expect(1);
    assert!(!strange.out.lines().any(|line| line.starts_with("line.yaml")), "{}", strange.out);
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let folder = folder();
    let evil = BROKEN
        .replace("payments", "\"pay\\e[2Jments\\u202e\"")
        .replace("occurrences", "\"\\e]0;x\\a\"");
    folder.write("evil.yaml", evil);
    folder.write(
        "raw.yaml",
        BROKEN.replace("# ", "").replace("SLO", "SLO # \u{202e}\u{200b}\u{1b}[31m"),
    );
    for format in ["terminal", "concise", "github", "markdown"] {
        let ended = slo(folder.path(), &["lint", "--format", format]);
        for character in ['\u{1b}', '\u{7}', '\u{202e}'] {
            assert!(!ended.out.contains(character), "{format}: {character:?}");
        }
    }
}

#[test]
fn very_long_lines_and_many_findings_are_reported() {
    let folder = Repository::folder();
    let long = BROKEN.replace("sum(e)", &format!("\"sum({})\"", "e".repeat(1_000_000)));
    folder.write(
        "long.yaml",
        long.replace("target: 1", &format!("{}target: 1", " ".repeat(200_000))),
    );
    let many: Vec<String> =
        (0..1_000).map(|number| BROKEN.replace("payments", &format!("p{number}"))).collect();
    folder.write("many.yaml", many.join("---\n"));
    let ended = lint(&folder);
    assert!(rules_of(&ended, "many.yaml").len() >= 1_000);
    let text = slo(folder.path(), &["lint"]).expect(1);
    assert!(text.out.lines().all(|line| line.len() < 4_000), "a line of the excerpt is cut");
}

#[test]
fn thousands_of_suppressions_in_one_file_are_read() {
    let folder = folder();
    let comments = "# slo: allow(no-alert) until 2026-13-45: x\n".repeat(20_000);
    folder.write("many.yaml", format!("{comments}{}", BROKEN.replace("payments", "many")));
    let ended = lint(&folder);
    assert!(rules_of(&ended, "many.yaml").len() >= 20_000);
}

#[test]
fn thousands_of_unknown_keys_in_one_mapping_are_told() {
    let folder = folder();
    let keys: Vec<String> = (0..20_000).map(|number| format!("  tarxet{number}: 1\n")).collect();
    let head = "apiVersion: openslo/v1\nkind: SLO\nmetadata: { name: many }\nspec:\n";
    folder.write("many.yaml", format!("{head}{}", keys.concat()));
    assert!(rules_of(&lint(&folder), "many.yaml").len() >= 20_000);
}

#[test]
fn thousands_of_documents_that_are_no_object_are_read() {
    let folder = folder();
    folder.write("many.yaml", "apiVersion: openslo/v1\n---\n".repeat(250_000));
    let arguments = ["lint", "--rule", "target-100", "--format", "json", "--now", NOW];
    let ended = slo(folder.path(), &arguments);
    assert_eq!(rules_of(&ended, "many.yaml"), Vec::<String>::new());
    assert_eq!(rules_of(&ended, "good/broken.yaml"), ["target-100"]);
}

#[test]
fn thousands_of_placeholders_in_one_query_are_told() {
    let folder = folder();
    let placed: Vec<String> = (0..20_000).map(|number| format!("$a{number} ")).collect();
    let open = "${".repeat(2_000_000);
    let quoted = |text: &str| format!("'{text}'");
    let text =
        BROKEN.replace("sum(e)", &quoted(&placed.concat())).replace("sum(t)", &quoted(&open));
    folder.write("many.yaml", text);
    let told = rules_of(&lint(&folder), "many.yaml");
    let placeholders = told.iter().filter(|rule| *rule == "unresolved-query-placeholder");
    assert_eq!(placeholders.count(), 20_000);
}

#[test]
fn thousands_of_files_are_read() {
    let folder = folder();
    for number in 0..5_000 {
        folder.write(
            &format!("many/{number}.yaml"),
            "apiVersion: openslo/v1\nkind: Service\nmetadata: { name: a }\n",
        );
    }
    is_passed_over(&folder);
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_a_finding() {
    let folder = folder();
    folder.write("closed.yaml", &*BROKEN);
    let closed = folder.path().join("closed.yaml");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
    folder.give_away();
    let run = Run::new(folder.path()).arguments(&["lint", "--format", "json"]).unprivileged();
    let ended = run.end().expect(1);
    assert_eq!(rules_of(&ended, "closed.yaml"), ["yaml-parse-error"]);
    assert!(rules_of(&ended, "good/broken.yaml").contains(&"target-100".to_owned()));
}

#[test]
fn standard_input_is_linted_and_never_written() {
    let folder = Repository::folder();
    let run = |arguments: &[&str], input: &[u8]| {
        Run::new(folder.path()).arguments(arguments).input(input).end()
    };
    let ended = run(&["lint", "-"], BROKEN.as_bytes()).expect(1);
    assert!(ended.out.contains("<stdin>:"), "{}", ended.out);
    run(&["lint", "-"], b"").expect(0);
    run(&["lint", "-"], b"\xff\xfe\0").expect(1);
    run(&["lint", "-", "--fix"], BROKEN.as_bytes()).expect(2);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no file was made");
}

#[test]
fn a_fix_keeps_marks_line_ends_and_permissions_and_is_done_once() {
    let folder = Repository::folder();
    let broken = format!("\u{feff}{}", *BROKEN).replace('\n', "\r\n");
    folder.write("slo.yaml", &broken);
    let path = folder.path().join("slo.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    slo(folder.path(), &["lint", "--fix"]).expect(1);
    let fixed = folder.read("slo.yaml");
    assert_eq!(fixed, broken.replace("occurrences", "Occurrences"));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    let again = slo(folder.path(), &["lint", "--fix"]).expect(1);
    assert_eq!(folder.read("slo.yaml"), fixed);
    assert!(!again.err.contains("applied"), "{}", again.err);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
}

#[test]
fn a_file_that_is_half_text_is_not_fixed() {
    let folder = Repository::folder();
    let bytes = [BROKEN.as_bytes(), b"# caf\xe9\n", BROKEN.as_bytes()].concat();
    folder.write("slo.yaml", &bytes);
    slo(folder.path(), &["lint", "--fix=unsafe"]).expect(1);
    assert_eq!(fs::read(folder.path().join("slo.yaml")).unwrap(), bytes);
}

#[test]
fn a_fix_that_cannot_be_written_leaves_the_file_whole() {
    let folder = Repository::folder();
    folder.write("closed/slo.yaml", &*BROKEN);
    let closed = folder.path().join("closed");
    folder.give_away();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    let ended = Run::new(folder.path()).arguments(&["lint", "--fix"]).unprivileged().end();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    ended.expect(3);
    assert_eq!(folder.read("closed/slo.yaml"), *BROKEN);
}

#[test]
fn a_closed_pipe_changes_no_exit_code() {
    let folder = folder();
    let mut command = Run::new(folder.path()).arguments(&["lint"]).command();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(command.stdout(writer).status().unwrap().code(), Some(1));
}

#[test]
fn a_report_into_a_pipe_or_through_a_link_replaces_neither() {
    let folder = folder();
    let link = folder.path().join("link.json");
    folder.write("target.json", "{}");
    symlink("target.json", &link).unwrap();
    slo(folder.path(), &["lint", "--format", "json=link.json"]).expect(1);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(folder.read("target.json").contains("target-100"));
    let ended = slo(folder.path(), &["lint", "--format", "json=/dev/stdout"]).expect(1);
    assert!(ended.json()["version"] == 1);
    slo(folder.path(), &["lint", "--format", "json=/dev/null"]).expect(1);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn a_token_is_never_printed() {
    let secret = "s3cr3t-t0k3n-0123456789";
    let shop = Repository::new();
    shop.write("slo.toml", "[backend.prod]\ntype = \"prometheus\"\nurl = \"http://${HOST}:1\"\nbearer-token-env = \"TOKEN\"\ntimeout = \"1s\"\nretries = 0\n");
    shop.write("slo/broken.yaml", SLO.replace("target: 1", "target: 0.99"));
    shop.write("slo/policy.yaml", "apiVersion: slo/v1\nkind: ErrorBudgetPolicy\nmetadata: { name: a }\nspec:\n  tiers: [{ name: b, enter: { burn: { lookback: slo, gte: 1 } }, gate: freeze }]\n");
    shop.commit("Start");
    for arguments in [
        &["gate", "-v"][..],
        &["budget", "-v"],
        &["lint", "-v"],
        &["gate", "-v", "--format", "json"],
        &["rules", "-v"],
    ] {
        let run = Run::new(shop.path()).arguments(arguments);
        let ended = run
            .environment("TOKEN", secret)
            .environment("GITHUB_TOKEN", secret)
            .environment("HOST", "127.0.0.1")
            .end();
        assert!(!format!("{}{}", ended.out, ended.err).contains(secret), "{arguments:?}");
    }
}

#[test]
fn a_token_that_a_server_repeats_is_never_printed() {
    let secret = "s3cr3t-t0k3n/0123456789";
    let forms = [
        secret.to_owned(),
        secret.replace('/', "%2F").replace('-', "%2d"),
        secret.replace('/', "&#47;").replace('3', "&#x33;"),
        STANDARD.encode(format!("Bearer {secret}")),
        STANDARD.encode(format!("scraper:{secret}")),
    ];
    let said = forms.join(" or ");
    // As a refusal, as a failure after which it is asked again, as a part of the data, and as a remark.
    for status in [400, 500, 200, 201] {
        let said = said.clone();
        let server = StandIn::start(move |asked, _| match status {
            201 => {
                let Reply::Answer { body, .. } = steady(asked) else { return Reply::HangUp };
                let warning = format!("{{\"warnings\":[\"PromQL info: {said}\"],");
                json(200, &String::from_utf8(body).unwrap().replacen('{', &warning, 1))
            }
            _ => json(status, &format!(r#"{{"status":"error","error":"not {said}"}}"#)),
        });
        let shop = Repository::new();
        let settings = "bearer-token-env = \"TOKEN\"\nretries = 0\n";
        shop.write("slo.toml", server.config(settings));
        shop.write("slo/slo.yaml", SLO.replace("target: 1", "target: 0.99"));
        shop.write("slo/policy.yaml", "apiVersion: slo/v1\nkind: ErrorBudgetPolicy\nmetadata: { name: a }\nspec:\n  tiers: [{ name: b, enter: { burn: { lookback: slo, gte: 1 } }, gate: freeze }]\n");
        shop.commit("Start");
        shop.branch("work");
        shop.write("README.md", "# Shop\n");
        shop.commit("Work");
        for command in ["gate", "budget"] {
            for format in ["terminal", "json", "markdown", "github"] {
                for verbosity in ["-q", "-v"] {
                    let arguments = [command, "--format", format, verbosity];
                    let run = Run::new(shop.path()).arguments(&arguments);
                    let ended = run.environment("TOKEN", secret).end();
                    let shown = format!("{}{}", ended.out, ended.err);
                    for form in &forms {
                        assert!(!shown.contains(form), "{arguments:?}: {shown}");
                    }
                    // So that what the server says is there to be looked at.
                    let repeats = shown.contains("redacted");
                    assert!(repeats || format != "json", "{arguments:?}: {shown}");
                }
            }
        }
    }
}
