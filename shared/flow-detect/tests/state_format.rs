//! Contracts of what is kept between invocations: names of items, and their bytes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod state_support;

use std::collections::BTreeMap;

use flow_detect::{BUCKETS, STATE_VERSION, StateError, StateItem, by_state_key};
use flow_enrich::Origin;
use state_support::{NOW, START, batch, batch_from, plain, record, refused_at, rule, rules};

/// Two groups of a rule with every kind of aggregate; checked by hand against the layout in `state.rs`. If it has to
/// change, so has the version: what other programs have kept must not be misread.
#[test]
fn the_bytes_of_version_4() {
    let stats = "count(*) as n, sum(bytes) as b, avg(bytes / 2) as a, min(bytes / 4) as l, max(dstPort) as m, \
                 count_distinct(dstPort) as p";
    let rules = rules(&[rule("x", stats, "n > 0")]);
    let lines = [record(1, 0, 22), record(1, 70, 23), record(2, 70, 22)];
    let line = b"j2 123456789012 eni-0a1b2c3d4e5f60718 198.51.100.";
    let golden = [
        b"FG\x04\0".as_slice(),
        b"\xa6\xdc\xcf\xaa\x06",             // newest record: 1699999270
        b"\0",                               // the watermark is it
        b"\0",                               // no window was looked at
        b"\xc2\x26",                         // it was under way for 4930 seconds
        b"\x01\xca\x0c",                     // one batch, 1610 seconds on: 1699999260 + 12 m + 15 m
        b"\x08\x07\x06\x05\x04\x03\x02\x01", // the upper half of its fingerprint
        b"\x01",                             // one section
        b"\xd3U\xc8\x1b\xe0\xb9GM",          // the rule
        b"\xe8\x82\xd0\xaa\x06",             // until 1700004200, when it was written
        b"\x83\x04",                         // 515 bytes
        b"\x07",                             // values, 0 to 6
        b"\x05\x0c123456789012\x05\x0ceu-central-1\0\x05\x15eni-0a1b2c3d4e5f60718",
        b"\x03\xc6\x33\x64\x01\x03\x0a\0\0\x05\x03\xc6\x33\x64\x02",
        b"\x01\0\x01\x02\x02", // one scope: account, region, no VPC, no log group
        b"\x89\xaa\xc1\x0d",   // newest pane: 28333321
        b"\x02",               // groups
        b"\0\x03\x04\x02",     // scope, interface, 198.51.100.1; two panes
        b"\0\x01\x94\x02",     // the newest; count 1; sum 69 * 2 in zigzag
        b"\x02\x02\x01\0\0\0\x80\x22\0\0\0\x01", // average: of 34 and a half, in digits from 2^-32 on; and 1
        b"\x02\0\0\0\0\0\x40\x31\x40", // least: 17.25
        b"\x01\x2e",           // greatest: 23
        b"\x02\xf5\xea)\x95\xf0\xeb\xce\xb0", // one distinct value
        b"\x0a\x3b\x06\x07\x05\0", // 10 s on, for 59 s; source 4, destination 5, interface 3, no log group
        line,
        b"1 10.0.0.5 40000 23 6 1 69 1699999270 1699999329 REJECT OK",
        b"\0\x01\x88\x02\x84\x01\x01", // the pane before; count 1; sum 66; average of 33 and 1
        b"\x02\0\0\0\0\0\x80\x30\x40\x01\x2c\x02\xc7m\x93\xc7\x87\xae*\xc0\0\x3b\x06\x07\x05\0",
        line,
        b"1 10.0.0.5 40000 22 6 1 66 1699999200 1699999259 REJECT OK",
        b"\0\x03\x06\x01\0\x01\x88\x02\x84\x01\x01", // 198.51.100.2; one pane
        b"\x02\0\0\0\0\0\x80\x30\x40\x01\x2c\x02\xc7m\x93\xc7\x87\xae*\xc0\x0a\x3b\x08\x07\x05\0",
        line,
        b"2 10.0.0.5 40000 22 6 1 66 1699999270 1699999329 REJECT OK",
    ]
    .concat();
    let mut item = StateItem::default();
    item.merge(&rules, batch(&rules, &lines), Some(0x0102_0304_0506_0708 << 64), NOW);
    let written = plain(&item.encode(&rules));
    assert_eq!(written.escape_ascii().to_string(), golden.escape_ascii().to_string());
    assert_eq!(plain(&StateItem::decode(&golden, &rules).unwrap().encode(&rules)), golden);
    assert_eq!(STATE_VERSION, 4);
}

