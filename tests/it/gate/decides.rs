//! What the gate decides about a change, and how it says so.
