//! What every state store must do, whatever it keeps its items in: the contract of `StateStore` as checks.
//!
//! Each check takes a fresh prefix of keys, so that a store which outlives a run may be used again.

use flow_pipeline::{Content, Due, ItemKey, StateStore, Write, Written};

/// Runs all checks. `run` tells this run's keys from those of others in the same store.
///
/// # Panics
/// The store breaks its contract.
pub async fn check<S: StateStore>(store: &S, run: &str) {
    nothing_is_read_where_nothing_was_written(store, run).await;
    what_was_written_is_read(store, run).await;
    only_the_version_that_was_read_is_written_over(store, run).await;
    many_keys_are_read_in_order(store, run).await;
    one_conflict_keeps_no_other_write_from_being_done(store, run).await;
    what_is_due_is_told(store, run).await;
}

/// The time that all items here are kept to: far ahead.
const EXPIRES_AT: u64 = 4_000_000_000;

fn key(run: &str, name: &str) -> ItemKey {
    ItemKey::read(&format!("contract/{run}/{name}")).expect("short and printable")
}

fn write(key: &ItemKey, text: &str, over: Option<u64>) -> Write {
    let content = Content::Text(text.to_owned());
    Write { key: key.clone(), content, over, expires_at: EXPIRES_AT, due_at: None }
}

async fn put<S: StateStore>(store: &S, write: Write) -> Written {
    let mut written = store.put(&[write]).await;
    assert_eq!(written.len(), 1);
    written.remove(0).expect("the store answers")
}

/// Content, version and time of expiry of one item.
async fn get<S: StateStore>(store: &S, key: &ItemKey) -> Option<(Content, u64, u64)> {
    let mut items = store.get(std::slice::from_ref(key)).await.expect("the store answers");
    assert_eq!(items.len(), 1);
    items.remove(0).map(|item| (item.content, item.version, item.expires_at))
}

async fn nothing_is_read_where_nothing_was_written<S: StateStore>(store: &S, run: &str) {
    assert_eq!(get(store, &key(run, "nothing")).await, None);
}

async fn what_was_written_is_read<S: StateStore>(store: &S, run: &str) {
    let every_byte: Vec<u8> = (0..=255).collect();
    let contents = [
        Content::Binary(Vec::new()),
        Content::Binary(every_byte),
        Content::Binary(vec![7; 300_000]),
        Content::Text("{\"title\":\"拒否された ping\"}".to_owned()),
    ];
    for (number, content) in contents.into_iter().enumerate() {
        let key = key(run, &format!("content-{number}"));
        let write = Write { content: content.clone(), ..write(&key, "", None) };
        let version = write.version();
        assert_eq!(put(store, write).await, Written::Done);
        assert_eq!(get(store, &key).await, Some((content, version, EXPIRES_AT)));
    }
}

async fn only_the_version_that_was_read_is_written_over<S: StateStore>(store: &S, run: &str) {
    let key = key(run, "versions");
    assert_eq!(put(store, write(&key, "a", Some(1))).await, Written::Conflict, "there is none to write over");
    assert_eq!(put(store, write(&key, "a", None)).await, Written::Done);
    assert_eq!(put(store, write(&key, "b", None)).await, Written::Conflict, "there is one now");
    let (_, version, _) = get(store, &key).await.expect("it was written");
    assert_eq!(put(store, write(&key, "b", Some(version))).await, Written::Done);
    assert_eq!(put(store, write(&key, "c", Some(version))).await, Written::Conflict, "b was faster");
    let (content, newer, _) = get(store, &key).await.expect("it was written");
    assert_eq!(content, Content::Text("b".to_owned()));
    assert_ne!(newer, version);
}

async fn many_keys_are_read_in_order<S: StateStore>(store: &S, run: &str) {
    let keys: Vec<_> = (0..230).map(|number| key(run, &format!("many-{number}"))).collect();
    let writes: Vec<_> = keys.iter().step_by(2).map(|key| write(key, key.as_str(), None)).collect();
    for written in store.put(&writes).await {
        assert_eq!(written.expect("the store answers"), Written::Done);
    }
    let mut asked = keys.clone();
    asked.push(keys[0].clone());
    let items = store.get(&asked).await.expect("the store answers");
    assert_eq!(items.len(), asked.len());
    for (number, (key, item)) in asked.iter().zip(items).enumerate() {
        let expected = (number % 2 == 0).then(|| Content::Text(key.as_str().to_owned()));
        assert_eq!(item.map(|item| item.content), expected, "{key}");
    }
}

async fn one_conflict_keeps_no_other_write_from_being_done<S: StateStore>(store: &S, run: &str) {
    let keys = ["first", "second", "third"].map(|name| key(run, name));
    assert_eq!(put(store, write(&keys[1], "known", None)).await, Written::Done);
    let writes = keys.clone().map(|key| write(&key, "new", None));
    let written: Vec<_> = store.put(&writes).await.into_iter().map(|one| one.expect("an answer")).collect();
    assert_eq!(written, [Written::Done, Written::Conflict, Written::Done]);
}

async fn what_is_due_is_told<S: StateStore>(store: &S, run: &str) {
    let now = 1_000;
    let due = [("late", Some(300)), ("later", Some(1000)), ("not-yet", Some(1001)), ("never", None)];
    for (name, due_at) in due {
        let write = Write { due_at, ..write(&key(run, name), "", None) };
        assert_eq!(put(store, write).await, Written::Done);
    }
    let mut told = Vec::new();
    // An index may be late, but not for long.
    for _ in 0..100 {
        told = store.due(Due::Panes, now, 10_000).await.expect("the store answers");
        told.retain(|known| known.as_str().starts_with(&format!("contract/{run}/")));
        if told.len() == 2 {
            break;
        }
    }
    assert_eq!(told, [key(run, "late"), key(run, "later")]);
    assert!(store.due(Due::Panes, now, 1).await.expect("the store answers").len() <= 1);
    // Nothing is due any more once it was written so.
    let (_, version, _) = get(store, &told[0]).await.expect("it was written");
    assert_eq!(put(store, write(&told[0], "", Some(version))).await, Written::Done);
    let again = store.due(Due::Panes, now, 10_000).await.expect("the store answers");
    assert!(!again.contains(&told[0]), "{again:?}");
    // Records are told of apart from everything else.
    let record = ItemKey::read(&format!("episode/contract-{run}")).expect("a key");
    assert_eq!(put(store, Write { due_at: Some(1), ..write(&record, "", None) }).await, Written::Done);
    let is_told =
        async |what| store.due(what, now, 10_000).await.expect("the store answers").contains(&record);
    for _ in 0..100 {
        if is_told(Due::Records).await {
            break;
        }
    }
    assert_eq!((is_told(Due::Records).await, is_told(Due::Panes).await), (true, false));
    let (_, version, _) = get(store, &record).await.expect("it was written");
    assert_eq!(put(store, write(&record, "", Some(version))).await, Written::Done);
}
