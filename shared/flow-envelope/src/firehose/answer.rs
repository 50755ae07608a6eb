//! The answer to a Firehose event: every record once, and never more bytes than Lambda takes back.

use super::FirehoseRecord;
use crate::base64_text::encode_append;
use crate::text::json_text;

/// The most bytes of an answer: a Lambda function's response to a synchronous invocation is at most 6 MB. AWS's own
/// blueprint stops at the same figure.
pub const MAX_ANSWER: usize = 6_000_000;

const START: &str = r#"{"records":["#;
const END: &str = "]}";

/// What a record's answer takes beside its id and its data, at most.
const FRAME: usize = r#"{"recordId":"","result":"ProcessingFailed","data":""},"#.len();

/// What the keys of a partition take beside their names and values.
const PARTITION_FRAME: usize = r#","metadata":{"partitionKeys":{}}"#.len();

/// A result of a record that has no data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoData {
    /// `Dropped`: nothing of it is to be delivered. Firehose counts it as processed.
    Dropped,
    /// `ProcessingFailed`: Firehose writes the record as it came under the stream's error prefix.
    ProcessingFailed,
}

impl NoData {
    /// The word and what makes both equally long.
    fn padded(self) -> &'static str {
        match self {
            NoData::Dropped => r#""Dropped"         "#,
            NoData::ProcessingFailed => r#""ProcessingFailed""#,
        }
    }
}

/// A partition's keys with their values.
pub type PartitionKeys = Vec<(&'static str, String)>;

/// The answer as it grows: `{"records":[{"recordId":"...","result":"Ok","data":"<base64>"},...]}`, from the Firehose
/// developer guide, "Required parameters for data transformation".
///
/// Records are answered in the event's order. Room for those to come is set aside from the start, so that every record
/// has an answer whatever the size of the others.
#[derive(Debug)]
pub struct FirehoseAnswer<'e> {
    text: String,
    limit: usize,
    /// The ids of the records to come.
    ids: std::slice::Iter<'e, FirehoseRecord<'e>>,
    /// The least that those to come take, with the end.
    reserved: usize,
}

/// The place of a result that is not known yet.
#[derive(Debug)]
#[must_use]
pub struct Unsettled(usize);

