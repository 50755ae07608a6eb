//! Makes scenes and measures the paths of the product over them: see benches/bench.py, which asks it.
//!
//! - `flow-paths scene NAME` prints a scene; in place of a name stands `FORMAT SIZE NUMBER` for another.
//! - `flow-paths measure FILE PATH...` prints as JSON the CPU seconds that each path takes for the events of a scene.
//! - `flow-paths run PATH FILE TIMES` runs one path alone, for a profiler.
//! - `flow-paths first FILE` prints the CPU seconds of the first event in the life of this process, rules and event at hand.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, BufReader, ErrorKind, Write, stdout};
use std::process::ExitCode;

use flow_detect::RuleSet;
use flow_paths::path::{NAMES, Path};
use flow_paths::scene::Scene;
use flow_paths::stopwatch::{Turns, least, once};
use flow_paths::subscription::Stateless;
use serde_json::{Map, Value, json};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["scene", name] => scene(Scene::named(name)),
        ["scene", format, size, number] => scene(made(format, size, number)),
        ["measure", file, ref paths @ ..] => measure(file, paths),
        ["run", path, file, times] => run(path, file, times),
        ["first", file] => first(file),
        _ => Err(ErrorKind::InvalidInput.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has read enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}\nusage: flow-paths scene {} | FORMAT SIZE NUMBER", Scene::NAMES.join("|"));
            eprintln!("       flow-paths measure FILE PATH... | run PATH FILE TIMES | first FILE");
            eprintln!("paths: {NAMES}");
            ExitCode::FAILURE
        }
    }
}

fn made(format: &str, size: &str, number: &str) -> Option<Scene> {
    Some(Scene::subscription(format, size.parse().ok()?, number.parse().ok()?))
}

fn scene(scene: Option<Scene>) -> io::Result<()> {
    let scene = scene.ok_or(ErrorKind::InvalidInput)?;
    let mut out = io::BufWriter::new(stdout().lock());
    scene.write(&mut out)?;
    out.flush()
}

fn read(file: &str) -> io::Result<Scene> {
    Scene::read(BufReader::new(File::open(file)?))
}

fn named(name: &str, scene: &Scene) -> io::Result<Path> {
    Path::named(name, scene).ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, format!("no path {name}")))
}

fn measure(file: &str, names: &[&str]) -> io::Result<()> {
    let scene = read(file)?;
    let mut paths = names.iter().map(|name| named(name, &scene)).collect::<io::Result<Vec<_>>>()?;
    let times = least(&mut paths, Turns::default(), |path| {
        black_box(path.run(&scene));
    });
    let seconds: Map<String, Value> =
        names.iter().zip(times).map(|(name, seconds)| ((*name).to_owned(), seconds.into())).collect();
    let found = json!({ "records": scene.records, "events": scene.events.len(), "seconds": seconds });
    writeln!(stdout(), "{found}")
}

/// Prints what the last run gave, by which counts are divided: records, bytes, items or rules.
fn run(name: &str, file: &str, times: &str) -> io::Result<()> {
    let scene = read(file)?;
    let times: usize = times.parse().map_err(|_| ErrorKind::InvalidInput)?;
    let mut path = named(name, &scene)?;
    let last = (0..times).map(|_| black_box(path.run(&scene))).last();
    let found = json!({ "records": scene.records, "events": scene.events.len(), "last": last });
    writeln!(stdout(), "{found}")
}

fn first(file: &str) -> io::Result<()> {
    let scene = read(file)?;
    let (event, now) = scene.events.first().ok_or(ErrorKind::InvalidData)?;
    let mut path = Stateless::new(RuleSet::defaults(), &scene.format);
    let seconds = once(|| {
        black_box(path.one(event, *now));
    });
    writeln!(stdout(), "{seconds}")
}
