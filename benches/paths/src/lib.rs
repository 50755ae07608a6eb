//! The ways from an event to its answer, each beside the floor under it: what benchmarks and budgets measure.
//!
//! A [`Scene`](scene::Scene) holds generated events, the same from the same seed; a [`path`] takes a scene and works
//! through all of its events; a [`stopwatch`] gives several paths their turns.

pub mod firehose;
pub mod more_rules;
pub mod path;
pub mod scene;
pub mod scene_file;
pub mod state;
pub mod stopwatch;
pub mod subscription;
