//! Which characters do something instead of showing something.
//!
//! # Why
//!
//! Definitions are quoted in reports and in files that people read. Whoever writes text that came from a
//! repository asks here what must not go out as it is; how it is written instead is the format's affair.

/// Returns whether a character does something instead of showing something.
///
/// These are the control characters (a tab and a line end too), the separators of lines and
/// paragraphs, everything that changes the direction of text, tags, and what has no width and no
/// use inside a word. The joiners of scripts and emoji are letters, and stay.
pub fn is_active(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}
