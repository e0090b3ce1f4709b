//! What all JSON documents share; numbers JSON cannot carry are the strings "inf", "-inf", "nan".

use serde_json::{Map, Value, json};

use crate::error::{Error, Span};
use crate::run::QUANTILES;

/// The layout's number; it grows when a key changes its meaning.
pub const SCHEMA: u32 = 1;

/// A double.
pub(super) fn number(value: f64) -> Value {
    match serde_json::Number::from_f64(value) {
        Some(number) => Value::Number(number),
        None if value.is_nan() => "nan".into(),
        None => if value > 0.0 { "inf" } else { "-inf" }.into(),
    }
}

/// A double that may be undefined.
pub(super) fn maybe(value: Option<f64>) -> Value {
    value.map_or(Value::Null, number)
}

/// `{"0.05": …}` at [`QUANTILES`].
pub(super) fn quantiles(values: &[f64; 5]) -> Value {
    QUANTILES.iter().zip(values).map(|(p, value)| (p.to_string(), number(*value))).collect::<Map<_, _>>().into()
}

/// A place in the source text, in bytes.
pub(super) fn span(span: Option<Span>) -> Value {
    span.map_or(Value::Null, |span| json!({ "start": span.start, "end": span.end }))
}

/// The document of a refusal.
pub fn refusal(error: &Error) -> Value {
    json!({
        "schema": SCHEMA,
        "error": {
            "kind": error.kind.name(),
            "message": error.message,
            "span": span(error.span),
            "hint": error.hint,
        },
    })
}
