//! What an interface's own security group does not let out, though nobody means harm.
//!
//! Security groups forget connections that are idle: after 350 seconds on newer instances (AWS, "Security group
//! connection tracking"). What a server still sends then is refused where its rules let nothing out by themselves.

use std::net::SocketAddr;

use super::Scene;
use super::servers::{WEB, database_port};
use crate::bare::{Bare, System};
use crate::conversation::{Conversation, Course, FIN, RST, Volume};
use crate::outside::{self, Family};
use crate::rhythm;

/// Linux's keep-alives to someone who does not answer: nine, 75 seconds apart.
const ALIVE: (u64, u64) = (9, 75);

impl Scene<'_> {
    /// Late packets of servers to clients that their security groups have forgotten.
    pub(super) fn forgets(&mut self) {
        let busy = rhythm::visits(self.span.from);
        for balancer in self.places.balancers.iter().copied() {
            for start in self.times(3.0, busy) {
                let family = if self.dice.chance(0.2) { Family::V6 } else { Family::V4 };
                let visitor = outside::visitor(self.dice, family);
                let client = outside::visitor_end(self.dice, visitor);
                let late = self.late(start, family);
                self.into.push(self.routes.arriving_from(late, client, (balancer, 443)));
            }
        }
        let Scene { places, .. } = *self;
        let web_servers = places.web_servers.iter().map(|place| (*place, WEB, &places.balancers));
        let databases =
            places.databases.iter().map(|place| (*place, database_port(*place), &places.web_servers));
        for (server, port, clients) in web_servers.chain(databases) {
            for start in self.times(0.02, busy) {
                let Some(client) = self.dice.one_of(clients) else { break };
                let late = self.late(start, Family::V4);
                self.into.push(self.routes.inside(late, self.dice, (client, server), (Family::V4, port)));
            }
        }
    }

    fn late(&mut self, start: u64, family: Family) -> Conversation {
        let (bare, late) = (Bare::new(family, System::Linux), Conversation::tcp(start));
        let ending = self.dice.weighted(&[(5, FIN), (2, RST), (3, 0)]).unwrap_or(FIN);
        let late = late.going(Course::Forgotten(ending));
        let nothing = Volume::default();
        match ending {
            // Each repetition waits twice as long.
            FIN => {
                let packets = self.dice.between(1..=6);
                late.lasting(1 << (packets - 1)).of(nothing, bare.acks(packets))
            }
            RST => late.of(nothing, bare.reset()),
            _ if self.dice.chance(0.5) => {
                let (number, beat) = ALIVE;
                let late = late.lasting((number - 1) * beat + 1).beating(beat);
                late.of(nothing, Volume::new(1, bare.alive))
            }
            _ => {
                let packets = self.dice.between(3..=8);
                let size = bare.ack + self.dice.between(100..=1448);
                late.lasting(1 << (packets - 1)).of(nothing, Volume::new(packets, packets * size))
            }
        }
    }

    /// Wrong settings: updates from a server that nobody lets out to, and another clock than AWS's own.
    pub(super) fn asks_in_vain(&mut self) {
        let Scene { places, span, .. } = *self;
        for place in places.workstations.iter().copied().skip(1).step_by(25) {
            for start in span.every(600, place as u64 * 41).filter(|start| rhythm::work(*start) > 0.1) {
                let bare = Bare::new(Family::V4, System::Windows);
                let tries = Volume::new(3, 3 * bare.syn);
                let vain = Conversation::tcp(start).lasting(4).of(tries, Volume::default());
                let server = SocketAddr::new(outside::named(Family::V4, 211), 8530);
                let vain = vain.going(Course::RefusedOut);
                self.into.push(self.routes.leaving(vain, self.dice, place, server));
            }
        }
        for place in places.web_servers.iter().copied().skip(1).step_by(15) {
            for start in span.every(256, place as u64 * 43) {
                let vain = Conversation::udp(start).going(Course::RefusedOut);
                let server = SocketAddr::new(outside::time_server(self.dice), 123);
                self.into.push(self.routes.leaving(vain, self.dice, place, server));
            }
        }
    }
}
