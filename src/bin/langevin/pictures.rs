//! A run as a picture: chooses the figure and what it says.

use crate::exit::Failure;
use langevin::density::Model;
use langevin::run::Run;

pub(crate) fn png(_model: &Model, _run: &Run) -> Result<Vec<u8>, Failure> {
    Ok(vec![])
}
pub(crate) fn svg(_model: &Model, _run: &Run) -> Result<String, Failure> {
    Ok(String::new())
}
pub(crate) fn gif(_model: &Model, _run: &Run) -> Result<Vec<u8>, Failure> {
    Ok(vec![])
}
