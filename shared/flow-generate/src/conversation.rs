//! Conversations between two ends, and the records that interfaces on their way make of them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::network::Interface;
use crate::outside::Family;
use crate::record::{Flow, Lost, Record, Seen};

pub(crate) const ICMP: u8 = 1;
pub(crate) const IGMP: u8 = 2;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;
pub(crate) const ICMPV6: u8 = 58;

/// TCP flags as flow logs record them: an ACK only beside a SYN.
pub(crate) const FIN: u8 = 1;
const SYN: u8 = 2;
pub(crate) const RST: u8 = 4;
const SYN_ACK: u8 = 18;

/// Packets and bytes of one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Volume {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
}

impl Volume {
    pub(crate) const fn new(packets: u64, bytes: u64) -> Self {
        Volume { packets, bytes }
    }

    /// So many times.
    fn times(self, number: u64) -> Volume {
        Volume { packets: self.packets * number, bytes: self.bytes * number }
    }

    /// What was sent once `done` of `whole` has passed.
    fn part(self, done: u64, whole: u64) -> Volume {
        let share = |number: u64, done: u64, whole: u64| {
            let part = u128::from(number) * u128::from(done) / u128::from(whole.max(1));
            u64::try_from(part).unwrap_or(u64::MAX)
        };
        // The first packet goes at once.
        let packets = if done == 0 { 0 } else { share(self.packets, done, whole).max(self.packets.min(1)) };
        Volume { packets, bytes: share(self.bytes, packets, self.packets) }
    }
}

/// How a conversation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// Answered, and closed in order.
    Answered,
    /// Answered, and broken off.
    BrokenOff,
    /// Answered, and closed with these flags by client and server.
    Closed(u8, u8),
    /// The rest of one that was answered earlier: no SYN, and these flags at its end.
    Resumed(u8, u8),
    /// The server's answer is that nothing listens there.
    Reset,
    /// Answered, and left there by the client.
    HalfOpen,
    /// Nobody answers, though nobody refuses.
    Unanswered,
    /// The server's side refuses: a security group or network ACL.
    Refused,
    /// The client's own side refuses to let it out.
    RefusedOut,
    /// Packets of a conversation that is over, which the server's side no longer knows: refused.
    Late,
    /// Packets of the server's, with these flags, to a client whom its side no longer knows: not let out.
    Forgotten(u8),
    /// The request is let in, its reply is not let out: a network ACL, which knows no connections.
    ReplyRefused,
}

/// One interface's view of a conversation.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) interface: Arc<Interface>,
    /// Whether it is on the client's side: requests leave there.
    pub(crate) is_client: bool,
    pub(crate) client: SocketAddr,
    pub(crate) server: SocketAddr,
    /// The server that packets name, where `server` is a NAT gateway on the way to it.
    pub(crate) packet_server: IpAddr,
}

impl View {
    fn new(interface: &Arc<Interface>, is_client: bool, client: SocketAddr, server: SocketAddr) -> Self {
        View { interface: Arc::clone(interface), is_client, client, server, packet_server: server.ip() }
    }
}

/// What of a conversation falls into an interval: its seconds, the last excluded, and what goes each way.
#[derive(Debug, Clone, Copy)]
struct Piece {
    begin: u64,
    end: u64,
    request: Volume,
    reply: Volume,
}

/// A conversation, and who sees it.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    pub(crate) protocol: u8,
    /// The first second.
    pub(crate) start: u64,
    /// How many seconds, one at least.
    pub(crate) seconds: u64,
    pub(crate) request: Volume,
    pub(crate) reply: Volume,
    /// Volumes are of one second each time that so many have passed; none where they are of the whole.
    pub(crate) beat: Option<u64>,
    pub(crate) course: Course,
    pub(crate) lost: Lost,
    pub(crate) scenario: Option<usize>,
    pub(crate) views: Vec<View>,
}

