//! The output as somebody who decodes it would see it, with a map back to where each byte stood.

/// One decoded copy.
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    /// Where each byte began; one more for the end.
    origins: Vec<usize>,
}

type Decode = fn(&[u8]) -> Option<(Vec<u8>, usize)>;

impl View {
    /// The views that differ from the text itself.
    pub(super) fn of(text: &[u8]) -> Vec<Self> {
        let mut views = Vec::new();
        if text.contains(&b'%') {
            views.push(Self::new(text, percent));
        }
        if text.contains(&b'\\') {
            views.push(Self::new(text, backslash));
        }
        // what Markdown escaped: backslashes, entities and the breaker behind an @
        if text.contains(&b'&') || text.contains(&b'@') {
            views.push(Self::new(text, prose));
        }
        // escaped twice: JSON in JSON, an escaped control character in Markdown
        let twice: Vec<Self> = views
            .iter()
            .filter(|view| view.bytes.contains(&b'\\'))
            .map(|view| Self::new(&view.bytes, backslash).behind(view))
            .collect();
        views.extend(twice);
        views
    }

    /// The view of a view, with the map back to the text.
    fn behind(mut self, first: &Self) -> Self {
        for origin in &mut self.origins {
            *origin = first.origins[*origin];
        }
        self
    }

    /// Where the byte at `index` of the view began in the text.
    pub(super) fn origin(&self, index: usize) -> usize {
        self.origins[index]
    }

    fn new(text: &[u8], decode: Decode) -> Self {
        let mut view = Self {
            bytes: Vec::with_capacity(text.len()),
            origins: Vec::with_capacity(text.len() + 1),
        };
        let mut at = 0;
        while at < text.len() {
            let (bytes, taken) = decode(&text[at..]).unwrap_or_else(|| (vec![text[at]], 1));
            view.origins.extend(std::iter::repeat_n(at, bytes.len()));
            view.bytes.extend(bytes);
            at += taken;
        }
        view.origins.push(text.len());
        view
    }
}

fn percent(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let [b'%', digits @ ..] = text else {
        return None;
    };
    let code = number(digits.get(..2)?)?;
    Some((vec![u8::try_from(code).ok()?], 3))
}

/// JSON, Rust and C spellings.
fn backslash(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let [b'\\', next, rest @ ..] = text else {
        return None;
    };
    let one = |byte: u8| Some((vec![byte], 2));
    match next {
        b'n' => one(b'\n'),
        b'r' => one(b'\r'),
        b't' => one(b'\t'),
        b'b' => one(8),
        b'f' => one(12),
        b'0' => one(0),
        b'e' => one(27),
        b'x' => {
            let code = number(rest.get(..2)?)?;
            Some((vec![u8::try_from(code).ok()?], 4))
        }
        b'u' if rest.first() == Some(&b'{') => {
            let end = rest.iter().take(8).position(|byte| *byte == b'}')?;
            Some((utf8(number(&rest[1..end])?)?, end + 3))
        }
        b'u' => unicode(rest),
        other if other.is_ascii_punctuation() => one(*other),
        _ => None,
    }
}

/// `\uXXXX`, or a pair of them, behind the `\u`.
fn unicode(rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    let first = number(rest.get(..4)?)?;
    if (0xd800..0xdc00).contains(&first) && rest.get(4..6) == Some(b"\\u") {
        let second = number(rest.get(6..10)?)?;
        let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        return Some((utf8(0x10000 + ((first - 0xd800) << 10) + low)?, 12));
    }
    Some((utf8(first)?, 6))
}

fn prose(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    const BREAKER: &[u8] = "@\u{200b}".as_bytes();
    const ENTITIES: [(&[u8], u8); 6] = [
        (b"&amp;", b'&'),
        (b"&lt;", b'<'),
        (b"&gt;", b'>'),
        (b"&quot;", b'"'),
        (b"&#39;", b'\''),
        (b"&#64;", b'@'),
    ];
    if text.starts_with(BREAKER) {
        return Some((vec![b'@'], BREAKER.len()));
    }
    ENTITIES
        .iter()
        .find(|(entity, _)| text.starts_with(entity))
        .map(|(entity, byte)| (vec![*byte], entity.len()))
        .or_else(|| backslash(text))
}

fn number(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    let is_hex = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

fn utf8(code: u32) -> Option<Vec<u8>> {
    char::from_u32(code).map(|c| c.to_string().into_bytes())
}
