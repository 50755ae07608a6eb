//! Decompresses gzip files and counts their bytes: `inflate FILE...`, the floor under whatever reads them.
#![expect(clippy::disallowed_types, reason = "the floor to measure against; its buffer is bounded")]

use std::fs::File;
use std::io::{self, Read};
use std::process::ExitCode;

use flate2::read::MultiGzDecoder;

fn main() -> ExitCode {
    match std::env::args_os().skip(1).map(|path| inflate(File::open(path)?)).sum::<io::Result<u64>>() {
        Ok(bytes) => {
            println!("{bytes}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn inflate(file: File) -> io::Result<u64> {
    let (mut decoder, mut buffer, mut bytes) = (MultiGzDecoder::new(file), vec![0; 64 * 1024], 0);
    loop {
        match decoder.read(&mut buffer)? {
            0 => return Ok(bytes),
            read => bytes += read as u64,
        }
    }
}
