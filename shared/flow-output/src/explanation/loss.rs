//! Packets that a transit gateway lost, and why.
//!
//! Sources: "Transit Gateway Flow Logs" and "Maximum transmission unit (MTU)" in the AWS Transit Gateway guide.

use flow_detect::Language;
use flow_record::{Field, FlowRecord};

use super::leg::{Leg, sum};
use super::words::Words;

/// Why a transit gateway loses a packet.
#[derive(Debug, Clone, Copy)]
enum Cause {
    NoRoute,
    Blackhole,
    MtuExceeded,
    TtlExpired,
}

const CAUSES: [(Cause, Field); 4] = [
    (Cause::NoRoute, Field::PacketsLostNoRoute),
    (Cause::Blackhole, Field::PacketsLostBlackhole),
    (Cause::MtuExceeded, Field::PacketsLostMtuExceeded),
    (Cause::TtlExpired, Field::PacketsLostTtlExpired),
];

/// How many packets were lost for each of [`CAUSES`]; none where it is not recorded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lost([Option<u64>; CAUSES.len()]);

impl Lost {
    pub(super) fn of(record: &FlowRecord<'_>) -> Self {
        Lost(CAUSES.map(|(_, field)| record.integer(field)))
    }

    /// Adds those of another record. A cause that one of them leaves open is counted as far as it is known.
    pub(super) fn merge(&mut self, other: Lost) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count = sum(*count, more);
        }
    }
}

impl Words {
    /// One sentence for each reason why packets were lost; one that none was, where all reasons are recorded.
    pub(super) fn losses(&self, leg: &Leg) -> Vec<String> {
        let Lost(counts) = leg.lost;
        let told = CAUSES.iter().zip(counts).filter_map(|((cause, _), count)| Some((*cause, count?)));
        let lost = told.filter(|(_, count)| *count > 0).map(|(cause, count)| self.loss(cause, count, leg));
        let lost: Vec<_> = lost.collect();
        if lost.is_empty() && counts.iter().all(Option::is_some) {
            return vec![self.pick("No packet was lost.", "破棄されたパケットはありません。").to_owned()];
        }
        lost
    }

    fn loss(&self, cause: Cause, count: u64, leg: &Leg) -> String {
        let (packets, to) = (self.packets(count), self.address(&leg.destination));
        match (self.language(), cause) {
            (Language::English, Cause::NoRoute) => format!(
                "Lost: {packets}, no route. The route table that is associated with the attachment has none to {to}."
            ),
            (Language::English, Cause::Blackhole) => format!(
                "Lost: {packets}, blackhole. The route to {to} drops everything: it was made so, or the attachment that it \
                 leads to was deleted."
            ),
            (Language::English, Cause::MtuExceeded) => format!(
                "Lost: {packets}, MTU exceeded. They were too large: a transit gateway takes 8,500 bytes, over VPN 1,500."
            ),
            (Language::English, Cause::TtlExpired) => format!(
                "Lost: {packets}, TTL expired. They passed too many routers: two send to each other in a circle, or it was \
                 a traceroute."
            ),
            (Language::Japanese, Cause::NoRoute) => format!(
                "破棄: {packets}、ルートなし。アタッチメントに関連付けられたルートテーブルに、{to} へのルートがありません。"
            ),
            (Language::Japanese, Cause::Blackhole) => format!(
                "破棄: {packets}、ブラックホール。{to} へのルートは、ブラックホールとして作成されたか、転送先のアタッチメントが削除されています。"
            ),
            (Language::Japanese, Cause::MtuExceeded) => format!(
                "破棄: {packets}、MTU 超過。パケットが大きすぎます。Transit Gateway の MTU は 8,500 バイト(VPN 経由は 1,500 バイト)です。"
            ),
            (Language::Japanese, Cause::TtlExpired) => format!(
                "破棄: {packets}、TTL 超過。経由したルーターが多すぎます。ルーティングループか、traceroute によるものです。"
            ),
        }
    }
}
