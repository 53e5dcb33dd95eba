//! Ids and times: deterministic, so that a failing run can be repeated.

/// Makes ids that look like UUID v4, always the same ones in the same order.
#[derive(Debug, Default)]
pub struct Ids(u64);

impl Ids {
    pub fn next(&mut self) -> String {
        self.0 += 1;
        let (high, low) = (scramble(self.0), scramble(self.0 ^ 0x5eed_0000_0000));
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff,
        )
    }
}

/// The finalizer of SplitMix64.
fn scramble(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Whether the text has the form of a UUID.
pub fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && text
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// The fake's own clock: it moves on by a second with each event.
#[derive(Debug)]
pub struct Clock(u64);

impl Default for Clock {
    /// 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self(1_767_225_600)
    }
}

impl Clock {
    /// The next moment, later than all before it.
    pub fn tick(&mut self) -> String {
        self.advance(1);
        rfc3339(self.0)
    }

    pub fn advance(&mut self, seconds: u64) {
        self.0 += seconds;
    }
}

/// Seconds since 1970 as RFC 3339 with milliseconds, as Railway writes it.
pub fn rfc3339(epoch: u64) -> String {
    let (year, month, day) = civil(epoch / 86_400);
    let (hour, minute, second) = time_of_day(epoch);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z")
}

/// Seconds since 1970 as an HTTP date.
pub fn http_date(epoch: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let days = epoch / 86_400;
    let (year, month, day) = civil(days);
    let (hour, minute, second) = time_of_day(epoch);
    let weekday = DAYS[usize::try_from(days % 7).expect("below seven")];
    let month = MONTHS[usize::try_from(month - 1).expect("below twelve")];
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

fn time_of_day(epoch: u64) -> (u64, u64, u64) {
    (epoch / 3600 % 24, epoch / 60 % 60, epoch % 60)
}

/// Days since 1970 as year, month and day.
fn civil(days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let (mut year, mut rest) = (1970, days);
    while rest >= 365 + u64::from(leap(year)) {
        rest -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [
        31,
        28 + u64::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 1;
    for length in lengths {
        if rest < length {
            break;
        }
        rest -= length;
        month += 1;
    }
    (year, month, rest + 1)
}
