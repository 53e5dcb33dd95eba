//! Which names Railway keeps for itself.

use crate::model::VarName;

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
pub fn is_provided(name: &str) -> bool {
    name.starts_with("RAILWAY_") && !SETTABLE.contains(&name)
}

/// Why a name cannot be written.
pub(super) fn refusal(name: &VarName) -> Option<String> {
    is_provided(name.as_str()).then(|| {
        format!(
            "Railway provides {name} by itself: what is set under that name would never be seen"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settable_names_are_not_provided() {
        assert!(is_provided("RAILWAY_PUBLIC_DOMAIN"));
        assert!(is_provided("RAILWAY_SOMETHING_NEW"));
        assert!(!is_provided("RAILWAY_RUN_UID"));
        assert!(!is_provided("MY_RAILWAY_TOKEN"));
        assert!(refusal(&"RAILWAY_SERVICE_ID".parse().unwrap()).is_some());
        assert!(refusal(&"PORT".parse().unwrap()).is_none());
    }
}
