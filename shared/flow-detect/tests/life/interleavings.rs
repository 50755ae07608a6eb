//! Any interleaving of invocations that load, put, publish, confirm, and die anywhere, over a store with optimistic
//! locking.

use flow_detect::{Change, EpisodeRecord, Finding, RuleSet, Status, Step, Teller, Telling};
use proptest::prelude::*;

use crate::findings::{QUIET, REPEAT, WINDOW, finding, rules};

const T: u64 = 1_700_000_000;
const LEASE: u64 = 45;
const TIMEOUT: u64 = 30;
const INVOCATIONS: usize = 4;

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Event {
    Wait(u64),
    /// An invocation begins: it sees an episode that lasted this long until now, or it is a tick.
    Begin {
        who: usize,
        sees: Option<u64>,
        is_high: bool,
    },
    /// An invocation gets on by one call.
    Go {
        who: usize,
        luck: Luck,
    },
    Die(usize),
}

/// How a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Luck {
    Good,
    /// It is known not to have happened.
    Fails,
    /// It happened, and the caller does not learn it: he dies.
    Unknown,
    /// Puts that can wait are left out; alerts are over the limit.
    Busy,
}

fn event() -> impl Strategy<Value = Event> {
    let luck = prop_oneof![
        6 => Just(Luck::Good), 1 => Just(Luck::Fails), 1 => Just(Luck::Unknown), 2 => Just(Luck::Busy),
    ];
    let sees = prop::option::weighted(0.7, prop_oneof![0_u64..300, 0_u64..2000]);
    prop_oneof![
        2 => prop_oneof![4 => 0_u64..20, 2 => 0_u64..600, 1 => 0_u64..(2 * REPEAT)].prop_map(Event::Wait),
        3 => (0..INVOCATIONS, sees, prop::bool::weighted(0.1))
            .prop_map(|(who, sees, is_high)| Event::Begin { who, sees, is_high }),
        9 => (0..INVOCATIONS, luck).prop_map(|(who, luck)| Event::Go { who, luck }),
        1 => (0..INVOCATIONS).prop_map(Event::Die),
    ]
}

/// One message that went out.
#[derive(Debug)]
struct Message {
    at: u64,
    status: Status,
    token: String,
    confirmed: bool,
    to_people: bool,
}

#[derive(Debug, Default)]
struct World {
    now: u64,
    /// Version and JSON.
    store: Option<(u64, String)>,
    messages: Vec<Message>,
    digests: Vec<u64>,
    tokens: u64,
}

/// One invocation, between two of its calls.
struct Invocation<'r> {
    token: String,
    began: u64,
    finding: Option<Finding<'r>>,
    next: Next,
}

enum Next {
    Load,
    Put(u64, Box<Step>),
    Publish(Telling),
    Confirm { withheld: bool, published: bool },
}

impl World {
    fn load(&self) -> (u64, Option<EpisodeRecord>) {
        let record =
            self.store.as_ref().map(|(version, json)| (*version, EpisodeRecord::from_json(json).unwrap()));
        record.map_or((0, None), |(version, record)| (version, Some(record)))
    }

    /// Whether the record was still of `version`.
    fn put(&mut self, version: u64, record: &EpisodeRecord) -> bool {
        let is_newest = self.store.as_ref().map_or(0, |(version, _)| *version) == version;
        if is_newest {
            self.store = Some((version + 1, record.to_json()));
        }
        is_newest
    }

    fn publish(&mut self, token: &str, status: Status, to_people: bool) {
        let holder = self.load().1.and_then(|record| record.claimed_by(self.now).map(str::to_owned));
        assert!(holder.is_none_or(|holder| holder == token), "published under another's claim");
        let (at, token) = (self.now, token.to_owned());
        self.messages.push(Message { at, status, token, confirmed: false, to_people });
    }

    /// Goes on with an invocation by one call; none when it has ended.
    fn go<'r>(&mut self, rules: &'r RuleSet, mut who: Invocation<'r>, luck: Luck) -> Option<Invocation<'r>> {
        if self.now > who.began + TIMEOUT {
            return None;
        }
        who.next = match who.next {
            Next::Load => self.transition(rules, &who)?,
            Next::Put(version, step) if luck != Luck::Fails => {
                let is_put = self.put(version, &step.record);
                match step.telling {
                    _ if !is_put => Next::Load,
                    Telling::Silent(_) => return None,
                    telling => Next::Publish(telling),
                }
            }
            Next::Publish(_) if luck == Luck::Fails => Next::Confirm { withheld: false, published: false },
            Next::Publish(telling) => {
                let withheld = luck == Luck::Busy;
                match telling {
                    Telling::Claimed(status) => self.publish(&who.token, status, !withheld),
                    _ => self.digests.push(self.now),
                }
                Next::Confirm { withheld: withheld && telling != Telling::ClaimedForDigest, published: true }
            }
            Next::Confirm { withheld, published } if luck != Luck::Fails => {
                if self.confirm(&who.token, withheld, published) {
                    return None;
                }
                Next::Confirm { withheld, published }
            }
            same => same,
        };
        (luck != Luck::Unknown).then_some(who)
    }

