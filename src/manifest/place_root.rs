//! Paths compared part by part, as far as their texts tell.

/// A folder or file that an allowlist names: absolute, or `~/…` in the home of whoever works there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Root(Vec<String>);

/// Where a target's path leads.
pub(super) struct Spot(Vec<String>);

impl Root {
    /// `None` for a relative path, or one with `..` in it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        parts(text).map(Self)
    }

    /// Whether it is this place, or a folder above it.
    pub(super) fn holds(&self, spot: &Spot, home: Option<&str>) -> bool {
        expand(self.0.clone(), home).is_some_and(|root| spot.0.starts_with(&root))
    }
}

impl Spot {
    /// `folder` is where a relative path begins. Anything that could lead out again on its way
    /// (`a/../b`, where `a` may be a link) is no place.
    pub(super) fn of(path: &str, folder: Option<&str>, home: Option<&str>) -> Option<Self> {
        if path.starts_with('/') || path.starts_with("~/") {
            return expand(parts(path)?, home).map(Self);
        }
        let mut found = parts(folder?)?;
        let mut rest = path;
        // the folder holds no links, so the way up is the one that is written
        while let Some(up) = rest.strip_prefix("../") {
            rest = up.trim_start_matches('/');
            if found.len() > 1 {
                found.pop();
            }
        }
        found.extend(words(rest)?);
        Some(Self(found))
    }
}

/// The root of the file system or `~` first.
fn parts(text: &str) -> Option<Vec<String>> {
    let (first, rest) = match text.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => ("~", rest),
        Some(_) => return None,
        None => ("/", text.strip_prefix('/')?),
    };
    let mut found = vec![first.to_owned()];
    found.extend(words(rest)?);
    Some(found)
}

fn words(text: &str) -> Option<Vec<String>> {
    let kept = text.split('/').filter(|part| !matches!(*part, "" | "."));
    let kept: Vec<String> = kept.map(str::to_owned).collect();
    (!kept.iter().any(|part| part == "..")).then_some(kept)
}

fn expand(found: Vec<String>, home: Option<&str>) -> Option<Vec<String>> {
    match (found.first().map(String::as_str), home) {
        (Some("~"), Some(home)) => {
            let mut whole = parts(home)?;
            whole.extend(found.into_iter().skip(1));
            Some(whole)
        }
        _ => Some(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(root: &str, path: &str) -> bool {
        let here = Some("/repo/manifests");
        let home = Some("/home/me");
        let spot = Spot::of(path, here, home);
        spot.is_some_and(|spot| Root::parse(root).unwrap().holds(&spot, home))
    }

    #[test]
    fn a_root_holds_what_is_below_it() {
        for (root, path) in [
            ("/srv/app", "/srv/app/.env"),
            ("/srv/app/", "/srv//app/./.env"),
            ("/srv/app/.env", "/srv/app/.env"),
            ("/", "/etc/passwd"),
            ("/repo", "../app.env"),
            ("/repo/manifests", "app.env"),
            ("/home/me/app", "~/app/.env"),
            ("~/app", "/home/me/app/.env"),
            ("~", "~/.env"),
        ] {
            assert!(holds(root, path), "{root} {path}");
        }
    }

    #[test]
    fn a_neighbour_or_a_way_out_is_not_below_it() {
        for (root, path) in [
            ("/srv/app", "/srv/app-evil/.env"),
            ("/srv/app", "/srv/app/../etc/passwd"),
            ("/srv/app", "/srv/app/link/../.env"),
            ("/srv/app", "/srv/App/.env"),
            ("/srv/app", "/srv"),
            ("/srv/app", "srv/app/.env"),
            ("/repo/manifests", "../app.env"),
            ("/repo/manifests", "../manifests-evil/app.env"),
            ("/repo", "../../etc/passwd"),
            ("/repo", "../a/../../etc/passwd"),
            ("/repo", "a/../b"),
            ("/repo", ".."),
            ("~/app", "~/app2/.env"),
            ("~/app", "/home/other/app/.env"),
        ] {
            assert!(!holds(root, path), "{root} {path}");
        }
        for root in ["srv/app", "../x", "/srv/../etc", "~other/x", ""] {
            assert_eq!(Root::parse(root), None, "{root}");
        }
    }

    #[test]
    fn a_home_of_the_far_side_is_not_known_here() {
        let far = |path| Spot::of(path, None, None).unwrap();
        let root = Root::parse("~/app").unwrap();
        assert!(root.holds(&far("~/app/.env"), None));
        assert!(!root.holds(&far("/home/me/app/.env"), None));
        assert!(!Root::parse("/").unwrap().holds(&far("~/x"), None));
        assert!(Spot::of("app.env", None, None).is_none());
    }
}
