//! Round prices and measurements, so that what comes of them can be worked out on paper.

use flow_cost::{Architecture, Change, Estimate, Measured, Model, Part, Prices, Volume, Workload};

const PRICES: &str = r#"
region = "r"
date = "d"
lambda_million_requests = { dollars = 1 }
lambda_gb_second_x86_64 = { dollars = 0.00001 }
lambda_gb_second_arm64 = { dollars = 0.000005 }
dynamodb_million_read_units = { dollars = 0.1 }
dynamodb_million_write_units = { dollars = 1 }
flow_logs_tiers = [{ tb = 1, gb = 0.5 }, { tb = 2, gb = 0.2 }]
flow_logs_gb_above = { dollars = 0.1 }
own_logs_gb = { dollars = 1 }
metric_month = { dollars = 0.5 }
alarm_month = { dollars = 0.1 }
dashboard_month = { dollars = 3 }
key_month = { dollars = 1 }
sns_million_publishes = { dollars = 1 }
sns_hundred_thousand_mails = { dollars = 2 }
firehose_gb = { dollars = 0.1 }
s3_gb_month = { dollars = 0.02 }
s3_gb_month_infrequent = { dollars = 0.01 }
s3_thousand_puts = { dollars = 0.005 }
"#;

const MEASURED: &str = r#"
date = "d"
[[format]]
name = "default"
fields = 14
line_bytes = 100
record_ns = 1000
archived_record_ns = 2000
archived_bytes = 10
[[format]]
name = "wide"
fields = 29
line_bytes = 200
record_ns = 1000
archived_record_ns = 2000
archived_bytes = 10
[traffic]
records_a_second = 0.5
accepted_part = 0.9
[invocation]
event_us = 1000
call_us = 500
wait_ms = 4
start_part = 0
start_ms = 0
peak = 4
[[batch]]
records = 100
quiet_part = 0.5
waits = 2
calls = 2
read_units = 1e6
write_units = 1e6
log_bytes = 1e6
compressed_bytes = 5121
[[batch]]
records = 10000
quiet_part = 0
waits = 4
calls = 4
read_units = 1e4
write_units = 1e4
log_bytes = 1e4
compressed_bytes = 512100
[own_logs]
quiet_line_bytes = 1000
platform_bytes = 0
[stack]
memory = 1769
metrics = 10
alarms = 10
keys = 1
[tick]
calls = 8
read_units = 4
[finding]
messages = 3
[archive]
step_bytes = 5120
memory = 1769
buffer_bytes = 51210
buffer_seconds = 60
object_seconds = 300
infrequent_after_days = 90
metrics = 2
alarms = 10
"#;

fn estimate(change: impl FnOnce(&mut Workload)) -> Estimate {
    let (prices, measured) = (Prices::parse(PRICES).unwrap(), Measured::parse(MEASURED).unwrap());
    let volume = Volume::Lines(1e9);
    let mut workload = Workload::new(volume, measured.format("default").unwrap(), &measured);
    workload.batch = 100.0;
    change(&mut workload);
    Model { prices: &prices, measured: &measured }.estimate(&workload)
}

/// That a number is this one, but for the last digits of a sum.
#[track_caller]
fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= expected.abs() * 1e-9, "expected {expected}, found {found}");
}

/// What is billed for so many invocations of so many milliseconds with a processor of their own.
fn compute(invocations: f64, ms: f64) -> f64 {
    invocations * ms / 1000.0 * 1769.0 / 1024.0 * 0.00001
}

#[test]
fn every_part_of_a_thousand_million_lines() {
    let found = estimate(|workload| {
        workload.has_dashboard = true;
        workload.findings_a_day = 100.0;
        workload.alerts_a_day = 50.0;
    });
    assert_eq!(found.invocations, 1e7);
    // Quiet ones take 1 ms for the event and 0.1 for its records, and are billed 2; others take 1 more and wait for 8: 11.
    assert_eq!(found.billed_ms, 6.5);
    let expected = [
        (Part::Requests, 10.0),
        (Part::Compute, compute(1e7, 6.5)),
        // A thousand times a million units of either kind.
        (Part::State, 100.0 + 1000.0),
        // A GB for what is told, and one environment's line a minute.
        (Part::OwnLogs, 1.0 + 0.0432),
        // 5 ms of processor and 4 of waiting, 4 read units, a line.
        (Part::Ticks, 0.0432 + compute(43_200.0, 9.0) + 4.0 * 0.0432 * 0.1 + 0.0432),
        (Part::Metrics, 5.0),
        (Part::Alarms, 2.0),
        (Part::Dashboard, 3.0),
        // 9,000 messages to programs, 1,500 to people.
        (Part::Messages, 10_500.0 / 1e6 + 1500.0 * 2.0 / 1e5),
        (Part::ArchiveStream, 0.0),
        (Part::ArchiveFunction, 0.0),
        (Part::ArchiveStorage, 0.0),
    ];
    for (part, dollars) in expected {
        assert_near(found.dollars(part), dollars);
    }
    assert_near(found.flow_logs, 50.0);
    assert_eq!(found.largest(), (Part::State, 1100.0));
}

