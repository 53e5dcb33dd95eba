//! URLs that different readers take for different ones.

/// A URL with a user whose name or password holds, in plain, a character that ends it (`/`, `?`, `#`,
/// `@`), a `%` that encodes nothing, or a blank.
pub(super) fn is_broken(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !is_scheme || rest.contains(['\n', '\r']) || rest.contains("${") {
        return false;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, after) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((user, _)) => {
            user.contains(|c: char| c == '@' || c.is_whitespace()) || has_stray_percent(user)
        }
        // what begins as `user:password` and is cut before its `@`
        None => after.contains('@') && is_cut_password(authority),
    }
}

/// `name:` and something that is no port.
fn is_cut_password(authority: &str) -> bool {
    let Some((host, port)) = authority.split_once(':') else {
        return false;
    };
    let numeric = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    // several hosts in one URL, and addresses in brackets, are no names of users
    !(host.is_empty() || host.contains([',', '[']) || port.contains([',', ':', ']']) || numeric)
}

fn has_stray_percent(text: &str) -> bool {
    text.split('%').skip(1).any(|rest| {
        let mut hex = rest.chars();
        !(0..2).all(|_| hex.next().is_some_and(|c| c.is_ascii_hexdigit()))
    })
}
