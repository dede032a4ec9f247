//! Makes effects come true.

use std::io::{self, Write};

use base64::{Engine, engine::general_purpose::STANDARD};

/// The longest text that terminals take over OSC 52 without complaint, in bytes of base64.
const MOST_COPIED: usize = 74_994;

/// Asks the terminal to put a text on the clipboard (OSC 52), which works over ssh too.
///
/// # Errors
/// The terminal's own, or a text that is too long.
pub fn copy(text: &str, out: &mut impl Write) -> io::Result<()> {
    let encoded = STANDARD.encode(text);
    if encoded.len() > MOST_COPIED {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is too long for the terminal's clipboard"));
    }
    write!(out, "\x1b]52;c;{encoded}\x07")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_as_osc_52_and_refuses_what_is_too_long() {
        let mut out = Vec::new();
        copy("arn", &mut out).unwrap();
        assert_eq!(out, b"\x1b]52;c;YXJu\x07");
        assert!(copy(&"x".repeat(100_000), &mut out).is_err());
    }
}
