//! Tags that say what belongs together: the one that CloudFormation sets, and those by which people name an application.
//!
//! Each value of such a tag is a group of the resources that carry it. Other tags are not kept: `Name` is one resource's, and
//! `Environment` is on everything. To have another tag name groups, add it to [`KEYS`].

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{Due, Inventory, Look, Outbox, Poller, Tier};
use crate::{
    aws::Trouble,
    domain::{Arn, FailureKind, Kind, Link, LinkKind, Resource, ResourceId, Scope, unqualified},
};

/// The tags that make groups, whatever their case. All others that begin with `aws:` are AWS's own housekeeping.
const KEYS: [&str; 6] = ["aws:cloudformation:stack-name", "application", "app", "project", "service", "system"];
/// As many as AWS gives at once.
const PER_PAGE: i32 = 100;
/// More than these is another account's size: what the first ones say is kept, and that there are more is said.
const MOST_PAGES: usize = 100;
const GET_RESOURCES: &str = "tag:GetResources";

#[derive(Default)]
pub struct Tags {
    listed: Due,
    inventory: Inventory,
}

/// Groups by key and value, with their members.
#[derive(Debug, Default)]
struct Groups {
    of: BTreeMap<(String, String), Vec<ResourceId>>,
    /// There were more resources than are read.
    cut: bool,
}

#[async_trait]
impl Poller for Tags {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Group]
    }

    /// All that is read here changes by deployment only.
    fn tier(&self, _scope: &Scope) -> Tier {
        Tier::Background
    }

    async fn poll(&mut self, look: Look<'_>, out: &mut Outbox) {
        if !self.listed.is_due(look.scope, look.rarely()) {
            return;
        }
        match tagged(look).await {
            Ok(groups) => self.say(groups, out).await,
            Err(trouble) => out.failed(GET_RESOURCES, trouble, None).await,
        }
        self.listed.tried(look.scope, out.worst());
    }
}

impl Tags {
    async fn say(&mut self, groups: Groups, out: &mut Outbox) {
        out.done(GET_RESOURCES);
        let rest = ResourceId::from(GET_RESOURCES);
        let found: Vec<(Resource, Vec<Link>)> = groups.of.into_iter().map(described).collect();
        if groups.cut {
            let text = format!("more than {} tagged resources: the rest is not read", MOST_PAGES * PER_PAGE as usize);
            out.failed(GET_RESOURCES, Trouble { kind: FailureKind::Other, text }, Some(&rest)).await;
        } else {
            out.read(GET_RESOURCES, &rest);
            let named = found.iter().map(|(group, _)| group.id.clone()).collect();
            out.say_all(self.inventory.keep_only(&named)).await;
        }
        for (group, links) in found {
            out.say_all(self.inventory.found(group, links)).await;
        }
    }
}

async fn tagged(look: Look<'_>) -> Result<Groups, Trouble> {
    let mut pages = look.aws.tags().get_resources().resources_per_page(PER_PAGE).into_paginator().send();
    let mut groups = Groups::default();
    let mut read = 0;
    while let Some(page) = pages.next().await {
        if read == MOST_PAGES {
            groups.cut = true;
            break;
        }
        read += 1;
        for resource in page?.resource_tag_mapping_list.unwrap_or_default() {
            let Some(id) = resource.resource_arn().and_then(shown) else { continue };
            for tag in resource.tags() {
                if let Some(key) = group_key(tag.key()).filter(|_| !tag.value().is_empty()) {
                    groups.of.entry((key.to_owned(), tag.value().to_owned())).or_default().push(id.clone());
                }
            }
        }
    }
    Ok(groups)
}

/// The key under which a tag makes groups, if it does.
fn group_key(key: &str) -> Option<&'static str> {
    KEYS.into_iter().find(|known| known.eq_ignore_ascii_case(key))
}

/// The resource that an ARN with tags stands for, if it is one that is shown: mappings, consumers and stages carry tags too.
fn shown(text: &str) -> Option<ResourceId> {
    let text = text.strip_suffix(":*").unwrap_or(text);
    let arn = Arn::parse(text)?;
    let is_whole = match arn.service {
        "lambda" => arn.resource.starts_with("function:"),
        "kinesis" => arn.resource.matches('/').count() == 1,
        "dynamodb" => arn.resource.starts_with("table/") && arn.resource.matches('/').count() == 1,
        "apigateway" => arn.resource.matches('/').count() == 2,
        "states" => arn.resource.starts_with("stateMachine:"),
        // AWS tags schedules by their group only.
        "scheduler" => arn.resource.starts_with("schedule/"),
        "events" => arn.resource.starts_with("rule/") || arn.resource.starts_with("event-bus/"),
        _ => true,
    };
    (is_whole && !matches!(Kind::of_arn(&arn), Kind::External | Kind::Group)).then(|| unqualified(text).into())
}

fn described(((key, value), members): ((String, String), Vec<ResourceId>)) -> (Resource, Vec<Link>) {
    let id = ResourceId::from(format!("tag:{key}={value}"));
    let link = |member| Link::configured(id.clone(), LinkKind::Contains, member);
    let mut links: Vec<Link> = members.into_iter().map(link).collect();
    links.sort_by(|a, b| a.to.cmp(&b.to));
    links.dedup();
    (Resource::new(id, Kind::Group, value).with("Tag", Some(key)), links)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Application", Some("application"))]
    #[case("aws:cloudformation:stack-name", Some("aws:cloudformation:stack-name"))]
    #[case("aws:cloudformation:stack-id", None)]
    #[case("Name", None)]
    #[case("Environment", None)]
    fn few_tags_make_groups(#[case] key: &str, #[case] group: Option<&str>) {
        assert_eq!(group_key(key), group);
    }

    #[rstest]
    #[case("arn:aws:sqs:r:1:q", Some("arn:aws:sqs:r:1:q"))]
    #[case("arn:aws:logs:r:1:log-group:g:*", Some("arn:aws:logs:r:1:log-group:g"))]
    #[case("arn:aws:lambda:r:1:function:f:live", Some("arn:aws:lambda:r:1:function:f"))]
    #[case("arn:aws:lambda:r:1:event-source-mapping:u", None)]
    #[case("arn:aws:kinesis:r:1:stream/s/consumer/c:1", None)]
    #[case("arn:aws:apigateway:r::/restapis/a", Some("arn:aws:apigateway:r::/restapis/a"))]
    #[case("arn:aws:apigateway:r::/restapis/a/stages/v1", None)]
    #[case("arn:aws:scheduler:r:1:schedule-group/g", None)]
    #[case("arn:aws:ec2:r:1:instance/i", None)]
    #[case("arn:aws:cloudformation:r:1:stack/s/u", None)]
    #[case("", None)]
    fn only_whole_resources_are_members(#[case] text: &str, #[case] id: Option<&str>) {
        assert_eq!(shown(text), id.map(ResourceId::from));
    }
}
