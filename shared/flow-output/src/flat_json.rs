//! A record as one flat JSON object.

use flow_record::{FlowRecord, Value};

use crate::plain::escape_json;

/// Appends `record` to `out` as one JSON object without a newline: AWS's names with underscores, numbers as numbers,
/// times in Unix seconds, absent values left out, in the order of the line's columns.
pub fn write_flat_json(out: &mut Vec<u8>, record: &FlowRecord<'_>) {
    out.push(b'{');
    let mut first = true;
    for (index, column) in record.format().columns().iter().enumerate() {
        let Some(value) = record.column(index) else { continue };
        if !first {
            out.push(b',');
        }
        first = false;
        match column.field() {
            Some(field) => write_key(out, field.json_key()),
            None => write_key(out, &column.name().replace('-', "_")),
        }
        write_value(out, value);
    }
    out.push(b'}');
}

/// Keys are letters, digits and underscores: a format allows nothing else.
fn write_key(out: &mut Vec<u8>, key: &str) {
    out.push(b'"');
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

fn write_value(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Integer(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        Value::Address(address) => write_text(out, &address.to_string()),
        Value::Text(text) => write_text(out, text),
    }
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    let is_plain = |byte: u8| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(escape_json(&serde_json::Value::from(text).to_string()).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use flow_record::RecordFormat;
    use proptest::prelude::*;

    use super::*;

    fn json(format: &str, line: &str) -> String {
        let format: RecordFormat = format.parse().unwrap();
        let mut out = Vec::new();
        write_flat_json(&mut out, format.parse(line).unwrap().record());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn typed_and_without_what_is_absent() {
        let line = "2 123456789010 eni-1 - 2001:DB8:0::1 - 22 6 20 4249 1418530010000 1418530070 - OK";
        assert_eq!(
            json(flow_record::VPC_DEFAULT, line),
            "{\"version\":2,\"account_id\":\"123456789010\",\"interface_id\":\"eni-1\",\"dstaddr\":\"2001:db8::1\",\
             \"dstport\":22,\"protocol\":6,\"packets\":20,\"bytes\":4249,\"start\":1418530010,\"end\":1418530070,\
             \"log_status\":\"OK\"}"
        );
        assert_eq!(json("version brand-new", "- -"), "{}");
        assert_eq!(json("version brand-new", "- x\"\\\u{1}日"), "{\"brand_new\":\"x\\\"\\\\\\u0001日\"}");
    }

    proptest! {
        #[test]
        fn always_json(text in "[^ \r\n]{1,20}") {
            prop_assume!(text != "-");
            let value: serde_json::Value = serde_json::from_str(&json("version action", &format!("2 {text}"))).unwrap();
            prop_assert_eq!(value["action"].as_str(), Some(text.as_str()));
        }
    }
}
