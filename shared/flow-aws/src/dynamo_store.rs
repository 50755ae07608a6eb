//! State in one DynamoDB table.
//!
//! | attribute | type | what |
//! |---|---|---|
//! | `key` | S, partition key | the item's name |
//! | `state` | B or S | panes as bytes, everything else as JSON |
//! | `version` | N | changes with every write; every write asks for the one that was read |
//! | `expires_at` | N | Unix seconds, the table's time to live; not relied on |
//! | `due_shard`, `due_at` | N, N | keys of the sparse index `due`: only items that something has to be done about |

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use flow_pipeline::{Content, Due, ItemKey, StateStore, StoredItem, Write, Written};
use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt};
use tokio::time::sleep;
use xxhash_rust::xxh3::xxh3_64;

use crate::access::AwsAccess;
use crate::refusal::Refusal;

/// The most keys of one `BatchGetItem`, from the DynamoDB API reference.
const MAX_KEYS: usize = 100;

/// How many writes are under way at once.
const WRITES_AT_ONCE: usize = 16;

/// Parts of the index for each kind of item: one alone would take 1,000 writes a second at most.
const SHARDS: u64 = 4;

/// The index of items that are due.
const INDEX: &str = "due";

/// How often keys that DynamoDB left out are asked for again.
const ROUNDS: u32 = 5;

/// The longest wait before the second round; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// The version of an item that has none.
const UNVERSIONED: u64 = 0;

/// When an item expires that does not say so, in Unix seconds: someone has to look at it.
const FOREVER: u64 = u32::MAX as u64;

const KEY: &str = "key";
const STATE: &str = "state";
const VERSION: &str = "version";
const EXPIRES_AT: &str = "expires_at";
const DUE_SHARD: &str = "due_shard";
const DUE_AT: &str = "due_at";

/// Why DynamoDB gave no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DynamoError {
    /// It refused, or was not reached.
    #[error("DynamoDB {operation} on {table}: {code}: {text}")]
    Refused {
        /// The operation.
        operation: &'static str,
        /// The table.
        table: String,
        /// DynamoDB's word for the reason, such as `ThrottlingException`; `NoAnswer` when it was not reached.
        code: String,
        /// The reason in a sentence.
        text: String,
    },
    /// It went on leaving out keys: the table is throttled.
    #[error("DynamoDB BatchGetItem on {table}: {left} keys were left out {ROUNDS} times")]
    Throttled {
        /// The table.
        table: String,
        /// How many.
        left: usize,
    },
    /// An item is not as this store writes it.
    #[error("DynamoDB {table}: item {key:?}: expected {expected}")]
    NotAnItem {
        /// The table.
        table: String,
        /// Its key, as far as it has one.
        key: String,
        /// What is not there.
        expected: &'static str,
    },
}

/// A DynamoDB table. The client is made with the first call, so that a function which keeps nothing never pays for it.
#[derive(Debug)]
pub struct DynamoStore {
    access: AwsAccess,
    table: String,
    client: OnceLock<Client>,
}

type Attributes = HashMap<String, AttributeValue>;

