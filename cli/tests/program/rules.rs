//! `rules` and `--rules`: rules are listed, shown and tested; mistakes in them are pointed at.

use crate::program::{Folder, content, files, flowgauge, root};
use crate::samples::{NOON, joined, tries};

/// The rule on tries at administration ports, with its first `from` changed.
fn changed(from: &str, to: &str) -> String {
    let rule = content(&root().join("rules/admin-port-tries.toml"));
    assert!(rule.contains(from), "{from}");
    rule.replacen(from, to, 1)
}

/// The built-in rules' ids.
fn ids() -> Vec<String> {
    let id = |path: &std::path::PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut ids: Vec<String> = files("rules", "toml").iter().map(id).collect();
    ids.sort();
    ids
}

/// The first words of the lines of `rules list`.
fn listed(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn list_names_every_rule() {
    let run = flowgauge(["rules", "list"]).exits(0);
    assert_eq!((listed(&run.stdout), &*run.stderr), (ids(), ""));
    let line = run.stdout.lines().find(|line| line.starts_with("admin-port-tries ")).unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words[1..5], ["medium", "notify", "1h", "Repeated"]);
}

#[test]
fn show_tells_all_of_a_rule() {
    let run = flowgauge(["rules", "show", "admin-port-tries"]).exits(0);
    insta::assert_snapshot!(run.stdout);
    assert_eq!(run.stderr, "");
}

#[test]
fn every_rule_can_be_shown() {
    for id in ids() {
        let run = flowgauge(["rules", "show", &id]).exits(0);
        assert!(run.stdout.starts_with(&format!("id         {id}\n")) && run.stdout.contains("\nfilter "));
    }
}

#[test]
fn show_suggests_the_nearest_id() {
    let misspelt = flowgauge(["rules", "show", "admin-port-trys"]).exits(1);
    assert_eq!(misspelt.stderr, "error: no rule `admin-port-trys`: did you mean `admin-port-tries`?\n");
    let unlike = flowgauge(["rules", "show", "something-else-altogether"]).exits(1);
    assert_eq!(unlike.stderr, "error: no rule `something-else-altogether`\n");
}

#[test]
fn the_built_in_rules_pass_their_tests() {
    let run = flowgauge(["rules", "test"]).exits(0);
    assert!(run.stdout.ends_with(" passed, 0 failed\n") && !run.stdout.contains("FAIL"));
    for id in ids() {
        assert!(run.stdout.contains(&format!("ok    {id}: ")), "{id}");
    }
    let folder = flowgauge(["rules", "test", "rules"]).exits(0);
    assert_eq!(folder.stdout, run.stdout);
}

#[test]
fn a_failing_rule_says_expected_and_found() {
    let folder = Folder::with("rules/stricter.toml", changed("> 100", "> 110"));
    let run = folder.flowgauge(["rules", "test", "rules"]).exits(1);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn a_rule_without_tests_is_warned_of() {
    let rule = content(&root().join("rules/admin-port-tries.toml"));
    let folder = Folder::with("rules/a.toml", rule.split("[[test]]").next().unwrap());
    let run = folder.flowgauge(["rules", "test", "rules"]).exits(0);
    assert_eq!(run.stdout, "0 passed, 0 failed\n");
    run.says(&["warning: rule admin-port-tries has no tests\n"]);
}

#[test]
fn mistakes_are_pointed_at() {
    let field = changed("dstPort in", "dstPrt in");
    let spelling = changed("dstPort in", "dst-port in");
    let word = changed("severity = \"medium\"", "severity = \"mediun\"");
    let key = changed("technique =", "techniqe =");
    let toml = changed("window = \"1h\"", "window = \"1h");
    let placeholder = changed("{attempts} tries", "{attemps} tries");
    let folder = Folder::with("rules/1-field.toml", field).and("rules/2-spelling.toml", spelling);
    let folder = folder.and("rules/3-word.toml", word).and("rules/4-key.toml", key);
    let folder = folder.and("rules/5-toml.toml", toml).and("rules/6-placeholder.toml", placeholder);
    let run = folder.flowgauge(["rules", "list", "--rules", "rules"]).exits(1);
    insta::assert_snapshot!(run.stderr);
    assert_eq!(run.stdout, "");
}

#[test]
fn a_mistake_ends_every_command_that_takes_rules() {
    let folder = Folder::with("mine/a.toml", changed("dstPort in", "dstPrt in"));
    let commands = [
        &["detect", "--rules", "mine"][..],
        &["rules", "show", "x", "--rules", "mine"],
        &["rules", "test", "mine"],
    ];
    for command in commands {
        let run = folder.flowgauge(command).exits(1);
        let text = "error: mine/a.toml:12:30: unknown name `dstPrt`: did you mean `dstPort`?\n";
        assert!(run.stderr.starts_with(text), "{}", run.stderr);
    }
}

#[test]
fn a_file_with_the_id_of_a_built_in_rule_replaces_it() {
    let folder = Folder::with("rules/mine.toml", changed("> 100", "> 10"));
    let lines = joined(&tries(NOON..NOON + 11));
    let built_in = folder.flowgauge(["detect"]).input(lines.as_str()).exits(0);
    assert_eq!(built_in.stdout, "");
    let replaced = folder.flowgauge(["detect", "--rules", "rules"]).input(lines).exits(0);
    assert!(replaced.stdout.contains("attempts > 10: attempts = 11"), "{}", replaced.stdout);
    let list = folder.flowgauge(["rules", "list", "--rules", "rules"]).exits(0);
    assert_eq!(listed(&list.stdout), ids());
}

#[test]
fn another_id_joins_the_built_in_rules() {
    let rule = changed("id = \"admin-port-tries\"", "id = \"zz-mine\"").replace("> 100", "> 10");
    let folder = Folder::with("rules/mine.toml", rule).and("rules/notes.txt", "no rule");
    let list = folder.flowgauge(["rules", "list", "--rules", "rules"]).exits(0);
    assert_eq!(listed(&list.stdout), [ids(), vec!["zz-mine".to_owned()]].concat());
    let lines = joined(&tries(NOON..NOON + 101));
    let run = folder.flowgauge(["detect", "--rules", "rules", "--output", "json"]).input(lines).exits(0);
    assert_eq!(run.json().len(), 2);
}

#[test]
fn two_files_with_one_id_are_a_mistake() {
    let rule = content(&root().join("rules/large-transfer.toml"));
    let folder = Folder::with("rules/a.toml", &rule).and("rules/b.toml", &rule);
    let run = folder.flowgauge(["detect", "--rules", "rules"]).exits(1);
    run.says(&["error: rules/b.toml:", "the id `large-transfer` is already taken by rules/a.toml"]);
}

#[test]
fn a_folder_without_rules_is_a_mistake() {
    let folder = Folder::with("rules/notes.txt", "no rule");
    for command in [&["detect", "--rules", "rules"][..], &["rules", "test", "rules"]] {
        let run = folder.flowgauge(command).exits(1);
        assert_eq!(run.stderr, "error: rules: no rule files (*.toml) in this folder\n");
    }
    folder.flowgauge(["detect", "--rules", "none"]).exits(1).says(&["error: none: No such file"]);
}
