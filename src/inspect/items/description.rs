//! What a table says of itself: keys, indexes, stream, capacity. Asking costs nothing.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, KeySchemaElement, KeyType, Projection, ProvisionedThroughputDescription, ScalarAttributeType,
    TableDescription,
};
use jiff::Timestamp;
use serde::Serialize;

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Description {
    pub table_name: String,
    pub table_arn: Option<String>,
    pub table_status: Option<String>,
    pub keys: Keys,
    pub indexes: Vec<Index>,
    pub stream: Option<Stream>,
    /// `PROVISIONED` or `PAY_PER_REQUEST`.
    pub billing_mode: String,
    /// Units a second, where they are provisioned.
    pub provisioned: Option<Units>,
    /// DynamoDB's own count; on AWS up to six hours old.
    pub item_count: Option<i64>,
    pub size_bytes: Option<i64>,
    pub table_class: Option<String>,
    pub created: Option<Timestamp>,
    pub deletion_protection: bool,
}

/// What items are found by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Keys {
    pub partition: KeyAttribute,
    pub sort: Option<KeyAttribute>,
    /// It has more key attributes than these, which one condition cannot name.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_more: bool,
}

/// One attribute of a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyAttribute {
    pub name: String,
    #[serde(rename = "Type")]
    pub kind: KeyKind,
}

/// The types that a key may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum KeyKind {
    #[default]
    #[serde(rename = "S")]
    Text,
    #[serde(rename = "N")]
    Number,
    #[serde(rename = "B")]
    Bytes,
}

impl KeyKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Bytes => "bytes as base64",
        }
    }
}

/// An index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Index {
    pub index_name: String,
    /// Of the same partition key as the table.
    pub is_local: bool,
    pub keys: Keys,
    pub status: Option<String>,
    /// What of an item is in it: `ALL`, `KEYS_ONLY`, or names.
    pub projection: String,
    pub provisioned: Option<Units>,
    pub item_count: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Stream {
    pub stream_arn: String,
    pub stream_view_type: Option<String>,
}

/// Capacity units a second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Units {
    pub read: i64,
    pub write: i64,
}

impl Description {
    pub fn of(table: &TableDescription) -> Self {
        let definitions = table.attribute_definitions();
        let local = table.local_secondary_indexes().iter().map(|index| Index {
            index_name: index.index_name().unwrap_or_default().to_owned(),
            is_local: true,
            keys: keys(index.key_schema(), definitions),
            status: None,
            projection: projection(index.projection()),
            provisioned: None,
            item_count: index.item_count(),
        });
        let global = table.global_secondary_indexes().iter().map(|index| Index {
            index_name: index.index_name().unwrap_or_default().to_owned(),
            is_local: false,
            keys: keys(index.key_schema(), definitions),
            status: index.index_status().map(|status| status.as_str().to_owned()),
            projection: projection(index.projection()),
            provisioned: units(index.provisioned_throughput()),
            item_count: index.item_count(),
        });
        let specification = table.stream_specification().filter(|specification| specification.stream_enabled());
        // A table keeps the ARN of a stream that was switched off.
        let stream = specification.and_then(|specification| {
            Some(Stream {
                stream_arn: table.latest_stream_arn()?.to_owned(),
                stream_view_type: specification.stream_view_type().map(|view| view.as_str().to_owned()),
            })
        });
        let billing = table.billing_mode_summary().and_then(|summary| summary.billing_mode());
        Self {
            table_name: table.table_name().unwrap_or_default().to_owned(),
            table_arn: table.table_arn().map(ToOwned::to_owned),
            table_status: table.table_status().map(|status| status.as_str().to_owned()),
            keys: keys(table.key_schema(), definitions),
            indexes: local.chain(global).collect(),
            stream,
            // One that never said is provisioned: that is how tables began.
            billing_mode: billing.map_or("PROVISIONED", |mode| mode.as_str()).to_owned(),
            provisioned: units(table.provisioned_throughput()),
            item_count: table.item_count(),
            size_bytes: table.table_size_bytes(),
            table_class: table
                .table_class_summary()
                .and_then(|summary| Some(summary.table_class()?.as_str().to_owned())),
            created: table.creation_date_time().and_then(|at| Timestamp::from_second(at.secs()).ok()),
            deletion_protection: table.deletion_protection_enabled() == Some(true),
        }
    }

    pub fn index(&self, name: &str) -> Option<&Index> {
        self.indexes.iter().find(|index| index.index_name == name)
    }

    /// The keys of the table, or of an index of it.
    pub fn keys_of(&self, index: Option<&str>) -> &Keys {
        index.and_then(|name| self.index(name)).map_or(&self.keys, |index| &index.keys)
    }

    /// What a user would type to read from it, where he did not say.
    pub fn in_words(&self) -> Vec<String> {
        let mut lines = vec![format!("keys       {}", self.keys.in_words())];
        lines.extend(self.indexes.iter().map(|index| format!("index      {}", index.in_words())));
        let capacity = match self.provisioned {
            Some(units) => {
                format!("{}, {} read and {} write units a second", self.billing_mode, units.read, units.write)
            }
            None => self.billing_mode.clone(),
        };
        lines.push(format!("capacity   {capacity}"));
        lines.push(match &self.stream {
            Some(stream) => format!("stream     {}", stream.stream_view_type.as_deref().unwrap_or("on")),
            None => "stream     none".to_owned(),
        });
        if let Some(class) = &self.table_class {
            lines.push(format!("class      {class}"));
        }
        if self.deletion_protection {
            lines.push("protected  it cannot be deleted as it is".to_owned());
        }
        lines
    }
}

