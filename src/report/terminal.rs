//! Stub.
use crate::report::Report;
use crate::report::Style;
use std::io;
use std::io::Write;
pub(super) fn render(_report: &Report<'_>, _style: &Style, _out: &mut dyn Write) -> io::Result<()> {
    Ok(())
}
