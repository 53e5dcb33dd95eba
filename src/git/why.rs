//! What git says of a remote, in our own words: its own may hold addresses with passwords, and are not
//! repeated.

/// Why a remote could not be reached or read.
pub fn why_unreachable(said: &str) -> &'static str {
    const KNOWN: [(&str, &str); 20] = [
        ("Could not resolve host", "its host name is not known"),
        ("Could not resolve hostname", "its host name is not known"),
        (
            "dubious ownership",
            "its repository belongs to another user, and git does not read it",
        ),
        ("Failed to connect", "nothing answers there"),
        ("Connection refused", "the connection was refused"),
        ("timed out", "it did not answer in time"),
        ("Operation too slow", "it did not answer in time"),
        (
            "Host key verification failed",
            "its host key is not the known one, or was never seen",
        ),
        (
            "REMOTE HOST IDENTIFICATION",
            "its host key is not the known one",
        ),
        (
            "Permission denied",
            "it does not take the credentials of this user",
        ),
        (
            "Authentication failed",
            "it does not take the credentials of this user",
        ),
        (
            "could not read Username",
            "it asks for a password, and nobody is asked here",
        ),
        (
            "could not read Password",
            "it asks for a password, and nobody is asked here",
        ),
        (
            "returned error: 401",
            "it does not take the credentials of this user",
        ),
        ("returned error: 403", "this user may not read it"),
        (
            "not found",
            "there is no such repository, or this user may not see it",
        ),
        ("certificate", "its certificate is not trusted"),
        (
            "does not appear to be a git repository",
            "there is no such repository",
        ),
        ("not allowed", "git may not use that kind of address"),
        // after what it says before that
        (
            "Could not read from remote",
            "its program for the connection failed, or it takes nobody",
        ),
    ];
    KNOWN
        .iter()
        .find(|(words, _)| said.contains(words))
        .map_or("git could not reach it", |(_, why)| why)
}
