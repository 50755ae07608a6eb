//! Suppressions: what a file may say, which findings it covers, and that the lines of alerts cover theirs.
#![allow(clippy::unwrap_used, reason = "tests")]

mod findings;
mod laws;

use flow_pipeline::{MAX_SUPPRESSIONS, SUPPRESSION_KEYS, Suppression, Suppressions};

use crate::findings::{FINDINGS, NOON, RULES, finding_of};

/// A second of 2027-02-18.
const IN_2027: u64 = 1_802_908_800;
const DAY: u64 = 86_400;

/// A file with one entry of these lines, and a reason and an end that are far enough.
fn one(lines: &str) -> String {
    format!("[[suppress]]\n{lines}\nreason = \"expected\"\nuntil = 2027-02-18\n")
}

/// An entry of every key but this one.
fn without(name: &str) -> String {
    let mut text = String::from("[[suppress]]\n");
    for key in SUPPRESSION_KEYS.iter().filter(|key| key.name != name) {
        text.extend([key.name, " = ", key.example, "\n"]);
    }
    text
}

fn read(text: &str) -> Suppressions {
    Suppressions::parse("quiet.toml", text).unwrap()
}

fn mistakes(text: &str) -> String {
    Suppressions::parse("quiet.toml", text).unwrap_err().to_string()
}

#[test]
fn an_entry_of_every_key() {
    let suppressions = read(&format!("# ours\n\n{}", without("nothing")));
    let expected = Suppression {
        rule: Some("admin-port-tries".to_owned()),
        network: Some("198.51.100.7/32".parse().unwrap()),
        interface: Some("eni-0a1b2c3d4e5f60718".to_owned()),
        port: Some(22),
        reason: "our vulnerability scanner, ticket 4711".to_owned(),
        until: IN_2027 / DAY * DAY + DAY,
        line: 3,
    };
    assert_eq!(suppressions.entries(), [expected]);
    assert_eq!(
        suppressions.entries()[0].to_string(),
        "rule admin-port-tries, 198.51.100.7/32, interface eni-0a1b2c3d4e5f60718, port 22, until 2027-02-19 00:00:00 UTC: \
         our vulnerability scanner, ticket 4711"
    );
}

#[test]
fn every_required_key_is_missed() {
    for key in SUPPRESSION_KEYS.iter().filter(|key| key.is_required) {
        let expected = format!("quiet.toml:1:1: `{}` is missing\n", key.name);
        assert!(mistakes(&without(key.name)).starts_with(&expected), "{}", key.name);
    }
}

#[test]
fn a_file_without_entries_suppresses_nothing() {
    for text in ["", "# nothing\n", "suppress = []"] {
        assert!(read(text).entries().is_empty());
    }
    assert!(FINDINGS.iter().all(|finding| Suppressions::default().matching(finding, 0).is_none()));
}

#[test]
fn all_mistakes_are_pointed_at() {
    insta::assert_snapshot!(mistakes(
        r#"supress = 1

[[suppress]]
cdir = "198.51.100.7/32"
reason = "scanner"
until = 2027-02-18

[[suppress]]
reason = ""
until = "2027-02-18"

[[suppress]]
cidr = "198.51.100.7"
port = 65536
resaon = "misspelt"

[[suppress]]
"#
    ));
    let syntax = "[[suppress]]\nrule = admin-port-tries\nreason = \"a\nuntil = 2027-02-31\n";
    insta::assert_snapshot!("mistakes_of_syntax", mistakes(syntax));
}

