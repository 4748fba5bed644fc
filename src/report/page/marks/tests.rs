use super::*;

#[test]
fn marks_go_and_words_say_what_a_block_is() {
    let page = "\
# a-rule

Text with `#~ ` stays.

```yaml bad file=a.yaml
a: 1  #~ error[a-rule] info[a-rule]
```

```yaml bad file=b.yaml
b: 1
```

```findings
error[a-rule]: no
```

```text
plain
```

- an item

  ```diff fix
  -a
  ```
";
    let expected = "\
# a-rule

Text with `#~ ` stays.

Bad, `a.yaml`:

```yaml
a: 1
```

And `b.yaml`:

```yaml
b: 1
```

What is reported:

```text
error[a-rule]: no
```

```text
plain
```

- an item

  What the fix changes:

  ```diff
  -a
  ```
";
    assert_eq!(cleaned(page), expected);
    assert_eq!(cleaned(expected), expected, "what is clean stays");
}

#[test]
fn the_gravest_level_of_a_mark_counts() {
    assert_eq!(unmarked("a: 1  #~ info[x] error[y]"), ("a: 1", Some(Level::Error)));
    assert_eq!(unmarked("a: 1 # a comment"), ("a: 1 # a comment", None));
}

#[test]
fn a_longer_fence_holds_a_shorter_one() {
    let page = "````markdown bad\n```yaml bad\na: 1\n```\n````\n";
    assert_eq!(cleaned(page), "Bad:\n\n````markdown\n```yaml bad\na: 1\n```\n````\n");
}

#[test]
fn every_role_has_words() {
    let text = include_str!("../../../../CONTRIBUTING.md");
    let (_, fixtures) =
        text.split_once("## Fixtures").expect("a chapter says which roles there are");
    let roles: Vec<&str> =
        fixtures.split("` ```").skip(1).filter_map(|rest| rest.split(" `").next()).collect();
    assert!(roles.len() > 10, "{roles:?}");
    for role in roles.into_iter().filter(|role| *role != "changes") {
        assert_ne!(Info::of(role).lead(None), None, "{role}");
    }
    let baseline = Info::of("toml baseline");
    let lead = baseline.lead(None);
    assert_eq!(lead.as_deref(), Some("With this in `slo-baseline.toml`:"));
    let lead = Info::of("yaml bad").lead(Some(&baseline));
    assert_eq!(lead.as_deref(), Some("And this definition:"), "it is not what is wrong");
}
