//! Seeded records of some phases: scans, floods and noise over a few interfaces, cut into events.

use flow_detect::RuleSet;
use flow_envelope::encode::{EncodeLimits, LogStream, SubscriptionEncoder};

/// The first second of all traffic, and the clock when it begins: a whole hour.
const START: u64 = 1_800_000_000;

/// How much event time passes from one event to the next, in seconds: a soak is longer than panes are kept.
const STEP: u64 = 4;

/// Events come out of order within this many places.
const DISORDER: usize = 40;

const INTERFACES: [&str; 4] = ["eni-1", "eni-2", "eni-3", "eni-4"];

/// One event on its way, or a tick.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// None for a tick.
    pub(crate) event: Option<String>,
    /// The clock when it arrives.
    pub(crate) now: u64,
}

/// All events of a soak, and the lines in them.
#[derive(Debug)]
pub(crate) struct Traffic {
    events: Vec<String>,
}

/// One rule of each kind: local and spanning, counting and estimating, firing at once and when windows close.
pub(crate) fn rules() -> RuleSet {
    let rule = |id: &str, query: &str| {
        format!(
            r#"
id = "{id}"
type = "Recon:VPC/Soak"
title = {{ en = "Soak", ja = "試験" }}
severity = "medium"
mode = "notify"
technique = "T1046"
window = "10m"
pane = "1m"
lateness = "15m"
repeat = "48h"
query = '''
{query}
'''
explain = {{ en = "{id}", ja = "{id}" }}
advice = {{ en = ["a", "b", "c"], ja = ["a", "b", "c"] }}
[[test]]
name = "silent"
lines = ["2 - - - - - - - - - - - - NODATA"]
expect = []
"#
        )
    };
    let texts = [
        rule(
            "spanning-count",
            "filter action = \"REJECT\" | stats count(*) as tries, sum(bytes) as refusedBytes by srcAddr | filter tries > 40",
        ),
        rule(
            "spanning-distinct",
            "filter action = \"REJECT\" | stats count_distinct(dstPort) as ports by srcAddr | filter ports >= 15",
        ),
        rule(
            "local-count",
            "filter action = \"ACCEPT\" | stats count(*) as flows, max(bytes) as largest by interfaceId, dstPort | filter flows > 30",
        ),
        rule(
            "local-average",
            "filter action = \"ACCEPT\" | stats avg(bytes) as mean, count(*) as flows by interfaceId | filter mean < 500 and flows > 20",
        ),
    ];
    let files = texts.iter().map(|text| ("soak.toml", text.as_str()));
    RuleSet::only_files(files).unwrap_or_else(|errors| panic!("{errors:?}"))
}

impl Traffic {
    /// `batches` events, one every few seconds of event time.
    pub(crate) fn new(random: &mut fastrand::Rng, batches: usize) -> Self {
        let mut encoders = INTERFACES.map(|interface| {
            let stream = LogStream {
                owner: "123456789012",
                log_group: "/vpc",
                log_stream: interface,
                subscription_filter: "soak",
            };
            SubscriptionEncoder::new(stream, EncodeLimits::default())
        });
        let mut events = Vec::with_capacity(batches);
        for number in 0..batches {
            let place = random.usize(..INTERFACES.len());
            let at = START + number as u64 * STEP;
            let lines: Vec<(i64, String)> = (0..random.usize(1..12))
                .map(|_| (at.cast_signed() * 1000, line(random, INTERFACES[place], at)))
                .collect();
            events.extend(encoders[place].encode(&lines).expect("a few lines fit into an event"));
        }
        Traffic { events }
    }

    /// All events, each once.
    pub(crate) fn events(&self) -> &[String] {
        &self.events
    }

    /// Each event once to three times, out of order, with a tick every minute of event time.
    pub(crate) fn deliveries(&self, random: &mut fastrand::Rng) -> Vec<Delivery> {
        let mut places: Vec<(usize, usize)> = Vec::new();
        for number in 0..self.events.len() {
            for _ in 0..[1, 1, 2, 3][random.usize(..4)] {
                places.push((number + random.usize(..DISORDER), number));
            }
        }
        places.sort_unstable();
        let mut deliveries = Vec::new();
        let mut next_tick = START;
        for (place, number) in places {
            let now = START + place as u64 * STEP + 60;
            while next_tick <= now {
                deliveries.push(Delivery { event: None, now: next_tick });
                next_tick += 60;
            }
            deliveries.push(Delivery { event: Some(self.events[number].clone()), now });
        }
        deliveries
    }

    /// The clock when the last event has come.
    pub(crate) fn end(&self) -> u64 {
        START + (self.events.len() + DISORDER) as u64 * STEP + 600
    }
}

/// Mostly noise; now and then one source scans or floods for some minutes.
fn line(random: &mut fastrand::Rng, interface: &str, at: u64) -> String {
    let phase = (at - START) / 200;
    let loud = random.u32(..3) == 0;
    let source = if loud { 200 + phase % 5 } else { random.u64(1..20) };
    let port = if loud { random.u64(1..60) } else { [22, 443, 5432][random.usize(..3)] };
    let action = if random.u32(..2) == 0 { "REJECT" } else { "ACCEPT" };
    let bytes = if phase.is_multiple_of(2) { random.u64(40..600) } else { random.u64(400..9000) };
    let end = at + random.u64(..30);
    format!(
        "2 123456789012 {interface} 198.51.100.{source} 10.0.0.5 40000 {port} 6 3 {bytes} {at} {end} {action} OK"
    )
}
