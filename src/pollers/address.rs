//! Addresses outside AWS, without what may be private: user and password, the query, and the path, which holds a webhook's key.
//!
//! Pure. Whatever writes an address down as an id makes it here.

use crate::domain::ResourceId;

/// An address of the web; `None` for anything else, and for one whose host is only known when it is called.
pub fn of_web(url: &str) -> Option<ResourceId> {
    url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    of_host(url)
}

/// An address with or without a scheme, such as `jdbc:redshift://HOST:5439/DATABASE`.
pub fn of_host(url: &str) -> Option<ResourceId> {
    let (scheme, rest) = url.split_once("://").map_or((None, url), |(scheme, rest)| (Some(scheme), rest));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    // A password may have any sign in it: it goes before anything else is looked for.
    let authority = authority.rsplit('@').next().unwrap_or(authority);
    let host = authority.split(['?', '#', ';']).next().filter(|host| is_host(host))?;
    let path = path.split(['?', '#', ';', '{', '$']).next().unwrap_or_default().trim_end_matches('/');
    let scheme = scheme.map(|scheme| format!("{scheme}://")).unwrap_or_default();
    let path = if path.is_empty() { String::new() } else { format!("/…{:06x}", mark(path)) };
    Some(format!("{scheme}{host}{path}").into())
}

/// A name or an address with at most a port: what looks otherwise may be the half of a password.
fn is_host(text: &str) -> bool {
    let (name, port) = match text.rfind(']') {
        Some(end) => text.split_at(end + 1),
        None => text.find(':').map_or((text, ""), |at| text.split_at(at)),
    };
    let port = port.strip_prefix(':').unwrap_or(port);
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.[]:".contains(c))
        && port.chars().all(|c| c.is_ascii_digit())
}

/// The same for the same path, on every machine; too short to tell the path by. FNV-1a, folded.
fn mark(path: &str) -> u32 {
    let hash = path.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 24) ^ (hash & 0x00ff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("https://user:hunter2@in.example.com?key=hunter2", Some("https://in.example.com"))]
    #[case("https://user:hun?ter2@in.example.com/", Some("https://in.example.com"))]
    #[case("https://user:hun/ter2@in.example.com", None)]
    #[case("http://127.0.0.1:8080", Some("http://127.0.0.1:8080"))]
    #[case("http://[::1]:8080", Some("http://[::1]:8080"))]
    #[case("https://shop.example/{proxy}", Some("https://shop.example"))]
    #[case("https://${stageVariables.host}/x", None)]
    #[case("search.example.com", Some("search.example.com"))]
    #[case("", None)]
    fn hosts(#[case] url: &str, #[case] shown: Option<&str>) {
        assert_eq!(of_host(url).as_ref().map(ResourceId::as_str), shown);
    }

    #[rstest]
    #[case("https://shop.example/x", true)]
    #[case("jdbc:redshift://c.example.com:5439/sales;password=hunter2", false)]
    #[case("arn:aws:sqs:r:1:q", false)]
    #[case("smk://broker:9092", false)]
    fn the_web(#[case] url: &str, #[case] is_web: bool) {
        assert_eq!(of_web(url).is_some(), is_web);
    }

    #[test]
    fn two_webhooks_of_one_host_are_two() {
        let [one, other] =
            ["T0/B0/hunter2", "T0/B0/hunter3"].map(|path| format!("https://hooks.example/services/{path}"));
        assert_ne!(of_web(&one), of_web(&other));
        assert_eq!(of_web(&one), of_web(&format!("{one}?x=1")));
        assert!(of_web(&one).unwrap().as_str().starts_with("https://hooks.example/…"));
    }

    proptest! {
        #[test]
        fn no_path_and_no_password_is_shown(password in "[a-z/?#;:@]{0,8}zzzz", path in "[a-z/]{0,8}zzzz") {
            if let Some(id) = of_host(&format!("https://user:{password}@host.example/{path}?{path}")) {
                prop_assert!(!id.as_str().contains("zzzz"), "{id:?}");
            }
        }
    }
}
