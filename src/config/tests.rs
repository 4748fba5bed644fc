//! What `slo.toml` promises, key by key.

use crate::config::Comment;
use crate::config::Config;
use crate::config::FailOn;
use crate::config::LevelSetting;
use crate::config::NoBackend;
use crate::config::Problem;
use crate::config::RuleSetName;
use crate::config::Value;
use crate::finding::Level;
use crate::quantity::Duration;
use crate::quantity::Unit;
use crate::source::Origin;
use crate::source::Source;
use crate::source::SourceId;

mod schema;

/// Every key that there is, with a value that it accepts.
const EVERY_KEY: &str = r#"
exports = ["datadog"]

[files]
include = ["slo/**", "定義/**"]
exclude = ["charts/**"]
templates = ["**/*.tmpl.yaml"]

[rules]
set = "strict"
missing-owner = "off"
no-alert = { level = "error", paths = ["slo/tier1/**"] }

[[rules.no-runbook]]
level = "info"

[[rules.no-runbook]]
paths = ["slo/tier1/**"]
level = "warning"
hosts = ["wiki.example"]
share = 0.000_1
nested = { depth = 2, strict = true }

[backend.prod]
type = "prometheus"
url = "${PROMETHEUS_URL}"
bearer-token-env = "PROMETHEUS_TOKEN"
headers = { X-Scope-OrgID = "shop" }
sources = ["prometheus-prod"]
ca-file = "/etc/ssl/company.pem"
client-cert-file = "client.pem"
client-key-file = "${KEY_FILE}"
timeout = "10s"
deadline = "2m"
retries = 0
concurrency = 8
scrape-interval = "15s"
sample = "30s"

[backend.staging]
type = "prometheus"
url = "https://prom.example:9090/staging"
basic-user-env = "USER_NAME"
basic-password-env = "PASSWORD"

[backend.fork]
type = "recorded"
path = "slo/recorded.csv"

[services]
checkout = ["src/checkout/**", "deploy/checkout"]
"決済" = ["src/決済/**"]

[owners]
sre = ["@shop/SRE", "@Alice", "Bob@shop.example"]

[response]
ettd = "5m"
ettr = "30m"

[alerting]
page = ["重大", "high"]
tickets = ["shop-room"]

[gate]
fail-on = "never"
comment = "always"
comment-author = "shop-bot[bot]"
comment-key = "nightly"
fork-backend = "fork"
policies = ["policy/*.yaml"]

[sloth]
window = "28d"

[metrics]
file = "slo/metrics.yaml"

[reference]
external = ["shared-database"]
"#;

fn parse(text: &str) -> (Config, Vec<Problem>) {
    let source = Source::from_text("slo.toml", text, Origin::Worktree);
    Config::parse(SourceId::default(), &source)
}

/// Returns each problem as the text it stands at, its message and its hint.
fn problems(text: &str) -> Vec<String> {
    let show = |problem: &Problem| {
        let hint = problem.hint.as_deref().unwrap_or("-");
        format!("{} | {} | {hint}", &text[problem.span.range()], problem.message)
    };
    parse(text).1.iter().map(show).collect()
}

