//! Lines of every published shape, and what is wrong with bad ones.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::IpAddr;

use flow_record::{Fault, Field, FlowRecord, Line, RecordFormat, RejectKind, TGW_DEFAULT, VPC_DEFAULT};

fn format(text: &str) -> RecordFormat {
    text.parse().unwrap()
}

fn flow<'a>(format: &'a RecordFormat, line: &'a str) -> FlowRecord<'a> {
    match format.parse(line) {
        Ok(Line::Flow(record)) => record,
        other => panic!("expected a flow, found {other:?}"),
    }
}

/// What is wrong with `line`, as kind and text.
fn reject(format_text: &str, line: &str) -> (RejectKind, String) {
    let format = format(format_text);
    let error = format.parse(line).expect_err("expected a rejected line");
    (error.kind(), error.to_string())
}

const SSH: &str = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 \
                   1418530070 ACCEPT OK";

#[test]
fn default_line_is_typed() {
    let format = RecordFormat::default();
    let record = flow(&format, SSH);
    assert_eq!(record.text(Field::InterfaceId), Some("eni-1235b8ca123456789"));
    assert_eq!(record.address(Field::SrcAddr), Some("172.31.16.139".parse().unwrap()));
    assert_eq!(record.integer(Field::DstPort), Some(22));
    assert_eq!(record.integer(Field::Bytes), Some(4249));
    assert_eq!(record.integer(Field::Start), Some(1_418_530_010));
    assert_eq!(record.text(Field::Action), Some("ACCEPT"));
    assert_eq!(record.value(Field::VpcId), None);
    assert_eq!(record.line(), SSH);
}

#[test]
fn ipv6_line() {
    let format = RecordFormat::default();
    let line = "2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 \
                2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK";
    let record = flow(&format, line);
    assert_eq!(
        record.address(Field::DstAddr),
        Some("2001:db8:1234:a102:3304:8879:34cf:4071".parse().unwrap())
    );
}

#[test]
fn nodata_and_skipdata_keep_what_they_carry() {
    let format = RecordFormat::default();
    let nodata = format
        .parse("2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA")
        .unwrap();
    assert!(matches!(nodata, Line::NoData(_)));
    assert_eq!(nodata.record().integer(Field::Start), Some(1_431_280_876));
    assert_eq!(nodata.record().value(Field::SrcAddr), None);
    let skipdata = format
        .parse("2 123456789010 eni-4b118871 - - - - - - - 1512564058000 1512564059000 - SKIPDATA")
        .unwrap();
    assert!(matches!(skipdata, Line::SkipData(_)));
    assert_eq!(skipdata.record().integer(Field::Start), Some(1_512_564_058), "milliseconds become seconds");
}

#[test]
fn a_format_without_log_status_has_only_flows() {
    let format = format("interface-id srcaddr");
    assert_eq!(flow(&format, "eni-1 NODATA".replace("NODATA", "-").as_str()).value(Field::SrcAddr), None);
}

#[test]
fn spaces_and_line_ends() {
    let format = RecordFormat::default();
    let expected = flow(&format, SSH);
    for line in [SSH.replace(' ', "   "), format!("{SSH}\n"), format!("{SSH}\r\n"), format!("  {SSH} ")] {
        assert_eq!(flow(&format, &line), expected, "{line:?}");
    }
}

#[test]
fn transit_gateway_line() {
    let format = format(TGW_DEFAULT);
    assert_eq!(format.columns().len(), 36);
    let line = "6 TransitGateway 123456789012 tgw-1 tgw-attach-1 123456789012 123456789012 vpc-a vpc-b subnet-a \
                subnet-b eni-a eni-b use1-az1 - tgw-attach-2 10.1.0.5 10.2.0.9 41000 443 6 10 1200 1700000000 \
                1700000060 OK IPv4 0 3 0 1 26 us-east-1 ingress - S3";
    let record = flow(&format, line);
    assert_eq!(record.integer(Field::PacketsLostBlackhole), Some(3));
    assert_eq!(record.integer(Field::TcpFlags), Some(26));
    assert_eq!(record.value(Field::TgwDstAzId), None);
}

#[test]
fn unknown_columns_are_kept_as_text() {
    let format = format("${version} ${srcadr} ${new-thing}");
    assert_eq!(format.unknown_columns().collect::<Vec<_>>(), ["srcadr", "new-thing"]);
    let record = flow(&format, "2 somewhere -");
    assert_eq!(
        record.values().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>(),
        ["version=2", "srcadr=somewhere"]
    );
    assert_eq!(record.display(&format).to_string(), "2 somewhere -");
}

#[test]
fn a_fault_says_nothing_that_stands_in_the_line() {
    let cases = [
        ("secret", "expected 14 columns, found 1: `account-id` and what follows it is missing"),
        (&format!("{SSH} secret"), "expected 14 columns, found 15"),
        (&SSH.replace(" 22 ", " secret "), "column 7 (dstport): expected a whole number"),
        (&SSH.replace("172.31.16.21", "secret"), "column 5 (dstaddr): expected an IPv4 or IPv6 address"),
        (&SSH.replace(" 22 ", " 65536 "), "column 7 (dstport): expected a whole number of at most 65535"),
        (&"secret".repeat(20_000), "expected at most 65535 bytes, found 120000"),
    ];
    let format = RecordFormat::default();
    for (line, expected) in cases {
        assert_eq!(Fault(format.parse(line).unwrap_err()).to_string(), expected);
    }
}

