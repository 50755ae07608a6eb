//! Links into the CloudWatch Logs Insights console, with the query narrowed to what a finding is about.

use std::fmt::Write as _;

use flow_detect::Finding;
use flow_enrich::Enrichment;
use flow_query::{KeyPart, Source};
use jiff::Timestamp;

/// How much time before and after a finding's records the console shows, in seconds.
const MARGIN: u64 = 300;

/// The link to the finding's records in the console; none when its region or its log group is unknown.
///
/// `region` is where the log group is when the records themselves do not say, or say what is no region.
pub fn insights_link(finding: &Finding<'_>, region: Option<&str>) -> Option<String> {
    // A region comes from a log: what is none would make a link to somewhere else.
    let told = [finding.scope.region.as_deref(), region];
    let region = told.into_iter().flatten().find(|region| is_region(region))?;
    let group = finding.log_group.as_deref()?;
    let episode = &finding.episode;
    let time = |seconds: u64| {
        let time = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
        Some(time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string())
    };
    let (start, end) =
        (time(episode.first_seen.saturating_sub(MARGIN))?, time(episode.last_seen.saturating_add(MARGIN))?);
    let detail = format!(
        "~(end~'{}~start~'{}~timeType~'ABSOLUTE~tz~'UTC~editorString~'{}~source~(~'{}))",
        jsurl(&end),
        jsurl(&start),
        jsurl(&narrowed_query(finding)),
        jsurl(group),
    );
    let home = format!("https://{}/cloudwatch/home?region={region}", console_host(region));
    Some(format!("{home}#logsV2:logs-insights$3FqueryDetail$3D{detail}"))
}

/// The most bytes of a query's conditions: as many as links and alerts bear, and far more than a built-in rule's.
const MAX_CONDITIONS: usize = 3000;

/// The query that shows the records behind a finding: what its rule filters by, then its subject. Of a rule's
/// conditions those stay that the console can test. Of names that it does not know, ends of a conversation are looked
/// for on both sides, and others are left out, as is what does not fit into a query.
pub fn narrowed_query(finding: &Finding<'_>) -> String {
    commands(finding).join("\n| ")
}

/// The same on one line.
pub(crate) fn narrowed_query_line(finding: &Finding<'_>) -> String {
    commands(finding).join(" | ")
}

fn commands(finding: &Finding<'_>) -> Vec<String> {
    let mut room = MAX_CONDITIONS;
    let mut fits = |condition: &str| {
        let left = room.checked_sub(condition.len());
        room = left.unwrap_or(room);
        left.is_some()
    };
    // The subject is first to have room: it narrows the most.
    let mut subject: Vec<_> =
        finding.subject.iter().filter_map(|(name, part)| condition(name, part)).collect();
    subject.retain(|condition| fits(condition));
    let mut of_rule = finding.rule.console_filters();
    of_rule.retain(|condition| !subject.contains(condition) && fits(condition));
    let filters = of_rule.iter().chain(&subject).map(|condition| format!("filter {condition}"));
    let ends = ["sort @timestamp desc", "limit 1000"].map(str::to_owned);
    ["fields @timestamp, @message".to_owned()].into_iter().chain(filters).chain(ends).collect()
}

/// That a record has `part` under `name`.
fn condition(name: &str, part: &KeyPart) -> Option<String> {
    let value = match part {
        KeyPart::Absent => return None,
        KeyPart::Integer(number) => number.to_string(),
        other => format!("\"{}\"", other.to_string().replace('\\', "\\\\").replace('"', "\\\"")),
    };
    let conditions: Vec<_> =
        console_names(name, part).iter().map(|name| format!("{name} = {value}")).collect();
    (!conditions.is_empty()).then(|| conditions.join(" or "))
}

