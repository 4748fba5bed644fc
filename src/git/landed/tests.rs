use super::*;
use crate::git::sample::Sample;

fn time(sample: &Sample, revision: &str) -> Timestamp {
    let text = sample.git(&["log", "-1", "--format=%ct", revision]);
    Timestamp::from_second(text.parse().expect("the sample holds it")).expect("the sample holds it")
}

#[test]
fn a_record_lands_with_the_merge_that_brought_it() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.git(&["switch", "--quiet", "--create", "work"]);
    sample.commit_file("records/one.yaml", "since: long ago\n");
    sample.git(&["switch", "--quiet", "main"]);
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", "work"]);
    let merge = sample.head();
    let expected = Landed::By(merge, time(&sample, "HEAD"));
    sample.commit_file("b", "1\n");
    let landed = sample
        .open()
        .landed(sample.head(), &["records/one.yaml", "none", "a"])
        .expect("the sample holds it");
    assert_eq!(landed[0], expected);
    assert_eq!(landed[1], Landed::Absent);
    assert_eq!(landed[2], Landed::By(sample.id("HEAD~2"), time(&sample, "HEAD~2")));
}

#[test]
fn a_changed_record_landed_when_it_changed() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    let changed = sample.commit_file("a", "2\n");
    sample.commit_file("b", "1\n");
    let landed = sample.open().landed(sample.head(), &["a"]).expect("the sample holds it");
    assert_eq!(landed, [Landed::By(changed, time(&sample, "HEAD~1"))]);
}

#[test]
fn a_record_that_came_back_landed_when_it_came_back() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.git(&["rm", "--quiet", "a"]);
    sample.commit("remove");
    let back = sample.commit_file("a", "1\n");
    let landed = sample.open().landed(back, &["a"]).expect("the sample holds it");
    assert_eq!(landed, [Landed::By(back, time(&sample, "HEAD"))]);
}

#[test]
fn a_cut_clone_knows_only_a_latest_time() {
    let sample = Sample::new();
    sample.commit_file("a", "1\n");
    sample.commit_file("b", "1\n");
    sample.commit_file("c", "1\n");
    let clone = sample.clone(&["--depth=2"]);
    let landed = clone.open().landed(clone.head(), &["a", "c"]).expect("the sample holds it");
    assert_eq!(
        landed,
        [Landed::Before(time(&clone, "HEAD~1")), Landed::By(clone.head(), time(&clone, "HEAD"))]
    );
}
