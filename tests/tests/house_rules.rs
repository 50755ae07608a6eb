//! Holds every file of the workspace to the house rules that no compiler or lint checks.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use flowgauge_tests::root;
use regex::Regex;
use toml::{Table, Value};

// Patterns and samples are spelt so that this file doesn't break the rules it checks.

/// The length that a source file stays below.
const LINES: usize = 500;

/// The most characters of the sentence that opens a crate's documentation.
const SENTENCE: usize = 200;

/// Words that say nothing as a name, or the wrong thing.
const EMPTY_WORDS: [&str; 11] = [
    "util", "utils", "helper", "helpers", "common", "manager", "engine", "service", "services", "payload",
    "dto",
];

/// IANA's name for what listens on a port is "service".
const IANA_SERVICES: [&str; 2] = ["services", "service_table"];

/// Lints of clippy.toml that keep the clock, the environment and unbounded decoders out.
const KEPT_OUT: [(&str, &str); 5] = [
    ("disallowed-methods", "std::env::var"),
    ("disallowed-methods", "std::time::SystemTime::now"),
    ("disallowed-methods", "std::time::Instant::now"),
    ("disallowed-types", "flate2::read::GzDecoder"),
    ("disallowed-types", "flate2::read::MultiGzDecoder"),
];

/// A file's path in the workspace, with `/`, and its text.
#[derive(Debug)]
struct TextFile {
    path: String,
    text: String,
}

impl TextFile {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }

    /// Its lines with their numbers from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }

    /// Where `pattern` is found in lines that `looked_at` accepts.
    fn found(&self, pattern: &Regex, looked_at: impl Fn(&str) -> bool) -> Vec<String> {
        let lines = self.lines().filter(|(_, line)| looked_at(line));
        let found = lines.filter_map(|(number, line)| Some((number, pattern.find(line)?.as_str().trim())));
        found.map(|(number, found)| format!("{}:{number}: `{found}`", self.path)).collect()
    }
}

/// All files that git tracks or would track, by path; all files when this is an unpacked archive without git.
fn paths(root: &Path) -> Vec<String> {
    let mut paths = if root.join(".git").exists() { git_paths(root) } else { walk(root, "") };
    paths.retain(|path| root.join(path).is_file());
    paths.sort();
    paths
}

fn git_paths(root: &Path) -> Vec<String> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let output =
        git.output().expect("this is a git checkout: `git` is needed to know which files are part of it");
    assert!(output.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).unwrap();
    names.split_terminator('\0').map(str::to_owned).collect()
}

fn walk(root: &Path, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap());
    entries
        .flat_map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            match entry.file_type().unwrap().is_dir() {
                true if ["target", ".git"].contains(&name.as_str()) => Vec::new(),
                true => walk(root, &path),
                false => vec![path],
            }
        })
        .collect()
}

/// The files that are text.
fn files() -> Vec<TextFile> {
    let read = |path: String| {
        let text = String::from_utf8(fs::read(root().join(&path)).unwrap()).ok()?;
        Some(TextFile { path, text })
    };
    paths(root()).into_iter().filter_map(read).collect()
}

/// Fails with everything that `rule` finds in any file, and with the reason for the rule.
fn hold_to(why: &str, rule: impl Fn(&TextFile) -> Vec<String>) {
    let faults: Vec<String> = files().iter().flat_map(rule).collect();
    assert!(faults.is_empty(), "{why}:\n{}", faults.join("\n"));
}

fn too_long(file: &TextFile) -> Vec<String> {
    let lines = file.text.lines().count();
    let fault = file.is_rust() && lines >= LINES;
    fault.then(|| format!("{}: {lines} lines, expected fewer than {LINES}", file.path)).into_iter().collect()
}

fn unfinished(file: &TextFile) -> Vec<String> {
    static MARKS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(?:todo|unimplemented|dbg)!|\b(?:FIX[M]E|X{3})\b").unwrap());
    if file.is_rust() { file.found(&MARKS, |_| true) } else { Vec::new() }
}

fn machine_paths(file: &TextFile) -> Vec<String> {
    static FOLDERS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:^|file://|[^\w./}-])/(?:work|home|root|Users)/|(?i)\bC:[\\/]+Users\b").unwrap()
    });
    file.found(&FOLDERS, |_| true)
}

