//! Small architectures for the tests, put together from parts that are well unless a test says otherwise.

use super::*;

const POLLERS: [&str; 12] = [
    "sqs",
    "sns",
    "lambda",
    "logs",
    "dynamodb",
    "s3",
    "events",
    "kinesis",
    "firehose",
    "states",
    "pipes",
    "kinesisanalytics",
];

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(2_000_000 + second).unwrap()
}

pub fn arn(service: &str, rest: &str) -> ResourceId {
    format!("arn:aws:{service}:us-east-1:111122223333:{rest}").into()
}

pub fn queue_id(name: &str) -> ResourceId {
    arn("sqs", name)
}

pub fn topic_id(name: &str) -> ResourceId {
    arn("sns", name)
}

pub fn function_id(name: &str) -> ResourceId {
    arn("lambda", &format!("function:{name}"))
}

pub fn group_id(name: &str) -> ResourceId {
    arn("logs", &format!("log-group:/aws/lambda/{name}"))
}

pub fn rule_id(name: &str) -> ResourceId {
    arn("events", &format!("rule/shop/{name}"))
}

/// A queue with which nothing is wrong.
pub fn queue(name: &str) -> Resource {
    let allow = r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}"#;
    Resource::new(queue_id(name), Kind::Queue, name)
        .with("QueueUrl", Some(format!("http://localhost:4566/111122223333/{name}")))
        .with("VisibilityTimeout", Some(60))
        .with("MessageRetentionPeriod", Some(345_600))
        .with("SqsManagedSseEnabled", Some(true))
        .with("Policy", Some(allow))
}

pub fn dlq(name: &str) -> Resource {
    queue(name).with("MessageRetentionPeriod", Some(1_209_600))
}

pub fn topic(name: &str) -> Resource {
    Resource::new(topic_id(name), Kind::Topic, name)
        .with("Owner", Some("111122223333"))
        .with("KmsMasterKeyId", Some("alias/aws/sns"))
}

pub fn function(name: &str) -> Resource {
    Resource::new(function_id(name), Kind::Function, name).with("Timeout", Some(10))
}

pub fn group(name: &str) -> Resource {
    Resource::new(group_id(name), Kind::LogGroup, format!("/aws/lambda/{name}")).with("retentionInDays", Some(7))
}

