//! What the internet sends to every public address: knocks on doors, nearly all refused.

use super::Scene;
use crate::conversation::{Conversation, Course, ICMP, TCP, UDP, Volume};
use crate::network::Role;
use crate::outside;

/// Knocks on one address in a minute. Public telescopes and honeypots see some thousand to ten thousand a day.
const A_MINUTE: f64 = 4.0;

/// Ports by how often they are knocked on over TCP; the rest of the knocks go anywhere.
const TCP_PORTS: [(u32, u16); 20] = [
    (160, 23),
    (110, 22),
    (70, 445),
    (60, 8080),
    (55, 3389),
    (50, 80),
    (50, 443),
    (30, 8728),
    (30, 5555),
    (28, 2323),
    (25, 6379),
    (25, 5432),
    (22, 8443),
    (20, 1433),
    (20, 2222),
    (18, 3306),
    (14, 5900),
    (12, 21),
    (12, 9200),
    (9, 27017),
];

const UDP_PORTS: [(u32, u16); 7] =
    [(30, 5060), (20, 123), (20, 53), (15, 161), (15, 1900), (10, 389), (6, 11211)];

/// The share of knocks on any port at all.
const ANYWHERE: f64 = 0.3;

impl Scene<'_> {
    pub(super) fn radiation(&mut self) {
        for place in self.places.exposed.iter().copied() {
            // How busy the network itself is means nothing to the internet.
            let number = self.dice.arrivals(A_MINUTE * self.span.minutes());
            for _ in 0..number {
                let source = outside::knocker(self.dice);
                let start = self.span.any(self.dice);
                let doors = if self.dice.chance(0.04) { self.dice.heavy(3, 20) } else { 1 };
                for door in 0..doors {
                    self.knocks(source, place, start + door);
                }
            }
        }
    }

    fn knocks(&mut self, source: std::net::IpAddr, place: usize, start: u64) {
        let protocol = self.dice.weighted(&[(84, TCP), (11, UDP), (5, ICMP)]).unwrap_or(TCP);
        let usual: &[(u32, u16)] = if protocol == UDP { &UDP_PORTS } else { &TCP_PORTS };
        let port = match protocol {
            ICMP => 0,
            _ if self.dice.chance(ANYWHERE) => self.dice.port(),
            _ => self.dice.weighted(usual).unwrap_or(23),
        };
        let conversation = Conversation { protocol, ..Conversation::tcp(start) };
        let is_open =
            self.routes.interface(place).role == Role::LoadBalancer && protocol == TCP && port == 443;
        let conversation = if is_open {
            self.routes.arriving(conversation, self.dice, source, (place, port))
        } else {
            let packets = self.dice.weighted(&[(7, 1), (2, 2), (1, 3)]).unwrap_or(1);
            let refused = conversation.going(Course::Refused).lasting(packets * 2 - 1);
            let bytes = match protocol {
                TCP => self.dice.weighted(&[(3, 40), (2, 44), (3, 60)]).unwrap_or(40),
                UDP => self.dice.heavy(30, 600),
                _ => 84,
            };
            let refused = refused.of(Volume::new(packets, packets * bytes), Volume::default());
            self.routes.arriving(refused, self.dice, source, (place, port))
        };
        self.into.push(conversation);
    }
}
