//! Any record in any format.

use std::net::IpAddr;

use flow_record::{Field, FieldKind, RecordFormat};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Any format: some fields in some order, unknown names among them that are keys elsewhere.
fn formats() -> impl Strategy<Value = String> {
    let names: Vec<String> = Field::ALL.iter().map(|field| field.name().to_owned()).collect();
    let known = subsequence(names, 1..40);
    let unknown = ["brand-new", "direction", "event_id", "sublocation", "other", "error", "sample-weight"];
    let unknown = subsequence(unknown.map(str::to_owned).to_vec(), 0..=4);
    (known, unknown)
        .prop_flat_map(|(known, unknown)| Just([known, unknown].concat()).prop_shuffle())
        .prop_map(|names| names.join(" "))
}

/// A text that fits `field`, not necessarily in canonical form.
fn texts(field: Option<Field>) -> BoxedStrategy<String> {
    let absent = Just("-".to_owned());
    let present = match field.map(Field::kind) {
        Some(FieldKind::Integer { max }) => {
            let digits = prop_oneof![0..=max, 0..=max.min(2000), Just(max)];
            (digits, "0{0,3}").prop_map(|(n, zeros)| format!("{zeros}{n}")).boxed()
        }
        Some(FieldKind::Address) => {
            let upper = any::<IpAddr>().prop_map(|address| address.to_string().to_uppercase());
            prop_oneof![any::<IpAddr>().prop_map(|address| address.to_string()), upper].boxed()
        }
        _ => prop_oneof![
            select(vec!["OK", "NODATA", "SKIPDATA", "ACCEPT", "REJECT", "ingress", "egress", "IPv4", "IPv6"])
                .prop_map(str::to_owned),
            "[^ \r\n]{1,40}",
            "[a-z-]{1,40}",
        ]
        .boxed(),
    };
    prop_oneof![1 => absent, 6 => present].boxed()
}

pub(crate) fn formats_with_lines() -> impl Strategy<Value = (RecordFormat, String)> {
    formats().prop_flat_map(|text| {
        let format: RecordFormat = text.parse().unwrap();
        let columns: Vec<_> = format.columns().iter().map(|column| texts(column.field())).collect();
        (Just(format), columns.prop_map(|texts| texts.join(" ")))
    })
}
