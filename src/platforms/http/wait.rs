//! How long an answer asks to wait. "Now" is the answer's own `Date`: our clock may be off.

use std::time::Duration;

use jiff::Timestamp;

use super::Response;

/// `Retry-After`: seconds, or a date.
pub fn retry_after(answer: &Response) -> Option<Duration> {
    let now = answer.header("date").and_then(parse_http_date);
    parse_retry_after(answer.header("retry-after")?, now)
}

fn parse_retry_after(text: &str, now: Option<Timestamp>) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    until(parse_http_date(text)?, now)
}

/// Epoch seconds or milliseconds, a date of either style, or (a small number) seconds from now.
pub fn parse_reset(text: &str, now: Option<Timestamp>) -> Option<Duration> {
    let text = text.trim();
    let at = match text.parse::<i64>() {
        Ok(seconds @ 0..=31_622_400) => {
            return u64::try_from(seconds).ok().map(Duration::from_secs);
        }
        Ok(seconds @ 31_622_401..=99_999_999_999) => Timestamp::from_second(seconds).ok()?,
        Ok(milliseconds) => Timestamp::from_millisecond(milliseconds).ok()?,
        Err(_) => text.parse().ok().or_else(|| parse_http_date(text))?,
    };
    until(at, now)
}

fn until(at: Timestamp, now: Option<Timestamp>) -> Option<Duration> {
    let span = at.duration_since(now?);
    Some(span.try_into().unwrap_or(Duration::ZERO))
}

/// A date as HTTP writes it.
pub fn parse_http_date(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(zoned.timestamp())
}

/// `45 s`, `3 min`, `2 h`: rounded up, so that who waits so long has waited enough.
pub fn in_words(span: Duration) -> String {
    let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn now() -> Option<Timestamp> {
        parse_http_date(NOW)
    }

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        let wait = |text| parse_retry_after(text, now()).map(|span| span.as_secs());
        assert_eq!(wait("120"), Some(120));
        assert_eq!(wait(" 0 "), Some(0));
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:07 GMT"), Some(0));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("-5"), None);
        assert_eq!(
            parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", None),
            None
        );
    }

    #[test]
    fn a_reset_is_taken_in_every_likely_form() {
        let epoch = now().unwrap().as_second() + 90;
        for text in [
            epoch.to_string(),
            (epoch * 1000).to_string(),
            "1994-11-06T08:51:07Z".to_owned(),
            "1994-11-06T09:51:07.000+01:00".to_owned(),
            "Sun, 06 Nov 1994 08:51:07 GMT".to_owned(),
            "90".to_owned(),
        ] {
            let span = parse_reset(&text, now());
            assert_eq!(span, Some(Duration::from_secs(90)), "{text}");
        }
        assert_eq!(parse_reset("never", now()), None);
        assert_eq!(parse_reset("", now()), None);
    }
}
