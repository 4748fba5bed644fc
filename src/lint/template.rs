//! Tells a template of Helm or Jinja, which is YAML only after rendering, from YAML.
//!
//! `{{.window}}` in a query is Sloth's placeholder and no template.

use crate::yaml::Document;
use crate::yaml::Node;
use crate::yaml::Stream;
use crate::yaml::Style;

/// How what a template says to its renderer begins.
const MARKS: [&[u8]; 11] = [
    b"{{-",
    b"{{ .Values",
    b"{{.Values",
    b"{{ .Release",
    b"{{ include",
    b"{{ template",
    b"{{ if ",
    b"{{ range ",
    b"{{ end",
    b"{% ",
    b"{%- ",
];

/// Returns whether a text is a template: a mark stands where YAML has structure, or the text is no
/// YAML and a mark stands outside its comments.
///
/// A word that is sound YAML makes no template of a file that is ours: `use {{ if x }} in alerts` is
/// a sentence, and a sentence switches no rule off.
///
/// * `stream`: what the text is as YAML.
/// * `is_ours`: whether anything is recognized in it as it stands.
pub(super) fn is_template(text: &str, stream: &Stream, is_ours: bool) -> bool {
    let mut marks = marks(text.as_bytes()).peekable();
    if marks.peek().is_none() {
        return false;
    }
    if !stream.broken.is_empty() {
        let is_comment = |mark| line_before(text, mark).trim_start().starts_with('#');
        return stand_free(marks, text, is_comment);
    }
    let scalars = scalars(stream, |style| is_ours || style != Style::Plain);
    let marks = marks.filter(|&mark| !is_inside(&scalars, mark));
    stand_free(marks, text, |mark| is_comment(text, mark, &scalars))
}

/// Returns whether a mark stands outside a comment; every line is looked at once, however many
/// marks it holds.
///
/// * `marks`: in the order of the text.
fn stand_free(
    marks: impl Iterator<Item = usize>,
    text: &str,
    is_comment: impl Fn(usize) -> bool,
) -> bool {
    let mut next_line = 0;
    for mark in marks {
        if mark < next_line {
            continue;
        }
        if !is_comment(mark) {
            return true;
        }
        let rest = text.as_bytes().get(mark..).unwrap_or_default();
        next_line = memchr::memchr(b'\n', rest).map_or(text.len(), |end| mark + end);
    }
    false
}

/// Returns where marks stand, in order.
fn marks(text: &[u8]) -> impl Iterator<Item = usize> {
    let has = |mark: &[u8]| memchr::memmem::find(text, mark).is_some();
    let has_braces = has(b"{{");
    // Dashes are everywhere, and most files hold no braces of this kind.
    let text = if has_braces || has(b"{%") { text } else { &[] };
    let is_mark = move |&at: &usize| {
        let rest = text.get(at..).unwrap_or_default();
        // `{{ .name -}}` says by its end alone that it is no placeholder.
        rest.starts_with(b"-}}") && has_braces
            || matches!(rest.get(1), Some(b'{' | b'%'))
                && MARKS.iter().any(|mark| rest.starts_with(mark))
    };
    memchr::memchr2_iter(b'{', b'-', text).filter(is_mark)
}

