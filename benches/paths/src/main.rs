//! Measures the paths of the product beside their floors: `make bench`.
//!
//! `flow-paths whole v5 500` runs one of them alone so many times, for a profiler.

use std::hint::black_box;
use std::process::ExitCode;

use flow_detect::RuleSet;
use flow_paths::scene::Scene;
use flow_paths::stopwatch::{Turns, least};
use flow_paths::subscription::{Floor, Subscription};

/// One path over a scene.
enum Path {
    Floor(Floor),
    Subscription(Subscription),
}

const PATHS: [&str; 3] = ["floor", "read", "whole"];

impl Path {
    fn named(name: &str, format: &str) -> Option<Self> {
        Some(match name {
            "floor" => Path::Floor(Floor::default()),
            "read" => {
                Path::Subscription(Subscription::new(RuleSet::only_files([]).expect("no file"), format))
            }
            "whole" => Path::Subscription(Subscription::new(RuleSet::defaults(), format)),
            _ => return None,
        })
    }

    fn run(&mut self, scene: &Scene) -> usize {
        match self {
            Path::Floor(floor) => floor.run(scene),
            Path::Subscription(path) => path.run(scene),
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let is_done = match arguments[..] {
        [] => {
            Scene::all().iter().for_each(compare);
            Some(())
        }
        [path, scene, times] => alone(path, scene, times),
        _ => None,
    };
    if is_done.is_some() {
        return ExitCode::SUCCESS;
    }
    eprintln!("usage: flow-paths [floor|read|whole SCENE TIMES]");
    ExitCode::FAILURE
}

/// One path over the scene of that name, for a profiler; none if there is no such path or scene.
fn alone(path: &str, scene: &str, times: &str) -> Option<()> {
    let scene = Scene::all().into_iter().find(|known| known.name == scene)?;
    let mut path = Path::named(path, scene.format)?;
    for _ in 0..times.parse().ok()? {
        black_box(path.run(&scene));
    }
    Some(())
}

fn compare(scene: &Scene) {
    let mut paths: Vec<Path> = PATHS.iter().filter_map(|name| Path::named(name, scene.format)).collect();
    let times = least(&mut paths, Turns::default(), |path| {
        black_box(path.run(scene));
    });
    println!("{}: {} records in {} events", scene.name, scene.records, scene.events.len());
    for (name, seconds) in PATHS.iter().zip(&times) {
        println!(
            "{name:>12} {:8.0} ns/record {:8.2} us/event {:6.2}",
            seconds / scene.records as f64 * 1e9,
            seconds / scene.events.len() as f64 * 1e6,
            seconds / times[0]
        );
    }
}
