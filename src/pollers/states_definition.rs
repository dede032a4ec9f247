//! What the states of an Amazon States Language definition call. Pure.
//!
//! A task names a function, or a service and an action with the parameters of that call, in JSONPath or JSONata. What is only
//! known when it runs is not guessed. Reference: <https://states-language.net/spec.html>

use serde_json::Value;

use super::{
    address,
    service_call::{Call, resource_of, values_in_json},
};
use crate::domain::{Arn, ResourceId};

/// States read of one definition, and levels of maps and branches within each other.
const MOST_STATES: usize = 2_000;
const MOST_LEVELS: usize = 24;

/// What a definition says.
#[derive(Debug, Default, PartialEq)]
pub struct Definition {
    /// What is called, and by the state of which name.
    pub calls: Vec<(ResourceId, String)>,
    pub states: usize,
    /// States, or whole levels of them, that were too many to read.
    pub left_out: usize,
}

/// Reads a definition of the machine that is at `home`; `None` if it is not one.
pub fn read(definition: &str, home: Arn<'_>) -> Option<Definition> {
    let definition: Value = serde_json::from_str(definition).ok()?;
    definition.get("States")?.as_object()?;
    let mut reader = Reader { home, found: Definition::default() };
    reader.machine(&definition, MOST_LEVELS);
    Some(reader.found)
}

struct Reader<'a> {
    home: Arn<'a>,
    found: Definition,
}