#[test]
fn less_memory_is_a_smaller_part_of_a_processor_and_waits_as_long() {
    let found = estimate(|workload| workload.memory = 1769.0 / 10.0);
    // 11 ms, and 21 with 8 of waiting.
    assert_eq!(found.billed_ms, f64::midpoint(11.0, 29.0));
    assert_near(found.dollars(Part::Compute), compute(1e7, 20.0) / 10.0);
    let more = estimate(|workload| workload.memory = 1769.0 * 2.0);
    assert_eq!(more.billed_ms, 6.5, "one thread takes one processor");
    let arm = estimate(|workload| workload.architecture = Architecture::Arm64);
    assert_near(arm.dollars(Part::Compute), compute(1e7, 6.5) / 2.0);
}

#[test]
fn between_sizes_that_were_measured_figures_go_as_powers() {
    let found = estimate(|workload| workload.batch = 1000.0);
    assert_near(found.dollars(Part::State), 10.0 + 100.0);
    // A quarter is quiet and takes 2 ms; the others make 3 calls, 3.5 ms, and wait for 12.
    assert_near(found.billed_ms, 0.25 * 2.0 + 0.75 * 16.0);
    let smaller = estimate(|workload| workload.batch = 10.0);
    assert_near(smaller.dollars(Part::State), 11_000.0);
    let larger = estimate(|workload| workload.batch = 20_000.0);
    assert_near(larger.dollars(Part::State), 11.0);
}

#[test]
fn flow_logs_cost_less_above_each_tier() {
    let cases = [(1e10, 500.0), (2e10, 700.0), (3e10, 900.0), (4e10, 1000.0)];
    for (lines, expected) in cases {
        assert_near(estimate(|workload| workload.lines = lines).flow_logs, expected);
    }
    assert_eq!(estimate(|workload| workload.pays_for_flow_logs = false).flow_logs, 0.0);
}

#[test]
fn an_archive_is_billed_by_whole_steps_and_kept_in_two_classes() {
    let found = estimate(|workload| workload.archive_days = Some(100.0));
    // Each batch of 5,121 bytes is billed as two steps.
    assert_near(found.dollars(Part::ArchiveStream), 1e7 * 10_240.0 / 1e9 * 0.1);
    // Ten batches fill a buffer: 1 ms for the event and 2 for a thousand records.
    let function = 1.0 + compute(1e6, 3.0) + 0.0432 + 1.0 + 1.0;
    assert_near(found.dollars(Part::ArchiveFunction), function);
    // 10 GB a month, 90 days of it in the first class and 10 in the second; 8,640 objects.
    let storage = 30.0 * 0.02 + 10.0 / 3.0 * 0.01 + 8.64 * 0.005;
    assert_near(found.dollars(Part::ArchiveStorage), storage);
    let slow = estimate(|workload| {
        workload.archive_days = Some(1.0);
        workload.lines = 43_200.0;
    });
    // A buffer does not wait for more than a minute: a line each time, 1.002 ms.
    assert_near(slow.dollars(Part::ArchiveFunction), 0.0432 + compute(43_200.0, 2.0) + 0.0432 + 1.0 + 1.0);
}

#[test]
fn volumes_become_lines() {
    let measured = Measured::parse(MEASURED).unwrap();
    let lines = |volume| Workload::new(volume, measured.format("default").unwrap(), &measured).lines;
    assert_eq!(lines(Volume::Bytes(1e6)), 1e4);
    assert_eq!(lines(Volume::Lines(7.0)), 7.0);
    assert_eq!(lines(Volume::Interfaces(2.0)), 2_592_000.0);
}

#[test]
fn advice_says_what_a_change_saves() {
    let (prices, measured) = (Prices::parse(PRICES).unwrap(), Measured::parse(MEASURED).unwrap());
    let model = Model { prices: &prices, measured: &measured };
    let mut workload = Workload::new(Volume::Lines(1e10), measured.format("wide").unwrap(), &measured);
    workload.batch = 10_000.0;
    let advice = model.advice(&workload);
    let changes: Vec<_> = advice.iter().map(|advice| advice.change).collect();
    assert_eq!(changes, [Change::RefusedOnly, Change::DefaultFormat]);
    // 2 TB of flow logs become 1.
    assert_near(advice[1].saves, 200.0);
    assert!(model.advice(&Workload { lines: 0.0, ..workload }).is_empty(), "nothing saves anything");
}
