//! An ordinary network at work: what begins in each interval.

mod fleet;
mod people;
mod probes;
mod radiation;
mod refused;
mod servers;
mod tails;

use crate::conversation::Conversation;
use crate::dice::Dice;
use crate::network::Role;
use crate::routes::Routes;

/// A run of seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// The first.
    pub(crate) from: u64,
    /// The one after the last.
    pub(crate) to: u64,
}

impl Span {
    fn minutes(self) -> f64 {
        (self.to - self.from) as f64 / 60.0
    }

    /// Any second of it.
    fn any(self, dice: &mut Dice) -> u64 {
        dice.between(self.from..=self.to - 1)
    }

    /// The seconds of it that lie `phase` after a whole number of periods.
    fn every(self, period: u64, phase: u64) -> impl Iterator<Item = u64> {
        let phase = phase % period;
        let first = (self.from + period - phase).next_multiple_of(period) + phase - period;
        (first..self.to).step_by(usize::try_from(period).unwrap_or(usize::MAX))
    }
}

/// Who is there, by role.
#[derive(Debug)]
struct Places {
    balancers: Vec<usize>,
    web_servers: Vec<usize>,
    databases: Vec<usize>,
    workstations: Vec<usize>,
    resolvers: Vec<usize>,
    bastions: Vec<usize>,
    monitors: Vec<usize>,
    exposed: Vec<usize>,
}

/// Makes conversations.
#[derive(Debug)]
pub(crate) struct Background {
    dice: Dice,
    /// For what is small and quiet, so that all else is the same without it.
    quiet: Dice,
    /// How many times busier than an ordinary network.
    activity: f64,
    places: Places,
}

impl Background {
    pub(crate) fn new(seed: u64, activity: f64, routes: &Routes) -> Self {
        let all = |role| routes.network().all(role);
        let places = Places {
            balancers: all(Role::LoadBalancer),
            web_servers: all(Role::WebServer),
            databases: all(Role::Database),
            workstations: all(Role::Workstation),
            resolvers: all(Role::Resolver),
            bastions: all(Role::Bastion),
            monitors: all(Role::Monitor),
            exposed: routes.network().places(|interface| interface.is_exposed()),
        };
        let [dice, quiet] = ["background", "quiet"].map(|purpose| Dice::new(seed, purpose));
        Background { dice, quiet, activity, places }
    }

    /// What begins within `span`.
    pub(crate) fn begin(&mut self, routes: &Routes, span: Span, into: &mut Vec<Conversation>) {
        let Background { dice, quiet, activity, places } = self;
        let first = into.len();
        let mut scene = Scene { routes, places, dice, activity: *activity, span, into };
        scene.people();
        scene.servers();
        scene.radiation();
        let mut scene = Scene { routes, places, dice: quiet, activity: *activity, span, into };
        scene.lingers(first);
        scene.idles();
        scene.probes();
        scene.forgets();
        scene.asks_in_vain();
        scene.fleet();
    }
}

/// One interval, while it is made up.
struct Scene<'a> {
    routes: &'a Routes,
    places: &'a Places,
    dice: &'a mut Dice,
    activity: f64,
    span: Span,
    into: &'a mut Vec<Conversation>,
}

impl Scene<'_> {
    /// When something begins that happens so often a minute; `busy` is what the hour makes of it.
    fn times(&mut self, a_minute: f64, busy: f64) -> Vec<u64> {
        let number = self.dice.arrivals(a_minute * busy * self.activity * self.span.minutes());
        (0..number).map(|_| self.span.any(self.dice)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods() {
        let every = |from, to, period, phase| Span { from, to }.every(period, phase).collect::<Vec<_>>();
        assert_eq!(every(600, 660, 30, 7), [607, 637]);
        assert_eq!(every(600, 660, 30, 0), [600, 630]);
        assert_eq!(every(610, 660, 30, 67), [637]);
        assert_eq!(every(600, 660, 3600, 661), [0; 0]);
        assert_eq!(every(660, 720, 3600, 661), [661]);
    }
}
