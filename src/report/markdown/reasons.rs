//! Why the gate decided so, what opens it, and who let a change pass.

use jiff::Timestamp;

use crate::report::Outcome;
use crate::report::Tier;
use crate::report::VerdictView;
use crate::report::layout::counted;

use super::Room;
use super::escape::code;
use super::escape::escape;
use super::escape::prose;

/// Returns one paragraph for each reason.
pub(super) fn reasons(verdict: &VerdictView, room: &mut Room) -> String {
    let mut lines: Vec<String> = verdict.tiers.iter().map(why).collect();
    let ways = ways_on(verdict);
    if !ways.is_empty() {
        lines.push(paragraph("What opens it", &ways.join("; or ")));
    }
    lines.extend(granted(verdict));
    for note in &verdict.notes {
        let mut label = escape(&note.label);
        if let Some(first) = label.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        lines.push(paragraph(&label, &format!("{}: {}", prose(&note.what), prose(&note.why))));
    }
    room.take(lines, 3, &|count| format!("\n{} not shown.", counted(count, "more reason")))
}

fn paragraph(title: &str, text: &str) -> String {
    format!("\n**{title}.** {text}.")
}

fn why(tier: &Tier) -> String {
    let since = tier.since.map(|since| format!(", since {}", moment(since)));
    let place = tier.place.as_deref().map(|place| format!(" ({})", code(place)));
    let (since, place) = (since.unwrap_or_default(), place.unwrap_or_default());
    let (name, slo, because) = (code(&tier.tier), code(&tier.slo), prose(&tier.because));
    paragraph("Why", &format!("{name} by {slo}{since}: {because}{place}"))
}

fn ways_on(verdict: &VerdictView) -> Vec<String> {
    if verdict.outcome == Outcome::Pass {
        return Vec::new();
    }
    // A tier that holds nothing up need not open.
    let holds = |tier: &&Tier| matches!(tier.gate.as_str(), "freeze" | "approve");
    let opens = verdict.tiers.iter().filter(holds).filter_map(|tier| {
        let when = moment(tier.opens?);
        let why = tier.opens_because.as_deref().map(|why| format!(", {}", prose(why)));
        Some(format!("{} opens about {when}{}", code(&tier.tier), why.unwrap_or_default()))
    });
    opens.chain(verdict.ways_on.iter().map(|way| prose(way))).collect()
}

fn granted(verdict: &VerdictView) -> Vec<String> {
    let exemptions = verdict.exemptions.iter().map(|exemption| {
        let commits: Vec<_> = exemption.commits.iter().map(|commit| code(commit)).collect();
        let (class, because) = (escape(&exemption.class), prose(&exemption.because));
        paragraph("Exempt", &format!("{class}: {because} ({})", commits.join(", ")))
    });
    let overrides = verdict.overrides.iter().map(|given| {
        let until = given.until.map(|until| format!(" until {}", moment(until)));
        let by = format!("{}{}", escape(&given.by), until.unwrap_or_default());
        let (reason, path) = (prose(&given.reason), code(&given.path));
        paragraph("Overridden", &format!("By {by}: {reason} ({path})"))
    });
    exemptions.chain(overrides).collect()
}

/// Returns `Nov 26 03:00 UTC`.
fn moment(at: Timestamp) -> String {
    at.strftime("%b %-d %H:%M UTC").to_string()
}
