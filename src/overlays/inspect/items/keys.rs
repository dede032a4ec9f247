//! What keys do among items.

use super::{Blank, Items, model::Ask};
use crate::{
    commands::Command,
    inspect::{
        items::{Condition, description::Keys},
        records::WARNING_OF_TABLE,
    },
    overlays::{
        Press, Wish,
        inspect::{
            Subject,
            rows::{
                prompt::Prompt,
                reader::{Answer, Blank as Any},
            },
        },
    },
};

/// What a sort key may be asked.
const CONDITIONS: &str = "= < <= > >= with a value, begins_with ab, between 3 and 7";

impl Items {
    pub(super) fn pressed(&mut self, press: Press) -> Answer<Blank> {
        if self.about && !matches!(press.command, Some(Command::Help | Command::Quit)) {
            return self.in_about(press);
        }
        match press.command {
            Some(Command::ScanPage) => Self::wish(Ask::Scan),
            Some(Command::MorePage) => Self::wish(Ask::More),
            Some(Command::LookAgain) => Self::wish(Ask::Again),
            Some(Command::WatchNew) => Self::wish(Ask::Watch),
            Some(Command::ShowTypes) => Self::wish(Ask::Types),
            Some(Command::ChooseIndex) => self.next_index(),
            Some(Command::AboutTable) => {
                (self.about, self.offset) = (true, 0);
                Answer::Wish(Wish::Stay)
            }
            Some(Command::TableStream) => self.stream(),
            Some(Command::FollowStream) => self.follow(),
            Some(Command::FindKey) => self.ask_key(),
            _ => Answer::No,
        }
    }

    fn in_about(&mut self, press: Press) -> Answer<Blank> {
        match press.command {
            Some(Command::Up) => self.offset = self.offset.saturating_sub(1),
            Some(Command::Down) => self.offset += 1,
            _ => self.about = false,
        }
        Answer::Wish(Wish::Stay)
    }

    fn keys(&self) -> Option<&Keys> {
        Some(self.picture.table.as_ref()?.keys_of(self.picture.index.as_deref()))
    }

    fn ask_key(&self) -> Answer<Blank> {
        let Some(keys) = self.keys() else { return say("the table is not described yet") };
        let label = format!(" {} = ", keys.partition.name);
        let next = if keys.sort.is_some() { "asks for the sort key" } else { "reads one page" };
        let hint = format!("a partition key, {} · enter {next} · esc back", keys.partition.kind.name());
        Answer::Type(Prompt::new(Any::Own(Blank::Key), label, hint, ""))
    }

    fn next_index(&self) -> Answer<Blank> {
        let Some(table) = &self.picture.table else { return Answer::Wish(Wish::Stay) };
        if table.indexes.is_empty() {
            return say("the table has no index");
        }
        let at = self
            .picture
            .index
            .as_ref()
            .and_then(|name| table.indexes.iter().position(|index| &index.index_name == name));
        let next = at.map_or(0, |at| at + 1);
        Self::wish(Ask::Index(table.indexes.get(next).map(|index| index.index_name.clone())))
    }

    fn stream(&self) -> Answer<Blank> {
        match self.picture.table.as_ref().map(|table| &table.stream) {
            Some(Some(_)) => Answer::Wish(Wish::Inspect(Box::new(Subject::Records(self.table.clone())))),
            Some(None) => say("the table has no stream"),
            None => Answer::Wish(Wish::Stay),
        }
    }

    /// It is asked first, as others read the stream too.
    fn follow(&self) -> Answer<Blank> {
        if self.picture.live.is_some_and(|live| live.is_on) {
            return Self::wish(Ask::Follow(false));
        }
        match self.picture.table.as_ref().map(|table| &table.stream) {
            Some(Some(_)) => {
                let hint = format!("{WARNING_OF_TABLE} · enter follows the stream from now on · esc does not");
                Answer::Type(Prompt::new(Any::Own(Blank::Follow), " follow ", hint, ""))
            }
            Some(None) => say("no stream: r looks again"),
            None => say("the table is not described yet"),
        }
    }

    /// A partition key; what is asked next depends on what the sort key is.
    pub(super) fn key_entered(&self, key: &str) -> Result<Answer<Blank>, String> {
        let ask = self.query(key, "")?;
        let Some(sort) = self.keys().and_then(|keys| keys.sort.as_ref()) else { return Ok(Self::wish(ask)) };
        let label = format!(" {} ", sort.name);
        let hint =
            format!("nothing: all of them; else {CONDITIONS}; desc first: the highest first · enter reads one page");
        Ok(Answer::Type(Prompt::new(Any::Own(Blank::Sort(key.to_owned())), label, hint, "")))
    }

    /// `desc` before a condition turns the order round.
    pub(super) fn query(&self, key: &str, sort: &str) -> Result<Ask, String> {
        let keys = self.keys().ok_or_else(|| "the table is not described yet".to_owned())?;
        let turned = sort.strip_prefix("desc").filter(|rest| rest.is_empty() || rest.starts_with(' '));
        let condition = Condition::parse(keys, key, Some(turned.unwrap_or(sort)));
        let condition = condition.map_err(|mistake| mistake.to_string())?;
        Ok(Ask::Query { condition, backwards: turned.is_some() })
    }
}

fn say(text: &str) -> Answer<Blank> {
    Answer::Wish(Wish::Say(text.to_owned()))
}