#[test]
fn every_value_is_checked() {
    let network =
        "`suppress.cidr`: expected a network such as \"198.51.100.0/24\" or \"2001:db8::/32\", found ";
    for (line, expected) in [
        ("cidr = \"10.1.2.3/8\"", format!("{network}\"10.1.2.3/8\": did you mean `10.0.0.0/8`?")),
        ("cidr = \"2001:db8::7\"", format!("{network}\"2001:db8::7\": did you mean `2001:db8::7/128`?")),
        ("cidr = \"office\"", format!("{network}\"office\"\n")),
        ("cidr = [\"10.0.0.0/8\"]", "`suppress.cidr`: expected a text, found a TOML array".to_owned()),
        ("port = 22.0", "expected a port, a number from 0 to 65535, found a TOML float".to_owned()),
        ("port = -1", "expected a port, a number from 0 to 65535, found the number -1".to_owned()),
        ("port = \"22\"", "expected a port, a number from 0 to 65535, found \"22\"".to_owned()),
        ("rule = \"Admin\"", "expected the id of a rule: letters a-z, digits and hyphens, found".to_owned()),
        ("interface = \"\"", "expected a network interface such as \"eni-".to_owned()),
        ("rule = \"a\"\nreson = 1", "unknown key `suppress.reson`".to_owned()),
    ] {
        let found = mistakes(&one(line));
        assert!(found.starts_with("quiet.toml:2:") || line.contains('\n'), "{found}");
        assert!(found.contains(&expected) && found.contains('^'), "{line}: {found}");
    }
    let whole = mistakes("[suppress]\nrule = \"a\"");
    assert!(whole.contains("`suppress`: expected [[suppress]] tables, found a TOML table"), "{whole}");
    assert_eq!(read(&one("port = 0x16")).entries()[0].port, Some(22));
}

#[test]
fn a_reason_says_something() {
    let with = |reason: &str| {
        let text = format!("[[suppress]]\nport = 22\nreason = {reason}\nuntil = 2027-02-18\n");
        Suppressions::parse("quiet.toml", &text).map(|read| read.entries()[0].reason.clone())
    };
    assert_eq!(with("\" ours \"").unwrap(), "ours");
    for reason in ["\"\"", "\" \\t\"", "\"\"\"\n\"\"\""] {
        let found = with(reason).unwrap_err().to_string();
        assert!(found.contains("expected a reason: say why nobody needs to be told, found"), "{found}");
    }
    assert!(with(&format!("{:?}", "x".repeat(1000))).is_ok());
    assert!(with(&format!("{:?}", "x".repeat(1001))).is_err());
}

#[test]
fn an_end_is_a_day_or_a_moment() {
    let end = |until: &str| {
        let text = format!("[[suppress]]\nport = 22\nreason = \"ours\"\nuntil = {until}\n");
        Suppressions::parse("quiet.toml", &text).map(|read| read.entries()[0].until)
    };
    for (until, expected) in [
        ("2027-02-18", 1_802_995_200),
        ("2027-02-18T09:00:00Z", 1_802_941_200),
        ("2027-02-18 09:00:00+09:00", 1_802_908_800),
        ("2027-02-18T08:59:59.999+09:00", 1_802_908_799),
        ("1969-12-31", 0),
        ("0001-01-01", 0),
        ("9999-12-31", 253_402_300_800),
    ] {
        assert_eq!(end(until), Ok(expected), "{until}");
    }
    for (until, expected) in [
        ("2027-02-18T09:00:00", "such as 2027-02-18T09:00:00Z, found the time 2027-02-18T09:00:00"),
        ("09:00:00", "found the time 09:00:00"),
        ("\"2027-02-18\"", "found \"2027-02-18\": did you mean `2027-02-18`?"),
        ("\"tomorrow\"", "found \"tomorrow\""),
        ("20270218", "found the number 20270218"),
        ("2027-02-29", "invalid date"),
    ] {
        let found = end(until).unwrap_err().to_string();
        assert!(found.starts_with("quiet.toml:4:9: ") && found.contains(expected), "{until}: {found}");
    }
}

