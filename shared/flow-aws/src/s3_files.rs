//! Text files in S3: one object, or those of a folder, read again only when their entity tags say that they changed.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::time::timeout;

use crate::access::AwsAccess;
use crate::refusal::Refusal;
use crate::s3_calls::S3Calls;

/// The most bytes of all files of one place together.
const MAX_BYTES: u64 = 16 << 20;

/// The most bytes of one rule file: far more than anybody writes by hand.
const MAX_RULE_BYTES: u64 = 1 << 20;

/// How many files are read at once.
const GETS_AT_ONCE: usize = 16;

/// The time of one refresh. What it read is kept when it ends early, and the next one goes on from there.
const TIME: Duration = Duration::from_secs(10);

/// A place in S3: `s3://bucket/key`, or `s3://bucket/prefix/` for a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Uri {
    bucket: String,
    key: String,
}

/// A text is no place in S3.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected s3://bucket/key, or s3://bucket/prefix/ for a folder, found {found:?}")]
pub struct S3UriError {
    /// The text.
    pub found: String,
}

impl FromStr for S3Uri {
    type Err = S3UriError;

    fn from_str(text: &str) -> Result<Self, S3UriError> {
        let parts = text.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
        match parts {
            Some((bucket, key)) if !bucket.is_empty() => {
                Ok(S3Uri { bucket: bucket.to_owned(), key: key.to_owned() })
            }
            _ => Err(S3UriError { found: text.to_owned() }),
        }
    }
}

impl fmt::Display for S3Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// Why files in S3 could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum S3FilesError {
    /// S3 refused, or was not reached.
    #[error("{uri}: {code}: {text}")]
    Refused {
        /// The object, or the place when it could not be listed.
        uri: String,
        /// S3's word for the reason, such as `AccessDenied`; `NoAnswer` when S3 was not reached.
        code: String,
        /// The reason in a sentence.
        text: String,
    },
    /// Nothing is there.
    #[error("{uri}: expected {expected}, found none")]
    Nothing {
        /// The place.
        uri: String,
        /// What should be there.
        expected: &'static str,
    },
    /// More objects than one listing shows.
    #[error("{uri}: expected at most 1000 objects, found more")]
    TooMany {
        /// The place.
        uri: String,
    },
    /// More bytes than are read.
    #[error("{uri}: expected at most {MAX_BYTES} bytes in all, found {found}")]
    TooLarge {
        /// The place.
        uri: String,
        /// Bytes of all files.
        found: u64,
    },
    /// An object is larger than one of its kind is read.
    #[error("{uri}: expected at most {limit} bytes, found {found}")]
    ObjectTooLarge {
        /// The object.
        uri: String,
        /// The most bytes.
        limit: u64,
        /// Its bytes.
        found: u64,
    },
    /// An object is no text.
    #[error("{uri}: expected UTF-8, found another byte at {at}")]
    NotText {
        /// The object.
        uri: String,
        /// Where the first such byte is, counted from 0.
        at: usize,
    },
}

/// Which objects belong to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum S3Kind {
    /// The one object of this key.
    Object,
    /// All rule files (`*.toml`) directly in the folder.
    RuleFolder,
}

impl S3Kind {
    /// The most bytes of one object.
    fn max_bytes(self) -> u64 {
        match self {
            S3Kind::Object => MAX_BYTES,
            S3Kind::RuleFolder => MAX_RULE_BYTES,
        }
    }
}

/// The text files of one place. What was read once is kept until its entity tag changes.
#[derive(Debug)]
pub struct S3Files {
    place: Place,
    /// As of the last refresh that succeeded.
    files: BTreeMap<String, Kept>,
    /// What later ones read before they failed.
    fetched: BTreeMap<String, Kept>,
}

/// A place and the way to it.
#[derive(Debug)]
struct Place {
    s3: S3Calls,
    uri: S3Uri,
    kind: S3Kind,
}

/// An object as it was listed.
struct Listed {
    uri: S3Uri,
    e_tag: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    e_tag: Option<String>,
    text: String,
}

impl S3Files {
    /// The files at `uri`; nothing is read yet.
    pub fn new(access: AwsAccess, uri: S3Uri, kind: S3Kind) -> Self {
        S3Files::through(S3Calls::new(access), uri, kind)
    }

    pub(crate) fn through(s3: S3Calls, mut uri: S3Uri, kind: S3Kind) -> Self {
        if kind == S3Kind::RuleFolder && !uri.key.is_empty() && !uri.key.ends_with('/') {
            uri.key.push('/');
        }
        let place = Place { s3, uri, kind };
        S3Files { place, files: BTreeMap::new(), fetched: BTreeMap::new() }
    }

