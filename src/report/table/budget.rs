//! The table of budgets.

use jiff::Timestamp;

use crate::quantity::Ratio;
use crate::report::Amount;
use crate::report::BudgetRow;
use crate::report::BudgetState;
use crate::report::BudgetTable;
use crate::report::Style;
use crate::report::escape::line;
use crate::report::layout::cut;
use crate::report::layout::pad_end;
use crate::report::layout::pad_start;
use crate::report::layout::width;
use crate::report::layout::wrap;
use crate::report::paint::Ink;
use crate::report::paint::paint;

use super::number::aligned;
use super::number::amount;
use super::number::day;
use super::number::decimal;
use super::number::share_left;

/// The columns between two columns.
const GAP: usize = 2;

/// The column that holds the share that is left, and where what is not known is written.
const LEFT: usize = 4;

/// The columns between which a longest line of a table may stand, so that nothing wraps there.
const NAME_AT_LEAST: usize = 16;

/// A column: its title, a cell for each row, and on which side its cells stand.
struct Column {
    title: String,
    cells: Vec<String>,
    right: bool,
}

impl Column {
    fn left(title: &str, cells: Vec<String>) -> Self {
        Self { title: title.to_owned(), cells, right: false }
    }

    fn numbers(title: &str, mut cells: Vec<String>) -> Self {
        aligned(&mut cells);
        Self { title: title.to_owned(), cells, right: true }
    }

    fn width(&self) -> usize {
        self.cells.iter().map(|cell| width(cell)).max().unwrap_or(0).max(width(&self.title))
    }

    fn cell(&self, text: &str) -> String {
        let columns = self.width();
        if self.right { pad_start(text, columns) } else { pad_end(text, columns) }
    }
}

/// Returns the lines of the table.
pub(super) fn rows(table: &BudgetTable, style: &Style) -> Vec<String> {
    let rows = &table.rows;
    if rows.is_empty() {
        return vec!["no budget to show".to_owned()];
    }
    let columns = fitted(columns(table, style), style);
    let mut lines = Vec::new();
    let mut service = None;
    for (index, row) in rows.iter().enumerate() {
        let name = line(row.service.as_deref().unwrap_or("no service")).into_owned();
        if index == 0 {
            lines.push(header(&name, &columns, style));
        } else if service.as_ref() != Some(&name) {
            lines.push(paint(style, Ink::Strong, &cut(&name, style.width)));
        }
        service = Some(name);
        lines.extend(drawn(index, row, &columns, style));
    }
    lines
}

/// Returns what is to be known about the numbers: a line for each known budget of which a part of the
/// window has no data, and the warnings of the backends.
///
/// * `warnings`: whether warnings are listed here, and not in the notes of a verdict.
pub(super) fn remarks(table: &BudgetTable, style: &Style, warnings: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for row in &table.rows {
        let coverage = row.coverage.as_ref().filter(|coverage| **coverage < Ratio::one());
        if let (BudgetState::Known, Some(coverage)) = (row.state, coverage) {
            let share = coverage.percent().rounded(1);
            let text = format!("{}: {share} % of the window has data", line(&row.slo));
            lines.push(cut(&text, style.width));
        }
        for warning in row.warnings.iter().filter(|_| warnings) {
            let text = format!("{}: {}", line(&row.slo), line(warning));
            lines.extend(wrap(&text, style.width, style.width));
        }
    }
    let painted = lines.iter().map(|text| paint(style, Ink::Careful, text));
    let mut lines = proposals(table, style);
    lines.extend(painted);
    if !lines.is_empty() {
        lines.insert(0, String::new());
    }
    lines
}

/// Returns what a change makes of the budgets.
fn proposals(table: &BudgetTable, style: &Style) -> Vec<String> {
    let proposed = table.rows.iter().filter_map(|row| {
        let text = row.with_change.as_deref()?;
        Some(format!("with this change, {}: {}", line(&row.slo), line(text)))
    });
    proposed.flat_map(|text| wrap(&text, style.width, style.width)).collect()
}

