//! Lines of 80 columns, in colours or without.

use crate::run::Trust;

/// Escape codes, or nothing.
#[derive(Clone, Copy)]
pub struct Paint(pub bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    pub(super) fn trust(self, trust: Trust) -> String {
        let code = match trust {
            Trust::Yes => "1;32",
            Trust::No => "1;31",
            Trust::Unknown => "1;33",
        };
        self.with(code, trust.name())
    }
}

/// Lines of 80 columns; all but the first are indented by `indent`, the first by two.
pub(super) fn wrap(text: &str, indent: usize) -> Vec<String> {
    let mut lines = vec![String::from(" ")];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("one line at least");
        if line.chars().count() + 1 + word.chars().count() > 80 && line.trim() != "" {
            lines.push(" ".repeat(indent) + word);
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines
}
