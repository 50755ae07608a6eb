//! Lists the files in `rules/`, so that adding a detection is adding a file.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script its folders through the environment"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let rules = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../rules").canonicalize()?;
    println!("cargo::rerun-if-changed={}", rules.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&rules)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    let mut code = String::from("pub(crate) const DEFAULT_RULES: &[(&str, &str)] = &[\n");
    for path in files {
        let name = path.file_name().map(PathBuf::from).unwrap_or_default();
        writeln!(code, "    (\"rules/{}\", include_str!(r#\"{}\"#)),", name.display(), path.display())?;
    }
    code.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("default_rules.rs"), code)?;
    Ok(())
}