impl Reader<'_> {
    fn machine(&mut self, machine: &Value, levels: usize) {
        let states = machine.get("States").and_then(Value::as_object);
        for (name, state) in states.into_iter().flatten() {
            if self.found.states >= MOST_STATES || levels == 0 {
                self.found.left_out += 1;
                continue;
            }
            self.found.states += 1;
            self.state(name, state, levels);
        }
    }

    fn state(&mut self, name: &str, state: &Value, levels: usize) {
        // A task, and what a distributed map reads its items from and writes its results to.
        for caller in [Some(state), state.get("ItemReader"), state.get("ResultWriter")].into_iter().flatten() {
            let calls = self.calls(caller).into_iter().map(|target| (target, name.to_owned()));
            self.found.calls.extend(calls);
        }
        for inner in ["ItemProcessor", "Iterator"].into_iter().filter_map(|key| state.get(key)) {
            self.machine(inner, levels - 1);
        }
        for branch in state.get("Branches").and_then(Value::as_array).into_iter().flatten() {
            self.machine(branch, levels - 1);
        }
    }

    fn calls(&self, caller: &Value) -> Vec<ResourceId> {
        let Some(text) = caller.get("Resource").and_then(Value::as_str) else { return Vec::new() };
        let Some(arn) = Arn::parse(text) else { return Vec::new() };
        if arn.service == "lambda" && arn.resource.starts_with("function:") {
            return vec![resource_of(text)];
        }
        // `arn:aws:states:::SERVICE:ACTION`, or `…:::aws-sdk:SERVICE:ACTION`, and how to wait for its end.
        if arn.service != "states" || !arn.account.is_empty() {
            return Vec::new();
        }
        let call = arn.resource.strip_prefix("aws-sdk:").unwrap_or(arn.resource);
        let Some((service, action)) = call.split_once(':') else { return Vec::new() };
        let action = action.split(['.', ':']).next().unwrap_or(action);
        let parameters = ["Arguments", "Parameters"].into_iter().find_map(|key| caller.get(key));
        // Arguments may be one JSONata expression.
        let Some(parameters) = parameters.filter(|parameters| parameters.is_object()) else { return Vec::new() };
        if service == "http" {
            let endpoint = parameters.get("ApiEndpoint").and_then(Value::as_str);
            return endpoint.and_then(address::of_web).into_iter().collect();
        }
        Call { home: self.home, service, action }.acts_on(|key| values_in_json(parameters, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    const MACHINE: &str = "arn:aws:states:eu-west-1:000000000001:stateMachine:m";

    fn calls(states: Value) -> Vec<String> {
        let definition = json!({"StartAt": "A", "States": states}).to_string();
        let found = read(&definition, Arn::parse(MACHINE).unwrap()).unwrap();
        found.calls.iter().map(|(target, state)| format!("{state} {}", target.short_name())).collect()
    }

    #[rstest]
    #[case(json!({"Resource": "arn:aws:lambda:r:1:function:f:live"}), "A f")]
    #[case(json!({"Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "g"}}), "A g")]
    #[case(
        json!({
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Arguments": {"FunctionName": "arn:aws:lambda:r:1:function:g:$LATEST", "Payload": "{% $states.input %}"},
        }),
        "A g"
    )]
    #[case(
        json!({
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/000000000001/q"},
        }),
        "A q"
    )]
    #[case(json!({"Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl.$": "$.url"}}), "")]
    #[case(json!({"Resource": "arn:aws:states:::sns:publish", "Arguments": {"TopicArn": "{% $topic %}"}}), "")]
    #[case(json!({"Resource": "arn:aws:states:::events:putEvents", "Arguments": "{% $all %}"}), "")]
    #[case(json!({"Resource": "arn:aws:states:::events:putEvents", "Parameters": {"Entries": [{}]}}), "A default")]
    #[case(
        json!({
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {"StateMachineArn": "arn:aws:states:r:1:stateMachine:other"},
        }),
        "A other"
    )]
    #[case(json!({"Resource": "arn:aws:states:::aws-sdk:dynamodb:putItem", "Parameters": {"TableName": "t"}}), "A t")]
    #[case(json!({"Resource": "arn:aws:states:::aws-sdk:s3:putObject", "Parameters": {"Bucket": "b"}}), "A b")]
    #[case(
        json!({"Resource": "arn:aws:states:::http:invoke", "Parameters": {"ApiEndpoint": "https://shop.example/x"}}),
        "A https://shop.example/…0c507a"
    )]
    #[case(json!({"Resource": "arn:aws:states:eu-west-1:000000000001:activity:a"}), "")]
    #[case(json!({"Type": "Wait", "Seconds": 1}), "")]
    fn tasks(#[case] state: Value, #[case] expected: &str) {
        assert_eq!(calls(json!({"A": state})).join(", "), expected);
    }

    #[test]
    fn branches_and_maps_are_read_within_each_other() {
        let task = |name: &str| json!({"Resource": format!("arn:aws:lambda:r:1:function:{name}")});
        let found = calls(json!({
            "Fork": {"Branches": [{"States": {
                "Each": {
                    "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "in"}},
                    "ItemProcessor": {"States": {"Inner": task("f")}},
                    "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "out"}},
                },
            }}, {"States": {"Old": {"Iterator": {"States": {"Deep": task("g")}}}}}]},
        }));
        assert_eq!(found, ["Each in", "Each out", "Inner f", "Deep g"]);
    }

    #[test]
    fn what_is_too_deep_or_too_much_is_counted() {
        let home = Arn::parse(MACHINE).unwrap();
        let nested = (0..MOST_LEVELS)
            .fold(json!({"States": {"S": {}}}), |inner, _| json!({"States": {"S": {"Iterator": inner}}}));
        let found = read(&nested.to_string(), home).unwrap();
        assert_eq!((found.states, found.left_out), (MOST_LEVELS, 1));
        let many: serde_json::Map<String, Value> = (0..MOST_STATES + 5).map(|n| (n.to_string(), json!({}))).collect();
        let found = read(&json!({"States": many}).to_string(), home).unwrap();
        assert_eq!((found.states, found.left_out), (MOST_STATES, 5));
    }

    #[rstest]
    #[case("")]
    #[case("[]")]
    #[case(r#"{"States": 3}"#)]
    #[case(r#"{"StartAt": "A"}"#)]
    fn what_is_no_definition_is_none(#[case] text: &str) {
        assert_eq!(read(text, Arn::parse(MACHINE).unwrap()), None);
        assert_eq!(read(&"[".repeat(10_000), Arn::parse(MACHINE).unwrap()), None);
    }

    proptest! {
        #[test]
        fn never_panics(resource in "\\PC*", name in "\\PC*", key in "\\PC*") {
            let states = json!({name: {"Resource": resource, "Parameters": {key: resource}}});
            let _ = read(&json!({"States": states}).to_string(), Arn::parse(MACHINE).unwrap());
        }
    }
}
