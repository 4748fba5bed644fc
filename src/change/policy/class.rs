//! What differs between the change classes of a policy.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::ChangeClass;
use crate::model::GateKind;
use crate::source::Spanned;

use super::Differences;
use super::Direction;
use crate::change::pair::Pair;
use crate::change::pair::Pairing;

/// Change classes that have a meaning where a policy does not define them.
const KNOWN: [&str; 3] = ["security", "reliability-fix", "rollback"];

/// Finds what differs between the change classes.
///
/// A class that exempts from no freeze decides nothing.
pub(super) fn compare(found: &mut Differences<'_>) {
    let (left, right) = (found.left, found.right);
    let used = used(found);
    let exempts = |class: &ChangeClass| used.contains(class.name.value.as_str());
    let classes = [left, right].map(|policy| policy.change_classes.iter().collect::<Vec<_>>());
    let [before, after] = classes;
    let pairs = Pairing::new(before, after)
        .by(|class, _| Some(class.name.value.clone()), |class, _| format!("{:?}", class.trailer))
        .finish();
    for pair in pairs {
        match pair {
            Pair::Before(class) => {
                let direction = presence(exempts(class), class).reversed();
                let place = [Some(class.name.span), None];
                found.push(path(class, ""), direction, [None, None], place);
            }
            Pair::After(class) => {
                let place = [None, Some(class.name.span)];
                found.push(path(class, ""), presence(exempts(class), class), [None, None], place);
            }
            Pair::Both(old, new) => fields(found, old, new, exempts(new)),
        }
    }
}

fn path(class: &ChangeClass, field: &str) -> String {
    let dot = if field.is_empty() { "" } else { "." };
    format!("changeClasses.{}{dot}{field}", class.name.value)
}

/// Returns the names of the classes that a freeze exempts, before or after.
fn used<'a>(found: &Differences<'a>) -> BTreeSet<&'a str> {
    let tiers = found.left.tiers.iter().chain(&found.right.tiers);
    let freezes = tiers.filter(|tier| tier.gate.value == GateKind::Freeze);
    freezes.flat_map(|tier| &tier.exempt).map(|name| name.value.as_str()).collect()
}

/// Returns the direction of a class that is newly defined: it exempts, where it is used; one that
/// had a meaning before may now exempt more or less.
fn presence(used: bool, class: &ChangeClass) -> Direction {
    if !used {
        Direction::Neutral
    } else if KNOWN.contains(&class.name.value.as_str()) {
        Direction::Unclear
    } else {
        Direction::Loosened
    }
}

fn fields(found: &mut Differences<'_>, old: &ChangeClass, new: &ChangeClass, used: bool) {
    let when = |direction: Direction| if used { direction } else { Direction::Neutral };
    let places = [Some(old.name.span), Some(new.name.span)];
    // Any of the kinds of evidence is enough, so another one exempts more.
    let evidence = [("trailer", &old.trailer, &new.trailer), ("label", &old.label, &new.label)];
    for (field, before, after) in evidence {
        let text = |given: &Option<Spanned<String>>| given.as_ref().map(|it| it.value.clone());
        let texts = [text(before), text(after)];
        let direction = match &texts {
            [before, after] if before == after => continue,
            [None, Some(_)] => Direction::Loosened,
            [Some(_), None] => Direction::Tightened,
            _ => Direction::Unclear,
        };
        let places = [before, after].map(|given| given.as_ref().map(|it| it.span));
        found.push(path(new, field), when(direction), texts, places);
    }
    let more = when(Direction::Loosened);
    found.members(&path(new, "paths"), [&old.paths, &new.paths], more);
    let flag = |more: Direction| {
        move |_: &bool, after: &bool| when(if *after { more } else { more.reversed() })
    };
    let reverts = [old.reverts_ancestor, new.reverts_ancestor];
    found.values(&path(new, "revertOf"), &reverts, bool::to_string, flag(Direction::Loosened));
    let (before, after) = (&old.requires, &new.requires);
    let incidents = [before.incident, after.incident];
    let field = path(new, "requires.incident");
    found.values(&field, &incidents, bool::to_string, flag(Direction::Tightened));
    let slos = [before.slo, after.slo];
    found.values(&path(new, "requires.slo"), &slos, bool::to_string, flag(Direction::Tightened));
    if before.approvals != after.approvals {
        let direction = when(approvals(&before.approvals, &after.approvals));
        found.push(path(new, "requires.approvals"), direction, [None, None], places);
    }
    let lines = [old.max_changed_lines, new.max_changed_lines];
    let text = |lines: &Option<u64>| lines.map_or("no limit".to_owned(), |lines| lines.to_string());
    found.values(&path(new, "maxChangedLines"), &lines, text, |before, after| {
        let most = |lines: &Option<u64>| lines.unwrap_or(u64::MAX);
        when(Direction::of(most(before).cmp(&most(after))))
    });
}

/// Orders two lists of roles with their numbers of approvals, all of which are needed.
fn approvals(before: &[(String, u32)], after: &[(String, u32)]) -> Direction {
    let most = |list: &[(String, u32)]| {
        let mut most: BTreeMap<String, u32> = BTreeMap::new();
        for (role, count) in list {
            let known = most.entry(role.clone()).or_default();
            *known = (*known).max(*count);
        }
        most
    };
    let (old, new) = (most(before), most(after));
    let covers = |many: &BTreeMap<String, u32>, few: &BTreeMap<String, u32>| {
        few.iter().all(|(role, count)| many.get(role).is_some_and(|most| most >= count))
    };
    match (covers(&new, &old), covers(&old, &new)) {
        (true, true) => Direction::Neutral,
        (true, false) => Direction::Tightened,
        (false, true) => Direction::Loosened,
        (false, false) => Direction::Unclear,
    }
}
