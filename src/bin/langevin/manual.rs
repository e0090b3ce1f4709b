//! Completions and manual pages, from the definition of the command line.

use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;
use langevin::output::AtomicFile;

use crate::Outcome;
use crate::args::Cli;

/// Completions for `shell`, on stdout.
pub(crate) fn completions(shell: clap_complete::Shell) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "langevin", &mut text);
    crate::terminal::print(&String::from_utf8_lossy(&text))?;
    Ok(ExitCode::SUCCESS)
}

/// The manual pages: one for the program and one for each command into `folder`, or the first alone on stdout.
pub(crate) fn pages(folder: Option<&Path>) -> Outcome {
    let command = Cli::command();
    let Some(folder) = folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        crate::terminal::print(&String::from_utf8_lossy(&page))?;
        return Ok(ExitCode::SUCCESS);
    };
    std::fs::create_dir_all(folder).map_err(|error| langevin::output::failure(folder, error))?;
    let subcommands = command.get_subcommands().map(|sub| (format!("langevin-{}", sub.get_name()), sub.clone()));
    for (name, command) in std::iter::once(("langevin".to_string(), command.clone())).chain(subcommands) {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).title(name.clone()).render(&mut page)?;
        AtomicFile::write(&folder.join(format!("{name}.1")), &page)?;
    }
    Ok(ExitCode::SUCCESS)
}
