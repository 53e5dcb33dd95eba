//! How hard a secret is to guess, as far as its text tells: the cheapest way to spell it with words,
//! runs and repetitions. An estimate that is too low for nothing made by chance.

use zeroize::Zeroizing;

use super::Remark;
use super::words::{RUNS, WORDS};

/// Characters that any secret has.
const LEAST: usize = 8;
/// And one that a program made, and no person types.
const LEAST_OF_KEYS: usize = 12;
/// Bits below which whoever has a copy of the hash has the secret the same day.
const WEAK: f64 = 36.0;
/// What is longer is no password.
const LONGEST: usize = 64;

/// Short, or easy to guess.
pub(super) fn weakness(name: &str, text: &str) -> Option<Remark> {
    if text.is_empty() || is_no_password(text) {
        return None;
    }
    let remark = |code, what| Some(Remark { code, what });
    let characters = text.chars().count();
    if characters < LEAST {
        return remark("short", "has fewer than 8 characters");
    }
    if characters < LEAST_OF_KEYS && is_key_name(name) {
        return remark("short", "has fewer than 12 characters, few for a key");
    }
    let own: Vec<String> = name
        .split('_')
        .filter(|word| word.len() >= 4)
        .map(str::to_ascii_lowercase)
        .collect();
    (bits(text, &own) < WEAK)
        .then_some(())
        .and_then(|()| remark("weak", "is easy to guess"))
}

fn is_key_name(name: &str) -> bool {
    let last = name.rsplit('_').next().unwrap_or_default();
    let last = last.to_ascii_uppercase();
    ["KEY", "APIKEY", "SECRET", "TOKEN", "PAT"].contains(&last.as_str())
}

/// A path, a URL, a document, a phrase of several words: other rules are for them.
fn is_no_password(text: &str) -> bool {
    text.len() > LONGEST
        || text.starts_with(['{', '[', '/', '~'])
        || text.starts_with("./")
        || text.starts_with("${")
        || text.starts_with("ssh-")
        || text.starts_with("age1")
        || text.contains("://")
        || text.contains(char::is_whitespace)
}

/// The least bits that it takes to say the text; no more than so many that it is not weak.
fn bits(text: &str, own: &[String]) -> f64 {
    let written: Zeroizing<Vec<char>> = Zeroizing::new(text.chars().collect());
    let whole = spelled(&written, own);
    // the same twice is hardly more than once
    (1..=written.len() / 2)
        .filter(|size| written.len().is_multiple_of(*size))
        .filter(|size| {
            written
                .chunks(*size)
                .all(|block| *block == written[..*size])
        })
        .map(|size| spelled(&written[..size], own) + 2.0)
        .fold(whole, f64::min)
}

fn spelled(written: &[char], own: &[String]) -> f64 {
    let lower: Zeroizing<Vec<char>> =
        Zeroizing::new(written.iter().map(char::to_ascii_lowercase).collect());
    let plain: Zeroizing<Vec<char>> = Zeroizing::new(lower.iter().map(|c| unleet(*c)).collect());
    let each = alphabet(written).log2();
    let mut best = vec![f64::INFINITY; written.len() + 1];
    best[0] = 0.0;
    for at in 0..written.len() {
        // nothing is spelled cheaply any more, so the rest does not matter: soon so in what is random
        if best[at..].iter().all(|cost| *cost >= WEAK) {
            return WEAK;
        }
        let so_far = best[at];
        let mut offer = |length: usize, cost: f64| {
            best[at + length] = best[at + length].min(so_far + cost);
        };
        offer(1, each);
        for word in words_at(&lower, &plain, at) {
            offer(word, 9.0);
        }
        for word in own {
            if starts_with(&lower[at..], word) {
                offer(word.len(), 4.0);
            }
        }
        if let Some(run) = run_at(&lower, at) {
            offer(run, 6.0);
        }
        let same = lower[at..].iter().take_while(|c| **c == lower[at]).count();
        if same >= 3 {
            offer(same, each + 2.0);
        }
        if is_year(&lower[at..]) {
            offer(4, 6.0);
        }
    }
    best[written.len()]
}

/// The lengths of the known words that stand here, also with digits for letters.
fn words_at(lower: &[char], plain: &[char], at: usize) -> impl Iterator<Item = usize> {
    let of = |text: &[char]| {
        let first = text[at];
        let from = WORDS.partition_point(|word| !word.starts_with(|c| c >= first));
        let all = WORDS[from..].iter();
        all.take_while(move |word| word.starts_with(first))
    };
    let written = of(lower).filter(move |word| starts_with(&lower[at..], word));
    let meant = of(plain).filter(move |word| starts_with(&plain[at..], word));
    written.chain(meant).map(|word| word.len())
}

fn starts_with(text: &[char], word: &str) -> bool {
    text.len() >= word.len() && word.chars().zip(text).all(|(one, other)| one == *other)
}

/// The length of a run of the keyboard, of the alphabet or of digits, either way.
fn run_at(lower: &[char], at: usize) -> Option<usize> {
    if lower.len() < at + 4 {
        return None;
    }
    let longest = RUNS.iter().map(|run| {
        let forth = common(&lower[at..], run.as_bytes(), |index| index.checked_add(1));
        let back = common(&lower[at..], run.as_bytes(), |index| index.checked_sub(1));
        forth.max(back)
    });
    longest.max().filter(|length| *length >= 4)
}

fn common(text: &[char], run: &[u8], step: impl Fn(usize) -> Option<usize>) -> usize {
    let mut place = run.iter().position(|byte| char::from(*byte) == text[0]);
    let mut length = 0;
    while let (Some(c), Some(expected)) = (text.get(length), place.and_then(|at| run.get(at)))
        && *c == char::from(*expected)
    {
        length += 1;
        place = place.and_then(&step);
    }
    length
}

fn is_year(text: &[char]) -> bool {
    matches!(text, ['1', '9', a, b, ..] | ['2', '0', a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit())
}

fn unleet(c: char) -> char {
    match c {
        '@' | '4' => 'a',
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '$' | '5' => 's',
        '7' => 't',
        other => other,
    }
}

/// So many characters there are of the kinds that the text has.
fn alphabet(text: &[char]) -> f64 {
    let has = |is: fn(&char) -> bool| text.iter().any(is);
    let kinds = [
        (has(char::is_ascii_digit), 10.0),
        (has(char::is_ascii_lowercase), 26.0),
        (has(char::is_ascii_uppercase), 26.0),
        (has(char::is_ascii_punctuation), 32.0),
        (has(|c| !c.is_ascii()), 100.0),
    ];
    let sum: f64 = kinds
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, many)| many)
        .sum();
    sum.max(2.0)
}