impl Conversation {
    /// A short answered one over TCP that nobody has seen yet.
    pub(crate) fn tcp(start: u64) -> Self {
        Conversation {
            protocol: TCP,
            start,
            seconds: 1,
            request: Volume::new(6, 700),
            reply: Volume::new(5, 1200),
            beat: None,
            course: Course::Answered,
            lost: Lost::default(),
            scenario: None,
            views: Vec::new(),
        }
    }

    /// One of a packet each way over UDP.
    pub(crate) fn udp(start: u64) -> Self {
        let volume = Volume::new(1, 76);
        Conversation { protocol: UDP, request: volume, reply: volume, ..Conversation::tcp(start) }
    }

    /// Of this many seconds.
    pub(crate) fn lasting(self, seconds: u64) -> Self {
        Conversation { seconds: seconds.max(1), ..self }
    }

    /// With this course.
    pub(crate) fn going(self, course: Course) -> Self {
        Conversation { course, ..self }
    }

    /// With these volumes.
    pub(crate) fn of(self, request: Volume, reply: Volume) -> Self {
        Conversation { request, reply, ..self }
    }

    /// With these volumes at the start, and again after each `beat` seconds.
    pub(crate) fn beating(self, beat: u64) -> Self {
        Conversation { beat: Some(beat.max(1)), ..self }
    }

    /// With so many bytes sent as requests and replies over TCP: full packets one way, acknowledgements the other.
    pub(crate) fn exchanging(self, sent: u64, received: u64) -> Self {
        const PAYLOAD: u64 = 1400;
        const HEADER: u64 = 52;
        let (out, back) = (sent.div_ceil(PAYLOAD), received.div_ceil(PAYLOAD));
        let of = |full: u64, other: u64, bytes: u64| {
            // Three to open and close, and an acknowledgement for two.
            let packets = 3 + full + other / 2;
            Volume::new(packets, bytes + packets * HEADER)
        };
        self.of(of(out, back, sent), of(back, out, received))
    }

    /// Seen by the client's interface.
    pub(crate) fn from(mut self, interface: &Arc<Interface>, client: SocketAddr, server: SocketAddr) -> Self {
        self.views.push(View::new(interface, true, client, server));
        self
    }

    /// Seen by the server's interface.
    pub(crate) fn at(mut self, interface: &Arc<Interface>, client: SocketAddr, server: SocketAddr) -> Self {
        self.views.push(View::new(interface, false, client, server));
        self
    }

    /// Seen by a NAT gateway on the way from `client` to `server`: as someone who asks it, and as one that it asks
    /// itself, from `port`.
    pub(crate) fn through(
        mut self,
        gateway: &Arc<Interface>,
        client: SocketAddr,
        server: SocketAddr,
        port: u16,
    ) -> Self {
        let own = IpAddr::V4(gateway.v4);
        let mut inner = View::new(gateway, false, client, SocketAddr::new(own, server.port()));
        inner.packet_server = server.ip();
        self.views.push(inner);
        self.views.push(View::new(gateway, true, SocketAddr::new(own, port), server));
        self
    }

    /// The second after the last.
    pub(crate) fn end(&self) -> u64 {
        self.start + self.seconds
    }

    /// Over which protocol it is seen.
    pub(crate) fn family(&self) -> Family {
        let is_v6 = self.views.first().is_some_and(|view| view.client.is_ipv6());
        if is_v6 { Family::V6 } else { Family::V4 }
    }

    /// The records of the interval from `from` to before `to`, each way at each interface that sees it.
    pub(crate) fn records(&self, from: u64, to: u64, into: &mut Vec<Record>) {
        let Some(piece) = self.piece(from, to) else { return };
        let (opens, closes) = (piece.begin == self.start, piece.end == self.end());
        for view in &self.views {
            for (is_request, volume) in [(true, piece.request), (false, piece.reply)] {
                let Some(is_accepted) = self.passes(view, is_request) else { continue };
                if volume.packets == 0 {
                    continue;
                }
                let tcp_flags = self.tcp_flags(is_request, opens, closes);
                let flow = self.flow(view, is_request, volume, is_accepted, tcp_flags);
                into.push(Record {
                    interface: Arc::clone(&view.interface),
                    start: piece.begin,
                    end: piece.end - 1,
                    seen: Seen::Flow(Box::new(flow)),
                    scenario: self.scenario,
                });
            }
        }
    }

