//! Definitions that may change while a function lives: checked every few minutes, the last good one kept.

use std::error::Error;
use std::sync::Arc;

use crate::s3_files::{S3Files, S3FilesError};

/// The time from one check to the next, in seconds.
pub const REFRESH: u64 = 300;

/// The time to the next check after one that failed, in seconds.
pub const RETRY: u64 = 60;

/// The same as long as no check ever was good, so that every event fails: shorter.
pub const FIRST_RETRY: u64 = 10;

/// Makes a value of the names and texts of files.
pub type Make<T> = fn(&[(&str, &str)]) -> Result<T, Box<dyn Error + Send + Sync>>;

/// A value that is the same as long as the function lives, or is made of files in S3.
#[derive(Debug)]
pub enum Source<T> {
    /// The same always.
    Fixed(Arc<T>),
    /// As the files are.
    Watched(Box<Watched<T>>),
}

/// A value made of files in S3, and made anew when they change.
#[derive(Debug)]
pub struct Watched<T> {
    files: S3Files,
    make: Make<T>,
    /// The last good value, or why there never was one; nothing before the first check.
    known: Option<Result<Arc<T>, WatchedError>>,
    /// Whether the good value was made of the files as they are.
    is_made: bool,
    /// Whether the last check gave the good value.
    is_current: bool,
    next_check: u64,
}

/// Why files give no value.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum WatchedError {
    /// They can't be read.
    #[error(transparent)]
    Files(#[from] S3FilesError),
    /// They hold a mistake.
    #[error("{0}")]
    Mistake(#[source] Arc<dyn Error + Send + Sync>),
}

/// A value, and what was wrong with a newer one that had to be refused.
#[derive(Debug)]
pub struct Checked<T> {
    /// The last good value.
    pub value: Arc<T>,
    /// Why the check just made gave no newer value; told again with each check until it is mended.
    pub refused: Option<WatchedError>,
    /// Whether it is as the files were when they were last looked at.
    pub is_current: bool,
}

impl<T> Checked<T> {
    fn good(value: Arc<T>) -> Self {
        Checked { value, refused: None, is_current: true }
    }
}

impl<T> Source<T> {
    /// This value.
    pub fn fixed(value: T) -> Self {
        Source::Fixed(Arc::new(value))
    }

    /// What `make` makes of `files`; nothing is read yet.
    pub fn watched(files: S3Files, make: Make<T>) -> Self {
        Source::Watched(Box::new(Watched::new(files, make)))
    }

    /// The value at `now`, in Unix seconds. Files are looked at when it is time to.
    ///
    /// # Errors
    /// There is no good value yet; the same is said again until the next check. Once there was one it is kept, and
    /// what is wrong is told beside it.
    pub async fn current(&mut self, now: u64) -> Result<Checked<T>, WatchedError> {
        match self {
            Source::Fixed(value) => Ok(Checked::good(Arc::clone(value))),
            Source::Watched(watched) => watched.current(now).await,
        }
    }
}

impl<T> Watched<T> {
    fn new(files: S3Files, make: Make<T>) -> Self {
        Watched { files, make, known: None, is_made: false, is_current: false, next_check: 0 }
    }

    async fn current(&mut self, now: u64) -> Result<Checked<T>, WatchedError> {
        if let Some(known) = self.known.as_ref().filter(|_| now < self.next_check) {
            return known.clone().map(|value| Checked { value, refused: None, is_current: self.is_current });
        }
        let checked = self.check(now).await;
        let (wait, current) = match (checked, &self.known) {
            (Ok(value), _) => (REFRESH, Ok(Checked::good(value))),
            (Err(error), Some(Ok(good))) => {
                let value = Arc::clone(good);
                (RETRY, Ok(Checked { value, refused: Some(error), is_current: false }))
            }
            (Err(error), _) => {
                self.known = Some(Err(error.clone()));
                (FIRST_RETRY, Err(error))
            }
        };
        self.is_current = current.as_ref().is_ok_and(|checked| checked.is_current);
        self.next_check = now.saturating_add(wait);
        current
    }

    async fn check(&mut self, now: u64) -> Result<Arc<T>, WatchedError> {
        self.is_made &= !self.files.refresh(now).await?;
        if let Some(Ok(good)) = self.known.as_ref().filter(|_| self.is_made) {
            return Ok(Arc::clone(good));
        }
        let texts: Vec<_> = self.files.texts().collect();
        let value = Arc::new((self.make)(&texts).map_err(|error| WatchedError::Mistake(error.into()))?);
        self.known = Some(Ok(Arc::clone(&value)));
        self.is_made = true;
        Ok(value)
    }
}

#[cfg(test)]
mod tests;
