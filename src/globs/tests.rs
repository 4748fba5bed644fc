use super::*;

fn paths(glob: &str) -> Globs {
    Globs::of_paths([glob]).expect("the glob compiles")
}

#[test]
fn globs_start_at_the_root_and_a_star_stays_in_its_part() {
    for (glob, path) in [
        ("slo/*.yaml", "slo/a.yaml"),
        ("slo/**", "slo/tier1/a.yaml"),
        ("**/*.yaml", "a.yaml"),
        ("**/*.yaml", "slo/tier1/a.yaml"),
        ("*.{yaml,yml}", "a.yml"),
        ("定義/*", "定義/可用性.yaml"),
        ("a[*]/b", "a*/b"),
        ("a,b/c", "a,b/c"),
    ] {
        assert!(paths(glob).matches(path), "{glob} is {path}");
    }
    for (glob, path) in [
        ("slo/*.yaml", "slo/tier1/a.yaml"),
        ("slo/*.yaml", "x/slo/a.yaml"),
        ("SLO/*", "slo/a.yaml"),
        ("charts/*", "charts/a/b.yaml"),
    ] {
        assert!(!paths(glob).matches(path), "{glob} is not {path}");
    }
}

#[test]
fn a_folder_can_be_named() {
    let named =
        ["charts", "charts/", "/charts", "./charts/", "charts/.", "//charts", ".//./charts//"];
    let spelled = ["charts/**", "/charts/**", "./charts/**", "charts//**", "charts/**/", "chart?/"];
    let either =
        ["{charts,slo}", "{slo/b,charts}", "{slo/*,charts}/**", "{slo,charts}/", "chart[s]/**"];
    for glob in named.into_iter().chain(spelled).chain(either) {
        assert!(paths(glob).matches("charts/a/b.yaml"), "{glob}");
        assert!(paths(glob).matches("charts/a"), "{glob}");
        assert!(!paths(glob).matches("charts2/a.yaml"), "{glob}");
        assert!(!paths(glob).matches("x/charts/a.yaml"), "{glob}");
        assert!(paths(glob).may_match_below("charts"), "{glob}");
    }
    assert!(!paths("{slo/*,charts}").matches("slo/a/b.yaml"), "a star stays in its part");
    for glob in ["/", "./", ".", "**", "**/", "//"] {
        assert!(paths(glob).matches("a/b.yaml") && paths(glob).matches("a"), "{glob}");
    }
    assert!(!paths("charts/").matches("charts"), "what ends with `/` is no file");
}

#[test]
fn a_glob_of_folders_is_nothing_below_them() {
    for (glob, folder, other) in [
        ("regions/*", "regions/eu", "regions/eu/api"),
        ("**/prod", "slo/prod", "slo/prod/api"),
        ("**/prod", "prod", "prod/api"),
        ("regions/", "regions/eu", "regions"),
        ("regions/**", "regions/eu", "regions/eu/api"),
        ("regions/**/", "regions/eu", "regions/eu/api"),
        ("regions/**/*", "regions/eu", "regions/eu/api"),
        ("**", "eu", "eu/api"),
        ("**/*", "eu", "eu/api"),
        ("/", "eu", "eu/api"),
    ] {
        let globs = Globs::of_folders([glob]).expect("the glob compiles");
        assert!(globs.matches(folder) && !globs.matches(other), "{glob}");
    }
}

#[test]
fn what_is_no_glob_is_refused() {
    let of_both: &[(&str, Refusal)] = &[
        ("", Refusal::Empty),
        ("!docs/**", Refusal::TurnedAround),
        ("src\\checkout\\**", Refusal::Backslash),
        ("a\\*", Refusal::Backslash),
        ("src/** ", Refusal::WhiteSpace),
        ("\u{a0}src", Refusal::WhiteSpace),
    ];
    for (glob, refusal) in of_both {
        assert_eq!(Globs::of_paths([glob]).unwrap_err(), *refusal, "{glob}");
        assert_eq!(Globs::of_names([glob]).unwrap_err(), *refusal, "{glob}");
    }
    let long = [&"{".repeat(100_000), &"{a,".repeat(300), "a[", "{a", "a}", "[z-a]"];
    for glob in long {
        assert!(Globs::of_paths([glob]).is_err(), "{glob}");
        assert!(Globs::of_names([glob]).is_err(), "{glob}");
    }
    let many = vec!["a"; MAX_GLOBS + 1];
    assert_eq!(Globs::of_paths(&many).unwrap_err(), Refusal::TooMany);
    assert!(Globs::of_paths(&many[1..]).is_ok());
}

