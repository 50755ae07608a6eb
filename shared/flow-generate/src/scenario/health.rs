//! What is no attack, and has to be known all the same.

use super::stage::{Skip, Stage};
use crate::conversation::{Conversation, Course, Volume};
use crate::network::Role;
use crate::outside::Family;
use crate::record::Lost;

pub(super) fn skipped_records(stage: &mut Stage<'_>) {
    let place = stage.actor_inside(&[Role::WebServer, Role::Workstation, Role::LoadBalancer]);
    stage.staged.actor = None;
    let from = stage.start;
    stage.staged.skips.push(Skip { place, from, to: from + 10 * stage.interval });
}

pub(super) fn reply_refused(stage: &mut Stage<'_>) {
    let actor = stage.actor_outside();
    let target = stage.target_inside(&[Role::LoadBalancer, Role::Bastion], 443);
    let bare = stage.bare();
    for number in 0..60 {
        let start = stage.nth(number, 60, 600);
        let refused = Conversation::tcp(start).lasting(7).going(Course::ReplyRefused);
        let refused = refused.of(Volume::new(4, 4 * bare), Volume::new(4, 4 * bare));
        stage.inward(refused, actor, (target, 443));
    }
}

pub(super) fn refused_inside(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&[Role::WebServer, Role::Workstation]);
    let target = stage.target_inside(&[Role::Database, Role::Idle, Role::Workstation], 5432);
    let (bare, family) = (stage.bare(), stage.family);
    for number in 0..120 {
        let start = stage.nth(number, 120, 600);
        let refused = Conversation::tcp(start).lasting(7).going(Course::Refused);
        let refused = refused.of(Volume::new(4, 4 * bare), Volume::default());
        let refused = stage.routes.inside(refused, &mut stage.dice, (actor, target), (family, 5432));
        stage.staged.conversations.push(refused);
    }
}

pub(super) fn transit_loss(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&[Role::WebServer, Role::Workstation]);
    let (bare, is_v4) = (stage.bare(), stage.family == Family::V4);
    for number in 0..80 {
        let start = stage.nth(number, 80, 600);
        let packets = stage.dice.between(3..=9);
        let lost = match number % 4 {
            0 => Lost { no_route: packets, ..Lost::default() },
            1 => Lost { blackhole: packets, ..Lost::default() },
            // IPv6 routers tell the sender instead, but too late for these.
            2 => Lost { mtu_exceeded: packets, ..Lost::default() },
            _ => Lost { ttl_expired: packets, ..Lost::default() },
        };
        let size = if number % 4 == 2 && is_v4 { 8900 } else { bare };
        let conversation = Conversation { lost, ..Conversation::tcp(start) };
        let conversation = conversation.lasting(7).going(Course::Unanswered);
        let conversation = conversation.of(Volume::new(packets, packets * size), Volume::default());
        let number = u8::try_from(number % 4).unwrap_or_default();
        let host = stage.neighbour(200 + number);
        stage.out(conversation, actor, std::net::SocketAddr::new(host, 443));
    }
}
