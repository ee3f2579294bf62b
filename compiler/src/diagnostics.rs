//! The two ways in which a compilation ends without a program: the user's network does not fit, or we made a mistake.

use std::fmt;

/// One reason why the user's network cannot be compiled for the chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The population, projection, tile or core concerned.
    pub entity: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The broken limit, if one is: resource, amount needed, amount there is.
    pub limit: Option<Limit>,
    /// The smallest change that helps, as a sentence.
    pub remedy: String,
}

/// A limit that is exceeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The resource, such as `weight memory [bits]`.
    pub resource: String,
    /// Amount needed.
    pub used: u64,
    /// Amount there is.
    pub max: u64,
}

/// Everything that keeps a network from being compiled, all at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Joins the reasons of several tests, or nothing if all of them pass.
    ///
    /// # Errors
    /// The reasons, in the order of the tests.
    pub fn all(tests: impl IntoIterator<Item = Result<(), Self>>) -> Result<(), Self> {
        let found: Vec<Diagnostic> = tests.into_iter().filter_map(Result::err).flat_map(|d| d.0).collect();
        if found.is_empty() { Ok(()) } else { Err(Self(found)) }
    }
}

/// One broken rule of a lowering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule's name.
    pub rule: &'static str,
    /// The entity concerned.
    pub entity: String,
    /// What is wrong.
    pub message: String,
}

/// What a checker found: a defect of the compiler, never the user's fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations(pub Vec<Violation>);

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.entity, self.message)?;
        if let Some(Limit { resource, used, max }) = &self.limit {
            write!(f, " ({resource}: {used}/{max})")?;
        }
        write!(f, "; {}", self.remedy)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}: {}", self.rule, self.entity, self.message)
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, violation) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{violation}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
impl std::error::Error for Violations {}
