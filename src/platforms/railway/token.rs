//! Tokens: where they come from and how they are shown to the API. What a token is allowed to do is
//! asked, not guessed from the name of its variable; the name only says what to try first.

use std::collections::BTreeMap;

use bytes::Bytes;
use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

use super::settings::may_hold_token;
use crate::model::SecretValue;

/// Where the Railway CLI looks for a project token.
pub const PROJECT_VARIABLE: &str = "RAILWAY_TOKEN";

/// Where the Railway CLI looks for an account's or a workspace's token.
pub const ACCOUNT_VARIABLE: &str = "RAILWAY_API_TOKEN";

/// A token, and the environment variable that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    variable: String,
    value: SecretValue,
}

/// Why there is no token. Names variables, never what is in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// None is set, and the target names none.
    #[error("no token for Railway: neither {PROJECT_VARIABLE} nor {ACCOUNT_VARIABLE} is set")]
    None,
    /// The one that the target names is not set.
    #[error("no token for Railway: {variable} is not set")]
    Unset {
        /// The variable that the manifest names.
        variable: String,
    },
    /// The target names a variable that is never read.
    #[error(
        "{variable} cannot be the variable of a token: only names that begin with RAILWAY_ and \
         contain TOKEN are read"
    )]
    OtherVariable {
        /// The variable that the manifest names.
        variable: String,
    },
    /// Nothing in it.
    #[error("the token for Railway in {variable} is empty")]
    Empty {
        /// The variable.
        variable: String,
    },
    /// Spaces, line breaks or letters that no token has.
    #[error(
        "the token for Railway in {variable} holds a character that no token has (byte {at} of \
         {length})"
    )]
    Illegal {
        /// The variable.
        variable: String,
        /// Position of the first one.
        at: usize,
        /// Length of the whole.
        length: usize,
    },
}

impl TokenError {
    /// The next thing to do.
    pub fn help(&self) -> String {
        match self {
            Self::None | Self::Unset { .. } => "for one environment: a project token (Railway, \
                 the project's settings, Tokens) in RAILWAY_TOKEN; for several projects: a token \
                 of the account or the workspace (railway.com/account/tokens) in RAILWAY_API_TOKEN"
                .to_owned(),
            Self::OtherVariable { .. } => "name it for example RAILWAY_TOKEN_PRODUCTION".to_owned(),
            Self::Empty { variable } | Self::Illegal { variable, .. } => {
                format!("copy the token again, whole and alone, into {variable}")
            }
        }
    }
}

impl Token {
    /// Checks what a header can carry. One line break at the end is forgiven.
    ///
    /// # Errors
    /// When it is empty or holds anything that is not visible ASCII.
    pub fn new(variable: &str, value: &SecretValue) -> Result<Self, TokenError> {
        let text = value.expose();
        let bare = text.strip_suffix('\n').unwrap_or(text);
        let bare = bare.strip_suffix('\r').unwrap_or(bare);
        if bare.is_empty() {
            return Err(TokenError::Empty {
                variable: variable.to_owned(),
            });
        }
        if let Some(at) = bare.bytes().position(|byte| !byte.is_ascii_graphic()) {
            return Err(TokenError::Illegal {
                variable: variable.to_owned(),
                at: at + 1,
                length: bare.len(),
            });
        }
        let value = if bare.len() == text.len() {
            value.clone()
        } else {
            SecretValue::new(bare)
        };
        Ok(Self {
            variable: variable.to_owned(),
            value,
        })
    }

    /// The environment variable that it came from.
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// Whether its variable is the one that project tokens are usually in.
    pub(super) fn is_probably_project(&self) -> bool {
        self.variable.starts_with(PROJECT_VARIABLE)
    }

    /// Name and value of the header.
    pub(super) fn header(&self, scheme: Scheme) -> (&'static str, HeaderValue) {
        let (name, prefix) = match scheme {
            Scheme::Project => ("project-access-token", ""),
            Scheme::Bearer => ("authorization", "Bearer "),
        };
        // shared, not copied: wiped with the last holder
        let text = Zeroizing::new(format!("{prefix}{}", self.value.expose()));
        let value = HeaderValue::from_maybe_shared(Bytes::from_owner(text))
            .expect("checked when the token was made");
        (name, value)
    }
}

/// How a token is shown to the API. The wrong way is answered like a wrong token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `Project-Access-Token`.
    Project,
    /// `Authorization: Bearer`.
    Bearer,
}

