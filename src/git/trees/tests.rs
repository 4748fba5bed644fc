//! Which trees are compared, in repositories of a few commits.

use super::*;
use crate::git::sample::Sample;

/// Like [`Sample::branched`], with `HEAD` on a merge of `work` into `main`, as a forge makes it.
fn merged() -> (Sample, [CommitId; 3]) {
    let (sample, commits) = Sample::branched();
    sample.git(&["switch", "--quiet", "--create", "merge", "main"]);
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work", "work"]);
    (sample, commits)
}

fn event(base: CommitId, head: CommitId) -> Request {
    Request {
        event: Some(EventFacts {
            base_sha: base.to_string(),
            base_branch: Some("main".to_owned()),
            head_sha: head.to_string(),
            merge: MergeCommit::Unnamed,
        }),
        fetching: Fetching::Forbidden,
        ..Request::default()
    }
}

/// The same, of a forge that names its merge commit.
fn event_of_merge(base: CommitId, head: CommitId, merge: MergeCommit) -> Request {
    let mut request = event(base, head);
    request.event.as_mut().expect("the sample holds it").merge = merge;
    request
}

fn compared(trees: Trees) -> Compared {
    match trees {
        Trees::Compared(compared) => compared,
        Trees::Whole { head, .. } => panic!("nothing to compare at {head}"),
    }
}

fn decided(sample: &Sample, request: &Request) -> Compared {
    compared(decide(&sample.open(), request).expect("the sample holds it"))
}

#[test]
fn a_local_branch_is_compared_with_where_it_left_the_default_branch() {
    let (sample, [start, main, work]) = Sample::branched();
    let found = decided(&sample, &Request::default());
    assert_eq!(
        found,
        Compared {
            trusted: main,
            compared: start,
            other_starts: Vec::new(),
            head: work,
            how: How::DefaultBranch("main".to_owned()),
            merge_base_missing: false,
        }
    );
}

#[test]
fn the_default_branch_has_nothing_to_compare() {
    let (sample, [_, main, _]) = Sample::branched();
    sample.git(&["switch", "--quiet", "main"]);
    let trees = decide(&sample.open(), &Request::default()).expect("the sample holds it");
    assert_eq!(trees, Trees::Whole { trusted: main, head: main });
}

#[test]
fn a_commit_that_the_default_branch_has_left_behind_is_judged_whole() {
    let (sample, [start, main, _]) = Sample::branched();
    sample.git(&["switch", "--quiet", "--detach", &start.to_string()]);
    let trees = decide(&sample.open(), &Request::default()).expect("the sample holds it");
    assert_eq!(trees, Trees::Whole { trusted: main, head: start });
}

#[test]
fn the_whole_tree_is_judged_by_what_is_agreed() {
    let (sample, [_, main, work]) = Sample::branched();
    let whole = |request: Request| {
        let request = Request { scope: Scope::WholeTree, ..request };
        decide(&sample.open(), &request).expect("the sample holds it")
    };
    assert_eq!(whole(Request::default()), Trees::Whole { trusted: work, head: work });
    let named = Request { base: Some("main".to_owned()), ..Request::default() };
    let agreed = Trees::Whole { trusted: main, head: work };
    assert_eq!(whole(named), agreed);
    assert_eq!(whole(event(main, work)), agreed);
}

#[test]
fn a_named_base_wins_over_the_event() {
    let (sample, [start, _, work]) = Sample::branched();
    let request = Request { base: Some(start.to_string()), ..event(work, work) };
    let found = decided(&sample, &request);
    assert_eq!((found.trusted, found.how), (start, How::BaseOption));
}

#[test]
fn a_base_equal_to_the_head_is_an_empty_change() {
    let (sample, [_, _, work]) = Sample::branched();
    let request = Request { base: Some("HEAD".to_owned()), ..Request::default() };
    let found = decided(&sample, &request);
    assert!(found.is_empty());
    assert_eq!(found.trusted, work);
}

#[test]
fn the_forges_merge_is_compared_with_its_first_parent() {
    let (sample, [start, main, work]) = merged();
    // The event is older than the merge: its base is not the first parent.
    let named = MergeCommit::Named(sample.head().to_string());
    let found = decided(&sample, &event_of_merge(start, work, named));
    assert_eq!((found.trusted, found.compared), (main, main));
    assert_eq!(found.how, How::ForgeMerge);
}

