//! One word of shell: quotes, escapes, and what makes its value depend on the shell.

use super::scan::{EXPANDS, UNCLOSED};

const RUNS: &str = "the shell runs a command there";
pub(super) const PATTERN: &str = "shells differ on that unquoted character";
pub(super) const TILDE: &str =
    "the shell puts a folder or a command's path in place of `~` or `=` there";
const CARRIAGE: &str = "the line ends in CR LF, and shells keep the CR in the value";

/// A word: its value or why there is none, and where it ends.
pub(super) struct Word {
    pub(super) value: Result<String, &'static str>,
    pub(super) end: usize,
}

/// Where the word that is being read stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// After `NAME=` at the start of a command.
    Assignment,
    /// After `export NAME=`, where some shells split and match patterns.
    Argument,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    place: Place,
    value: String,
    problem: Option<&'static str>,
}

/// Reads the word that begins at `at`; an error if a quote never closes.
pub(super) fn read_word(text: &str, at: usize, place: Place) -> Result<Word, &'static str> {
    let mut reader = Reader {
        text,
        at,
        place,
        value: String::new(),
        problem: None,
    };
    reader.read()?;
    Ok(Word {
        value: reader.problem.map_or(Ok(reader.value), Err),
        end: reader.at,
    })
}

/// Whether an unquoted `c` ends a word.
pub(super) fn ends_word(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')'
    )
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.text[self.at..].chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn doubt(&mut self, why: &'static str) {
        self.problem.get_or_insert(why);
    }

    fn read(&mut self) -> Result<(), &'static str> {
        let start = self.at;
        while let Some(c) = self.peek().filter(|c| !ends_word(*c)) {
            let first = self.at == start || self.text[..self.at].ends_with(':');
            self.at += c.len_utf8();
            match c {
                '\'' => self.single()?,
                '"' => self.double()?,
                '\\' => match self.next() {
                    Some('\n') => {}
                    Some(c) => self.value.push(c),
                    None => return Err(UNCLOSED),
                },
                '$' => self.dollar(false)?,
                '`' => return self.backtick(),
                '=' if self.text[start..self.at - 1]
                    .trim_start_matches("\\\n")
                    .is_empty()
                    && !self.text[self.at..].starts_with([' ', '\t', '\n']) =>
                {
                    return Err(
                        "zsh takes a word that begins with `=` for a command's path, and may stop there",
                    );
                }
                _ => self.bare(c, first),
            }
        }
        if matches!(self.peek(), Some('(' | ')' | '<' | '>' | '&' | '|')) {
            self.doubt("shells take that unquoted character for an operator");
        }
        Ok(())
    }

    fn bare(&mut self, c: char, first: bool) {
        match c {
            '~' | '=' if first => self.doubt(TILDE),
            '*' | '?' | '[' | '{' | '~' if self.place == Place::Argument => self.doubt(PATTERN),
            '^' if self.place == Place::Argument => self.doubt(PATTERN),
            '\r' if matches!(self.peek(), None | Some('\n')) => self.doubt(CARRIAGE),
            _ => {}
        }
        self.value.push(c);
    }

    fn single(&mut self) -> Result<(), &'static str> {
        let close = self.text[self.at..].find('\'').ok_or(UNCLOSED)?;
        self.value.push_str(&self.text[self.at..self.at + close]);
        self.at += close + 1;
        Ok(())
    }

    fn double(&mut self) -> Result<(), &'static str> {
        loop {
            match self.next().ok_or(UNCLOSED)? {
                '"' => return Ok(()),
                '$' => self.dollar(true)?,
                '`' => self.backtick()?,
                '\\' => match self.next().ok_or(UNCLOSED)? {
                    '\n' => {}
                    c @ ('$' | '`' | '"' | '\\') => self.value.push(c),
                    c => self.value.extend(['\\', c]),
                },
                c => self.value.push(c),
            }
        }
    }

    /// After a `$`: literal where no expansion can follow. `$(` is only doubted here; what is in it
    /// is read on as text, which may end the word early but never makes up a value.
    fn dollar(&mut self, quoted: bool) -> Result<(), &'static str> {
        match self.peek() {
            // `$'…'` knows `\'` in bash and zsh, and does not in dash
            Some('\'')
                if !quoted
                    && self.text[self.at + 1..]
                        .split('\'')
                        .next()
                        .is_some_and(|s| s.contains('\\')) =>
            {
                return Err("shells differ on where `$'` ends");
            }
            Some('[') => return Err("shells differ on where `$[` ends"),
            Some('(') => {
                self.doubt(RUNS);
                self.skip_parentheses()?;
            }
            Some('{') => {
                self.doubt(EXPANDS);
                self.skip_braces()?;
            }
            Some('\'' | '"') if quoted => self.value.push('$'),
            None | Some(' ' | '\t' | '\n' | '/' | '.' | ',' | ':' | '%' | '+' | ')') => {
                self.value.push('$');
            }
            Some(_) => self.doubt(EXPANDS),
        }
        Ok(())
    }

    fn skip_parentheses(&mut self) -> Result<(), &'static str> {
        let mut depth = 0;
        while let Some(c) = self.next() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(());
            }
        }
        Err(UNCLOSED)
    }

    /// What a shell cannot substitute ends the whole script.
    fn skip_braces(&mut self) -> Result<(), &'static str> {
        let rest = &self.text[self.at + 1..];
        let end = rest.find(['}', '\n']).unwrap_or(rest.len());
        let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let operator = rest[..end].trim_start_matches(name);
        let known = [":-", "-", ":+", "+", ":=", "="];
        if !(operator.is_empty() || known.iter().any(|known| operator.starts_with(known))) {
            return Err("shells differ on that `${`, and some stop there");
        }
        self.at += 1 + end;
        Ok(())
    }

    fn backtick(&mut self) -> Result<(), &'static str> {
        self.doubt(RUNS);
        let close = self.text[self.at..].find('`').ok_or(UNCLOSED)?;
        self.at += close + 1;
        Ok(())
    }
}
