//! Builds flow log lines for tests, so that a test names only the values it is about.
//!
//! ```
//! use flow_testkit::Flow;
//!
//! let refused = Flow::tcp("198.51.100.7", 40000, "10.0.0.5", 22).rejected().at(1_700_000_000);
//! assert_eq!(
//!     refused.line(),
//!     "2 123456789012 eni-0a1b2c3d4e5f60718 198.51.100.7 10.0.0.5 40000 22 6 1 60 1700000000 1700000059 REJECT OK",
//! );
//! ```

mod flow;

pub use flow::Flow;
