//! Bodies that are not what they look like: base64, gzip and zlib, and hex for what no reader knows.
//!
//! What is inflated is bounded: a small body may hold a great deal. Must not: decide what a text means.

use std::io::Read;

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use serde::de::IgnoredAny;

/// The most bytes that are inflated of one body.
pub const MOST_INFLATED: usize = 4 << 20;
/// The most bytes that are written in hex: 4,096 rows.
pub const MOST_HEX: usize = 64 << 10;
/// Bytes in a row of hex.
const ROW: usize = 16;
/// A shorter text may be base64 by chance: `password` is.
const LEAST_BASE64: usize = 16;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// What a compressed body was compressed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    Gzip,
    Zlib,
}

/// What came out, and whether it is all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inflated {
    pub bytes: Vec<u8>,
    pub missing: Option<Missing>,
}

/// Why there is less than there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It is longer than [`MOST_INFLATED`].
    TooLong,
    /// It ends early or is damaged.
    Damaged,
}

/// The bytes behind a base64 text, if it is one that decodes to something sensible: compressed bytes or readable text.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let is_one = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'-' | b'_' | b'=' | b'\n' | b'\r');
    if text.len() < LEAST_BASE64 || !text.bytes().all(is_one) {
        return None;
    }
    let packed: Vec<u8> = text.bytes().filter(|c| !matches!(c, b'\n' | b'\r')).collect();
    let alphabet = if packed.iter().any(|c| matches!(c, b'-' | b'_')) { URL_SAFE } else { STANDARD };
    let bytes = GeneralPurpose::new(&alphabet, LENIENT).decode(packed).ok()?;
    (compression(&bytes).is_some() || is_readable(&bytes)).then_some(bytes)
}

/// How bytes are compressed, by what they begin with.
pub fn compression(bytes: &[u8]) -> Option<Compression> {
    match bytes {
        [0x1f, 0x8b, 8, ..] => Some(Compression::Gzip),
        // The two bytes of a zlib header are a multiple of 31.
        [0x78, flags, ..] if (0x78 * 256 + u32::from(*flags)) % 31 == 0 => Some(Compression::Zlib),
        _ => None,
    }
}

/// Inflates, up to [`MOST_INFLATED`]. None if nothing came out.
pub fn inflate(bytes: &[u8], compression: Compression) -> Option<Inflated> {
    let most = MOST_INFLATED as u64 + 1;
    let mut inflated = Vec::new();
    let read = match compression {
        Compression::Gzip => MultiGzDecoder::new(bytes).take(most).read_to_end(&mut inflated),
        Compression::Zlib => ZlibDecoder::new(bytes).take(most).read_to_end(&mut inflated),
    };
    if inflated.is_empty() && read.is_err() {
        return None;
    }
    let missing = match read {
        _ if inflated.len() > MOST_INFLATED => Some(Missing::TooLong),
        Err(_) => Some(Missing::Damaged),
        Ok(_) => None,
    };
    inflated.truncate(MOST_INFLATED);
    Some(Inflated { bytes: inflated, missing })
}

/// Whether bytes are text that a person wrote or could read, or JSON.
pub fn is_readable(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        let is_plain = text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
        !text.is_empty() && (is_plain || serde_json::from_str::<IgnoredAny>(text).is_ok())
    })
}

/// Rows of offset, sixteen bytes and their ASCII, at most [`MOST_HEX`] bytes of them.
pub fn hex(bytes: &[u8]) -> Vec<String> {
    let rows = bytes.get(..MOST_HEX).unwrap_or(bytes).chunks(ROW);
    rows.enumerate().map(|(index, row)| hex_row(index * ROW, row)).collect()
}

fn hex_row(offset: usize, row: &[u8]) -> String {
    let mut line = format!("{offset:06x} ");
    for (index, byte) in row.iter().enumerate() {
        line.push_str(if index == ROW / 2 { "  " } else { " " });
        line.push_str(&format!("{byte:02x}"));
    }
    let ascii = row.iter().map(|byte| if matches!(byte, 0x20..0x7f) { char::from(*byte) } else { '.' });
    // Offset, sixteen bytes with their spaces, one more space in the middle.
    format!("{line:<56}  {}", ascii.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use flate2::{Compression as Level, write::GzEncoder, write::ZlibEncoder};
    use proptest::prelude::*;
    use rstest::rstest;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Level::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[rstest]
    #[case("eyJpZCI6MSwidXNlciI6InXDqSJ9", true)]
    #[case("eyJpZCI6MSwidXNlciI6InXDqSJ9\n", true)]
    #[case("aGVsbG8gd29ybGQsIGhlbGxv", true)]
    #[case("passwordpassword", false)] // decodes to no text
    #[case("aGVsbG8=", false)] // too short to be sure
    #[case("hello world, hello", false)]
    #[case("", false)]
    fn base64_is_taken_for_what_it_is(#[case] text: &str, #[case] is: bool) {
        assert_eq!(from_base64(text).is_some(), is);
    }

    #[test]
    fn inflates_both_and_says_when_it_was_cut() {
        let text = b"{\"id\": 1}".repeat(10);
        let whole = Inflated { bytes: text.clone(), missing: None };
        assert_eq!(inflate(&gzip(&text), Compression::Gzip), Some(whole.clone()));
        let mut encoder = ZlibEncoder::new(Vec::new(), Level::default());
        encoder.write_all(&text).unwrap();
        let zlib = encoder.finish().unwrap();
        assert_eq!(compression(&zlib), Some(Compression::Zlib));
        assert_eq!(inflate(&zlib, Compression::Zlib), Some(whole));

        let bomb = inflate(&gzip(&vec![b'a'; MOST_INFLATED + 5]), Compression::Gzip).unwrap();
        assert_eq!((bomb.bytes.len(), bomb.missing), (MOST_INFLATED, Some(Missing::TooLong)));
        let noise: Vec<u8> = (0..40_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let mut cut = gzip(&noise);
        cut.truncate(cut.len() / 2);
        assert_eq!(inflate(&cut, Compression::Gzip).unwrap().missing, Some(Missing::Damaged));
    }

    #[test]
    fn hex_has_sixteen_bytes_a_row_with_their_letters() {
        let rows = hex(b"\x00\x01hello, world\xff!AB");
        assert_eq!(rows[0], "000000  00 01 68 65 6c 6c 6f 2c  20 77 6f 72 6c 64 ff 21  ..hello, world.!");
        assert_eq!(rows[1], format!("{:<56}  AB", "000010  41 42"));
        assert_eq!(hex(&vec![0; MOST_HEX + 100]).len(), MOST_HEX / ROW);
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "(?s).*") {
            let _ = (compression(&bytes), hex(&bytes), is_readable(&bytes), from_base64(&text));
            let _ = (inflate(&bytes, Compression::Gzip), inflate(&bytes, Compression::Zlib));
            let mut damaged = gzip(&bytes);
            if let Some(byte) = damaged.get_mut(bytes.len() / 2) { *byte ^= 1; }
            let _ = inflate(&damaged, Compression::Gzip);
        }
    }
}
