//! The lines that keep a finding from being sent, for people to paste.

use std::fmt::Write as _;

use flow_detect::{Finding, interface_of, port_of};
use flow_query::KeyPart;
use ipnet::IpNet;
use jiff::Timestamp;

/// For how long a finding is suppressed unless people change the date, in seconds: 30 days.
const TERM: u64 = 30 * 86_400;

/// The entry of a suppressions file that covers `finding` and little else for 30 days from `now`, in Unix seconds.
///
/// It is narrowed by what the rule groups by, which never changes: address, interface and destination port. Only where
/// that holds neither address nor interface, the ones that all records had in common so far are taken. The reason is
/// empty, so that the file is refused until somebody writes one.
///
/// The text is ASCII whatever stood in a log: what is in no id is escaped.
pub fn suppression_lines(finding: &Finding<'_>, now: u64) -> String {
    let subject = finding.subject.as_slice();
    let key = &subject[..finding.rule.identity_names().count().min(subject.len())];
    let interface = interface_of(key).filter(|id| !id.is_empty());
    let (cidr, interface) = match (source(key).or_else(|| any_address(key)), interface) {
        (None, None) => in_common(finding),
        found => found,
    };
    let values = [
        ("rule", Some(quoted(&finding.rule.id))),
        ("cidr", cidr.map(|address| quoted(&address.to_string()))),
        ("interface", interface.map(quoted)),
        ("port", port_of(subject).map(|port| port.to_string())),
        ("reason", Some(quoted(""))),
        ("until", Some(last_day(now))),
    ];
    let mut lines = String::from("[[suppress]]\n");
    for (name, value) in values {
        if let Some(value) = value {
            // Writing to a String can't fail.
            let _ = writeln!(lines, "{name} = {value}");
        }
    }
    lines
}

type Part = (String, KeyPart);

/// The source, else the interface, else any address that all records had in common.
fn in_common<'f>(finding: &'f Finding<'_>) -> (Option<IpNet>, Option<&'f str>) {
    let interface = finding.interface.as_deref().filter(|name| !name.is_empty());
    match (source(&finding.subject), interface) {
        (Some(source), _) => (Some(source), None),
        (None, Some(interface)) => (None, Some(interface)),
        (None, None) => (any_address(&finding.subject), None),
    }
}

/// Who sent.
fn source(parts: &[Part]) -> Option<IpNet> {
    let named = |name: &str| parts.iter().find(|(other, _)| other == name);
    ["srcAddr", "pktSrcAddr", "realSrcAddr"].into_iter().find_map(|name| named(name).and_then(address))
}

fn any_address(parts: &[Part]) -> Option<IpNet> {
    parts.iter().find_map(address)
}

fn address((_, part): &Part) -> Option<IpNet> {
    match part {
        KeyPart::Address(address) => Some(IpNet::from(*address)),
        _ => None,
    }
}

/// The day in UTC on which the term ends; the last one that can be written for a time beyond it.
fn last_day(now: u64) -> String {
    let end = i64::try_from(now.saturating_add(TERM)).ok();
    let end = end.and_then(|end| Timestamp::from_second(end).ok()).unwrap_or(Timestamp::MAX);
    end.strftime("%Y-%m-%d").to_string()
}

/// `text` as a TOML string that holds nothing but what is in ids, and escapes: no text ends the string, deceives who
/// looks at it, or is changed by what mails and chats do to text.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || "-_.:/".contains(c) {
            quoted.push(c);
        } else {
            // Writing to a String can't fail.
            let _ = match u32::from(c) {
                code @ 0..=0xffff => write!(quoted, "\\u{code:04x}"),
                code => write!(quoted, "\\U{code:08x}"),
            };
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_string_or_hides_in_it() {
        assert_eq!(quoted("eni-0a1b2c3d4e5f60718"), "\"eni-0a1b2c3d4e5f60718\"");
        assert_eq!(quoted("arn:aws:ec2/a_b.c"), "\"arn:aws:ec2/a_b.c\"");
        assert_eq!(quoted("a\"\n]b\\"), r#""a\u0022\u000a\u005db\u005c""#);
        assert_eq!(quoted("`<\u{202e}日😀"), r#""\u0060\u003c\u202e\u65e5\U0001f600""#);
    }

    #[test]
    fn the_last_day_is_thirty_days_ahead() {
        assert_eq!(last_day(1_700_000_000), "2023-12-14");
        assert_eq!(last_day(u64::MAX), "9999-12-30");
        assert_eq!(last_day(300_000_000_000), "9999-12-30");
    }
}
