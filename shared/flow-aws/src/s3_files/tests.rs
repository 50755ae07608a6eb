use crate::fake_s3::FakeS3;

use super::*;

/// The clock, which only dates signatures.
const NOW: u64 = 1_700_000_000;

const FOLDER: &str = "s3://definitions/rules/";

async fn folder(s3: &FakeS3) -> Result<Vec<(String, String)>, S3FilesError> {
    let mut files = s3.files(FOLDER, S3Kind::RuleFolder);
    files.refresh(NOW).await?;
    Ok(files.texts().map(|(name, text)| (name.to_owned(), text.to_owned())).collect())
}

#[test]
fn places_are_uris() {
    for text in ["s3://b/k", "s3://b/a/b/", "s3://b/"] {
        assert_eq!(text.parse::<S3Uri>().unwrap().to_string(), text);
    }
    for text in ["s3://b", "s3:///k", "https://b/k", "b/k", ""] {
        let error = text.parse::<S3Uri>().unwrap_err().to_string();
        assert!(error.ends_with(&format!("found {text:?}")), "{error}");
    }
}

#[tokio::test]
async fn a_folder_is_its_own_rule_files() {
    let s3 = FakeS3::default();
    s3.put("rules/a.toml", "A");
    s3.put("rules/README.md", "no rule");
    s3.put("rules.toml", "elsewhere");
    s3.put("rules/b.toml", "B");
    let expected = [("a", "A"), ("b", "B")].map(|(n, text)| (format!("{FOLDER}{n}.toml"), text.to_owned()));
    assert_eq!(folder(&s3).await.unwrap(), expected);
    let mut unslashed = s3.files("s3://definitions/rules", S3Kind::RuleFolder);
    assert!(unslashed.refresh(NOW).await.unwrap());
    assert_eq!(unslashed.texts().count(), 2);
}

#[tokio::test]
async fn an_object_is_the_one_of_its_key() {
    let s3 = FakeS3::default();
    s3.put("networks.txt.old", "old");
    s3.put("networks.txt", "new");
    let mut files = s3.files("s3://definitions/networks.txt", S3Kind::Object);
    files.refresh(NOW).await.unwrap();
    assert_eq!(files.texts().collect::<Vec<_>>(), [("s3://definitions/networks.txt", "new")]);
}

#[tokio::test]
async fn only_what_changed_is_read_again() {
    let s3 = FakeS3::default();
    s3.put("rules/a.toml", "A");
    s3.put("rules/b.toml", "B");
    let mut files = s3.files(FOLDER, S3Kind::RuleFolder);
    assert!(files.refresh(NOW).await.unwrap());
    assert_eq!(s3.gets(), 2);
    assert!(!files.refresh(NOW).await.unwrap());
    assert_eq!(s3.gets(), 2);
    s3.put("rules/b.toml", "B2");
    assert!(files.refresh(NOW).await.unwrap());
    assert_eq!(s3.gets(), 3);
    s3.delete("rules/a.toml");
    assert!(files.refresh(NOW).await.unwrap(), "a file less is a change too");
    assert_eq!(files.texts().map(|(_, text)| text).collect::<Vec<_>>(), ["B2"]);
}

#[tokio::test]
async fn says_what_is_wrong_and_where() {
    let s3 = FakeS3::default();
    let said = async |s3: &FakeS3| folder(s3).await.unwrap_err().to_string();
    assert_eq!(said(&s3).await, "s3://definitions/rules/: expected rule files (*.toml), found none");
    s3.put("rules/a.toml", b"id = \"\xff\"".as_slice());
    assert_eq!(said(&s3).await, "s3://definitions/rules/a.toml: expected UTF-8, found another byte at 6");
    s3.put("rules/a.toml", vec![b'#'; (1 << 20) + 1]);
    let expected = "s3://definitions/rules/a.toml: expected at most 1048576 bytes, found 1048577";
    assert_eq!(said(&s3).await, expected);
    for number in 0..17 {
        s3.put(&format!("rules/{number}.toml"), vec![b'#'; 1 << 20]);
    }
    s3.delete("rules/a.toml");
    let expected = "s3://definitions/rules/: expected at most 16777216 bytes in all, found 17825792";
    assert_eq!(said(&s3).await, expected);
    for number in 0..1001 {
        s3.put(&format!("rules/{number}.toml"), "");
    }
    assert_eq!(said(&s3).await, "s3://definitions/rules/: expected at most 1000 objects, found more");
    s3.refuse("AccessDenied");
    let error = said(&s3).await;
    assert!(error.starts_with("s3://definitions/rules/: AccessDenied: "), "{error}");
}

#[tokio::test]
async fn an_error_leaves_what_was_read() {
    let s3 = FakeS3::default();
    s3.put("rules/a.toml", "A");
    let mut files = s3.files(FOLDER, S3Kind::RuleFolder);
    files.refresh(NOW).await.unwrap();
    s3.put("rules/b.toml", b"\xff".as_slice());
    assert!(files.refresh(NOW).await.is_err());
    assert_eq!(files.texts().map(|(_, text)| text).collect::<Vec<_>>(), ["A"]);
}

#[tokio::test]
async fn one_object_may_have_all_bytes() {
    let s3 = FakeS3::default();
    s3.put("networks.txt", vec![b'#'; 16 << 20]);
    let mut files = s3.files("s3://definitions/networks.txt", S3Kind::Object);
    assert!(files.refresh(NOW).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn what_was_read_before_the_time_was_over_is_not_read_again() {
    let s3 = FakeS3::default();
    for number in 0..300 {
        s3.put(&format!("rules/{number}.toml"), "A");
    }
    s3.slow(Duration::from_millis(600));
    let mut files = s3.files(FOLDER, S3Kind::RuleFolder);
    let error = files.refresh(NOW).await.unwrap_err().to_string();
    assert_eq!(error, "s3://definitions/rules/: NoAnswer: not all was read within 10 s");
    assert_eq!(files.texts().count(), 0);
    let first = s3.gets();
    assert!((100..300).contains(&first), "one after the other these are less than 17: {first}");
    s3.put("rules/0.toml", "B");
    while files.refresh(NOW).await.is_err() {
        assert_eq!(files.texts().count(), 0);
    }
    assert_eq!(files.texts().filter(|(_, text)| *text == "A").count(), 299);
    assert_eq!(s3.gets(), 301, "only the one that changed is read twice");
}

#[tokio::test(start_paused = true)]
async fn what_was_read_before_an_error_is_not_read_again() {
    let s3 = FakeS3::default();
    for number in 100..140 {
        s3.put(&format!("rules/{number}.toml"), "A");
    }
    s3.put("rules/z.toml", b"\xff".as_slice());
    let mut files = s3.files(FOLDER, S3Kind::RuleFolder);
    s3.slow(Duration::from_secs(1));
    assert!(files.refresh(NOW).await.is_err());
    let first = s3.gets();
    s3.put("rules/z.toml", "Z");
    s3.delete("rules/100.toml");
    assert!(files.refresh(NOW).await.unwrap());
    assert!(first >= 33 && s3.gets() <= 50, "{first}, {}", s3.gets());
    assert_eq!(files.texts().count(), 40, "what is gone is not kept");
}
