//! Getting in, and getting out.

use std::net::SocketAddr;

use super::stage::Stage;
use crate::conversation::{Conversation, Course, Volume};
use crate::network::Role;
use crate::outside;

/// A connection on which a few passwords are tried.
fn guess(stage: &mut Stage<'_>, start: u64) -> Conversation {
    let seconds = stage.dice.between(2..=9);
    let (sent, received) = (stage.dice.between(900..=2600), stage.dice.between(1300..=3800));
    Conversation::tcp(start).lasting(seconds).exchanging(sent, received)
}

/// SSH, RDP, WinRM, FTP, MySQL, PostgreSQL, SQL Server: where passwords are guessed, most often the first.
const LOGINS: [(u32, u16); 7] = [(4, 22), (2, 3389), (1, 5985), (1, 21), (1, 3306), (1, 5432), (1, 1433)];

fn login(stage: &mut Stage<'_>) -> u16 {
    stage.dice.weighted(&LOGINS).unwrap_or(LOGINS[0].1)
}

pub(super) fn brute_force_out(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&[Role::WebServer, Role::Workstation]);
    let port = login(stage);
    let target = stage.target_outside(port);
    for number in 0..300 {
        let start = stage.nth(number, 300, 1200);
        let conversation = guess(stage, start);
        stage.out(conversation, actor, target);
    }
}

pub(super) fn brute_force_in(stage: &mut Stage<'_>) {
    let port = login(stage);
    let target = stage.target_inside(&[Role::Bastion, Role::LoadBalancer], port);
    for number in 0..800 {
        let start = stage.nth(number, 800, 1800);
        let source = outside::one_of_many(stage.family, 40_000 + number % 40);
        let conversation = guess(stage, start);
        stage.inward(conversation, source, (target, port));
    }
}

pub(super) fn exposed_database(stage: &mut Stage<'_>) {
    let actor = stage.actor_outside();
    let target = stage.target_inside(&[Role::Database, Role::WebServer, Role::LoadBalancer], 5432);
    for number in 0..4 {
        let start = stage.nth(number, 4, 300);
        let conversation = Conversation::tcp(start).lasting(40).exchanging(4000, 90_000);
        stage.inward(conversation, actor, (target, 5432));
    }
}

pub(super) fn known_bad_contact(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&[Role::Workstation, Role::WebServer]);
    let target = stage.target_outside(443);
    for number in 0..6 {
        let start = stage.nth(number, 6, 600);
        let conversation = Conversation::tcp(start).lasting(3).exchanging(900, 5200);
        stage.out(conversation, actor, target);
    }
}

pub(super) fn denied_egress(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&[Role::Workstation, Role::WebServer]);
    let bare = stage.bare();
    for number in 0..600 {
        let start = stage.nth(number, 600, 540);
        let host = outside::one_of_many(stage.family, 50_000 + number % 50);
        let port = stage.dice.one_of(&[6667, 4444, 8081, 9001, 1080]).unwrap_or(4444);
        let refused = Conversation::tcp(start).lasting(3).going(Course::RefusedOut);
        let refused = refused.of(Volume::new(2, 2 * bare), Volume::default());
        stage.out(refused, actor, SocketAddr::new(host, port));
    }
}