impl<'e> FirehoseAnswer<'e> {
    /// An answer of at most `limit` bytes to `records`; none if even without any data it would be larger.
    pub fn new(records: &'e [FirehoseRecord<'e>], limit: usize) -> Option<Self> {
        let reserved = records.iter().map(|record| least(record)).sum::<usize>() + END.len();
        if START.len() + reserved > limit {
            return None;
        }
        // As much as it may take, so that it is never moved; what is not written takes no memory.
        let mut text = String::with_capacity(limit);
        text.push_str(START);
        Some(FirehoseAnswer { text, limit, ids: records.iter(), reserved })
    }

    /// The bytes of data that the next record may have, before base64; none when its partition alone is too large.
    pub fn room(&self, keys: &PartitionKeys) -> Option<usize> {
        room_within(self.limit, self.text.len() + self.reserved, keys)
    }

    /// The same if `record` were the only one.
    pub fn room_alone(&self, record: &FirehoseRecord<'_>, keys: &PartitionKeys) -> Option<usize> {
        room_within(self.limit, START.len() + least(record) + END.len(), keys)
    }

    /// Answers the next record with `data`, which [fits](Self::room).
    pub fn ok(&mut self, data: &[u8], keys: &PartitionKeys) {
        debug_assert!(self.room(keys).is_some_and(|room| data.len() <= room), "room is asked for beforehand");
        self.begin();
        self.text.push_str(r#""Ok","data":""#);
        encode_append(data, &mut self.text);
        self.text.push('"');
        self.partition(keys);
        self.text.push('}');
    }

    /// Answers the next record without data.
    pub fn without_data(&mut self, result: NoData) {
        let unsettled = self.later();
        self.settle(unsettled, result);
    }

    /// Answers the next record, with what is not known yet.
    pub fn later(&mut self) -> Unsettled {
        self.begin();
        let place = self.text.len();
        self.text.push_str(NoData::ProcessingFailed.padded());
        self.text.push('}');
        Unsettled(place)
    }

    /// Says what was not known.
    pub fn settle(&mut self, Unsettled(place): Unsettled, result: NoData) {
        let word = result.padded();
        self.text.replace_range(place..place + word.len(), word);
    }

    /// The whole answer, as JSON. Records that were not answered are `ProcessingFailed`.
    pub fn finish(mut self) -> String {
        while self.ids.len() > 0 {
            self.without_data(NoData::ProcessingFailed);
        }
        self.text.push_str(END);
        self.text
    }

    /// Up to the result's value.
    fn begin(&mut self) {
        if self.text.len() > START.len() {
            self.text.push(',');
        }
        if let Some(record) = self.ids.next() {
            self.reserved -= least(record);
            self.text.push_str(r#"{"recordId":"#);
            self.text.push_str(&json_text(&record.record_id));
            self.text.push_str(r#","result":"#);
        }
    }

    fn partition(&mut self, keys: &PartitionKeys) {
        if keys.is_empty() {
            return;
        }
        let members = keys.iter().map(|(name, value)| format!("{}:{}", json_text(name), json_text(value)));
        self.text.push_str(r#","metadata":{"partitionKeys":{"#);
        self.text.push_str(&members.collect::<Vec<_>>().join(","));
        self.text.push_str("}}");
    }
}

/// The bytes of data for which there is room, before base64, where so many bytes are `taken`.
fn room_within(limit: usize, taken: usize, keys: &PartitionKeys) -> Option<usize> {
    limit.checked_sub(taken + partition_size(keys)).map(|room| room / 4 * 3)
}

/// The bytes of a record's answer that has no data.
fn least(record: &FirehoseRecord<'_>) -> usize {
    FRAME + json_size(&record.record_id)
}

fn partition_size(keys: &PartitionKeys) -> usize {
    if keys.is_empty() {
        return 0;
    }
    // Two pairs of quotes, a colon, a comma.
    PARTITION_FRAME + keys.iter().map(|(name, value)| json_size(name) + json_size(value) + 6).sum::<usize>()
}

/// The bytes of a text in JSON, without its quotes.
fn json_size(text: &str) -> usize {
    let is_plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        return text.len();
    }
    json_text(text).len() - 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn records(ids: &[&'static str]) -> Vec<FirehoseRecord<'static>> {
        ids.iter().map(|id| FirehoseRecord { record_id: (*id).into(), ..FirehoseRecord::default() }).collect()
    }

    #[test]
    fn every_result() {
        let records = records(&["1", "2", "3\"", "4", "5"]);
        let mut answer = FirehoseAnswer::new(&records, MAX_ANSWER).unwrap();
        answer
            .ok(b"a\n", &vec![("account", "123456789012".to_owned()), ("hour", "2023-02-13-20".to_owned())]);
        let unsettled = answer.later();
        answer.without_data(NoData::Dropped);
        answer.ok(b"", &Vec::new());
        answer.settle(unsettled, NoData::Dropped);
        let answer: Value = serde_json::from_str(&answer.finish()).unwrap();
        let keys = json!({ "account": "123456789012", "hour": "2023-02-13-20" });
        let expected = json!([
            { "recordId": "1", "result": "Ok", "data": "YQo=", "metadata": { "partitionKeys": keys } },
            { "recordId": "2", "result": "Dropped" },
            { "recordId": "3\"", "result": "Dropped" },
            { "recordId": "4", "result": "Ok", "data": "" },
            { "recordId": "5", "result": "ProcessingFailed" },
        ]);
        assert_eq!(answer["records"], expected);
    }

    #[test]
    fn there_must_be_room_for_every_id() {
        let records = records(&["1", "2"]);
        let least = FirehoseAnswer::new(&records, MAX_ANSWER).unwrap().finish().len();
        assert!(FirehoseAnswer::new(&records, least - 1).is_none());
        assert!(FirehoseAnswer::new(&[], START.len() + END.len()).is_some());
    }

    proptest! {
        /// Whatever is asked for, what has room makes an answer within the limit, with every id in its place.
        #[test]
        fn is_never_larger_than_its_limit(
            sizes in prop::collection::vec(0..900_usize, 0..40),
            limit in 3000..20_000_usize,
        ) {
            let ids: Vec<String> = (0..sizes.len()).map(|id| format!("{id}\u{1}")).collect();
            let records: Vec<_> = ids.iter().map(|id| FirehoseRecord { record_id: id.as_str().into(), ..FirehoseRecord::default() }).collect();
            let keys = vec![("log_group", "a\"b".to_owned())];
            let mut answer = FirehoseAnswer::new(&records, limit).unwrap();
            for size in sizes {
                if answer.room(&keys).is_some_and(|room| size <= room) { answer.ok(&vec![b'x'; size], &keys) } else { let _ = answer.later(); }
            }
            let answer = answer.finish();
            prop_assert!(answer.len() <= limit, "{} of {limit}", answer.len());
            let answer: Value = serde_json::from_str(&answer).unwrap();
            let answered: Vec<_> = answer["records"].as_array().unwrap().iter().map(|r| r["recordId"].as_str().unwrap()).collect();
            prop_assert_eq!(answered, ids);
        }
    }
}
