//! The table of budgets in a comment.

use crate::quantity::Ratio;
use crate::report::BudgetRow;
use crate::report::BudgetState;
use crate::report::BudgetTable;
use crate::report::Report;
use crate::report::layout::counted;
use crate::report::table::burn_names;
use crate::report::table::day;
use crate::report::table::decimal;
use crate::report::table::share_left;

use super::Room;
use super::escape::code;
use super::escape::escape;
use super::escape::prose;

/// Returns the table; a column that would be empty is left out.
pub(super) fn table(budgets: &BudgetTable, report: &Report<'_>, room: &mut Room) -> String {
    let rows = &budgets.rows;
    if rows.is_empty() {
        return String::new();
    }
    let names = burn_names(rows);
    let with_change = rows.iter().any(|row| row.with_change.is_some());
    let burn = names.iter().map(|name| prose(name)).collect::<Vec<_>>().join(" · ");
    let mut head = vec!["SLO".to_owned(), "left".to_owned()];
    let mut rule = vec!["---", "---:"];
    if !names.is_empty() {
        head.push(format!("burn {burn}"));
        rule.push("---");
    }
    if with_change {
        head.push("with this change".to_owned());
        rule.push("---:");
    }
    head.push(String::new());
    rule.push("---");
    let mut lines = vec![format!("\n| {} |\n| {} |", head.join(" | "), rule.join(" | "))];
    lines.extend(rows.iter().map(|row| {
        let mut cells = vec![name(row), left(row)];
        if !names.is_empty() {
            cells.push(rates(row, &names));
        }
        if with_change {
            cells.push(prose(row.with_change.as_deref().unwrap_or("unchanged")));
        }
        cells.push(standing(row, budgets, report));
        format!("| {} |", cells.join(" | "))
    }));
    room.take(lines, 2, &|count| format!("\n… and {}", counted(count, "more SLO")))
}

/// Returns what the backends warn of, one item each.
pub(super) fn warnings(budgets: &BudgetTable, room: &mut Room) -> String {
    let items = budgets.rows.iter().flat_map(|row| {
        row.warnings.iter().map(|warning| format!("- {}: {}", code(&row.slo), prose(warning)))
    });
    let items: Vec<String> = items.collect();
    if items.is_empty() {
        return String::new();
    }
    let lines = std::iter::once("\n**Measured with warnings.**\n".to_owned()).chain(items);
    room.take(lines.collect(), 3, &|count| format!("- … and {}", counted(count, "more warning")))
}

fn name(row: &BudgetRow) -> String {
    let condition = row.condition.as_deref().map(|text| format!(" {},", escape(text)));
    let condition = condition.unwrap_or_default();
    let target = row.target.percent();
    format!("{}{condition} {target} % over {}", code(&row.slo), escape(&row.window))
}

fn left(row: &BudgetRow) -> String {
    if row.state != BudgetState::Known {
        return row.state.words().to_owned();
    }
    let is_overspent = row.remaining.as_ref().is_some_and(Ratio::is_negative);
    match share_left(row, true) {
        Some(share) if is_overspent => format!("**{share}**"),
        Some(share) => share,
        None => "unknown".to_owned(),
    }
}

fn rates(row: &BudgetRow, names: &[&str]) -> String {
    let rate = |name: &&str| {
        let rate = row.burn_rates.iter().find(|(lookback, _)| lookback == name);
        let rate = rate.and_then(|(_, rate)| rate.as_ref());
        rate.map_or_else(|| "–".to_owned(), |rate| decimal(&rate.fixed(1), true))
    };
    names.iter().map(rate).collect::<Vec<_>>().join(" · ")
}

/// Returns what the policy makes of a budget, or when the budget runs out where there is no policy.
fn standing(row: &BudgetRow, budgets: &BudgetTable, report: &Report<'_>) -> String {
    if row.state != BudgetState::Known {
        let why = row.explanation.as_deref().or(row.reason.as_deref());
        return prose(why.unwrap_or_default());
    }
    let now = budgets.measured_at;
    if let Some(verdict) = report.verdict {
        let mut tiers = verdict.tiers.iter().filter(|tier| tier.slo == row.slo);
        return match tiers.next() {
            Some(tier) => {
                let since = tier.since.map(|since| format!(" since {}", since.strftime("%b %-d")));
                let word = if tier.gate == "freeze" { "frozen" } else { tier.tier.as_str() };
                format!("{}{}", escape(word), since.unwrap_or_default())
            }
            None => "open".to_owned(),
        };
    }
    match row.exhausted_at {
        Some(at) if now.is_some_and(|now| at <= now) => format!("out since {}", day(at, now)),
        Some(at) => format!("runs out {}", day(at, now)),
        None => String::new(),
    }
}
