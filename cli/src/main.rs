//! flowgauge
fn main() {}