#[test]
fn another_commit_than_the_proposed_one_is_not_judged() {
    let (sample, [start, main, work]) = Sample::branched();
    for revision in ["main", &start.to_string()] {
        sample.git(&["switch", "--quiet", "--detach", revision]);
        for scope in [Scope::Change, Scope::WholeTree] {
            let request = Request { scope, ..event(main, work) };
            let error = decide(&sample.open(), &request).unwrap_err();
            assert!(matches!(error, Error::HeadNotProposed { proposed, .. } if proposed == work));
            assert!(error.hint().expect("the sample holds it").contains("pull_request.head.sha"));
        }
    }
    // Whatever was added to it meanwhile holds it, also where the clone ends right there.
    sample.git(&["switch", "--quiet", "work"]);
    sample.commit_file("d.yaml", "d: 1\n");
    assert_eq!(decided(&sample, &event(main, work)).how, How::EventBase);
    let cut = sample.clone(&["--depth=1", "--no-single-branch", "--branch=work"]);
    assert_eq!(decided(&cut, &event(main, work)).how, How::EventBase);
    let request = event(main, start);
    let error = decide(&cut.open(), &request).unwrap_err();
    assert!(matches!(error, Error::HeadNotProposed { .. }), "nobody knows: {error}");
}

#[test]
fn a_merge_that_the_forge_does_not_name_is_of_its_base_branch() {
    let (sample, [start, main, work]) = merged();
    let how = |sample: &Sample, request| decided(sample, &request).how;
    assert_eq!(how(&sample, event(main, work)), How::ForgeMerge);
    // No branch of `origin` tells that the first parent is a later commit of the base branch.
    assert_eq!(how(&sample, event(start, work)), How::EventBase);
    let clone = sample.clone(&["--branch=merge"]);
    assert_eq!(how(&clone, event(start, work)), How::ForgeMerge);
    assert_eq!(how(&clone, event_of_merge(main, work, MergeCommit::None)), How::EventBase);
    // An author merges into an older commit of the branch, or into one of their own.
    clone.git(&["switch", "--quiet", "--detach", &start.to_string()]);
    clone.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", &work.to_string()]);
    assert_eq!(how(&clone, event(main, work)), How::EventBase);
    clone.git(&["switch", "--quiet", "--detach", &main.to_string()]);
    clone.commit_file("policy.yaml", "gate: open\n");
    clone.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", &work.to_string()]);
    assert_eq!(how(&clone, event(main, work)), How::EventBase);
}

#[test]
fn branches_that_merged_each_other_have_several_starts() {
    let (sample, [_, main, work]) = Sample::branched();
    sample.git(&["merge", "--quiet", "-m", "one", "main"]);
    sample.git(&["switch", "--quiet", "main"]);
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "two", &work.to_string()]);
    sample.git(&["switch", "--quiet", "work"]);
    let found = decided(&sample, &Request::default());
    assert_eq!((found.compared, found.other_starts.as_slice()), (main, [work].as_slice()));
}

#[test]
fn a_merge_without_an_event_is_its_authors() {
    let (sample, [_, main, work]) = Sample::branched();
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge main", "main"]);
    let merge = sample.head();
    let found = decided(&sample, &Request::default());
    assert_eq!((found.trusted, found.compared), (main, main));
    assert_eq!(found.how, How::DefaultBranch("main".to_owned()));
    // Also with an event: here the merge commit is the proposed head itself.
    let found = decided(&sample, &event(main, merge));
    assert_eq!(found.how, How::EventBase);
    assert_eq!(found.head, merge);
    assert_ne!(found.head, work);
}

#[test]
fn a_merge_of_something_else_than_the_head_is_not_the_forges() {
    let (sample, [start, main, work]) = Sample::branched();
    sample.git(&["switch", "--quiet", "--create", "other", "main"]);
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", "work"]);
    // The proposed commit is the first parent, not the second.
    let found = decided(&sample, &event(start, main));
    assert_eq!((found.trusted, found.how), (start, How::EventBase));
    assert_ne!(found.head, work);
}

#[test]
fn a_merge_that_the_forge_did_not_check_out_is_its_authors() {
    let (sample, [_, main, work]) = Sample::branched();
    // The author pushes a merge whose first parent is a commit of their own.
    sample.git(&["switch", "--quiet", "--create", "evil", "main"]);
    sample.commit_file("policy.yaml", "gate: open\n");
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", "work"]);
    let named = MergeCommit::Named(work.to_string());
    let found = decided(&sample, &event_of_merge(main, work, named));
    assert_eq!((found.trusted, found.how), (main, How::EventBase));
}

#[test]
fn a_clone_of_depth_two_holds_all_that_the_forges_merge_needs() {
    let (sample, [start, main, work]) = merged();
    let clone = sample.clone(&["--depth=2", "--branch=merge"]);
    let named = MergeCommit::Named(clone.head().to_string());
    let found = decided(&clone, &event_of_merge(start, work, named));
    assert_eq!((found.trusted, found.compared), (main, main));
    assert!(!found.merge_base_missing);
    let changed = clone.open().changed_paths(main, found.head).expect("the sample holds it");
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].path, "b.yaml");
}