#[test]
fn changed_rules_begin_again_and_changed_words_do_not() {
    let text = rule("x", "count(*) as n", "n > 3");
    let id = |text: &String| rules(std::slice::from_ref(text)).rule(0).state_id();
    for (from, to, is_same) in [
        ("n > 3", "n > 4", false),
        ("window = \"12m\"", "window = \"24m\"", false),
        ("window = \"12m\"", "window = \"12m\"\npane = \"2m\"", false),
        ("window = \"12m\"", "window = \"12m\"\nscope = \"account\"", false),
        ("id = \"x\"", "id = \"y\"", false),
        ("severity = \"low\"", "severity = \"high\"", true),
        ("mode = \"notify\"", "mode = \"observe\"", true),
        ("title = { en = \"\"", "title = { en = \"other\"", true),
        ("window = \"12m\"", "window = \"12m\"\nlateness = \"1m\"", true),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text, "{from}");
        assert_eq!(id(&changed) == id(&text), is_same, "{to}");
    }
}

#[test]
fn what_is_no_item_is_an_error() {
    let rules = rules(&[rule("x", "count(*) as n", "n > 0")]);
    let empty = StateItem::default().encode(&rules);
    assert_eq!(plain(&empty), b"FG\x04\0\0\0\0\0\0\0");
    assert!(StateItem::decode(&empty, &rules).unwrap().is_empty());
    let error = |bytes: &[u8]| StateItem::decode(bytes, &rules).unwrap_err();
    assert_eq!(error(b""), StateError::NotState { found: vec![] });
    assert_eq!(error(b"{}"), StateError::NotState { found: b"{}".to_vec() });
    assert_eq!(error(b"FG"), StateError::Damaged { offset: 0, expected: "a version" });
    assert_eq!(error(b"FG\x01whatever"), StateError::UnknownVersion { found: 1, supported: 4 });
    assert_eq!(
        error(b"FG\x04\0\0\0\0\0\0"),
        StateError::Damaged { offset: 5, expected: "the number of sections" }
    );
    assert_eq!(error(b"FG\x04\0\0\0\0\0\0\0\0"), StateError::Damaged { offset: 6, expected: "the end" });
    assert_eq!(error(b"FG\x04\x01\x05\0"), StateError::NotDeflate { expected: 5 });
    let limit = 2 * flow_detect::MAX_ITEM_BYTES;
    assert_eq!(error(b"FG\x04\x01\x80\x80\x40\0"), StateError::TooLong { limit, found: 1 << 20 });
    assert_eq!(
        error(&[b"FG\x04\0", &vec![0; limit][..]].concat()),
        StateError::TooLong { limit, found: limit + 4 }
    );
    assert_eq!(
        error(b"FG\x04\0\0\0\0\x01").to_string(),
        "a damaged state item: expected the number of batches counted at byte 4"
    );
}

/// The name of the item of a line's only delta.
fn key(rule_text: &str, origin: Origin<'_>, line: &str) -> String {
    let rules = rules(&[rule_text.to_owned()]);
    let items = by_state_key(batch_from(origin, &rules, &[line.to_owned()]), &rules);
    assert_eq!(items.len(), 1);
    items.keys().map(|key| key.to_string()).collect()
}

const CENTRAL: Origin<'_> = Origin {
    account: Some("999999999999"),
    region: Some("eu-central-1"),
    log_group: Some("central"),
    log_stream: None,
    event_id: None,
    timestamp: None,
};

