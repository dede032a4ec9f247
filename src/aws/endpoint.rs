//! An address that answers like AWS: `localhost:4566`, `http://…`, `https://…`.

use std::{fmt, net::IpAddr, str::FromStr};

use thiserror::Error;

/// A custom endpoint, normalised to `scheme://host[:port][/path]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    host: String,
}

/// Why a text is not an endpoint.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("'{text}' is not an endpoint: {why}; write it like localhost:4566 or https://host:port")]
pub struct EndpointError {
    text: String,
    why: &'static str,
}

impl Endpoint {
    /// `http://localhost:4566`, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// `localhost:4566`: what a header has room for.
    pub fn short(&self) -> &str {
        self.url.split_once("://").map_or(&self.url, |(_, rest)| rest)
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// Whether it is AWS itself, where local default credentials must never be used.
    pub fn is_aws(&self) -> bool {
        let host = self.host.to_ascii_lowercase();
        let host = host.trim_end_matches('.');
        // Of each partition: its own, and the one of its dual-stack endpoints.
        const SUFFIXES: [&str; 14] = [
            "amazonaws.com",
            "api.aws",
            "amazonaws.com.cn",
            "api.amazonwebservices.com.cn",
            "amazonaws.eu",
            "api.amazonwebservices.eu",
            "c2s.ic.gov",
            "api.aws.ic.gov",
            "sc2s.sgov.gov",
            "api.aws.scloud",
            "cloud.adc-e.uk",
            "api.cloud-aws.adc-e.uk",
            "csp.hci.ic.gov",
            "api.aws.hci.ic.gov",
        ];
        SUFFIXES
            .iter()
            .any(|suffix| host == *suffix || host.strip_suffix(suffix).is_some_and(|head| head.ends_with('.')))
    }

    pub fn is_https(&self) -> bool {
        self.url.starts_with("https:")
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |why| EndpointError { text: text.to_owned(), why };
        let trimmed = text.trim().trim_end_matches('/');
        let (scheme, rest) = match trimmed.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, trimmed),
        };
        if !matches!(scheme.as_deref(), None | Some("http" | "https")) {
            return Err(wrong("its scheme is neither http nor https"));
        }
        if rest.chars().any(|c| c.is_whitespace() || c.is_control() || c == '@') {
            return Err(wrong("it holds a character that no address has"));
        }
        let authority = rest.split('/').next().unwrap_or(rest);
        let (host, port) = split_port(authority).ok_or_else(|| wrong("its port is not a number from 1 to 65535"))?;
        if host.is_empty() {
            return Err(wrong("it names no host"));
        }
        let scheme = scheme.unwrap_or_else(|| if is_loopback(host) { "http".into() } else { "https".into() });
        let _ = port;
        Ok(Self { url: format!("{scheme}://{rest}"), host: host.to_owned() })
    }
}

fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        return match after.strip_prefix(':') {
            Some(port) => Some((host, Some(port.parse().ok().filter(|port| *port > 0)?))),
            None => after.is_empty().then_some((host, None)),
        };
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => Some((host, Some(port.parse().ok().filter(|port| *port > 0)?))),
        None => Some((authority, None)),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("localhost:4566", "http://localhost:4566", false)]
    #[case(" 127.0.0.1:4566/ ", "http://127.0.0.1:4566", false)]
    #[case("[::1]:4566", "http://[::1]:4566", false)]
    #[case("emulator.corp:443", "https://emulator.corp:443", false)]
    #[case("HTTP://emulator.corp", "http://emulator.corp", false)]
    #[case("https://sqs.eu-west-1.amazonaws.com", "https://sqs.eu-west-1.amazonaws.com", true)]
    #[case("https://sqs.cn-north-1.amazonaws.com.cn", "https://sqs.cn-north-1.amazonaws.com.cn", true)]
    #[case("notamazonaws.com", "https://notamazonaws.com", false)]
    #[case("sqs.eusc-de-east-1.amazonaws.eu", "https://sqs.eusc-de-east-1.amazonaws.eu", true)]
    #[case("sqs.us-isof-south-1.csp.hci.ic.gov", "https://sqs.us-isof-south-1.csp.hci.ic.gov", true)]
    #[case("sqs.eu-isoe-west-1.cloud.adc-e.uk", "https://sqs.eu-isoe-west-1.cloud.adc-e.uk", true)]
    #[case("sqs.us-isob-east-1.api.aws.scloud", "https://sqs.us-isob-east-1.api.aws.scloud", true)]
    #[case("queue.ic.gov", "https://queue.ic.gov", false)]
    #[case("sqs.AMAZONAWS.com.", "https://sqs.AMAZONAWS.com.", true)]
    fn reads(#[case] text: &str, #[case] url: &str, #[case] aws: bool) {
        let endpoint: Endpoint = text.parse().unwrap();
        assert_eq!((endpoint.url(), endpoint.is_aws()), (url, aws));
    }

    #[rstest]
    #[case("", "names no host")]
    #[case("ftp://localhost", "neither http nor https")]
    #[case("localhost:port", "not a number")]
    #[case("localhost:0", "not a number")]
    #[case("local host:4566", "no address has")]
    #[case("http://user@localhost", "no address has")]
    fn refuses(#[case] text: &str, #[case] why: &str) {
        let error = text.parse::<Endpoint>().unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") { let _ = text.parse::<Endpoint>(); }
    }
}
