//! The role that functions, APIs and streams are given. Most emulators take any; one asks whether it is there, so it is made when
//! something is refused for the want of it.
//!
//! IAM is spoken to in its own plain words: three calls, on emulators only, are not worth a client of their own.

use super::MARK;
use crate::demo::{Clients, DemoError};

pub(super) const ROLE: &str = "edatop-demo";

/// Anybody whom an emulator may think of.
const TRUST: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal\
                     %22%3A%7B%22Service%22%3A%22lambda.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";

/// Makes the role, marked as the demo's. One that is there already is as good.
pub(super) async fn create(clients: &Clients) -> Result<(), DemoError> {
    let tag = format!("Tags.member.1.Key={MARK}&Tags.member.1.Value=all");
    let action = format!("CreateRole&RoleName={ROLE}&AssumeRolePolicyDocument={TRUST}&{tag}");
    match call(clients, &action).await? {
        (200 | 409, _) => Ok(()),
        (status, said) => Err(DemoError::other("create the role of the functions", format!("HTTP {status}: {said}"))),
    }
}

/// Deletes the role if it is the demo's. Where there is no IAM, or no such role, there is nothing to do.
pub(super) async fn delete(clients: &Clients) -> Result<(), DemoError> {
    let (status, tags) = call(clients, &format!("ListRoleTags&RoleName={ROLE}")).await?;
    if status == 200 && tags.contains(&format!("<Key>{MARK}</Key>")) {
        call(clients, &format!("DeleteRole&RoleName={ROLE}")).await?;
    }
    Ok(())
}

async fn call(clients: &Clients, action: &str) -> Result<(u16, String), DemoError> {
    // Emulators read the service out of the signature and check no more of it.
    let signature =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x";
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", signature)];
    let body = format!("Version=2010-05-08&Action={action}");
    let answer = clients.http.post(&clients.endpoint_url, &headers, body).await;
    let answer = answer.map_err(|reason| DemoError::other("speak to IAM", reason))?;
    Ok((answer.status, answer.body))
}