fn registries(file: &TextFile) -> Vec<String> {
    static HOSTS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:crates\.io|pypi\.org|pythonhosted\.org|registry\.npmjs\.org|deb\.debian\.org)\b")
            .unwrap()
    });
    if file.path.ends_with("Cargo.lock") { Vec::new() } else { file.found(&HOSTS, |_| true) }
}

fn unsafe_code(file: &TextFile) -> Vec<String> {
    static KEYWORD: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\bunsafe\s*(?:\{|\(|fn\b|impl\b|trait\b|extern\b|$)").unwrap());
    let is_code = |line: &str| !line.trim_start().starts_with("//");
    if file.is_rust() { file.found(&KEYWORD, is_code) } else { Vec::new() }
}

fn without_opening(file: &TextFile) -> Vec<String> {
    let is_crate = ["src/lib.rs", "src/main.rs"].iter().any(|end| file.path.ends_with(end));
    let length = first_sentence(&file.text).map_or(0, |sentence| sentence.chars().count());
    match length {
        1..=SENTENCE => Vec::new(),
        _ if !is_crate => Vec::new(),
        0 => vec![format!("{}: expected a `//!` sentence on the first line", file.path)],
        _ => vec![format!(
            "{}: a first sentence of {length} characters, expected at most {SENTENCE}",
            file.path
        )],
    }
}

/// The sentence that a file's documentation begins with.
fn first_sentence(text: &str) -> Option<String> {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let paragraph: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    let paragraph = paragraph.join(" ");
    let sentence = paragraph.split_inclusive(". ").next()?;
    Some(sentence.trim().to_owned())
}

fn empty_names(file: &TextFile) -> Vec<String> {
    static MODULE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)").unwrap());
    let may_say = |name: &str| file.path.starts_with("shared/flow-enrich/") && IANA_SERVICES.contains(&name);
    let is_empty =
        |name: &str| !may_say(name) && name.split(['_', '-', '.']).any(|word| EMPTY_WORDS.contains(&word));
    let parts = file.path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part));
    let mut faults: Vec<String> =
        parts.filter(|part| is_empty(part)).map(|part| format!("{}: `{part}`", file.path)).collect();
    if file.is_rust() {
        let modules = file.lines().filter_map(|(number, line)| Some((number, MODULE.captures(line)?)));
        let modules = modules.map(|(number, module)| (number, module[1].to_owned()));
        faults.extend(
            modules
                .filter(|(_, name)| is_empty(name))
                .map(|(number, name)| format!("{}:{number}: `mod {name}`", file.path)),
        );
    }
    faults
}

/// What a rule file lacks: a name that is its id, a test that fires and one that stays silent.
fn rule_faults(file: &TextFile) -> Vec<String> {
    let name = file.path.strip_prefix("rules/").and_then(|name| name.strip_suffix(".toml"));
    let Some(name) = name else { return Vec::new() };
    let rule: Table = match file.text.parse() {
        Ok(rule) => rule,
        Err(error) => return vec![format!("{}: {error}", file.path)],
    };
    let id = rule.get("id").and_then(Value::as_str).unwrap_or_default();
    let tests = rule.get("test").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let expected = || tests.iter().filter_map(|test| test.get("expect")?.as_array());
    let checks = [
        (id == name, format!("its id is `{id}`: a rule is found, replaced and named by its file")),
        (expected().any(|findings| !findings.is_empty()), "no test expects a finding".to_owned()),
        (expected().any(Vec::is_empty), "no test expects silence".to_owned()),
    ];
    checks
        .into_iter()
        .filter(|(holds, _)| !holds)
        .map(|(_, fault)| format!("{}: {fault}", file.path))
        .collect()
}

