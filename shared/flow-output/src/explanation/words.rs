//! The sentences, in both languages.

use flow_detect::Language;
use flow_enrich::{Scope, protocol_name, service_name};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::leg::{End, Leg, Verdict};
use super::place::Place;
use super::{Reason, Told};
use crate::number::group_digits;
use crate::plain::plain;

/// What a client's port may be: what a network ACL has to let through for replies.
const CLIENT_PORTS: &str = "1024-65535";

/// TCP and UDP. A rule for any other protocol lets all ports through, whatever it says (`CreateNetworkAclEntry` in the
/// Amazon EC2 API reference).
const PROTOCOLS_WITH_RULE_PORTS: [u8; 2] = [6, 17];

#[derive(Debug)]
pub(super) struct Words {
    language: Language,
    zone: TimeZone,
}

impl Words {
    pub(super) fn new(language: Language, zone: TimeZone) -> Self {
        Words { language, zone }
    }

    pub(super) fn language(&self) -> Language {
        self.language
    }

    /// One of two texts.
    pub(super) fn pick<'t>(&self, english: &'t str, japanese: &'t str) -> &'t str {
        match self.language {
            Language::English => english,
            Language::Japanese => japanese,
        }
    }

    pub(super) fn of_conversation(&self, conversation: &Told) -> String {
        let mut sentences = Vec::new();
        if let Some(request) = &conversation.request {
            sentences.push(self.request(request));
            sentences.extend(self.losses(request));
        }
        if let Some(reply) = &conversation.reply {
            sentences.push(self.reply(reply, conversation.request.is_none()));
            sentences.extend(self.losses(reply));
        }
        sentences.extend(self.reason(&conversation.reason()));
        sentences.extend(self.late(&conversation.late));
        sentences.join("\n") + "\n"
    }

    /// An interval without records.
    pub(super) fn of_no_flow(&self, leg: &Leg, is_skipped: bool) -> String {
        let (when, place) = (self.when(leg), self.place(leg));
        let text = match (self.language, is_skipped) {
            (Language::English, false) => format!("{when}: nothing flowed through {place} (NODATA)."),
            (Language::English, true) => format!(
                "{when}: AWS skipped records of {place} (SKIPDATA). How many is not known: counts are lower bounds."
            ),
            (Language::Japanese, false) => format!("{when}、{place} に通信はありませんでした(NODATA)。"),
            (Language::Japanese, true) => format!(
                "{when}、{place} の記録の一部が AWS 側で欠落しました(SKIPDATA)。欠落した件数は不明で、集計値は下限です。"
            ),
        };
        text + "\n"
    }

    fn request(&self, leg: &Leg) -> String {
        let (from, to, service) = (self.sender(leg), self.end(&leg.destination), self.service(leg, false));
        let (when, place) = (self.opening(leg), self.place_known(leg));
        let (amount, verdict) = (self.amount(leg), self.verdict(leg));
        match self.language {
            Language::English => {
                let seen = place.map_or_else(String::new, |place| format!(", seen at {place}"));
                format!("{when}{from} sent {service} to {to}{seen}{amount}.{verdict}")
            }
            Language::Japanese => {
                let seen = place.map_or_else(String::new, |place| format!("({place} で記録)"));
                format!("{when}{from} から {to} へ{service}が送られました{seen}。{amount}{verdict}")
            }
        }
    }

    /// Without a request before it, where it was seen is still to be told.
    fn reply(&self, leg: &Leg, is_alone: bool) -> String {
        let when = self.opening(leg);
        let (from, to) = (self.sender(leg), self.end(&leg.destination));
        let (amount, verdict, service) = (self.amount(leg), self.verdict(leg), self.service(leg, true));
        let place = if is_alone { self.place_known(leg) } else { None };
        match self.language {
            Language::English => {
                let seen = place.map_or_else(String::new, |place| format!(", seen at {place}"));
                format!("{when}{from} replied to {to} ({service}){seen}{amount}.{verdict}")
            }
            Language::Japanese => {
                let seen = place.map_or_else(String::new, |place| format!("、{place} で記録"));
                format!("{when}{from} から {to} へ応答が返されました({service}{seen})。{amount}{verdict}")
            }
        }
    }

