//! Which changes are in scope, however the globs of a service and of a policy are spelled.

use super::*;

/// Spellings of globs that mean the changed file, `src/checkout/cart.rs`, or a folder above it.
const MEANT: [&str; 16] = [
    "src/checkout/**",
    "src/checkout",
    "src/checkout/",
    "/src/checkout/**",
    "./src/checkout/**",
    "./src/checkout",
    "src//checkout/.",
    "src/",
    "src",
    "/",
    "**",
    "{lib,src}",
    "{lib/a,src/checkout}",
    "src/{search,checkout}/**",
    "src/checkout/cart.rs",
    "**/*.rs",
];

/// Spellings that mean something else.
const OTHER: [&str; 6] = ["src/search", "checkout", "src/check", "src/*", "*.rs", "lib/"];

/// Texts that are no globs, and that a glob library may accept.
const REFUSED: [&str; 9] =
    ["!docs/**", "lib\\**", "lib/[", "{lib", "", "../lib/**", "lib**", "{/lib,x}", " lib"];

#[test]
fn a_service_is_its_paths_however_they_are_spelled() {
    let judged = |glob: &str, changed: &str| {
        let text = format!("[services]\ncheckout = [\"x\", {glob:?}]\n");
        let source = Source::from_text("slo.toml", text, Origin::Worktree);
        let (config, problems) = Config::parse(SourceId::default(), &source);
        let mut case = Case::new(policy(GateKind::Freeze));
        case.services = config.services;
        case.facts.changed = vec![changed.to_owned()];
        (problems.len(), case.answer().1)
    };
    for glob in MEANT {
        assert_eq!(judged(glob, "src/checkout/cart.rs"), (0, Reason::Frozen), "{glob}");
    }
    for glob in OTHER {
        assert_eq!(judged(glob, "src/checkout/cart.rs"), (0, Reason::NotInScope), "{glob}");
    }
    for glob in REFUSED {
        assert_eq!(judged(glob, "src/checkout/cart.rs"), (1, Reason::Frozen), "{glob}");
    }
}

#[test]
fn a_scope_is_its_paths_however_they_are_spelled() {
    let judged = |globs: &[&str]| {
        let mut policy = policy(GateKind::Freeze);
        policy.scope.paths = texts(globs);
        Case::new(policy).answer().1
    };
    for glob in MEANT {
        assert_eq!(judged(&[glob]), Reason::Frozen, "{glob}");
    }
    for glob in OTHER {
        assert_eq!(judged(&[glob]), Reason::NotInScope, "{glob}");
    }
    for glob in REFUSED {
        assert_eq!(judged(&["lib/**", glob]), Reason::Frozen, "a mistake narrows nothing: {glob}");
    }
}

#[test]
fn what_is_no_glob_exempts_nothing_and_lets_no_branch_pass() {
    let with = |set: &dyn Fn(&mut ErrorBudgetPolicy)| {
        let mut policy = policy(GateKind::Freeze);
        set(&mut policy);
        let mut case = Case::new(policy);
        case.facts.target_branch = Some("main".into());
        case.answer().1
    };
    let class = |globs: &[&str]| {
        with(&|policy| {
            policy.tiers[0].exempt = texts(&["small"]);
            policy.change_classes = vec![class("small", globs)];
        })
    };
    assert_eq!(class(&["src/checkout"]), Reason::Exempt);
    assert_eq!(class(&["./src/"]), Reason::Exempt);
    assert_eq!(class(&["src/search"]), Reason::Frozen);
    for glob in REFUSED {
        assert_eq!(class(&[glob]), Reason::Frozen, "{glob}");
        assert_eq!(class(&["src/checkout/**", glob]), Reason::Frozen, "{glob}");
        let branch = with(&|policy| policy.scope.branches = texts(&["release/*", glob]));
        assert_eq!(branch, Reason::Frozen, "{glob}");
        let selector = with(&|policy| policy.selector.services = texts(&["search", glob]));
        let is_name = ["../lib/**", "lib**", "{/lib,x}"].contains(&glob);
        assert_eq!(selector == Reason::Open, is_name, "{glob}");
    }
    for (branch, reason) in
        [("main", Reason::Frozen), ("/main", Reason::Frozen), ("release/*", Reason::NotInScope)]
    {
        assert_eq!(with(&|policy| policy.scope.branches = texts(&[branch])), reason, "{branch}");
    }
}

#[test]
fn what_hides_below_a_place_is_in_scope_however_the_folder_is_spelled() {
    for glob in MEANT {
        for place in ["src", "src/checkout"] {
            let mut case = Case::new(policy(GateKind::Freeze));
            let globs = Globs::of_paths([glob]).expect("the glob compiles");
            case.services.insert("checkout".into(), globs);
            case.facts.changed = vec![place.into()];
            case.facts.hiding.insert(place.into());
            assert_eq!(case.answer().1, Reason::Frozen, "{glob} and {place}");
        }
    }
}

#[test]
fn a_class_of_paths_holds_what_hides_only_where_all_below_is_of_the_class() {
    let answer = |globs: &[&str], place: &str, hides: bool| {
        let mut policy = policy(GateKind::Freeze);
        policy.tiers[0].exempt = texts(&["small"]);
        policy.change_classes = vec![class("small", globs)];
        let mut change = commit("aaa", &[]);
        change.paths = vec![place.into()];
        let mut case = Case::new(policy).commits(vec![change]);
        case.facts.changed = vec![place.into()];
        if hides {
            case.facts.hiding.insert(place.into());
        }
        case.answer().1
    };
    for (globs, place, hidden) in [
        (["docs/**", "**/*.md"], "src/checkout/guide.md", Reason::Frozen),
        (["docs/**", "**/*.md"], "docs/guide.md", Reason::Exempt),
        (["src/checkout", "x"], "src/checkout", Reason::Exempt),
        (["src/*", "**/checkout"], "src/checkout", Reason::Exempt),
        (["src/*", "x"], "src/checkout", Reason::Frozen),
    ] {
        assert_eq!(answer(&globs, place, false), Reason::Exempt, "{place}");
        assert_eq!(answer(&globs, place, true), hidden, "{globs:?} {place}");
    }
}
