//! One line of typing at the foot of the reader: what to find, what not, conditions, columns, times, names of files.

use std::path::PathBuf;

use crossterm::event::KeyCode;
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use ratatui::{buffer::Buffer, layout::Rect};
use tui_input::Input;

use super::model::{Ask, Picture};
use crate::{
    inspect::tail::{
        columns::Columns,
        filter::{Find, Wanted},
    },
    overlays::{
        Press,
        filter::{draw_prompt, insert, request},
    },
    panes::View,
    redrive::jq::{Mistake, Program},
    theme::Role,
    widgets::text,
};

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blank {
    Find,
    Exclude,
    Where,
    Columns,
    At,
    File,
}

/// A line, as far as it is typed.
#[derive(Debug)]
pub(super) struct Typing {
    blank: Blank,
    input: Input,
    /// What is wrong with what is typed, and where.
    complaint: Option<Mistake>,
}

/// What a key came to.
pub(super) enum Typed {
    On,
    /// Away from it, changing nothing.
    Off,
    Ask(Ask),
}

impl Typing {
    pub(super) fn new(blank: Blank, text: &str) -> Self {
        Self { blank, input: Input::new(text.to_owned()), complaint: None }
    }

    pub(super) fn key(&mut self, press: Press, picture: &Picture, view: &View<'_>) -> Typed {
        match press.event.code {
            KeyCode::Esc => return Typed::Off,
            KeyCode::Enter => match self.ask(picture, view) {
                Ok(ask) => return Typed::Ask(ask),
                Err(complaint) => self.complaint = Some(complaint),
            },
            _ => {
                if let Some(request) = request(press) {
                    self.input.handle(request);
                    self.complaint = self.mistake();
                }
            }
        }
        Typed::On
    }

    pub(super) fn insert(&mut self, text: &str) {
        insert(&mut self.input, text);
        self.complaint = self.mistake();
    }

    /// What is wrong with it so far: said while it is typed.
    fn mistake(&self) -> Option<Mistake> {
        let typed = self.input.value();
        if typed.trim().is_empty() {
            return None;
        }
        match self.blank {
            Blank::Find | Blank::Exclude => Find::typed(typed)?.compile().err(),
            Blank::Where => Program::new(typed).err(),
            Blank::Columns => Columns::new(typed).err(),
            Blank::At | Blank::File => None,
        }
    }

    fn ask(&self, picture: &Picture, view: &View<'_>) -> Result<Ask, Mistake> {
        if let Some(mistake) = self.mistake() {
            return Err(mistake);
        }
        let typed = self.input.value();
        let want = |change: &dyn Fn(&mut Wanted)| {
            let mut wanted = picture.wanted();
            change(&mut wanted);
            Ask::Want(Box::new(wanted))
        };
        let trimmed = typed.trim();
        Ok(match self.blank {
            Blank::Find => want(&|wanted| wanted.find = Find::typed(typed)),
            Blank::Exclude => want(&|wanted| wanted.exclude = Find::typed(typed)),
            Blank::Where => want(&|wanted| wanted.jq = Some(trimmed.to_owned()).filter(|jq| !jq.is_empty())),
            Blank::Columns => Ask::Columns(trimmed.to_owned()),
            Blank::At => Ask::At(instant(trimmed, view.now, view.zone).ok_or_else(|| {
                Mistake::new("type a time such as 14:03, 14:03:22, -15m or 2026-11-21 14:03; esc goes nowhere")
            })?),
            Blank::File if trimmed.is_empty() => {
                return Err(Mistake::new("type the name of a file that is not there yet; esc writes nothing"));
            }
            Blank::File => Ask::Write(PathBuf::from(trimmed)),
        })
    }

    /// At the lower end of an area; how many lines it took.
    pub(super) fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
        let (prompt, hint) = match self.blank {
            Blank::Find => (" /", "a text, or /a regex/ · nothing: all lines · enter shows · esc back"),
            Blank::Exclude => (" without ", "a text, or /a regex/ · nothing: all lines · enter hides · esc back"),
            Blank::Where => (" = ", "jq over a line's JSON, such as .level == \"error\" · enter shows · esc back"),
            Blank::Columns => {
                (" columns ", "jq, apart by spaces, such as .level .order_id · nothing: the lines · esc back")
            }
            Blank::At => (" time ", "14:03 · 14:03:22 · -15m · 2026-11-21 14:03 · enter goes there · esc back"),
            Blank::File => {
                (" file ", "a new file; one that ends in .json gets a JSON line each · enter writes · esc back")
            }
        };
        let lines = if self.complaint.is_some() { 3 } else { 2 };
        let at = |y: u16| Rect { y: area.bottom() - lines + y, height: 1, ..area };
        let style = view.theme.style(Role::Text);
        for y in 0..lines {
            text::put(buf, at(y), &" ".repeat(usize::from(area.width)), style, "");
        }
        text::put(buf, at(0), &format!(" {hint}"), view.theme.style(Role::Dim), view.theme.glyphs.ellipsis);
        draw_prompt(prompt, &self.input, at(1), buf, view);
        if let Some(mistake) = &self.complaint {
            // Under the place that it is about, if its words fit there.
            let column = mistake.at.map_or(0, |at| at + text::width(prompt));
            let said = format!("{} {}", view.theme.glyphs.arrow_up, text::clean(&mistake.text));
            let room = usize::from(area.width).saturating_sub(text::width(&said) + 1);
            let place = super::lines::moved(at(2), column.min(room).max(1) as u16, None);
            text::put(buf, place, &said, view.theme.style(Role::Warn), view.theme.glyphs.ellipsis);
        }
        lines
    }
}

/// The instant that is meant, in milliseconds since 1970. A time without a day is today's, or yesterday's if it has not come yet.
fn instant(typed: &str, now: Timestamp, zone: &TimeZone) -> Option<i64> {
    if let Some(ago) = typed.strip_prefix('-') {
        let ago: SignedDuration = ago.trim().parse().ok()?;
        return now.checked_sub(ago).ok().map(|at| at.as_millisecond());
    }
    if let Ok(at) = typed.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let of = |at: civil::DateTime| at.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
    if let Ok(at) = typed.parse::<civil::DateTime>() {
        return of(at).map(Timestamp::as_millisecond);
    }
    let formats = ["%H:%M:%S%.f", "%H:%M:%S", "%H:%M"];
    let time = formats.iter().find_map(|format| civil::Time::strptime(format, typed).ok())?;
    let today = now.to_zoned(zone.clone()).date();
    let at = of(today.to_datetime(time))?;
    let at = if at > now { of(today.yesterday().ok()?.to_datetime(time))? } else { at };
    Some(at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("14:03", Some("2026-11-21T14:03:00Z"))]
    #[case("14:03:20.5", Some("2026-11-21T14:03:20.5Z"))]
    #[case("23:00", Some("2026-11-20T23:00:00Z"))]
    #[case("-15m", Some("2026-11-21T13:48:22Z"))]
    #[case("-1h 30m", Some("2026-11-21T12:33:22Z"))]
    #[case("2026-11-20 08:00", Some("2026-11-20T08:00:00Z"))]
    #[case("2026-11-20T08:00:00+01:00", Some("2026-11-20T07:00:00Z"))]
    #[case("soon", None)]
    #[case("", None)]
    #[case("25:00", None)]
    fn times(#[case] typed: &str, #[case] at: Option<&str>) {
        let now = "2026-11-21T14:03:22Z".parse().unwrap();
        let expected = at.map(|at| at.parse::<Timestamp>().unwrap().as_millisecond());
        assert_eq!(instant(typed, now, &TimeZone::UTC), expected);
    }
}
