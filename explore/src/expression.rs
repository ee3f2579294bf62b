//! Expressions over the values of a point: linked parameters and constraints.
//!
//! ```text
//! expression = or; or = and ("||" and)*; and = comparison ("&&" comparison)*
//! comparison = sum (("<" | "<=" | ">" | ">=" | "==" | "!=") sum)?; sum = product (("+" | "-") product)*
//! product = power (("*" | "/" | "%") power)*; power = unary ("^" power)?; unary = ("-" | "!") unary | atom
//! atom = number | path | function "(" expression ("," expression)* ")" | "(" expression ")"
//! ```
//!
//! Numbers are double precision; a comparison is 1 or 0. A path such as `core.memories.weights.bits` is the value of a parameter, or
//! of the chip where no parameter has the path.

use std::fmt;

/// A parsed expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    text: String,
    root: Node,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Number(f64),
    Path(String),
    Unary(&'static str, Box<Node>),
    Binary(&'static str, Box<(Node, Node)>),
    Call(&'static str, Vec<Node>),
}

/// Functions with their numbers of arguments.
const FUNCTIONS: &[(&str, usize)] =
    &[("min", 2), ("max", 2), ("ceil", 1), ("floor", 1), ("round", 1), ("sqrt", 1), ("log2", 1), ("abs", 1)];

/// Binary operators by precedence, the loosest first.
const LEVELS: &[&[&str]] =
    &[&["||"], &["&&"], &["<=", ">=", "==", "!=", "<", ">"], &["+", "-"], &["*", "/", "%"], &["^"]];

/// Deepest nesting of an expression.
const DEEPEST: usize = 64;

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong, and at which character.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let root = parser.level(0)?;
        parser.space();
        if parser.at < text.len() {
            return Err(parser.wrong("an operator or the end"));
        }
        Ok(Self { text: text.into(), root })
    }

    /// Every path that is named.
    pub fn paths(&self) -> Vec<&str> {
        let mut paths = Vec::new();
        self.root.paths(&mut paths);
        paths
    }

    /// The value, where `of` knows the paths.
    ///
    /// # Errors
    /// The first path that it does not know, or what is not a number.
    pub fn value(&self, of: &dyn Fn(&str) -> Option<f64>) -> Result<f64, String> {
        let value = self.root.value(of)?;
        if value.is_finite() { Ok(value) } else { Err(format!("`{}` is {value}, not a number", self.text)) }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Node {
    fn paths<'a>(&'a self, paths: &mut Vec<&'a str>) {
        match self {
            Self::Number(_) => {}
            Self::Path(path) => paths.push(path),
            Self::Unary(_, of) => of.paths(paths),
            Self::Binary(_, of) => {
                of.0.paths(paths);
                of.1.paths(paths);
            }
            Self::Call(_, arguments) => arguments.iter().for_each(|argument| argument.paths(paths)),
        }
    }

    fn value(&self, of: &dyn Fn(&str) -> Option<f64>) -> Result<f64, String> {
        let truth = |holds: bool| f64::from(u8::from(holds));
        Ok(match self {
            Self::Number(value) => *value,
            Self::Path(path) => of(path).ok_or_else(|| format!("`{path}` has no number here"))?,
            Self::Unary(operator, of_what) => {
                let value = of_what.value(of)?;
                if *operator == "-" { -value } else { truth(value == 0.0) }
            }
            Self::Binary(operator, sides) => {
                let (a, b) = (sides.0.value(of)?, sides.1.value(of)?);
                match *operator {
                    "||" => truth(a != 0.0 || b != 0.0),
                    "&&" => truth(a != 0.0 && b != 0.0),
                    "<=" => truth(a <= b),
                    ">=" => truth(a >= b),
                    "==" => truth(a == b),
                    "!=" => truth(a != b),
                    "<" => truth(a < b),
                    ">" => truth(a > b),
                    "+" => a + b,
                    "-" => a - b,
                    "*" => a * b,
                    "/" => a / b,
                    "%" => a.rem_euclid(b),
                    _ => a.powf(b),
                }
            }
            Self::Call(function, arguments) => {
                let values = arguments.iter().map(|a| a.value(of)).collect::<Result<Vec<f64>, String>>()?;
                match *function {
                    "min" => values[0].min(values[1]),
                    "max" => values[0].max(values[1]),
                    "ceil" => values[0].ceil(),
                    "floor" => values[0].floor(),
                    "round" => values[0].round(),
                    "sqrt" => values[0].sqrt(),
                    "log2" => values[0].log2(),
                    _ => values[0].abs(),
                }
            }
        })
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn wrong(&self, expected: &str) -> String {
        let found = self.rest().chars().next().map_or("the end".to_owned(), |c| format!("`{c}`"));
        format!("`{}`: character {}: {found} where {expected} is expected", self.text, self.at + 1)
    }

    fn take(&mut self, symbol: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len();
        }
        found
    }

    fn level(&mut self, level: usize) -> Result<Node, String> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        while let Some(&operator) = operators.iter().find(|&&operator| self.take(operator)) {
            // Powers associate to the right.
            let right = if operator == "^" { self.level(level)? } else { self.level(level + 1)? };
            left = Node::Binary(operator, Box::new((left, right)));
            if level == 2 {
                break;
            }
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("`{}`: is nested more than {DEEPEST} deep", self.text));
        }
        let node = if self.take("-") {
            Node::Unary("-", Box::new(self.unary()?))
        } else if self.take("!") {
            Node::Unary("!", Box::new(self.unary()?))
        } else {
            self.atom()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn atom(&mut self) -> Result<Node, String> {
        if self.take("(") {
            let inner = self.level(0)?;
            return if self.take(")") { Ok(inner) } else { Err(self.wrong("`)`")) };
        }
        let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let end = self.rest().find(|c| !part(c)).unwrap_or(self.rest().len());
        let word = self.rest()[..end].to_owned();
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            let number = word.parse().map_err(|_| self.wrong("a number"))?;
            self.at += end;
            return Ok(Node::Number(number));
        }
        if word.is_empty() {
            return Err(self.wrong("a number, a path or `(`"));
        }
        let start = self.at;
        self.at += end;
        if !self.take("(") {
            return Ok(Node::Path(word));
        }
        let Some(&(function, n)) = FUNCTIONS.iter().find(|(name, _)| *name == word) else {
            self.at = start;
            let known: Vec<&str> = FUNCTIONS.iter().map(|(name, _)| *name).collect();
            return Err(self.wrong(&format!("a function ({})", known.join(", "))));
        };
        let mut arguments = vec![self.level(0)?];
        while self.take(",") {
            arguments.push(self.level(0)?);
        }
        if !self.take(")") {
            return Err(self.wrong("`,` or `)`"));
        }
        if arguments.len() != n {
            return Err(format!("`{}`: `{function}` takes {n} arguments, not {}", self.text, arguments.len()));
        }
        Ok(Node::Call(function, arguments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> f64 {
        let of = |path: &str| match path {
            "a" => Some(3.0),
            "core.neurons" => Some(256.0),
            _ => None,
        };
        Expression::parse(text).unwrap_or_else(|e| panic!("{e}")).value(&of).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn precedence() {
        assert_eq!(value("1 + 2 * 3 ^ 2 - 4 / 2"), 17.0);
        assert_eq!(value("2 ^ 3 ^ 2"), 512.0);
        assert_eq!(value("-a + 10 % 4"), -1.0);
        assert_eq!(value("1024 / core.neurons <= 4 && !(a == 2)"), 1.0);
        assert_eq!(value("a > 4 || a < 2"), 0.0);
        assert_eq!(value("max(ceil(7 / 2), log2(core.neurons))"), 8.0);
        assert_eq!(value("8 - 3 - 2"), 3.0);
    }

    #[test]
    fn errors_name_the_character() {
        for (text, part) in [
            ("1 +", "character 4: the end"),
            ("(1", "`)` is expected"),
            ("foo(1)", "a function (min"),
            ("min(1)", "takes 2 arguments"),
            ("a b", "character 3: `b`"),
            ("1..2", "a number"),
        ] {
            let error = Expression::parse(text).expect_err(text);
            assert!(error.contains(part), "{error}");
        }
        let nested = format!("{}1{}", "(".repeat(100), ")".repeat(100));
        assert!(Expression::parse(&nested).expect_err("deep").contains("nested"));
        let error = Expression::parse("b + 1").expect("sound").value(&|_| None).expect_err("unknown");
        assert!(error.contains("`b`"), "{error}");
        assert!(Expression::parse("1 / 0").expect("sound").value(&|_| None).is_err());
    }
}
