//! Runs the program: the only place that knows processes and folders.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;

/// The address space that a bounded run gets, in KiB: several times what any good input needs.
const BOUND: &str = "600000";

/// The folder that holds `events` and `rules`.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The program in the repository's root, without the settings of whoever runs the tests.
pub(crate) fn flowgauge<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Program {
    Program::new(Command::new(env!("CARGO_BIN_EXE_flowgauge")), args, &root())
}

/// A folder of files that is gone when its test is.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// With one file.
    pub(crate) fn with(name: &str, content: impl AsRef<[u8]>) -> Self {
        Self::empty().and(name, content)
    }

    /// Without any file.
    pub(crate) fn empty() -> Self {
        Folder(TempDir::new().unwrap())
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// With one more file.
    pub(crate) fn and(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// The program in this folder, so that messages name files without it.
    pub(crate) fn flowgauge<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Program {
        Program::new(Command::new(env!("CARGO_BIN_EXE_flowgauge")), args, self.0.path())
    }

    /// The same with little memory: what needs more of it fails.
    pub(crate) fn bounded<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Program {
        if !cfg!(target_os = "linux") {
            return self.flowgauge(args);
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!(r#"ulimit -v {BOUND} && exec "$0" "$@""#)]);
        shell.arg(env!("CARGO_BIN_EXE_flowgauge"));
        Program::new(shell, args, self.0.path())
    }
}

/// The program with its arguments, about to run.
pub(crate) struct Program {
    command: Command,
    input: Vec<u8>,
}

impl Program {
    fn new<A: AsRef<OsStr>>(mut command: Command, args: impl IntoIterator<Item = A>, folder: &Path) -> Self {
        command.args(args).current_dir(folder);
        for setting in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_BACKTRACE"] {
            command.env_remove(setting);
        }
        Program { command, input: Vec::new() }
    }

    /// With this on standard input.
    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// With this environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end, which must come with this exit status and not by a panic.
    pub(crate) fn exits(mut self, expected: i32) -> Run {
        let mut child = self.spawn();
        let mut stdin = child.stdin.take().unwrap();
        let output = thread::scope(|scope| {
            // A program that needs no input may be gone before it was given.
            scope.spawn(move || _ = stdin.write_all(&self.input));
            child.wait_with_output().unwrap()
        });
        Run::of(output, expected)
    }

    /// Runs it with endless lines of input for a reader that leaves after the first line; returns that line too.
    pub(crate) fn left_after_a_line(mut self, endless: &str) -> (String, Run) {
        let mut child = self.spawn();
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        let output = thread::scope(|scope| {
            scope.spawn(move || while stdin.write_all(endless.as_bytes()).is_ok() {});
            stdout.read_line(&mut first).unwrap();
            drop(stdout);
            child.wait_with_output().unwrap()
        });
        (first, Run::of(output, 0))
    }

    /// Runs it with nobody to read what it says, on either way; returns the exit status.
    pub(crate) fn exits_unread(mut self) -> Option<i32> {
        let mut child = self.spawn();
        drop((child.stdout.take(), child.stderr.take()));
        let mut stdin = child.stdin.take().unwrap();
        _ = stdin.write_all(&self.input);
        drop(stdin);
        child.wait().unwrap().code()
    }

    fn spawn(&mut self) -> Child {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    fn of(output: Output, expected: i32) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("what the program writes is UTF-8");
        let run = Run { stdout: text(output.stdout), stderr: text(output.stderr) };
        let seen = &run.stderr;
        assert!(!seen.contains("panicked"), "{seen}");
        assert_eq!(output.status.code(), Some(expected), "{} said:\n{seen}", output.status);
        run
    }

    /// Standard output as one JSON value a line.
    pub(crate) fn json(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    /// That standard error holds each of these.
    pub(crate) fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "expected {text:?} in:\n{}", self.stderr);
        }
        self
    }

    /// The last line of standard error: the counts.
    pub(crate) fn counts(&self) -> &str {
        self.stderr.lines().next_back().unwrap_or_default()
    }
}

/// All of a file in the repository.
pub(crate) fn content(path: &Path) -> String {
    let mut text = String::new();
    fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text)).expect("a file of text");
    text
}

/// The files of a folder of the repository whose names end so, by name.
pub(crate) fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.filter(|path| path.extension() == Some(extension.as_ref())).collect();
    paths.sort();
    paths
}