/// The fields of a record in which the console finds what stands under `name` in a subject: that field itself, or those
/// that it was worked out from. None for what only this program knows.
fn console_names<'n>(name: &'n str, part: &KeyPart) -> Vec<&'n str> {
    match Enrichment::from_insights_name(name) {
        Some(
            Enrichment::ClientAddr | Enrichment::ServerAddr | Enrichment::LocalAddr | Enrichment::RemoteAddr,
        ) => vec!["srcAddr", "dstAddr"],
        Some(Enrichment::ServerPort) => vec!["srcPort", "dstPort"],
        None if name == "interfaceId" && !is_interface(part) => {
            vec![name, "resourceId", "tgwAttachmentId", "@logStream"]
        }
        None if Source::from_name(name).is_some() => vec![name],
        _ => Vec::new(),
    }
}

/// Whether it is an interface, and not what captured the records of one that they do not name.
fn is_interface(part: &KeyPart) -> bool {
    let KeyPart::Text(text) = part else { return false };
    text.strip_prefix("eni-").is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

fn is_region(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.len() <= 32 && text.bytes().all(fits)
}

/// The console's host, which differs by AWS partition ("Region endpoints" of each partition's documentation).
fn console_host(region: &str) -> String {
    match region {
        _ if region.starts_with("cn-") => format!("{region}.console.amazonaws.cn"),
        _ if region.starts_with("us-gov-") => format!("{region}.console.amazonaws-us-gov.com"),
        _ => format!("{region}.console.aws.amazon.com"),
    }
}

/// A text as JSURL writes it, which is what the console keeps in its address: letters, digits, `_`, `-` and `.` as
/// they are, `$` as `!`, anything else as `*` and two or `**` and four hexadecimal digits of its UTF-16 unit.
fn jsurl(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for unit in text.encode_utf16() {
        // Writing to a String can't fail.
        let _ = match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii_alphanumeric() || b"_-.".contains(&byte) => {
                encoded.write_char(char::from(byte))
            }
            Ok(b'$') => encoded.write_char('!'),
            Ok(byte) => write!(encoded, "*{byte:02x}"),
            Err(_) => write!(encoded, "**{unit:04x}"),
        };
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn encoded_as_the_console_does() {
        assert_eq!(jsurl("fields @timestamp, @message"), "fields*20*40timestamp*2c*20*40message");
        assert_eq!(jsurl("/aws/vpc/flow-logs_1.x"), "*2faws*2fvpc*2fflow-logs_1.x");
        assert_eq!(jsurl("a = \"$x\" | 日é😀"), "a*20*3d*20*22!x*22*20*7c*20**65e5*e9**d83d**de00");
    }

    #[test]
    fn hosts_of_the_partitions() {
        assert_eq!(console_host("ap-northeast-1"), "ap-northeast-1.console.aws.amazon.com");
        assert_eq!(console_host("cn-north-1"), "cn-north-1.console.amazonaws.cn");
        assert_eq!(console_host("us-gov-west-1"), "us-gov-west-1.console.amazonaws-us-gov.com");
    }

    /// Reads JSURL text back.
    fn decode(text: &str) -> String {
        let mut units = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let (unit, length) = match (first, rest.starts_with("**")) {
                ('*', true) => (u16::from_str_radix(&rest[2..6], 16).unwrap(), 6),
                ('*', false) => (u16::from_str_radix(&rest[1..3], 16).unwrap(), 3),
                ('!', _) => (u16::from(b'$'), 1),
                (other, _) => (u16::try_from(u32::from(other)).unwrap(), 1),
            };
            units.push(unit);
            rest = &rest[length..];
        }
        String::from_utf16(&units).unwrap()
    }

    proptest! {
        /// Whatever the text, it comes back, and nothing in it can end the address or its parts.
        #[test]
        fn any_text_comes_back(text in "\\PC{0,40}") {
            let encoded = jsurl(&text);
            let is_safe = |c: char| c.is_ascii_alphanumeric() || "_-.!*".contains(c);
            prop_assert!(encoded.chars().all(is_safe));
            prop_assert_eq!(decode(&encoded), text);
        }
    }
}
