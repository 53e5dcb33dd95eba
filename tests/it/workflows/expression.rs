//! As much of GitHub's expressions as our files use: names, `'texts'`, `==`, `!=`, `&&`, `||`, `!`,
//! brackets, `cancelled()` and `success()`. Anything else fails the test.

use serde_json::Value;

/// Replaces each `${{ … }}` of a text once; what an expression gives is not looked at again.
pub fn expand(text: &str, contexts: &Value) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (inner, after) = after.split_once("}}").unwrap();
        out.push_str(before);
        out.push_str(&as_text(&evaluate(inner, contexts)));
        rest = after;
    }
    out + rest
}

/// An `if:`; without a status function it asks whether all went well, too.
pub fn holds(text: &str, contexts: &Value, failed: bool) -> bool {
    let inner = text.trim().trim_start_matches("${{").trim_end_matches("}}");
    let asks = ["cancelled()", "success()", "failure()", "always()"];
    let status = asks.iter().any(|name| inner.contains(name));
    (status || !failed) && truth(&evaluate(inner, contexts))
}

pub fn as_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn truth(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value != "" && value != 0
}

fn evaluate(text: &str, contexts: &Value) -> Value {
    let mut parser = Parser {
        tokens: tokens(text),
        contexts,
    };
    let value = parser.either();
    assert!(parser.tokens.is_empty(), "left over in `{text}`");
    value
}

/// Tokens in reverse, to be popped.
fn tokens(text: &str) -> Vec<String> {
    let mut all = vec![];
    let mut letters = text.chars().peekable();
    while let Some(first) = letters.next() {
        let mut token = first.to_string();
        match first {
            ' ' | '\n' => continue,
            '\'' => {
                for letter in letters.by_ref().take_while(|letter| *letter != '\'') {
                    token.push(letter);
                }
            }
            '=' | '&' | '|' | '!' => {
                if letters
                    .peek()
                    .is_some_and(|next| *next == '=' || *next == first && first != '!')
                {
                    token.extend(letters.next());
                }
            }
            '(' | ')' => {}
            _ => {
                let part =
                    |letter: &char| letter.is_ascii_alphanumeric() || "._-".contains(*letter);
                assert!(part(&first), "`{first}` in `{text}`");
                while let Some(letter) = letters.next_if(part) {
                    token.push(letter);
                }
            }
        }
        all.push(token);
    }
    all.reverse();
    all
}

struct Parser<'a> {
    tokens: Vec<String>,
    contexts: &'a Value,
}

impl Parser<'_> {
    fn take(&mut self, wanted: &str) -> bool {
        let there = self.tokens.last().is_some_and(|token| token == wanted);
        if there {
            self.tokens.pop();
        }
        there
    }

    fn either(&mut self) -> Value {
        let mut left = self.both();
        while self.take("||") {
            let right = self.both();
            left = if truth(&left) { left } else { right };
        }
        left
    }

    fn both(&mut self) -> Value {
        let mut left = self.compare();
        while self.take("&&") {
            let right = self.compare();
            left = if truth(&left) { right } else { left };
        }
        left
    }

    fn compare(&mut self) -> Value {
        let left = self.single();
        if self.take("==") {
            return Value::Bool(as_text(&left) == as_text(&self.single()));
        }
        if self.take("!=") {
            return Value::Bool(as_text(&left) != as_text(&self.single()));
        }
        left
    }

    fn single(&mut self) -> Value {
        if self.take("!") {
            return Value::Bool(!truth(&self.single()));
        }
        if self.take("(") {
            let value = self.either();
            assert!(self.take(")"));
            return value;
        }
        let token = self.tokens.pop().expect("an operand");
        if let Some(text) = token.strip_prefix('\'') {
            return Value::String(text.to_owned());
        }
        if self.take("(") {
            assert!(self.take(")"));
            return match token.as_str() {
                "cancelled" => Value::Bool(false),
                "always" => Value::Bool(true),
                other => panic!("the function {other} is not one of ours"),
            };
        }
        let (context, path) = token.split_once('.').unwrap_or((&token, ""));
        let known = self.contexts.get(context);
        let mut value = known.unwrap_or_else(|| panic!("no context {context} here"));
        for part in path.split('.').filter(|part| !part.is_empty()) {
            value = value.get(part).unwrap_or(&Value::Null);
        }
        value.clone()
    }
}

#[test]
fn expressions_are_evaluated_as_github_does() {
    let contexts = serde_json::json!({
        "inputs": { "run": "review", "age-key": "", "cache": "true", "evil": "${{ inputs.run }}" },
        "steps": { "run": { "outputs": { "report": "r.md" } } },
    });
    for (text, gives) in [
        ("inputs.run", "review"),
        ("inputs.missing.deep", ""),
        ("inputs.age-key || inputs.run", "review"),
        ("inputs.run == 'review' && inputs.cache == 'true'", "true"),
        ("!cancelled() && inputs.run != 'review' || 'x'", "x"),
        ("!(inputs.age-key == '') && 'y'", "false"),
    ] {
        assert_eq!(as_text(&evaluate(text, &contexts)), gives, "{text}");
    }
    let text = "a ${{ inputs.evil }} ${{ steps.run.outputs.report }}";
    assert_eq!(expand(text, &contexts), "a ${{ inputs.run }} r.md");
    assert!(!holds("${{ inputs.cache == 'true' }}", &contexts, true));
    assert!(holds("${{ !cancelled() && inputs.run }}", &contexts, true));
}