#[test]
fn rejected_lines_say_column_field_expected_and_found() {
    let cases = [
        (
            "bogus line",
            RejectKind::TooFewColumns,
            "expected 14 columns, found 2: `interface-id` and what follows it is missing",
        ),
        (
            "",
            RejectKind::TooFewColumns,
            "expected 14 columns, found 0: `version` and what follows it is missing",
        ),
        (
            &format!("{SSH} # note"),
            RejectKind::TooManyColumns,
            "expected 14 columns, found 16: nothing is expected from `#` on",
        ),
        (
            &SSH.replace(" 22 ", " ssh "),
            RejectKind::NotAnInteger,
            "column 7 (dstport): expected a whole number, found `ssh`",
        ),
        (
            &SSH.replace(" 22 ", " 65536 "),
            RejectKind::OutOfRange,
            "column 7 (dstport): expected a whole number of at most 65535, found `65536`",
        ),
        (
            &SSH.replace("172.31.16.21", "172.31.16.256"),
            RejectKind::NotAnAddress,
            "column 5 (dstaddr): expected an IPv4 or IPv6 address, found `172.31.16.256`",
        ),
        (
            &SSH.replace(" 6 ", " \u{1b}[31m\u{202e} "),
            RejectKind::NotAnInteger,
            "column 8 (protocol): expected a whole number, found `\\u{1b}[31m\\u{202e}`",
        ),
    ];
    for (line, kind, text) in cases {
        assert_eq!(reject(VPC_DEFAULT, line), (kind, text.to_owned()));
    }
}

#[test]
fn a_huge_line_is_rejected_by_its_length() {
    let (kind, text) = reject(VPC_DEFAULT, &"9".repeat(10 << 20));
    assert_eq!((kind, text.as_str()), (RejectKind::TooLong, "expected at most 65535 bytes, found 10485760"));
}

#[test]
fn formats_of_every_spelling_are_the_same() {
    let expected = RecordFormat::default();
    assert_eq!(format(&expected.to_string()), expected);
    assert_eq!(format(&VPC_DEFAULT.replace('-', "_")), expected);
    assert_eq!(format(&format!("  {VPC_DEFAULT}\r\n")), expected);
}

#[test]
fn bad_formats_say_what_is_wrong() {
    let cases = [
        ("", "the format is empty: expected fields such as `${version} ${account-id} ${interface-id}`"),
        ("${version} ${srcaddr} version", "field `version` stands twice, as column 1 and as column 3"),
        (
            "${version} ${srcaddr",
            "column 2: expected `${field-name}` or a bare field name, found `${srcaddr`",
        ),
        (
            "version,srcaddr",
            "column 1: expected `${field-name}` or a bare field name, found `version,srcaddr`",
        ),
        ("foo bar", "the format names no known field: found `foo bar`"),
    ];
    for (text, expected) in cases {
        assert_eq!(text.parse::<RecordFormat>().unwrap_err().to_string(), expected);
    }
    let long = (0..200).map(|n| format!("version-{n}")).collect::<Vec<_>>().join(" ");
    assert_eq!(
        long.parse::<RecordFormat>().unwrap_err().to_string(),
        "expected at most 96 columns, found 200"
    );
}

#[test]
fn headers_are_told_from_lines() {
    for header in [
        VPC_DEFAULT,
        &VPC_DEFAULT.replace('-', "_"),
        TGW_DEFAULT,
        "srcaddr dstaddr",
        "srcaddr action new-a new-b",
    ] {
        assert!(RecordFormat::is_header(header), "{header}");
    }
    for line in [
        SSH,
        "",
        "bogus line",
        "- eni-1 10.0.1.5",
        "eni-1 vpc-2 accept",
        "srcaddr one two three",
        "bytes",
        "bytes ACCEPT",
        "web ACCEPT",
        "srcaddr new",
    ] {
        assert!(!RecordFormat::is_header(line), "{line}");
    }
}

#[test]
fn a_packet_s_address_is_read_whether_or_not_it_is_the_interface_s() {
    let format = format("srcaddr dstaddr pkt-srcaddr pkt-dstaddr packets");
    let texts = ["10.0.0.1", "192.0.2.255", "2001:db8::1", "2001:db8::2", "-"];
    for (own, packet) in texts.iter().flat_map(|own| texts.map(|packet| (*own, packet))) {
        let line = format!("{own} {packet} {packet} {own} 1");
        let record = flow(&format, &line);
        let expected = [own, packet, packet, own].map(|text| text.parse::<IpAddr>().ok());
        let fields = [Field::SrcAddr, Field::DstAddr, Field::PktSrcAddr, Field::PktDstAddr];
        assert_eq!(fields.map(|field| record.address(field)), expected, "{line}");
        assert_eq!(record.has_ipv6(), line.contains(':'), "{line}");
    }
}
