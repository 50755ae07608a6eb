//! Any bytes are an item of state or not; one that is can be used, and is written the same again.
#![no_main]

use std::sync::LazyLock;

use flow_detect::{
    Delta, Deltas, MAX_GROUPS, MAX_ITEM_BYTES, Mode, RuleSet, StateError, StateItem, Watermark,
};
use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_fuzz::shows_briefly;
use flow_record::RecordFormat;
use libfuzzer_sys::fuzz_target;

const NOW: u64 = 1_700_003_600;

/// Every aggregate; one rule tells at once, one waits for closed windows.
static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let rule = |id: &str, stats: &str, closing: &str| {
        format!(
            "id = \"{id}\"\ntype = \"Recon:VPC/X\"\nseverity = \"low\"\nmode = \"notify\"\ntechnique = \"T1046\"\n\
             title = {{ en = \"\", ja = \"\" }}\nexplain = {{ en = \"\", ja = \"\" }}\n\
             advice = {{ en = [], ja = [] }}\nwindow = \"12m\"\n\
             query = '''filter dstPort > 0 | stats {stats} by interfaceId, srcAddr | filter {closing}'''\n"
        )
    };
    let first =
        rule("a", "count(*) as n, count_distinct(dstPort) as ports, max(bytes) as top", "n > 2 or ports > 1");
    let second = rule("b", "avg(bytes) as mean, sum(bytes / 7) as part, min(dstPort) as low", "mean < 100");
    let third = rule(
        "c",
        "pct(bytes, 95) as high, stddev(packets) as spread, earliest(action) as e, latest(dstPort) as l, \
         sortsFirst(dstAddr) as f, sortsLast(bytes / 7) as s",
        "high > 100",
    );
    let files = [("a.toml", &first), ("b.toml", &second), ("c.toml", &third)];
    RuleSet::only_files(files.map(|(name, text)| (name, text.as_str()))).expect("good rules")
});

/// One batch.
static DELTAS: LazyLock<Vec<Delta>> = LazyLock::new(|| {
    let (format, tables) = (RecordFormat::default(), Tables::default());
    let active = RULES.for_format(&format, Mode::Notify);
    let mut deltas = Deltas::default();
    for port in [22, 23] {
        let line = format!(
            "2 123456789012 eni-0a1b2c3d 198.51.100.7 10.0.0.5 40000 {port} 6 1 60 1700000000 1700000059 REJECT OK"
        );
        let line = format.parse(&line).expect("a good line");
        deltas.observe(
            &active,
            &EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables },
        );
    }
    deltas.into_iter().collect()
});

fuzz_target!(|bytes: &[u8]| {
    let mut item = match StateItem::decode(bytes, &RULES) {
        Ok(item) => item,
        Err(error) => return shows_briefly(&error),
    };
    let written = item.encode(&RULES);
    // What was read may be up to twice as large as what a merge leaves.
    match StateItem::decode(&written, &RULES) {
        Ok(again) => assert!(again.encode(&RULES) == written, "writing is canonical"),
        Err(error) => assert!(matches!(error, StateError::TooLong { .. }), "{error}"),
    }
    item.due_at(&RULES, NOW);
    item.expires_at(&RULES);
    item.merge(&RULES, DELTAS.clone(), Some(7 << 64), NOW);
    item.findings(&RULES, Watermark::At(NOW));
    let written = item.encode(&RULES);
    assert!(item.groups().len() <= MAX_GROUPS);
    let Ok(mut again) = StateItem::decode(&written, &RULES) else {
        return assert!(written.len() > MAX_ITEM_BYTES);
    };
    let counts = again.merge(&RULES, DELTAS.clone(), Some(7 << 64), NOW + 1);
    assert!(counts.is_redelivery || counts.late_panes > 0);
    assert!(!counts.is_redelivery || again.encode(&RULES) == written, "it came again");
});
