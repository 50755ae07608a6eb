//! Where a scenario is played: who takes part, and what they say to each other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::conversation::Conversation;
use crate::dice::Dice;
use crate::network::Role;
use crate::outside::{self, Family};
use crate::routes::Routes;

/// What a scenario comes to.
#[derive(Debug, Default)]
pub(crate) struct Staged {
    /// Whose doing it is, if one address's.
    pub(crate) actor: Option<IpAddr>,
    /// Who suffers it, if one address does.
    pub(crate) target: Option<IpAddr>,
    /// The port it is about, if one.
    pub(crate) port: Option<u16>,
    /// The interface that sees all of it.
    pub(crate) place: usize,
    pub(crate) conversations: Vec<Conversation>,
    pub(crate) skips: Vec<Skip>,
}

/// Seconds in which AWS keeps no record of half of what an interface sees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Skip {
    pub(crate) place: usize,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

/// One scenario, while it is played.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    pub(crate) routes: &'a Routes,
    pub(crate) dice: Dice,
    pub(crate) family: Family,
    pub(crate) start: u64,
    /// Seconds of an interval.
    pub(crate) interval: u64,
    pub(crate) staged: Staged,
}

/// The subnet of hosts whose interfaces nobody logs: neighbours, as many as needed.
const UNLOGGED: u8 = 250;

impl<'a> Stage<'a> {
    pub(super) fn new(
        routes: &'a Routes,
        seed: u64,
        name: &str,
        family: Family,
        start: u64,
        interval: u64,
    ) -> Self {
        let dice = Dice::new(seed, name);
        Stage { routes, dice, family, start, interval, staged: Staged::default() }
    }

    /// Someone inside does it: one of the first of these roles that there is.
    pub(super) fn actor_inside(&mut self, roles: &[Role]) -> usize {
        let place = self.one_of(roles);
        self.staged.actor = Some(self.routes.interface(place).address(self.family));
        self.staged.place = place;
        place
    }

    /// Someone inside suffers it.
    pub(super) fn target_inside(&mut self, roles: &[Role], port: u16) -> usize {
        let place = self.one_of(roles);
        self.staged.target = Some(self.routes.interface(place).address(self.family));
        self.staged.port = Some(port);
        self.staged.place = place;
        place
    }

    fn one_of(&mut self, roles: &[Role]) -> usize {
        let of_roles = roles.iter().map(|role| self.routes.network().all(*role));
        let places = of_roles.into_iter().find(|places| !places.is_empty()).unwrap_or_default();
        self.dice.one_of(&places).unwrap_or_default()
    }

    /// Someone outside suffers it.
    pub(super) fn target_outside(&mut self, port: u16) -> SocketAddr {
        let target = SocketAddr::new(self.someone_outside(), port);
        self.staged.target = Some(target.ip());
        self.staged.port = Some(port).filter(|port| *port != 0);
        target
    }

    /// Someone outside does it.
    pub(super) fn actor_outside(&mut self) -> IpAddr {
        let actor = self.someone_outside();
        self.staged.actor = Some(actor);
        actor
    }

    fn someone_outside(&mut self) -> IpAddr {
        outside::actor(self.family, self.dice.between(0..=253))
    }

    /// A neighbour.
    pub(super) fn neighbour(&self, number: u8) -> IpAddr {
        match self.family {
            Family::V4 => Ipv4Addr::new(10, 0, UNLOGGED, number).into(),
            Family::V6 => Ipv6Addr::new(0x2001, 0xdb8, 0x10, UNLOGGED.into(), 0, 0, 0, number.into()).into(),
        }
    }

    /// The second at which the `number`-th of many things happens that take `seconds` together, more or less.
    pub(super) fn nth(&mut self, number: u64, of: u64, seconds: u64) -> u64 {
        let slot = (seconds / of).max(1);
        self.start + number * seconds / of + self.dice.between(0..=slot - 1)
    }

    /// From inside to outside, or to a neighbour.
    pub(super) fn out(&mut self, conversation: Conversation, from: usize, to: SocketAddr) {
        let conversation = self.routes.leaving(conversation, &mut self.dice, from, to);
        self.staged.conversations.push(conversation);
    }

    /// From outside to inside.
    pub(super) fn inward(&mut self, conversation: Conversation, from: IpAddr, to: (usize, u16)) {
        let conversation = self.routes.arriving(conversation, &mut self.dice, from, to);
        self.staged.conversations.push(conversation);
    }

    /// The same from a port of the sender's that is known.
    pub(super) fn inward_from(&mut self, conversation: Conversation, from: SocketAddr, to: (usize, u16)) {
        let conversation = self.routes.arriving_from(conversation, from, to);
        self.staged.conversations.push(conversation);
    }

    /// The size of a packet without content, in bytes.
    pub(super) fn bare(&self) -> u64 {
        if self.family == Family::V4 { 60 } else { 80 }
    }
}