    fn transition(&self, rules: &RuleSet, who: &Invocation<'_>) -> Option<Next> {
        let (version, known) = self.load();
        let teller = Teller { token: &who.token, now: self.now, lease: LEASE };
        let step = match (&who.finding, known) {
            (Some(finding), known) => EpisodeRecord::observe(known, finding, None, teller),
            (None, Some(record)) if record.due_at().is_some_and(|due| due <= self.now) => {
                record.look(rules.find("x"), None, teller)
            }
            (None, _) => return None,
        };
        match (step.change, step.telling) {
            (Change::Nothing, Telling::Silent(_)) => None,
            (Change::Nothing, telling) => Some(Next::Publish(telling)),
            // Now and then what can wait is left out.
            (Change::Details, _) if self.now.is_multiple_of(2) => None,
            _ => Some(Next::Put(version, Box::new(step))),
        }
    }

    /// One try to confirm or to release; whether it is done.
    fn confirm(&mut self, token: &str, withheld: bool, published: bool) -> bool {
        let (version, Some(record)) = self.load() else { return true };
        let confirmed = match (published, withheld) {
            (false, _) => record.release(token, self.now, None),
            (true, false) => record.confirm(token, self.now),
            (true, true) => record.confirm_withheld(token, self.now, self.now + 300),
        };
        let Some(confirmed) = confirmed else { return true };
        let is_put = self.put(version, &confirmed);
        if is_put && published {
            let mine = self.messages.iter_mut().filter(|message| message.token == token);
            mine.for_each(|message| message.confirmed = true);
        }
        is_put
    }

    fn token(&mut self) -> String {
        self.tokens += 1;
        format!("token {}", self.tokens)
    }

    /// The tick each minute, undisturbed, until nothing is due.
    fn settle(&mut self, rules: &RuleSet) {
        for _ in 0..2000 {
            let Some(due) = self.load().1.and_then(|record| record.due_at()) else { return };
            self.now = self.now.max(due) + 60;
            let (token, began) = (self.token(), self.now);
            let mut tick = Some(Invocation { token, began, finding: None, next: Next::Load });
            while let Some(invocation) = tick {
                tick = self.go(rules, invocation, Luck::Good);
            }
        }
        panic!("something stays due for ever");
    }
}

fn run(events: &[Event]) -> World {
    let (low, high) = (rules("low", "notify"), rules("high", "notify"));
    let mut world = World { now: T, ..World::default() };
    let mut running: [Option<Invocation<'_>>; INVOCATIONS] = [const { None }; INVOCATIONS];
    for event in events {
        match *event {
            Event::Wait(seconds) => world.now += seconds,
            Event::Die(who) => running[who] = None,
            Event::Begin { who, sees, is_high } => {
                let rules = if is_high { &high } else { &low };
                let span = |lasted| (world.now - lasted, world.now - lasted + WINDOW + lasted);
                let finding =
                    sees.map(|lasted| finding(rules, span(lasted), 1 + i64::try_from(lasted).unwrap()));
                let (token, began) = (world.token(), world.now);
                running[who] = Some(Invocation { token, began, finding, next: Next::Load });
            }
            Event::Go { who, luck } => {
                running[who] = running[who].take().and_then(|invocation| world.go(&low, invocation, luck));
            }
        }
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn told_at_least_once_and_twice_only_after_a_death(events in prop::collection::vec(event(), 1..120)) {
        let mut world = run(&events);
        let was_seen = world.store.is_some();
        world.settle(&rules("low", "notify"));

        let told: Vec<_> = world.messages.iter().filter(|message| message.status.is_for_people()).collect();
        let to_people = told.iter().any(|message| message.to_people) || !world.digests.is_empty();
        prop_assert_eq!(was_seen, to_people, "what passes is told: {:?}", world.messages);
        for (index, message) in told.iter().enumerate() {
            let shortly_before = |other: &&&Message| other.confirmed && message.at - other.at < REPEAT;
            let repeated = told[..index].iter().find(shortly_before);
            prop_assert!(
                repeated.is_none() || message.status == Status::SeverityRaised,
                "{repeated:?} and again {message:?}"
            );
        }
        for pair in told.windows(2).filter(|pair| pair[1].status == Status::Ongoing) {
            prop_assert!(pair[0].at <= pair[1].at);
        }
        if let Some(record) = world.load().1 {
            prop_assert!(!record.waits_for_digest() && record.claimed_by(world.now).is_none());
            prop_assert!(record.resolved_at().is_some(), "in the end it is over: {}", record.to_json());
            let last = world.messages.last().map(|message| message.status);
            prop_assert!(record.untold_episodes() > 0 || last == Some(Status::Resolved), "{:?}", world.messages);
        }
    }
}

/// The events above do get to the interesting places.
#[test]
fn the_world_is_eventful() {
    let now = [Event::Begin { who: 0, sees: Some(0), is_high: false }];
    let go = |who, luck| Event::Go { who, luck };
    let dies = [now[0], go(0, Luck::Good), go(0, Luck::Good), go(0, Luck::Unknown)];
    let mut world = run(&dies);
    assert_eq!((world.messages.len(), world.load().1.unwrap().due_at()), (1, Some(T + LEASE)));
    world.settle(&rules("low", "notify"));
    let statuses: Vec<_> = world.messages.iter().map(|message| message.status.name()).collect();
    assert_eq!(statuses, ["new", "new", "resolved"], "a repeat, never a loss");
    assert!(world.now >= T + WINDOW + QUIET);

    let busy = [now[0], go(0, Luck::Good), go(0, Luck::Good), go(0, Luck::Busy), go(0, Luck::Good)];
    let mut world = run(&busy);
    world.settle(&rules("low", "notify"));
    assert_eq!((world.messages.len(), world.digests.len()), (2, 1));
}
