//! Getting data out, and hidden ways.

use super::stage::Stage;
use crate::conversation::{Conversation, ICMP, ICMPV6, Volume};
use crate::network::Role;
use crate::outside::Family;

const GIB: u64 = 1 << 30;
const HOUR: u64 = 3600;

/// Who does such things.
const HOSTS: [Role; 2] = [Role::Workstation, Role::WebServer];

pub(super) fn exfiltration(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&[Role::Database, Role::WebServer, Role::Workstation]);
    let target = stage.target_outside(443);
    for number in 0..4 {
        let start = stage.start + number * 450;
        let conversation = Conversation::tcp(start).lasting(440).exchanging(GIB, 200_000);
        stage.out(conversation, actor, target);
    }
}

pub(super) fn unapproved_dns(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&HOSTS);
    let target = stage.target_outside(53);
    for number in 0..60 {
        let start = stage.nth(number, 60, 600);
        let (asked, answered) = (stage.dice.between(58..=90), stage.dice.between(90..=300));
        let conversation = Conversation::udp(start).of(Volume::new(1, asked), Volume::new(1, answered));
        stage.out(conversation, actor, target);
    }
}

pub(super) fn dns_over_tls(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&HOSTS);
    let target = stage.target_outside(853);
    for number in 0..12 {
        let start = stage.nth(number, 12, 600);
        let conversation = Conversation::tcp(start).lasting(20).exchanging(2400, 6100);
        stage.out(conversation, actor, target);
    }
}

pub(super) fn dns_tunnel(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&HOSTS);
    let target = stage.target_outside(53);
    for number in 0..3000 {
        let start = stage.nth(number, 3000, 1500);
        let (asked, answered) = (stage.dice.between(200..=280), stage.dice.between(250..=500));
        let conversation = Conversation::udp(start).of(Volume::new(1, asked), Volume::new(1, answered));
        stage.out(conversation, actor, target);
    }
}

pub(super) fn icmp_tunnel(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&HOSTS);
    let target = stage.target_outside(0);
    let protocol = if stage.family == Family::V4 { ICMP } else { ICMPV6 };
    let volume = Volume::new(4800, 4800 * 820);
    let conversation =
        Conversation { protocol, ..Conversation::tcp(stage.start) }.lasting(1200).of(volume, volume);
    stage.out(conversation, actor, target);
}

pub(super) fn long_connection(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&HOSTS);
    let target = stage.target_outside(443);
    let conversation = Conversation::tcp(stage.start).lasting(13 * HOUR).exchanging(5_000_000, 9_000_000);
    stage.out(conversation, actor, target);
}
