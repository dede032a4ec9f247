//! Resource policies, as far as they can be judged from outside: may a topic send to a queue, may everybody write?
//!
//! A statement holds, does not hold, or cannot be told. A denial wins; one that cannot be told makes the answer unknown, unless nothing
//! allows in the first place. Conditions on keys of which we know the value are evaluated, all others are unknown.
//!
//! Reference: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

use serde_json::Value;

use crate::domain::glob;

/// Who asks, for what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    /// `sns.amazonaws.com`.
    pub service: &'a str,
    /// `sqs:SendMessage`.
    pub action: &'a str,
    /// The resource that has the policy.
    pub resource: &'a str,
    /// `aws:SourceArn`: on whose behalf the service asks.
    pub source: &'a str,
    /// `aws:SourceAccount`.
    pub account: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Allowed,
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it.
    Denied,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Yes,
    No,
    Unknown,
}

impl Holds {
    fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    /// All of several must hold.
    fn all(several: impl IntoIterator<Item = Self>) -> Self {
        several.into_iter().fold(Self::Yes, |so_far, next| match (so_far, next) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            _ => Self::Yes,
        })
    }

    /// One of several must hold.
    fn any(several: impl IntoIterator<Item = Self>) -> Self {
        Self::all(several.into_iter().map(Self::turned)).turned()
    }

    fn turned(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

/// What a policy answers a service. Without a policy nothing is allowed to it.
pub(super) fn answer(policy: Option<&str>, request: &Request<'_>) -> Answer {
    let Some(policy) = policy.filter(|policy| !policy.trim().is_empty()) else { return Answer::NotAllowed };
    let Some(statements) = statements(policy) else { return Answer::Unknown };
    let of = |effect: &str| {
        let such = statements.iter().filter(|one| one.get("Effect").and_then(Value::as_str) == Some(effect));
        Holds::any(such.map(|one| applies(one, request)))
    };
    match (of("Deny"), of("Allow")) {
        (Holds::Yes, _) => Answer::Denied,
        (_, Holds::No) => Answer::NotAllowed,
        (Holds::No, Holds::Yes) => Answer::Allowed,
        _ => Answer::Unknown,
    }
}

/// Whether anybody at all may do this: a statement allows it to everybody, and nothing certainly narrows it.
pub(super) fn is_public(policy: &str, action: &str) -> bool {
    let Some(statements) = statements(policy) else { return false };
    let is = |one: &Value, effect: &str| one.get("Effect").and_then(Value::as_str) == Some(effect);
    // What a denial leaves over is not judged.
    let denies = statements.iter().any(|one| is(one, "Deny") && names_action(one, action) && !is_about_transport(one));
    !denies
        && statements.iter().any(|one| {
            is(one, "Allow")
                && one.get("Principal").is_some_and(is_everybody)
                && names_action(one, action)
                && is_unconditional(one)
        })
}

fn statements(policy: &str) -> Option<Vec<Value>> {
    match serde_json::from_str::<Value>(policy).ok()?.get_mut("Statement")?.take() {
        Value::Array(statements) => Some(statements),
        one @ Value::Object(_) => Some(vec![one]),
        _ => None,
    }
}

fn applies(statement: &Value, request: &Request<'_>) -> Holds {
    Holds::all([
        principal(statement, request.service),
        Holds::of(names_action(statement, request.action)),
        names_resource(statement, request.resource),
        conditions(statement, request),
    ])
}

fn principal(statement: &Value, service: &str) -> Holds {
    let Some(principal) = statement.get("Principal") else { return Holds::Unknown };
    if is_everybody(principal) {
        return Holds::Yes;
    }
    let services = texts(principal.get("Service"));
    if services.contains(&service) {
        return Holds::Yes;
    }
    // Regional names of the service, and accounts: whether the service comes as one of these is not ours to say.
    let family = service.split('.').next().unwrap_or(service);
    let regional = services.iter().any(|one| one.split('.').next() == Some(family));
    if regional || principal.get("AWS").is_some() { Holds::Unknown } else { Holds::No }
}

fn is_everybody(principal: &Value) -> bool {
    principal.as_str() == Some("*") || texts(principal.get("AWS")).contains(&"*")
}

fn names_action(statement: &Value, action: &str) -> bool {
    let action = action.to_lowercase();
    let named = |key| texts(statement.get(key)).iter().any(|one| glob::matches(&one.to_lowercase(), &action));
    if statement.get("NotAction").is_some() { !named("NotAction") } else { named("Action") }
}

fn names_resource(statement: &Value, resource: &str) -> Holds {
    let named = |key| Holds::of(texts(statement.get(key)).iter().any(|one| glob::matches(one, resource)));
    match (statement.get("Resource"), statement.get("NotResource")) {
        (Some(_), _) => named("Resource"),
        (None, Some(_)) => named("NotResource").turned(),
        (None, None) => Holds::Unknown,
    }
}

fn conditions(statement: &Value, request: &Request<'_>) -> Holds {
    let Some(condition) = statement.get("Condition") else { return Holds::Yes };
    let Some(operators) = condition.as_object() else { return Holds::Unknown };
    Holds::all(operators.iter().flat_map(|(operator, keys)| {
        let keys = keys.as_object().into_iter().flatten();
        keys.map(|(key, wanted)| condition_holds(operator, key, &texts(Some(wanted)), request)).collect::<Vec<_>>()
    }))
}

fn condition_holds(operator: &str, key: &str, wanted: &[&str], request: &Request<'_>) -> Holds {
    let value = match key.to_lowercase().as_str() {
        "aws:sourcearn" => request.source,
        "aws:sourceaccount" | "aws:sourceowner" => request.account,
        // Services call each other over TLS.
        "aws:securetransport" => "true",
        _ => return Holds::Unknown,
    };
    // The key is there, so `IfExists` changes nothing.
    let operator = operator.strip_suffix("IfExists").unwrap_or(operator);
    let (plain, negated) = match operator.split_once("Not") {
        Some((before, after)) => (format!("{before}{after}"), true),
        None => (operator.to_owned(), false),
    };
    let one: fn(&str, &str) -> bool = match plain.as_str() {
        "StringEquals" => |wanted, value| wanted == value,
        "StringEqualsIgnoreCase" | "Bool" => |wanted, value| wanted.eq_ignore_ascii_case(value),
        "StringLike" => glob::matches,
        "ArnEquals" | "ArnLike" => arn_like,
        _ => return Holds::Unknown,
    };
    let holds = Holds::of(wanted.iter().any(|wanted| one(wanted, value)));
    if negated { holds.turned() } else { holds }
}

/// Part by part: a star does not reach over a colon, but for the last part.
fn arn_like(pattern: &str, arn: &str) -> bool {
    let (patterns, parts) = (pattern.splitn(6, ':'), arn.splitn(6, ':'));
    patterns.clone().count() == parts.clone().count() && patterns.zip(parts).all(|(one, part)| glob::matches(one, part))
}

/// No condition narrows who may do it.
fn is_unconditional(statement: &Value) -> bool {
    let Some(condition) = statement.get("Condition") else { return true };
    let Some(operators) = condition.as_object() else { return false };
    operators.iter().all(|(operator, keys)| {
        let likes = operator.contains("Like") && !operator.contains("Not");
        keys.as_object().is_some_and(|keys| {
            keys.iter().all(|(key, wanted)| {
                let wanted = texts(Some(wanted));
                key.eq_ignore_ascii_case("aws:SecureTransport") || (likes && wanted.contains(&"*"))
            })
        })
    })
}

/// The usual denial of what comes without TLS.
fn is_about_transport(statement: &Value) -> bool {
    let keys = statement.get("Condition").and_then(Value::as_object).into_iter().flatten();
    let mut keys = keys.filter_map(|(_, keys)| keys.as_object()).flatten().peekable();
    keys.peek().is_some() && keys.all(|(key, _)| key.eq_ignore_ascii_case("aws:SecureTransport"))
}

/// A text or a list of them; `true` and `false` may be written without quotes.
fn texts(value: Option<&Value>) -> Vec<&str> {
    let one = |value| match value {
        &Value::Bool(true) => Some("true"),
        &Value::Bool(false) => Some("false"),
        other => Value::as_str(other),
    };
    match value {
        Some(Value::Array(several)) => several.iter().filter_map(one).collect(),
        Some(single) => one(single).into_iter().collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:orders";
    const QUEUE: &str = "arn:aws:sqs:us-east-1:111122223333:q";

    fn asked(policy: Option<&str>) -> Answer {
        let (service, action, account) = ("sns.amazonaws.com", "sqs:SendMessage", "111122223333");
        answer(policy, &Request { service, action, resource: QUEUE, source: TOPIC, account })
    }

    fn statement(effect: &str, principal: &str, condition: &str) -> String {
        let condition = if condition.is_empty() { String::new() } else { format!(r#","Condition":{condition}"#) };
        format!(
            r#"{{"Effect":"{effect}","Principal":{principal},"Action":"sqs:SendMessage","Resource":"{QUEUE}"{condition}}}"#
        )
    }

    const SNS: &str = r#"{"Service":"sns.amazonaws.com"}"#;

    #[rstest]
    #[case::service(SNS, "", Answer::Allowed)]
    #[case::one_of_services(r#"{"Service":["s3.amazonaws.com","sns.amazonaws.com"]}"#, "", Answer::Allowed)]
    #[case::everybody(r#""*""#, "", Answer::Allowed)]
    #[case::everybody_as_an_account(r#"{"AWS":"*"}"#, "", Answer::Allowed)]
    #[case::another_service(r#"{"Service":"events.amazonaws.com"}"#, "", Answer::NotAllowed)]
    #[case::an_account(r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, "", Answer::Unknown)]
    #[case::a_regional_service(r#"{"Service":"sns.ap-east-1.amazonaws.com"}"#, "", Answer::Unknown)]
    #[case::this_topic(
        SNS,
        r#"{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333:orders"}}"#,
        Answer::Allowed
    )]
    #[case::like_it(SNS, r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:ord*"}}"#, Answer::Allowed)]
    #[case::a_star_stops_at_a_colon(SNS, r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:orders"}}"#, Answer::NotAllowed)]
    #[case::a_text_star_does_not(SNS, r#"{"StringLike":{"aws:SourceArn":"arn:aws:sns:*:orders"}}"#, Answer::Allowed)]
    #[case::another_topic(
        SNS,
        r#"{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333:other"}}"#,
        Answer::NotAllowed
    )]
    #[case::one_of_two(
        SNS,
        r#"{"StringEquals":{"AWS:SourceArn":["x","arn:aws:sns:us-east-1:111122223333:orders"]}}"#,
        Answer::Allowed
    )]
    #[case::this_account(SNS, r#"{"StringEquals":{"aws:SourceAccount":"111122223333"}}"#, Answer::Allowed)]
    #[case::another_account(SNS, r#"{"StringEquals":{"aws:SourceAccount":"999999999999"}}"#, Answer::NotAllowed)]
    #[case::all_must_hold(
        SNS,
        r#"{"StringEquals":{"aws:SourceAccount":"9"},"Bool":{"aws:SecureTransport":true}}"#,
        Answer::NotAllowed
    )]
    #[case::what_is_not_known(SNS, r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#, Answer::Unknown)]
    #[case::but_for(SNS, r#"{"ArnNotLike":{"aws:SourceArn":"arn:aws:sns:*:*:orders"}}"#, Answer::NotAllowed)]
    fn an_allowing_statement(#[case] principal: &str, #[case] condition: &str, #[case] expected: Answer) {
        let policy = format!(r#"{{"Statement":[{}]}}"#, statement("Allow", principal, condition));
        assert_eq!(asked(Some(&policy)), expected);
    }

    #[rstest]
    #[case::denied(r#""*""#, "", Answer::Denied)]
    #[case::without_tls(r#""*""#, r#"{"Bool":{"aws:SecureTransport":"false"}}"#, Answer::Allowed)]
    #[case::perhaps(r#""*""#, r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}"#, Answer::Unknown)]
    fn a_denial_wins(#[case] principal: &str, #[case] condition: &str, #[case] expected: Answer) {
        let (allow, deny) = (statement("Allow", SNS, ""), statement("Deny", principal, condition));
        assert_eq!(asked(Some(&format!(r#"{{"Statement":[{allow},{deny}]}}"#))), expected);
    }

    #[rstest]
    #[case(None, Answer::NotAllowed)]
    #[case(Some(""), Answer::NotAllowed)]
    #[case(Some(r#"{"Statement":[]}"#), Answer::NotAllowed)]
    #[case(Some("not json"), Answer::Unknown)]
    #[case(Some("[]"), Answer::Unknown)]
    fn what_is_no_policy(#[case] policy: Option<&str>, #[case] expected: Answer) {
        assert_eq!(asked(policy), expected);
    }

    #[test]
    fn one_statement_needs_no_list_and_actions_may_hold_stars() {
        let policy = statement("Allow", SNS, "").replace("sqs:SendMessage", "SQS:Send*");
        assert_eq!(asked(Some(&format!(r#"{{"Statement":{policy}}}"#))), Answer::Allowed);
        let policy = statement("Allow", SNS, "").replace("sqs:SendMessage", "sqs:ReceiveMessage");
        assert_eq!(asked(Some(&format!(r#"{{"Statement":{policy}}}"#))), Answer::NotAllowed);
    }

    #[rstest]
    #[case(r#""*""#, "", true)]
    #[case(r#"{"AWS":["*"]}"#, r#"{"Bool":{"aws:SecureTransport":"true"}}"#, true)]
    #[case(r#""*""#, r#"{"ArnLike":{"aws:SourceArn":"*"}}"#, true)]
    #[case(r#""*""#, r#"{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:1:t"}}"#, false)]
    #[case(r#""*""#, r#"{"StringEquals":{"AWS:SourceOwner":"1"}}"#, false)]
    #[case(SNS, "", false)]
    fn public_is_open_to_everybody(#[case] principal: &str, #[case] condition: &str, #[case] expected: bool) {
        let policy = format!(r#"{{"Statement":[{}]}}"#, statement("Allow", principal, condition));
        assert_eq!(is_public(&policy, "sqs:SendMessage"), expected);
        assert!(!is_public(&policy, "sqs:DeleteQueue"));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,80}", effect in "(Allow|Deny|x)", value in "[\\[\\]{}\":,a-z*]{0,40}") {
            let _ = asked(Some(&text));
            let odd = format!(r#"{{"Statement":[{{"Effect":"{effect}","Principal":{value},"Condition":{value}}}]}}"#);
            let _ = (asked(Some(&odd)), is_public(&odd, "sqs:SendMessage"));
        }
    }
}