    /// What of it falls between `from` and `to`; none where nothing does.
    fn piece(&self, from: u64, to: u64) -> Option<Piece> {
        let end = self.end().min(to);
        if let Some(beat) = self.beat {
            let begin = self.start + from.saturating_sub(self.start).next_multiple_of(beat);
            let later = end.checked_sub(begin + 1)? / beat;
            let of = |volume: Volume| volume.times(1 + later);
            let end = begin + later * beat + 1;
            return Some(Piece { begin, end, request: of(self.request), reply: of(self.reply) });
        }
        let begin = self.start.max(from);
        let of = |volume: Volume| {
            let (before, after) =
                (volume.part(begin - self.start, self.seconds), volume.part(end - self.start, self.seconds));
            Volume::new(after.packets - before.packets, after.bytes - before.bytes)
        };
        (begin < end).then(|| Piece { begin, end, request: of(self.request), reply: of(self.reply) })
    }

    /// Whether one way is let through where it is seen; none where it never comes.
    fn passes(&self, view: &View, is_request: bool) -> Option<bool> {
        match (self.course, is_request) {
            (
                Course::Answered
                | Course::BrokenOff
                | Course::Closed(..)
                | Course::Resumed(..)
                | Course::Reset
                | Course::HalfOpen,
                _,
            )
            | (Course::Unanswered | Course::ReplyRefused, true) => Some(true),
            (Course::Refused | Course::Late, true) => Some(view.is_client),
            (Course::RefusedOut, true) => view.is_client.then_some(false),
            (Course::Forgotten(_), false) => (!view.is_client).then_some(false),
            // What is not let out at the server never comes to the client.
            (Course::ReplyRefused, false) => {
                let is_first = !view.is_client || self.views.iter().all(|view| view.is_client);
                is_first.then_some(false)
            }
            (Course::Forgotten(_), true)
            | (Course::Unanswered | Course::Refused | Course::RefusedOut | Course::Late, false) => None,
        }
    }

    fn tcp_flags(&self, is_request: bool, opens: bool, closes: bool) -> u8 {
        if self.protocol != TCP {
            return 0;
        }
        let opening = if is_request { SYN } else { SYN_ACK };
        let when = |is_so: bool, flags: u8| if is_so { flags } else { 0 };
        match self.course {
            Course::Answered => when(opens, opening) | when(closes, FIN),
            Course::BrokenOff => when(opens, opening) | when(closes && is_request, RST),
            Course::Closed(request, reply) => {
                when(opens, opening) | when(closes, if is_request { request } else { reply })
            }
            Course::Resumed(request, reply) => when(closes, if is_request { request } else { reply }),
            Course::Forgotten(flags) => flags,
            Course::Reset if !is_request => RST,
            Course::ReplyRefused | Course::HalfOpen if !is_request => SYN_ACK,
            Course::Late => FIN,
            _ => SYN,
        }
    }

    fn flow(&self, view: &View, is_request: bool, volume: Volume, is_accepted: bool, tcp_flags: u8) -> Flow {
        let (source, destination, packet_source, packet_destination) = if is_request {
            (view.client, view.server, view.client.ip(), view.packet_server)
        } else {
            (view.server, view.client, view.packet_server, view.client.ip())
        };
        Flow {
            source,
            destination,
            packet_source,
            packet_destination,
            protocol: self.protocol,
            packets: volume.packets,
            bytes: volume.bytes,
            is_accepted,
            tcp_flags,
            is_egress: view.is_client == is_request,
            lost: if is_request { self.lost } else { Lost::default() },
        }
    }
}
