//! Rules from a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use flow_detect::{DefinitionError, RuleSet};

/// A rule file larger than this is none.
const MAX_RULE_FILE: u64 = 1024 * 1024;

/// Why a folder gives no rules.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuleFilesError {
    /// The folder or a file in it can't be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The folder holds no rule files.
    #[error("{}: no rule files (*.toml) in this folder", path.display())]
    NoRules {
        /// The folder.
        path: PathBuf,
    },
    /// Rule files have mistakes, each shown with its place.
    #[error("{}", DefinitionError::show_all(.0))]
    Rules(Vec<DefinitionError>),
}

/// The built-in rules, replaced and joined by the `*.toml` files of `dir`.
pub fn read_rules(dir: &Path) -> Result<RuleSet, RuleFilesError> {
    rules_of(borrowed(&read_dir(dir)?))
}

/// The built-in rules, replaced and joined by files given as (name, text).
pub fn rules_of<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Result<RuleSet, RuleFilesError> {
    RuleSet::with_files(files).map_err(RuleFilesError::Rules)
}

/// The rules of `dir` alone.
pub fn read_rules_alone(dir: &Path) -> Result<RuleSet, RuleFilesError> {
    RuleSet::only_files(borrowed(&read_dir(dir)?)).map_err(RuleFilesError::Rules)
}

fn borrowed(files: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    files.iter().map(|(name, text)| (name.as_str(), text.as_str()))
}

/// The names and texts of all `*.toml` files in `dir`, by name.
fn read_dir(dir: &Path) -> Result<Vec<(String, String)>, RuleFilesError> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |error| RuleFilesError::Read { path, error }
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(dir).map_err(fail(dir))? {
        let path = entry.map_err(fail(dir))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(RuleFilesError::NoRules { path: dir.to_owned() });
    }
    paths.sort();
    let read = |path: &PathBuf| {
        let text = read_small(path).map_err(fail(path))?;
        Ok((path.display().to_string(), text))
    };
    paths.iter().map(read).collect()
}

fn read_small(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > MAX_RULE_FILE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    fs::read_to_string(path)
}