#[test]
fn what_seems_to_be_a_path_and_fits_none_is_refused() {
    for (refusal, globs) in [
        (Refusal::Outside, &["../a", "a/../b", ".."][..]),
        (
            Refusal::Joined,
            &[
                "src**",
                "**.py",
                "src/***",
                "{src,lib}**",
                "src/{**,a}",
                "src/{a,**}",
                "{**}",
                "**{a,b}",
            ],
        ),
        (
            Refusal::Edge,
            &[
                "{/src,lib}",
                "{lib,/src}/**",
                "{./src,lib}",
                "{src/,lib}",
                "src[/]a",
                "src[!/]a",
                "[a/]",
            ],
        ),
    ] {
        for glob in globs {
            assert_eq!(Globs::of_paths([glob]).unwrap_err(), refusal, "{glob}");
        }
    }
    for glob in ["[**]", "[]/a", "a**[", "{[,/]}"] {
        // Whatever the answer is, there is one.
        drop(Globs::of_paths([glob]));
    }
}

#[test]
fn a_name_is_one_text() {
    let names = |glob| Globs::of_names([glob]).expect("the glob compiles");
    assert!(names("release-*").matches("release-1/2"));
    assert!(names("api").matches("api"));
    assert!(!names("api").matches("api/v1"), "a name is no folder");
    assert!(!names("/api").matches("api"));
}

#[test]
fn no_glob_matches_nothing() {
    assert!(Globs::default().is_empty());
    assert!(!Globs::default().matches("a") && !Globs::default().may_match_below("a"));
    let none: [&str; 0] = [];
    assert!(!Globs::of_paths(none).expect("nothing is wrong").matches("a"));
}

#[test]
fn a_glob_reaches_below_the_folders_that_it_goes_through() {
    for (glob, folder) in [
        ("src/checkout/**", "src/checkout"),
        ("src/checkout/**", "src"),
        ("/src/checkout/", "src/checkout"),
        ("./src/checkout", "src"),
        ("src/checkout", "src/checkout"),
        ("src", "src/checkout/vendor"),
        ("/", "vendor"),
        ("src/*/pay.py", "src/checkout"),
        ("src/*", "src/checkout"),
        ("**/checkout/**", "vendor"),
        ("{src,lib}/checkout/**", "anything"),
        ("src/[c]*/**", "src/checkout"),
    ] {
        assert!(paths(glob).may_match_below(folder), "{glob} below {folder}");
    }
    for (glob, folder) in [
        ("src/checkout/**", "src/search"),
        ("src/checkout/**", "src/checkou"),
        ("src/checkout", "src/search"),
        ("src/*.py", "src/checkout"),
        ("*.py", "src"),
    ] {
        assert!(!paths(glob).may_match_below(folder), "{glob} below {folder}");
    }
}

#[test]
fn a_glob_matches_all_below_a_place_only_when_its_end_is_open() {
    for (glob, place) in [
        ("docs/**", "docs/guide"),
        ("docs/**/*", "docs/guide/a"),
        ("docs/", "docs/guide"),
        ("docs", "docs"),
        ("docs/guide.md", "docs/guide.md"),
        ("{docs,notes}/**", "notes/a/b"),
        ("**/docs/**", "src/docs/a"),
        ("d*/[g]uide/**", "docs/guide/a"),
        ("**", "src"),
        ("**/*", "src/a"),
    ] {
        assert!(paths(glob).matches_all_below(place), "{glob} below {place}");
    }
    for (glob, place) in [
        ("**/*.md", "src/guide.md"),
        ("docs/*", "docs/guide"),
        ("docs/**/*.md", "docs/guide.md"),
        ("docs/**", "docs"),
        ("docs/**", "src/docs"),
        ("{docs/**,notes/*}", "notes/a"),
        ("src/**/*", "docs/a"),
    ] {
        assert!(!paths(glob).matches_all_below(place), "{glob} below {place}");
    }
    assert!(!Globs::default().matches_all_below("a"));
}