/// Returns the lookbacks of a table, in the order in which they are first named.
pub(in crate::report) fn burn_names(rows: &[BudgetRow]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| &row.burn_rates) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

fn columns(table: &BudgetTable, style: &Style) -> Vec<Column> {
    let rows = &table.rows;
    let each = |cell: &dyn Fn(&BudgetRow) -> String| rows.iter().map(cell).collect::<Vec<_>>();
    let share = |row: &BudgetRow| share_left(row, style.unicode);
    let target = |row: &BudgetRow| format!("{} %", row.target.percent());
    let mut columns = vec![
        Column::left("", each(&name)),
        Column::numbers("target", each(&target)),
        Column::left("window", each(&|row| line(&row.window).into_owned())),
        Column::left("method", each(&|row| line(&row.method).into_owned())),
        Column::numbers("left", each(&|row| known(row, share(row), style))),
    ];
    columns.push(left_column(rows, style));
    for name in burn_names(rows) {
        let rate = |row: &BudgetRow| {
            let rate = row.burn_rates.iter().find(|(lookback, _)| lookback == name);
            let rate = rate.and_then(|(_, rate)| rate.as_ref());
            known(row, rate.map(|rate| decimal(&rate.fixed(1), style.unicode)), style)
        };
        columns.push(Column::numbers(&line(name), each(&rate)));
    }
    let now = table.measured_at;
    columns
        .push(Column::left("runs out", each(&|row| known(row, runs_out(row, now, style), style))));
    if rows.iter().any(|row| !row.history.is_empty()) {
        let title = rows.iter().find_map(|row| row.history_span.as_deref()).unwrap_or_default();
        columns.push(Column::left(&line(title), each(&|row| sparkline(&row.history, style))));
    }
    columns
}

fn name(row: &BudgetRow) -> String {
    let condition = row.condition.as_deref().map(|text| format!("  {}", line(text)));
    format!("  {}{}", line(&row.slo), condition.unwrap_or_default())
}

/// Returns a cell of a known budget: the text, or a dash where this one number is not known.
fn known(row: &BudgetRow, text: Option<String>, style: &Style) -> String {
    match row.state {
        BudgetState::Known => text.unwrap_or_else(|| dash(style)),
        _ => String::new(),
    }
}

fn dash(style: &Style) -> String {
    if style.unicode { "–" } else { "-" }.to_owned()
}

/// Returns the column of what is left; its title has the unit where all rows share one.
fn left_column(rows: &[BudgetRow], style: &Style) -> Column {
    let amounts = || rows.iter().filter_map(|row| row.left.as_ref());
    let title = if amounts().all(|amount| matches!(amount, Amount::Events(_))) {
        "in events"
    } else if amounts().all(|amount| matches!(amount, Amount::Minutes(_))) {
        "in minutes"
    } else {
        ""
    };
    let cell = |row: &BudgetRow| {
        let text = row.left.as_ref().map(|left| amount(left, style.unicode));
        let text = text.map(|text| match text.rsplit_once(' ') {
            Some((number, _)) if !title.is_empty() => number.to_owned(),
            _ => text,
        });
        known(row, text, style)
    };
    Column::numbers(title, rows.iter().map(cell).collect())
}

fn runs_out(row: &BudgetRow, now: Option<Timestamp>, _style: &Style) -> Option<String> {
    let at = row.exhausted_at?;
    let past = now.is_some_and(|now| at <= now);
    let since = if past { "since " } else { "" };
    Some(format!("{since}{}", day(at, now)))
}

