//! Matching a line takes no memory.

use allocation_counter::measure;

use crate::pattern;

#[test]
fn matching_allocates_nothing() {
    let line =
        "2 123456789012 eni-0a1b2c3d 10.0.1.5 10.0.2.9 49152 22 6 3 180 1700000000 1700000059 REJECT OK";
    let cases = [
        (
            "[version, account, eni, source, dest, srcport, destport=\"22\", ..., action=\"REJECT\", status]",
            line,
            true,
        ),
        ("[..., bytes > 100 && bytes < 1e3, start, end, action = RE*, status != NODATA]", line, true),
        ("REJECT -NODATA \"10.0.2.9 49152\"", line, true),
        ("%10\\.0\\.[12]\\.% %REJECT|ACCEPT%", line, true),
        ("{ $.a NOT EXISTS }", line, false),
    ];
    for (text, message, expected) in cases {
        let pattern = pattern(text);
        // A regular expression makes room for its work when it is first used.
        assert_eq!(pattern.matches(message), expected, "{text}");
        let taken = measure(|| {
            pattern.matches(message);
        });
        assert_eq!(taken.count_total, 0, "{text}");
    }
}
