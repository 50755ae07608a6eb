//! What a month of flow logs costs in AWS, from prices and measurements that arrive as values.
//!
//! ```
//! use flow_cost::{Measured, Model, Part, Prices, Volume, Workload};
//!
//! let (prices, measured) = (Prices::built_in(), Measured::built_in());
//! let volume: Volume = "500GB/month".parse().unwrap();
//! let workload = Workload::new(volume, measured.format("default").unwrap(), &measured);
//! let estimate = Model { prices: &prices, measured: &measured }.estimate(&workload);
//! assert!(estimate.dollars(Part::State) > 1.0);
//! assert!(estimate.flow_logs > estimate.own());
//! ```
//!
//! [`Prices`] and [`Measured`] are files in `data/`, which say where each figure is from. [`Workload`] is what a user knows of
//! his logs, [`Estimate`] what they cost, part by part, and [`Advice`] what would cost less. Nothing here reads a file, a clock
//! or a flow log.

mod advice;
mod archive;
mod estimate;
mod measured;
mod model;
mod number;
mod prices;
mod volume;
mod workload;

pub use advice::{Advice, Change};
pub use estimate::{Estimate, Part};
pub use measured::{Format, Measured};
pub use model::Model;
pub use number::FileError;
pub use prices::Prices;
pub use volume::{Volume, VolumeError};
pub use workload::{Architecture, Workload};

/// Bytes, as AWS's bills count them here.
pub(crate) const GB: f64 = 1e9;
pub(crate) const TB: f64 = 1e12;

/// Of a month, which has 30 days here.
pub(crate) const DAYS: f64 = 30.0;
pub(crate) const MINUTES: f64 = DAYS * 24.0 * 60.0;
pub(crate) const SECONDS: f64 = MINUTES * 60.0;
