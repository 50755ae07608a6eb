//! The files that come with the program, and files that are wrong.

use flow_cost::{Measured, Prices};

#[test]
fn the_built_in_files_are_read() {
    assert_eq!(Prices::built_in().region, "us-east-1");
    let measured = Measured::built_in();
    let sizes: Vec<_> = measured.batch_sizes().collect();
    assert!(sizes.is_sorted() && sizes.len() > 1, "{sizes:?}");
    let bytes: Vec<_> = measured.formats().iter().map(|format| format.line_bytes).collect();
    assert!(bytes.is_sorted() && measured.formats()[0].name == "default", "{bytes:?}");
}

#[test]
fn a_wrong_price_is_told_with_its_place_and_what_was_expected() {
    let good = Prices::built_in_text();
    let cases = [
        ("dollars = 3.00", "dollars = -3.00", "expected a number from 0 to 1e12, found -3"),
        ("dollars = 3.00", "dollars = nan", "expected a number from 0 to 1e12, found NaN"),
        ("dollars = 3.00", "dollars = \"3\"", "expected a number from 0 to 1e12, found a string"),
        ("dollars = 3.00, ", "", "missing field `dollars`"),
        ("gb = 0.25", "gp = 0.25", "unknown field `gp`, expected `tb` or `gb`"),
        ("metric_month", "metrics", "unknown field `metrics`, expected one of `region`"),
        ("region = \"us-east-1\"", "", "missing field `region`"),
    ];
    for (right, wrong, expected) in cases {
        assert!(good.contains(right), "{right}");
        let error = Prices::parse(&good.replacen(right, wrong, 1)).unwrap_err().to_string();
        assert!(error.contains(expected), "{wrong}: {error}");
    }
    let error = Prices::parse(&good.replacen("dollars = 3.00", "dollars = -3.00", 1)).unwrap_err();
    assert!(error.to_string().contains("dashboard_month ="), "it shows the line: {error}");
}
