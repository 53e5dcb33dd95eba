//! Numbers as SOPS spells them: the MAC is over its texts, and its files show others.
//!
//! Source: Go's `strconv.FormatFloat` with the formats that `sops.ToBytes`, `encoding/json` and
//! `go.yaml.in/yaml/v3` name.

/// All digits, no exponent: what is encrypted, and what the MAC goes over.
pub(super) fn plain(number: f64) -> String {
    format!("{number}")
}

/// What a YAML file shows. Go takes an exponent from six digits before the point on.
pub(super) fn in_yaml(number: f64) -> String {
    if number == 0.0 {
        return plain(number);
    }
    let shortest = format!("{number:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => plain(number),
    }
}

/// What a JSON file shows, where it shows no exponent.
pub(super) fn in_json(number: f64) -> Option<String> {
    let size = number.abs();
    (number == 0.0 || (1e-6..1e21).contains(&size)).then(|| plain(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_spells_them() {
        for (number, all, yaml) in [
            (1.5, "1.5", "1.5"),
            (1.0, "1", "1"),
            (-0.25, "-0.25", "-0.25"),
            (123_456.5, "123456.5", "123456.5"),
            (1_234_567.5, "1234567.5", "1.2345675e+06"),
            (0.0001, "0.0001", "0.0001"),
            (0.00001, "0.00001", "1e-05"),
            (1e21, "1000000000000000000000", "1e+21"),
            (1e100, &format!("1{}", "0".repeat(100)), "1e+100"),
            (0.0, "0", "0"),
            (-0.0, "-0", "-0"),
        ] {
            assert_eq!(plain(number), all);
            assert_eq!(in_yaml(number), yaml, "{number}");
        }
        assert_eq!(in_json(1e21), None);
        assert_eq!(in_json(1e-7), None);
        assert_eq!(in_json(8080.0).as_deref(), Some("8080"));
    }
}
