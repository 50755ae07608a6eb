//! Holds every crate to the plan: who may depend on whom, what is forbidden where, what a manifest inherits.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use flowgauge_tests::root;
use toml::{Table, Value};

/// Each may use any before it.
const CHAIN: [&str; 6] =
    ["flow-record", "flow-enrich", "flow-query", "flow-detect", "flow-output", "flow-pipeline"];

/// What every manifest takes from the workspace's.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

/// A workspace crate, as far as the plan is concerned.
#[derive(Debug)]
struct Member {
    name: String,
    /// Its folder in the workspace, with `/`.
    folder: String,
    /// Normal and build dependencies; what only tests use is free.
    dependencies: Vec<Dependency>,
}

#[derive(Debug)]
struct Dependency {
    name: String,
    optional: bool,
}

/// Packages that only some crates may depend on.
struct Ban {
    /// Names; a `*` at the end stands for any ending.
    packages: &'static [&'static str],
    free: fn(&Member) -> bool,
    why: &'static str,
}

const BANS: [Ban; 5] = [
    Ban {
        packages: &["lambda_*", "lambda-*"],
        free: |member| member.folder.starts_with("functions/"),
        why: "only functions/* know the Lambda runtime, everything else must run without it",
    },
    Ban {
        packages: &["aws-sdk-*"],
        free: |member| member.name == "flow-aws",
        why: "only flow-aws knows the AWS SDK, everything else goes through the ports of flow-pipeline",
    },
    Ban {
        packages: &["tokio", "tokio-*", "futures", "futures-*", "async-std", "async-trait", "smol"],
        free: |member| {
            !member.folder.starts_with("shared/")
                || ["flow-pipeline", "flow-aws"].contains(&member.name.as_str())
        },
        why: "the core takes values and returns values: of the shared crates only flow-pipeline and flow-aws are \
              async",
    },
    Ban {
        packages: &["serde_json"],
        free: |member| member.name != "flow-record",
        why: "flow-record reads one line of text: JSON is for those around it",
    },
    Ban {
        packages: &["jiff", "chrono", "time"],
        free: |member| !["flow-record", "flow-detect"].contains(&member.name.as_str()),
        why: "flow-record and flow-detect know no clock and no calendar: times are seconds in, seconds out",
    },
];

/// The workspace crates that `member` may depend on; none when the plan doesn't know it.
fn allowed(member: &Member) -> Option<Vec<&'static str>> {
    let with = |more: &[&'static str]| [CHAIN.as_slice(), more].concat();
    Some(match member.name.as_str() {
        "flow-envelope" | "flow-testkit" | "flow-cost" => Vec::new(),
        "flow-generate" => vec!["flow-record", "flow-envelope"],
        "flow-paths" => with(&["flow-envelope", "flow-generate"]),
        "flow-pipeline" => [&CHAIN[..CHAIN.len() - 1], &["flow-envelope"]].concat(),
        "flow-aws" => with(&["flow-envelope"]),
        "flowgauge" => with(&["flow-envelope", "flow-generate", "flow-cost", "flow-aws", "flow-function"]),
        "flow-function" => with(&["flow-envelope", "flow-aws"]),
        _ if member.folder.starts_with("functions/") || member.name == "flowgauge-tests" => {
            with(&["flow-envelope", "flow-aws", "flow-function"])
        }
        name => CHAIN[..CHAIN.iter().position(|link| *link == name)?].to_vec(),
    })
}

fn is_banned(ban: &Ban, name: &str) -> bool {
    ban.packages.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *pattern,
    })
}

/// Every dependency among `members` that the plan forbids.
fn violations(members: &[Member]) -> Vec<String> {
    members
        .iter()
        .flat_map(|member| [inner_violations(member, members), outer_violations(member)].concat())
        .collect()
}

fn inner_violations(member: &Member, members: &[Member]) -> Vec<String> {
    let name = &member.name;
    let Some(allowed) = allowed(member) else {
        return vec![format!("{name}: the plan doesn't know this crate; say in `allowed` what it may use")];
    };
    let inner = member.dependencies.iter().filter(|used| members.iter().any(|other| other.name == used.name));
    inner
        .filter_map(|used| match used.name.as_str() {
            other if !allowed.contains(&other) => Some(format!(
                "{name} depends on {other}; it may use [{}]: arrows point one way, so that each crate can be \
                 understood without those above it",
                allowed.join(", ")
            )),
            "flow-aws" | "flow-function" if name == "flowgauge" && !used.optional => Some(format!(
                "{name} depends on {} always; only its feature `aws` may bring in the AWS SDK",
                used.name
            )),
            _ => None,
        })
        .collect()
}