#[test]
fn all_that_an_entry_names_must_be_so() {
    let (tries, exposed) = (finding_of("admin-port-tries"), finding_of("admin-port-exposed"));
    for (lines, covers_tries, covers_exposed) in [
        ("rule = \"admin-port-tries\"", true, false),
        ("rule = \"nothing\"", false, false),
        ("cidr = \"198.51.100.7/32\"", true, false),
        ("cidr = \"198.51.100.0/24\"", true, false),
        ("cidr = \"198.51.100.6/32\"", false, false),
        ("cidr = \"10.0.0.5/32\"", true, true),
        ("cidr = \"0.0.0.0/0\"", true, true),
        ("cidr = \"::/0\"", false, false),
        ("interface = \"eni-0a1b2c3d4e5f60718\"", true, true),
        ("interface = \"eni-0a1b2c3d4e5f6071\"", false, false),
        ("port = 22", false, true),
        ("port = 23", false, false),
        ("rule = \"admin-port-exposed\"\ncidr = \"10.0.0.5/32\"\nport = 22", false, true),
        ("rule = \"admin-port-tries\"\nport = 22", false, false),
        ("cidr = \"198.51.100.7/32\"\ninterface = \"eni-1\"", false, false),
    ] {
        let suppressions = read(&one(lines));
        let covers = |finding| suppressions.matching(finding, NOON).is_some();
        assert_eq!((covers(tries), covers(exposed)), (covers_tries, covers_exposed), "{lines}");
    }
}

#[test]
fn an_entry_ends_with_its_day() {
    let finding = finding_of("admin-port-tries");
    let suppressions = read(&one("rule = \"admin-port-tries\""));
    let end = suppressions.entries()[0].until;
    assert!(suppressions.matching(finding, end - 1).is_some() && suppressions.expired(end - 1).count() == 0);
    assert!(suppressions.matching(finding, end).is_none() && suppressions.expired(end).count() == 1);
    assert_eq!(suppressions.far(end - 366 * DAY).count(), 0);
    assert_eq!(suppressions.far(end - 366 * DAY - 1).count(), 1);
}

#[test]
fn of_several_the_one_with_the_latest_end_is_told() {
    let entry = |name: &str, reason: &str, until: &str| {
        format!("[[suppress]]\n{name}\nreason = \"{reason}\"\nuntil = {until}\n")
    };
    let text = [
        entry("cidr = \"198.51.100.7/32\"", "first", "2027-02-17"),
        entry("rule = \"admin-port-tries\"", "second", "2027-02-18"),
        entry("cidr = \"198.51.100.0/24\"", "third", "2027-02-18"),
        entry("port = 22", "another's", "2027-02-19"),
    ];
    let suppressions = read(&text.concat());
    let found = suppressions.matching(finding_of("admin-port-tries"), NOON).unwrap();
    assert_eq!((&*found.reason, found.line), ("second", 5));
}

#[test]
fn rules_that_do_not_exist_are_told() {
    let text = [one("rule = \"admin-port-tries\""), one("rule = \"gone\""), one("port = 1")].concat();
    let suppressions = read(&text);
    let unknown: Vec<_> = suppressions.unknown_rules(&RULES).map(|entry| entry.line).collect();
    assert_eq!(unknown, [5]);
}

#[test]
fn the_size_of_a_file_is_bounded() {
    let entries = |count: usize| one("port = 22").repeat(count);
    assert_eq!(read(&entries(MAX_SUPPRESSIONS)).entries().len(), MAX_SUPPRESSIONS);
    let found = mistakes(&entries(MAX_SUPPRESSIONS + 1));
    assert!(
        found.starts_with("quiet.toml:40001:1: expected at most 10000 [[suppress]] tables, found 10001"),
        "{found}"
    );
    let found = mistakes(&"#".repeat((1 << 20) + 1));
    assert!(found.starts_with("quiet.toml:1:1: expected a file of at most 1048576 bytes, found 1048577"));
    assert!(Suppressions::parse("quiet.toml", &"#".repeat(1 << 20)).is_ok());
    // Every table of many is wrong: the first mistakes are told, soon.
    let wrong = "[[suppress]]\na = 1\nb = 2\n".repeat(40_000);
    assert_eq!(Suppressions::parse("quiet.toml", &wrong).unwrap_err().0.len(), 1, "too many are told first");
    let wrong = "[[suppress]]\na = 1\nb = 2\n".repeat(9000);
    assert_eq!(Suppressions::parse("quiet.toml", &wrong).unwrap_err().0.len(), 20);
}