impl DynamoStore {
    /// The table of this name.
    pub fn new(access: AwsAccess, table: String) -> Self {
        DynamoStore { access, table, client: OnceLock::new() }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| self.access.dynamodb())
    }

    /// Reads up to [`MAX_KEYS`] items by key.
    async fn get_batch(&self, keys: &[&ItemKey]) -> Result<HashMap<String, StoredItem>, DynamoError> {
        let mut items = HashMap::with_capacity(keys.len());
        let mut asked: Vec<Attributes> = keys.iter().map(|key| key_attribute(key)).collect();
        for round in 0..ROUNDS {
            if round > 0 {
                sleep(FIRST_WAIT.mul_f64(f64::from(1 << round) / 2.0 * fastrand::f64())).await;
            }
            let keys = KeysAndAttributes::builder().set_keys(Some(asked)).consistent_read(true).build();
            let keys =
                keys.map_err(|error| self.refused("BatchGetItem", "Unbuildable", error.to_string()))?;
            let answer = self.client().batch_get_item().request_items(&self.table, keys).send().await;
            let answer = answer.map_err(|error| self.failed("BatchGetItem", &error))?;
            for attributes in answer.responses.unwrap_or_default().into_values().flatten() {
                let (key, item) = self.item(attributes)?;
                items.insert(key, item);
            }
            let left = answer.unprocessed_keys.unwrap_or_default().remove(&self.table);
            asked = left.map(|left| left.keys).unwrap_or_default();
            if asked.is_empty() {
                return Ok(items);
            }
        }
        Err(DynamoError::Throttled { table: self.table.clone(), left: asked.len() })
    }

    async fn put_one(&self, write: &Write) -> Result<Written, DynamoError> {
        let put = self.client().put_item().table_name(&self.table).set_item(Some(attributes(write)));
        let put = match write.over {
            None => {
                put.condition_expression("attribute_not_exists(#k)").expression_attribute_names("#k", KEY)
            }
            Some(UNVERSIONED) => put
                .condition_expression("attribute_exists(#k) AND NOT attribute_type(#v, :n)")
                .expression_attribute_names("#k", KEY)
                .expression_attribute_names("#v", VERSION)
                .expression_attribute_values(":n", AttributeValue::S("N".to_owned())),
            Some(version) => put
                .condition_expression("#v = :v")
                .expression_attribute_names("#v", VERSION)
                .expression_attribute_values(":v", number(version)),
        };
        match put.send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) if is_conflict(&error) => Ok(Written::Conflict),
            Err(error) => Err(self.failed("PutItem", &error)),
        }
    }

    /// What is due in one part of the index, as (time, key).
    async fn due_in(&self, shard: u64, now: u64, limit: usize) -> Result<Vec<(u64, ItemKey)>, DynamoError> {
        let query = self.client().query().table_name(&self.table).index_name(INDEX);
        let query = query
            .key_condition_expression("#s = :s AND #d <= :d")
            .expression_attribute_names("#s", DUE_SHARD)
            .expression_attribute_names("#d", DUE_AT)
            .expression_attribute_values(":s", number(shard))
            .expression_attribute_values(":d", number(now));
        // One page holds far more than is asked for: keys are short.
        let answer = query.limit(i32::try_from(limit).unwrap_or(i32::MAX)).send().await;
        let answer = answer.map_err(|error| self.failed("Query", &error))?;
        let due = |attributes: &Attributes| {
            let key = text(attributes, KEY).and_then(|key| ItemKey::read(key).ok());
            let at = integer(attributes, DUE_AT);
            at.zip(key).ok_or_else(|| self.not_an_item(attributes, "`key` and `due_at`"))
        };
        answer.items.unwrap_or_default().iter().map(due).collect()
    }

    /// An item as it was read. One that this store did not write is a text which says so: nothing can be read from it, and
    /// it can be written over.
    fn item(&self, mut attributes: Attributes) -> Result<(String, StoredItem), DynamoError> {
        let Some(key) = text(&attributes, KEY).map(str::to_owned) else {
            return Err(self.not_an_item(&attributes, "`key` as S"));
        };
        let names: BTreeSet<_> = attributes.keys().cloned().collect();
        let strange = || {
            format!("not an item of this program: expected `state`, `version`, `expires_at`, found {names:?}")
        };
        let version = match (integer(&attributes, VERSION), attributes.get(VERSION)) {
            (None, Some(AttributeValue::N(_))) => {
                return Err(self.not_an_item(&attributes, "a whole number as `version`"));
            }
            (version, _) => version,
        };
        let expires_at = integer(&attributes, EXPIRES_AT).filter(|_| version.is_some());
        let content = match attributes.remove(STATE).filter(|_| expires_at.is_some()) {
            Some(AttributeValue::B(bytes)) => Content::Binary(bytes.into_inner()),
            Some(AttributeValue::S(text)) => Content::Text(text),
            _ => Content::Text(strange()),
        };
        let (version, expires_at) = (version.unwrap_or(UNVERSIONED), expires_at.unwrap_or(FOREVER));
        Ok((key, StoredItem { content, version, expires_at }))
    }

    fn not_an_item(&self, attributes: &Attributes, expected: &'static str) -> DynamoError {
        let key = text(attributes, KEY).unwrap_or_default().to_owned();
        DynamoError::NotAnItem { table: self.table.clone(), key, expected }
    }

    fn failed<E>(&self, operation: &'static str, error: &SdkError<E>) -> DynamoError
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let Refusal { code, text } = Refusal::from(error);
        self.refused(operation, &code, text)
    }

    fn refused(&self, operation: &'static str, code: &str, text: String) -> DynamoError {
        DynamoError::Refused { operation, table: self.table.clone(), code: code.to_owned(), text }
    }
}

