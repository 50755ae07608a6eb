//! Using others' machines.

use std::net::SocketAddr;

use super::stage::Stage;
use crate::conversation::Conversation;
use crate::network::Role;
use crate::outside;

pub(super) fn spam(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&[Role::WebServer, Role::Workstation]);
    stage.staged.port = Some(25);
    for number in 0..240 {
        let start = stage.nth(number, 240, 1800);
        let server = SocketAddr::new(outside::one_of_many(stage.family, 60_000 + number % 80), 25);
        let (sent, seconds) = (stage.dice.heavy(3000, 60_000), stage.dice.between(2..=12));
        let conversation = Conversation::tcp(start).lasting(seconds).exchanging(sent, 900);
        stage.out(conversation, actor, server);
    }
}

pub(super) fn mining(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&[Role::WebServer, Role::Workstation]);
    let target = stage.target_outside(3333);
    let conversation = Conversation::tcp(stage.start).lasting(3 * 3600).exchanging(400_000, 900_000);
    stage.out(conversation, actor, target);
}
