//! Buckets that refuse, as S3 itself refuses over HTTP: what the user is told, and that it says what to do.

use std::sync::atomic::{AtomicU64, Ordering};

use rstest::rstest;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use super::*;
use crate::{
    aws::ConnectOptions,
    inspect::objects::{HEAD, newest},
};

const FIVE_GIGABYTES: u64 = 5 << 30;

async fn bucket(url: &str) -> S3 {
    let options = ConnectOptions { endpoint: Some(url.to_owned()), ..Default::default() };
    S3::new(Arc::new(Connection::open(&options).await.unwrap()), "revenue", None)
}

async fn answering(answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn refusal(status: u16, code: &str, message: &str) -> ResponseTemplate {
    let body = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message><RequestId>1</RequestId></Error>"#
    );
    ResponseTemplate::new(status).set_body_raw(body, "application/xml")
}

fn redirect() -> ResponseTemplate {
    let message = "The bucket you are attempting to access must be addressed using the specified endpoint.";
    refusal(301, "PermanentRedirect", message)
}

/// A page with one object.
fn page() -> ResponseTemplate {
    let body = r#"<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>revenue</Name><IsTruncated>false</IsTruncated>
<Contents><Key>sales/1</Key><LastModified>2026-11-21T14:03:01.000Z</LastModified><Size>12</Size></Contents></ListBucketResult>"#;
    ResponseTemplate::new(200).set_body_raw(body, "application/xml")
}

/// The Region that a request is signed for.
fn region_of(request: &Request) -> String {
    let signed = request.headers.get("authorization").unwrap().to_str().unwrap();
    signed.split('/').nth(2).unwrap().to_owned()
}

fn level() -> List<'static> {
    List { prefix: "sales/", token: None, after: None }
}

fn head() -> Range<'static> {
    Range { key: "sales/1", from: 0, bytes: HEAD, etag: None }
}

#[tokio::test]
async fn a_bucket_of_another_region_is_read_there_from_then_on() {
    let server = answering(|request| match region_of(request).as_str() {
        "eu-west-1" => page(),
        _ => redirect().insert_header("x-amz-bucket-region", "eu-west-1"),
    })
    .await;
    let bucket = bucket(&server.uri()).await;
    for _ in 0..2 {
        assert_eq!(bucket.list(level()).await.unwrap().objects[0].key.as_ref(), "sales/1");
    }
    assert_eq!(bucket.moved_to().as_deref(), Some("eu-west-1"));
    let asked: Vec<_> = server.received_requests().await.unwrap().iter().map(region_of).collect();
    assert_eq!(asked, ["us-east-1", "eu-west-1", "eu-west-1"], "what was learnt once is not asked again");
}

#[rstest]
#[case::says_where(Some("eu-west-1"), Why::Elsewhere("eu-west-1".into()), "--region eu-west-1")]
#[case::does_not(None, Why::Other, "aws s3api get-bucket-location does, and --region reads it there")]
#[tokio::test]
async fn a_bucket_that_is_nowhere_to_be_read_says_where_it_is(
    #[case] region: Option<&'static str>,
    #[case] why: Why,
    #[case] said: &str,
) {
    let server = answering(move |_| match region {
        Some(region) => redirect().insert_header("x-amz-bucket-region", region),
        None => redirect(),
    })
    .await;
    let refused = bucket(&server.uri()).await.list(level()).await.unwrap_err();
    assert_eq!(refused.why, why);
    assert!(refused.text.contains(said), "{refused}");
}

#[rstest]
#[case::of_its_writers_own_key(
    refusal(
        400,
        "InvalidRequest",
        "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object."
    ),
    Why::Encrypted,
    "aws s3api get-object --sse-customer-key"
)]
#[case::of_a_key_that_is_not_ours(
    refusal(
        403,
        "AccessDenied",
        "User: arn:aws:iam::1:user/a is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because no resource-based policy allows the kms:Decrypt action"
    ),
    Why::Encrypted,
    "kms:Decrypt is missing, in the key's policy or in yours"
)]
#[case::archived(
    refusal(403, "InvalidObjectState", "The operation is not valid for the object's storage class"),
    Why::Archived,
    "aws s3api restore-object"
)]
#[case::denied(refusal(403, "AccessDenied", "Access Denied"), Why::Denied, "s3:GetObject on it is needed")]
#[case::gone(
    refusal(404, "NoSuchKey", "The specified key does not exist."),
    Why::Gone,
    "there is no such object, or no longer"
)]
#[tokio::test]
async fn an_object_that_cannot_be_read_says_why_and_what_to_do(
    #[case] answer: ResponseTemplate,
    #[case] why: Why,
    #[case] said: &str,
) {
    let server = answering(move |_| answer.clone()).await;
    let refused = bucket(&server.uri()).await.read(head()).await.unwrap_err();
    assert_eq!(refused.why, why, "{refused}");
    assert!(refused.text.contains(said), "{refused}");
    let asked = server.received_requests().await.unwrap();
    assert_eq!(asked.len(), 1, "what is refused is not asked again");
    assert_eq!(asked[0].method.as_str(), "GET", "a HEAD would be refused without a word");
}

#[tokio::test]
async fn a_listing_that_is_denied_says_what_it_needs() {
    let server = answering(|_| refusal(403, "AccessDenied", "Access Denied")).await;
    let bucket = bucket(&server.uri()).await;
    let refused = bucket.list(level()).await.unwrap_err();
    assert_eq!(refused.why, Why::Denied);
    assert_eq!(
        refused.text,
        "permission denied (AccessDenied: Access Denied): s3:ListBucket on the bucket is needed to list it"
    );
    assert_eq!(newest(&bucket, "", 1).await.unwrap_err(), refused);
    let versions = bucket.versions("sales/1").await.unwrap_err();
    assert!(versions.text.contains("s3:ListBucketVersions"), "{versions}");
    let tags = bucket.tags("sales/1").await.unwrap_err();
    assert!(tags.text.contains("s3:GetObjectTagging"), "{tags}");
}

#[tokio::test]
async fn of_five_gigabytes_only_the_head_is_asked_for() {
    let server = answering(|request| {
        assert_eq!(request.headers.get("range").unwrap(), "bytes=0-65535");
        ResponseTemplate::new(206)
            .insert_header("content-range", format!("bytes 0-65535/{FIVE_GIGABYTES}").as_str())
            .set_body_raw(vec![b'x'; HEAD as usize], "text/plain")
    })
    .await;
    let got = bucket(&server.uri()).await.read(head()).await.unwrap();
    assert_eq!((got.bytes.len() as u64, got.total), (HEAD, FIVE_GIGABYTES));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

/// An endpoint that takes no notice of ranges, and sends as long as somebody takes it.
#[tokio::test]
async fn five_gigabytes_that_nobody_asked_for_are_not_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let sending = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut vec![0; 64 << 10]).await.unwrap();
        let begun = format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {FIVE_GIGABYTES}\r\n\r\n");
        stream.write_all(begun.as_bytes()).await.unwrap();
        let piece = vec![b'x'; 64 << 10];
        // Until the other side goes.
        while counted.load(Ordering::Relaxed) < FIVE_GIGABYTES && stream.write_all(&piece).await.is_ok() {
            counted.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
    });
    let bucket = bucket(&url).await;
    let got = bucket.read(head()).await.unwrap();
    assert_eq!((got.bytes.len() as u64, got.total), (HEAD, FIVE_GIGABYTES));
    sending.await.unwrap();
    // What was on its way in buffers when the connection was closed.
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent < 64 << 20, "{sent} bytes were sent before it was left");
}