fn outer_violations(member: &Member) -> Vec<String> {
    let used = |ban: &'static Ban| member.dependencies.iter().filter(|used| is_banned(ban, &used.name));
    BANS.iter()
        .filter(|ban| !(ban.free)(member))
        .flat_map(|ban| {
            used(ban).map(|used| format!("{} depends on {}: {}", member.name, used.name, ban.why))
        })
        .collect()
}

/// What the manifest `text` should take from the workspace and doesn't.
fn manifest_faults(path: &str, text: &str) -> Vec<String> {
    let manifest: Table = text.parse().unwrap();
    let package = manifest.get("package").and_then(Value::as_table).unwrap();
    let mut faults: Vec<String> = INHERITED
        .iter()
        .filter(|key| !package.get(**key).is_some_and(is_inherited))
        .map(|key| format!("{path}: expected `{key}.workspace = true`, so that all crates have the same"))
        .collect();
    if !manifest.get("lints").is_some_and(is_inherited) {
        faults.push(format!(
            "{path}: expected `[lints] workspace = true`, so that all crates obey the same lints"
        ));
    }
    if package.get("description").and_then(Value::as_str).is_none_or(|words| words.trim().is_empty()) {
        faults.push(format!("{path}: expected a description that says what the crate is for"));
    }
    faults.extend(dependencies(&manifest).filter(|(_, value)| !is_inherited(value)).map(|(name, _)| {
        format!("{path}: expected `{name}.workspace = true`, so that all crates use one version of it")
    }));
    faults
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// All dependencies of a manifest, those of tests, builds and single platforms included.
fn dependencies(manifest: &Table) -> impl Iterator<Item = (&String, &Value)> {
    let platforms = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let tables = platforms.filter_map(Value::as_table).chain([manifest]);
    tables
        .flat_map(|table| {
            ["dependencies", "dev-dependencies", "build-dependencies"].map(|kind| table.get(kind))
        })
        .flatten()
        .filter_map(Value::as_table)
        .flatten()
}

/// The packages in the output of `cargo tree --prefix none` that fit one of `patterns`.
fn found_in_tree<'t>(tree: &'t str, patterns: &'static [&'static str]) -> Vec<&'t str> {
    let ban = Ban { packages: patterns, free: |_| false, why: "" };
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| is_banned(&ban, name)).collect()
}

/// What is built when these crates are, tests aside.
fn tree(crates: &[&str]) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--quiet", "--edges", "normal,build", "--prefix", "none"]).current_dir(root());
    let output = cargo.args(crates.iter().flat_map(|name| ["--package", name])).output().unwrap();
    assert!(output.status.success(), "cargo tree failed: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn members() -> Vec<Member> {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap();
    let folder = |package: &Package| {
        let folder = package.manifest_path.parent().unwrap();
        folder.strip_prefix(&metadata.workspace_root).unwrap().as_str().replace('\\', "/")
    };
    let member = |package: &&Package| Member {
        name: package.name.to_string(),
        folder: folder(package),
        dependencies: package
            .dependencies
            .iter()
            .filter(|used| used.kind != DependencyKind::Development)
            .map(|used| Dependency { name: used.name.clone(), optional: used.optional })
            .collect(),
    };
    metadata.workspace_packages().iter().map(member).collect()
}

/// A crate that isn't there; a `?` behind a dependency makes it optional.
fn made_up(folder: &str, dependencies: &[&str]) -> Member {
    let name = folder.rsplit('/').next().unwrap();
    let dependency = |name: &&str| Dependency { name: name.replace('?', ""), optional: name.ends_with('?') };
    Member {
        name: if folder == "cli" { "flowgauge" } else { name }.to_owned(),
        folder: folder.to_owned(),
        dependencies: dependencies.iter().map(dependency).collect(),
    }
}

