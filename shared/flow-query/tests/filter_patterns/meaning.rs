//! What a pattern means for the lines of a format.

use flow_query::{FilterPattern, PatternMeaning};
use flow_record::{RecordFormat, VPC_DEFAULT};

use crate::pattern;

const DOCUMENTED: &str = "[version, account, eni, source, destination, srcport, destport=\"22\", protocol=\"6\", \
                          packets, bytes, windowstart, windowend, action=\"REJECT\", flowlogstatus]";

/// All 29 fields of version 5.
const VERSION_5: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start \
                         end action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr \
                         region az-id sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service \
                         flow-direction traffic-path";

fn meaning(text: &str, format: &str) -> PatternMeaning {
    let format: RecordFormat = format.parse().unwrap();
    pattern(text).meaning(&format)
}

fn warnings(text: &str, format: &str) -> Vec<String> {
    meaning(text, format).warnings.iter().map(ToString::to_string).collect()
}

/// The columns of each item, joined.
fn columns(text: &str, format: &str) -> Vec<String> {
    meaning(text, format).items.iter().map(|item| item.columns.join(" ")).collect()
}

#[test]
fn every_item_lands_on_a_field() {
    assert_eq!(columns(DOCUMENTED, VPC_DEFAULT), VPC_DEFAULT.split(' ').collect::<Vec<_>>());
    let format = "version srcaddr dstaddr action";
    for (text, expected) in [
        ("[a, b]", vec!["version", "srcaddr dstaddr action"]),
        ("[a, b, c, d, e]", vec!["version", "srcaddr", "dstaddr", "action", ""]),
        ("[...]", vec!["version srcaddr dstaddr action"]),
        ("[a, ...]", vec!["version", "srcaddr dstaddr action"]),
        ("[..., z]", vec!["version srcaddr dstaddr", "action"]),
        ("[a, ..., y, z]", vec!["version", "srcaddr", "dstaddr", "action"]),
        ("[a, b, ..., y, z]", vec!["version", "srcaddr", "", "dstaddr", "action"]),
        ("[a, b, c, ..., y, z]", vec!["version", "srcaddr", "dstaddr", "", "action", ""]),
        ("[]", vec![]),
        ("REJECT", vec![]),
    ] {
        assert_eq!(columns(text, format), expected, "{text}");
    }
    let items: Vec<_> = meaning("[a=1,...]", format).items.into_iter().map(|item| item.item).collect();
    assert_eq!(items, ["a = 1", "..."]);
}

#[test]
fn what_fits_warns_of_nothing() {
    for text in [
        DOCUMENTED,
        "[version, ..., action = \"REJECT\", log_status]",
        "[v, a, i, srcAddr = 10.0.* || srcAddr = \"2001:db8::1\" || srcAddr = -, dstaddr != 10.0.0.1, ...]",
        "[..., bytes >= 400, start, end, action, status = %OK|NODATA%]",
        "[v, account = 123456789012, ...]",
        "[v, a, i, s, d, sp = \"22\" || sp = 4* || sp != -, ...]",
        "[v, a, i, s, d, sp, whatever = 22, ...]",
        "REJECT -OK",
        "?a ?b",
        "",
        "[]",
    ] {
        assert_eq!(warnings(text, VPC_DEFAULT), [""; 0], "{text}");
    }
}

#[test]
fn the_last_of_fewer_items_takes_the_rest() {
    let with_status = DOCUMENTED.replace("flowlogstatus", "flowlogstatus=OK");
    assert_eq!(
        warnings(&with_status, VERSION_5),
        [
            "14 items, 29 fields: the last item `flowlogstatus = OK` is compared with everything from `log-status` to \
          `traffic-path` (16 fields); write `flowlogstatus = OK, ...]` unless that is meant"
        ]
    );
    assert_eq!(
        warnings(DOCUMENTED, VERSION_5),
        ["14 items, 29 fields: the last item `flowlogstatus` stands for everything from `log-status` to \
          `traffic-path` (16 fields); write `...` after it unless that is meant"]
    );
    assert_eq!(warnings(&DOCUMENTED.replace(']', ", ...]"), VERSION_5), [""; 0]);
}