#[test]
fn every_key_is_read() {
    let (config, problems) = parse(EVERY_KEY);
    assert_eq!(problems, []);
    assert!(config.files.is_read("slo/a.yaml") && config.files.is_read("定義/a.yaml"));
    assert!(!config.files.is_read("src/a.yaml") && !config.files.is_read("charts/a.yaml"));
    let prod = &config.backends["prod"];
    assert_eq!(prod.url.as_ref().map(|url| &*url.value), Some("${PROMETHEUS_URL}"));
    assert_eq!(prod.headers["X-Scope-OrgID"], "shop");
    assert_eq!((prod.retries, prod.concurrency), (0, 8));
    assert_eq!(prod.timeout, Duration::new(10, Unit::Second));
    assert_eq!(prod.deadline, Duration::new(2, Unit::Minute));
    assert_eq!(config.backends["staging"].retries, 3);
    assert_eq!(config.backends["staging"].deadline, Duration::new(5, Unit::Minute));
    assert!(config.backends["fork"].is_recorded());
    let services = |path| {
        let found = config.services.iter().filter(move |(_, globs)| globs.matches(path));
        found.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(services("deploy/checkout/a"), ["checkout"]);
    assert_eq!(services("src/決済/a"), ["決済"]);
    assert_eq!(config.response.ettd, Some(Duration::new(5, Unit::Minute)));
    assert_eq!(config.alerting.page, ["重大", "high"]);
    assert_eq!(config.alerting.tickets, ["shop-room"]);
    assert!(config.alerting.ticket.is_empty() && config.alerting.pagers.is_empty());
    assert_eq!(config.gate.fail_on, FailOn::Never);
    assert_eq!(config.gate.comment, Comment::Always);
    assert_eq!(config.files.sloth_window, Duration::new(28, Unit::Day));
    assert_eq!(config.metrics_file.expect("the file is named").value, "slo/metrics.yaml");
    assert_eq!(config.external, ["shared-database"]);
    assert_eq!(config.exports, ["datadog"]);
}

#[test]
fn without_a_file_everything_has_a_default() {
    let (config, problems) = parse("");
    assert_eq!(problems, []);
    assert!(config.files.is_read("any/file.yaml"));
    assert!(config.rules.set.is_none() && config.rules.entries.is_empty());
    assert_eq!(config.gate.fail_on, FailOn::At(Level::Error));
    assert_eq!(config.gate.comment, Comment::OnFailure);
    assert_eq!(config.files.sloth_window, Duration::new(30, Unit::Day));
    assert_eq!(config.metrics_file, None);
}

#[test]
fn rules_keep_the_order_of_the_file_and_the_last_that_holds_decides() {
    let rules = parse(EVERY_KEY).0.rules;
    assert_eq!(rules.set.map(|set| set.value), Some(RuleSetName::Strict));
    let names: Vec<&str> = rules.entries.iter().map(|entry| &*entry.rule.value).collect();
    assert_eq!(names, ["missing-owner", "no-alert", "no-runbook", "no-runbook"]);
    let level = |rule, path| rules.level(rule, path).map(|level| level.value);
    assert_eq!(level("missing-owner", "x.yaml"), Some(LevelSetting::Off));
    assert_eq!(level("no-alert", "slo/x.yaml"), None);
    assert_eq!(level("no-runbook", "slo/x.yaml"), Some(LevelSetting::At(Level::Info)));
    assert_eq!(level("no-runbook", "slo/tier1/x.yaml"), Some(LevelSetting::At(Level::Warning)));
    let settings = &rules.entries[3].settings;
    let keys: Vec<&str> = settings.iter().map(|(key, _)| &*key.value).collect();
    assert_eq!(keys, ["hosts", "share", "nested"]);
    assert_eq!(settings[1].1.value, Value::Float("0.0001".to_owned()));
    assert_eq!(&EVERY_KEY[settings[1].1.span.range()], "0.000_1");
    assert!(matches!(&settings[2].1.value, Value::Table(entries) if entries.len() == 2));
}

#[test]
fn roles_hold_people_without_regard_to_case() {
    let config = parse(EVERY_KEY).0;
    for member in ["@shop/sre", "alice", "BOB@shop.example"] {
        assert_eq!(config.roles_of(member).collect::<Vec<_>>(), ["sre"], "{member}");
        assert!(config.knows_owner(member), "{member}");
    }
    assert!(config.knows_owner("sre"));
    for stranger in ["@mallory", ""] {
        assert_eq!(config.roles_of(stranger).count(), 0, "{stranger}");
    }
}

#[test]
fn unknown_keys_name_the_key_that_was_meant() {
    assert_eq!(
        problems(
            "[file]\n[gate]\nfailOn = 1\n[backend.x]\ntype = \"y\"\nbearer-token = \"s\"\ntmieout = 1\n[response]\nwhatever = 1\n"
        ),
        [
            "file | unknown key `file` in `slo.toml` | did you mean `files`?",
            "failOn | unknown key `failOn` in `[gate]` | did you mean `fail-on`?",
            "bearer-token | unknown key `bearer-token` in `[backend.x]` | did you mean `bearer-token-env`?",
            "tmieout | unknown key `tmieout` in `[backend.x]` | did you mean `timeout`?",
            "whatever | unknown key `whatever` in `[response]` | known here: `ettd`, `ettr`",
        ]
    );
}

#[test]
fn wrong_values_say_what_is_expected_and_what_is_found() {
    for (text, problem) in [
        ("files = 1", "1 | `[files]` expects a table, found an integer | -"),
        (
            "exports = \"x\"",
            "\"x\" | `exports` expects an array of strings, found a string | put the string in brackets: `[\"…\"]`",
        ),
        (
            "exports = [\"Datadog\", \"warehouse\"]",
            "\"Datadog\" | `exports` does not know `Datadog` | did you mean `datadog`?",
        ),
        (
            "exports = [\"google\"]",
            "\"google\" | `exports` does not know `google` | did you mean `google-cloud-monitoring`?",
        ),
        ("[files]\ninclude = [1.5]", "1.5 | `include` expects a string, found a float | -"),
        (
            "[rules]\nno-alert = true",
            "true | `no-alert` expects a level such as `\"warning\"`, or a table, found a boolean | -",
        ),
        (
            "[rules]\nno-alert = \"warn\"",
            "\"warn\" | `no-alert` does not know `warn` | did you mean `warning`?",
        ),
        ("[rules]\nsett = \"strict\"", "sett | there is no rule `sett` | did you mean `set`?"),
        (
            "[rules]\nset = \"most\"",
            "\"most\" | `set` does not know `most` | known here: `recommended`, `strict`, `all`",
        ),
        (
            "[[rules.x]]\nwhen = 2026-01-01",
            "2026-01-01 | `when` expects a date in quotes, found a date or time | -",
        ),
        ("[gate]\nfail-on = \"\"", "\"\" | `fail-on` is empty | -"),
        (
            "[gate]\nfork-backend = \"fork\"",
            "\"fork\" | `fork-backend` names `fork`, which is no backend | describe it in `[backend.fork]`",
        ),
    ] {
        assert_eq!(problems(text), [problem]);
    }
}

#[test]
fn durations_paths_people_and_globs_are_checked() {
    for (text, problem) in [
        (
            "[response]\nettd = \"1M\"",
            "\"1M\" | `ettd` expects a duration in `s`, `m`, `h`, `d` or `w`, found `1M` | -",
        ),
        (
            "[sloth]\nwindow = \"0d\"",
            "\"0d\" | `window` expects a duration above zero, found `0d` | -",
        ),
        (
            "[metrics]\nfile = \"../m.yaml\"",
            "\"../m.yaml\" | `file` leaves the repository | write it from the root, with `/` and without `..`",
        ),
        (
            "[owners]\nsre = [\"alice\"]",
            "\"alice\" | `alice` is neither a login, a team nor a mail address | write `@login`, `@organization/team` or `name@example.com`",
        ),
        (
            "[files]\nexclude = [\"a/**\", \"b[\"]",
            "\"b[\" | glob `b[` does not compile: unclosed character class; missing ']' | globs start at the root: `slo/**/*.yaml`",
        ),
        (
            "[files]\ninclude = []",
            "[] | `include` has no pattern | leave it out to mean every path",
        ),
    ] {
        assert_eq!(problems(text), [problem]);
    }
}

#[test]
fn backends_are_checked_before_they_are_asked() {
    let backend = |lines: &str| {
        let text = format!("[backend.x]\n{lines}");
        let found = problems(&text);
        assert_eq!(found.len(), 1, "{found:?}");
        found.concat()
    };
    let prometheus =
        |lines: &str| backend(&format!("type = \"prometheus\"\nurl = \"https://p\"\n{lines}"));
    let url = |url: &str| backend(&format!("type = \"prometheus\"\nurl = \"{url}\""));
    let path = |path: &str| backend(&format!("type = \"recorded\"\npath = \"{path}\""));
    assert!(backend("url = \"https://p\"").starts_with("x | `[backend.x]` has no `type`"));
    assert!(
        backend("type = \"promethues\"\nurl = \"https://p\"")
            .ends_with("did you mean `prometheus`?")
    );
    assert!(backend("type = \"prometheus\"").starts_with("x | `[backend.x]` has no `url`"));
    assert!(backend("type = \"recorded\"").starts_with("x | `[backend.x]` has no `path`"));
    assert!(url("ftp://p").contains("not an address of HTTP"));
    assert!(url("prom.example").contains("not an address of HTTP"));
    assert!(url("https://").contains("names no host"));
    assert!(url("https:///x").contains("names no host"));
    assert!(url("https://a b").contains("space"));
    assert!(url("https://me:secret@p/x").contains("holds a user or a password"));
    assert!(url("https://${HOST").contains("starts no variable"));
    for outside in ["../x.csv", "/etc/x.csv", "C:/x.csv", "a/../../x", "${DIR}/../x"] {
        assert!(path(outside).contains("leaves the repository"), "{outside}");
    }
    assert!(prometheus("path = \"x\"").contains("means nothing"));
    assert!(prometheus("timeout = \"0s\"").contains("from `1s` to `1h`"));
    assert!(prometheus("timeout = \"1m30s\"").contains("not a duration"));
    assert!(prometheus("timeout = 30").contains("found an integer"));
    assert!(prometheus("deadline = \"2h\"").contains("from `1s` to `1h`"));
    assert!(prometheus("retries = -1").contains("from 0 to 10, found `-1`"));
    assert!(prometheus("concurrency = 99999999999999999999").contains("from 1 to 64"));
    assert!(prometheus("headers = { \"a b\" = \"x\" }").contains("not the name of a header"));
    assert!(prometheus("headers = { X = \"a\\nb\" }").contains("control character"));
    assert!(prometheus("headers = { Authorization = \"Bearer x\" }").contains("plain text"));
    assert!(prometheus("basic-password-env = \"P\"").contains("needs `basic-user-env`"));
    assert!(prometheus("client-key-file = \"k\"").contains("needs `client-cert-file`"));
}

#[test]
fn a_secret_in_place_of_its_variable_is_not_repeated() {
    let text = "[backend.x]\ntype = \"prometheus\"\nurl = \"https://p\"\nbearer-token-env = \"s3cr3t-v4lue\"\n";
    let problem = &parse(text).1[0];
    assert!(problem.message.contains("name of an environment variable"));
    assert!(!format!("{}{:?}", problem.message, problem.hint).contains("s3cr3t"));
}

#[test]
fn what_is_not_toml_has_its_place() {
    for (text, place) in [
        ("\u{feff}[gate]\r\ncomment = always\r\n", "always"),
        ("# 設定\n[gate]\ncomment = \"never\"\ncomment = \"always\"\n", "comment"),
    ] {
        let (_, problems) = parse(text);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].message.starts_with("not TOML: "));
        assert_eq!(&text[problems[0].span.range()], place);
    }
    let marked = "\u{feff}[services]\r\n\"決済\" = [\r\n  1]\r\n";
    assert_eq!(problems(marked), ["1 | `決済` expects a string, found an integer | -"]);
    let source = Source::decode("slo.toml", b"\xFF\xFEx".to_vec(), Origin::Worktree);
    assert_eq!(Config::parse(SourceId::default(), &source).1.len(), 1);
}

