//! Which commits the gate compares: branches, merges, events, shallow clones.