#[test]
fn every_crate_keeps_to_the_plan() {
    let violations = violations(&members());
    assert!(violations.is_empty(), "the layers are broken:\n{}", violations.join("\n"));
}

#[test]
fn the_plan_is_held_against_all_crates_and_their_dependencies() {
    let members = members();
    let enrich = members.iter().find(|member| member.name == "flow-enrich").unwrap();
    assert_eq!(enrich.folder, "shared/flow-enrich");
    assert!(enrich.dependencies.iter().any(|used| used.name == "flow-record"), "{enrich:?}");
    assert!(enrich.dependencies.iter().all(|used| used.name != "proptest"), "only tests use it: {enrich:?}");
    for folder in fs::read_dir(root().join("shared")).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        assert!(members.iter().any(|member| member.name == name), "shared/{name} is no crate of that name");
    }
}

#[test]
fn the_plan_bites() {
    let cases: [(&str, &[&str], &str); 16] = [
        ("shared/flow-record", &["flow-enrich"], "flow-record depends on flow-enrich"),
        ("shared/flow-query", &["flow-detect"], "flow-query depends on flow-detect"),
        ("shared/flow-envelope", &["flow-record"], "flow-envelope depends on flow-record"),
        ("shared/flow-detect", &["flow-envelope"], "flow-detect depends on flow-envelope"),
        ("shared/flow-pipeline", &["flow-aws"], "flow-pipeline depends on flow-aws"),
        ("shared/flow-pipeline", &["flow-testkit"], "flow-pipeline depends on flow-testkit"),
        ("functions/tick", &["flow-generate"], "tick depends on flow-generate"),
        ("cli", &["flow-aws"], "only its feature `aws`"),
        ("cli", &["aws-sdk-sns?"], "only flow-aws knows the AWS SDK"),
        ("cli", &["lambda_runtime"], "only functions/* know the Lambda runtime"),
        ("functions/tick", &["aws-sdk-sns"], "only flow-aws knows the AWS SDK"),
        ("shared/flow-output", &["tokio"], "of the shared crates only flow-pipeline and flow-aws are async"),
        ("shared/flow-record", &["serde_json"], "JSON is for those around it"),
        ("shared/flow-record", &["jiff"], "know no clock"),
        ("shared/flow-aws", &["lambda_runtime"], "only functions/* know the Lambda runtime"),
        ("shared/flow-novelty", &[], "the plan doesn't know this crate"),
    ];
    for (folder, dependencies, expected) in cases {
        let mut all = plan();
        all.retain(|member| member.folder != folder);
        all.push(made_up(folder, dependencies));
        let found = violations(&all);
        assert!(found.len() == 1 && found[0].contains(expected), "{folder} {dependencies:?}: {found:?}");
    }
}

#[test]
fn the_plan_allows_what_it_shows() {
    assert_eq!(violations(&plan()), [""; 0]);
}

/// The crates of the whole plan, each with much of what it may use.
fn plan() -> Vec<Member> {
    vec![
        made_up("shared/flow-record", &["thiserror"]),
        made_up("shared/flow-envelope", &["serde_json"]),
        made_up("shared/flow-enrich", &["flow-record"]),
        made_up("shared/flow-query", &["flow-record", "flow-enrich"]),
        made_up("shared/flow-detect", &["flow-record", "flow-enrich", "flow-query"]),
        made_up("shared/flow-output", &["flow-record", "flow-detect", "jiff", "serde_json"]),
        made_up("shared/flow-pipeline", &["flow-record", "flow-output", "flow-envelope", "tokio"]),
        made_up("shared/flow-aws", &["flow-pipeline", "flow-detect", "aws-sdk-dynamodb"]),
        made_up("shared/flow-generate", &["flow-record", "flow-envelope"]),
        made_up("shared/flow-testkit", &[]),
        made_up("functions/tick", &["flow-pipeline", "flow-aws", "lambda_runtime", "tokio"]),
        made_up("cli", &["flow-pipeline", "flow-envelope", "flow-generate", "flow-aws?", "tokio"]),
    ]
}

