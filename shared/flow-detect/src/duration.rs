//! Durations as rules write them: `90s`, `15m`, `1h`, `1d`.

/// The seconds in `text`: a whole number and one of `s`, `m`, `h`, `d`.
pub fn parse_duration(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// `seconds` in the largest unit that divides it: `1h`, `90s`.
pub fn show_duration(seconds: u64) -> String {
    match seconds {
        0 => "0s".to_owned(),
        _ if seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
        _ if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [("5s", 5), ("90s", 90), ("15m", 900), ("1h", 3600), ("1d", 86_400), ("0s", 0)]
        {
            assert_eq!(parse_duration(text), Some(seconds));
            assert_eq!(show_duration(seconds), text);
        }
        for text in ["", "5", "h", "1.5h", "-1h", "1 h", "1w", "99999999999999999999s", "999999999999999999d"]
        {
            assert_eq!(parse_duration(text), None, "{text:?}");
        }
    }
}
