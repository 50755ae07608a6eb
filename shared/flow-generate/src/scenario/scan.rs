//! Looking for doors.

use std::net::SocketAddr;

use super::stage::Stage;
use crate::conversation::{Conversation, Course, Volume};
use crate::network::Role;
use crate::outside;

/// SYNs that get no further, as many as an operating system repeats in some seconds.
fn knock(stage: &mut Stage<'_>, start: u64, course: Course) -> Conversation {
    let packets = if course == Course::Reset { 1 } else { stage.dice.between(1..=3) };
    let seconds = packets * 2 - 1;
    let bare = stage.bare();
    Conversation::tcp(start)
        .lasting(seconds)
        .going(course)
        .of(Volume::new(packets, packets * bare), Volume::new(1, bare - 20))
}

pub(super) fn outbound_sweep(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&[Role::Workstation, Role::WebServer]);
    stage.staged.port = Some(22);
    for number in 0..300 {
        let start = stage.nth(number, 300, 600);
        let host = SocketAddr::new(outside::one_of_many(stage.family, number * 7), 22);
        let course =
            stage.dice.weighted(&[(80, Course::Unanswered), (15, Course::Reset), (5, Course::Answered)]);
        let course = course.unwrap_or(Course::Unanswered);
        let conversation = knock(stage, start, course);
        stage.out(conversation, actor, host);
    }
}

pub(super) fn vertical_scan(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&[Role::Workstation, Role::WebServer]);
    let target = stage.neighbour(77);
    stage.staged.target = Some(target);
    for port in 1..=400 {
        let start = stage.nth(u64::from(port), 400, 240);
        let course = if [22, 80, 111].contains(&port) { Course::Answered } else { Course::Reset };
        let conversation = knock(stage, start, course);
        stage.out(conversation, actor, SocketAddr::new(target, port));
    }
}

pub(super) fn internal_sweep(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&[Role::Workstation, Role::WebServer]);
    stage.staged.port = Some(8080);
    for number in 0..200 {
        let start = stage.nth(number, 200, 1800);
        let host = stage.neighbour(u8::try_from(20 + number).unwrap_or_default());
        let course =
            stage.dice.weighted(&[(90, Course::Unanswered), (8, Course::Reset), (2, Course::Answered)]);
        let conversation = knock(stage, start, course.unwrap_or(Course::Unanswered));
        stage.out(conversation, actor, SocketAddr::new(host, 8080));
    }
}

pub(super) fn slow_scan(stage: &mut Stage<'_>) {
    let actor = stage.actor_outside();
    let target = stage.target_inside(&[Role::Bastion, Role::LoadBalancer], 0);
    stage.staged.port = None;
    for number in 0..144 {
        let start = stage.nth(number, 144, 24 * 3600);
        let port = 20 + u16::try_from(number).unwrap_or_default() * 57;
        let conversation = knock(stage, start, Course::Refused);
        stage.inward(conversation, actor, (target, port));
    }
}

pub(super) fn lateral_fan_out(stage: &mut Stage<'_>) {
    let actor = stage.actor_inside(&[Role::Workstation, Role::WebServer]);
    for number in 0..90_u64 {
        let start = stage.nth(number, 90, 480);
        let host = stage.neighbour(u8::try_from(10 + number / 3).unwrap_or_default());
        let port = [445, 3389, 5985][usize::try_from(number % 3).unwrap_or_default()];
        let conversation = if stage.dice.chance(0.5) {
            let seconds = stage.dice.between(1..=20);
            Conversation::tcp(start).lasting(seconds).exchanging(2000, 3500)
        } else {
            knock(stage, start, Course::Reset)
        };
        stage.out(conversation, actor, SocketAddr::new(host, port));
    }
}
