//! What was refused after a conversation was over.
//!
//! Sources: `action` in "Flow log records" of the Amazon VPC user guide: packets that arrive after the connection was
//! closed are refused; "Security group connection tracking" in the Amazon EC2 user guide: how long idle ones are tracked.

use flow_detect::Language;
use flow_enrich::{FIN, RST, SYN, tcp_flags_text};

use super::leg::Leg;
use super::words::Words;
use crate::number::group_digits;

/// Records that were refused when the rest of the conversation was over.
#[derive(Debug)]
pub(super) struct Late {
    pub(super) leg: Leg,
    /// Seconds since the last that was accepted; none within the same interval.
    pub(super) gap: Option<u64>,
    pub(super) why: Why,
}

/// Why it was refused, as far as the records tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// A FIN or RST was accepted before.
    Closed,
    /// Nothing was accepted for longer than a security group may remember.
    Idle,
    /// One of these: the records have no flags.
    Over,
    /// It would begin anew what was accepted before.
    RuleChanged,
}

/// Why `leg` was refused and how long after the last of `accepted`, if it came after the end.
///
/// Whoever opened the conversation needs no memory of a security group to open it again, but for TCP, where only a SYN
/// opens anything.
pub(super) fn lateness(leg: &Leg, accepted: &[&Leg], is_reply: bool) -> Option<(Option<u64>, Why)> {
    if !leg.is_refused() || leg.reject_reason.is_some() {
        return None;
    }
    let last = accepted.iter().filter_map(|known| known.end.max(known.start)).max()?;
    let gap = leg.start?.checked_sub(last);
    let was_accepted = accepted.iter().any(|known| known.is_same_way(leg));
    let is_tcp = leg.protocol.is_none_or(|protocol| protocol == 6);
    if has(leg, SYN) || !is_tcp && !is_reply {
        return (was_accepted && gap.is_some()).then_some((gap, Why::RuleChanged));
    }
    let is_closed = accepted.iter().any(|known| has(known, FIN | RST) && known.start <= leg.start);
    let is_leftover = gap.is_some() || leg.is_empty && has(leg, FIN | RST);
    if is_closed && is_leftover {
        return Some((gap, Why::Closed));
    }
    let is_idle = gap? >= remembered(leg.protocol);
    let has_flags = leg.flags.is_some() || !is_tcp;
    match (is_idle, has_flags) {
        (true, true) => Some((gap, Why::Idle)),
        (true, false) => Some((gap, Why::Over)),
        (false, false) if was_accepted && leg.is_empty => Some((gap, Why::Over)),
        _ => None,
    }
}

fn has(leg: &Leg, flags: u8) -> bool {
    leg.flags.is_some_and(|known| known & flags != 0)
}

/// The shortest time in seconds for which a security group remembers an idle connection unless told otherwise.
fn remembered(protocol: Option<u8>) -> u64 {
    match protocol {
        None | Some(6) => 350,
        Some(17) => 30,
        Some(_) => 600,
    }
}

impl Words {
    /// A sentence for each, and then why, each reason once.
    pub(super) fn late(&self, late: &[Late]) -> Vec<String> {
        let mut sentences: Vec<_> = late.iter().map(|late| self.late_packets(late)).collect();
        for late in late {
            let why = self.why_late(late);
            if !sentences.contains(&why) {
                sentences.push(why);
            }
        }
        sentences
    }

    fn late_packets(&self, Late { leg, gap, .. }: &Late) -> String {
        let (when, from, to) = (self.opening(leg), self.end(&leg.source), self.end(&leg.destination));
        let flags = leg.flags.filter(|flags| *flags != 0).map(tcp_flags_text);
        let (amount, verdict) = (self.amount(leg), self.verdict(leg));
        match self.language() {
            Language::English => {
                let gap =
                    gap.map(|gap| format!("{} s after the last that was accepted, ", group_digits(gap)));
                let flags = flags.map(|flags| format!(" with {flags}"));
                format!(
                    "{when}{}{from} sent more to {to}{}{amount}.{verdict}",
                    gap.unwrap_or_default(),
                    flags.unwrap_or_default()
                )
            }
            Language::Japanese => {
                let gap = gap.map(|gap| format!("最後に許可された通信の {} 秒後に、", group_digits(gap)));
                let flags = flags.map(|flags| format!("({flags})"));
                format!(
                    "{when}{}{from} から {to} へさらにパケット{}が送られました。{amount}{verdict}",
                    gap.unwrap_or_default(),
                    flags.unwrap_or_default()
                )
            }
        }
    }

    fn why_late(&self, late: &Late) -> String {
        let text = match late.why {
            Why::Closed => self.pick(
                "Why: the connection was over by then, its FIN or RST had been accepted. Security groups track connections, \
                 and a late packet of one that is over is refused. No rule is missing.",
                "理由: この接続は、FIN または RST が許可されて、すでに終了していました。セキュリティグループは接続を追跡しており、\
                 終了した接続に遅れて届いたパケットを拒否します。ルールの不足ではありません。",
            ),
            Why::Idle => self.pick(
                "Why, most likely: it had been idle for too long. Security groups track connections and forget idle ones \
                 (TCP after 350 s or 5 days, by the type of the instance, UDP after 30 to 180 s, unless configured otherwise); a \
                 later packet belongs to none and is refused.",
                "理由(推定): 通信のない時間が長すぎました。セキュリティグループは接続を追跡しており、通信のない接続は一定時間で追跡から外れます\
                 (既定では TCP はインスタンスタイプにより 350 秒または 5 日、UDP は 30~180 秒)。その後に届いたパケットは拒否されます。",
            ),
            Why::Over => self.pick(
                "Why, most likely: the connection was over by then, closed or idle for too long; without TCP flags the records \
                 do not tell which. Security groups track connections, and a late packet of one that is over is refused. If it \
                 was to begin a new one, a rule was changed in between.",
                "理由(推定): この接続は、閉じられたか、通信のない時間が長すぎたために、すでに終了していました。TCP フラグの記録がないため、\
                 どちらかは分かりません。セキュリティグループは接続を追跡しており、終了した接続に遅れて届いたパケットを拒否します。\
                 新しい接続を始めるパケットであれば、その間にルールが変更されています。",
            ),
            Why::RuleChanged => self.pick(
                "Why, most likely: the same was accepted before, so a rule of a security group or of the network ACL was changed \
                 in between.",
                "理由(推定): 以前は同じ通信が許可されているため、その間にセキュリティグループかネットワークACLのルールが変更されています。",
            ),
        };
        text.to_owned()
    }
}
