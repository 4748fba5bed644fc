//! What the gate finds in a change, and what it leaves to those who were there before.

use crate::command::slo;
use crate::lint::lonely;
use crate::repository::Repository;

#[test]
fn what_all_lack_is_new_only_of_what_the_change_adds() {
    let shop = Repository::new();
    shop.write("slo.toml", "[rules]\nset = \"strict\"\n");
    shop.write("slo/b.yaml", lonely("b"));
    shop.write("slo/c.yaml", lonely("c"));
    shop.commit("start");
    shop.branch("work");
    let gate = |why: &str, code: i32| {
        shop.commit(why);
        let arguments = ["gate", "--base", "main", "-q", "--no-fetch", "--format", "json"];
        let ended = slo(shop.path(), &arguments).expect(code);
        let json = ended.json();
        let findings = json["findings"].as_array().cloned().unwrap_or_default();
        let line = |finding: &serde_json::Value| {
            format!("{} {}", finding["rule"], finding["message"]).replace('"', "")
        };
        findings.iter().map(line).collect::<Vec<String>>()
    };
    shop.replace("slo/c.yaml", "sum(all)", "sum(total)");
    assert!(gate("nothing that the rules see", 0).is_empty());
    shop.write("slo/d.yaml", lonely("d"));
    let one = gate("one more", 1);
    assert!(one.contains(&"missing-owner nobody owns the SLO `d`".to_owned()), "{one:?}");
    assert_eq!(one.len(), 3, "{one:?}");
    shop.write("slo/a.yaml", lonely("a"));
    let two = gate("two more", 1);
    let said = "missing-owner no SLO of the repository has an owner".to_owned();
    assert!(two.contains(&said), "{two:?}");
    assert_eq!(two.len(), 3, "{two:?}");
    shop.remove("slo/a.yaml");
    shop.remove("slo/d.yaml");
    shop.remove("slo/b.yaml");
    assert!(gate("fewer", 0).is_empty());
}
