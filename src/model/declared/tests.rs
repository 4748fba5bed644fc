use super::*;

fn ratio(text: &str) -> Ratio {
    Ratio::parse(text).expect("a number")
}

#[test]
fn keys_stand_in_order_and_every_example_has_its_form() {
    assert!(DECLARATIONS.is_sorted_by(|one, other| one.0 < other.0));
    for (key, form) in DECLARATIONS {
        assert!(key.starts_with(PREFIX), "{key}");
        assert!(form.fits(form.example()), "{key}: {}", form.example());
        assert_eq!(form.fits(" "), *form == Form::Text, "{key}");
    }
}

#[test]
fn a_share_may_be_a_percentage_and_never_more_than_the_whole() {
    assert_eq!(share("2%"), Some(ratio("0.02")));
    assert_eq!(share("0.02"), share("2 %"));
    assert_eq!(share("1"), Some(Ratio::one()));
    for wrong in ["0", "1.01", "101%", "-0.1", "two", "%", ".inf"] {
        assert_eq!(share(wrong), None, "{wrong}");
    }
}

#[test]
fn an_agreement_is_a_percentage_with_or_without_a_window() {
    let agreed = |target: &str, window: Option<&str>| {
        Some(Agreement { target: ratio(target), window: window.and_then(Duration::parse) })
    };
    assert_eq!(agreement("99.9"), agreed("0.999", None));
    assert_eq!(agreement("99.95% / 30d"), agreed("0.9995", Some("30d")));
    assert_eq!(agreement("100/1M"), agreed("1", Some("1M")));
    for wrong in ["0.999", "1", "100.1", "99.9/", "99.9/month", "99.9/0d", "/30d"] {
        assert_eq!(agreement(wrong), None, "{wrong}");
    }
}

#[test]
fn a_ramp_is_a_list_of_days_and_targets() {
    let steps = ramp("[{by: 2026-06-30, target: 0.999}, {by: \"2027-01-01\", target: 99.95}]");
    let targets: Vec<_> = steps.expect("a ramp").into_iter().map(|step| step.target).collect();
    assert_eq!(targets, [ratio("0.999"), ratio("0.9995")]);
    for wrong in [
        "[]",
        "{by: 2026-06-30, target: 0.999}",
        "[{by: 30.06.2026, target: 0.999}]",
        "[{by: 2026-06-30}]",
        "[{by: 2026-06-30, target: 100.5}]",
        "[{by: 2026-06-30, target: 0.999, for: 2w}]",
        "[{by: 2026-06-30, target: 0.999}",
        "[1, 2]",
    ] {
        assert_eq!(ramp(wrong), None, "{wrong}");
    }
}

#[test]
fn dependencies_are_names_of_which_one_may_do() {
    let found = dependencies("login, east | west,cache:soft").expect("names");
    let names: Vec<Vec<&str>> =
        found.iter().map(|one| one.names.iter().map(Text::as_str).collect()).collect();
    assert_eq!(names, [vec!["login"], vec!["east", "west"], vec!["cache"]]);
    assert_eq!(found.iter().map(|one| one.is_soft).collect::<Vec<_>>(), [false, false, true]);
    for wrong in ["login,", "a||b", "cache:hard", "log in", ":soft", ","] {
        assert_eq!(dependencies(wrong), None, "{wrong}");
    }
}

#[test]
fn a_day_is_written_in_one_way() {
    assert!(day("2026-12-31").is_some());
    for wrong in ["2026-12-32", "20261231", "2026-W53-4", "31.12.2026", "2026-12-31T00:00:00Z"] {
        assert_eq!(day(wrong), None, "{wrong}");
    }
}
