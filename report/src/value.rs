//! A value of a report: a number, a number with its range, a text, or nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A value. In JSON: a number, `{"value", "low", "high"}`, a string, or null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A number with its lowest and highest plausible value.
    Range {
        /// The value used.
        value: f64,
        /// Lowest plausible value.
        low: f64,
        /// Highest plausible value.
        high: f64,
    },
    /// A text; in place of a number, why there is none.
    Text(String),
    /// Nothing.
    #[default]
    Missing,
}

impl Value {
    /// A value with its range; a plain number where the range is the value.
    pub fn range(value: f64, low: f64, high: f64) -> Self {
        if ![value, low, high].iter().all(|v| v.is_finite()) {
            return Self::from(value);
        }
        if low >= value && high <= value { Self::Number(value) } else { Self::Range { value, low, high } }
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(value) | Self::Range { value, .. } => Some(*value),
            Self::Text(_) | Self::Missing => None,
        }
    }

    /// As text without unit and without rounding.
    pub fn plain(&self) -> String {
        match self {
            Self::Number(value) | Self::Range { value, .. } => value.to_string(),
            Self::Text(text) => text.clone(),
            Self::Missing => String::new(),
        }
    }
}

/// What JSON has no number for becomes nothing.
impl From<f64> for Value {
    fn from(value: f64) -> Self {
        if value.is_finite() { Self::Number(value) } else { Self::Missing }
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Number(value as f64)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Number(f64::from(value))
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Number(value as f64)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_tells_the_kinds_apart() {
        let all = [Value::Number(2.5), Value::range(2.0, 1.0, 4.0), "none published".into(), Value::Missing];
        let text = serde_json::to_string(&all).expect("JSON");
        assert_eq!(text, r#"[2.5,{"value":2.0,"low":1.0,"high":4.0},"none published",null]"#);
        assert_eq!(serde_json::from_str::<[Value; 4]>(&text).expect("read back"), all);
        assert_eq!(Value::from(f64::NAN), Value::Missing);
        assert_eq!(Value::range(2.0, 2.0, 2.0), Value::Number(2.0));
    }
}
