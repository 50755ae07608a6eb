//! What people's machines do.

use std::net::SocketAddr;

use super::Scene;
use crate::conversation::{Conversation, Course, Volume};
use crate::outside::{self, Family};
use crate::rhythm;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// How often a machine asks for the time, in seconds: NTP's longest usual poll.
const TIME_POLL: u64 = 1024;

/// The share of sites that are reached over IPv6.
const OVER_V6: f64 = 0.3;

impl Scene<'_> {
    pub(super) fn people(&mut self) {
        let busy = rhythm::work(self.span.from);
        for place in self.places.workstations.iter().copied() {
            self.browses(place, busy);
            self.asks_names(place, busy);
            self.keeps_time(place);
            self.works(place, busy);
        }
    }

    fn family(&mut self) -> Family {
        if self.dice.chance(OVER_V6) { Family::V6 } else { Family::V4 }
    }

    /// Web sites, a few of which stay connected for long; and at any hour what machines look for by themselves.
    fn browses(&mut self, place: usize, busy: f64) {
        for start in self.times(4.0, busy + 0.02) {
            let (sent, received) = (self.dice.heavy(400, MIB), self.dice.heavy(2 * KIB, 300 * MIB));
            let seconds = self.dice.heavy(1, 180);
            let course = if self.dice.chance(0.05) { Course::BrokenOff } else { Course::Answered };
            let conversation =
                Conversation::tcp(start).lasting(seconds).exchanging(sent, received).going(course);
            self.visits(place, conversation);
        }
        for start in self.times(0.02, busy) {
            let seconds = self.dice.between(600..=2700);
            let conversation =
                Conversation::tcp(start).lasting(seconds).exchanging(seconds * 40, seconds * 90);
            self.visits(place, conversation);
        }
        for start in self.times(0.01, busy) {
            // IPv4 replies that are late end at the NAT gateway.
            let (site, port) = (outside::site(self.dice, Family::V6), self.dice.client_port());
            let own = SocketAddr::new(self.routes.interface(place).address(Family::V6), port);
            let late = Conversation::tcp(start).of(Volume::new(1, 72), Volume::default()).going(Course::Late);
            self.into.push(late.at(self.routes.interface(place), SocketAddr::new(site, 443), own));
        }
    }

    fn visits(&mut self, place: usize, conversation: Conversation) {
        let family = self.family();
        let server = SocketAddr::new(outside::site(self.dice, family), 443);
        self.into.push(self.routes.leaving(conversation, self.dice, place, server));
    }

    fn asks_names(&mut self, place: usize, busy: f64) {
        for start in self.times(3.0, busy + 0.02) {
            let Some(resolver) = self.dice.one_of(&self.places.resolvers) else { return };
            let (asked, answered) = (self.dice.between(58..=90), self.dice.heavy(90, 1400));
            let conversation = Conversation::udp(start).of(Volume::new(1, asked), Volume::new(1, answered));
            let to = (Family::V4, 53);
            self.into.push(self.routes.inside(conversation, self.dice, (place, resolver), to));
        }
    }

    fn keeps_time(&mut self, place: usize) {
        for start in self.span.every(TIME_POLL, place as u64 * 37) {
            let server = SocketAddr::new(outside::time_server(self.dice), 123);
            self.into.push(self.routes.leaving(Conversation::udp(start), self.dice, place, server));
        }
    }

    /// The company's own sites, files in S3, now and then a login.
    fn works(&mut self, place: usize, busy: f64) {
        for start in self.times(0.5, busy) {
            let Some(balancer) = self.dice.one_of(&self.places.balancers) else { break };
            let (sent, received) = (self.dice.heavy(400, MIB), self.dice.heavy(2 * KIB, 20 * MIB));
            let seconds = self.dice.heavy(1, 60);
            let conversation = Conversation::tcp(start).lasting(seconds).exchanging(sent, received);
            let to = (Family::V4, 443);
            self.into.push(self.routes.inside(conversation, self.dice, (place, balancer), to));
        }
        for start in self.times(0.1, busy) {
            let (sent, received) = (self.dice.heavy(KIB, 500 * MIB), self.dice.heavy(KIB, 100 * MIB));
            let seconds = 1 + (sent + received) / (20 * MIB);
            let conversation = Conversation::tcp(start).lasting(seconds).exchanging(sent, received);
            let server = SocketAddr::new(outside::aws(self.dice, "S3"), 443);
            self.into.push(self.routes.leaving(conversation, self.dice, place, server));
        }
        for start in self.times(0.005, busy) {
            let Some(bastion) = self.dice.one_of(&self.places.bastions) else { break };
            let seconds = self.dice.heavy(60, 2400);
            let conversation =
                Conversation::tcp(start).lasting(seconds).exchanging(seconds * 60, seconds * 150);
            let to = (Family::V4, 22);
            self.into.push(self.routes.inside(conversation, self.dice, (place, bastion), to));
        }
    }
}
