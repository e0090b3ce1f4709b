//! Z of a tail slower than any power, and moments that do not exist.

use langevin::density::{Meaning, Model};
use langevin::quadrature::{CERTIFY, Tolerance, evidence, reference};

fn main() -> langevin::Result<()> {
    let slow = Model::new("1/(x*log(x)^2)", Meaning::Density, &["2,inf".parse()?])?;
    let exact = reference(&slow, Tolerance::default())?;
    println!("Z = {} ± {:.0e}, mean {:?}", exact.integral.value, exact.integral.error, exact.mean);
    // ∫ dx/(x log²x) from 2 is 1/log 2.
    assert!((exact.integral.value - 1.0 / 2.0_f64.ln()).abs() < 1e-12);

    let divergent = Model::new("1/(x*log(x))", Meaning::Density, &["2,inf".parse()?])?;
    // Points only see that the tail seems to have no end; a proof looks at the formula.
    let seen = reference(&divergent, Tolerance::default()).expect_err("points find no value");
    assert_eq!(seen.kind.name(), "not_integrated");
    let Err(refusal) = evidence(&divergent, Tolerance::default(), CERTIFY) else { panic!("this integral diverges") };
    println!("{refusal}");
    assert_eq!(refusal.kind.name(), "infinite_Z");
    Ok(())
}