#[test]
fn local_groups_of_an_interface_share_an_item() {
    let local = rule("x", "count(*) as n", "n > 0");
    let line = record(1, 0, 22);
    let expected = "local/acb845b641ea8bbf6a186e759ea0e0cf";
    let account = local.replace("window", "scope = \"account\"\nwindow");
    let other_rule = local.replace("id = \"x\"", "id = \"y\"").replace("count(*)", "sum(bytes)");
    let other_group = Origin { log_group: Some("other"), ..CENTRAL };
    for (rule, origin, line, is_same) in [
        (&local, CENTRAL, &line, true),
        (&account, CENTRAL, &line, true),
        (&other_rule, CENTRAL, &record(2, 500, 23), true),
        (&local, other_group, &line, true),
        (&local, CENTRAL, &line.replace("60718", "60719"), false),
        (&local, CENTRAL, &line.replace("123456789012", "123456789013"), false),
        (&local, Origin { region: Some("eu-central-2"), ..CENTRAL }, &line, false),
        (&local, CENTRAL, &line.replace("eni-0a1b2c3d4e5f60718", "-"), false),
    ] {
        let found = key(rule, origin, line);
        assert_eq!(found == expected, is_same, "{found}: {line} {rule}");
    }
    let unknown = line.replace("eni-0a1b2c3d4e5f60718", "-");
    assert_ne!(
        key(&local, CENTRAL, &unknown),
        key(&local, other_group, &unknown),
        "nothing else keeps them apart"
    );
}

#[test]
fn spanning_groups_are_spread_by_rule_scope_and_group() {
    let spanning = rule("x", "count(*) as n", "n > 0").replace("interfaceId, srcAddr", "srcAddr");
    let line = record(1, 0, 22);
    let expected = key(&spanning, CENTRAL, &line);
    assert_eq!(expected, "spanning/ec29497fcb75366ccd9e53ba24e162a8/614");
    let stem = |key: &str| key.rsplit_once('/').unwrap().0.to_owned();
    assert_eq!(key(&spanning, CENTRAL, &line.replace("60718", "60719")), expected, "another interface");
    let other_source = key(&spanning, CENTRAL, &record(2, 0, 22));
    assert!(other_source != expected && stem(&other_source) == stem(&expected));
    let other_rule = key(&spanning.replace("n > 0", "n > 1"), CENTRAL, &line);
    let other_scope = key(&spanning, Origin { log_group: Some("other"), ..CENTRAL }, &line);
    assert!(stem(&other_rule) != stem(&expected) && stem(&other_scope) != stem(&expected));
}

#[test]
fn buckets_are_evenly_used() {
    let rules = rules(&[rule("x", "count(*) as n", "n > 0").replace("interfaceId, srcAddr", "srcAddr")]);
    let lines: Vec<_> =
        (0..8 * BUCKETS).map(|n| refused_at(&format!("10.{}.{}.1", n / 256, n % 256), START)).collect();
    let items = by_state_key(batch(&rules, &lines), &rules);
    let sizes: BTreeMap<usize, usize> = items.values().fold(BTreeMap::new(), |mut sizes, deltas| {
        *sizes.entry(deltas.len()).or_default() += 1;
        sizes
    });
    assert!(items.len() > 1000 && sizes.keys().max().unwrap() < &30, "{sizes:?}");
}

#[test]
fn names_are_plain_whatever_a_log_says() {
    let hostile = "eni/../\u{1b}[31m\u{202e}'\"{}%00".repeat(500);
    let local = rule("x", "count(*) as n", "n > 0");
    let spanning = local.replace("interfaceId, srcAddr", "accountId");
    for (rule, text) in [(&local, "eni-0a1b2c3d4e5f60718"), (&spanning, "123456789012")] {
        let key = key(rule, CENTRAL, &record(1, 0, 22).replace(text, &hostile));
        assert!(key.len() <= 46 && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '/'), "{key}");
    }
}