    /// The names (as S3 URIs) and texts as last read, by name.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(name, kept)| (name.as_str(), kept.text.as_str()))
    }

    /// Lists the place and reads what is new or changed; says whether anything was. After an error the texts are as
    /// they were before, and the next refresh reads only what this one did not. `now` is the clock in Unix seconds.
    pub async fn refresh(&mut self, now: u64) -> Result<bool, S3FilesError> {
        // Boxed: a rare path must not make the future of every event large.
        let Ok(read) = timeout(TIME, Box::pin(self.read(now))).await else {
            let text = format!("not all was read within {} s", TIME.as_secs());
            return Err(S3FilesError::Refused {
                uri: self.place.uri.to_string(),
                code: "NoAnswer".to_owned(),
                text,
            });
        };
        let files = read?;
        let is_changed = files != self.files;
        self.files = files;
        self.fetched.clear();
        Ok(is_changed)
    }

    async fn read(&mut self, now: u64) -> Result<BTreeMap<String, Kept>, S3FilesError> {
        let S3Files { place, files, fetched } = self;
        let place = &*place;
        let listed = place.list(now).await?;
        fetched.retain(|name, kept| listed.get(name).is_some_and(|object| kept.is(object)));
        let known = |name: &String| fetched.get(name).or_else(|| files.get(name));
        let is_new = |(name, object): &(&String, &Listed)| !known(name).is_some_and(|kept| kept.is(object));
        let new: Vec<(String, S3Uri)> =
            listed.iter().filter(is_new).map(|(name, object)| (name.clone(), object.uri.clone())).collect();
        let get = |(name, uri)| async move { (name, place.get(&uri, now).await) };
        let mut gets = stream::iter(new).map(get).buffer_unordered(GETS_AT_ONCE);
        while let Some((name, kept)) = gets.next().await {
            fetched.insert(name, kept?);
        }
        let kept = |name: &String| fetched.get(name).or_else(|| files.get(name)).cloned();
        Ok(listed.keys().filter_map(|name| Some((name.clone(), kept(name)?))).collect())
    }
}

impl Kept {
    /// Whether this is the object, unchanged.
    fn is(&self, object: &Listed) -> bool {
        self.e_tag.is_some() && self.e_tag == object.e_tag
    }
}

impl Place {
    /// The objects that belong to this place, by name.
    async fn list(&self, now: u64) -> Result<BTreeMap<String, Listed>, S3FilesError> {
        let S3Uri { bucket, key } = &self.uri;
        let listing = self.s3.list(bucket, key, now).await.map_err(|refusal| refused(&self.uri, refusal))?;
        if listing.is_truncated {
            return Err(S3FilesError::TooMany { uri: self.uri.to_string() });
        }
        let mut objects = listing.objects;
        objects.retain(|object| self.is_wanted(&object.key));
        let found = objects.iter().map(|object| object.size).fold(0, u64::saturating_add);
        if objects.is_empty() {
            let expected = match self.kind {
                S3Kind::Object => "an object",
                S3Kind::RuleFolder => "rule files (*.toml)",
            };
            return Err(S3FilesError::Nothing { uri: self.uri.to_string(), expected });
        }
        if found > MAX_BYTES {
            return Err(S3FilesError::TooLarge { uri: self.uri.to_string(), found });
        }
        let mut listed = BTreeMap::new();
        for object in objects {
            let uri = S3Uri { bucket: bucket.clone(), key: object.key };
            self.check_size(&uri, object.size)?;
            listed.insert(uri.to_string(), Listed { uri, e_tag: object.e_tag });
        }
        Ok(listed)
    }

    fn check_size(&self, uri: &S3Uri, found: u64) -> Result<(), S3FilesError> {
        let limit = self.kind.max_bytes();
        if found > limit {
            return Err(S3FilesError::ObjectTooLarge { uri: uri.to_string(), limit, found });
        }
        Ok(())
    }

    fn is_wanted(&self, key: &str) -> bool {
        match self.kind {
            S3Kind::Object => key == self.uri.key,
            S3Kind::RuleFolder => key.rsplit_once('.').is_some_and(|(_, extension)| extension == "toml"),
        }
    }

    async fn get(&self, uri: &S3Uri, now: u64) -> Result<Kept, S3FilesError> {
        let S3Uri { bucket, key } = uri;
        // It may have grown since it was listed.
        let max = usize::try_from(self.kind.max_bytes()).unwrap_or(usize::MAX);
        let object = self.s3.get(bucket, key, max, now).await;
        let (bytes, e_tag) = object.map_err(|refusal| refused(uri, refusal))?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Kept { e_tag, text }),
            Err(error) => {
                Err(S3FilesError::NotText { uri: uri.to_string(), at: error.utf8_error().valid_up_to() })
            }
        }
    }
}

fn refused(uri: &S3Uri, Refusal { code, text }: Refusal) -> S3FilesError {
    S3FilesError::Refused { uri: uri.to_string(), code, text }
}

#[cfg(test)]
mod tests;
