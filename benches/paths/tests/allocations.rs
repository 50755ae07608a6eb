//! Records that no rule matches allocate nothing.
#![allow(clippy::unwrap_used, reason = "tests")]

use flow_detect::RuleSet;
use flow_paths::scene::Scene;
use flow_paths::subscription::Stateless;

#[test]
fn an_event_allocates_as_much_however_many_records_no_rule_matches() {
    let [few, many] = [10, 2000].map(Scene::quiet);
    let mut path = Stateless::new(RuleSet::defaults(), &many.format);
    let mut allocations = |scene: &Scene| {
        let (event, now) = &scene.events[0];
        let counted = allocation_counter::measure(|| {
            assert_eq!(path.one(event, *now), (scene.records, false));
        });
        counted.count_total
    };
    allocations(&many);
    let (few, many) = (allocations(&few), allocations(&many));
    assert_eq!(few, many, "1,990 more records");
    assert!(few > 0, "nothing was counted");
}

#[test]
fn generated_records_match_some_rules() {
    let scene = Scene::subscription(flow_record::VPC_DEFAULT, 500, 1);
    let mut path = Stateless::new(RuleSet::defaults(), &scene.format);
    assert_eq!(path.one(&scene.events[0].0, scene.events[0].1), (500, true));
}
