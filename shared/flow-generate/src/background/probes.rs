//! Connections that are opened to see whether they can be, and closed at once: monitors of TCP.

use std::net::SocketAddr;

use super::Scene;
use super::servers::{WEB, database_port};
use crate::bare::{Bare, System};
use crate::conversation::{Conversation, Course, FIN, RST};
use crate::outside::{self, Family};

/// Seconds between looks: Nagios's default, and what an impatient person chooses.
const PATIENT: u64 = 300;
const IMPATIENT: u64 = 120;

/// What listens at a host of which a monitor watches every port.
const OPEN_PORTS: [u16; 24] = [
    22, 25, 80, 111, 443, 587, 993, 2049, 3000, 4443, 5000, 5672, 6443, 8000, 8080, 8081, 8443, 9000, 9090,
    9093, 9100, 10250, 12345, 31234,
];

impl Scene<'_> {
    pub(super) fn probes(&mut self) {
        for monitor in self.places.monitors.iter().copied() {
            self.looks_inside(monitor);
            self.looks_outside(monitor);
            self.looks_at_ports(monitor);
        }
        self.looks_from_windows();
    }

    /// Every server on the one port that it is for.
    fn looks_inside(&mut self, monitor: usize) {
        let Scene { places, span, .. } = *self;
        for start in span.every(PATIENT, monitor as u64 * 13) {
            let web_servers = places.web_servers.iter().map(|place| (*place, WEB));
            let databases = places.databases.iter().map(|place| (*place, database_port(*place)));
            for (number, (server, port)) in web_servers.chain(databases).enumerate() {
                let family = if number % 4 == 3 { Family::V6 } else { Family::V4 };
                let look = self.look(start + number as u64 % 20, family, System::Linux);
                self.into.push(self.routes.inside(look, self.dice, (monitor, server), (family, port)));
            }
        }
    }

    /// Customers' own doors on the internet: of a larger network, more of them.
    fn looks_outside(&mut self, monitor: usize) {
        let number = (self.routes.network().interfaces().len() as u64 / 4).clamp(4, 30);
        for start in self.span.every(PATIENT, monitor as u64 * 17) {
            for number in 0..number {
                let family = if number % 4 == 3 { Family::V6 } else { Family::V4 };
                let port = if number % 5 == 4 { 443 } else { 8443 };
                let server = SocketAddr::new(outside::named(family, number * 7), port);
                let look = self.look(start + number % 10, family, System::Linux);
                self.into.push(self.routes.leaving(look, self.dice, monitor, server));
            }
        }
    }

    /// Many ports of one host, all of which answer.
    fn looks_at_ports(&mut self, monitor: usize) {
        let Some(server) = self.places.web_servers.first().copied() else { return };
        let number = (self.routes.network().interfaces().len() / 3).clamp(4, OPEN_PORTS.len());
        for start in self.span.every(PATIENT, monitor as u64 * 19) {
            for port in OPEN_PORTS.into_iter().rev().take(number) {
                let look = self.look(start, Family::V4, System::Linux);
                self.into.push(self.routes.inside(look, self.dice, (monitor, server), (Family::V4, port)));
            }
        }
    }

    /// Somebody's own monitor, on his workstation.
    fn looks_from_windows(&mut self) {
        let Scene { places, span, .. } = *self;
        let Some(watcher) = places.workstations.last().copied() else { return };
        for start in span.every(IMPATIENT, watcher as u64 * 23) {
            for balancer in places.balancers.iter().copied() {
                let family = if self.dice.chance(0.3) { Family::V6 } else { Family::V4 };
                let look = self.look(start, family, System::Windows);
                self.into.push(self.routes.inside(look, self.dice, (watcher, balancer), (family, 443)));
            }
        }
    }

    /// Opened and closed: the client's last acknowledgement may find the server closed, or be a reset by itself.
    fn look(&mut self, start: u64, family: Family, system: System) -> Conversation {
        let (bare, look) = (Bare::new(family, system), Conversation::tcp(start));
        let is_even = self.dice.chance(0.5);
        match system {
            System::Linux => look.of(bare.opening(3), bare.opening(if is_even { 1 } else { 2 })),
            System::Windows if is_even => look.of(bare.opening(2), bare.opening(0)).going(Course::BrokenOff),
            System::Windows => look.of(bare.opening(2), bare.opening(1)).going(Course::Closed(FIN, RST)),
        }
    }
}
