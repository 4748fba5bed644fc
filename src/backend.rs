//! The door to measured events: `recorded` files, and servers that speak the HTTP API of Prometheus.
//!
//! A backend answers [`budget::Request`](crate::budget::Request)s with
//! [`budget::Measurement`](crate::budget::Measurement)s.
//!
//! **Invariant:** `backend` knows no policy and judges nothing. A backend that fails is a
//! [`Failure`](crate::budget::Failure) in the measurement, never a failure of the program.

pub mod recorded;
