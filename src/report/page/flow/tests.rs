use proptest::prelude::*;

use super::*;

fn wrapped(text: &str, room: usize) -> Vec<String> {
    let lines = lines(&[Piece::new(text, None)], room);
    lines.iter().map(|line| line.painted(&Style::default())).collect()
}

#[test]
fn lines_break_at_spaces_and_between_wide_letters() {
    assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
    assert_eq!(wrapped("決済サービスの目標", 8), ["決済サー", "ビスの目", "標"]);
    assert_eq!(wrapped("目標は、99.9 % です。", 8), ["目標は、", "99.9 %", "です。"]);
    assert_eq!(wrapped("「決済」の目標", 4), ["「決", "済」", "の目", "標"]);
    assert_eq!(wrapped("a budget of 99.9 % of all", 16), ["a budget of", "99.9 % of all"]);
    assert_eq!(wrapped("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
    assert_eq!(wrapped("", 4), [""]);
}

#[test]
fn short_code_stays_on_one_line() {
    let wrapped = |code: &str, room: usize| {
        let pieces = [Piece::new("in a job ", None), Piece::code(code, None)];
        let lines = lines(&pieces, room);
        lines.iter().map(|line| line.painted(&Style::default())).collect::<Vec<_>>()
    };
    assert_eq!(wrapped("slo gate", 20), ["in a job `slo gate`"]);
    assert_eq!(wrapped("slo gate", 18), ["in a job `slo", "gate`"], "more than half a line");
    assert_eq!(wrapped("slo rule", 20), ["in a job `slo rule`"]);
    assert_eq!(wrapped("slo ru", 16), ["in a job", "`slo ru`"]);
}

#[test]
fn an_ink_ends_with_its_line_and_begins_again_on_the_next() {
    let color = Style { color: true, ..Style::default() };
    let pieces = [
        Piece::new("see ", None),
        Piece::new("one two", Some(Ink::Strong)),
        Piece::new(" end", None),
    ];
    let lines: Vec<String> = lines(&pieces, 7).iter().map(|line| line.painted(&color)).collect();
    assert_eq!(lines, ["see \u{1b}[1mone\u{1b}[0m", "\u{1b}[1mtwo\u{1b}[0m end"]);
}

#[test]
fn a_line_ends_where_the_page_says_so() {
    let pieces = [Piece::new("one", None), Piece::line_end(), Piece::new("two", None)];
    assert_eq!(lines(&pieces, 40).len(), 2);
    assert_eq!(wrapped("what \u{1b}[2J acts", 40), ["what \\u{1b}[2J acts"]);
}

proptest! {
    #[test]
    fn no_line_is_wider_than_asked_and_no_letter_is_lost(text in "[a-z決、「 ]{0,80}", room in 2usize..20) {
        let lines = lines(&[Piece::new(&text, None)], room);
        prop_assert!(lines.iter().all(|line| line.width() <= room), "{lines:?}");
        let letters = |text: &str| text.replace(' ', "");
        let drawn: String = lines.iter().map(|line| line.painted(&Style::default())).collect();
        prop_assert_eq!(letters(&drawn), letters(&text));
    }
}
