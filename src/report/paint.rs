//! Colors of a terminal: eight of them, and bold, faint, slanted and underlined letters.

use crate::finding::Level;
use crate::report::Style;

/// What a piece of text is, and so how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// Wrong, or blocked.
    Bad,
    /// Likely wrong, or close to the end.
    Careful,
    /// Good to know.
    Calm,
    /// In order.
    Good,
    /// What to read first.
    Strong,
    /// What to read last.
    Faint,
    /// What stands in a file or is typed.
    Code,
    /// What a difference takes away.
    Removed,
    /// The title of a book.
    Title,
    /// What leads elsewhere.
    Link,
}

impl Ink {
    /// Returns how a level looks.
    pub(super) fn of(level: Level) -> Self {
        match level {
            Level::Error => Self::Bad,
            Level::Warning => Self::Careful,
            Level::Info => Self::Calm,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Bad => "1;31",
            Self::Careful => "1;33",
            Self::Calm => "1;36",
            Self::Good => "32",
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Code => "36",
            Self::Removed => "31",
            Self::Title => "3",
            Self::Link => "4",
        }
    }
}

/// Returns the text in a color where the style has colors, else the text.
pub(super) fn paint(style: &Style, ink: Ink, text: &str) -> String {
    if style.color && !text.is_empty() {
        format!("\u{1b}[{}m{text}\u{1b}[0m", ink.code())
    } else {
        text.to_owned()
    }
}