/// Returns the bytes of scalars in which nothing is markup, such as those in quotes; sorted.
fn scalars(stream: &Stream, counts: impl Fn(Style) -> bool) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for root in stream.documents.iter().map(Document::root) {
        collect(root, &counts, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The nesting and the aliases are bounded by the reader of YAML, so this ends.
fn collect(node: Node<'_>, counts: &impl Fn(Style) -> bool, found: &mut Vec<(usize, usize)>) {
    if node.scalar().is_some_and(|scalar| counts(scalar.style)) {
        let range = node.span().range();
        found.push((range.start, range.end));
    }
    node.items().for_each(|item| collect(item, counts, found));
    for entry in node.entries().filter(|entry| !entry.merged) {
        collect(entry.key, counts, found);
        collect(entry.value, counts, found);
    }
}

fn is_inside(scalars: &[(usize, usize)], place: usize) -> bool {
    let next = scalars.partition_point(|(start, _)| *start <= place);
    let last = next.checked_sub(1).and_then(|index| scalars.get(index));
    last.is_some_and(|(_, end)| place < *end)
}

/// Returns whether a place of sound YAML stands in a comment.
fn is_comment(text: &str, place: usize, scalars: &[(usize, usize)]) -> bool {
    let before = line_before(text, place);
    let line = place - before.len();
    let mut signs = memchr::memchr_iter(b'#', before.as_bytes());
    signs.any(|sign| {
        let behind = before.get(..sign).unwrap_or_default();
        let is_free = behind.chars().next_back().is_none_or(char::is_whitespace);
        is_free && !is_inside(scalars, line + sign)
    })
}

/// Returns what stands before a place on its line.
fn line_before(text: &str, place: usize) -> &str {
    let before = text.get(..place).unwrap_or_default();
    before.rsplit_once('\n').map_or(before, |(_, line)| line)
}

#[cfg(test)]
mod tests {
    use crate::source::Origin;
    use crate::source::Source;
    use crate::source::SourceId;
    use crate::yaml;

    fn is_template(text: &str) -> bool {
        judged(text, false)
    }

    fn judged(text: &str, is_ours: bool) -> bool {
        let source = Source::from_text("slo.yaml", text, Origin::Worktree);
        super::is_template(text, &yaml::parse(SourceId::default(), &source), is_ours)
    }

    #[test]
    fn a_sentence_in_a_file_of_ours_makes_no_template() {
        for text in ["a: use {{ if x }} in alerts\n", "a: b{{ .Values.c }}\n", "a: b\n  {{- c\n"] {
            assert!(is_template(text), "{text}");
            assert!(!judged(text, true), "{text}");
        }
        for text in ["a: {{ .Values.b }}\n", "- {{ .Values.b }}\n", "{{- if x }}\na: 1\n"] {
            assert!(judged(text, true), "{text}");
        }
    }

    #[test]
    fn marks_in_the_structure_make_a_template() {
        for text in [
            "a: {{ .Values.b }}\n",
            "{{- if .Values.a }}\na: 1\n{{- end }}\n",
            "a: 1 {{- x }}\n",
            "a: b{{ include \"c\" . }}\n",
            "{% if a %}\nb: 1\n{% endif %}\n",
            "a: '# no comment'  {{ .Values.b }}\n",
            "a: x#y {{- z }}\n",
            "a: {{ b -}}\n",
            "a: \"{{ .Values.a }}\"\n{{ range .Values.b }}\n",
        ] {
            assert!(is_template(text), "{text}");
        }
    }

    #[test]
    fn a_line_of_many_marks_takes_no_time() {
        let marks = "{{- x -}} ".repeat(1_000_000);
        assert!(!is_template(&format!("# {marks}\na: 1\n")));
        assert!(!is_template(&format!("# {marks}\na: [1\n")));
        assert!(!is_template(&format!("a: '{marks}' # {marks}\n")));
    }

    #[test]
    fn marks_in_comments_and_quotes_make_none() {
        for text in [
            "# {{- x\na: 1\n",
            "a: 1  # see {% docs %}\n",
            "a: 'alert says {{ if x }}'\n",
            "a: \"{{ .Values.a }}\"\n",
            "a: |\n  {{- if .Labels.x }}\n  {{ end }}\nb: 1\n",
            "a: >-\n  {% raw %}\n",
            "{ \"a\": \"{{ template b }}\" }",
            "a: 'x # y {{- z }}'\n",
            "a: rate(x[{{.window}}])\n",
            "# {% docs\na: [1\n",
            "a: {b: {c: 1}}\n",
        ] {
            assert!(!is_template(text), "{text}");
        }
    }
}
