//! Names of log groups.

/// Whether a text may be the name of a log group: 1 to 512 letters, digits and `._/#-` (CloudWatch Logs API reference,
/// `CreateLogGroup`). An ARN is none.
pub fn is_log_group_name(text: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._/#-".contains(&byte);
    (1..=512).contains(&text.len()) && text.bytes().all(is_of_name)
}
