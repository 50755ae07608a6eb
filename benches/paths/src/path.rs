//! Everything that can be measured, by name.

use flow_detect::RuleSet;
use flow_record::RecordFormat;

use crate::more_rules::{built_in_and, only};
use crate::scene::Scene;
use crate::state::{Items, rules_start};
use crate::subscription::{Floor, Stateless, Subscription};
use crate::{firehose, subscription};

/// One way through the events of a scene.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one, for as long as it is measured")]
pub enum Path {
    /// Subscription events: base64, inflate and CRC alone.
    Floor(Floor),
    /// Subscription events up to where state would be read.
    Stateless(Stateless),
    /// Subscription events with state in memory.
    Subscription(Subscription),
    /// Firehose events: base64, inflate and CRC alone.
    FirehoseFloor(firehose::Floor),
    /// Firehose events to answers.
    Firehose(firehose::Firehose),
    /// The state that subscription events leave behind, read and written.
    State(Items),
    /// The rules of a function that starts.
    Start(RecordFormat),
}

/// The names of all paths. A number behind `rules+` or `rules=` says how many rules there are more than the built-in ones, or
/// in place of them.
pub const NAMES: &str = "floor|read|rules[+N|=N]|whole|firehose-floor|firehose|firehose-chosen|state|start";

/// What whoever pays by the byte keeps of a record.
const CHOSEN: [&str; 6] = ["srcaddr", "dstaddr", "dstport", "bytes", "start", "action"];

impl Path {
    /// The path of that name through events like those of `scene`.
    pub fn named(name: &str, scene: &Scene) -> Option<Self> {
        let format = &scene.format;
        let stateless = |rules| Path::Stateless(Stateless::new(rules, format));
        Some(match name {
            "floor" => Path::Floor(Floor::default()),
            "read" => stateless(only(0)),
            "rules" => stateless(RuleSet::defaults()),
            "whole" => Path::Subscription(subscription::Subscription::new(RuleSet::defaults(), format)),
            "firehose-floor" => Path::FirehoseFloor(firehose::Floor::default()),
            "firehose" => Path::Firehose(firehose::Firehose::new(format)),
            "firehose-chosen" => Path::Firehose(firehose::Firehose::choosing(format, &CHOSEN)),
            "state" => Path::State(Items::after(scene)),
            "start" => Path::Start(format.parse().ok()?),
            _ => match name.strip_prefix("rules")?.split_at_checked(1)? {
                ("+", more) => stateless(built_in_and(more.parse().ok()?)),
                ("=", number) => stateless(only(number.parse().ok()?)),
                _ => return None,
            },
        })
    }

    /// All events of the scene once. Gives something that depends on all of them: records, bytes, items or rules.
    ///
    /// A symbol of its own: counts of instructions begin and end with it.
    #[inline(never)]
    pub fn run(&mut self, scene: &Scene) -> usize {
        match self {
            Path::Floor(floor) => floor.run(scene),
            Path::Stateless(path) => path.run(scene),
            Path::Subscription(path) => path.run(scene),
            Path::FirehoseFloor(floor) => floor.run(scene),
            Path::Firehose(path) => path.run(scene),
            Path::State(items) => items.run(),
            Path::Start(format) => rules_start(format),
        }
    }
}
