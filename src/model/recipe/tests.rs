//! What a recipe makes fits what it says, and every text is equally likely.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Bytes that count on from one draw to the next, and how many were drawn.
fn counting() -> (impl FnMut() -> Draw, std::rc::Rc<std::cell::Cell<usize>>) {
    let draws = std::rc::Rc::new(std::cell::Cell::new(0));
    let (mut next, counter) = (0_u8, draws.clone());
    let draw = move || {
        counter.set(counter.get() + 1);
        let mut bytes = Zeroizing::new([0; 32]);
        for byte in bytes.iter_mut() {
            *byte = next;
            next = next.wrapping_add(1);
        }
        bytes
    };
    (draw, draws)
}

fn made(recipe: &TextRecipe) -> (String, usize) {
    let (draw, draws) = counting();
    let value = recipe.make(draw);
    (value.expose().to_owned(), draws.get())
}

fn short(text: &str) -> Result<TextRecipe, RecipeError> {
    text.parse()
}

#[test]
fn texts_are_spelled_as_their_recipe_says() {
    let made = |text: &str| made(&short(text).unwrap());
    assert_eq!(made("hex:33").0, "000102030405060708090a0b0c0d0e0f1");
    assert_eq!(
        made("uuid"),
        ("00010203-0405-4607-8809-0a0b0c0d0e0f".into(), 1)
    );
    assert_eq!(
        made("base64url"),
        ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8".into(), 1)
    );
    assert_eq!(made("base64:16").0, "AAECAwQFBgcICQoLDA0ODw==");
    assert_eq!(made("alphabet:a-z:16").0, "abcdefghijklmnop");
    let ones = || Zeroizing::new([0xff; 32]);
    let upper = TextRecipe::of(Shape::Uuid { upper: true });
    assert_eq!(
        upper.make(ones).expose(),
        "FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF"
    );
    let prefixed = TextRecipe {
        prefix: "sk_".to_owned(),
        ..short("hex:16").unwrap()
    };
    assert_eq!(super::tests::made(&prefixed).0, "sk_0001020304050607");
}

#[test]
fn no_byte_is_used_twice() {
    // 192 digits are 96 bytes: three draws
    let (text, draws) = made(&short("hex:192").unwrap());
    assert_eq!(
        (&text[..4], &text[64..68], &text[128..132], draws),
        ("0001", "2021", "4041", 3)
    );
    assert_eq!(made(&short("hex:66").unwrap()).1, 2);
    assert_eq!(made(&short("base64:4096").unwrap()).1, 128);
}

#[test]
fn bytes_beyond_the_last_whole_multiple_are_thrown_away() {
    // 256 = 4 * 62 + 8: of 256 counted bytes the last eight are left out, so that each character
    // comes exactly four times; the 249th character is of the next round
    let recipe = short("alphabet:A-Za-z0-9:249").unwrap();
    let (text, draws) = made(&recipe);
    assert_eq!(draws, 9);
    let mut counts = BTreeMap::new();
    for character in text[..248].chars() {
        *counts.entry(character).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 62);
    assert!(counts.values().all(|count| *count == 4), "{counts:?}");
    assert_eq!(text.chars().last(), Some('A'));
}

#[test]
fn a_text_without_what_is_required_is_drawn_anew() {
    let alphabet = Alphabet::new("a-z0-9", 32, [CharClass::Digit]).unwrap();
    let recipe = TextRecipe::of(Shape::Alphabet(alphabet));
    let mut calls = 0;
    let value = recipe.make(|| {
        calls += 1;
        // 36 characters: 1 is a `b`, 26 is a `0`
        Zeroizing::new([if calls == 1 { 1 } else { 26 }; 32])
    });
    assert_eq!((calls, value.expose()), (2, "0".repeat(32).as_str()));
}

#[test]
fn strength_is_counted() {
    let bits = |text: &str| short(text).unwrap().bits();
    assert_eq!(bits("hex:16"), 64.0);
    assert_eq!(bits("base64url:32"), 256.0);
    assert_eq!(bits("uuid"), 122.0);
    assert!((bits("alphabet:A-Za-z0-9:24") - 142.9).abs() < 0.1);
    // all texts but those of letters alone
    let alphabet = Alphabet::new("ab01", 40, [CharClass::Digit, CharClass::Lower]).unwrap();
    let lost = 2.0_f64.powi(-40) * 2.0;
    let wanted = 80.0 + (1.0 - lost).log2();
    assert!((TextRecipe::of(Shape::Alphabet(alphabet)).bits() - wanted).abs() < 1e-9);

    assert_eq!(short("hex:15"), Err(RecipeError::Weak(60)));
    assert_eq!(short("base64:7"), Err(RecipeError::Weak(56)));
    assert_eq!(short("alphabet:0-9:19"), Err(RecipeError::Weak(63)));
    assert_eq!(short("hex:16").unwrap().is_thin(), Some(64));
    assert_eq!(short("hex:28").unwrap().is_thin(), None);
    assert_eq!(short("uuid").unwrap().is_thin(), None);
}

