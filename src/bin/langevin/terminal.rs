//! What may be said, where, and in which colours.

use std::io::{BufWriter, ErrorKind, IsTerminal, Write};

/// How much to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Talk {
    /// One JSON document on stdout.
    pub(crate) json: bool,
    /// Results and errors only.
    pub(crate) quiet: bool,
    /// More about what was chosen.
    pub(crate) verbose: u8,
}

impl Talk {
    /// A line on stderr, unless quiet.
    pub(crate) fn say(self, line: impl std::fmt::Display) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }
}

/// Whether to colour what goes to `stream`: a terminal, unless NO_COLOR or a dumb one says otherwise (no-color.org).
pub(crate) fn colour(stream: &impl IsTerminal) -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !no_color && !dumb
}

/// Prints a result on stdout.
pub(crate) fn print(text: &str) -> std::io::Result<()> {
    write_out(|out| {
        out.write_all(text.as_bytes())?;
        if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") }
    })
}

/// Writes to stdout. A reader that is gone has seen enough: what comes after, files and the exit code, is as if it had stayed.
pub(crate) fn write_out(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> std::io::Result<()> {
    crate::signals::answer();
    let mut out = BufWriter::new(std::io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
