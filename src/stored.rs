//! Values to bytes and back: one list of fields serves both ways, so that neither can forget one.

use crate::error::{Error, ErrorKind, Result};
use crate::math::Lanes;

/// Bytes that are written, or read into values of the same shape.
pub enum Archive<'b> {
    /// Values are appended.
    Out(Vec<u8>),
    /// What is still to be read.
    In(&'b [u8]),
}

/// What can be written to bytes, and read from them into a value of the same shape: whatever the bytes are, reading gives a value or an
/// error, and sets aside no more memory than there are bytes.
pub trait Stored {
    /// Writes it, or reads over it.
    ///
    /// # Errors
    /// Kind `data` if the bytes are not those of a value of this shape.
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()>;
}

/// The refusal of bytes.
pub(crate) fn foreign(what: &str) -> Error {
    Error::new(ErrorKind::Data, format!("these bytes are no state of this run: {what}"))
}

impl Archive<'_> {
    /// Eight bytes, in or out.
    fn word(&mut self, word: u64) -> Result<u64> {
        match self {
            Archive::Out(bytes) => {
                bytes.extend_from_slice(&word.to_le_bytes());
                Ok(word)
            }
            Archive::In(bytes) => {
                let (first, rest) = bytes.split_first_chunk().ok_or_else(|| foreign("they end early"))?;
                *bytes = rest;
                Ok(u64::from_le_bytes(*first))
            }
        }
    }

    /// Writes `value`, or reads one and refuses any other.
    ///
    /// # Errors
    /// Kind `data` if another value is read.
    pub fn expect(&mut self, value: u64, what: &str) -> Result<()> {
        if self.word(value)? == value { Ok(()) } else { Err(foreign(what)) }
    }

    /// Passes values in turn.
    ///
    /// # Errors
    /// As the values.
    pub fn all(&mut self, values: &mut [&mut dyn Stored]) -> Result<()> {
        values.iter_mut().try_for_each(|value| value.pass(self))
    }

    /// Passes a number below `end`.
    ///
    /// # Errors
    /// Kind `data` if what is read is not.
    pub fn below(&mut self, value: &mut usize, end: usize) -> Result<()> {
        value.pass(self)?;
        if *value < end { Ok(()) } else { Err(foreign("a number is out of range")) }
    }

    /// Passes a list that may have become longer, `[draw][lane in use]` for instance.
    ///
    /// # Errors
    /// Kind `data` if there are fewer bytes than the list is said to need.
    pub fn list(&mut self, values: &mut Vec<f64>) -> Result<()> {
        let mut length = values.len();
        length.pass(self)?;
        if let Archive::In(bytes) = self {
            if length > bytes.len() / size_of::<f64>() {
                return Err(foreign("a list is longer than they are"));
            }
            values.clear();
            values.resize(length, 0.0);
        }
        values.iter_mut().try_for_each(|value| value.pass(self))
    }

    /// Passes a list of any length, of values that have every shape.
    ///
    /// # Errors
    /// As the values, and kind `data` if there are fewer bytes than values.
    pub fn many<T: Stored + Default>(&mut self, values: &mut Vec<T>) -> Result<()> {
        let mut length = values.len();
        length.pass(self)?;
        if let Archive::In(bytes) = self
            && length > bytes.len()
        {
            return Err(foreign("a list is longer than they are"));
        }
        values.resize_with(length, T::default);
        values.iter_mut().try_for_each(|value| value.pass(self))
    }

    /// Refuses what is left to be read.
    ///
    /// # Errors
    /// Kind `data` if there is anything.
    pub fn end(&self) -> Result<()> {
        match self {
            Archive::In([]) | Archive::Out(_) => Ok(()),
            Archive::In(_) => Err(foreign("there are more than it has")),
        }
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Archive::Out(bytes) => bytes,
            Archive::In(_) => Vec::new(),
        }
    }

    /// Passes a value that may not be there yet; `empty` is the shape of one.
    ///
    /// # Errors
    /// As the value.
    pub fn option<T: Stored>(&mut self, value: &mut Option<T>, empty: impl FnOnce() -> T) -> Result<()> {
        let mut is_there = value.is_some();
        is_there.pass(self)?;
        match (is_there, &mut *value) {
            (false, _) => *value = None,
            (true, None) => *value = Some(empty()),
            (true, Some(_)) => {}
        }
        value.as_mut().map_or(Ok(()), |value| value.pass(self))
    }
}

/// `stored!(State { point, momentum })`: those fields in turn; the others are scratch, or follow from the run.
macro_rules! stored {
    ($type:ty { $($field:tt),* }) => {
        impl $crate::stored::Stored for $type {
            fn pass(&mut self, archive: &mut $crate::stored::Archive<'_>) -> $crate::error::Result<()> {
                $($crate::stored::Stored::pass(&mut self.$field, archive)?;)*
                Ok(())
            }
        }
    };
}
pub(crate) use stored;

impl Stored for u64 {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        *self = archive.word(*self)?;
        Ok(())
    }
}

impl Stored for usize {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        *self = usize::try_from(archive.word(*self as u64)?).map_err(|_| foreign("a count does not fit this machine"))?;
        Ok(())
    }
}

impl Stored for bool {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        *self = match archive.word(u64::from(*self))? {
            0 => false,
            1 => true,
            _ => return Err(foreign("neither yes nor no")),
        };
        Ok(())
    }
}

impl Stored for f64 {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        *self = f64::from_bits(archive.word(self.to_bits())?);
        Ok(())
    }
}

/// Bytes of any number.
impl Stored for Vec<u8> {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let mut length = self.len();
        length.pass(archive)?;
        match archive {
            Archive::Out(bytes) => bytes.extend_from_slice(self),
            Archive::In(bytes) => {
                let (first, rest) = bytes.split_at_checked(length).ok_or_else(|| foreign("they end early"))?;
                (*self, *bytes) = (first.to_vec(), rest);
            }
        }
        Ok(())
    }
}

impl<T: Stored + ?Sized> Stored for &mut T {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        (**self).pass(archive)
    }
}

impl<A: Stored, B: Stored> Stored for (A, B) {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.0.pass(archive)?;
        self.1.pass(archive)
    }
}

impl Stored for Lanes {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.iter_mut().try_for_each(|value| value.pass(archive))
    }
}

impl<T: Stored> Stored for Vec<T> {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        archive.expect(self.len() as u64, "a list has another length")?;
        self.iter_mut().try_for_each(|value| value.pass(archive))
    }
}