    fn reason(&self, reason: &Reason<'_>) -> Option<String> {
        let english = self.language == Language::English;
        Some(match reason {
            Reason::Stated(reason) => self.stated(reason),
            Reason::ReplyRefused { request, reply } => {
                let rule = self.missing_rule(request, reply);
                if english {
                    format!(
                        "Why: a network ACL refused the reply. It can't have been a security group: these are stateful and \
                         let the reply to an accepted request through; network ACLs are not. {rule}"
                    )
                } else {
                    format!(
                        "理由: 応答を拒否したのはネットワークACLです。セキュリティグループはステートフルで、許可した要求への応答を必ず通します。\
                         応答を拒否できるのは、ステートレスなネットワークACLだけです。{rule}"
                    )
                }
            }
            Reason::RequestRefused(request) => self.either(request),
            Reason::ReplyAlone => self
                .pick(
                    "Why: by its ports this is a reply. If its request was accepted, a network ACL refused it; look for the \
                     request, the same ends the other way round. If there was none, a security group may have as well.",
                    "理由: ポート番号から見て、これは応答です。対になる要求(送信元と宛先が逆の記録)が許可されていれば、拒否したのはネットワークACLです。\
                     要求がなければ、セキュリティグループが拒否した可能性もあります。",
                )
                .to_owned(),
            Reason::NoReply => self
                .pick(
                    "No reply is among these records: it may stand in the next interval, or nothing answered.",
                    "これらの記録に応答はありません。次の集約間隔に記録されているか、応答がなかったかのどちらかです。",
                )
                .to_owned(),
            Reason::Through => self
                .pick(
                    "Security groups and network ACLs let both ways through.",
                    "セキュリティグループもネットワークACLも、両方向の通信を許可しました。",
                )
                .to_owned(),
            Reason::Unclear => return None,
        })
    }

    fn stated(&self, reason: &str) -> String {
        let known = match reason {
            "BPA" => Some(self.pick("VPC Block Public Access", "VPC ブロックパブリックアクセス")),
            "EC" => Some(self.pick("encryption controls of the VPC", "VPC の暗号化コントロール")),
            _ => None,
        };
        let reason = plain(reason);
        let what = known.map_or_else(|| reason.to_string(), |known| format!("{known} ({reason})"));
        match self.language {
            Language::English => format!("Why, as the record says: {what}."),
            Language::Japanese => format!("理由: 記録によれば {what} です。"),
        }
    }

    /// What the network ACL would have to allow.
    fn missing_rule(&self, request: &Leg, reply: &Leg) -> String {
        let protocol = request.protocol.map_or_else(|| "IP".to_owned(), protocol);
        let is_outbound = reply.is_egress == Some(true);
        let peer = self.address(if is_outbound { &reply.destination } else { &reply.source });
        let ports = self.rule_ports(reply);
        match self.language {
            Language::English => {
                let way = if is_outbound { "outbound" } else { "inbound" };
                let side = if is_outbound { "to" } else { "from" };
                format!(
                    "The network ACL of the interface's subnet needs an {way} rule that allows {protocol} {side} {peer}{ports}."
                )
            }
            Language::Japanese => {
                let way = if is_outbound { "アウトバウンド" } else { "インバウンド" };
                let side = if is_outbound { "への" } else { "からの" };
                format!(
                    "インターフェイスのサブネットのネットワークACLに、{peer} {side} {protocol} を{ports}許可する{way}ルールが必要です。"
                )
            }
        }
    }

    /// The ports in a rule for a reply; nothing where a rule of a network ACL has none.
    fn rule_ports(&self, reply: &Leg) -> String {
        if !reply.protocol.is_some_and(|protocol| PROTOCOLS_WITH_RULE_PORTS.contains(&protocol)) {
            return String::new();
        }
        let here = reply.destination.port.map_or_else(String::new, |port| match self.language {
            Language::English => format!(", here to port {port}"),
            Language::Japanese => format!("(この例ではポート {port})"),
        });
        match self.language {
            Language::English => format!(" on ports {CLIENT_PORTS}{here}"),
            Language::Japanese => format!("ポート {CLIENT_PORTS}{here} で"),
        }
    }

