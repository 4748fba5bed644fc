//! Measuring: recorded files and every way in which they can be wrong, servers and every way in which they can fail.

mod recorded;
mod sample;