#[test]
fn what_is_built_keeps_to_the_plan_at_any_depth() {
    let cases: [(&[&str], &[&str]); 3] = [
        (&["flowgauge"], &["aws-sdk-*", "lambda_*"]),
        (&["flow-output", "flow-envelope"], &["aws-sdk-*", "lambda_*", "tokio"]),
        (&["flow-record"], &["serde_json", "tokio", "jiff"]),
    ];
    for (crates, forbidden) in cases {
        let tree = tree(crates);
        assert!(
            crates.iter().all(|name| tree.contains(&format!("{name} v"))),
            "not the tree of {crates:?}: {tree}"
        );
        let found = found_in_tree(&tree, forbidden);
        assert!(
            found.is_empty(),
            "{crates:?} must build without {forbidden:?}; ask `cargo tree -i` who uses {found:?}"
        );
    }
}

#[test]
fn the_check_of_what_is_built_bites() {
    let tree = "flowgauge v0.1.0\nclap v4.6.0\naws-sdk-sns v1.2.3\nserde v1.0.0 (*)\ntokio v1.54.0\n";
    assert_eq!(found_in_tree(tree, &["aws-sdk-*", "tokio"]), ["aws-sdk-sns", "tokio"]);
    assert_eq!(found_in_tree(tree, &["tok", "aws-sdk"]), [""; 0]);
}

#[test]
fn manifests_inherit_what_all_crates_share() {
    let faults: Vec<String> = members()
        .iter()
        .map(|member| format!("{}/Cargo.toml", member.folder))
        .flat_map(|path| manifest_faults(&path, &fs::read_to_string(root().join(&path)).unwrap()))
        .collect();
    assert!(faults.is_empty(), "manifests differ:\n{}", faults.join("\n"));
}

#[test]
fn the_manifest_check_bites() {
    let good = "lints.workspace = true\n[package]\nname = \"a\"\ndescription = \"b\"\nversion.workspace = true\n\
                edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n\
                publish.workspace = true\n[dependencies]\nserde.workspace = true\n";
    assert_eq!(manifest_faults("a", good), [""; 0]);
    let cases = [
        (good.replace("edition.workspace = true", "edition = \"2021\""), "`edition.workspace = true`"),
        (good.replace("license.workspace = true\n", ""), "`license.workspace = true`"),
        (good.replace("lints.workspace = true\n", ""), "`[lints] workspace = true`"),
        (good.replace("\"b\"", "\" \""), "expected a description"),
        (good.replace("serde.workspace = true", "serde = \"1\""), "`serde.workspace = true`"),
        (format!("{good}[dev-dependencies]\ninsta = {{ version = \"1\" }}\n"), "`insta.workspace = true`"),
        (format!("{good}[build-dependencies]\ncc.workspace = false\n"), "`cc.workspace = true`"),
        (format!("{good}[target.'cfg(unix)'.dependencies]\nlibc = \"1\"\n"), "`libc.workspace = true`"),
    ];
    for (text, expected) in cases {
        let found = manifest_faults("a", &text);
        assert!(found.len() == 1 && found[0].contains(expected), "{expected}: {found:?}");
    }
}

/// What reaches outside a program. The core takes values and gives values.
const OUTSIDE: [&str; 8] = [
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "std::process",
    "std::env",
    "SystemTime",
    "std::thread",
    "Instant::now",
];

/// The crates whose sources may not reach outside.
const CORE: [&str; 7] = [
    "flow-record",
    "flow-envelope",
    "flow-enrich",
    "flow-query",
    "flow-detect",
    "flow-output",
    "flow-generate",
];

fn reaches_outside(source: &str) -> Vec<&'static str> {
    OUTSIDE.into_iter().filter(|name| source.contains(name)).collect()
}

#[test]
fn the_core_does_no_io_and_reads_no_clock() {
    let mut read = 0;
    for crate_name in CORE {
        let mut folders = vec![root().join("shared").join(crate_name).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let found = reaches_outside(&std::fs::read_to_string(&path).unwrap());
                assert!(
                    found.is_empty(),
                    "{}: {found:?} is not for the core: no IO, no clock",
                    path.display()
                );
                read += 1;
            }
        }
    }
    assert!(read > 50, "only {read} sources were read");
}

#[test]
fn the_check_of_sources_bites() {
    assert_eq!(
        reaches_outside("use std::fs;\nlet now = std::time::SystemTime::now();"),
        ["std::fs", "SystemTime"]
    );
    assert!(reaches_outside("use std::net::IpAddr;").is_empty());
}
