//! What the baseline holds is not reported again, whatever is edited beside it.

use crate::lint::lonely;
use crate::repository::Repository;

use super::FILE;
use super::found;
use super::lint;
use super::old;
use super::slo;

const NOTHING: [&str; 0] = [];

#[test]
fn what_is_held_fails_no_run() {
    let folder = old();
    assert_eq!(found(&lint(&folder, &[]).expect(0)), NOTHING);
    let all = lint(&folder, &["--no-baseline"]).expect(1);
    let both = ["slo/a.yaml:19 target-100", "slo/b.yaml:19 target-unit-mismatch"];
    assert_eq!(found(&all), both);
    for level in ["info", "warning", "error"] {
        lint(&folder, &["--fail-on", level]).expect(0);
    }
    folder.write("slo.toml", "[rules]\ntarget-100 = \"error\"\n");
    assert_eq!(found(&lint(&folder, &[]).expect(0)), NOTHING, "whatever its level");
}

#[test]
fn edits_beside_it_leave_it_old() {
    let folder = old();
    let text = folder.read("slo/a.yaml");
    for other in [
        format!("# 決済\n---\n# 長い説明\n{text}"),
        text.replace('\n', "\r\n"),
        text.replace("\nspec:\n", "\nspec:\n  description: 支払い\n"),
        text.replace("  service: shop\n", "") + "  service: 店\n",
        text.replace(
            "    - target: 1",
            "    # why not\n    - displayName: \"\"\n      target: 1.0",
        ),
        format!("{}---\n{text}", slo("first", &["target: 0.9"])),
    ] {
        folder.write("slo/a.yaml", &other);
        assert_eq!(found(&lint(&folder, &[]).expect(0)), NOTHING, "{other}");
    }
}

#[test]
fn what_is_wrong_otherwise_is_new() {
    let folder = old();
    folder.replace("slo/b.yaml", "99.9", "99.5");
    let worse = lint(&folder, &[]).expect(1);
    let said = ["slo-baseline.toml:8 unused-baseline-entry", "slo/b.yaml:19 target-unit-mismatch"];
    assert_eq!(found(&worse), said, "another value is another finding");
    folder.replace("slo/b.yaml", "99.5", "99.9");
    folder.replace("slo/a.yaml", "- target: 1\n", "- target: 1\n    - target: 1\n");
    let twice = lint(&folder, &[]).expect(1);
    assert_eq!(found(&twice), ["slo/a.yaml:20 target-100"], "once more is new");
}

#[test]
fn a_file_that_moves_takes_its_findings_along() {
    let folder = old();
    folder.write("定義/決済.yaml", folder.read("slo/a.yaml"));
    folder.remove("slo/a.yaml");
    assert_eq!(found(&lint(&folder, &[]).expect(0)), NOTHING);
    folder.write("slo/copy.yaml", folder.read("定義/決済.yaml"));
    let copied = found(&lint(&folder, &["--rule", "target-100"]).expect(1));
    assert_eq!(copied.len(), 1, "{copied:?}");
}

#[test]
fn a_copy_of_what_is_left_out_is_new() {
    let leave_out: [(&str, &str); 3] = [
        ("slo.toml", "[files]\nexclude = [\"slo/a.yaml\"]\n"),
        ("slo.toml", "[files]\ntemplates = [\"slo/a.yaml\"]\n"),
        ("slo/a.yaml", "{{- if .x }}\napiVersion: openslo/v1\nkind: SLO\n{{- end }}\n"),
    ];
    for (path, text) in leave_out {
        let folder = old();
        folder.write("new/a.yaml", folder.read("slo/a.yaml"));
        folder.write(path, text);
        for asked in [&[][..], &["new"], &["new/a.yaml"]] {
            let copied = found(&lint(&folder, asked).expect(1));
            assert_eq!(copied, ["new/a.yaml:19 target-100"], "{text} {asked:?}");
        }
    }
}

