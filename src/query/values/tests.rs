use proptest::prelude::*;

use super::*;
use crate::query;

/// Returns the values of the matchers of a selector such as `{code=~"5..",code!="501"}`.
fn values(matchers: &str) -> Values {
    let text = format!("x{matchers}");
    let (tree, problems) = query::parse(&text);
    assert!(problems.is_empty(), "{text}: {problems:?}");
    let tree = tree.expect("the query is grammatical");
    let selectors = tree.selectors();
    Values::of(
        &selectors.first().expect("the query selects something").matchers,
        &Automata::default(),
    )
}

fn outside(one: &str, other: &str) -> Option<String> {
    match values(one).within(&values(other)) {
        Containment::Outside(text) => Some(text),
        Containment::Inside => None,
        Containment::Unknown => Some("?".to_owned()),
    }
}

#[test]
fn one_set_lies_within_another() {
    for (one, other) in [
        (r#"{a="x"}"#, r#"{a=~"x|y"}"#),
        (r#"{a=~"5.."}"#, r#"{a=~"[45].."}"#),
        (r#"{a=~"5[0-9]{2}"}"#, r#"{a=~"5\\d\\d"}"#),
        (r#"{a=~"5\\d\\d"}"#, r#"{a=~"5[0-9]{2}"}"#),
        (r#"{a!~"5.."}"#, r#"{a!="500"}"#),
        (r#"{a=~"5..",a!="501"}"#, r#"{a=~"5.."}"#),
        (r#"{a=~"api-.*"}"#, "{}"),
        ("{}", r#"{a=~".*"}"#),
        (r#"{a!~".*"}"#, r#"{a="x"}"#),
        (r#"{a=~".+"}"#, r#"{a!=""}"#),
        (r#"{a!=""}"#, r#"{a=~".+"}"#),
        (r#"{a=~"(?i)get"}"#, r#"{a=~"[Gg][Ee][Tt]"}"#),
        (r#"{a=~"決済|返品"}"#, r#"{a=~".."}"#),
    ] {
        assert_eq!(outside(one, other), None, "{one} {other}");
    }
}

#[test]
fn what_lies_outside_is_shown_by_a_value_that_people_can_read() {
    for (one, other, expected) in [
        ("{}", r#"{a="prod"}"#, "a"),
        (r#"{a!="500"}"#, r#"{a!~"5.."}"#, "5aa"),
        (r#"{a=~"5.."}"#, r#"{a=~"50."}"#, "5aa"),
        (r#"{a=~"x|y"}"#, r#"{a="x"}"#, "y"),
        ("{}", r#"{a!=""}"#, ""),
        (r#"{a=~"a?"}"#, r#"{a=~"a+"}"#, ""),
        (r#"{a=~".."}"#, r#"{a=~"\\w\\w"}"#, "a!"),
        (r#"{a=~"(?i)k"}"#, r#"{a=~"[Kk]"}"#, "\u{212A}"),
    ] {
        assert_eq!(outside(one, other).as_deref(), Some(expected), "{one} {other}");
    }
}

#[test]
fn what_nobody_knows_is_unknown() {
    let unknown = Some("?".to_owned());
    for (one, other) in [
        (r#"{a="$env"}"#, r#"{a="prod"}"#),
        (r#"{a="prod"}"#, r#"{a="{{ .env }}"}"#),
        (r#"{a=~"\\bx\\b"}"#, r#"{a="y"}"#),
        (r#"{a=~"(.*a.{20})"}"#, r#"{a=~"(.*b.{20})"}"#),
    ] {
        assert_eq!(outside(one, other), unknown, "{one} {other}");
    }
    // Whatever else is asked, it is of these.
    assert_eq!(outside(r#"{a="$env",a=~"x.*"}"#, r#"{a=~"x.*"}"#), None);
    assert_eq!(outside(r#"{a="y"}"#, r#"{a="$env",a="x"}"#).as_deref(), Some("y"));
    assert_eq!(values(r#"{a="$env"}"#).is_empty(), None);
    assert_eq!(values(r#"{a="$env",a="x",a="y"}"#).is_empty(), Some(true));
    assert_eq!(values(r#"{a=~"[a-c]",a!~"[b-d]"}"#).is_empty(), Some(false));
    assert_eq!(values(r#"{a=~"5..$"}"#).contain("503"), Some(true));
    assert_eq!(values(r#"{a="$env"}"#).contain("prod"), None);
}

proptest! {
    /// The walk agrees with trying every short text.
    #[test]
    fn containment_is_that_of_the_texts(
        one in "(a|b|\\.|a\\*|\\[ab\\]|\\(a\\|bb\\)){1,3}",
        other in "(a|b|\\.|b\\+|\\[ab\\]|\\(a\\|bb\\)\\?){1,3}",
        signs in (any::<bool>(), any::<bool>()),
    ) {
        let sign = |is_negated: bool| if is_negated { "!~" } else { "=~" };
        let one = values(&format!("{{a{}\"{one}\"}}", sign(signs.0)));
        let other = values(&format!("{{a{}\"{other}\"}}", sign(signs.1)));
        let mut texts = vec![String::new()];
        for length in 0..5 {
            let longer: Vec<String> = texts
                .iter()
                .filter(|text| text.len() == length)
                .flat_map(|text| ["a", "b", "c"].map(|letter| format!("{text}{letter}")))
                .collect();
            texts.extend(longer);
        }
        let escapes = |text: &&String| one.contain(text) == Some(true) && other.contain(text) == Some(false);
        match one.within(&other) {
            Containment::Inside => prop_assert_eq!(texts.iter().find(escapes), None),
            Containment::Outside(text) => prop_assert!(escapes(&&text), "{}", text),
            Containment::Unknown => prop_assert!(false),
        }
    }
}

#[test]
fn what_would_make_too_large_an_automaton_is_unknown() {
    for large in ["((a{1000}){1000}){1000}", "[ab]*a[ab]{40}"] {
        assert!(Automaton::of(large).is_none(), "{large}");
    }
    let large = r#"{a=~"[ab]*a[ab]{40}"}"#;
    assert_eq!(values(large).contain("x"), None);
    assert_eq!(outside(large, r#"{a="x"}"#).as_deref(), Some("?"));
}
