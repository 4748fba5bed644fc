//! The text of the comment: its first line, and where it is cut.

use proptest::prelude::*;

use slo::forge::body;
use slo::forge::body::LONGEST;

const SENTENCE: &str = "_The report is cut here,";

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Returns a text that is cut some lines after `opening`.
fn cut_after(opening: &str) -> String {
    body::cap(&format!("{opening}{}", "a line\n".repeat(LONGEST))).into_owned()
}

#[test]
fn the_marker_is_the_start_of_a_digest() {
    // Each: `printf '%s\0%s\0%s' ROOT JOB KEY | sha256sum | cut -c1-16`
    assert_eq!(body::marker("", "", "").as_str(), "<!-- slo:report:v1 96a296d224f285c6 -->");
    assert_eq!(
        body::marker("shop/slo", "gate", "eu").as_str(),
        "<!-- slo:report:v1 27b06fd2881abfe9 -->"
    );
    assert_ne!(body::marker("a", "b", ""), body::marker("", "a", "b"));
}

#[test]
fn the_marker_counts_on_the_first_line_alone() {
    let marker = body::marker("", "gate", "");
    for text in [format!("{marker}"), format!("{marker}\ntext"), format!("{marker} \r\ntext")] {
        assert!(marker.is_on(&text), "{text:?}");
    }
    for text in [
        String::new(),
        format!("\n{marker}"),
        format!(" {marker}"),
        format!("> {marker}"),
        format!("{marker} text"),
        body::marker("", "gate", "other").to_string(),
    ] {
        assert!(!marker.is_on(&text), "{text:?}");
    }
}

#[test]
fn a_short_text_stays_as_it_is() {
    for text in [String::new(), "```\nopen".to_owned(), "\u{20ac}".repeat(LONGEST)] {
        assert_eq!(body::cap(&text), text);
    }
}

#[test]
fn a_long_text_is_cut_between_two_lines() {
    let text = cut_after("");
    let (kept, sentence) = text.split_once("\n\n").unwrap();
    assert!(kept.lines().all(|line| line == "a line"));
    assert!(sentence.starts_with(SENTENCE) && sentence.ends_with("_\n"));
    assert!((LONGEST - 10..=LONGEST).contains(&length(&text)), "{}", length(&text));
}

#[test]
fn a_line_that_is_too_long_is_left_out_whole() {
    let text = body::cap(&format!("first\n{}", "x".repeat(LONGEST))).into_owned();
    assert!(text.starts_with("first\n\n_The report is cut here,"), "{text}");
    assert!(body::cap(&"x".repeat(LONGEST + 1)).trim_start().starts_with(SENTENCE));
}

#[test]
fn what_is_open_at_the_cut_is_closed() {
    for (opening, closing) in [
        ("```yaml\n", "a line\n```\n\n_"),
        ("   ~~~~\n```\n~~~\n", "a line\n~~~~\n\n_"),
        ("````\n```\n", "a line\n````\n\n_"),
        ("<details>\n", "a line\n</details>\n\n_"),
        (
            "<details open><summary>more</summary>\n<details>\n",
            "a line\n</details>\n</details>\n\n_",
        ),
        ("<details>\n```\n<details>\n", "a line\n```\n</details>\n\n_"),
        ("<!-- data:\n```\n", "a line\n-->\n\n_"),
    ] {
        let text = cut_after(opening);
        assert!(text.contains(closing), "{opening:?}");
        assert!(length(&text) <= LONGEST);
    }
}

#[test]
fn what_is_closed_before_the_cut_is_not_closed_again() {
    for opening in [
        "```yaml\na\n```\n",
        "``` `inline`\n",
        "    ```\n",
        "~~~\n```\n~~~\n",
        "<details>\na\n</details>\n",
        "</details>\n",
        "<!-- a --><!-- <details> -->\n",
        "```\n<details> <!--\n```\n",
        "a ``` b\n",
    ] {
        assert!(cut_after(opening).contains("a line\n\n_"), "{opening:?}");
    }
}

#[test]
fn a_text_that_only_opens_is_closed_within_the_length() {
    let text = body::cap(&"<details>\n".repeat(LONGEST)).into_owned();
    assert!(length(&text) <= LONGEST);
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    assert!(text.contains(SENTENCE));
}

proptest! {
    #[test]
    fn any_text_is_cut_to_its_length(parts in prop::collection::vec("(`{1,5}|~{3}|<details>|</details>|<!--|-->|\n| {1,4}|\u{20ac}|x{1,99})", 0..40)) {
        let text = parts.concat().repeat(400);
        let cut = body::cap(&text);
        prop_assert!(length(&cut) <= LONGEST);
        prop_assert_eq!(length(&text) <= LONGEST, cut == text);
    }
}
