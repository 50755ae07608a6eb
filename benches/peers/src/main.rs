//! Measures what users would take instead of the product, beside it and the floor: see benches/bench.py, which asks it.
//!
//! - `flow-peers firehose FILE` over a Firehose event: the floor (what nobody can leave out: base64, inflate and CRC, by the
//!   product's own code), the transformation with flat output, and `parse_aws_vpc_flow_log` and `encode_json` of the `vrl` crate,
//!   Vector's language, compiled once, in an envelope of `serde_json`, `base64-simd` and `flate2`. Before anything is measured
//!   each answer is read: both must have found the same bytes in the same number of records.
//! - `flow-peers subscription FILE` over subscription events: the floor, the product up to where state would be read, and
//!   `aws_lambda_events` with a plain split of each line to Strings.
//!
//! FILE is a scene of `flow-paths scene`. Printed are as JSON the CPU seconds of each for the events of the scene.
//!
//! `flow-peers run vrl|naive FILE TIMES` runs one of them alone so many times, for a profiler.

mod naive;
mod vrl_path;

use std::fs::File;
use std::hint::black_box;
use std::io::{self, BufReader, ErrorKind, Write, stdout};
use std::process::ExitCode;

use flow_paths::firehose::{Firehose, bytes_of};
use flow_paths::path::Path;
use flow_paths::scene::Scene;
use flow_paths::stopwatch::{Turns, least};
use vrl_path::VrlPath;

/// One of them, made for a scene.
#[derive(Debug)]
enum Contender {
    /// The product's, or its floor.
    Own(Path),
    Vrl(Box<VrlPath>),
    Naive,
}

impl Contender {
    fn named(name: &str, scene: &Scene) -> Option<Self> {
        Some(match name {
            "vrl" => Contender::Vrl(Box::new(VrlPath::new(&scene.format))),
            "naive" => Contender::Naive,
            _ => Contender::Own(Path::named(name, scene)?),
        })
    }

    fn run(&mut self, scene: &Scene) {
        let events = scene.events.iter().map(|(event, _)| event.as_str());
        match self {
            Contender::Own(path) => {
                black_box(path.run(scene));
            }
            Contender::Vrl(vrl) => events.for_each(|event| {
                black_box(vrl.run(black_box(event)));
            }),
            Contender::Naive => events.for_each(|event| {
                black_box(naive::run(black_box(event)));
            }),
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["firehose", file] => firehose(file),
        ["subscription", file] => subscription(file),
        ["run", name, file, times] => alone(name, file, times),
        _ => Err(ErrorKind::InvalidInput.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}\nusage: flow-peers firehose|subscription FILE | run vrl|naive FILE TIMES");
            ExitCode::FAILURE
        }
    }
}

fn read(file: &str) -> io::Result<Scene> {
    Scene::read(BufReader::new(File::open(file)?))
}

fn firehose(file: &str) -> io::Result<()> {
    let scene = read(file)?;
    let (own, mut vrl) = (Firehose::new(&scene.format), VrlPath::new(&scene.format));
    for (event, _) in &scene.events {
        let found = [own.answer(event), vrl.run(event)].map(|answer| bytes_of(&answer, scene.records));
        assert_eq!(found[0], found[1], "both find the same bytes");
    }
    compare(&["firehose-floor", "firehose", "vrl"], &scene)
}

fn subscription(file: &str) -> io::Result<()> {
    let scene = read(file)?;
    let fields = scene.format.split(' ').count() * scene.records;
    let found: usize = scene.events.iter().map(|(event, _)| naive::run(event)).sum();
    assert_eq!(found, fields, "every field of every record is split off");
    compare(&["floor", "rules", "naive"], &scene)
}

/// Prints the least seconds of each.
fn compare(names: &[&str], scene: &Scene) -> io::Result<()> {
    let all: Option<Vec<_>> = names.iter().map(|name| Contender::named(name, scene)).collect();
    let times = least(&mut all.ok_or(ErrorKind::InvalidInput)?, Turns::default(), |one| one.run(scene));
    let seconds: serde_json::Map<_, _> =
        names.iter().zip(times).map(|(name, seconds)| ((*name).to_owned(), seconds.into())).collect();
    let found =
        serde_json::json!({ "records": scene.records, "events": scene.events.len(), "seconds": seconds });
    writeln!(stdout(), "{found}")
}

fn alone(name: &str, file: &str, times: &str) -> io::Result<()> {
    let scene = read(file)?;
    let mut one = Contender::named(name, &scene).ok_or(ErrorKind::InvalidInput)?;
    let times: usize = times.parse().map_err(|_| ErrorKind::InvalidInput)?;
    (0..times).for_each(|_| one.run(&scene));
    Ok(())
}
