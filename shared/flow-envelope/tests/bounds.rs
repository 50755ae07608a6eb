//! Memory and time stay bounded whatever an input holds.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::io::{self, Read};
use std::ops::ControlFlow;

use flow_envelope::encode::gzip;
use flow_envelope::{Entry, Limits, RejectReason, Summary, read_entries};

/// Reads an input and returns its summary and the reasons of what was rejected.
fn read(input: impl Read, limits: &Limits) -> (Summary, Vec<RejectReason>) {
    let mut reasons = Vec::new();
    let summary = read_entries(input, limits, &mut |entry| {
        if let Entry::Rejected(rejected) = entry {
            reasons.push(rejected.reason);
        }
        ControlFlow::Continue(())
    });
    (summary.unwrap(), reasons)
}

#[test]
fn a_long_line_is_not_held() {
    let input = b"2 before\n".chain(io::repeat(b'x').take(10 << 20)).chain(&b"\n2 after\n"[..]);
    let (summary, reasons) = read(input, &Limits::default());
    assert_eq!((summary.lines, summary.rejected_lines, summary.rejected_envelopes), (2, 1, 0));
    assert!(matches!(reasons[..], [RejectReason::LineTooLong { found: 10_485_760, cap: 1_048_576 }]));
    assert!(summary.buffer_capacity < 3 << 20, "{}", summary.buffer_capacity);
}

#[test]
fn a_compressed_flood_streams_by() {
    // 512 MiB of zeros, as half a megabyte of gzip members.
    let member = gzip(&vec![0; 64 << 20]);
    let bomb = member.repeat(8);
    let (summary, reasons) = read(&bomb[..], &Limits::default());
    assert!(matches!(reasons[..], [RejectReason::LineTooLong { found: 0x2000_0000, .. }]), "{reasons:?}");
    assert!(summary.buffer_capacity < 3 << 20, "{}", summary.buffer_capacity);
}

#[test]
fn a_document_that_never_closes_is_held_to_its_cap() {
    let limits = Limits { document_cap: 1 << 20, ..Limits::default() };
    let input = b"{\"a\":\"".chain(io::repeat(b'x').take(50 << 20)).chain(&b"\n2 after\n"[..]);
    let (summary, _) = read(input, &limits);
    assert_eq!((summary.lines, summary.rejected_envelopes), (1, 1));
    assert!(summary.buffer_capacity < 3 << 20, "{}", summary.buffer_capacity);
}

#[test]
fn broken_documents_cost_linear_time() {
    // Each of these would take minutes if every bracket were followed to the end of the input.
    let repeated = |text: &str| text.repeat((2 << 20) / text.len());
    for input in [
        repeated("{\n"),
        repeated("[\n"),
        repeated("{\"a\":\n"),
        repeated("[[\n"),
        format!("{}{}", "[\n".repeat(120), repeated("{\"a\":1},\n")),
        repeated("[{\"a\":\"b\"},\n"),
        repeated("{\"a\":\"\\\"\n"),
        repeated("[{\"a\":[1,2,{\"b\":[\n],3\n"),
    ] {
        let (summary, _) = read(input.as_bytes(), &Limits::default());
        assert!(summary.rejected_envelopes > 0, "{}", &input[..20]);
    }
}
