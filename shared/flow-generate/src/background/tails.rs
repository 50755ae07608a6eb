//! What connections leave behind while they have nothing to say: keep-alives, and minutes later what closes them. These
//! packets are records of their own, without a SYN and without content.

use std::net::SocketAddr;

use super::Scene;
use crate::bare::{Bare, System};
use crate::conversation::{Conversation, Course, FIN, RST, TCP, Volume};
use crate::outside::{self, Family};
use crate::rhythm;

const KIB: u64 = 1024;

/// The share of connections that stay open for a while after their last content.
const LINGERING: f64 = 0.04;

/// After how many seconds somebody closes an idle connection: Apache's, a load balancer's and nginx's defaults among them.
const PATIENCE: [u64; 5] = [5, 15, 60, 75, 115];

/// Seconds between keep-alives: Go's default (15), Chrome's (45), and what servers are often set to.
const BEATS: [u64; 5] = [15, 45, 60, 120, 300];

/// The share of connections without timestamps, since one end is Windows.
const WINDOWS: f64 = 0.15;

/// How idle connections end: packets and flags of the client, then of the server.
type Ending = ((u64, u8), (u64, u8));

const ENDINGS: [(u32, Ending); 7] = [
    // Who closes sends a FIN and acknowledges the other's; who is told acknowledges and sends his own.
    (50, ((2, FIN), (2, FIN))),
    // Or both in one packet.
    (12, ((2, FIN), (1, FIN))),
    (12, ((1, FIN), (2, FIN))),
    // The other has forgotten, or has nothing to say to a FIN.
    (10, ((1, FIN), (1, RST))),
    (4, ((1, FIN), (1, 0))),
    (8, ((1, RST), (0, 0))),
    (4, ((0, 0), (1, RST))),
];

impl Scene<'_> {
    /// Some connections that begin in this interval, those from the `first` on, are not closed at once.
    pub(super) fn lingers(&mut self, first: usize) {
        for place in first..self.into.len() {
            let begun = &self.into[place];
            if begun.protocol != TCP || begun.course != Course::Answered || !self.dice.chance(LINGERING) {
                continue;
            }
            let patience = self.dice.one_of(&PATIENCE).unwrap_or(60) + self.dice.between(0..=2);
            let beat = self.dice.chance(0.3).then_some(45);
            self.into[place].course = Course::Closed(0, 0);
            let begun = self.into[place].clone();
            self.idles_on(&begun, patience, beat);
        }
    }

    /// Connections that are kept in reserve: pools of databases, mailboxes that wait for mail, pages that wait for news.
    pub(super) fn idles(&mut self) {
        for (number, place) in self.places.web_servers.iter().copied().enumerate() {
            for start in self.times(0.01, 1.0) {
                let Some((database, port)) = self.database(number) else { break };
                let family = if number % 3 == 2 { Family::V6 } else { Family::V4 };
                let begun = self.first_words(start);
                let begun = self.routes.inside(begun, self.dice, (place, database), (family, port));
                self.is_kept(begun, 600, 3600);
            }
        }
        let busy = rhythm::work(self.span.from);
        for place in self.places.workstations.iter().copied() {
            for start in self.times(0.008, busy) {
                let family = if self.dice.chance(0.3) { Family::V6 } else { Family::V4 };
                let port = if self.dice.chance(0.5) { 993 } else { 443 };
                let server = SocketAddr::new(outside::site(self.dice, family), port);
                let begun = self.first_words(start);
                let begun = self.routes.leaving(begun, self.dice, place, server);
                self.is_kept(begun, 300, 3600);
            }
        }
    }

    fn first_words(&mut self, start: u64) -> Conversation {
        let (sent, received) = (self.dice.heavy(KIB, 200 * KIB), self.dice.heavy(3 * KIB, 1000 * KIB));
        let begun = Conversation::tcp(start).lasting(self.dice.between(1..=20));
        begun.exchanging(sent, received).going(Course::Closed(0, 0))
    }

    fn is_kept(&mut self, begun: Conversation, least: u64, most: u64) {
        let (idle, beat) = (self.dice.between(least..=most), self.dice.one_of(&BEATS));
        self.idles_on(&begun, idle, beat);
        self.into.push(begun);
    }

    /// What comes after `begun`: nothing for `idle` seconds but keep-alives, then its end.
    fn idles_on(&mut self, begun: &Conversation, idle: u64, beat: Option<u64>) {
        let system = if self.dice.chance(WINDOWS) { System::Windows } else { System::Linux };
        let bare = Bare::new(begun.family(), system);
        let rest = Conversation { start: begun.end(), ..begun.clone() };
        if let Some(beat) = beat.filter(|beat| *beat < idle) {
            let alive = Conversation { start: rest.start + beat, ..rest.clone() };
            let alive = alive.lasting(idle - beat).beating(beat).going(Course::Resumed(0, 0));
            self.into.push(alive.of(Volume::new(1, bare.alive), Volume::new(1, bare.alive_answer)));
        }
        let ending = self.dice.weighted(&ENDINGS).unwrap_or(((2, FIN), (2, FIN)));
        let ((_, request), (_, reply)) = ending;
        let of = |(packets, flags)| if flags == RST { bare.reset() } else { bare.acks(packets) };
        let end = Conversation { start: rest.start + idle, ..rest }.lasting(1);
        self.into.push(end.of(of(ending.0), of(ending.1)).going(Course::Resumed(request, reply)));
    }
}