#[test]
fn what_is_no_recipe_is_refused() {
    use RecipeError as E;
    for (text, why) in [
        ("", E::Unknown),
        ("HEX", E::Unknown),
        ("hunter2", E::Unknown),
        ("uuid:4", E::Unknown),
        ("alphabet", E::Unknown),
        ("hex:", E::Size),
        ("hex:0", E::Size),
        ("hex:-1", E::Size),
        ("hex:064", E::Size),
        ("hex:4097", E::Size),
        ("hex:1000000000", E::Size),
        ("hex:64:64", E::Size),
        ("alphabet:abc", E::Size),
        ("alphabet:A-Z:0", E::Size),
        ("alphabet:A-Z:1000000000", E::Size),
        ("alphabet::24", E::TooFew),
        ("alphabet:a:24", E::TooFew),
        ("alphabet:a-a:24", E::TooFew),
        ("alphabet:aab:64", E::Twice),
        ("alphabet:a-zm:64", E::Twice),
        ("alphabet:a-zc-e:64", E::Twice),
        ("alphabet:z-a:64", E::Range),
        ("alphabet:A-z:64", E::Range),
        ("alphabet:0-z:64", E::Range),
        ("alphabet:a-z é:64", E::Character),
        ("alphabet:a-z\u{e9}:64", E::Character),
        ("alphabet:a-z\n:64", E::Character),
    ] {
        assert_eq!(short(text), Err(why), "{text}");
    }
    let required = |written: &str, length, classes: &[CharClass]| {
        Alphabet::new(written, length, classes.iter().copied()).map(|_| ())
    };
    assert_eq!(
        required("a-z", 64, &[CharClass::Digit]),
        Err(E::Required),
        "no digit can come"
    );
    assert_eq!(required("A-Za-z0-9!", 3, &CharClass::ALL), Err(E::Required));
    assert_eq!(required("A-Za-z0-9!-/", 24, &CharClass::ALL), Ok(()));
    for prefix in ["a b", "ä", "a\n", &"x".repeat(65)] {
        let recipe = TextRecipe {
            prefix: prefix.to_owned(),
            ..TextRecipe::usual()
        };
        assert_eq!(recipe.checked(), Err(E::Prefix), "{prefix}");
    }
}

#[test]
fn a_dash_at_an_end_is_one_itself() {
    let of = |written: &str| Alphabet::new(written, 64, []).map(|one| one.characters().to_vec());
    assert_eq!(of("-a"), Ok(b"-a".to_vec()));
    assert_eq!(of("a-"), Ok(b"a-".to_vec()));
    assert_eq!(of("a-c-"), Ok(b"abc-".to_vec()));
    assert_eq!(of("!-/"), Ok((b'!'..=b'/').collect()));
    // symbols only, although letters stand between in the table
    assert_eq!(of("!-~").map(|all| all.len()), Ok(32));
}

fn text_recipe() -> impl Strategy<Value = TextRecipe> {
    let class = prop::sample::subsequence(CharClass::ALL.to_vec(), 0..=4);
    let part = prop::sample::subsequence(vec!["A-Z", "a-z", "0-9", "!#%+", "_-"], 1..=5);
    let alphabet =
        (part, 20..200_usize, class).prop_filter_map("fits", |(parts, length, class)| {
            let alphabet = Alphabet::new(&parts.concat(), length, class).ok()?;
            Some(Shape::Alphabet(alphabet))
        });
    let shape = prop_oneof![
        (16..=512_usize, any::<bool>()).prop_map(|(digits, upper)| Shape::Hex { digits, upper }),
        (8..=128_usize).prop_map(|bytes| Shape::Base64 { bytes }),
        (8..=128_usize).prop_map(|bytes| Shape::Base64url { bytes }),
        any::<bool>().prop_map(|upper| Shape::Uuid { upper }),
        alphabet,
    ];
    ("[!-~]{0,8}", shape).prop_filter_map("strong", |(prefix, shape)| {
        TextRecipe { prefix, shape }.checked().ok()
    })
}

fn fits(shape: &Shape, text: &str) -> bool {
    let case = |upper: bool| {
        text.chars()
            .all(|one| one.is_ascii_uppercase() == upper || !one.is_ascii_alphabetic())
    };
    match shape {
        Shape::Hex { upper, .. } => case(*upper) && text.chars().all(|one| one.is_ascii_hexdigit()),
        Shape::Uuid { upper } => case(*upper) && &text[14..15] == "4",
        Shape::Base64 { bytes } => {
            base64::Engine::decode(&base64::prelude::BASE64_STANDARD, text)
                .unwrap()
                .len()
                == *bytes
        }
        Shape::Base64url { bytes } => {
            base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, text)
                .unwrap()
                .len()
                == *bytes
        }
        Shape::Alphabet(alphabet) => {
            text.bytes().all(|one| alphabet.characters().contains(&one))
                && alphabet
                    .required()
                    .all(|class| text.bytes().any(|one| CharClass::of(one) == class))
        }
    }
}

proptest! {
    /// The text has the length, the prefix and the characters of its recipe, and differs from the one
    /// of other randomness.
    #[test]
    fn what_is_made_fits(recipe in text_recipe(), seed: u64) {
        let draws = |seed: u64| {
            let mut next = seed;
            move || {
                let mut bytes = Zeroizing::new([0; 32]);
                for byte in bytes.iter_mut() {
                    next = next.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    *byte = next.to_be_bytes()[0];
                }
                bytes
            }
        };
        let value = recipe.make(draws(seed));
        let text = value.expose().strip_prefix(&recipe.prefix).unwrap();
        prop_assert_eq!(text.len(), recipe.shape.length());
        prop_assert!(fits(&recipe.shape, text), "{:?}: {}", recipe, text);
        prop_assert!(recipe.make(draws(seed ^ 1)) != value);
    }

    #[test]
    fn no_text_panics(text: String, written: String, length: usize) {
        let _any = short(&text);
        let _any = short(&format!("alphabet:{written}:{length}"));
        let _any = Alphabet::new(&written, length, CharClass::ALL);
    }
}