/// What the lint settings no longer ask for.
fn lint_faults(clippy: &str, cargo: &str) -> Vec<String> {
    let (clippy, cargo): (Table, Table) = (clippy.parse().unwrap(), cargo.parse().unwrap());
    let lines = clippy.get("too-many-lines-threshold").and_then(Value::as_integer);
    let level = |group: &str, lint: &str| {
        let lint = cargo.get("workspace")?.get("lints")?.get(group)?.get(lint)?;
        lint.as_str().or_else(|| lint.get("level")?.as_str())
    };
    let level = |group, lint| level(group, lint).unwrap_or("allow");
    let mut checks = vec![
        (
            lines.is_some_and(|lines| lines <= 60),
            "clippy.toml: expected too-many-lines-threshold of at most 60".into(),
        ),
        (level("rust", "unsafe_code") == "forbid", "Cargo.toml: expected unsafe_code = \"forbid\"".into()),
    ];
    for lint in ["too_many_lines", "unwrap_used", "panic", "disallowed_methods", "disallowed_types"] {
        let holds = ["warn", "deny", "forbid"].contains(&level("clippy", lint));
        checks.push((holds, format!("Cargo.toml: expected clippy's {lint} to be at least \"warn\"")));
    }
    for (key, path) in KEPT_OUT {
        let entries = clippy.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let listed = entries.iter().any(|entry| entry.get("path").unwrap_or(entry).as_str() == Some(path));
        checks.push((listed, format!("clippy.toml: expected {path} in {key}")));
    }
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, fault)| fault).collect()
}

/// Checks that `rule` finds exactly one fault in each of `bad` and none in `good`; all are (path, text).
fn bites(rule: fn(&TextFile) -> Vec<String>, bad: &[(&str, &str)], good: &[(&str, &str)]) {
    for (path, text) in bad {
        let found = rule(&TextFile::new(path, text));
        assert!(found.len() == 1 && found[0].starts_with(path), "{path}: {text:?}: {found:?}");
    }
    for (path, text) in good {
        assert_eq!(rule(&TextFile::new(path, text)), [""; 0], "{path}: {text:?}");
    }
}

#[test]
fn source_files_are_short() {
    hold_to("a file is short enough to be read at one sitting", too_long);
    let (long, short) = ("\n".repeat(LINES), "\n".repeat(LINES - 1));
    bites(too_long, &[("a.rs", &long)], &[("a.rs", &short), ("a.md", &long)]);
}

#[test]
fn nothing_is_left_unfinished() {
    hold_to("what is not done is not there; a plan belongs into the plan", unfinished);
    let bad =
        [concat!("to", "do!()"), concat!("// FIX", "ME"), concat!("X", "XX: later"), concat!("d", "bg!(a)")];
    bites(
        unfinished,
        &bad.map(|text| ("a.rs", text)),
        &[("a.rs", "panic!(); // to do! XXXX"), ("a.md", bad[0])],
    );
    assert_eq!(
        unfinished(&TextFile::new("a.rs", &format!("a\n{}", bad[0])))[0],
        format!("a.rs:2: `{}`", &bad[0][..5])
    );
}

