//! A line under any format is refused briefly, or printed and read again as the same record; and it is read the same into a
//! buffer that served another line.
#![no_main]

use flow_fuzz::shows_briefly;
use flow_record::{Line, RecordBuffer, RecordFormat};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (format, line) = text.split_once('\n').unwrap_or((text, ""));
    match format.parse::<RecordFormat>() {
        Ok(format) => check(&format, line),
        Err(error) => shows_briefly(&error),
    }
});

fn check(format: &RecordFormat, line: &str) {
    let mut buffer = RecordBuffer::default();
    let _ = RecordFormat::default().parse_into(line, &mut buffer);
    assert_eq!(format.parse_into(line, &mut buffer), format.parse(line));
    let read = match format.parse(line) {
        Ok(read) => read,
        Err(error) => return shows_briefly(&error),
    };
    let printed = print(&read, format);
    let again = format.parse(&printed).expect("what is printed can be read");
    assert_eq!(again, read, "{printed:?}");
    assert_eq!(print(&again, format), printed, "printing is canonical");

    let turned = turned(format);
    let moved = print(&read, &turned);
    let moved = turned.parse(&moved).expect("the order of columns changes no value");
    assert_eq!(print(&moved, format), printed);
}

fn print(line: &Line<'_>, format: &RecordFormat) -> String {
    line.record().display(format).to_string()
}

/// The same columns from last to first.
fn turned(format: &RecordFormat) -> RecordFormat {
    let names: Vec<_> = format.columns().iter().rev().map(|column| column.name()).collect();
    names.join(" ").parse().expect("a format's own names make a format")
}
