//! Byte offsets to lines and columns.

/// A place as people count it: line and column from 1, columns in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in Unicode scalar values.
    pub column: usize,
}

/// The starts of the lines of one text.
#[derive(Clone, Debug)]
pub struct LineIndex<'a> {
    text: &'a str,
    starts: Vec<u32>,
}

impl<'a> LineIndex<'a> {
    /// Finds the lines of `text`; `\n`, `\r\n` and a lone `\r` end a line.
    pub fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let ends_line = |index: usize| match bytes.get(index) {
            Some(b'\n') => true,
            Some(b'\r') => bytes.get(index + 1) != Some(&b'\n'),
            _ => false,
        };
        let ends = || memchr::memchr2_iter(b'\n', b'\r', bytes).filter(|&index| ends_line(index));
        let narrow = |start: usize| u32::try_from(start).unwrap_or(u32::MAX);
        // A report may hold the lines of ten thousand files at once.
        let mut starts = Vec::with_capacity(ends().count() + 1);
        starts.push(0);
        starts.extend(ends().map(|index| narrow(index + 1)));
        Self { text, starts }
    }

    /// Returns line and column of a byte offset; an offset past the end counts as the end.
    ///
    /// A byte-order mark has no column: the character behind it is in column 1.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|&start| start as usize <= offset);
        let start = self.starts.get(line.saturating_sub(1)).map_or(0, |&start| start as usize);
        let before = self.text.get(start..offset).unwrap_or_default();
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        Position { line, column: before.chars().count() + 1 }
    }

    /// Returns the text of a line, counted from 1, without its line end.
    pub fn line(&self, line: usize) -> &'a str {
        let Some(&start) = self.starts.get(line.wrapping_sub(1)) else {
            return "";
        };
        let end = self.starts.get(line).map_or(self.text.len(), |&end| end as usize);
        let text = self.text.get(start as usize..end).unwrap_or_default();
        text.strip_prefix('\u{feff}').unwrap_or(text).trim_end_matches(['\r', '\n'])
    }

    /// Returns the byte offset at which a line, counted from 1, starts.
    pub fn start(&self, line: usize) -> usize {
        let start = self.starts.get(line.wrapping_sub(1));
        start.map_or(self.text.len(), |&start| start as usize)
    }

    /// Returns the number of lines; text that ends in a line end has an empty last line.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Returns whether there is no line, which never happens: empty text has one.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_end_in_three_ways() {
        let index = LineIndex::new("\u{feff}a: 1\r\n名前: x\rlast\n");
        let at = |offset| {
            let position = index.position(offset);
            (position.line, position.column)
        };
        assert_eq!(at(3), (1, 1), "a byte-order mark has no column");
        assert_eq!(at(9), (2, 1));
        assert_eq!(at(15), (2, 3), "two characters of three bytes each");
        assert_eq!(at(19), (3, 1), "a lone carriage return ends a line");
        assert_eq!(at(999), (4, 1));
        assert_eq!(index.line(2), "名前: x");
        assert_eq!(index.line(1), "a: 1");
    }
}
