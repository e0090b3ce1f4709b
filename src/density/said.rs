//! Points and boundaries as people write them: `x=0.3,y=1` and `y=wrap`.

use super::{Boundary, LogDensity, Model};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::constant;

impl Model {
    /// The point of pieces such as `x=0.3,y=1`, a value for each variable in order; of a single variable the name may be left out.
    ///
    /// # Errors
    /// Kind `setting` if a variable is left open or a value is no constant expression, `unknown_name` for what is no variable.
    ///
    /// ```
    /// use langevin::density::{Meaning, Model};
    /// let model = Model::new("exp(-x^2 - y^2)", Meaning::Density, &[])?;
    /// assert_eq!(model.point(&["y=1".into(), "x=1/4".into()])?, [0.25, 1.0]);
    /// # Ok::<(), langevin::Error>(())
    /// ```
    pub fn point(&self, pieces: &[String]) -> Result<Vec<f64>> {
        let mut values: Vec<Option<f64>> = vec![None; self.dimension()];
        for piece in pieces.iter().flat_map(|text| text.split(',')) {
            let refuse =
                |cause: String| Error::new(ErrorKind::Setting, format!("--at {piece}: {cause}")).hint("write --at x=0.3 or --at x=0.3,y=1");
            let (name, text) = match piece.split_once('=') {
                Some((name, text)) => (Some(name.trim()), text),
                None if self.dimension() == 1 => (None, piece),
                None => return Err(refuse("which variable is this for?".into())),
            };
            let index = match name {
                None => 0,
                Some(name) => match self.bounds().iter().position(|bound| bound.name == name) {
                    Some(index) => index,
                    None => return Err(Error::new(ErrorKind::UnknownName, format!("--at {piece}: no variable is called `{name}`"))),
                },
            };
            values[index] = Some(constant(text).map_err(|error| refuse(error.message))?);
        }
        self.bounds()
            .iter()
            .zip(values)
            .map(|(bound, value)| {
                value.ok_or_else(|| {
                    Error::new(ErrorKind::Setting, format!("--at leaves `{}` open", bound.name)).hint(format!("add {}=…", bound.name))
                })
            })
            .collect()
    }

    /// The same model with a boundary as it is written: `wrap` for all variables, `y=wrap` for one.
    ///
    /// # Errors
    /// Kind `setting` for what is no boundary, else as [`Model::with_boundary`].
    pub fn with_boundary_of(self, text: &str) -> Result<Model> {
        match text.split_once('=') {
            Some((name, kind)) => self.with_boundary(Some(name.trim()), kind.trim().parse::<Boundary>()?),
            None => self.with_boundary(None, text.parse::<Boundary>()?),
        }
    }
}