/// A token, and how it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// The token.
    pub token: Token,
    /// The way that the API takes it.
    pub scheme: Scheme,
}

/// All tokens of a run, by the environment variable that they are in.
#[derive(Debug, Clone, Default)]
pub struct Tokens(BTreeMap<String, SecretValue>);

impl Tokens {
    /// Keeps those whose variable may hold one.
    pub fn new(variables: BTreeMap<String, SecretValue>) -> Self {
        let mut variables = variables;
        variables.retain(|name, _| may_hold_token(name));
        Self(variables)
    }

    /// The token of a target: the one in the variable that it names, else the usual ones. An empty
    /// usual variable is an unset one, as CI leaves them.
    ///
    /// # Errors
    /// When there is none, or it cannot be one.
    pub fn pick(&self, named: Option<&str>) -> Result<Token, TokenError> {
        if let Some(variable) = named {
            let owned = variable.to_owned();
            if !may_hold_token(variable) {
                return Err(TokenError::OtherVariable { variable: owned });
            }
            let value = self.0.get(variable);
            let value = value.ok_or(TokenError::Unset { variable: owned })?;
            return Token::new(variable, value);
        }
        for variable in [PROJECT_VARIABLE, ACCOUNT_VARIABLE] {
            match self
                .0
                .get(variable)
                .map(|value| Token::new(variable, value))
            {
                None | Some(Err(TokenError::Empty { .. })) => {}
                Some(result) => return result,
            }
        }
        Err(TokenError::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(of: &[(&str, &str)]) -> Tokens {
        let all = of.iter();
        Tokens::new(
            all.map(|(name, value)| ((*name).to_owned(), SecretValue::new(*value)))
                .collect(),
        )
    }

    #[test]
    fn the_named_one_then_the_usual_ones() {
        let all = tokens(&[
            ("RAILWAY_TOKEN", "p"),
            ("RAILWAY_API_TOKEN", "a"),
            ("RAILWAY_TOKEN_STAGING", "s"),
            ("GITHUB_TOKEN", "g"),
        ]);
        let pick = |named| all.pick(named).map(|token| token.variable().to_owned());
        assert_eq!(pick(None).unwrap(), "RAILWAY_TOKEN");
        assert_eq!(
            pick(Some("RAILWAY_TOKEN_STAGING")).unwrap(),
            "RAILWAY_TOKEN_STAGING"
        );
        assert_eq!(
            pick(Some("RAILWAY_TOKEN_X")),
            Err(TokenError::Unset {
                variable: "RAILWAY_TOKEN_X".into()
            })
        );
        assert!(matches!(
            pick(Some("GITHUB_TOKEN")),
            Err(TokenError::OtherVariable { .. })
        ));
        assert_eq!(tokens(&[]).pick(None), Err(TokenError::None));
    }

    #[test]
    fn an_empty_usual_one_is_unset_and_an_empty_named_one_an_error() {
        let all = tokens(&[("RAILWAY_TOKEN", "\n"), ("RAILWAY_API_TOKEN", "a")]);
        assert_eq!(all.pick(None).unwrap().variable(), "RAILWAY_API_TOKEN");
        assert!(matches!(
            all.pick(Some("RAILWAY_TOKEN")),
            Err(TokenError::Empty { .. })
        ));
    }

    #[test]
    fn what_a_header_cannot_carry_is_refused_and_not_quoted() {
        let token = |text: &str| Token::new("RAILWAY_TOKEN", &SecretValue::new(text));
        let (name, value) = token("abc\r\n").unwrap().header(Scheme::Bearer);
        assert_eq!(
            (name, value.to_str().unwrap()),
            ("authorization", "Bearer abc")
        );
        let (name, value) = token("abc").unwrap().header(Scheme::Project);
        assert_eq!(
            (name, value.to_str().unwrap()),
            ("project-access-token", "abc")
        );
        for bad in [
            "hunter2 x",
            "hunter2\nx",
            "hunter2\n\n",
            "hunté2",
            "\u{0}hunter2",
        ] {
            let error = token(bad).unwrap_err();
            assert!(matches!(error, TokenError::Illegal { .. }), "{bad:?}");
            assert!(!format!("{error} {error:?}").contains("hunt"), "{error}");
        }
        assert!(!format!("{:?}", token("hunter2").unwrap()).contains("hunter2"));
    }
}
