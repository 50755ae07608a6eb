//! Log event ids that look like CloudWatch's: 56 decimal digits that begin with the time.

use xxhash_rust::xxh3::xxh3_128;

/// The largest time, in milliseconds, that still gives 56 digits (in the year 2112).
const LATEST: i64 = 4_484_155_085_838;

/// The id of one log event.
///
/// CloudWatch's own ids are a number whose upper bits are the timestamp, shifted by 144 bits; here a 128-bit
/// hash and 16 zero bits follow. `identity` is what the hash is over: it must differ between log events.
pub(super) fn event_id(timestamp: i64, identity: &[u8]) -> String {
    let hash = xxh3_128(identity);
    let time = u128::from(timestamp.clamp(0, LATEST).unsigned_abs());
    // A number of 192 bits as three words, most significant first: time 48, hash 128, zeros 16.
    let high = (time << 16) | (hash >> 112);
    let middle = (hash >> 48) & u128::from(u64::MAX);
    let low = (hash << 16) & u128::from(u64::MAX);
    decimal([high, middle, low])
}

/// A number of three 64-bit words as 56 digits.
fn decimal(mut words: [u128; 3]) -> String {
    const GROUP: u128 = 10_000_000_000_000_000_000;
    let mut groups = [0; 3];
    for group in groups.iter_mut().rev() {
        let mut remainder = 0;
        for word in &mut words {
            let dividend = (remainder << 64) | *word;
            *word = dividend / GROUP;
            remainder = dividend % GROUP;
        }
        *group = remainder;
    }
    let [high, middle, low] = groups;
    format!("{high:018}{middle:019}{low:019}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_56_digits_and_sort_by_time() {
        let times = [i64::MIN, 0, 1, 1_418_530_010_000, 1_548_934_870_000, LATEST, i64::MAX];
        let ids = times.map(|time| event_id(time, b"x"));
        for id in &ids {
            assert_eq!(id.len(), 56, "{id}");
            assert!(id.bytes().all(|byte| byte.is_ascii_digit()));
        }
        assert!(ids.is_sorted());
    }

    #[test]
    fn ids_begin_like_cloudwatchs_of_the_same_time() {
        // From a real message: 2019-01-31T12:34:30Z.
        let real = "34542401864989154948626167510903787499092146739808501760";
        assert_eq!(event_id(1_548_934_870_000, b"x")[..12], real[..12]);
    }

    #[test]
    fn writes_decimal() {
        assert_eq!(decimal([0, 0, 7]), format!("{:056}", 7));
        assert_eq!(decimal([0, 1, 0]), format!("{:056}", 1_u128 << 64));
        assert_eq!(decimal([0, u128::from(u64::MAX), u128::from(u64::MAX)]), format!("{:056}", u128::MAX));
        // 2^128
        assert_eq!(decimal([1, 0, 0]), format!("{:0>56}", "340282366920938463463374607431768211456"));
    }
}