#[test]
fn a_named_base_needs_no_merge_base_below_a_merge_of_it() {
    let (sample, [_, main, _]) = Sample::branched();
    // The branch goes back further than the clone.
    sample.commit_file("d.yaml", "d: 1\n");
    sample.git(&["switch", "--quiet", "--create", "merge", "main"]);
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "Merge work", "work"]);
    let clone = sample.clone(&["--depth=2", "--branch=merge"]);
    let request = Request { base: Some("HEAD^1".to_owned()), ..Request::default() };
    let found = decided(&clone, &request);
    assert_eq!((found.trusted, found.compared), (main, main));
    assert!(!found.merge_base_missing);
}

#[test]
fn a_clone_of_depth_one_fetches_the_base_once() {
    let (sample, [start, main, work]) = merged();
    let clone = sample.clone(&["--depth=1", "--branch=merge"]);
    let named = MergeCommit::Named(clone.head().to_string());
    let mut request = event_of_merge(start, work, named);
    let error = decide(&clone.open(), &request).unwrap_err();
    assert!(matches!(error, Error::CommitMissing { id } if id == main));
    let hint = error.hint().expect("the sample holds it");
    assert!(hint.contains("`fetch-depth: 2`") && hint.contains("0 where it has that"), "{hint}");
    sample.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    request.fetching = Fetching::Allowed;
    let repository = clone.open();
    let found = compared(decide(&repository, &request).expect("the sample holds it"));
    assert_eq!(found.trusted, main);
    let changed = repository.changed_paths(main, found.head).expect("the sample holds it");
    assert_eq!(changed.len(), 1);
}

#[test]
fn a_cut_history_is_compared_with_the_tip_and_says_so() {
    let (sample, [_, main, work]) = Sample::branched();
    let clone = sample.clone(&["--depth=1", "--no-single-branch", "--branch=work"]);
    let found = decided(&clone, &event(main, work));
    assert!(found.merge_base_missing);
    assert_eq!((found.trusted, found.compared), (main, main));
}

#[test]
fn a_whole_clone_stays_whole_after_a_fetch() {
    let (sample, [start, _, work]) = Sample::branched();
    let clone = sample.clone(&["--single-branch", "--branch=work"]);
    sample.git(&["switch", "--quiet", "main"]);
    let newer = sample.commit_file("d.yaml", "d: 1\n");
    let request = Request { fetching: Fetching::Allowed, ..event(newer, work) };
    let found = decided(&clone, &request);
    assert_eq!((found.trusted, found.compared), (newer, start));
    assert!(!clone.open().is_shallow().expect("the sample holds it"));
}

#[test]
fn a_failed_fetch_says_what_git_said() {
    let (sample, [_, main, work]) = Sample::branched();
    let clone = sample.clone(&["--depth=1", "--branch=work"]);
    clone.git(&["remote", "set-url", "origin", "file:///nowhere/at/all"]);
    let request = Request { fetching: Fetching::Allowed, ..event(main, work) };
    let error = decide(&clone.open(), &request).unwrap_err();
    let Error::FetchFailed { reason, .. } = &error else {
        panic!("{error}");
    };
    assert!(reason.starts_with("fatal:"), "{reason}");
}

#[test]
fn an_abbreviated_id_of_an_event_is_refused() {
    let (sample, [_, main, work]) = Sample::branched();
    let mut request = event(main, work);
    if let Some(event) = &mut request.event {
        event.base_sha = "--upload-pack=x".to_owned();
    }
    let error = decide(&sample.open(), &request).unwrap_err();
    assert!(matches!(error, Error::CommitIdInvalid { .. }));
}

#[test]
fn histories_without_a_common_commit_are_not_compared() {
    let (sample, _) = Sample::branched();
    sample.git(&["switch", "--quiet", "--orphan", "island"]);
    sample.commit_file("z.yaml", "z: 1\n");
    let error = decide(&sample.open(), &Request::default()).unwrap_err();
    assert!(matches!(error, Error::HistoriesUnrelated { .. }));
}

#[test]
fn an_unknown_base_is_an_error_with_a_hint() {
    let (sample, _) = Sample::branched();
    let request = Request { base: Some("no-such-branch".to_owned()), ..Request::default() };
    let error = decide(&sample.open(), &request).unwrap_err();
    assert!(matches!(error, Error::RevisionUnknown { .. }));
    assert!(error.hint().is_some());
}
