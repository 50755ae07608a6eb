//! `parse`: records in every encoding, counts, and formats in every spelling.

use flow_testkit::Flow;
use serde_json::{Value, json};

use crate::program::{Folder, flowgauge};
use crate::samples::{good_line, joined};

const NO_DATA: &str = "2 123456789012 eni-0a1b2c3d4e5f60718 - - - - - - - 1700000000 1700000059 - NODATA";
const SKIP_DATA: &str = "2 123456789012 eni-0a1b2c3d4e5f60718 - - - - - - - 1700000000 1700000059 - SKIPDATA";

/// What `parse` with these options makes of `input`.
fn parsed(options: &[&str], input: impl Into<Vec<u8>>) -> Vec<Value> {
    flowgauge(["parse"].iter().chain(options)).input(input).exits(0).json()
}

#[test]
fn a_flow_is_a_typed_object() {
    let line = Flow::tcp("2001:DB8:0::7", 40000, "10.0.0.5", 22).rejected().line();
    let expected = json!({
        "version": 2, "account_id": "123456789012", "interface_id": "eni-0a1b2c3d4e5f60718",
        "srcaddr": "2001:db8::7", "dstaddr": "10.0.0.5", "srcport": 40000, "dstport": 22, "protocol": 6,
        "packets": 1, "bytes": 60, "start": 1_700_000_000, "end": 1_700_000_059, "action": "REJECT",
        "log_status": "OK", "direction": "ingress",
    });
    assert_eq!(parsed(&[], line.as_str()), std::slice::from_ref(&expected));
    assert_eq!(parsed(&["--output", "json"], line), [expected], "as it was called");
}

#[test]
fn absent_fields_are_left_out() {
    let line = good_line().replace("203.0.113.9", "-").replace(" 443 ", " - ");
    let flow = &parsed(&[], line)[0];
    assert_eq!((flow.get("srcaddr"), flow.get("dstport")), (None, None));
    assert_eq!((&flow["dstaddr"], &flow["srcport"]), (&json!("10.0.0.5"), &json!(50000)));
}

#[test]
fn lines_without_flows_are_counted_and_printed_with_all() {
    let input = joined(&[NO_DATA, &good_line(), SKIP_DATA, NO_DATA]);
    let run = flowgauge(["parse"]).input(input.clone()).exits(0);
    assert_eq!(run.json().len(), 1);
    assert_eq!(
        run.counts(),
        "1 flow, 2 NODATA, 1 SKIPDATA; NODATA and SKIPDATA lines are printed with --all"
    );

    let run = flowgauge(["parse", "--all"]).input(input).exits(0);
    let statuses: Vec<_> = run.json().iter().map(|line| line["log_status"].clone()).collect();
    assert_eq!(statuses, ["NODATA", "OK", "SKIPDATA", "NODATA"]);
    assert_eq!(run.counts(), "1 flow, 2 NODATA, 1 SKIPDATA");
}

#[test]
fn csv_has_one_header_and_a_cell_for_every_field() {
    let input = joined(&[good_line().replace(" 443 ", " - "), NO_DATA.to_owned(), good_line()]);
    let run = flowgauge(["parse", "--output", "csv"]).input(input).exits(0);
    let rows: Vec<_> = run.stdout.lines().collect();
    let header = "version,account_id,interface_id,srcaddr,dstaddr,srcport,dstport,protocol,packets,bytes,start,end,\
                  action,log_status";
    let [first, second] = ["", "443"].map(|port| {
        format!("2,123456789012,eni-0a1b2c3d4e5f60718,203.0.113.9,10.0.0.5,50000,{port},6,1,60,1700006400,1700006459,ACCEPT,OK")
    });
    assert_eq!(rows, [header, &first, &second]);
}

#[test]
fn csv_cells_are_quoted_and_never_formulas() {
    let run = flowgauge(["parse", "--output", "csv", "--format", "version action"]);
    let run = run.input("2 a,\"b\"\n2 =1+1\n").exits(0);
    assert_eq!(run.stdout, "version,action\n2,\"a,\"\"b\"\"\"\n2,'=1+1\n");
}

#[test]
fn csv_names_the_columns_that_its_header_lacks() {
    let folder = Folder::with("a", "version bytes\n2 60\n").and("b", "version packets\n2 1\n");
    let run = folder.flowgauge(["parse", "--output", "csv", "a", "b"]).exits(0);
    assert_eq!(run.stdout, "version,bytes\n2,60\n2,\n");
    run.says(&["warning: b: not in the CSV's header, left out: packets (use --output flat)\n"]);
}

