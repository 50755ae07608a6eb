//! Measures the Firehose transformation beside its floor and beside VRL: `make bench-firehose`.
//!
//! One event of gzip CloudWatch Logs messages is made from a seed, as many messages of 1,000 records of one interface each
//! as an answer takes, ten at most: once in AWS's default format and once with the 29 fields of version 5. Measured is one
//! thread's CPU time from the event as JSON to the answer as JSON, of
//!
//! - `floor`: what nobody can leave out, base64, inflate and CRC, with the product's own code;
//! - `flowgauge`: the transformation as the function runs it, with flat output;
//! - `VRL`: `parse_aws_vpc_flow_log` and `encode_json` of the `vrl` crate, Vector's language, compiled once, in an
//!   envelope of `serde_json`, `base64-simd` and `flate2`.
//!
//! They take turns, so that whatever else the machine does meets all of them, and of each the least counts. Figures drift
//! with the machine: what says something are the ratios of one run. Before that each answer is read, and all must have
//! found the same bytes in the same number of records.
//!
//! `flow-peers flowgauge v5 500` runs one of them alone so many times, for a profiler.

mod contender;
mod stopwatch;
mod traffic;
mod vrl_path;

use std::hint::black_box;
use std::process::ExitCode;

use contender::{Contender, Kind};
use stopwatch::{Turns, least};
use traffic::{Scene, scenes};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => scenes().iter().for_each(compare),
        [kind, scene, times] => match (Kind::named(kind), times.parse()) {
            (Some(kind), Ok(times)) => alone(kind, scene, times),
            _ => return usage(),
        },
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: flow-peers [floor|flowgauge|VRL default|v5 TIMES]");
    ExitCode::FAILURE
}

/// One contender, for a profiler.
fn alone(kind: Kind, scene: &str, times: usize) {
    for scene in scenes().iter().filter(|found| found.name == scene) {
        let mut contender = Contender::new(kind, scene);
        for _ in 0..times {
            black_box(contender.run());
        }
    }
}

/// All contenders over one scene, as a table.
fn compare(scene: &Scene) {
    let mut contenders = Kind::ALL.map(|kind| Contender::new(kind, scene));
    let found: Vec<_> =
        contenders.iter_mut().filter_map(|contender| contender.checked(scene.records)).collect();
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "all find the same bytes: {found:?}");
    let times = least(&mut contenders, Turns::default(), |contender| {
        black_box(contender.run());
    });
    println!("{}: {} records, {} bytes of event", scene.name, scene.records, scene.event.len());
    println!("{:>12} {:>10} {:>8} {:>12}", "", "ns/record", "× floor", "records/s");
    let of = |seconds: f64| seconds / scene.records as f64;
    for (kind, seconds) in Kind::ALL.iter().zip(&times) {
        let (nanoseconds, ratio) = (of(*seconds) * 1e9, seconds / times[0]);
        println!("{:>12} {nanoseconds:>10.0} {ratio:>8.2} {:>12.0}", kind.name(), 1.0 / of(*seconds));
    }
    println!("flowgauge does {:.1} times as many records a second as VRL\n", times[2] / times[1]);
}
