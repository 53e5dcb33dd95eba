//! What curl reads from its standard input: a configuration file in its own language.

use std::fmt::Write as _;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use zeroize::Zeroizing;

use crate::model::Verdict;
use crate::probe::request::Checked;
use crate::probe::{MAX_ANSWER_BYTES, not_tried};

/// Old versions of curl end a line there, and take the rest for another one.
const MAX_LINE_BYTES: usize = 90 * 1024;

/// Read by [`super::told`].
const WRITE_OUT: &str = "%{http_code} %{size_download} %{content_type}";

/// Read by [`super::told_after_body`]: each line ends what a server says before it. A curl older
/// than 7.84 writes the name of the header out as it stands here.
const WRITE_OUT_AFTER_BODY: &str = "\\n%header{retry-after}\\n";

/// What holds for every request. The rate keeps an endless answer small also where curl does not
/// yet cut one whose length was not announced; one that is as short as it may be comes at once.
const FIXED: &str = "\
silent
show-error
globoff
http1.1
noproxy = \"*\"
proxy = \"\"
max-redirs = 0
connect-timeout = 10
limit-rate = 256K
";

/// The whole text.
pub(super) fn text(request: &Checked, limit: Duration) -> Result<Zeroizing<Vec<u8>>, Verdict> {
    let mut text = Zeroizing::new(String::with_capacity(room_for(request)));
    text.push_str(FIXED);
    let mut plain = |name: &str, value: &dyn std::fmt::Display| {
        writeln!(text, "{name} = \"{value}\"").expect("a string takes any text");
    };
    plain("max-filesize", &MAX_ANSWER_BYTES);
    plain("max-time", &limit.as_secs_f32());
    if request.reads_body {
        plain("write-out", &[WRITE_OUT_AFTER_BODY, WRITE_OUT].concat());
    } else {
        plain("write-out", &WRITE_OUT);
        plain("output", &"/dev/null");
    }
    // http only where the address was found to be this machine's
    plain("proto", &format_args!("={}", request.url.scheme()));
    if request.is_plain_localhost() {
        let port = request.url.port_or_known_default().unwrap_or(80);
        // whatever the machine's own names say
        plain("resolve", &format_args!("localhost:{port}:127.0.0.1,[::1]"));
    }
    if request.method == Method::HEAD {
        text.push_str("head\n");
    } else {
        plain("request", &request.method);
    }
    option(&mut text, "url", &[request.url.as_str()])?;
    headers(&mut text, request)?;
    body(&mut text, request)?;
    Ok(Zeroizing::new(std::mem::take(&mut *text).into_bytes()))
}

/// More than is needed: the text must not grow, which would leave a copy of it behind.
fn room_for(request: &Checked) -> usize {
    let headers: usize = request
        .headers
        .iter()
        .map(|(name, value)| 32 + name.as_str().len() + 2 * value.len())
        .sum();
    let body = request.body.as_ref().map_or(0, |body| 2 * body.len());
    2048 + 2 * request.url.as_str().len() + headers + body
}

fn headers(text: &mut Zeroizing<String>, request: &Checked) -> Result<(), Verdict> {
    for (name, value) in &request.headers {
        let value = std::str::from_utf8(value.as_bytes())
            .map_err(|_| not_tried(format!("the value for the header {name} is not text")))?;
        if value.trim().is_empty() {
            // with a colon and nothing after it, curl would leave the header out
            option(text, "header", &[name.as_str(), ";"])?;
        } else {
            option(text, "header", &[name.as_str(), ": ", value])?;
        }
    }
    // nothing that curl would add by itself
    if !request.headers.contains_key(CONTENT_TYPE) {
        text.push_str("header = \"Content-Type:\"\n");
    }
    text.push_str("header = \"Expect:\"\n");
    Ok(())
}

fn body(text: &mut Zeroizing<String>, request: &Checked) -> Result<(), Verdict> {
    let body = request.body.as_ref().map(|body| body.expose());
    let expects_one = matches!(request.method, Method::POST | Method::PUT | Method::PATCH);
    match body {
        // that of a file: only newer versions know how to be told that it is none
        Some(body) if body.starts_with('@') => option(text, "data-raw", &[body]),
        Some(body) if !body.is_empty() => option(text, "data-binary", &[body]),
        // a length of zero, which some servers insist on
        _ if expects_one => option(text, "data-binary", &[""]),
        _ => Ok(()),
    }
}

/// One option with its value in quotes.
fn option(text: &mut Zeroizing<String>, name: &str, parts: &[&str]) -> Result<(), Verdict> {
    let start = text.len();
    text.push_str(name);
    text.push_str(" = \"");
    for letter in parts.iter().flat_map(|part| part.chars()) {
        match letter {
            '\0' => return Err(not_tried("a value holds a NUL, which curl cannot be given")),
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            other => text.push(other),
        }
    }
    text.push_str("\"\n");
    if text.len() - start > MAX_LINE_BYTES {
        return Err(not_tried("a value is too long to hand it to curl"));
    }
    Ok(())
}
