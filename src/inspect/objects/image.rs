//! The size of an image in pixels, from its first bytes. Pure. To know another format: a function here and a line in [`size`].

/// What it is, and its width and height where the bytes say them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) format: &'static str,
    pub(super) pixels: Option<(u32, u32)>,
}

/// An image, by what it begins with.
pub(super) fn image(bytes: &[u8]) -> Option<Image> {
    let (format, pixels) = match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => ("PNG", png(bytes)),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => ("GIF", gif(bytes)),
        [0xff, 0xd8, 0xff, ..] => ("JPEG", jpeg(bytes)),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => ("WebP", webp(bytes)),
        _ => return None,
    };
    Some(Image { format, pixels })
}

fn big(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn big_short(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn little_short(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    Some((big(bytes, 16)?, big(bytes, 20)?))
}

fn gif(bytes: &[u8]) -> Option<(u32, u32)> {
    Some((little_short(bytes, 6)?, little_short(bytes, 8)?))
}

/// From segment to segment, to the one that begins a frame.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        match *bytes.get(at + 1)? {
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            // All of C0 to CF but the three that hold tables.
            marker @ 0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                return Some((big_short(bytes, at + 7)?, big_short(bytes, at + 5)?));
            }
            _ => at += 2 + usize::try_from(big_short(bytes, at + 2)?.max(2)).ok()?,
        }
    }
}

fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    let byte = |at: usize| bytes.get(at).copied().map(u32::from);
    match bytes.get(12..16)? {
        b"VP8X" => {
            let three = |at: usize| Some(byte(at)? | byte(at + 1)? << 8 | byte(at + 2)? << 16);
            Some((three(24)? + 1, three(27)? + 1))
        }
        b"VP8L" => {
            let bits = byte(21)? | byte(22)? << 8 | byte(23)? << 16 | byte(24)? << 24;
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8 " => Some((little_short(bytes, 26)? & 0x3fff, little_short(bytes, 28)? & 0x3fff)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x04JF\xff\xc4\0\x02\xff\xff\xc2\0\x11\x08\x01\xe0\x02\x80";

    #[rstest]
    #[case(PNG, "PNG", Some((640, 480)))]
    #[case(&PNG[..20], "PNG", None)]
    #[case(b"GIF89a\x80\x02\xe0\x01", "GIF", Some((640, 480)))]
    #[case(JPEG, "JPEG", Some((640, 480)))]
    #[case(b"\xff\xd8\xff\xe0\0\0", "JPEG", None)]
    #[case(b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0", "WebP", Some((640, 480)))]
    fn sizes(#[case] bytes: &[u8], #[case] format: &'static str, #[case] pixels: Option<(u32, u32)>) {
        assert_eq!(image(bytes), Some(Image { format, pixels }));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), which in 0_usize..4) {
            let head: &[u8] = [PNG.get(..8), JPEG.get(..3), Some(b"GIF89a"), Some(b"RIFF....WEBPVP8 ")][which].unwrap();
            let _ = image(&[head, &bytes].concat());
        }
    }
}
