//! Prints as JSON how many heap allocations one more record costs in steady state: one that no rule matches, and one of
//! generated traffic.

use std::io::{self, Write, stdout};

use flow_detect::RuleSet;
use flow_paths::scene::Scene;
use flow_paths::subscription::Stateless;
use flow_record::VPC_DEFAULT;

fn main() -> io::Result<()> {
    let quiet = each(&Scene::quiet(1000), &Scene::quiet(10_000));
    let ordinary =
        each(&Scene::subscription(VPC_DEFAULT, 1000, 1), &Scene::subscription(VPC_DEFAULT, 10_000, 1));
    writeln!(stdout(), "{}", serde_json::json!({ "quiet": quiet, "ordinary": ordinary }))
}

/// By how many a scene has more for each record that it has more; each was worked through before.
fn each(few: &Scene, many: &Scene) -> f64 {
    let mut path = Stateless::new(RuleSet::defaults(), &many.format);
    let mut allocations = |scene: &Scene| {
        path.run(scene);
        allocation_counter::measure(|| {
            path.run(scene);
        })
        .count_total as f64
    };
    (allocations(many) - allocations(few)) / (many.records - few.records) as f64
}