impl StateStore for DynamoStore {
    type Error = DynamoError;

    async fn get(&self, keys: &[ItemKey]) -> Result<Vec<Option<StoredItem>>, DynamoError> {
        // One call refuses a key that it is given twice.
        let distinct: Vec<_> = keys.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let batches = try_join_all(distinct.chunks(MAX_KEYS).map(|keys| self.get_batch(keys))).await?;
        let items: HashMap<String, StoredItem> = batches.into_iter().flatten().collect();
        Ok(keys.iter().map(|key| items.get(key.as_str()).cloned()).collect())
    }

    async fn put(&self, writes: &[Write]) -> Vec<Result<Written, DynamoError>> {
        let put = |place: usize| self.put_one(&writes[place]);
        stream::iter(0..writes.len()).map(put).buffered(WRITES_AT_ONCE).collect().await
    }

    async fn due(&self, what: Due, now: u64, limit: usize) -> Result<Vec<ItemKey>, DynamoError> {
        let shards = try_join_all(shards(what).map(|shard| self.due_in(shard, now, limit))).await?;
        let mut due: Vec<_> = shards.into_iter().flatten().collect();
        due.sort();
        Ok(due.into_iter().take(limit).map(|(_, key)| key).collect())
    }
}

/// The parts of the index that hold what is due: others for records than for panes.
fn shards(what: Due) -> std::ops::Range<u64> {
    match what {
        Due::Panes => 0..SHARDS,
        Due::Records => SHARDS..2 * SHARDS,
    }
}

fn shard(key: &ItemKey) -> u64 {
    shards(Due::of(key)).start + xxh3_64(key.as_str().as_bytes()) % SHARDS
}

fn key_attribute(key: &ItemKey) -> Attributes {
    HashMap::from([(KEY.to_owned(), AttributeValue::S(key.as_str().to_owned()))])
}

fn attributes(write: &Write) -> Attributes {
    let state = match &write.content {
        Content::Binary(bytes) => AttributeValue::B(Blob::new(bytes.clone())),
        Content::Text(text) => AttributeValue::S(text.clone()),
    };
    let mut attributes = key_attribute(&write.key);
    let more = [
        (STATE, Some(state)),
        (VERSION, Some(number(write.version()))),
        (EXPIRES_AT, Some(number(write.expires_at))),
        (DUE_SHARD, write.due_at.map(|_| number(shard(&write.key)))),
        (DUE_AT, write.due_at.map(number)),
    ];
    attributes.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    attributes
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.get(name)?.as_s().ok().map(String::as_str)
}

fn integer(attributes: &Attributes, name: &str) -> Option<u64> {
    attributes.get(name)?.as_n().ok()?.parse().ok()
}

fn is_conflict<E>(error: &SdkError<E>) -> bool
where
    SdkError<E>: ProvideErrorMetadata,
{
    error.code() == Some("ConditionalCheckFailedException")
}

#[cfg(test)]
mod tests;