#[test]
fn no_path_of_a_developers_machine() {
    hold_to("a path of one machine means nothing on another and tells who built it", machine_paths);
    let bad = [
        concat!("see /", "home/me/x"),
        concat!("/", "work/x"),
        concat!("\"/", "root/.cargo\""),
        concat!("(/", "Users/me/"),
        concat!("file:///", "home/me"),
        concat!(r"C:\", r"Users\me"),
        concat!(r"c:\\", r"users\\me"),
    ];
    let good = ["docs/work/plan", "https://example.com/home/", "./root/a", "/workspace/", "${BASE}/home/"];
    bites(machine_paths, &bad.map(|text| ("a.md", text)), &good.map(|text| ("a.md", text)));
}

#[test]
fn no_package_registry() {
    hold_to("where packages come from is the builder's choice, only the lock file names it", registries);
    let bad = [
        concat!("https://crates", ".io/crates/serde"),
        concat!("index.crates", ".io"),
        concat!("static.crates", ".io"),
        concat!("pypi", ".org"),
        concat!("files.python", "hosted.org"),
        concat!("registry.npm", "js.org"),
        concat!("deb.debian", ".org"),
    ];
    bites(
        registries,
        &bad.map(|text| ("a.md", text)),
        &[("Cargo.lock", bad[0]), ("a.md", "https://docs.rs/serde")],
    );
}

#[test]
fn no_unsafe_code() {
    hold_to("this program reads data of strangers, every access to it is checked", unsafe_code);
    let bad = [
        concat!("let a = uns", "afe { b };"),
        concat!("pub uns", "afe fn a() {}"),
        concat!("#[uns", "afe(no_mangle)]"),
    ];
    let good = [concat!("// never uns", "afe { }"), "unsafe_code", "\"an unsafe word\""];
    bites(unsafe_code, &bad.map(|text| ("a.rs", text)), &good.map(|text| ("a.rs", text)));
}

#[test]
fn crates_say_what_they_are_in_a_sentence() {
    hold_to("who opens a crate reads first what it is for, in one sentence", without_opening);
    let long = format!("//! {}.", "x".repeat(SENTENCE));
    let short = format!("//! {}\n//! second line. {long}", "x".repeat(SENTENCE - 20));
    let bad = ["", "use std::fs;", "// A comment.", "//!", "\n//! Late.", &long];
    let bad = bad.map(|text| ("shared/a/src/lib.rs", text));
    bites(
        without_opening,
        &bad,
        &[("a/src/main.rs", "//! What it is.\n"), ("a/src/lib.rs", &short), ("a/src/b.rs", "")],
    );
    assert!(
        files().iter().any(|file| file.path == "shared/flow-record/src/lib.rs"),
        "crates were not looked at"
    );
}

#[test]
fn names_say_something() {
    hold_to("a name says what is in it; these words fit anything", empty_names);
    let bad = [
        ("shared/a/src/utils.rs", ""),
        ("shared/a/src/common/b.rs", ""),
        ("shared/a/src/rule_engine.rs", ""),
        ("shared/flow-output/src/services.rs", ""),
        ("events/firehose-payload.json", ""),
        ("a.rs", "pub(crate) mod helpers;"),
        ("a.rs", "    mod test_helpers {"),
        ("a.rs", "mod services;"),
    ];
    let good = [
        ("shared/flow-enrich/src/services.rs", "mod service_table;"),
        ("shared/a/src/commonly.rs", "mod engines_off;\n// mod utils is no name here"),
    ];
    bites(empty_names, &bad, &good);
}

#[test]
fn rules_are_named_by_their_id_and_tested() {
    hold_to("a rule is trusted as far as its own tests reach", rule_faults);
    assert!(files().iter().any(|file| file.path == "rules/large-transfer.toml"), "rules were not looked at");
    let good = "id = \"a\"\n[[test]]\nexpect = [{ x = 1 }]\n[[test]]\nexpect = []\n";
    let bad = [
        ("rules/b.toml", good),
        ("rules/a.toml", &good[..good.len() - 21]),
        ("rules/a.toml", "id = \"a\"\n[[test]]\nexpect = []\n"),
        ("rules/a.toml", "id = "),
    ];
    bites(rule_faults, &bad, &[("rules/a.toml", good), ("rules/a.md", "")]);
    assert_eq!(rule_faults(&TextFile::new("rules/a.toml", "id = \"a\"")).len(), 2, "a rule without tests");
}

#[test]
fn the_lints_ask_for_what_the_rules_leave_to_them() {
    let [clippy, cargo] =
        ["clippy.toml", "Cargo.toml"].map(|path| fs::read_to_string(root().join(path)).unwrap());
    let faults = lint_faults(&clippy, &cargo);
    assert!(
        faults.is_empty(),
        "clippy holds the code to these rules as long as it is told to:\n{}",
        faults.join("\n")
    );
    let cases = [
        (clippy.replace("threshold = 60", "threshold = 61"), cargo.clone(), "too-many-lines-threshold"),
        (clippy.replace("std::env::var\"", "std::env::vars\""), cargo.clone(), "std::env::var in"),
        (clippy.replace("flate2::read::Gz", "flate2::write::Gz"), cargo.clone(), "flate2::read::GzDecoder"),
        (
            clippy.clone(),
            cargo.replace("too_many_lines = \"warn\"", "too_many_lines = \"allow\""),
            "too_many_lines",
        ),
        (clippy.clone(), cargo.replace("unwrap_used = \"deny\"", ""), "unwrap_used"),
        (clippy.clone(), cargo.replace("unsafe_code = \"forbid\"", "unsafe_code = \"warn\""), "unsafe_code"),
    ];
    for (clippy, cargo, expected) in cases {
        let found = lint_faults(&clippy, &cargo);
        assert!(found.len() == 1 && found[0].contains(expected), "{expected}: {found:?}");
    }
}

#[test]
fn an_archive_without_git_is_walked() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["Cargo.toml", "a/src/lib.rs", "target/debug/b.rs", "a/target/c.rs"] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    assert_eq!(paths(folder.path()), ["Cargo.toml", "a/src/lib.rs"]);
}