#[test]
fn a_format_may_be_spelt_in_several_ways() {
    let expected =
        json!({ "interface_id": "eni-1", "srcaddr": "10.0.0.5", "tcp_flags": 2, "start": 1_700_000_000 });
    for format in [
        "${interface-id} ${srcaddr} ${tcp-flags} ${start}",
        "interface-id srcaddr tcp-flags start",
        "interface_id srcaddr tcp_flags start",
        "${interface_id}  srcaddr ${tcp-flags} start ",
    ] {
        let options = ["--format", format];
        let flows = parsed(&options, "eni-1 10.0.0.5 2 1700000000\n");
        assert_eq!((flows.len(), &flows[0]), (1, &expected), "{format}");
    }
}

#[test]
fn a_misspelt_field_is_kept_and_suggested() {
    let run = flowgauge(["parse", "--format", "version srcadr"]).input("2 10.0.0.5\n").exits(0);
    assert_eq!(run.json(), [json!({ "version": 2, "srcadr": "10.0.0.5" })]);
    run.says(&["warning: `srcadr` is no known field (did you mean `srcaddr`?): kept as text\n"]);
}

#[test]
fn rejected_lines_are_told_by_place_and_counted_by_kind() {
    let lines = [
        good_line(),
        "2 123456789012".to_owned(),
        format!("{} # seen", good_line()),
        good_line().replace("203.0.113.9", "here"),
        good_line().replace(" 443 ", " 65536 "),
        good_line().replace(" 443 ", " https "),
    ];
    let run = Folder::with("a.log", joined(&lines)).flowgauge(["parse", "a.log"]).exits(0);
    assert_eq!(run.json().len(), 1);
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn only_the_first_rejected_lines_are_shown() {
    let run = flowgauge(["parse"]).input("bad\n".repeat(1234)).exits(0);
    assert_eq!(run.stderr.matches("rejected: standard input:").count(), 5);
    assert_eq!(run.counts(), "0 flows, 1,234 lines rejected (too_few_columns 1,234)");
}

#[test]
fn csv_without_records_has_its_header() {
    let run = flowgauge(["parse", "--output", "csv", "--format", "version srcaddr tcp-flags"]).exits(0);
    assert_eq!(run.stdout, "version,srcaddr,tcp_flags\n");
}

#[test]
fn chosen_fields_are_printed() {
    let fields = ["--fields", "dstport,src-port,src_network,dst_service"];
    let run = flowgauge(["parse"].iter().chain(&fields)).input(good_line()).exits(1);
    run.says(&["error: --fields: unknown field `src-port`: did you mean `srcport`?\n"]);
    let folder = Folder::with("networks", "203.0.113.0/24 partner\n").and("a.log", good_line());
    let options =
        ["--fields", "dstport,src_network,dst_service,tcp-flags", "--networks", "networks", "a.log"];
    let run = folder.flowgauge(["parse"].iter().chain(&options)).exits(0);
    assert_eq!(run.json(), [json!({ "dstport": 443, "src_network": "partner", "dst_service": "https" })]);
    let run = folder.flowgauge(["parse", "--output", "csv"].iter().chain(&options)).exits(0);
    assert_eq!(run.stdout, "dstport,src_network,dst_service,tcp_flags\n443,partner,https,\n");
}

#[test]
fn records_in_the_schemas_of_others() {
    let ecs = &parsed(&["--output", "ecs"], good_line())[0];
    assert_eq!(ecs["source"]["ip"], "203.0.113.9");
    assert_eq!(ecs["event"]["outcome"], "success");
    let ocsf = &parsed(&["--output", "ocsf"], good_line())[0];
    assert_eq!((&ocsf["class_uid"], &ocsf["dst_endpoint"]["port"]), (&json!(4001), &json!(443)));
    let none = &parsed(&["--all", "--output", "ocsf"], NO_DATA)[0];
    assert_eq!(none["activity_name"], "NODATA");
}

#[test]
fn text_is_the_lines_that_can_be_read() {
    let input = joined(&[good_line(), "bad".to_owned(), NO_DATA.to_owned(), good_line()]);
    let run = flowgauge(["parse", "--output", "text"]).input(input).exits(0);
    assert_eq!(run.stdout, joined(&[good_line(), good_line()]));
    flowgauge(["parse", "--output", "text", "--fields", "srcaddr"])
        .exits(1)
        .says(&["error: --fields: text is the whole line: fields can be chosen for the other encodings\n"]);
}
