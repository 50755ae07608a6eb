//! State items as a store gives them, read and written.

use std::hint::black_box;
use std::mem::ManuallyDrop;

use flow_detect::{Mode, RuleSet, StateItem};
use flow_record::RecordFormat;

use crate::scene::Scene;
use crate::subscription::Subscription;

/// The items that a scene leaves behind.
#[derive(Debug)]
pub struct Items {
    rules: RuleSet,
    items: Vec<Vec<u8>>,
}

impl Items {
    /// Works through the scene once.
    pub fn after(scene: &Scene) -> Self {
        let items = Subscription::new(RuleSet::defaults(), &scene.format).items_after(scene);
        Items { rules: RuleSet::defaults(), items }
    }

    /// Reads each item and writes it anew; how many there are.
    pub fn run(&self) -> usize {
        for bytes in &self.items {
            let item = StateItem::decode(black_box(bytes), &self.rules).expect("an item of these rules");
            black_box(item.encode(&self.rules));
        }
        self.items.len()
    }
}

/// The built-in rules as a function has them before its first event, and for as long as it lives; how many of them run on
/// this format.
pub fn rules_start(format: &RecordFormat) -> usize {
    let rules = ManuallyDrop::new(black_box(RuleSet::defaults()));
    rules.for_format(format, Mode::Notify).iter().count()
}
