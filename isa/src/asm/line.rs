//! Lines of tokens: comments and empty lines dropped, a token read as the value that is expected next.

use super::text::{Text, read_run};
use std::ops::Range;

/// Why a text is not a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("assembly line {line}: {message}")]
pub struct AsmError {
    /// 1-based line; the last one if the text ends early.
    pub line: usize,
    /// What was expected and found.
    pub message: String,
}

/// The tokens of one line.
#[derive(Clone)]
pub(super) struct Line {
    number: usize,
    tokens: Vec<String>,
    next: usize,
}

/// The lines of a text, taken one by one.
pub(super) struct Lines {
    lines: Vec<Line>,
    next: usize,
}

/// The first token of a line that does not start with a space.
fn token(rest: &str) -> Option<Range<usize>> {
    if !rest.starts_with('"') {
        return Some(0..rest.find(char::is_whitespace).unwrap_or(rest.len()));
    }
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|&(_, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map(|(i, _)| 0..i + 1)
}

impl Lines {
    /// Splits a text into lines of tokens.
    ///
    /// # Errors
    /// A quoted text without end.
    pub(super) fn of(text: &str) -> Result<Self, AsmError> {
        let mut lines = Vec::new();
        for (i, line) in text.lines().enumerate() {
            let (number, mut tokens, mut rest) = (i + 1, Vec::new(), line.trim_start());
            while !rest.is_empty() && !rest.starts_with('#') {
                let token =
                    token(rest).ok_or(AsmError { line: number, message: "a quoted text without end".into() })?;
                tokens.push(rest[token.clone()].to_string());
                rest = rest[token.end..].trim_start();
            }
            if !tokens.is_empty() {
                lines.push(Line { number, tokens, next: 0 });
            }
        }
        Ok(Self { lines, next: 0 })
    }

    /// The line that comes next, if any.
    pub(super) fn peek(&self) -> Option<&Line> {
        self.lines.get(self.next)
    }

    pub(super) fn next_if(&mut self, keyword: &str) -> Option<Line> {
        let mut line = self.peek().filter(|line| line.tokens[0] == keyword)?.clone();
        self.next += 1;
        line.next = 1;
        Some(line)
    }

    pub(super) fn must(&mut self, keyword: &str) -> Result<Line, AsmError> {
        self.next_if(keyword).ok_or_else(|| match self.peek() {
            Some(line) => line.error(&format!("expected `{keyword}`, found `{}`", line.tokens[0])),
            None => AsmError {
                line: self.lines.last().map_or(1, |line| line.number),
                message: format!("expected `{keyword}`, found the end"),
            },
        })
    }
}

impl Line {
    pub(super) fn error(&self, message: &str) -> AsmError {
        AsmError { line: self.number, message: message.into() }
    }

    pub(super) fn peek(&self) -> Option<&str> {
        self.tokens.get(self.next).map(String::as_str)
    }

    pub(super) fn token(&mut self, what: &str) -> Result<String, AsmError> {
        let token =
            self.peek().map(String::from).ok_or_else(|| self.error(&format!("expected {what}, found the end")))?;
        self.next += 1;
        Ok(token)
    }

    pub(super) fn value<T: Text>(&mut self) -> Result<T, AsmError> {
        let token = self.token(T::WHAT)?;
        T::read(&token).ok_or_else(|| self.error(&format!("expected {}, found `{token}`", T::WHAT)))
    }

    pub(super) fn word(&mut self, word: &str) -> Result<(), AsmError> {
        let token = self.token(&format!("`{word}`"))?;
        if token == word { Ok(()) } else { Err(self.error(&format!("expected `{word}`, found `{token}`"))) }
    }

    pub(super) fn after<T: Text>(&mut self, word: &str) -> Result<T, AsmError> {
        self.word(word)?;
        self.value()
    }

    pub(super) fn takes(&mut self, word: &str) -> bool {
        let is = self.peek() == Some(word);
        self.next += usize::from(is);
        is
    }

    /// One of two words: whether it is the second.
    pub(super) fn either(&mut self, no: &str, yes: &str) -> Result<bool, AsmError> {
        let token = self.token(&format!("`{no}` or `{yes}`"))?;
        match token == yes {
            false if token != no => Err(self.error(&format!("expected `{no}` or `{yes}`, found `{token}`"))),
            is => Ok(is),
        }
    }

    pub(super) fn index<T: Text + PartialEq>(&mut self, expected: &T) -> Result<(), AsmError> {
        let found: T = self.value()?;
        let message = format!("entries count up: expected {}, found {}", expected.show(), found.show());
        if found == *expected { Ok(()) } else { Err(self.error(&message)) }
    }

    pub(super) fn rest<T: Text>(&mut self) -> Result<Vec<T>, AsmError> {
        let mut values = Vec::new();
        while self.peek().is_some() {
            values.push(self.value()?);
        }
        Ok(values)
    }

    pub(super) fn runs<T: Text + Clone>(&mut self) -> Result<Vec<T>, AsmError> {
        let mut values = Vec::new();
        while self.peek().is_some() {
            let token = self.token(T::WHAT)?;
            read_run(&token, &mut values)
                .ok_or_else(|| self.error(&format!("expected {} or a run of them, found `{token}`", T::WHAT)))?;
        }
        Ok(values)
    }

    pub(super) fn end(&self) -> Result<(), AsmError> {
        self.peek().map_or(Ok(()), |token| Err(self.error(&format!("expected the end of the line, found `{token}`"))))
    }
}
