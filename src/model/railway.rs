//! What is known of Railway before anything is asked: addresses, and the names that it keeps for itself.

use std::collections::BTreeSet;

use super::VarName;

/// The variables of one service in a Railway environment, or the environment's shared ones. Names or
/// ids, as the manifest spells them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RailwayAddress {
    /// The project.
    pub project: String,
    /// The environment.
    pub environment: String,
    /// The service; `None` for the environment's shared variables.
    pub service: Option<String>,
    /// The environment variable that holds the token, where the manifest names one.
    pub token: Option<String>,
    /// Names that are stored sealed: Railway shows their values to nobody afterwards.
    pub sealed: BTreeSet<VarName>,
}

/// Names that Railway reads and lets people set; all other `RAILWAY_…` are its own. Source: Railway's
/// documentation, "Variables reference", user-provided configuration variables.
const SETTABLE: [&str; 6] = [
    "RAILWAY_DEPLOYMENT_DRAINING_SECONDS",
    "RAILWAY_DEPLOYMENT_OVERLAP_SECONDS",
    "RAILWAY_DOCKERFILE_PATH",
    "RAILWAY_HEALTHCHECK_TIMEOUT_SEC",
    "RAILWAY_RUN_UID",
    "RAILWAY_SHM_SIZE_BYTES",
];

/// Whether Railway provides this name by itself: never read as a variable, never written.
pub fn is_provided_by_railway(name: &str) -> bool {
    name.starts_with("RAILWAY_") && !SETTABLE.contains(&name)
}

/// Whether this environment variable may hold a token for Railway. Whatever it holds is sent there, so
/// it must be one that is meant for it: a manifest names it.
pub fn is_railway_token_name(text: &str) -> bool {
    text.starts_with("RAILWAY_") && text.contains("TOKEN") && VarName::new(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settable_names_are_not_provided() {
        assert!(is_provided_by_railway("RAILWAY_PUBLIC_DOMAIN"));
        assert!(is_provided_by_railway("RAILWAY_SOMETHING_NEW"));
        assert!(!is_provided_by_railway("RAILWAY_RUN_UID"));
        assert!(!is_provided_by_railway("MY_RAILWAY_TOKEN"));
        assert!(!is_provided_by_railway("RAILWAYS"));
    }

    #[test]
    fn only_variables_for_railway_may_hold_its_token() {
        for good in [
            "RAILWAY_TOKEN",
            "RAILWAY_API_TOKEN",
            "RAILWAY_TOKEN_PRODUCTION",
        ] {
            assert!(is_railway_token_name(good), "{good}");
        }
        for bad in [
            "RAILWAY_PROJECT_ID",
            "GITHUB_TOKEN",
            "RAILWAY_TOKEN-X",
            "railway_token",
        ] {
            assert!(!is_railway_token_name(bad), "{bad}");
        }
    }
}
