//! Any text is a log format or not; one that is prints as itself, and headers are formats.
#![no_main]

use flow_fuzz::shows_briefly;
use flow_record::{Field, FormatError, RecordFormat};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let read = text.parse::<RecordFormat>();
    if RecordFormat::is_header(text) {
        let named =
            matches!(&read, Ok(_) | Err(FormatError::Duplicate { .. } | FormatError::TooManyColumns { .. }));
        assert!(named, "{read:?}");
    }
    match read {
        Ok(format) => check(&format),
        Err(error) => shows_briefly(&error),
    }
});

fn check(format: &RecordFormat) {
    let printed = format.to_string();
    assert_eq!(printed.parse().as_ref(), Ok(format), "{printed}");
    for (index, column) in format.columns().iter().enumerate() {
        assert_eq!(column.field(), Field::from_name(column.name()), "{}", column.name());
        if let Some(field) = column.field() {
            assert!(format.has(field) && format.fields().contains(field));
            assert_eq!((format.place(field), column.name()), (Some(index), field.name()));
        }
    }
    let unknown = format.columns().iter().filter(|column| column.field().is_none()).count();
    assert_eq!(format.unknown_columns().count(), unknown);
}
