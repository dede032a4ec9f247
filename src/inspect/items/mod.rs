//! The items of a table, as somebody asks for them: by key, or a scan page by page, never more than was asked for.
//!
//! ```text
//!   describe ──► Description: keys, indexes, stream, capacity           costs nothing
//!   Reading ── next(limit) ──► Page of Items + the read capacity that the service says it cost
//! ```
//!
//! Nothing here reads by itself: no call goes out that is not one page of one [`Reading`]. A page has at most 1 MB, as DynamoDB cuts it.
//! To add a way of reading: a variant of [`What`]. Must not: change anything, draw, or scan because somebody only opened a table.

pub mod condition;
pub mod description;
pub mod reading;
pub mod value;
pub mod wire;

#[cfg(test)]
pub(crate) mod pretend;

pub use condition::Condition;
pub use description::Description;
pub use reading::{Cost, Item, Names, Page, Reading, What};
pub use value::Value;
pub use wire::{Dynamo, Tables};

use crate::domain::ResourceId;

/// The name of a table, which may have been written as an ARN: of the table itself, of an index or of a stream of it.
pub fn table_name(table: &str) -> String {
    match table.split_once(":table/") {
        Some((_, rest)) => rest.split('/').next().unwrap_or(rest).to_owned(),
        None => ResourceId::from(table).short_name().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("orders", "orders")]
    #[case("arn:aws:dynamodb:eu-west-1:1:table/orders", "orders")]
    #[case("arn:aws:dynamodb:eu-west-1:1:table/orders/index/by-day", "orders")]
    #[case("arn:aws:dynamodb:eu-west-1:1:table/orders/stream/2026-01-01T00:00:00.000", "orders")]
    fn a_table_has_a_name_however_it_is_written(#[case] written: &str, #[case] name: &str) {
        assert_eq!(table_name(written), name);
    }
}
