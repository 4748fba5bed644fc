use super::*;
use crate::git::sample::Sample;

fn names(tags: &Tags) -> Vec<&str> {
    tags.tags.iter().map(|tag| tag.name.as_str()).collect()
}

#[test]
fn releases_are_counted_on_their_branch_and_since_then() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.git(&["tag", "release-1"]);
    let since = sample.git(&["log", "-1", "--format=%ct"]);
    let since = Timestamp::from_second(since.parse().expect("the sample holds it"))
        .expect("the sample holds it");
    sample.commit_file("a", "2\n");
    sample.git(&["tag", "--annotate", "-m", "two", "release-2"]);
    sample.git(&["tag", "other"]);
    sample.git(&["switch", "--quiet", "--create", "work"]);
    sample.commit_file("a", "3\n");
    sample.git(&["tag", "release-elsewhere"]);
    let repository = sample.open();
    let tip = sample.id("main");
    let all = repository.tags("release-*", Timestamp::MIN, tip).expect("the sample holds it");
    assert_eq!(names(&all), ["release-1", "release-2"]);
    assert_eq!(all.tags[1].commit, tip);
    let late = repository.tags("release-*", since, tip).expect("the sample holds it");
    assert_eq!(names(&late), ["release-2"]);
    assert!(late.has_match);
    assert!(!repository.tags("v*", Timestamp::MIN, tip).expect("the sample holds it").has_match);
    assert!(!repository.hides_tags().expect("the sample holds it"));
    assert!(sample.clone(&["--no-tags"]).open().hides_tags().expect("the sample holds it"));
    assert!(!sample.clone(&[]).open().hides_tags().expect("the sample holds it"));
}

#[test]
fn a_pattern_that_cannot_be_read_is_an_error() {
    let sample = Sample::new();
    let tip = sample.commit_file("a", "1\n");
    for pattern in ["[", "", "!release-*", "release\\*"] {
        let error = sample.open().tags(pattern, Timestamp::MIN, tip).unwrap_err();
        assert!(matches!(error, Error::PatternInvalid { .. }), "{pattern}");
    }
}