impl Index {
    /// `by-day: day (text), at (number) · global · KEYS_ONLY`.
    pub fn in_words(&self) -> String {
        let kind = if self.is_local { "local" } else { "global" };
        let status = self.status.as_deref().filter(|status| *status != "ACTIVE");
        let status = status.map(|status| format!(" · {status}")).unwrap_or_default();
        let units = self.provisioned.map(|units| format!(" · {} read units", units.read)).unwrap_or_default();
        format!("{}: {} · {kind} · {}{units}{status}", self.index_name, self.keys.in_words(), self.projection)
    }
}

impl Keys {
    /// `id (text), at (number)`.
    pub fn in_words(&self) -> String {
        let one = |key: &KeyAttribute| format!("{} ({})", key.name, key.kind.name());
        let sort = self.sort.as_ref().map(|sort| format!(", {}", one(sort))).unwrap_or_default();
        format!("{}{sort}{}", one(&self.partition), if self.has_more { " and more" } else { "" })
    }

    pub fn names(&self) -> Vec<&str> {
        std::iter::once(&self.partition).chain(&self.sort).map(|key| key.name.as_str()).collect()
    }
}

fn keys(schema: &[KeySchemaElement], definitions: &[AttributeDefinition]) -> Keys {
    let of = |kind: KeyType| {
        let name = schema.iter().find(|element| element.key_type() == &kind)?.attribute_name();
        let defined = definitions.iter().find(|definition| definition.attribute_name() == name);
        let kind = match defined.map(AttributeDefinition::attribute_type) {
            Some(ScalarAttributeType::N) => KeyKind::Number,
            Some(ScalarAttributeType::B) => KeyKind::Bytes,
            _ => KeyKind::Text,
        };
        Some(KeyAttribute { name: name.to_owned(), kind })
    };
    let (partition, sort) = (of(KeyType::Hash), of(KeyType::Range));
    let named = usize::from(partition.is_some()) + usize::from(sort.is_some());
    Keys { partition: partition.unwrap_or_default(), sort, has_more: schema.len() > named }
}

fn projection(projection: Option<&Projection>) -> String {
    let Some(projection) = projection else { return "ALL".to_owned() };
    match projection.non_key_attributes() {
        [] => projection.projection_type().map_or("ALL", |kind| kind.as_str()).to_owned(),
        names => names.join(", "),
    }
}

/// On-demand tables say zeros.
fn units(throughput: Option<&ProvisionedThroughputDescription>) -> Option<Units> {
    let units = throughput.map(|throughput| Units {
        read: throughput.read_capacity_units().unwrap_or(0),
        write: throughput.write_capacity_units().unwrap_or(0),
    });
    units.filter(|units| *units != Units::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::{
        GlobalSecondaryIndexDescription, ProjectionType, StreamSpecification, StreamViewType,
    };

    fn element(name: &str, kind: KeyType) -> KeySchemaElement {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
    }

    fn defined(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    }

    #[test]
    fn a_table_says_its_keys_indexes_stream_and_capacity() {
        let index = GlobalSecondaryIndexDescription::builder()
            .index_name("by-day")
            .key_schema(element("day", KeyType::Hash))
            .key_schema(element("at", KeyType::Range))
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build();
        let view = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewImage);
        let table = TableDescription::builder()
            .table_name("orders")
            .key_schema(element("id", KeyType::Hash))
            .attribute_definitions(defined("id", ScalarAttributeType::B))
            .attribute_definitions(defined("day", ScalarAttributeType::S))
            .attribute_definitions(defined("at", ScalarAttributeType::N))
            .global_secondary_indexes(index)
            .stream_specification(view.build().unwrap())
            .latest_stream_arn("arn:stream")
            .provisioned_throughput(
                ProvisionedThroughputDescription::builder().read_capacity_units(5).write_capacity_units(7).build(),
            )
            .build();
        let described = Description::of(&table);
        assert_eq!(
            described.in_words(),
            [
                "keys       id (bytes as base64)",
                "index      by-day: day (text), at (number) · global · KEYS_ONLY",
                "capacity   PROVISIONED, 5 read and 7 write units a second",
                "stream     NEW_IMAGE",
            ]
        );
        assert_eq!(described.keys_of(Some("by-day")).names(), ["day", "at"]);
        assert_eq!(described.keys_of(None).names(), ["id"]);
    }

    #[test]
    fn on_demand_has_no_units_and_a_stream_switched_off_is_none() {
        let zeros = ProvisionedThroughputDescription::builder().read_capacity_units(0).write_capacity_units(0).build();
        let table = TableDescription::builder().latest_stream_arn("arn:old").provisioned_throughput(zeros).build();
        let described = Description::of(&table);
        assert_eq!((described.provisioned, described.stream), (None, None));
    }
}
