//! Amazon Resource Names: `arn:partition:service:region:account:resource`, taken apart without copying.
//!
//! Reference: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>

/// A parsed view of an ARN. Any partition (`aws`, `aws-cn`, `aws-us-gov`, …) is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    /// Empty for global services and S3 buckets.
    pub region: &'a str,
    /// Empty where AWS leaves it out (S3 buckets).
    pub account: &'a str,
    /// All that follows the account: `name`, `type/name` or `type:name`.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// `None` when `text` is not an ARN.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let arn = Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        (!arn.partition.is_empty() && !arn.service.is_empty() && !arn.resource.is_empty()).then_some(arn)
    }

    /// The last part of the resource: `orders` of `table/orders`, `fn` of `function:fn`.
    pub fn name(&self) -> &'a str {
        match self.service {
            "s3" | "sqs" | "sns" => self.resource,
            "logs" => {
                let group = self.resource.strip_prefix("log-group:").unwrap_or(self.resource);
                group.strip_suffix(":*").unwrap_or(group)
            }
            // What follows a stack's name tells it from earlier ones of that name.
            "cloudformation" => self.resource.split('/').nth(1).unwrap_or(self.resource),
            _ => self.resource.rsplit([':', '/']).next().unwrap_or(self.resource),
        }
    }
}

/// The partition that a Region is in: what ARNs of its resources begin with.
pub fn partition_of(region: &str) -> &'static str {
    const PREFIXES: [(&str, &str); 6] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("us-iso-", "aws-iso"),
        ("eusc-", "aws-eusc"),
    ];
    PREFIXES.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

/// The function that an alias or version of it stands for: `…:function:NAME` of `…:function:NAME:ALIAS`. All else is left as it is.
///
/// Mappings, subscriptions and targets may each name another alias; there is one resource for them to link to.
pub fn unqualified(text: &str) -> &str {
    let is_function =
        Arn::parse(text).is_some_and(|arn| arn.service == "lambda" && arn.resource.starts_with("function:"));
    let end = is_function.then(|| text.match_indices(':').nth(6).map(|(at, _)| at)).flatten();
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("arn:aws:sqs:us-east-1:000000000000:stats-dlq", "sqs", "stats-dlq")]
    #[case("arn:aws-cn:lambda:cn-north-1:1:function:fn", "lambda", "fn")]
    #[case("arn:aws:s3:::my-bucket", "s3", "my-bucket")]
    #[case("arn:aws:dynamodb:eu-west-1:1:table/orders", "dynamodb", "orders")]
    #[case("arn:aws:logs:eu-west-1:1:log-group:/aws/lambda/fn:*", "logs", "/aws/lambda/fn")]
    #[case("arn:aws:events:eu-west-1:1:rule/bus/name", "events", "name")]
    #[case("arn:aws:cloudformation:eu-west-1:1:stack/shop/0b1c", "cloudformation", "shop")]
    fn names(#[case] text: &str, #[case] service: &str, #[case] name: &str) {
        let arn = Arn::parse(text).unwrap();
        assert_eq!((arn.service, arn.name()), (service, name));
    }

    #[rstest]
    #[case("arn:aws:lambda:r:1:function:f:live", "arn:aws:lambda:r:1:function:f")]
    #[case("arn:aws:lambda:r:1:function:f", "arn:aws:lambda:r:1:function:f")]
    #[case("arn:aws:lambda:r:1:event-source-mapping:u:x", "arn:aws:lambda:r:1:event-source-mapping:u:x")]
    #[case("arn:aws:logs:r:1:log-group:g:*", "arn:aws:logs:r:1:log-group:g:*")]
    #[case("f", "f")]
    fn aliases_are_their_function(#[case] text: &str, #[case] function: &str) {
        assert_eq!(unqualified(text), function);
    }

    #[rstest]
    #[case("")]
    #[case("arn:aws:sqs")]
    #[case("arn:aws:sqs:us-east-1:1:")]
    #[case("someone@example.com")]
    fn refuses(#[case] text: &str) {
        assert_eq!(Arn::parse(text), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            if let Some(arn) = Arn::parse(&text) { let _ = arn.name(); }
            let _ = unqualified(&text);
        }
    }
}
