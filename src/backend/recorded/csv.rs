//! Recorded measurements as CSV, after RFC 4180.

use csv::ReaderBuilder;
use csv::StringRecord;

use super::Entry;
use super::line;
use super::line::COLUMNS;
use super::line::Problem;

/// Reads the rows of a table, each with its name.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<(String, Entry)>, Problem> {
    let mut reader = ReaderBuilder::new().flexible(true).has_headers(false).from_reader(bytes);
    let mut record = StringRecord::new();
    if !next(&mut reader, &mut record)? {
        let message = format!("the header line `{}` is missing", COLUMNS.join(","));
        return Err(Problem { line: 1, message });
    }
    let columns = columns(&record)?;
    let width = record.len();
    let mut rows = Vec::new();
    while next(&mut reader, &mut record)? {
        let line = line_of(&record);
        if record.len() != width {
            let message = format!("the row has {} fields, the header {width}", record.len());
            return Err(Problem { line, message });
        }
        rows.push(line::read(line, columns.map(|index| record.get(index).unwrap_or_default()))?);
    }
    Ok(rows)
}

/// Reads the next record; false at the end of the table.
fn next(reader: &mut csv::Reader<&[u8]>, record: &mut StringRecord) -> Result<bool, Problem> {
    reader.read_record(record).map_err(|error| {
        let line = error.position().map_or(1, csv::Position::line);
        let message = match error.kind() {
            csv::ErrorKind::Utf8 { .. } => "the text is not UTF-8".to_owned(),
            _ => "the line is not CSV".to_owned(),
        };
        Problem { line, message }
    })
}

/// Finds the columns in the header.
fn columns(header: &StringRecord) -> Result<[usize; 5], Problem> {
    let line = line_of(header);
    let mut found = [0; 5];
    for (place, column) in found.iter_mut().zip(COLUMNS) {
        let mut at = header.iter().enumerate().filter(|(_, name)| *name == column);
        let message = match (at.next(), at.next()) {
            (Some((index, _)), None) => {
                *place = index;
                continue;
            }
            (None, _) => format!("the column `{column}` is missing"),
            (Some(_), Some(_)) => format!("the column `{column}` is given twice"),
        };
        return Err(Problem { line, message });
    }
    Ok(found)
}

fn line_of(record: &StringRecord) -> u64 {
    record.position().map_or(1, csv::Position::line)
}
