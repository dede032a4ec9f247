//! What each key means among the objects of a bucket.

use crossterm::event::KeyCode;
use tui_input::Input;

use super::{
    Blank, Column, Objects, Typing,
    model::{Ask, Inside, What},
};
use crate::{
    commands::Command,
    inspect::{
        objects::{download::file_name, preview::Body},
        thread::seen::Sight,
    },
    overlays::{Press, Wish, desk::model::Step, filter::request, inspect},
};

/// Lines of an object that are looked through for ids.
const MOST_LINES: usize = 200;

/// What is asked of the task.
pub(super) fn wish(ask: Ask) -> Wish {
    Wish::Read(inspect::Ask::Objects(ask))
}

impl Objects {
    pub(super) fn press(&mut self, press: Press) -> Wish {
        if let Some(typing) = &mut self.typing {
            match press.event.code {
                KeyCode::Esc => self.typing = None,
                KeyCode::Enter => return self.typed(),
                _ => {
                    if let Some(request) = request(press) {
                        typing.input.handle(request);
                    }
                }
            }
            return Wish::Stay;
        }
        let Some(command) = press.command else { return Wish::Stay };
        let asked = std::mem::take(&mut self.asked);
        if let Some(step) = self.step(command) {
            return self.go(step);
        }
        match command {
            Command::Back | Command::Quit => self.back(command, asked),
            Command::Help | Command::ShowUsage | Command::ChooseTheme => Wish::Over(command),
            Command::OpenPrefix => self.open(),
            Command::UpPrefix if self.column == Column::Contents => self.to(Column::List),
            Command::UpPrefix => wish(Ask::Up),
            Command::OtherColumn if self.column == Column::List => self.to(Column::Contents),
            Command::OtherColumn => self.to(Column::List),
            Command::BeginWith => {
                let root = self.picture.as_ref().map(|picture| picture.root.clone()).unwrap_or_default();
                self.type_in(Blank::Begin, root)
            }
            Command::NextSums => {
                self.page.next_sums();
                Wish::Stay
            }
            Command::CopyUri => self
                .picture
                .as_ref()
                .and_then(|picture| picture.shown.as_ref())
                .map_or(Wish::Stay, |shown| Wish::Copy(shown.uri.clone())),
            Command::FollowThis => self.follow(),
            Command::DownloadObject => match self.key() {
                Some(key) => {
                    let name = file_name(key);
                    self.type_in(Blank::File, name)
                }
                None => Wish::Stay,
            },
            Command::FollowNewest => {
                self.column = Column::List;
                wish(Ask::Follow)
            }
            Command::ListAgain => wish(Ask::Again),
            Command::ReadMore => wish(Ask::More),
            Command::ObjectVersions => wish(Ask::Versions),
            Command::ObjectTags => wish(Ask::Tags),
            Command::SignAddress => wish(Ask::Sign),
            _ => Wish::Stay,
        }
    }

    /// From what is in an object to the list, from a part of the keys to all, and then away.
    fn back(&mut self, command: Command, asked: bool) -> Wish {
        let picture = self.picture.as_ref();
        if picture.is_some_and(|picture| picture.download.is_some()) {
            if asked {
                return wish(Ask::Cancel);
            }
            self.asked = true;
            return Wish::Say("a download is going on: the same key again gives it up and leaves nothing".to_owned());
        }
        if command == Command::Back && self.column == Column::Contents {
            return self.to(Column::List);
        }
        if command == Command::Back && picture.is_some_and(|picture| !picture.root.is_empty()) {
            return wish(Ask::Begin(String::new()));
        }
        Wish::Close
    }

    /// One of the ids in the key, and in what is shown of the object.
    fn follow(&self) -> Wish {
        let Some(shown) = self.picture.as_ref().and_then(|picture| picture.shown.as_ref()) else { return Wish::Stay };
        let sight = Sight::default().text(&shown.key);
        let sight = match &shown.inside {
            Inside::Read(preview) => match &preview.body {
                Body::Nothing => sight,
                Body::Json(value) => sight.value(value),
                Body::Lines(lines) => lines.iter().take(MOST_LINES).fold(sight, |sight, line| sight.text(line)),
                Body::Table { columns, rows } => {
                    let cells = rows.iter().take(MOST_LINES).flat_map(|row| columns.iter().zip(row));
                    cells.fold(sight, |sight, (column, cell)| sight.text(&format!("{column}={cell}")))
                }
            },
            _ => sight,
        };
        Wish::FollowOneOf(sight.ids(), Some(self.subject.id.clone()))
    }

    fn to(&mut self, column: Column) -> Wish {
        self.column = column;
        Wish::Stay
    }

    fn type_in(&mut self, what: Blank, text: String) -> Wish {
        self.typing = Some(Typing { what, input: Input::new(text) });
        Wish::Stay
    }

    fn typed(&mut self) -> Wish {
        let Some(typing) = self.typing.take() else { return Wish::Stay };
        let text = typing.input.value().to_owned();
        match typing.what {
            Blank::Begin => wish(Ask::Begin(text)),
            Blank::File if text.trim().is_empty() => Wish::Stay,
            Blank::File => wish(Ask::Download(text.into())),
        }
    }

    /// A prefix opens or closes; an object is looked at.
    pub(super) fn open(&mut self) -> Wish {
        match self.under() {
            Some(What::Object { .. }) => self.to(Column::Contents),
            Some(_) => wish(Ask::Open),
            None => Wish::Stay,
        }
    }

    fn under(&self) -> Option<&What> {
        let picture = self.picture.as_ref()?;
        picture.lines.get(picture.at.checked_sub(picture.from)?).map(|line| &line.what)
    }

    /// The key of the object under the cursor.
    fn key(&self) -> Option<&str> {
        let is_object = matches!(self.under(), Some(What::Object { .. }));
        self.picture.as_ref()?.shown.as_ref().filter(|_| is_object).map(|shown| shown.key.as_str())
    }

    fn step(&self, command: Command) -> Option<Step> {
        let height = if self.column == Column::List { self.list.height } else { self.contents.height };
        let page = isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1);
        Some(match command {
            Command::Up => Step::By(-1),
            Command::Down => Step::By(1),
            Command::PageUp => Step::By(-page),
            Command::PageDown => Step::By(page),
            Command::Top => Step::Top,
            Command::Bottom => Step::Bottom,
            _ => return None,
        })
    }

    fn go(&mut self, step: Step) -> Wish {
        if self.column == Column::List {
            return wish(Ask::Go(step));
        }
        match step {
            Step::By(lines) => self.page.scroll(lines),
            Step::Top | Step::To(_) => self.page.scroll(isize::MIN),
            Step::Bottom => self.page.scroll(isize::MAX),
        }
        Wish::Stay
    }
}
