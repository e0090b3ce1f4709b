//! Solutions of differential equations, written out: the classical Runge–Kutta method of order four in equal steps.

use super::value::Value;
use super::{Definition, ErrorKind, Expr, ExprId, Lowering, Result};

/// Solutions inside the rates of others: each makes the next one four times as long at least.
const NESTED: usize = 8;

impl<'a> Lowering<'a> {
    /// `ode(f, start, t0, times, n)`; the arguments after the function.
    pub(super) fn ode(&mut self, id: ExprId, arguments: &[Value]) -> Result<Value> {
        let ast = self.ast;
        let Expr::Call { arguments: written, .. } = ast.expr(id) else { unreachable!("only calls are calls") };
        let rate = match ast.expr(written[0]) {
            Expr::Name(name) => self.functions.get(name.as_str()).copied().filter(|rate| rate.parameters().len() == 2),
            _ => None,
        };
        let Some(rate) = rate else {
            let error = self.error(written[0], ErrorKind::Argument, "the first argument of `ode` is a function of time and state");
            return Err(error.hint("f(t, z) = [z[2], -z[1]]; ode(f, [1, 0], 0, times, 10)"));
        };
        let steps = self.integer(written[4], &arguments[3])?;
        if !(1..=100_000).contains(&steps) {
            return Err(self.error(written[4], ErrorKind::Argument, format!("{steps} steps")).hint("a number of steps from 1 to 100,000"));
        }
        self.solving += 1;
        if self.solving > NESTED {
            return Err(self.error(id, ErrorKind::TooDeep, "equations inside equations, too deep").hint("solve them as one system"));
        }
        let times = self.whole(written[3], &arguments[2])?;
        let (mut state, mut time) = (arguments[0].clone(), arguments[1].clone());
        let mut nodes = Vec::new();
        for &until in times.nodes() {
            let steps_here = Value::Number(self.graph.constant(steps as f64));
            let span = self.pairwise(id, &Value::Number(until), &time, |graph, a, b| graph.subtract(a, b))?;
            let step = self.pairwise(id, &span, &steps_here, |graph, a, b| graph.divide(a, b))?;
            for number in 0..steps {
                let number = Value::Number(self.graph.constant(number as f64));
                let passed = self.pairwise(id, &number, &step, |graph, a, b| graph.multiply(a, b))?;
                let now = self.pairwise(id, &time, &passed, |graph, a, b| graph.add(a, b))?;
                state = self.runge_kutta(id, rate, &now, &state, &step)?;
            }
            nodes.extend(state.nodes());
            time = Value::Number(until);
        }
        self.solving -= 1;
        Ok(match &state {
            Value::Number(_) => Value::vector(nodes),
            Value::Array(array) => Value::array(vec![times.nodes().len(), array.nodes.len()], nodes),
        })
    }

    /// One step: k₁ to k₄ of Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, table II.1.2.
    fn runge_kutta(&mut self, id: ExprId, rate: &'a Definition, time: &Value, state: &Value, step: &Value) -> Result<Value> {
        let mut total: Option<Value> = None;
        let mut slope: Option<Value> = None;
        for (share, weight) in [(0.0, 1.0), (0.5, 2.0), (0.5, 2.0), (1.0, 1.0)] {
            let part = self.scaled(id, share, step)?;
            let now = self.pairwise(id, time, &part, |graph, a, b| graph.add(a, b))?;
            let there = match &slope {
                Some(slope) => self.moved(id, state, &part, slope)?,
                None => state.clone(),
            };
            let scope = self.with_arguments(rate, vec![now, there]);
            let found = self.expression(rate.body, scope)?;
            if found.nodes().len() != state.nodes().len() {
                let message = format!("the rate is {}, and the state {}", found.describe(), state.describe());
                return Err(self.error(rate.body, ErrorKind::Dimension, message).hint("f(t, z) has an element for each of z"));
            }
            let weighted = self.scaled(id, weight, &found)?;
            total = Some(match total {
                Some(total) => self.pairwise(id, &total, &weighted, |graph, a, b| graph.add(a, b))?,
                None => weighted,
            });
            slope = Some(found);
        }
        let sixth = self.scaled(id, 1.0 / 6.0, step)?;
        self.moved(id, state, &sixth, &total.unwrap_or_else(|| state.clone()))
    }

    fn scaled(&mut self, id: ExprId, by: f64, value: &Value) -> Result<Value> {
        let by = Value::Number(self.graph.constant(by));
        self.pairwise(id, &by, value, |graph, a, b| graph.multiply(a, b))
    }

    /// state + step·slope.
    fn moved(&mut self, id: ExprId, state: &Value, step: &Value, slope: &Value) -> Result<Value> {
        let change = self.pairwise(id, step, slope, |graph, a, b| graph.multiply(a, b))?;
        self.pairwise(id, state, &change, |graph, a, b| graph.add(a, b))
    }
}
