//! What each key means among the lines, by what lies over them.

use crossterm::event::KeyCode;

use super::{
    Tail,
    model::{Ask, Sheet},
    typing::{Blank, Typed, Typing},
};
use crate::{
    commands::Command,
    domain::Level,
    inspect::tail::filter::Wanted,
    overlays::{Press, Wish},
    panes::View,
};

impl Tail {
    pub(super) fn press(&mut self, press: Press, view: &View<'_>) -> Wish {
        if let Some(typing) = &mut self.typing {
            return match typing.key(press, &self.picture, view) {
                Typed::On => Wish::Stay,
                Typed::Off => {
                    self.typing = None;
                    Wish::Stay
                }
                Typed::Ask(ask) => {
                    self.typing = None;
                    Self::read(ask)
                }
            };
        }
        let Some(command) = press.command else { return Wish::Stay };
        match self.picture.sheet {
            Sheet::None => self.in_lines(command),
            Sheet::Entry(_) => self.in_entry(command),
            Sheet::Clusters(..) | Sheet::Groups => self.in_list(press, command),
        }
    }

    fn in_lines(&mut self, command: Command) -> Wish {
        let page = isize::try_from(self.height().max(1)).unwrap_or(1);
        Self::read(match command {
            Command::Up => Ask::By(-1),
            Command::Down => Ask::By(1),
            Command::PageUp => Ask::By(-page),
            Command::PageDown => Ask::By(page),
            Command::Top => Ask::Top,
            Command::Bottom => Ask::Follow(true),
            Command::StandStill => Ask::Follow(!self.picture.follows),
            Command::NextError => Ask::Error { next: true },
            Command::PreviousError => Ask::Error { next: false },
            Command::AroundLine => Ask::Context,
            Command::Open => Ask::Open,
            Command::ErrorClusters => Ask::Clusters,
            Command::WhichGroups => Ask::Groups,
            Command::Further => Ask::Further,
            Command::CopyLine => Ask::Copy,
            Command::FollowThis => Ask::Ids,
            Command::PageLines => Ask::Page,
            Command::EditOne => Ask::Edit,
            Command::Loudness => self.louder(),
            Command::Back if self.picture.context => Ask::Context,
            Command::Back if !self.picture.wanted().is_all() => Ask::Want(Box::default()),
            Command::Back | Command::Quit => return Wish::Close,
            Command::Help | Command::ShowUsage | Command::ChooseTheme => return Wish::Over(command),
            command => return self.begin_typing(command),
        })
    }

    fn begin_typing(&mut self, command: Command) -> Wish {
        let wanted = self.picture.wanted();
        let find = |find: &Option<_>| find.as_ref().map(ToString::to_string).unwrap_or_default();
        let typing = match command {
            Command::FindText => Typing::new(Blank::Find, &find(&wanted.find)),
            Command::Exclude => Typing::new(Blank::Exclude, &find(&wanted.exclude)),
            Command::FindWhere => Typing::new(Blank::Where, &wanted.jq.unwrap_or_default()),
            Command::JqColumns => Typing::new(Blank::Columns, &self.picture.columns.join(" ")),
            Command::JumpToTime => Typing::new(Blank::At, ""),
            Command::WriteFile => Typing::new(Blank::File, ""),
            _ => return Wish::Stay,
        };
        self.typing = Some(typing);
        Wish::Stay
    }

    /// All lines, warnings and errors, errors, and round again.
    fn louder(&self) -> Ask {
        let wanted = self.picture.wanted();
        let level = match wanted.level {
            Level::Info => Level::Warn,
            Level::Warn => Level::Error,
            Level::Error => Level::Info,
        };
        Ask::Want(Box::new(Wanted { level, ..wanted }))
    }

    fn in_entry(&mut self, command: Command) -> Wish {
        match command {
            Command::Up => self.page.scroll(-1),
            Command::Down => self.page.scroll(1),
            Command::PageUp => self.page.page(-1),
            Command::PageDown | Command::StandStill => self.page.page(1),
            Command::Top => self.page.scroll(isize::MIN),
            Command::Bottom => self.page.scroll(isize::MAX),
            Command::CopyLine => return Self::read(Ask::Copy),
            Command::FollowThis => return Self::read(Ask::Ids),
            Command::Back | Command::Quit | Command::Open => return Self::read(Ask::Shut),
            Command::Help => return Wish::Over(command),
            _ => {}
        }
        Wish::Stay
    }

    pub(super) fn list_by(&mut self, lines: isize) {
        let most = match &self.picture.sheet {
            Sheet::Clusters(clusters, _) => clusters.len(),
            _ => self.picture.groups.len(),
        };
        self.listed = self.listed.saturating_add_signed(lines).min(most.saturating_sub(1));
    }

    fn in_list(&mut self, press: Press, command: Command) -> Wish {
        match command {
            Command::Up => self.list_by(-1),
            Command::Down => self.list_by(1),
            Command::PageUp => self.list_by(-10),
            Command::PageDown => self.list_by(10),
            Command::Top => self.list_by(isize::MIN),
            Command::Bottom => self.list_by(isize::MAX),
            Command::Help => return Wish::Over(command),
            Command::Back | Command::Quit | Command::ErrorClusters | Command::WhichGroups => {
                return Self::read(Ask::Shut);
            }
            Command::Open | Command::StandStill => return self.choose(press.event.code == KeyCode::Enter),
            _ => {}
        }
        Wish::Stay
    }

    fn choose(&self, by_enter: bool) -> Wish {
        match &self.picture.sheet {
            Sheet::Clusters(clusters, _) => match clusters.get(self.listed).filter(|_| by_enter) {
                Some(cluster) => Self::read(Ask::Only(cluster.title.clone())),
                None => Wish::Stay,
            },
            Sheet::Groups => {
                let group = self.picture.groups.get(self.listed);
                group.map_or(Wish::Stay, |group| Self::read(Ask::Toggle(group.name.clone())))
            }
            Sheet::None | Sheet::Entry(_) => Wish::Stay,
        }
    }
}
