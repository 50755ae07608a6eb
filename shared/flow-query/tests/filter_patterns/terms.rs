//! Terms, anywhere in the message.

use crate::check;

const LINE: &str =
    "2 123456789012 eni-0a1b2c3d 10.0.1.5 10.0.2.9 49152 22 6 3 180 1700000000 1700000059 REJECT OK";

#[test]
fn all_terms_must_occur_as_they_are_written() {
    check("REJECT", &[LINE, "xREJECTED"], &["reject", "REJ ECT", ""]);
    check("REJECT 49152", &[LINE, "49152 REJECT"], &["REJECT", "49152"]);
    check("  \t22\n ", &[LINE, "x22x"], &["2 2"]);
    check("a_1", &["xa_1y"], &["a-1", "a_"]);
}

#[test]
fn quotes_make_a_phrase() {
    check(r#""REJECT OK""#, &[LINE], &["OK REJECT", "REJECT  OK"]);
    check(r#""eni-0a1b2c3d" "10.0.1.""#, &[LINE], &["eni-0a1b2c3d 10.0.1"]);
    check(r#""say \"no\" \\ \d""#, &[r#"say "no" \ \d"#], &["say no"]);
    check(r#""日本""#, &["これは日本語"], &["日 本"]);
    check(r#""a*""#, &["a*"], &["ab"]);
}

#[test]
fn a_minus_excludes() {
    check("REJECT -NODATA", &[LINE], &["REJECT NODATA", "OK"]);
    check("-REJECT", &["ACCEPT", ""], &[LINE]);
    check(r#"OK -"10.0.1.5 10.0.2.9""#, &["OK 10.0.1.5  10.0.2.9"], &[LINE]);
    check("-%^2 %", &["3 x", "x 2 "], &[LINE]);
}

#[test]
fn one_of_those_with_a_question_mark_is_enough() {
    check("?NODATA ?SKIPDATA", &["- NODATA", "- SKIPDATA", "NODATA SKIPDATA"], &[LINE, ""]);
    check(r#"?"a b" ?%c+d%"#, &["a b", "ccd"], &["a", "b", "cc"]);
}

#[test]
fn question_marks_beside_other_terms_do_nothing() {
    check("?NODATA ?SKIPDATA REJECT", &[LINE], &["- NODATA"]);
    check("?NODATA -REJECT", &["NODATA", "ACCEPT"], &[LINE, "NODATA REJECT"]);
}

#[test]
fn nothing_and_a_quoted_space_match_everything() {
    for text in ["", "   ", "\" \"", " \" \" "] {
        check(text, &[LINE, "", "one"], &[]);
    }
    check("\" \" OK", &["is OK"], &["OK"]);
    check("-\" \"", &["one"], &["two words"]);
    check("\"  \"", &["a  b"], &["a b"]);
}

#[test]
fn regular_expressions_match_anywhere_unless_anchored() {
    check("%10\\.0\\.[12]\\.9%", &[LINE], &["10.0.3.9", "10x0.2.9"]);
    check("%^2 [0-9]{12} eni-%", &[LINE], &["3 123456789012 eni-", " 2 123456789012 eni-"]);
    check("%OK$%", &[LINE], &["OK "]);
    check("%colou?r%", &["color", "colour"], &["colouur"]);
    check("%gra|ey%", &["gra", "grey"], &["gre"]);
    check("%^starting|^shutting down%", &["starting", "shutting down now"], &["is shutting down"]);
    check("%^a{,2}b%", &["b", "aab"], &["aaab"]);
    check("%^a{2,}$%", &["aa", "aaa"], &["a"]);
    check("%\\[.\\]%", &["a[7]"], &["a[]", "a7"]);
    check("%^\\d+\\s\\w+$%", &["12 ab", "1\tB_"], &["12", "１２ ab", "12 é"]);
    check("%^\\D\\S\\W$%", &["a1!", "é日本"], &["11!", "a !", "a1b"]);
    check("%^[\\d:]+$%", &["12:30"], &["12.30"]);
    check("%\\x41\\x2e%", &["A."], &["AB"]);
    check("%a\\-b\\/c%", &["a-b/c"], &["ab/c"]);
    check("%^caf.$%", &["café"], &["caf", "caféé"]);
    check("%REJECT% %22% -%443%", &[LINE], &["REJECT 22 443"]);
}
