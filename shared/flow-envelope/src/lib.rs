//! Payload bytes to log lines: CloudWatch Logs, Kinesis and Firehose events, gzip and plain text.