/// Returns burn rates as bars; a step without data is a dot.
///
/// The scale starts at 0 and ends at the highest rate, or at 1 where none reaches it, so that a calm
/// history looks calm.
fn sparkline(history: &[Option<Ratio>], style: &Style) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const PLAIN: [char; 8] = ['_', '.', '-', '~', '=', '+', '*', '#'];
    let bars = if style.unicode { BARS } else { PLAIN };
    let missing = if style.unicode { '·' } else { ' ' };
    let top = history.iter().flatten().max().cloned().unwrap_or_else(Ratio::one);
    let top = top.max(Ratio::one());
    let bar = |step: &Option<Ratio>| {
        let Some(rate) = step else { return missing };
        let share = rate.checked_div(&top).unwrap_or_else(Ratio::zero);
        let index = (&share * &Ratio::whole(8)).floor().to_i64().unwrap_or(0).clamp(0, 7);
        usize::try_from(index).ok().and_then(|index| bars.get(index)).copied().unwrap_or(missing)
    };
    history.iter().map(bar).collect()
}

/// Drops columns from the right until a row fits; the name and what is left stay.
fn fitted(mut columns: Vec<Column>, style: &Style) -> Vec<Column> {
    let total = |columns: &[Column]| {
        let widths: usize = columns.iter().map(Column::width).sum();
        widths + GAP * columns.len().saturating_sub(1)
    };
    while total(&columns) > style.width && columns.len() > 2 {
        let drop = if columns.len() - 1 > LEFT { columns.len() - 1 } else { columns.len() - 2 };
        columns.remove(drop);
    }
    let over = total(&columns).saturating_sub(style.width);
    if let Some(names) = columns.first_mut().filter(|_| over > 0) {
        let room = names.width().saturating_sub(over).max(NAME_AT_LEAST);
        names.cells = names.cells.iter().map(|name| cut(name, room)).collect();
    }
    columns
}

/// Returns where the column of what is left stands, after columns were dropped.
fn left_index(columns: &[Column]) -> usize {
    columns.iter().position(|column| column.title == "left").unwrap_or(0)
}

fn header(service: &str, columns: &[Column], style: &Style) -> String {
    let titles = columns.iter().enumerate().map(|(index, column)| {
        if index == 0 {
            let text = pad_end(&cut(service, column.width()), column.width());
            paint(style, Ink::Strong, &text)
        } else {
            paint(style, Ink::Faint, &column.cell(&column.title))
        }
    });
    titles.collect::<Vec<_>>().join(&" ".repeat(GAP))
}

fn drawn(index: usize, row: &BudgetRow, columns: &[Column], style: &Style) -> Vec<String> {
    let gap = " ".repeat(GAP);
    let cell = |column: &Column| column.cell(column.cells.get(index).map_or("", String::as_str));
    let left = left_index(columns);
    let before = || columns.iter().take(left).map(cell);
    if row.state == BudgetState::Known {
        let share = columns.get(left).map(cell).unwrap_or_default();
        let share = paint(style, ink(row), &share);
        let behind = columns.iter().skip(left + 1).map(cell);
        let cells: Vec<_> = before().chain([share]).chain(behind).collect();
        return vec![cells.join(&gap).trim_end().to_owned()];
    }
    let state = row.state.words();
    let why = row.explanation.as_deref().or(row.reason.as_deref()).map(line);
    let why = why.unwrap_or_default();
    let said = if why.is_empty() { state.to_owned() } else { format!("{state}: {why}") };
    let head = before().collect::<Vec<_>>().join(&gap) + &gap;
    let painted = |text: &str| paint(style, Ink::Careful, text);
    if width(&head) + width(&said) <= style.width {
        return vec![format!("{head}{}", painted(&said))];
    }
    let mut lines = vec![format!("{head}{}", painted(state))];
    let room = style.width.saturating_sub(4);
    lines.extend(wrap(&why, room, room).iter().map(|part| format!("    {part}")));
    lines
}

/// Returns how the share that is left looks: overspent is bad, below a quarter asks for care.
fn ink(row: &BudgetRow) -> Ink {
    match &row.remaining {
        Some(left) if left.is_negative() => Ink::Bad,
        Some(left) if (left * &Ratio::whole(4)) < Ratio::one() => Ink::Careful,
        Some(_) => Ink::Good,
        None => Ink::Careful,
    }
}
