//! Every error on a file that its own tool accepts, read by a person: a true mistake, or a bug of ours.

use slo::finding::Level;
use slo::rules::Set;

use super::READ;
use super::corpus;
use super::findings;
use super::load;

/// A part of the path, the rule, a part of the message, and what the mistake is.
const REVIEWED: &[(&str, &str, &str, &str)] = &[
    (
        "go-sdk/",
        "burn-operator-inverted",
        "this alert fires at burn rates up to 2,",
        "the example of the specification alerts while `burnrate` is at most 2: while all is well",
    ),
    (
        "examples/services.yaml",
        "duplicate-object-name",
        "another Service is named `example-service`",
        "the file shows one service twice, in a long form and a short one",
    ),
    (
        "nobl9-go/manifest/v1alpha/",
        "duplicate-object-name",
        "another ",
        "the examples show one object in many ways, under one name",
    ),
    (
        "nobl9-go/manifest/v1alpha/slo/examples/datadog.yaml",
        "mean-latency",
        "the mean of `trace.http.request.duration`",
        "the example judges requests by their mean",
    ),
    (
        "convert-openslo/services.yaml",
        "duplicate-object-name",
        "another Service is named `example-service`",
        "two files are converted, which define one service",
    ),
    (
        "convert-openslo/directory.yaml",
        "missing-field",
        "`name` has no value",
        "the objective has none in OpenSLO, and sloctl writes an empty one",
    ),
    (
        "pyrra/examples/nginx.yaml",
        "ratio-direction-inverted",
        "`good` counts nothing but failures: status 5xx",
        "the example counts fast failures as its good requests, where it means all but failures",
    ),
    (
        "samples/elasticsearch/slo_elk_test_ratio.yaml",
        "target-100",
        "a target of 100 % leaves no error budget",
        "the sample promises that nothing fails",
    ),
    (
        "examples/alert_policies.yaml",
        "unresolved-reference",
        "no AlertCondition is named `cpu-usage-breach`",
        "its condition stands in another file of the folder",
    ),
    (
        "go-sdk/pkg/openslosdk/test_data/",
        "unresolved-reference",
        "no ",
        "references that the library takes out, puts in, or leaves as they are",
    ),
    (
        "test_data/inline/",
        "severity-route-mismatch",
        "an alert of severity `page` wakes nobody: it goes to `slack` alone",
        "the example sends its page to a channel and to nobody",
    ),
    (
        "sloctl/test/inputs/convert-openslo/alert-policy.yaml",
        "unresolved-reference",
        "no AlertCondition is named `memory-usage-breach`",
        "its condition stands in another file of the folder",
    ),
    (
        "test_data/decode/v2alpha_data_source.yaml",
        "invalid-object-name",
        "`cloudWatch-prod` cannot be the name of an object",
        "the library decodes it, and its own validation refuses the capital letter",
    ),
    (
        "test_data/decode/v2alpha_slos.yaml",
        "missing-field",
        "`spec` lacks ",
        "the library decodes it, and its own validation asks for both fields",
    ),
    (
        "sloth/",
        "unknown-field",
        "_alert` is not a field of `alerting`",
        "a resource spells `pageAlert`; what is spelled as in a file is dropped without a word",
    ),
    (
        "testdata/validate",
        "unknown-field",
        "Alert` is not a field of `alerting`",
        "a file spells `page_alert`; what is spelled as in a resource is dropped without a word",
    ),
    (
        "testdata/in-invalid-version.yaml",
        "invalid-value",
        "`version` cannot be `\"prometheus/v999\"`",
        "there to be refused",
    ),
    ("testdata/validate/bad/", "target-out-of-range", "`101`", "there to be refused"),
    ("testdata/validate/bad/bad-k8s.yaml", "missing-field", "`service`", "there to be refused"),
    ("testdata/validate/bad/bad-multi-k8s.yaml", "missing-field", "`name`", "there to be refused"),
    ("testdata/validate/bad/bad-multi.yaml", "missing-field", "`sli` needs", "there to be refused"),
    (
        "testdata/validate_with_duplicates/bad-prom",
        "duplicate-object-name",
        "another SLO is named `slo",
        "there to be refused",
    ),
    (
        "test_data/inline/inputs/v1_slo_invalid_",
        "objective-threshold-mismatch",
        "an objective over a threshold metric needs `value`",
        "the specification asks for it; the library cannot see it behind a reference",
    ),
];

/// Returns whether a file is one that its tool reads without complaint.
///
/// Of test data it is not said; what is named after a mistake is there to be refused.
fn is_accepted(dialect: &str, valid: &str) -> bool {
    let reads_ours = ["vectors:go-sdk", "vectors:sloctl", "vectors:sloth"];
    let is_ours = READ.iter().any(|(read, _)| *read == dialect) || dialect == "error-budget-policy";
    (is_ours && valid == "yes") || reads_ours.contains(&dialect)
}

#[test]
fn every_error_on_what_its_tool_accepts_was_read_by_a_person() {
    let Some(files) = corpus() else { return };
    let (mut unexplained, mut used, mut seen) = (Vec::new(), vec![false; REVIEWED.len()], 0);
    for file in files.iter().filter(|file| is_accepted(&file.dialect, &file.valid)) {
        seen += 1;
        let tree = load(&file.path, &file.bytes);
        let errors = findings(&tree, Set::Recommended).into_iter();
        for error in errors.filter(|finding| finding.level == Level::Error) {
            let fits = |(path, rule, message, _): &(&str, &str, &str, &str)| {
                let (in_path, in_message) =
                    (file.path.contains(path), error.message.contains(message));
                in_path && *rule == error.rule && in_message
            };
            match REVIEWED.iter().position(fits) {
                Some(index) => used[index] = true,
                None => {
                    unexplained.push(format!("{}: {}: {}", file.path, error.rule, error.message));
                }
            }
        }
    }
    assert!(seen > 100, "the corpus holds {seen} files that their tools accept");
    let idle = REVIEWED.iter().zip(&used).filter(|(_, used)| !**used);
    unexplained.extend(idle.map(|((path, rule, ..), _)| format!("{path}: {rule}: no more")));
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
}
