//! Underlines and labels, drawn by `miette` over a canvas.
//!
//! Without the `cli` feature there is no `miette`: places are underlined one below the other.

use crate::finding::Level;
use crate::report::Style;
use crate::report::layout::width;

use super::canvas::Canvas;
use super::canvas::Drawn;

/// What stands before a drawn line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gutter {
    /// The number of a line of the file.
    Line(usize),
    /// Lines of the file are left out here.
    Gap,
    /// Underlines and labels.
    Under,
}

/// Returns the lines of a canvas with underlines and labels below them.
pub(super) fn draw(canvas: &Canvas, level: Level, style: &Style) -> Vec<(Gutter, String)> {
    drawn(canvas, level, style).unwrap_or_else(|| plain(canvas))
}

/// Returns the lines of a canvas, each with its underlines and labels below.
fn plain(canvas: &Canvas) -> Vec<(Gutter, String)> {
    let mut lines = Vec::new();
    let mut end = 0;
    let rows = canvas.rows.iter().copied().zip(canvas.text.split_inclusive('\n'));
    for (number, text) in rows {
        let start = end;
        end += text.len();
        let shown = text.trim_end().to_owned();
        lines.push((number.map_or(Gutter::Gap, Gutter::Line), shown));
        let here = |mark: &&Drawn| (start..end).contains(&mark.range.start);
        for mark in canvas.marks.iter().filter(here) {
            let columns = |from: usize, to: usize| canvas.text.get(from..to).map_or(0, width);
            let before = " ".repeat(columns(start, mark.range.start));
            let size = columns(mark.range.start, mark.range.end.min(end - 1)).max(1);
            let under = if mark.primary { "^" } else { "-" }.repeat(size);
            let mut label = mark.label.as_deref().unwrap_or_default().lines();
            let first = label.next().unwrap_or_default();
            lines.push((Gutter::Under, format!("{before}{under} {first}")));
            lines.extend(label.map(|rest| (Gutter::Under, format!("{before}{rest}"))));
        }
    }
    lines
}

#[cfg(not(feature = "cli"))]
fn drawn(_canvas: &Canvas, _level: Level, _style: &Style) -> Option<Vec<(Gutter, String)>> {
    None
}

#[cfg(feature = "cli")]
fn drawn(canvas: &Canvas, level: Level, style: &Style) -> Option<Vec<(Gutter, String)>> {
    use miette::GraphicalReportHandler;

    let theme = picture::theme(canvas, level, style);
    let (bar, under) = (theme.characters.vbar, theme.characters.vbar_break);
    let mut text = String::new();
    GraphicalReportHandler::new_themed(theme)
        .without_syntax_highlighting()
        .with_context_lines(0)
        .render_report(&mut text, &picture::Picture(canvas))
        .ok()?;
    // The message comes first, then the top of a frame; a frame ends with its bottom.
    let lines: Vec<&str> = text.lines().collect();
    let body = lines.get(2..lines.len().checked_sub(1)?)?;
    let mut rows = canvas.rows.iter();
    let mut drawn = Vec::new();
    for line in body {
        let line = line.trim_start();
        if line.starts_with(|first: char| first.is_ascii_digit()) {
            let (_, text) = line.split_once(bar)?;
            let gutter = rows.next()?.map_or(Gutter::Gap, Gutter::Line);
            drawn.push((gutter, text.strip_prefix(' ').unwrap_or(text).to_owned()));
        } else {
            let text = line.strip_prefix(under)?;
            drawn.push((Gutter::Under, text.strip_prefix(' ').unwrap_or(text).to_owned()));
        }
    }
    rows.next().is_none().then_some(drawn)
}

/// A canvas as `miette` wants to see it.
#[cfg(feature = "cli")]
mod picture {
    use std::fmt;

    use miette::Diagnostic;
    use miette::GraphicalTheme;
    use miette::LabeledSpan;
    use miette::MietteError;
    use miette::MietteSpanContents;
    use miette::SourceCode;
    use miette::SourceSpan;
    use miette::SpanContents;
    use miette::ThemeCharacters;
    use miette::ThemeStyles;

    use crate::finding::Level;
    use crate::report::Style;
    use crate::report::terminal::canvas::Canvas;

    #[derive(Debug)]
    pub(super) struct Picture<'a>(pub(super) &'a Canvas);

    impl fmt::Display for Picture<'_> {
        fn fmt(&self, _formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            Ok(())
        }
    }

    impl std::error::Error for Picture<'_> {}

    impl Diagnostic for Picture<'_> {
        fn source_code(&self) -> Option<&dyn SourceCode> {
            Some(self.0)
        }

        fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
            Some(Box::new(self.0.marks.iter().map(|mark| {
                LabeledSpan::new(mark.label.clone(), mark.range.start, mark.range.len())
            })))
        }
    }

    impl SourceCode for Canvas {
        /// Returns the whole canvas whatever is asked for, so that it is drawn in one frame.
        fn read_span<'a>(
            &'a self,
            _span: &SourceSpan,
            _before: usize,
            _after: usize,
        ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
            let bytes = self.text.as_bytes();
            let whole = SourceSpan::from((0, bytes.len()));
            let rows = self.rows.len() + 1;
            Ok(Box::new(MietteSpanContents::new(bytes, whole, 0, 0, rows)))
        }
    }

    /// Returns characters and colors: the place of the finding in the color of its level.
    pub(super) fn theme(canvas: &Canvas, level: Level, style: &Style) -> GraphicalTheme {
        let characters =
            if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
        let mut styles = ThemeStyles::none();
        if style.color {
            let colors = ThemeStyles::ansi();
            let own = match level {
                Level::Error => colors.error,
                Level::Warning => colors.warning,
                Level::Info => colors.advice,
            };
            let other = if level == Level::Info { colors.warning } else { colors.advice };
            // `miette` takes them in the order of the labels.
            let pick = |primary: bool| if primary { own } else { other };
            styles.highlights = canvas.marks.iter().map(|mark| pick(mark.primary)).collect();
        }
        GraphicalTheme { characters, styles }
    }
}