#[test]
fn what_all_lack_is_held_of_each() {
    let folder = Repository::folder();
    folder.write("slo.toml", "[rules]\nset = \"strict\"\n");
    for name in ["a", "b", "c"] {
        folder.write(&format!("{name}.yaml"), lonely(name));
    }
    assert_eq!(lint(&folder, &[]).expect(1).out.lines().count(), 3, "each is said once");
    lint(&folder, &["--write-baseline"]).expect(0);
    assert_eq!(folder.read(FILE).matches("missing-owner").count(), 3, "and held three times");
    folder.write("d.yaml", lonely("d"));
    let one = lint(&folder, &["--rule", "missing-owner"]).expect(1);
    assert!(one.out.contains("nobody owns the SLO `d`"), "{}", one.out);
    folder.write("e.yaml", lonely("e"));
    let two = lint(&folder, &["--rule", "missing-owner"]).expect(1);
    assert!(two.out.contains("no SLO of the repository has an owner"), "{}", two.out);
    let owned = "labels: { team: shop }, annotations: { slo/owner: x,";
    folder.write("a.yaml", lonely("a").replacen("annotations: {", owned, 1));
    let mended = lint(&folder, &["--rule", "missing-owner"]).expect(1);
    assert_eq!(mended.out.lines().count(), 2, "an owner makes nobody else new: {}", mended.out);
}

#[test]
fn of_two_equal_places_either_is_held() {
    let folder = Repository::folder();
    folder.write("a.yaml", slo("twin", &["target: 0.9"]));
    folder.write("b.yaml", slo("twin", &["target: 0.8"]));
    let rule = ["--rule", "duplicate-object-name"];
    lint(&folder, &[&rule[..], &["--write-baseline", "a.yaml"]].concat()).expect(0);
    for paths in [&["a.yaml"][..], &["b.yaml"], &[]] {
        assert_eq!(found(&lint(&folder, &[&rule[..], paths].concat()).expect(0)), NOTHING);
    }
}

#[test]
fn what_a_comment_says_is_always_reported() {
    let folder = Repository::folder();
    let text = slo("a", &["target: 1"]);
    let ended = "# slo: allow(target-100) until 2020-01-01: soon\n";
    folder.write("a.yaml", format!("{ended}{text}"));
    let left = lint(&folder, &["--write-baseline"]).expect(1);
    assert_eq!(found(&left), ["a.yaml:1 expired-suppression"]);
    assert!(folder.read(FILE).contains("target-100"), "what it does not allow any more is held");
    folder.write(
        "a.yaml",
        text.replace("target: 1", "target: 1  # slo: allow(target-100) until 2027-01-31: so"),
    );
    let told = lint(&folder, &[]).expect(0);
    assert_eq!(found(&told), [format!("{FILE}:7 unused-baseline-entry")]);
}

#[test]
fn fixes_leave_alone_what_is_held() {
    let folder = Repository::folder();
    let text = slo("a", &["{ op: gt, target: 0.9 }"]);
    folder.write("a.yaml", &text);
    lint(&folder, &["--write-baseline"]).expect(0);
    folder.write("b.yaml", slo("b", &["{ op: gt, target: 0.9 }"]));
    let ended = lint(&folder, &["--fix"]).expect(0);
    assert!(ended.err.contains("applied 1 fix"), "{}", ended.err);
    assert_eq!(folder.read("a.yaml"), text);
    assert!(!folder.read("b.yaml").contains("op:"));
    lint(&folder, &["--fix", "--no-baseline"]).expect(0);
    assert!(!folder.read("a.yaml").contains("op:"));
    assert_eq!(found(&lint(&folder, &[])), [format!("{FILE}:7 unused-baseline-entry")]);
}

#[test]
fn an_editor_sees_what_is_new_in_what_it_holds() {
    let folder = old();
    let text = folder.read("slo/a.yaml");
    let judged = |text: &str| {
        let arguments = ["lint", "--format", "concise", "-", "--stdin-filename", "slo/a.yaml"];
        let run = crate::command::Run::new(folder.path()).arguments(&arguments);
        found(&run.input(text.as_bytes()).end())
    };
    assert_eq!(judged(&format!("# more\n{text}")), NOTHING);
    assert_eq!(judged(&text.replace("target: 1", "target: 0.9")), NOTHING, "it is not saved yet");
    assert_eq!(
        judged(&text.replace("target: 1", "target: 99")),
        ["slo/a.yaml:19 target-unit-mismatch"]
    );
}
