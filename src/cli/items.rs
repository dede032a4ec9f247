//! `edatop items`: what a table is, the items of a key, or a sample of it, page by page. Never a scan that nobody asked for.

use std::{process::ExitCode, sync::Arc};

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{
    complain,
    desk::{LEFT, Outcome, attended, lines::Lines, unless_stopped},
    opening::{self, GivenUp},
};
use crate::{
    aws::{Connection, Trouble},
    config::Config,
    domain::FailureKind,
    inspect::items::{self, Condition, Cost, Description, Dynamo, Item, Page, Reading, Tables, What},
    redrive::jq::Program,
};

/// Items that one call asks for.
const PAGE: u64 = 1_000;
/// Values that an expression may yield for one item.
const MOST_OUTPUTS: usize = 1_000;

#[derive(Debug, Args)]
pub struct Arguments {
    /// A table by name or ARN
    #[arg(value_name = "TABLE")]
    pub table: String,
    /// Items whose partition key has this value
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub key: Option<String>,
    /// Of these, whose sort key is so: '= 3', '> 3', 'begins_with ab', 'between 3 and 7'
    #[arg(long, value_name = "OP VALUE", requires = "key", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// The highest sort keys first
    #[arg(long, requires = "key")]
    pub backwards: bool,
    /// Read this index, by its own keys
    #[arg(long, value_name = "NAME")]
    pub index: Option<String>,
    /// Read whatever comes, in no order: it costs read capacity for each item
    #[arg(long, conflicts_with = "key")]
    pub scan: bool,
    /// Read at most so many items
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: u64,
    /// Print what this jq expression yields for each item, which is its `.`
    #[arg(long, value_name = "EXPR")]
    pub jq: Option<String>,
    /// Print items as DynamoDB writes them, each value with its type
    #[arg(long, conflicts_with = "jq")]
    pub typed: bool,
    /// Describe the table as JSON too; items always are
    #[arg(long)]
    pub json: bool,
}

/// Reads and prints.
///
/// # Errors
/// None of its own: what goes wrong is said, with an exit code.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    Ok(attended(async |stop| work(&config, &arguments, stop).await).await)
}

async fn work(config: &Config, arguments: &Arguments, stop: CancellationToken) -> Outcome {
    let program = arguments.jq.as_deref().map(Program::new).transpose();
    let program = program.map_err(|mistake| GivenUp::misused(format!("--jq: {mistake}")))?;
    let aws = unless_stopped(&stop, opening::connect(config)).await?;
    let tables: Arc<dyn Tables> = Arc::new(Dynamo::new(Arc::clone(&aws)));
    let name = items::table_name(&arguments.table);
    let described =
        unless_stopped(&stop, async { tables.describe(&name).await.map_err(|trouble| given_up(&aws, &trouble)) });
    let table = Arc::new(described.await?);
    if let Some(index) = arguments.index.as_deref().filter(|index| table.index(index).is_none()) {
        let names: Vec<&str> = table.indexes.iter().map(|index| index.index_name.as_str()).collect();
        let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(GivenUp::misused(format!("{name} has no index {index}; it has {has}")));
    }
    let Some(what) = what(arguments, &table)? else { return describe(&table, arguments) };
    let mut reading = Reading::new(tables, table, arguments.index.clone(), what);
    let mut print = Print { program, typed: arguments.typed, lines: Lines::default(), printed: 0 };
    let mut cost = Cost::default();
    let read = unless_stopped(&stop, print.all(&mut reading, &mut cost, arguments.limit, &aws)).await;
    complain(&cost.in_words());
    if read? && !reading.has_ended() {
        complain(&format!("there is more: it was read up to --limit {}", arguments.limit));
    }
    let was_narrow = arguments.key.is_some() || arguments.jq.is_some();
    Ok(if was_narrow && print.printed == 0 { LEFT } else { 0 })
}

/// What is to be read; nothing if nobody said.
fn what(arguments: &Arguments, table: &Description) -> Result<Option<What>, GivenUp> {
    let Some(key) = &arguments.key else { return Ok(arguments.scan.then_some(What::Scan)) };
    let keys = table.keys_of(arguments.index.as_deref());
    let condition = Condition::parse(keys, key, arguments.sort.as_deref());
    let condition = condition.map_err(|mistake| GivenUp::misused(mistake.to_string()))?;
    Ok(Some(What::Query { condition, backwards: arguments.backwards }))
}

fn describe(table: &Description, arguments: &Arguments) -> Outcome {
    let mut lines = Lines::default();
    if arguments.json {
        lines.put(table)?;
    } else {
        let status = table.table_status.as_deref().unwrap_or("-");
        lines.text(&format!("{}  {status}", table.table_name))?;
        for line in table.in_words() {
            lines.text(&line)?;
        }
        if let (Some(items), Some(bytes)) = (table.item_count, table.size_bytes) {
            lines.text(&format!("items      about {items}, {}", crate::domain::units::Bytes(bytes as f64)))?;
        }
    }
    let keys = table.keys_of(arguments.index.as_deref());
    complain(&format!(
        "no item was read: add --key VALUE, which is {} ({}), or --scan for a sample, which costs read capacity",
        keys.partition.name,
        keys.partition.kind.name()
    ));
    Ok(0)
}

/// What is printed, and where.
struct Print {
    program: Option<Program>,
    typed: bool,
    lines: Lines,
    printed: u64,
}

impl Print {
    /// Whether somebody reads it to its end.
    async fn all(
        &mut self,
        reading: &mut Reading,
        cost: &mut Cost,
        limit: u64,
        aws: &Connection,
    ) -> Result<bool, GivenUp> {
        let mut left = limit;
        while left > 0 && !reading.has_ended() {
            let page = reading.next(usize::try_from(left.min(PAGE)).unwrap_or(1)).await;
            let page = page.map_err(|trouble| given_up(aws, &trouble))?;
            cost.add(&page);
            left = left.saturating_sub(page.items.len() as u64);
            self.page(page).await?;
            if !self.lines.are_read() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn page(&mut self, page: Page) -> Result<(), GivenUp> {
        let Some(program) = self.program.clone() else {
            for item in &page.items {
                self.lines.json(if self.typed { &item.typed } else { &item.json })?;
                self.printed += 1;
            }
            return Ok(());
        };
        let asked = tokio::task::spawn_blocking(move || asked(&program, &page.items)).await;
        let (outputs, trouble) = asked.map_err(|error| GivenUp::unreached(error.to_string()))?;
        for output in outputs {
            self.lines.json(&output)?;
            self.printed += 1;
        }
        trouble.iter().for_each(|trouble| complain(trouble));
        Ok(())
    }
}

/// What an expression yields for each item, and what went wrong with some, in a sentence.
fn asked(program: &Program, items: &[Item]) -> (Vec<String>, Option<String>) {
    let (mut outputs, mut failed, mut first) = (Vec::new(), 0_u64, None);
    for item in items {
        match program.outputs(&item.json, MOST_OUTPUTS) {
            Ok(yielded) => outputs.extend(yielded),
            Err(error) => {
                failed += 1;
                first.get_or_insert(error);
            }
        }
    }
    let trouble = first.map(|error| format!("--jq fails for {failed} of {} items: {error}", items.len()));
    (outputs, trouble)
}

fn given_up(aws: &Connection, trouble: &Trouble) -> GivenUp {
    match trouble.kind {
        FailureKind::NotFound => GivenUp::misused(trouble.to_string()),
        _ => GivenUp::unreached(format!("{}: {trouble}", opening::place(aws))),
    }
}
