use crate::fake_s3::FakeS3;
use crate::s3_files::S3Kind;

use super::*;

/// Takes any number; everything else is a mistake.
fn number(files: &[(&str, &str)]) -> Result<u32, Box<dyn Error + Send + Sync>> {
    Ok(files[0].1.parse()?)
}

fn watched(s3: &FakeS3) -> Source<u32> {
    Source::watched(s3.files("s3://definitions/number", S3Kind::Object), number)
}

async fn value(source: &mut Source<u32>, now: u64) -> (u32, Option<String>) {
    let checked = source.current(now).await.unwrap();
    (*checked.value, checked.refused.map(|error| error.to_string()))
}

#[tokio::test]
async fn a_change_is_seen_with_the_next_check() {
    let s3 = FakeS3::default();
    s3.put("number", "1");
    let mut source = watched(&s3);
    assert_eq!(value(&mut source, 1000).await, (1, None));
    s3.put("number", "2");
    assert_eq!(value(&mut source, 1000 + REFRESH - 1).await, (1, None));
    assert_eq!(value(&mut source, 1000 + REFRESH).await, (2, None));
}

#[tokio::test]
async fn the_last_good_one_is_kept_and_the_mistake_told_until_it_is_mended() {
    let s3 = FakeS3::default();
    s3.put("number", "1");
    let mut source = watched(&s3);
    value(&mut source, 0).await;
    s3.put("number", "one");
    let mistake = Some("invalid digit found in string".to_owned());
    let mut now = REFRESH;
    for _ in 0..3 {
        assert_eq!(value(&mut source, now).await, (1, mistake.clone()));
        assert_eq!(value(&mut source, now + 1).await, (1, None), "told once a check");
        now += RETRY;
    }
    s3.put("number", "3");
    assert_eq!(value(&mut source, now).await, (3, None));
    s3.refuse("SlowDown");
    let (kept, refused) = value(&mut source, now + REFRESH).await;
    assert!(kept == 3 && refused.unwrap().contains("SlowDown"));
}

#[tokio::test]
async fn without_a_good_one_there_is_an_error_that_is_told_until_the_next_check() {
    let s3 = FakeS3::default();
    let mut source = watched(&s3);
    let error = "s3://definitions/number: expected an object, found none";
    assert_eq!(source.current(0).await.unwrap_err().to_string(), error);
    s3.put("number", "x");
    for now in 1..FIRST_RETRY {
        assert_eq!(source.current(now).await.unwrap_err().to_string(), error);
    }
    assert_eq!(s3.asked(), 1);
    assert!(matches!(source.current(FIRST_RETRY).await, Err(WatchedError::Mistake(_))));
    s3.put("number", "7");
    assert!(matches!(source.current(2 * FIRST_RETRY - 1).await, Err(WatchedError::Mistake(_))));
    assert_eq!(value(&mut source, 2 * FIRST_RETRY).await, (7, None));
}

#[tokio::test]
async fn what_is_fixed_stays() {
    let mut source = Source::fixed(5);
    assert_eq!(value(&mut source, u64::MAX).await, (5, None));
}

#[test]
fn a_check_may_move_between_threads() {
    fn is_send(_: impl Send) {}
    is_send(watched(&FakeS3::default()).current(0));
}
