//! Stub.
use crate::report::Report;
use std::io;
use std::io::Write;
pub(super) fn render(_report: &Report<'_>, _out: &mut dyn Write) -> io::Result<()> {
    Ok(())
}
