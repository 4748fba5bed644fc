//! The burn of the last weeks as charts that the forge draws.

use crate::quantity::Ratio;
use crate::report::BudgetRow;
use crate::report::BudgetTable;
use crate::report::layout::counted;

use super::Room;

/// How many charts a comment has at most: those of the budgets with the least left.
const MAX_CHARTS: usize = 5;

/// Returns the charts, folded; those that do not fit are left out.
pub(super) fn charts(budgets: &BudgetTable, room: &mut Room) -> String {
    let mut rows: Vec<&BudgetRow> =
        budgets.rows.iter().filter(|row| row.history.iter().any(Option::is_some)).collect();
    rows.sort_by(|one, other| one.remaining.cmp(&other.remaining));
    let charts: Vec<String> = rows.into_iter().take(MAX_CHARTS).map(chart).collect();
    if charts.is_empty() {
        return String::new();
    }
    let span = budgets.rows.iter().find_map(|row| row.history_span.as_deref());
    let title =
        span.map_or_else(|| "History".to_owned(), |span| format!("Last {}", in_words(span)));
    let head = room.whole(format!("\n<details><summary>{title}</summary>\n\n</details>\n"));
    let charts: String = charts.into_iter().map(|chart| room.whole(chart)).collect();
    if head.is_empty() || charts.is_empty() {
        return String::new();
    }
    head.replace("</details>", &format!("{charts}</details>"))
}

/// Returns a span as people write it: `28 days` for `28d`.
fn in_words(span: &str) -> String {
    match span.strip_suffix('d').and_then(|days| days.parse::<u32>().ok()) {
        Some(1) => "day".to_owned(),
        Some(days) => format!("{days} days"),
        None => quoted(span),
    }
}

/// Returns one chart: a bar for each step, and a line at the burn rate that empties the budget.
fn chart(row: &BudgetRow) -> String {
    let steps = row.history.len();
    let drawn =
        |step: &Option<Ratio>| step.as_ref().map_or_else(|| "0".to_owned(), |rate| rate.rounded(2));
    let bars = row.history.iter().map(drawn).collect::<Vec<_>>().join(", ");
    let line = vec!["1"; steps].join(", ");
    let top = row.history.iter().flatten().max().cloned().unwrap_or_else(Ratio::one);
    let top = (&top.max(Ratio::one()) * &Ratio::whole(2)).floor();
    let top = (&(&top + &Ratio::one()) / 2).rounded(1);
    let missing = row.history.iter().filter(|step| step.is_none()).count();
    let missing = if missing > 0 {
        format!("\n{} without data, drawn as 0.\n", counted(missing, "step"))
    } else {
        String::new()
    };
    let title = quoted(&row.slo);
    format!(
        "```mermaid\nxychart-beta\n  title \"{title}: burn rate\"\n  x-axis 1 --> {steps}\n  \
         y-axis 0 --> {top}\n  bar [{bars}]\n  line [{line}]\n```\n{missing}\n"
    )
}

/// Returns text that is safe between quotes of a chart, and in a title: letters, digits and a few
/// signs.
fn quoted(text: &str) -> String {
    let is_plain = |&character: &char| character.is_alphanumeric() || " ._-".contains(character);
    text.chars().filter(is_plain).take(80).collect()
}