    /// A refused request.
    fn either(&self, request: &Leg) -> String {
        match (self.language, request.is_egress) {
            (Language::English, egress) => {
                let way = match egress {
                    Some(true) => "out",
                    Some(false) => "in",
                    None => "through",
                };
                format!(
                    "Why: no rule lets it {way}, either of the interface's security groups or of its subnet's network ACL; \
                     the record alone does not tell which."
                )
            }
            (Language::Japanese, egress) => {
                let way = match egress {
                    Some(true) => "送信",
                    Some(false) => "受信",
                    None => "通過",
                };
                format!(
                    "理由: インターフェイスのセキュリティグループか、サブネットのネットワークACLのどちらかに、この通信の{way}を許可するルールがありません。\
                     この記録だけでは、どちらかは分かりません。"
                )
            }
        }
    }

    /// `2023-02-14 05:51:48 JST, 60 s`.
    pub(super) fn when(&self, leg: &Leg) -> String {
        let Some(start) = leg.start else {
            return self.pick("At an unknown time", "時刻不明").to_owned();
        };
        let time = i64::try_from(start).ok().and_then(|second| Timestamp::from_second(second).ok());
        let time = match time {
            Some(time) => time.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string(),
            None => start.to_string(),
        };
        let seconds = leg.end.map_or(0, |end| end.saturating_sub(start));
        match self.language {
            _ if seconds == 0 => time,
            Language::English => format!("{time}, {seconds} s"),
            Language::Japanese => format!("{time} から {seconds} 秒間"),
        }
    }

    /// The beginning of a sentence: when it was, if that is known.
    pub(super) fn opening(&self, leg: &Leg) -> String {
        match (leg.start, self.language) {
            (None, _) => String::new(),
            (_, Language::English) => format!("{}: ", self.when(leg)),
            (_, Language::Japanese) => format!("{}、", self.when(leg)),
        }
    }

    /// The source, which begins the sentence where the time does not.
    fn sender(&self, leg: &Leg) -> String {
        match (leg.start, leg.source.address, self.language) {
            (None, None, Language::English) => "An unknown address".to_owned(),
            _ => self.end(&leg.source),
        }
    }

    /// What captured it, if the format has a word for it.
    fn place_known(&self, leg: &Leg) -> Option<String> {
        leg.place.as_ref().map(|_| self.place(leg))
    }

    /// What captured it.
    fn place(&self, leg: &Leg) -> String {
        match &leg.place {
            None | Some(Place::Unknown) => {
                self.pick("an unknown interface", "不明なインターフェイス").to_owned()
            }
            Some(Place::Interface(id)) => plain(id).into_owned(),
            Some(Place::NatGateway(id)) => {
                format!("{} {}", self.pick("NAT gateway", "NAT ゲートウェイ"), plain(id))
            }
            Some(Place::TransitGateway { attachment, gateway }) => {
                let gateway = gateway
                    .as_deref()
                    .map(|id| format!("{} {}", self.pick("transit gateway", "Transit Gateway"), plain(id)));
                let attachment = attachment
                    .as_deref()
                    .map(|id| format!("{} {}", self.pick("attachment", "アタッチメント"), plain(id)));
                match (self.language, attachment, gateway) {
                    (Language::English, Some(attachment), Some(gateway)) => {
                        format!("{attachment} of {gateway}")
                    }
                    (Language::Japanese, Some(attachment), Some(gateway)) => {
                        format!("{gateway} の{attachment}")
                    }
                    (_, attachment, gateway) => attachment.or(gateway).unwrap_or_default(),
                }
            }
        }
    }

    pub(super) fn address(&self, end: &End) -> String {
        end.address
            .map_or_else(|| self.pick("an unknown address", "不明なアドレス").to_owned(), |it| it.to_string())
    }

    /// `10.0.0.5 (private)`.
    pub(super) fn end(&self, end: &End) -> String {
        let Some(address) = end.address else { return self.address(end) };
        let kind = end.network.as_deref().map(|network| plain(network).into_owned());
        let kind = kind.unwrap_or_else(|| self.scope(Scope::of(address)).to_owned());
        match self.language {
            Language::English => format!("{address} ({kind})"),
            Language::Japanese => format!("{address}({kind})"),
        }
    }

