//! Rules from a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use flow_detect::RuleSet;

use crate::failure::Failure;

/// A rule file larger than this is none.
const MAX_RULE_FILE: u64 = 1024 * 1024;

/// The built-in rules, replaced and joined by those of `dir`.
pub(crate) fn load(dir: Option<&Path>) -> Result<RuleSet, Failure> {
    match dir {
        None => Ok(RuleSet::defaults()),
        Some(dir) => {
            let files = read_dir(dir)?;
            RuleSet::with_files(borrowed(&files)).map_err(Failure::Rules)
        }
    }
}

/// The rules of `dir` alone.
pub(crate) fn load_only(dir: &Path) -> Result<RuleSet, Failure> {
    let files = read_dir(dir)?;
    RuleSet::only_files(borrowed(&files)).map_err(Failure::Rules)
}

fn borrowed(files: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    files.iter().map(|(name, text)| (name.as_str(), text.as_str()))
}

/// The names and texts of all `*.toml` files in `dir`, by name.
fn read_dir(dir: &Path) -> Result<Vec<(String, String)>, Failure> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |error| Failure::Read { path, error }
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(dir).map_err(fail(dir))? {
        let path = entry.map_err(fail(dir))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(Failure::NoRules { path: dir.to_owned() });
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
