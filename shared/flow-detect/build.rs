//! Writes down what the files in `rules/` say and compiles their queries, so that no function does that as it starts; adding a
//! detection is adding a file.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flow_query::{ContinuousQuery, Query};
use toml::{Table, Value};

/// The keys of what a rule tells people, which is read where something is told.
const WORDS: [&str; 3] = ["title", "explain", "advice"];

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
    let (mut built, mut texts) = (String::new(), String::new());
    for path in files {
        let name = format!("rules/{}", path.file_name().map(PathBuf::from).unwrap_or_default().display());
        let mut rule: Table =
            fs::read_to_string(&path)?.parse().map_err(|error| format!("{}: {error}", path.display()))?;
        // Whoever runs tests reads the file.
        rule.remove("test");
        let query = compiled(&rule).map_err(|error| format!("{}: {error}", path.display()))?;
        let words: Table =
            WORDS.iter().filter_map(|key| Some(((*key).to_owned(), rule.remove(*key)?))).collect();
        let (says, words) = (entries(&rule), entries(&words));
        writeln!(
            built,
            "    BuiltInRule {{ file: {name:?}, says: &[{says}], words: &[{words}], query: &{query:?} }},"
        )?;
        writeln!(texts, "    ({name:?}, include_str!(r#\"{}\"#)),", path.display())?;
    }
    let code = format!(
        "/// What each file says, but for its tests.\n\
         pub(crate) static RULES: &[BuiltInRule] = &[\n{built}];\n\n\
         /// The text of each file.\n\
         pub(crate) static TEXTS: &[(&str, &str)] = &[\n{texts}];\n"
    );
    fs::write(Path::new(&env::var("OUT_DIR")?).join("built_in_rules.rs"), code)?;
    Ok(())
}

/// The query of a rule as bytes. What else may be wrong with a rule, a test finds.
fn compiled(rule: &Table) -> Result<Vec<u8>, Box<dyn Error>> {
    let text = rule.get("query").and_then(Value::as_str).ok_or("no query")?;
    let query = Query::parse(text)?;
    let has_pattern = rule.contains_key("pattern");
    let compile = if has_pattern { ContinuousQuery::compile_after_pattern } else { ContinuousQuery::compile };
    Ok(compile(&query)?.to_bytes())
}

fn entries(table: &Table) -> String {
    let entry = |(key, value): (&String, &Value)| format!("({key:?}, {})", literal(value));
    table.iter().map(entry).collect::<Vec<_>>().join(", ")
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("BuiltIn::Text({text:?})"),
        Value::Array(items) => {
            let items = items.iter().map(literal).collect::<Vec<_>>().join(", ");
            format!("BuiltIn::List(&[{items}])")
        }
        Value::Table(table) => format!("BuiltIn::Table(&[{}])", entries(table)),
        Value::Integer(number) => format!("BuiltIn::Other(\"{number}\")"),
        Value::Float(number) => format!("BuiltIn::Other(\"{number:?}\")"),
        Value::Boolean(is) => format!("BuiltIn::Other(\"{is}\")"),
        Value::Datetime(time) => format!("BuiltIn::Other(\"{time}\")"),
    }
}
