//! What servers do: visitors through load balancers, queries, health checks, backups.

use std::net::SocketAddr;

use super::Scene;
use crate::conversation::{Conversation, Course, Volume};
use crate::outside::{self, Family};
use crate::rhythm;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// Where web servers listen for load balancers, and what monitors read.
pub(super) const WEB: u16 = 8080;
const METRICS: u16 = 9100;

impl Scene<'_> {
    pub(super) fn servers(&mut self) {
        let busy = rhythm::visits(self.span.from);
        for (number, place) in self.places.balancers.iter().copied().enumerate() {
            let balancers = self.places.balancers.len();
            let behind: Vec<_> =
                self.places.web_servers.iter().copied().skip(number).step_by(balancers).collect();
            self.takes_visitors(place, &behind, busy);
            self.checks_health(place, &behind);
        }
        for (number, place) in self.places.web_servers.iter().copied().enumerate() {
            self.serves(number, place, busy);
        }
        for (number, place) in self.places.databases.iter().copied().enumerate() {
            self.replicates(number, place);
            self.backs_up(place);
        }
        for place in self.places.monitors.iter().copied() {
            self.reads_metrics(place);
        }
        for place in self.places.bastions.iter().copied() {
            self.logs_in(place);
        }
    }

    fn takes_visitors(&mut self, balancer: usize, behind: &[usize], busy: f64) {
        for start in self.times(20.0, busy) {
            let family = if self.dice.chance(0.2) { Family::V6 } else { Family::V4 };
            let visitor = outside::visitor(self.dice, family);
            for _ in 0..self.dice.between(1..=4) {
                let (sent, received) = (self.dice.heavy(400, MIB), self.dice.heavy(1500, 200 * MIB));
                let start = start + self.dice.between(0..=3);
                let seconds = self.dice.heavy(1, 90);
                let conversation = Conversation::tcp(start).lasting(seconds).exchanging(sent, received);
                let client = outside::visitor_end(self.dice, visitor);
                self.into.push(self.routes.arriving_from(conversation.clone(), client, (balancer, 443)));
                // Connections to web servers are kept and used again.
                let Some(web) = self.dice.one_of(behind).filter(|_| self.dice.chance(0.4)) else { continue };
                let conversation = conversation.lasting(seconds + 10).exchanging(sent * 2, received * 2);
                self.into.push(self.routes.inside(
                    conversation,
                    self.dice,
                    (balancer, web),
                    (Family::V4, WEB),
                ));
            }
            if self.dice.chance(0.03) {
                let late =
                    Conversation::tcp(start).of(Volume::new(1, 52), Volume::default()).going(Course::Late);
                self.into.push(self.routes.arriving(late, self.dice, visitor, (balancer, 443)));
            }
        }
    }

    fn checks_health(&mut self, balancer: usize, behind: &[usize]) {
        for web in behind {
            for start in self.span.every(30, *web as u64 * 7) {
                let conversation = Conversation::tcp(start).exchanging(130, 250);
                let to = (Family::V4, WEB);
                self.into.push(self.routes.inside(conversation, self.dice, (balancer, *web), to));
            }
        }
    }

    /// Queries over connections that are kept for long, objects in S3, other companies' interfaces.
    fn serves(&mut self, number: usize, place: usize, busy: f64) {
        for start in self.times(0.2, busy) {
            let Some((database, port)) = self.database(number) else { break };
            let (sent, received) =
                (self.dice.heavy(20 * KIB, 50 * MIB), self.dice.heavy(100 * KIB, 300 * MIB));
            let seconds = self.dice.between(120..=1800);
            let conversation = Conversation::tcp(start).lasting(seconds).exchanging(sent, received);
            self.into.push(self.routes.inside(
                conversation,
                self.dice,
                (place, database),
                (Family::V4, port),
            ));
        }
        for start in self.times(1.0, busy) {
            let service = self.dice.weighted(&[(5, "S3"), (4, "DYNAMODB"), (1, "AMAZON")]).unwrap_or("S3");
            let (sent, received) = (self.dice.heavy(600, 20 * MIB), self.dice.heavy(800, 200 * MIB));
            let seconds = self.dice.heavy(1, 60);
            let conversation = Conversation::tcp(start).lasting(seconds).exchanging(sent, received);
            let server = SocketAddr::new(outside::aws(self.dice, service), 443);
            self.into.push(self.routes.leaving(conversation, self.dice, place, server));
        }
        for start in self.times(0.2, busy) {
            let conversation =
                Conversation::tcp(start).lasting(2).exchanging(self.dice.heavy(700, MIB), 4 * KIB);
            let server = SocketAddr::new(outside::site(self.dice, Family::V4), 443);
            self.into.push(self.routes.leaving(conversation, self.dice, place, server));
        }
    }

    /// The database of the web server of this number, and its port.
    pub(super) fn database(&self, number: usize) -> Option<(usize, u16)> {
        let databases = &self.places.databases;
        let database = *databases.get(number % databases.len().max(1))?;
        Some((database, database_port(database)))
    }

    /// Every database but the first sends its changes to the one before it, over connections of half an hour.
    fn replicates(&mut self, number: usize, place: usize) {
        let before = number.checked_sub(1).map(|before| self.places.databases[before]);
        for start in self.span.every(HOUR / 2, place as u64 * 61) {
            let Some(before) = before else { return };
            let conversation =
                Conversation::tcp(start).lasting(HOUR / 2).exchanging(self.dice.heavy(MIB, 400 * MIB), MIB);
            self.into.push(self.routes.inside(conversation, self.dice, (place, before), (Family::V4, 7001)));
        }
    }

    /// Once a night, between one and three o'clock, to S3.
    fn backs_up(&mut self, place: usize) {
        for start in self.span.every(DAY, HOUR + place as u64 * 577 % (2 * HOUR)) {
            let sent = self.dice.heavy(2 * GIB, 60 * GIB);
            let seconds = 300 + sent / (30 * MIB);
            let conversation = Conversation::tcp(start).lasting(seconds).exchanging(sent, MIB);
            let server = SocketAddr::new(outside::aws(self.dice, "S3"), 443);
            self.into.push(self.routes.leaving(conversation, self.dice, place, server));
        }
    }

    fn reads_metrics(&mut self, monitor: usize) {
        let Scene { places, span, .. } = *self;
        for start in span.every(60, monitor as u64 * 11) {
            for (number, server) in places.web_servers.iter().chain(&places.databases).enumerate() {
                let start = start + number as u64 % 20;
                let conversation = Conversation::tcp(start).exchanging(180, 24 * KIB);
                let to = (Family::V4, METRICS);
                self.into.push(self.routes.inside(conversation, self.dice, (monitor, *server), to));
            }
        }
    }

    /// Someone goes on from a bastion to a server.
    fn logs_in(&mut self, bastion: usize) {
        for start in self.times(0.02, rhythm::work(self.span.from)) {
            let servers =
                if self.dice.chance(0.8) { &self.places.web_servers } else { &self.places.databases };
            let Some(server) = self.dice.one_of(servers) else { return };
            let seconds = self.dice.heavy(30, 1800);
            let conversation =
                Conversation::tcp(start).lasting(seconds).exchanging(seconds * 50, seconds * 120);
            self.into.push(self.routes.inside(conversation, self.dice, (bastion, server), (Family::V4, 22)));
        }
    }
}

/// Some are PostgreSQL, some MySQL: by twenties, since roles come again after as many.
pub(super) fn database_port(place: usize) -> u16 {
    if (place / 20).is_multiple_of(2) { 5432 } else { 3306 }
}