#[test]
fn more_items_than_fields_match_nothing() {
    let expected = ["5 items, 4 fields: no line of this format matches"];
    assert_eq!(warnings("[a, b, c, d, e]", "version srcaddr dstaddr action"), expected);
    assert_eq!(warnings("[a, b, ..., c, d, e]", "version srcaddr dstaddr action"), expected);
    assert_eq!(warnings("[a, ..., c, d, e]", "version srcaddr dstaddr action"), [""; 0]);
}

#[test]
fn a_condition_on_another_field_than_its_name_says_is_told() {
    let cases = [
        (
            "[..., action = REJECT]",
            VPC_DEFAULT,
            "`action` is compared with the field `log-status`, not with `action`, which is field 13",
        ),
        (
            "[v, a, i, srcaddr, dstaddr, destport = 22, ...]",
            VPC_DEFAULT,
            "`destport` is compared with the field `srcport`, not with `dstport`, which is field 7",
        ),
        (
            "[version, tcp_flags = 2, ...]",
            "version srcaddr bytes",
            "`tcp_flags` is compared with the field `srcaddr`, not with `tcp-flags`, which lines of this format do not \
             have",
        ),
        (
            "[version, action = REJECT]",
            "version newer-field",
            "`action` is compared with the field `newer-field`, not with `action`, which lines of this format do not \
             have",
        ),
    ];
    for (text, format, expected) in cases {
        assert_eq!(warnings(text, format), [expected], "{text}");
    }
}

#[test]
fn comparisons_that_are_decided_by_the_field_are_told() {
    let format = "srcaddr dstport action";
    let cases = [
        ("[s = 10.0.0, ...]", "`s = 10.0.0` never holds: `srcaddr` is an address"),
        ("[s = \"10.0.0.0/8\", ...]", "`s = \"10.0.0.0/8\"` never holds: `srcaddr` is an address"),
        ("[s != host*, ...]", "`s != host*` always holds: `srcaddr` is an address"),
        ("[s > 10, ...]", "`s > 10` never holds: `srcaddr` is an address"),
        ("[s, p = ssh, ...]", "`p = ssh` never holds: `dstport` is a whole number"),
        ("[s, p != \"\", ...]", "`p != \"\"` always holds: `dstport` is a whole number"),
        ("[..., a >= 1]", "`a >= 1` holds only where `action` is a number, and it is text"),
    ];
    for (text, expected) in cases {
        assert_eq!(warnings(text, format), [expected], "{text}");
    }
    assert_eq!(warnings("[s = x || s = y && s = 10.0.0.1, ...]", format).len(), 2);
    assert_eq!(warnings("[new > 1, ...]", "new-field srcaddr"), [""; 0], "nothing is known of it");
}

#[test]
fn terms_that_are_ignored_and_json_are_told() {
    let ignored = "`?NODATA ?\"a b\"` are ignored: terms with `?` count only when no others are there";
    assert_eq!(warnings("?NODATA REJECT ?\"a b\"", VPC_DEFAULT), [ignored]);
    assert!(warnings("?NODATA -REJECT", VPC_DEFAULT)[0].starts_with("`?NODATA` is ignored: "));
    let json = "no flow log line matches a JSON pattern: they are not JSON";
    assert_eq!(warnings("{ $.action = REJECT }", VPC_DEFAULT), [json]);
}

/// A warning that says never or always is right about the lines of a format.
#[test]
fn what_is_said_to_be_decided_is() {
    let format: RecordFormat = "srcaddr dstport".parse().unwrap();
    let lines = ["10.0.0.1 22", "2001:db8::1 0", "- -", "10.0.0.0 65535"];
    for (text, expected) in [("[s = 10.0.0, p]", false), ("[s, p != tcp]", true), ("[s > 1, p]", false)] {
        let pattern: FilterPattern = pattern(text);
        assert_eq!(pattern.meaning(&format).warnings.len(), 1, "{text}");
        assert!(lines.iter().all(|line| pattern.matches(line) == expected), "{text}");
    }
}