    fn scope(&self, scope: Scope) -> &'static str {
        match (self.language, scope) {
            (Language::English, scope) => scope.name(),
            (_, Scope::Private) => "プライベート",
            (_, Scope::Public) => "パブリック",
            (_, Scope::Shared) => "共有アドレス",
            (_, Scope::LinkLocal) => "リンクローカル",
            (_, Scope::Multicast) => "マルチキャスト",
            (_, Scope::Documentation) => "文書用",
            (_, Scope::Loopback) => "ループバック",
            (_, Scope::Reserved) => "予約済み",
        }
    }

    /// `an NTP request (UDP port 123)`, or in a reply `NTP, UDP port 123`.
    fn service(&self, leg: &Leg, is_reply: bool) -> String {
        let server = if is_reply { &leg.source } else { &leg.destination };
        let number = leg.protocol;
        let protocol = number.map_or_else(|| "IP".to_owned(), protocol);
        let port = server.port.and_then(|port| u16::try_from(port).ok());
        let name = port.zip(number).and_then(|(port, number)| service_name(number, port)).map(shown);
        let at = port.map_or_else(
            || protocol.clone(),
            |port| match self.language {
                Language::English => format!("{protocol} port {port}"),
                Language::Japanese => format!("{protocol} ポート {port}"),
            },
        );
        match (self.language, name, is_reply) {
            (_, Some(name), true) => format!("{name}, {at}"),
            (_, None, true) => at,
            (Language::English, Some(name), _) => format!("{} {name} request ({at})", article(&name)),
            (Language::English, None, _) => format!("{} {at} request", article(&at)),
            (Language::Japanese, Some(name), _) => format!(" {name} の要求({at})"),
            (Language::Japanese, None, _) => format!(" {at} の要求"),
        }
    }

    /// `: 3 packets, 180 bytes`, or in Japanese a sentence; what is not recorded is left out.
    pub(super) fn amount(&self, leg: &Leg) -> String {
        let bytes = leg.bytes.map(|count| match self.language {
            Language::English => format!("{} byte{}", group_digits(count), plural(count)),
            Language::Japanese => format!("{} バイト", group_digits(count)),
        });
        let parts: Vec<_> = leg.packets.map(|count| self.packets(count)).into_iter().chain(bytes).collect();
        match self.language {
            _ if parts.is_empty() => String::new(),
            Language::English => format!(": {}", parts.join(", ")),
            Language::Japanese => format!("{}。", parts.join("、")),
        }
    }

    pub(super) fn packets(&self, count: u64) -> String {
        let number = group_digits(count);
        match self.language {
            Language::English => format!("{number} packet{}", plural(count)),
            Language::Japanese => format!("{number} パケット"),
        }
    }

    /// What became of it, as one more sentence; nothing where the format does not say.
    pub(super) fn verdict(&self, leg: &Leg) -> &'static str {
        let texts = match leg.verdict {
            Verdict::Mixed => {
                [" Part of it was accepted, part refused.", "一部は許可され、一部は拒否されました。"]
            }
            Verdict::Accepted => [" It was accepted.", "許可されました。"],
            Verdict::Refused => [" It was refused.", "拒否されました。"],
            Verdict::Unrecorded => {
                [" Whether it was accepted is not recorded.", "許可されたかどうかは記録されていません。"]
            }
            Verdict::Unspoken => ["", ""],
        };
        texts[usize::from(self.language == Language::Japanese)]
    }
}

fn plural(number: u64) -> &'static str {
    if number == 1 { "" } else { "s" }
}

/// A protocol as people write it.
fn protocol(number: u8) -> String {
    match protocol_name(number) {
        Some("ipv6-icmp") => "ICMPv6".to_owned(),
        Some(name) => name.to_uppercase(),
        None => format!("IP protocol {number}"),
    }
}

/// A service as people write it.
fn shown(name: &str) -> String {
    match name {
        "domain" => "DNS".to_owned(),
        "ms-wbt-server" => "RDP".to_owned(),
        "mysql" => "MySQL".to_owned(),
        "postgresql" => "PostgreSQL".to_owned(),
        letters if letters.len() <= 5 || letters.starts_with("http") => letters.to_uppercase(),
        other => other.to_owned(),
    }
}

/// Before letters that are spelled, the sound of the first counts.
fn article(word: &str) -> &'static str {
    let is_spelled = word
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric())
        .all(|letter| letter.is_ascii_uppercase());
    let vowels = if is_spelled { "AEFHILMNORSX" } else { "AEIOUaeiou" };
    if word.starts_with(|first| vowels.contains(first)) { "an" } else { "a" }
}
