//! What programs of a fleet send by themselves, and services whose ports no table knows.

use std::net::SocketAddr;

use super::Scene;
use crate::conversation::{Conversation, Course, Volume};
use crate::outside::{self, Family};
use crate::rhythm;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

/// What Windows Event Forwarding posts to (WinRM), and how often a machine that has events does, in seconds.
const COLLECTOR: u16 = 5985;
const POST: u64 = 20;

const SYSLOG: u16 = 514;

/// Where an FTP server waits for clients that fetch: a range that administrators choose.
const PASSIVE: (u64, u64) = (50_000, 51_000);

/// Ports of services that somebody chose: a partner's, and one of a Kubernetes node.
const CHOSEN: [u16; 2] = [12_345, 31_234];

impl Scene<'_> {
    pub(super) fn fleet(&mut self) {
        self.forwards_events();
        self.sends_logs();
        self.hands_out_files();
        self.asks_chosen_ports();
    }

    /// Every twentieth workstation has events all the time while it is on; the first one always is.
    fn forwards_events(&mut self) {
        let Scene { places, span, .. } = *self;
        let Some(collector) = places.monitors.first().copied() else { return };
        for (number, place) in places.workstations.iter().copied().step_by(20).enumerate() {
            for start in span.every(POST, place as u64 * 3) {
                if number > 0 && rhythm::work(start) < 0.3 {
                    continue;
                }
                let sent = self.dice.heavy(2 * KIB, 16 * KIB);
                let post = Conversation::tcp(start).exchanging(sent, 1200);
                let to = (Family::V4, COLLECTOR);
                self.into.push(self.routes.inside(post, self.dice, (place, collector), to));
            }
        }
    }

    /// Syslog over UDP to a company that keeps it, which never answers, from one socket for ever.
    fn sends_logs(&mut self) {
        let Scene { places, span, .. } = *self;
        let busy = rhythm::visits(span.from);
        let senders = places.web_servers.iter().step_by(8).chain(places.bastions.first());
        for place in senders.copied() {
            let seconds = span.to - span.from;
            let packets = self.dice.arrivals((40.0 + 260.0 * busy) * seconds as f64).max(1);
            let sent = Volume::new(packets, packets * self.dice.between(180..=260));
            let sent = Conversation::udp(span.from).lasting(seconds).of(sent, Volume::default());
            // Of two senders behind one gateway each has a port of his own.
            let offset = u16::try_from(place % 28_000).unwrap_or_default();
            let ports = (32_768 + offset, 1024 + offset);
            let server = SocketAddr::new(outside::named(Family::V4, 200 + place as u64 % 3), SYSLOG);
            let sent = sent.going(Course::Unanswered);
            self.into.push(self.routes.leaving_from(sent, place, ports, server));
        }
    }

    /// Customers fetch files over FTP: they open both connections, the second one to a port that the server chose, often
    /// from behind a router whose ports begin at 1024.
    fn hands_out_files(&mut self) {
        let Some(server) = self.places.bastions.last().copied() else { return };
        for start in self.times(0.06, rhythm::visits(self.span.from)) {
            let visitor = outside::visitor(self.dice, Family::V4);
            let size = self.dice.heavy(60 * MIB, 4 * GIB);
            // A megabyte a second: all of them go on for longer than an interval of a minute.
            let seconds = 2 + size / MIB;
            let control = Conversation::tcp(start).lasting(seconds + 6).exchanging(400, 1400);
            let [control_port, port] = [self.dice.client_port(), self.dice.wide_port()];
            let client = |port| SocketAddr::new(visitor, port);
            self.into.push(self.routes.arriving_from(control, client(control_port), (server, 21)));
            let data = Conversation::tcp(start + 3).lasting(seconds).exchanging(0, size);
            let passive = u16::try_from(self.dice.between(PASSIVE.0..=PASSIVE.1)).unwrap_or(u16::MAX);
            self.into.push(self.routes.arriving_from(data, client(port), (server, passive)));
        }
    }

    /// Connections of many intervals, whose later records have no flags that tell who began.
    fn asks_chosen_ports(&mut self) {
        let (visits, work) = (rhythm::visits(self.span.from), rhythm::work(self.span.from));
        let Scene { places, .. } = *self;
        let web_servers = places.web_servers.iter().map(|place| (*place, visits));
        let workstations = places.workstations.iter().map(|place| (*place, work));
        for (place, busy) in web_servers.chain(workstations) {
            for start in self.times(0.005, busy) {
                let seconds = self.dice.between(300..=2700);
                let (sent, received) = (self.dice.between(50..=900), self.dice.between(100..=3000));
                let kept = Conversation::tcp(start).lasting(seconds);
                let kept = kept.exchanging(seconds * sent, seconds * received);
                let port = self.dice.one_of(&CHOSEN).unwrap_or(CHOSEN[0]);
                let inside = self.dice.one_of(&places.web_servers).filter(|other| *other != place);
                let kept = match inside.filter(|_| self.dice.chance(0.3)) {
                    Some(other) => self.routes.inside(kept, self.dice, (place, other), (Family::V4, port)),
                    None => {
                        let server = outside::named(Family::V4, self.dice.between(100..=140));
                        self.routes.leaving(kept, self.dice, place, SocketAddr::new(server, port))
                    }
                };
                self.into.push(kept);
            }
        }
    }
}
