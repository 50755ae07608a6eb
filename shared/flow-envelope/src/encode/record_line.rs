//! Records of a stream as lines of JSON, as they lie in files.

use std::borrow::Cow;

use base64::{DecodeError, Engine};
use serde::Deserialize;
use serde_json::json;

use super::STANDARD;
use crate::base64_text;

/// A record's data as `PutRecordBatch` takes them in JSON: `{"data":"<base64>"}`.
pub fn data_line(data: &[u8]) -> String {
    json!({ "data": STANDARD.encode(data) }).to_string()
}

/// The keys under which a line may have the data of a record.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordLine<'a> {
    #[serde(borrow, alias = "Data")]
    data: Option<Cow<'a, str>>,
    /// What Firehose calls it where it keeps what was not processed.
    #[serde(borrow)]
    raw_data: Option<Cow<'a, str>>,
}

/// Why a line is no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordLineError {
    /// It is no JSON object of this kind.
    #[error("expected {{\"data\": base64}} or {{\"rawData\": base64}}: {0}")]
    NotJson(#[from] serde_json::Error),
    /// It has neither key.
    #[error("expected `data` or `rawData`, found neither")]
    NoData,
    /// What it has is no Base64.
    #[error("expected Base64: {0}")]
    NotBase64(#[from] DecodeError),
}

/// The data of the record in a line: one of [`data_line`], or of what Firehose keeps under `processing-failed`.
///
/// # Errors
/// When the line is of neither kind.
pub fn record_of_line(line: &str) -> Result<Vec<u8>, RecordLineError> {
    let line: RecordLine<'_> = serde_json::from_str(line)?;
    let data = line.data.or(line.raw_data).ok_or(RecordLineError::NoData)?;
    let mut record = Vec::new();
    base64_text::decode(&data, &mut record)?;
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_back_its_record() {
        for data in [&b""[..], b"x", b"\x1f\x8b\x08\xff\n"] {
            assert_eq!(record_of_line(&data_line(data)).unwrap(), data);
        }
        let kept = r#"{"attemptsMade":4,"arrivalTimestamp":1,"errorCode":"Lambda.FunctionError","errorMessage":"x",
            "attemptEndingTimestamp":2,"rawData":"eA==","lambdaArn":"arn"}"#;
        assert_eq!(record_of_line(kept).unwrap(), b"x");
        assert_eq!(record_of_line(r#"{"Data":"eA=="}"#).unwrap(), b"x");
    }

    #[test]
    fn what_is_no_record_says_why() {
        let cases = [
            ("x", "expected {\"data\": base64} or"),
            ("{}", "expected `data` or `rawData`, found neither"),
            (r#"{"data":7}"#, "expected {\"data\": base64} or"),
            (r#"{"data":"*"}"#, "expected Base64: "),
        ];
        for (line, expected) in cases {
            let error = record_of_line(line).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
