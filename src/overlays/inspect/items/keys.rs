//! What keys do among items.

use super::{Blank, Items, model::Ask};
use crate::{
    commands::Command,
    inspect::items::{Condition, description::Keys},
    overlays::{
        Press, Wish,
        desk::model::Find,
        inspect::{
            Subject,
            rows::{
                self, Pressed,
                prompt::{Prompt, Typed},
            },
        },
    },
};

/// What a sort key may be asked.
const CONDITIONS: &str = "= < <= > >= with a value, begins_with ab, between 3 and 7";

impl Items {
    pub(super) fn press(&mut self, press: Press) -> Wish {
        if let Some(mut prompt) = self.prompt.take() {
            return match prompt.key(press) {
                Typed::On => {
                    self.prompt = Some(prompt);
                    Wish::Stay
                }
                Typed::Off => Wish::Stay,
                Typed::Enter(text) => self.entered(prompt, &text),
            };
        }
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
                Wish::Stay
            }
            Some(Command::TableStream) => self.stream(),
            Some(Command::FindKey) => self.ask_key(),
            Some(Command::FindText) => {
                self.type_in(Blank::Find, " find ", "a text, or /a regex/ · enter lists · esc back")
            }
            Some(Command::FindWhere) => {
                let hint = "jq: lists where it is true, such as .total > 3 · enter · esc back";
                self.type_in(Blank::Where, " = ", hint)
            }
            Some(Command::WriteFile) => {
                let hint = "all that is listed, as JSON lines, to a file that is not there yet · enter · esc back";
                self.type_in(Blank::File, " file ", hint)
            }
            _ => match self.rows.key(press) {
                Pressed::No => Wish::Stay,
                Pressed::Wish(wish) => wish,
                Pressed::Ask(ask) => Self::wish(Ask::Rows(ask)),
            },
        }
    }

    fn in_about(&mut self, press: Press) -> Wish {
        match press.command {
            Some(Command::Up) => self.offset = self.offset.saturating_sub(1),
            Some(Command::Down) => self.offset += 1,
            _ => self.about = false,
        }
        Wish::Stay
    }

    fn type_in(&mut self, blank: Blank, label: &str, hint: &str) -> Wish {
        let finding = self.rows.listing.find.as_ref().map(|finding| &finding.find);
        let before = match &blank {
            Blank::Find | Blank::Where => finding.map(|find| find.as_typed(blank == Blank::Where)).unwrap_or_default(),
            _ => String::new(),
        };
        self.prompt = Some(Prompt::new(blank, label, hint, &before));
        Wish::Stay
    }

    fn keys(&self) -> Option<&Keys> {
        Some(self.picture.table.as_ref()?.keys_of(self.picture.index.as_deref()))
    }

    fn ask_key(&mut self) -> Wish {
        let Some(keys) = self.keys() else { return Wish::Say("the table is not described yet".to_owned()) };
        let label = format!(" {} = ", keys.partition.name);
        let next = if keys.sort.is_some() { "asks for the sort key" } else { "reads one page" };
        let hint = format!("a partition key, {} · enter {next} · esc back", keys.partition.kind.name());
        self.type_in(Blank::Key, &label, &hint)
    }

    fn next_index(&mut self) -> Wish {
        let Some(table) = &self.picture.table else { return Wish::Stay };
        if table.indexes.is_empty() {
            return Wish::Say("the table has no index".to_owned());
        }
        let at = self
            .picture
            .index
            .as_ref()
            .and_then(|name| table.indexes.iter().position(|index| &index.index_name == name));
        let next = at.map_or(0, |at| at + 1);
        Self::wish(Ask::Index(table.indexes.get(next).map(|index| index.index_name.clone())))
    }

    fn stream(&self) -> Wish {
        match self.picture.table.as_ref().map(|table| &table.stream) {
            Some(Some(_)) => Wish::Inspect(Box::new(Subject::Records(self.table.clone()))),
            Some(None) => Wish::Say("the table has no stream".to_owned()),
            None => Wish::Stay,
        }
    }

    /// What was typed; it stays if something is wrong with it.
    fn entered(&mut self, mut prompt: Prompt<Blank>, text: &str) -> Wish {
        let entered = match &prompt.blank {
            Blank::Key => return self.key_entered(prompt, text),
            Blank::Sort(key) => self.query(key, text),
            Blank::Find => found(Find::typed(text)),
            Blank::Where => found(Some(text).filter(|jq| !jq.is_empty()).map(|jq| Find::Where(jq.to_owned()))),
            Blank::File if text.is_empty() => Err("type the name of a file; esc writes nothing".to_owned()),
            Blank::File => Ok(Ask::Rows(rows::Ask::Write(text.into()))),
        };
        match entered {
            Ok(ask) => Self::wish(ask),
            Err(complaint) => {
                prompt.complain(complaint);
                self.prompt = Some(prompt);
                Wish::Stay
            }
        }
    }

    fn key_entered(&mut self, mut prompt: Prompt<Blank>, text: &str) -> Wish {
        match self.query(text, "") {
            Err(complaint) => {
                prompt.complain(complaint);
                self.prompt = Some(prompt);
                Wish::Stay
            }
            Ok(ask) => match self.keys().and_then(|keys| keys.sort.as_ref()) {
                Some(sort) => {
                    let label = format!(" {} ", sort.name);
                    let hint = format!(
                        "nothing: all of them; else {CONDITIONS}; desc first: the highest first · enter reads one page"
                    );
                    self.type_in(Blank::Sort(text.to_owned()), &label, &hint)
                }
                None => Self::wish(ask),
            },
        }
    }

    /// `desc` before a condition turns the order round.
    fn query(&self, key: &str, sort: &str) -> Result<Ask, String> {
        let keys = self.keys().ok_or_else(|| "the table is not described yet".to_owned())?;
        let turned = sort.strip_prefix("desc").filter(|rest| rest.is_empty() || rest.starts_with(' '));
        let condition = Condition::parse(keys, key, Some(turned.unwrap_or(sort)));
        let condition = condition.map_err(|mistake| mistake.to_string())?;
        Ok(Ask::Query { condition, backwards: turned.is_some() })
    }
}

fn found(find: Option<Find>) -> Result<Ask, String> {
    match find.as_ref().and_then(Find::mistake) {
        Some(mistake) => Err(mistake),
        None => Ok(Ask::Rows(rows::Ask::Find(find))),
    }
}
