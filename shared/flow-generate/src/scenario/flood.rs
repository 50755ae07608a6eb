//! Too much of everything.

use std::net::SocketAddr;

use super::stage::Stage;
use crate::conversation::{Conversation, Course, IGMP, TCP, UDP, Volume};
use crate::network::Role;
use crate::outside;

/// How long a flood lasts, in seconds.
const SECONDS: u64 = 300;

/// `packets` of `size` bytes in each minute from a host to a port outside, from so many of its own ports.
fn outbound(stage: &mut Stage<'_>, (protocol, port): (u8, u16), ports: u64, (packets, size): (u64, u64)) {
    let actor = stage.actor_inside(&[Role::WebServer, Role::Workstation]);
    let target = stage.target_outside(port);
    let each = packets * (SECONDS / 60) / ports;
    for _ in 0..ports {
        let conversation = Conversation { protocol, ..Conversation::tcp(stage.start) };
        let conversation = conversation.lasting(SECONDS).going(Course::Unanswered);
        let conversation = conversation.of(Volume::new(each, each * size), Volume::default());
        stage.out(conversation, actor, target);
    }
}

pub(super) fn tcp(stage: &mut Stage<'_>) {
    let bare = stage.bare();
    // As tools do that count their port up with each packet.
    outbound(stage, (TCP, 80), 5000, (2_000_000, bare));
}

pub(super) fn udp(stage: &mut Stage<'_>) {
    outbound(stage, (UDP, 27015), 5000, (2_000_000, 1200));
}

pub(super) fn dns(stage: &mut Stage<'_>) {
    outbound(stage, (UDP, 53), 5000, (1_500_000, 70));
}

pub(super) fn udp_on_tcp_port(stage: &mut Stage<'_>) {
    outbound(stage, (UDP, 80), 50, (2_000_000, 1000));
}

pub(super) fn unusual_protocol(stage: &mut Stage<'_>) {
    outbound(stage, (IGMP, 0), 1, (2_000_000, 60));
}

pub(super) fn inbound(stage: &mut Stage<'_>) {
    const SOURCES: u64 = 30_000;
    let target = stage.target_inside(&[Role::LoadBalancer, Role::Bastion], 443);
    let bare = stage.bare();
    for number in 0..SOURCES {
        let start = stage.nth(number, SOURCES, SECONDS);
        let source = outside::one_of_many(stage.family, number * 2);
        let conversation = Conversation::tcp(start).lasting(2).going(Course::HalfOpen);
        let conversation = conversation.of(Volume::new(1, bare), Volume::new(3, 3 * bare));
        stage.inward(conversation, source, (target, 443));
    }
}

pub(super) fn amplification(stage: &mut Stage<'_>) {
    const SERVERS: u64 = 600;
    let target = stage.target_inside(&[Role::LoadBalancer, Role::Bastion], 0);
    stage.staged.port = None;
    for number in 0..SERVERS {
        let server = SocketAddr::new(outside::one_of_many(stage.family, number * 5), 11211);
        let conversation = Conversation { protocol: UDP, ..Conversation::tcp(stage.start) };
        let conversation = conversation.lasting(SECONDS).going(Course::Unanswered);
        let conversation = conversation.of(Volume::new(5000, 5000 * 1400), Volume::default());
        stage.inward_from(conversation, server, (target, 80));
    }
}
