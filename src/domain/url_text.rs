//! Text as it is written in URLs. Keys of objects come so where it is asked for: XML, in which S3 answers, cannot say all of them.

/// A text as it was before it was written for a URL.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        match byte {
            b'%' => match (digit(ahead.next()), digit(ahead.next())) {
                (Some(high), Some(low)) => {
                    bytes.push((high * 16 + low) as u8);
                    rest = ahead;
                }
                _ => bytes.push(byte),
            },
            b'+' => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("a/b.json", "a/b.json")]
    #[case("a%0Ab+c%2Bd", "a\nb c+d")]
    #[case("%E2%82%AC", "€")]
    #[case("100%", "100%")]
    #[case("%zz%4", "%zz%4")]
    fn keys_are_read_as_they_are(#[case] text: &str, #[case] key: &str) {
        assert_eq!(decoded(text), key);
    }
}
