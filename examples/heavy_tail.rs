//! Z of a tail slower than any power, and moments that do not exist.

use langevin::density::{Meaning, Model};
use langevin::quadrature::{Tolerance, reference};

fn main() -> langevin::Result<()> {
    let slow = Model::new("1/(x*log(x)^2)", Meaning::Density, &["2,inf".parse()?])?;
    let exact = reference(&slow, Tolerance::default())?;
    println!("Z = {} ± {:.0e}, mean {:?}", exact.integral.value, exact.integral.error, exact.mean);
    // ∫ dx/(x log²x) from 2 is 1/log 2.
    assert!((exact.integral.value - 1.0 / 2.0_f64.ln()).abs() < 1e-12);

    let divergent = Model::new("1/(x*log(x))", Meaning::Density, &["2,inf".parse()?])?;
    let refusal = reference(&divergent, Tolerance::default()).expect_err("this integral diverges");
    println!("{refusal}");
    assert_eq!(refusal.kind.name(), "infinite_Z");
    Ok(())
}
