//! Reading the request shapes that the adapter looks into: AWS's query protocol (SNS) and the `X-Amz-Target` header.

use std::collections::BTreeMap;

use winterbaume_core::MockRequest;

/// The parameters of a query-protocol request.
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    pub(super) fn of(request: &MockRequest) -> Self {
        let pairs = request.body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
                        Some(at) => (&pair[..at], &pair[at + 1..]),
                        None => (pair, &b""[..]),
                    };
                    (decode(name), decode(value))
                })
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The entries `PREFIX1`, `PREFIX2` … for as long as one has any parameter of its own.
    pub(super) fn entries(&self, prefix: &str) -> Vec<String> {
        (1_u32..)
            .map(|number| format!("{prefix}{number}."))
            .take_while(|entry| self.0.range(entry.clone()..).next().is_some_and(|(name, _)| name.starts_with(entry)))
            .collect()
    }
}

/// The operation in `X-Amz-Target: AmazonSQS.SendMessage`; empty for other protocols.
pub(super) fn target_action(request: &MockRequest) -> &str {
    let target = request.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default()
}

/// Form decoding: `+` is a space, `%XX` a byte.
fn decode(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let (byte, tail) = match (first, tail) {
            (b'+', _) => (b' ', tail),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, after),
                _ => (b'%', tail),
            },
            (other, _) => (*other, tail),
        };
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| value.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("a+b", "a b")]
    #[case("a%20b%2Bc", "a b+c")]
    #[case("%C3%BC", "ü")]
    #[case("100%", "100%")]
    #[case("%zz", "%zz")]
    fn decodes(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(decode(text.as_bytes()), expected);
    }

    #[test]
    fn entries_stop_at_the_first_gap() {
        let body = "A.entry.1.Name=x&A.entry.2.Name=y&A.entry.10.Name=z".into();
        let request = MockRequest { method: "POST".into(), uri: String::new(), headers: Default::default(), body };
        let parameters = Parameters::of(&request);
        assert_eq!(parameters.entries("A.entry."), ["A.entry.1.", "A.entry.2."]);
        assert_eq!(parameters.get("A.entry.2.Name"), Some("y"));
    }
}
