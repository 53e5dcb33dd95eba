//! The platform's references in values: `${{Service.NAME}}`, `${{shared.NAME}}`, `${{NAME}}`.

use crate::model::VarName;

const OPEN: &str = "${{";
const CLOSE: &str = "}}";

/// How a value refers to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refers {
    /// Not at all.
    No,
    /// One reference and nothing else: a name, and no secret.
    Only,
    /// Beside other text, or in a way that we do not know.
    Beside,
}

/// Reads a value for references. What only looks like one counts as other text.
pub(super) fn refers(value: &str) -> Refers {
    if !value.contains(OPEN) {
        return Refers::No;
    }
    let inner = value
        .strip_prefix(OPEN)
        .and_then(|rest| rest.strip_suffix(CLOSE));
    match inner {
        Some(inner) if is_name(inner.trim_matches(' ')) => Refers::Only,
        _ => Refers::Beside,
    }
}

/// `NAME`, or `Service.NAME`: a service's name may hold dots and spaces, a variable's may not.
fn is_name(text: &str) -> bool {
    let (service, name) = match text.rsplit_once('.') {
        Some((service, name)) => (Some(service), name),
        None => (None, text),
    };
    let letter = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-');
    let is_service = |service: &str| {
        (1..=64).contains(&service.len())
            && service.trim() == service
            && service.chars().all(letter)
    };
    VarName::new(name).is_ok() && name.len() <= 128 && service.is_none_or(is_service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_name_and_nothing_else() {
        for only in [
            "${{X}}",
            "${{ shared.X }}",
            "${{Postgres.DATABASE_URL}}",
            "${{my api-2.PORT}}",
            "${{api.v2.RAILWAY_PRIVATE_DOMAIN}}",
        ] {
            assert_eq!(refers(only), Refers::Only, "{only}");
        }
        for beside in [
            "a${{X}}",
            "${{X}} ",
            "\n${{X}}",
            "${{X}}${{Y}}",
            "${{}}",
            "${{X",
            "${{ X.}}",
            "${{.X}}",
            "${{secret(32, \"abc\")}}",
            "${{a/b.X}}",
            "${{X}}}}",
            "${{X}}\n",
        ] {
            assert_eq!(refers(beside), Refers::Beside, "{beside}");
        }
        for no in ["", "${X}", "$ {{X}}", "{{X}}", "plain"] {
            assert_eq!(refers(no), Refers::No, "{no}");
        }
    }
}
