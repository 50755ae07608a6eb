//! Laws that hold for any format and any record.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::IpAddr;

use flow_record::{Field, FieldKind, Line, RecordBuffer, RecordFormat};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Any format: some fields in some order, unknown names among them.
fn formats() -> impl Strategy<Value = String> {
    let names: Vec<String> = Field::ALL.iter().map(|field| field.name().to_owned()).collect();
    let known = subsequence(names, 1..40);
    let unknown = subsequence(vec!["new-a".to_owned(), "new_b".to_owned(), "Zone9".to_owned()], 0..=3);
    (known, unknown)
        .prop_flat_map(|(known, unknown)| Just([known, unknown].concat()).prop_shuffle())
        .prop_map(|names| names.join(" "))
}

/// A text that fits `field`, not necessarily in canonical form.
fn texts(field: Option<Field>) -> BoxedStrategy<String> {
    let absent = Just("-".to_owned());
    let present = match field.map(Field::kind) {
        Some(FieldKind::Integer { max }) => {
            (0..=max, "0{0,3}").prop_map(|(n, zeros)| format!("{zeros}{n}")).boxed()
        }
        Some(FieldKind::Address) => any::<IpAddr>().prop_map(|address| address.to_string()).boxed(),
        _ => select(vec!["OK", "NODATA", "SKIPDATA", "a%20b", "a\tb", "日本", "x#y", "--", "\u{1b}[0m"])
            .prop_map(str::to_owned)
            .boxed(),
    };
    prop_oneof![1 => absent, 6 => present].boxed()
}

fn formats_with_lines() -> impl Strategy<Value = (RecordFormat, String)> {
    formats().prop_flat_map(|text| {
        let format: RecordFormat = text.parse().unwrap();
        let columns: Vec<_> = format.columns().iter().map(|column| texts(column.field())).collect();
        (Just(format), columns.prop_map(|texts| texts.join(" ")))
    })
}

/// Ways to leave a line as it is, to spread it and to spoil it.
fn spoilt() -> impl Strategy<Value = fn(&str) -> String> {
    select(vec![
        str::to_owned as fn(&str) -> String,
        |line| line.replacen(' ', "  ", 2),
        |line| format!("{line} more"),
        |line| format!("{line}:"),
        |line| line.replace('1', "x"),
        |_| String::new(),
    ])
}

proptest! {
    #[test]
    fn parse_of_print_is_the_record((format, line) in formats_with_lines()) {
        let read = format.parse(&line).unwrap();
        let printed = read.record().display(&format).to_string();
        prop_assert_eq!(format.parse(&printed).unwrap(), read.clone());
        let canonical = format.parse(&printed).unwrap().record().display(&format).to_string();
        prop_assert_eq!(canonical, printed, "printing is canonical");
    }

    /// Line ends anywhere in a line separate like spaces: no value keeps one that another place would lose.
    #[test]
    fn line_ends_are_never_part_of_a_value((format, line) in formats_with_lines(), end in select(vec!["\n", "\r\n", " \n ", "\n\r"])) {
        let broken = format!("{}{end}", line.replace(' ', end));
        prop_assert_eq!(format.parse(&broken).unwrap(), format.parse(&line).unwrap());
    }

    /// What a line left in a buffer never shows in another one, whatever the formats and whether the lines can be read.
    #[test]
    fn a_buffer_keeps_nothing_of_other_lines(lines in prop::collection::vec((formats_with_lines(), spoilt()), 1..6)) {
        let mut buffer = RecordBuffer::default();
        for ((format, line), spoil) in &lines {
            let line = spoil(line);
            let again = format.parse_into(&line, &mut buffer);
            prop_assert_eq!(again, format.parse(&line));
        }
    }

    /// A record moved to another format keeps the values that both formats have.
    #[test]
    fn another_format_keeps_shared_values((format, line) in formats_with_lines(), other in formats()) {
        let other: RecordFormat = other.parse().unwrap();
        let read = format.parse(&line).unwrap();
        let printed = read.record().display(&other).to_string();
        let moved = other.parse(&printed).unwrap();
        for field in Field::ALL.into_iter().filter(|field| format.has(*field) && other.has(*field)) {
            prop_assert_eq!(moved.record().value(field), read.record().value(field));
        }
    }

    /// Formats are the same exactly when their columns are, in this order.
    #[test]
    fn formats_are_told_apart_by_their_columns(one in formats(), other in formats()) {
        let names = |format: &RecordFormat| format.columns().iter().map(|column| column.name().to_owned()).collect::<Vec<_>>();
        let swapped = one.split(' ').rev().collect::<Vec<_>>().join(" ");
        let [one, other, swapped]: [RecordFormat; 3] = [one, other, swapped].map(|names| names.parse().unwrap());
        for format in [&one, &other, &swapped] {
            prop_assert_eq!(one == *format, names(&one) == names(format));
        }
    }

    /// What stands at a column's place in the line reads as its value, and `-` where that is absent.
    #[test]
    fn a_column_stands_where_its_span_says((format, line) in formats_with_lines(), spaces in 1_usize..3) {
        let line = line.replace(' ', &" ".repeat(spaces));
        let read = format.parse(&line).unwrap();
        let record = read.record();
        for (index, column) in format.columns().iter().enumerate() {
            let text = &record.line()[record.span(index)];
            prop_assert_eq!(text == "-", record.column(index).is_none());
            if column.field().is_none_or(|field| field.kind() == FieldKind::Text) {
                prop_assert!(text == "-" || record.column(index) == Some(flow_record::Value::Text(text)));
            }
        }
        prop_assert_eq!(record.span(format.columns().len()), 0..0);
    }

    #[test]
    fn a_missing_or_extra_column_is_rejected((format, line) in formats_with_lines()) {
        let longer = format!("{line} x");
        prop_assert!(format.parse(&longer).is_err());
        if let Some((shorter, _)) = line.rsplit_once(' ') {
            prop_assert!(format.parse(shorter).is_err());
        }
    }

    #[test]
    fn status_decides_the_kind((format, line) in formats_with_lines()) {
        let read = format.parse(&line).unwrap();
        let status = read.record().text(Field::LogStatus);
        prop_assert_eq!(matches!(read, Line::NoData(_)), status == Some("NODATA"));
        prop_assert_eq!(matches!(read, Line::SkipData(_)), status == Some("SKIPDATA"));
    }

    #[test]
    fn any_text_is_read_or_refused(line in "\\PC{0,300}") {
        let format = RecordFormat::default();
        if let Err(error) = format.parse(&line) {
            prop_assert!(error.to_string().len() < 400);
        }
        let _ = line.parse::<RecordFormat>().map_err(|error| error.to_string());
        RecordFormat::is_header(&line);
    }
}