#[test]
fn deep_nesting_ends_in_a_problem() {
    let dotted = format!("{{ {} = ", vec!["a"; 75].join("."));
    for text in [
        format!("[rules]\nx = {}", "[".repeat(100_000)),
        format!("[rules]\nx = {{ a = {}{} }}", "[".repeat(60), "]".repeat(60)),
        format!("[rules.x]\n{} = 1", vec!["a"; 100_000].join(".")),
        format!("rules = {}1{}", dotted.repeat(75), "}".repeat(75)),
    ] {
        assert!(!parse(&text).1.is_empty());
    }
}

#[test]
fn a_source_finds_its_backend() {
    let config = |text: &str| parse(text).0;
    let name = |config: &Config, source, kind| {
        config.backend_for(source, kind).map(|(name, _)| name.to_owned())
    };
    let two = config(
        "[backend.a]\ntype = \"prometheus\"\nurl = \"http://a\"\nsources = [\"prod\"]\n\
         [backend.b]\ntype = \"prometheus\"\nurl = \"http://b\"\nsources = [\"Thanos\"]\n",
    );
    assert_eq!(name(&two, Some("prod"), Some("thanos")), Ok("a".to_owned()), "name before type");
    assert_eq!(name(&two, Some("other"), Some("thanos")), Ok("b".to_owned()));
    let both = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(name(&two, None, Some("Prometheus")), Err(NoBackend::SeveralFit(both)));
    let beside = config(
        "[backend.a]\ntype = \"prometheus\"\nurl = \"http://a\"\n\
         [backend.r]\ntype = \"recorded\"\npath = \"r.csv\"\n",
    );
    assert_eq!(name(&beside, None, Some("Datadog")), Ok("a".to_owned()), "the only real one");
    let recorded = config("[backend.r]\ntype = \"recorded\"\npath = \"r.csv\"\n");
    assert_eq!(name(&recorded, Some("x"), None), Ok("r".to_owned()));
    assert_eq!(name(&Config::default(), None, None), Err(NoBackend::NoneFits));
}
