//! A column of texts as groups: the number of each text, in order of first appearance.

use std::borrow::Cow;

use rustc_hash::FxHashMap as HashMap;

/// More groups than this are no groups but names of rows.
const MOST: usize = 1 << 16;

/// The texts of a column and which one stands in each row, as long as no number does.
#[derive(Debug, Clone, Default)]
pub(super) struct Groups {
    names: Vec<String>,
    known: HashMap<String, usize>,
    /// From 1; NaN where the cell is missing.
    codes: Vec<f64>,
    is_over: bool,
}

impl Groups {
    /// Adds a row with a text, or with none.
    pub(super) fn push(&mut self, text: Option<&str>) {
        if self.is_over {
            return;
        }
        let code = text.map_or(f64::NAN, |text| self.number(&printable(text.trim())) as f64);
        self.codes.push(code);
        if self.names.len() > MOST {
            self.end();
        }
    }

    /// A number stands in the column: it is none of texts.
    #[inline]
    pub(super) fn end(&mut self) {
        if !self.is_over {
            *self = Groups { is_over: true, ..Groups::default() };
        }
    }

    /// Adds the rows of a later part.
    pub(super) fn extend(&mut self, more: &Groups) {
        if more.is_over {
            self.end();
        }
        if self.is_over {
            return;
        }
        let codes: Vec<f64> = more.names.iter().map(|name| self.number(name) as f64).collect();
        self.codes.extend(more.codes.iter().map(|code| if code.is_nan() { *code } else { codes[*code as usize - 1] }));
    }

    /// The texts and the code of each row; `None` for a column of numbers, or of nothing.
    pub(super) fn ended(self) -> Option<(Vec<String>, Vec<f64>)> {
        (!self.is_over && !self.names.is_empty()).then_some((self.names, self.codes))
    }

    fn number(&mut self, text: &str) -> usize {
        if let Some(&known) = self.known.get(text) {
            return known;
        }
        self.names.push(text.into());
        self.known.insert(text.into(), self.names.len());
        self.names.len()
    }
}

/// The text, fit to be shown: a terminal obeys control characters.
fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) { Cow::Owned(text.replace(char::is_control, " ")) } else { Cow::Borrowed(text) }
}