pub fn rule(name: &str) -> Resource {
    Resource::new(rule_id(name), Kind::Rule, name)
        .with("State", Some("ENABLED"))
        .with("EventBusName", Some("shop"))
        .with("EventPattern", Some(r#"{"source":["shop"]}"#))
}

pub fn redrives(from: &str, to: &str, receives: u32) -> Link {
    Link::configured(queue_id(from), LinkKind::DeadLetters, queue_id(to)).with("maxReceiveCount", Some(receives))
}

pub fn mapping(from: ResourceId, to: &str) -> Link {
    Link::configured(from, LinkKind::Invokes, function_id(to))
        .with("State", Some("Enabled"))
        .with("BatchSize", Some(10))
        .with("UUID", Some("u-1"))
        .with("FunctionResponseTypes", Some("ReportBatchItemFailures"))
}

pub fn subscribes(from: &str, to: impl Into<ResourceId>, protocol: &str) -> Link {
    Link::configured(topic_id(from), LinkKind::Subscribes, to)
        .with("Protocol", Some(protocol))
        .with("SubscriptionArn", Some(format!("{}:u", topic_id(from))))
        .with("PendingConfirmation", Some(false))
}

pub fn targets(from: &str, to: ResourceId) -> Link {
    Link::configured(rule_id(from), LinkKind::Targets, to).with("Id", Some("1"))
}

/// An architecture under construction.
#[derive(Debug, Clone, Default)]
pub struct Built {
    facts: Vec<Fact>,
    pub failures: Vec<Failure>,
    pub ignores: Vec<Ignore>,
}

impl Built {
    pub fn with(mut self, resource: Resource) -> Self {
        self.facts.push(Fact::Found(resource));
        self
    }

    pub fn link(mut self, link: Link) -> Self {
        self.facts.push(Fact::Linked(link));
        self
    }

    pub fn measured(self, id: ResourceId, metric: Metric, value: f64) -> Self {
        self.measured_at(0, id, metric, value)
    }

    pub fn measured_at(self, second: i64, id: ResourceId, metric: Metric, value: f64) -> Self {
        self.told(id, metric, Reading { value, source: "test", at: at(second) })
    }

    pub fn told(mut self, id: ResourceId, metric: Metric, reading: Reading) -> Self {
        self.facts.push(Fact::Measured { id, metric, reading });
        self
    }

    pub fn without(mut self, id: ResourceId) -> Self {
        self.facts.push(Fact::Gone(Subject::Resource(id)));
        self
    }

    pub fn failing(mut self, operation: &str, kind: FailureKind) -> Self {
        let poller = POLLERS.into_iter().find(|poller| operation.starts_with(&format!("{poller}:"))).unwrap();
        let error = "no".to_owned();
        self.failures.push(Failure { poller, operation: operation.to_owned(), error, kind, subject: None });
        self
    }

    pub fn store(self) -> Store {
        let mut store = Store::default();
        store.ignore(self.ignores);
        let round = || Some(Round::default());
        store.apply(Report { poller: "sqs", at: at(0), facts: self.facts, round: None });
        for poller in POLLERS {
            let failures = self.failures.iter().filter(|failure| failure.poller == poller);
            let facts = failures.cloned().map(Fact::Failed).collect();
            store.apply(Report { poller, at: at(0), facts, round: round() });
        }
        store.assess(at(1));
        store
    }

    /// Rule, severity, resource and sentence.
    pub fn found(self) -> Vec<(&'static str, Severity, String, String)> {
        let store = self.store();
        let told = |finding: &Finding| {
            let name = finding.resource.short_name().to_owned();
            (finding.rule, finding.severity, name, finding.sentence.clone())
        };
        store.findings().iter().map(told).collect()
    }

    pub fn rules(self) -> Vec<&'static str> {
        self.found().into_iter().map(|(rule, ..)| rule).collect()
    }
}

/// Topic → queue ⤷ dead-letter queue, queue → function → log group; a rule → function; a stream → function.
pub fn clean() -> Built {
    Built::default()
        .with(topic("orders"))
        .with(queue("q"))
        .with(dlq("q-dlq"))
        .with(function("f"))
        .with(group("f"))
        .with(rule("r"))
        .with(Resource::new(arn("kinesis", "stream/s"), Kind::Stream, "s").with("ConsumerCount", Some(0)))
        .with(Resource::new(arn("dynamodb", "table/t"), Kind::Table, "t").with("StreamEnabled", Some(true)))
        .link(subscribes("orders", queue_id("q"), "sqs").with("FilterPolicy", Some(r#"{"event":["signup"]}"#)))
        .link(redrives("q", "q-dlq", 5))
        .link(mapping(queue_id("q"), "f"))
        .link(mapping(arn("kinesis", "stream/s"), "f"))
        .link(mapping(arn("dynamodb", "table/t"), "f"))
        .link(Link::configured(function_id("f"), LinkKind::Logs, group_id("f")))
        .link(targets("r", function_id("f")))
        .measured(topic_id("orders"), SUBSCRIPTIONS, 1.0)
        .measured(rule_id("r"), TARGETS, 1.0)
        .measured(queue_id("q"), VISIBLE, 12.0)
}

/// Records came in at an instant, and a bucket is written to.
pub fn delivery(second: i64) -> Built {
    let id = arn("firehose", "deliverystream/d");
    clean()
        .with(Resource::new(id.clone(), Kind::DeliveryStream, "d").with("IntervalInSeconds", Some(60)))
        .with(Resource::new("arn:aws:s3:::b", Kind::Bucket, "b"))
        .link(Link::configured(id.clone(), LinkKind::Delivers, "arn:aws:s3:::b"))
        .measured_at(second, id, RECORDS_IN, 3.0)
}
