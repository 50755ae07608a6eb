//! `sweep`: one source tries many hosts, and more of them than chance would have it say nothing back.
//!
//! The threshold random walk of Jung, Paxson, Berger and Balakrishnan ("Fast Portscan Detection Using Sequential Hypothesis
//! Testing", IEEE S&P 2004): each first contact with another host is a trial. To someone who knows where he goes 80 % of
//! them succeed, to a scanner 20 %, so each failure adds ln 4 to the log-likelihood of a scan and each success takes it
//! away. A scan it is from ln(0.99 / 0.00001) on, with which one of 100,000 honest sources is called a scanner and one of
//! 100 scanners is missed.
//!
//! Records come in any order, so the walk is not walked step by step: what counts is where it ends in a window. A host that
//! answered once is no failure: told by the size of what was sent, or by a reply among the records that the rule lets in.

use std::net::IpAddr;

use flow_enrich::{Carried, EnrichedFlow, RST, Side};
use flow_query::{Aggregate, AggregateFunction, Value};
use flow_record::Field;

use crate::detector::{Detector, Parameter, Tuned};

/// What a failure adds, and a success takes away: ln(0.8 / 0.2).
const STEP: f64 = 1.386_294_361_119_890_6;

/// From here on it is a scan: ln(0.99 / 0.00001).
const SCAN: f64 = 11.502_875_077_309_58;

/// IANA's number of the protocol.
const UDP: u64 = 17;

/// See the module.
#[derive(Debug)]
pub(crate) struct Sweep;

impl Detector for Sweep {
    fn name(&self) -> &'static str {
        "sweep"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[Parameter { name: "hosts", default: 25, least: 9, most: 100_000 }]
    }

    fn aggregates(&self) -> &'static [(&'static str, AggregateFunction)] {
        &[
            ("failedHosts", AggregateFunction::CountDistinct),
            ("answeredHosts", AggregateFunction::CountDistinct),
        ]
    }

    fn add(&self, aggregates: &mut [Aggregate], flow: &EnrichedFlow<'_>) {
        let [failed, answered] = aggregates else { return };
        let is_reply = flow.side() == Some(Side::Reply);
        let host = if is_reply { Field::SrcAddr } else { Field::DstAddr };
        let Some(host) = flow.record.address(host) else { return };
        match if is_reply { answer(flow, host) } else { outcome(flow) } {
            Some(Outcome::Failed) => failed.add(&Value::Address(host)),
            Some(Outcome::Answered) => answered.add(&Value::Address(host)),
            None => {}
        }
    }

    fn passes(&self, aggregates: &[Aggregate], tuned: &Tuned) -> bool {
        let [failed, answered] = aggregates else { return false };
        let mut all = failed.clone();
        all.merge(answered);
        let answered = count(answered);
        let silent = count(&all) - answered;
        silent >= tuned.value(0) as f64 && (silent - answered) * STEP >= SCAN
    }

    fn is_monotone(&self) -> bool {
        // A later answer takes away from what looked like a scan.
        false
    }

    fn threshold(&self, tuned: &Tuned) -> String {
        format!("silent hosts >= {} and a log-likelihood of a scan >= 11.5", tuned.value(0))
    }
}

/// How a try ended.
enum Outcome {
    Failed,
    Answered,
}

/// Of what was asked, as far as it tells by itself.
///
/// SYNs alone have failed; with more behind them, somebody has answered. What is bare says nothing about a try, unless
/// the format has no flags: then it may be SYNs, of scanners or of Windows. A datagram has failed until it is answered.
fn outcome(flow: &EnrichedFlow<'_>) -> Option<Outcome> {
    if flow.record.integer(Field::Protocol) == Some(UDP) {
        return Some(Outcome::Failed);
    }
    match flow.carried()? {
        Carried::Bare if flow.record.has(Field::TcpFlags) => None,
        Carried::Handshake | Carried::Bare => Some(Outcome::Failed),
        Carried::Content | Carried::Opened => Some(Outcome::Answered),
    }
}

/// Of a reply by `host`: whatever it is, somebody is there, but a reset refuses. Without flags that is what has nothing but
/// its headers, of 40 bytes or, over IPv6, 60.
fn answer(flow: &EnrichedFlow<'_>, host: IpAddr) -> Option<Outcome> {
    let headers = if host.is_ipv6() { 60 } else { 40 };
    let is_reset = match flow.record.integer(Field::TcpFlags) {
        Some(flags) => flags & u64::from(RST) != 0,
        None => {
            flow.record.integer(Field::Bytes)? <= flow.record.integer(Field::Packets)?.saturating_mul(headers)
        }
    };
    let is_refusal = is_reset && flow.carried()? == Carried::Bare;
    (!is_refusal).then_some(Outcome::Answered)
}

fn count(aggregate: &Aggregate) -> f64 {
    aggregate.value().number().map_or(0.0, flow_query::Number::to_float)
}
