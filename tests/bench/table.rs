//! What was measured, as a table.

use std::fmt;
use std::time::Duration;

/// What a step should reach; printed beside it, never asserted.
#[derive(Clone, Copy)]
pub(crate) enum Aim {
    /// Nothing: the step is there to compare with.
    None,
    /// At most so many times the scan.
    TimesScan(f64),
    /// Less time than this.
    Under(Duration),
}

/// A step and its times, one for each round; nothing where the step could not run.
pub(crate) struct Row {
    name: &'static str,
    aim: Aim,
    pub(crate) times: Vec<Option<Duration>>,
}

/// Everything that was measured.
pub(crate) struct Table {
    /// The size of the input.
    pub(crate) bytes: usize,
    /// The steps; the first of all is the scan, unless it was not wanted.
    pub(crate) rows: Vec<Row>,
    /// The peaks of memory, in bytes.
    pub(crate) memory: Vec<(String, Option<usize>)>,
    /// The numbers of documents, their bytes, and how many times the scan they took.
    pub(crate) growth: Vec<(usize, usize, Option<f64>)>,
}

impl Row {
    /// Returns a step that has not been measured yet.
    pub(crate) fn new(name: &'static str, aim: Aim) -> Self {
        Self { name, aim, times: Vec::new() }
    }

    /// Returns the median of the ratios to the scan of the same round.
    pub(crate) fn times_scan(&self, scan: Option<&Row>) -> Option<f64> {
        let pairs = self.times.iter().zip(&scan?.times);
        let ratio = |(own, scan): (&Option<Duration>, &Option<Duration>)| {
            Some((*own)?.as_secs_f64() / (*scan)?.as_secs_f64())
        };
        // The clock of a thread may stand still for as long as a small tree takes.
        median(pairs.filter_map(ratio).filter(|ratio| ratio.is_finite()).collect())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |out: &mut fmt::Formatter<'_>, cells: [&str; 5]| {
            let [name, value, speed, ratio, aim] = cells;
            let text = format!("{name:<44} {value:>10} {speed:>8} {ratio:>8}   {aim}");
            writeln!(out, "{}", text.trim_end())
        };
        for (documents, bytes, ratio) in &self.growth {
            let name = format!("growth: all rules on {documents} documents, one thread");
            let size = format!("{:.1} MB", megabytes(*bytes));
            let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
            line(out, [&name, &size, "", &ratio, "the same"])?;
        }
        if self.rows.is_empty() && self.memory.is_empty() {
            return Ok(());
        }
        line(out, ["", "median", "MB/s", "× scan", "aim"])?;
        let scan = self.rows.iter().find(|row| row.name.starts_with("scan"));
        for row in &self.rows {
            let times: Vec<Duration> = row.times.iter().copied().flatten().collect();
            let Some(time) = median(times) else {
                line(out, [row.name, "left out", "", "", ""])?;
                continue;
            };
            let seconds = time.as_secs_f64();
            let whole = !row.name.starts_with("start-up");
            let speed = megabytes(self.bytes) / seconds;
            let ratio = row.times_scan(scan).filter(|_| whole);
            let speed = if whole { format!("{speed:.1}") } else { String::new() };
            let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
            let aim = match row.aim {
                Aim::None => String::new(),
                Aim::TimesScan(most) => format!("at most {most:.2} × scan"),
                Aim::Under(most) => format!("under {} ms", most.as_millis()),
            };
            line(out, [row.name, &format!("{:.1} ms", 1000.0 * seconds), &speed, &ratio, &aim])?;
        }
        line(out, ["", "", "", "× input", ""])?;
        for (name, bytes) in &self.memory {
            let Some(bytes) = *bytes else {
                line(out, [name, "left out", "", "", ""])?;
                continue;
            };
            let size = format!("{:.1} MB", megabytes(bytes));
            let ratio = format!("{:.2}", megabytes(bytes) / megabytes(self.bytes));
            line(out, [name, &size, "", &ratio, "under 4.00 × input"])?;
        }
        Ok(())
    }
}

/// Returns a number of bytes in millions.
#[expect(clippy::cast_precision_loss, reason = "a size is shown with one digit after the point")]
pub(crate) fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// Returns the middle of some values, the higher one of two; nothing where there is none.
pub(crate) fn median<T: Copy + PartialOrd>(mut values: Vec<T>) -> Option<T> {
    values.sort_by(|left, right| left.partial_cmp(right).expect("a time is a number"));
    values.get(values.len() / 2).copied()
}
