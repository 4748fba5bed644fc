use super::*;
use crate::git::sample::Sample;

#[test]
fn credentials_never_reach_a_message() {
    let text = "fatal: unable to access 'https://x-access-token:ghs_secret@example.com/a/b/'";
    let shown = last_complaint(text);
    assert_eq!(shown, "fatal: unable to access 'https://example.com/a/b/'");
}

#[cfg(unix)]
#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
fn a_fetch_that_hangs_is_ended() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.git(&["remote", "add", "origin", "ssh://example.com/a"]);
    sample.git(&["config", "core.sshCommand", "sleep 5; exit"]);
    let missing = CommitId::parse(&"1".repeat(40)).expect("the sample holds it");
    let started = Instant::now();
    let error = run(&sample.open(), missing, Duration::from_millis(100)).unwrap_err();
    assert!(error.to_string().contains("did not end within"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[test]
fn the_fatal_line_is_the_reason() {
    let text = "warning: x\nfatal: could not read Username\nsomething after\n";
    assert_eq!(last_complaint(text), "fatal: could not read Username");
    assert_eq!(last_complaint(""), "`git fetch` failed without a word");
}
