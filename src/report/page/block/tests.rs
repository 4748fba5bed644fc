use crate::finding::Level;

use super::*;

fn card() -> RuleCard {
    RuleCard {
        name: "a-rule",
        family: "objective",
        level: Level::Error,
        set: "recommended",
        formats: vec!["Pyrra"],
        since: "0.1.0",
        summary: "Something is wrong.",
        settings: Vec::new(),
        docs: String::new(),
    }
}

fn drawn(text: &str, width: usize, color: bool) -> String {
    let style = Style { color, width, unicode: true };
    format!("\n{}\n", page(&card(), text, &style).join("\n"))
}

#[test]
fn a_page_hangs_from_its_headings() {
    let text = "\
# a-rule

Something is wrong.

## Why it matters

It is **wrong** and `a code span` says so, in a paragraph that is longer than a line of sixty
columns.

### A part of it

1. one item that goes on for so long that it has to be wrapped, and hangs
2. *two*
   - **below** it
   - again

> quoted

See [the book](https://example.com/book), [a page](no_alert.md) and <https://example.com>.
";
    let expected = "
a-rule
    Something is wrong.

    error · set recommended · family objective · since 0.1.0
    · for Pyrra

Why it matters
    It is wrong and `a code span` says so, in a paragraph
    that is longer than a line of sixty columns.

  A part of it
    1. one item that goes on for so long that it has to be
       wrapped, and hangs
    2. two
       • below it
       • again

    │ quoted

    See the book (https://example.com/book), a page and
    https://example.com.
";
    assert_eq!(drawn(text, 60, false), expected);
}

#[test]
fn color_changes_no_layout() {
    let text = "# a\n\n**b** `c` *d* [e](f)\n\n- **g** h\n\n```diff fix\n-i\n+j\n```\n\n| k | l |\n| --- | --- |\n| m | `n` |\n";
    let colored = drawn(text, 60, true);
    for painted in [
        "\u{1b}[1mb\u{1b}[0m",
        "\u{1b}[36m`c`\u{1b}[0m",
        "\u{1b}[3md\u{1b}[0m",
        "\u{1b}[4me\u{1b}[0m",
        "\u{1b}[1mg\u{1b}[0m h",
        "\u{1b}[31m-i\u{1b}[0m",
        "\u{1b}[32m+j\u{1b}[0m",
    ] {
        assert!(colored.contains(painted), "{painted:?} in {colored:?}");
    }
    let mut plain = String::new();
    let mut rest = colored.as_str();
    while let Some((before, code)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = code.split_once('m').expect("the sample holds it").1;
    }
    plain.push_str(rest);
    assert_eq!(plain, drawn(text, 60, false));
}

#[test]
fn blocks_say_what_they_are() {
    let text = "\
# a-rule

```yaml bad file=a.yaml
a: 1
  b: 2  #~ error[a-rule]
```

```findings
error[a-rule]: no
 --> a.yaml:2:3
  |
2 |   b: 2
  |   ^ here
```

```yaml good
a: 1
```
";
    let expected = "
a-rule
    Bad, `a.yaml`:
      a: 1
        b: 2

    What is reported:
      error[a-rule]: no
         ╭─[a.yaml:2:3]
       2 │   b: 2
         ·   ┬
         ·   ╰── here
         ╰────

    Good:
      a: 1

    error · set recommended · family objective · since 0.1.0
    · for Pyrra
";
    assert_eq!(drawn(text, 60, false), expected);
    assert!(drawn(text, 60, true).contains("        \u{1b}[1;31mb: 2\u{1b}[0m\n"));
}

#[test]
fn tables_align_and_wrap() {
    let text = "\
# a-rule

| unit | meaning | seconds |
| :-- | --- | --: |
| `d` | a day, which is always of 24 hours whatever the clocks of a country do | 86400 |
| `週` | week | 604800 |
";
    let expected = "
a-rule
    unit   meaning                                   seconds
    ────   ───────────────────────────────────────   ───────
    `d`    a day, which is always of 24 hours          86400
           whatever the clocks of a country do
    `週`   week                                       604800

    error · set recommended · family objective · since 0.1.0
    · for Pyrra
";
    assert_eq!(drawn(text, 60, false), expected);
}

#[test]
fn nothing_of_a_page_acts_on_a_terminal() {
    let text = "# a\u{1b}[2J\n\n\u{1b}]0;x\u{7} `\u{1b}`\n\n```text\n\u{1b}[2J\ta\n```\n";
    let drawn = drawn(text, 60, false);
    assert!(!drawn.contains(['\u{1b}', '\u{7}', '\t']), "{drawn:?}");
}
