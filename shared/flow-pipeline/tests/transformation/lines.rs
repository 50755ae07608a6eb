//! Lines that can't be read, beside lines that can.

use flow_envelope::encode::gzip;
use flow_output::RecordEncoding;

use super::{Answered, Stream, assert_balanced, line, message, settings, transform};

/// The lines of an answer to one record, by whether they could be read; and why it failed, if it did.
fn good_and_bad(data: &[u8], limit: usize) -> (usize, usize, Vec<&'static str>) {
    let settings = settings(RecordEncoding::Flat, limit, false);
    let (mut good, mut bad, mut failed) = (0, 0, Vec::new());
    let (stream, mut waiting) = (Stream::default(), vec![data.to_vec()]);
    while let Some(data) = waiting.pop() {
        let (answers, report) = transform(&settings, &[&data], Some(&stream));
        assert_balanced(&report);
        failed.extend(report.failed.into_keys());
        if let [Answered::Ok(text)] = &answers[..] {
            let rejected = text.lines().filter(|line| line.contains("\"error_kind\"")).count();
            (good, bad) = (good + text.lines().count() - rejected, bad + rejected);
        }
        let taken = std::mem::take(&mut *stream.taken.lock().unwrap());
        waiting.extend(taken.into_iter().map(|entry| entry.data));
    }
    (good, bad, failed)
}

#[test]
fn good_lines_are_delivered_behind_any_number_of_bad_ones() {
    let lines = |count, kind| (0..count).map(|number| line(number, kind)).collect::<Vec<_>>();
    let good = lines(50, 2);
    for count in [999, 1000, 1001, 3000] {
        let bad = lines(count, 3);
        let (all, apart) =
            ([bad.clone(), good.clone()].concat(), [gzip(&message(&bad)), gzip(&message(&good))]);
        for data in [gzip(&message(&all)), apart.concat(), all.join("\n").into_bytes()] {
            assert_eq!(good_and_bad(&data, 6_000_000), (50, count, vec![]));
        }
        assert_eq!(good_and_bad(&gzip(&message(&bad)), 6_000_000), (0, 0, vec!["no_flow_record"]));
    }
    // The first bad ones leave no room for the rest: put back in parts, those that hold nothing else fail.
    let large = vec!["x".repeat(9_000); 6];
    let (count, _, failed) = good_and_bad(&gzip(&message(&[large.clone(), good].concat())), 40_000);
    assert_eq!((count, failed), (50, vec!["no_flow_record"; 6]));
    assert_eq!(good_and_bad(&gzip(&message(&large)), 40_000), (0, 0, vec!["no_flow_record"]));
}

#[test]
fn a_line_that_begins_as_json_does_spoils_no_neighbour() {
    let text = |number| line(number, 2);
    let object = |number| serde_json::json!({ "message": line(number, 2) }).to_string();
    let others = ["{\"app\":1}", "{no json", "{", "{\"message\":7}"];
    for other in others.map(str::to_owned) {
        for of in [&text as &dyn Fn(usize) -> String, &object] {
            for place in 0..=4 {
                let mut lines: Vec<_> = (0..4).map(of).collect();
                lines.insert(place, other.clone());
                let data = lines.join("\n");
                assert_eq!(good_and_bad(data.as_bytes(), 6_000_000), (4, 1, vec![]), "{data}");
                assert_eq!(good_and_bad(&gzip(data.as_bytes()), 1_000).0, 4, "in parts: {data}");
            }
        }
        let reason = if other.starts_with("{\"app") { "unknown_json" } else { "malformed_json" };
        assert_eq!(good_and_bad(format!("{other}\n{other}").as_bytes(), 6_000_000), (0, 0, vec![reason]));
    }
}
