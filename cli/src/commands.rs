//! The commands, one module each.

pub(crate) mod cost;
#[cfg(feature = "aws")]
pub(crate) mod deployed;
pub(crate) mod detect;
#[cfg(feature = "aws")]
pub(crate) mod doctor;
pub(crate) mod event;
pub(crate) mod explain;
pub(crate) mod generate;
pub(crate) mod invoke;
pub(crate) mod parse;
pub(crate) mod pattern;
pub(crate) mod query;
#[cfg(feature = "aws")]
pub(crate) mod redrive;
pub(crate) mod replay;
pub(crate) mod rules;
#[cfg(feature = "aws")]
pub(crate) mod test_alert;

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;
use crate::failure::{Failure, Outcome};

/// Prints the completion script for `shell`.
pub(crate) fn completions(shell: Shell) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "flowgauge", &mut script);
    io::Write::write_all(&mut io::stdout().lock(), &script)?;
    Ok(Outcome::Fine)
}

/// Prints the manual page, all commands included.
pub(crate) fn man() -> Result<Outcome, Failure> {
    let mut page = Vec::new();
    let mut program = Args::command();
    program.build();
    clap_mangen::Man::new(program.clone()).render(&mut page)?;
    render_commands(&program, &mut page)?;
    io::Write::write_all(&mut io::stdout().lock(), &page)?;
    Ok(Outcome::Fine)
}

/// The sections of all commands below `parent`, each followed by its own.
fn render_commands(parent: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    for command in parent.get_subcommands() {
        let man = clap_mangen::Man::new(command.clone());
        man.render_name_section(page)?;
        man.render_synopsis_section(page)?;
        man.render_options_section(page)?;
        render_commands(command, page)?;
    }
    Ok(())
}
