//! The real `App`, typed at: keys and clicks go in, and what a person would read comes out. No terminal, no clock.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use edatop::{
    app::{App, Effect, Event, Look},
    domain::Report,
    panes::header::{Cost, Session},
    theme::{ColorDepth, Shelf, Theme},
};
use jiff::{Timestamp, tz::TimeZone};
use ratatui::{
    buffer::{Buffer, Cell},
    layout::{Position, Rect},
};
use unicode_width::UnicodeWidthStr;

use crate::example;

pub struct Screen {
    pub app: App,
    pub now: Timestamp,
    pub area: Rect,
}

/// How the screen is drawn in tests unless they say otherwise.
pub fn look() -> Look {
    Look { theme: Theme::default(), depth: ColorDepth::True, ascii: false, shelf: Shelf::default() }
}

pub fn session() -> Session {
    Session {
        place: "LocalStack localhost:4566".into(),
        region: "us-east-1".into(),
        account: "000000000000".into(),
        services: edatop::pollers::POLLERS.len(),
        cost: Cost::new(12.0, 0.14, 0),
        ..Session::default()
    }
}

impl Screen {
    /// Before anybody has answered.
    pub fn empty(width: u16, height: u16) -> Self {
        Self::with(look(), width, height)
    }

    pub fn with(look: Look, width: u16, height: u16) -> Self {
        let app = App::new(session(), look, TimeZone::UTC);
        Self { app, now: example::now(), area: Rect::new(0, 0, width, height) }
    }

    /// The same, where nothing may be changed.
    pub fn read_only(self) -> Self {
        self.connected(Session { read_only: true, ..session() })
    }

    /// The same, somewhere else.
    pub fn connected(mut self, session: Session) -> Self {
        self.app = App::new(session, look(), TimeZone::UTC);
        self.fed()
    }

    /// The example, with its past.
    pub fn example(width: u16, height: u16) -> Self {
        Self::empty(width, height).fed()
    }

    /// The same screen after the example's past went by.
    pub fn fed(self) -> Self {
        self.fed_with(|_, _| Vec::new())
    }

    /// The same, among other people's queues.
    pub fn crowded(self) -> Self {
        self.fed_with(|second, at| vec![example::neighbours(second, at)])
    }

    fn fed_with(mut self, others: impl Fn(i64, Timestamp) -> Vec<Report>) -> Self {
        let end = self.now;
        let start = example::after(end, -example::PAST);
        self.now = start;
        self.report(example::structure(start));
        for second in (0..=example::PAST).step_by(example::STEP as usize) {
            self.now = example::after(start, second);
            self.report(others(second, self.now));
            self.report(example::readings(second, self.now));
            self.app.prepare(self.now);
        }
        assert_eq!(self.now, end);
        self
    }

    pub fn report(&mut self, reports: Vec<Report>) {
        for report in reports {
            self.app.update(Event::Report(report), self.now);
        }
    }

    pub fn pass(&mut self, seconds: i64) {
        self.now = example::after(self.now, seconds);
    }

    /// The passing second, as the loop tells it; the cost stays.
    pub fn tick(&mut self) {
        self.app.update(Event::Tick(session().cost), self.now);
    }

    /// Keys by their written names, apart by spaces: `tab ctrl-d G`.
    pub fn press(&mut self, keys: &str) -> Vec<Effect> {
        keys.split_whitespace().flat_map(|key| self.app.update(Event::Key(event(key)), self.now)).collect()
    }

    /// A text, letter by letter.
    pub fn write(&mut self, text: &str) {
        for letter in text.chars() {
            self.app.update(Event::Key(KeyCode::Char(letter).into()), self.now);
        }
    }

    pub fn mouse(&mut self, kind: MouseEventKind, at: Position) -> Vec<Effect> {
        let event = MouseEvent { kind, column: at.x, row: at.y, modifiers: KeyModifiers::NONE };
        self.app.update(Event::Mouse(event), self.now)
    }

    /// A click on the first place where a text stands.
    pub fn click(&mut self, text: &str) -> Vec<Effect> {
        let at = self.find(text).unwrap_or_else(|| panic!("{text:?} is not on screen:\n{}", self.text()));
        self.mouse(MouseEventKind::Down(MouseButton::Left), at)
    }

    pub fn draw(&mut self) -> Buffer {
        let mut buf = Buffer::empty(self.area);
        self.app.prepare(self.now);
        self.app.draw(self.area, &mut buf, self.now);
        buf
    }

    pub fn text(&mut self) -> String {
        text(&self.draw())
    }

    pub fn lines(&mut self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }

    pub fn shows(&mut self, text: &str) -> bool {
        self.text().contains(text)
    }

    /// The first line that holds a text.
    pub fn line(&mut self, text: &str) -> String {
        let found = self.lines().into_iter().find(|line| line.contains(text));
        found.unwrap_or_else(|| panic!("{text:?} is not on screen:\n{}", self.text()))
    }

    /// Where a text begins.
    pub fn find(&mut self, text: &str) -> Option<Position> {
        let lines = self.lines();
        let (y, line) = lines.iter().enumerate().find(|(_, line)| line.contains(text))?;
        let before = line.split(text).next().unwrap_or_default();
        Some(Position { x: before.width() as u16, y: y as u16 })
    }

    /// The cell in which a text begins.
    pub fn cell(&mut self, text: &str) -> Cell {
        let at = self.find(text).unwrap_or_else(|| panic!("{text:?} is not on screen"));
        self.draw()[at].clone()
    }

    /// The short name of what the cursor is on.
    pub fn selected(&self) -> String {
        self.app.scope().selected.map(|id| id.short_name().to_owned()).unwrap_or_default()
    }

    /// The title of the pane that is shown, by the kinds that pollers are told of.
    pub fn pane(&self) -> &'static str {
        let kinds = self.app.scope().kinds;
        let row = edatop::panes::PANES.iter().find(|row| (row.make)().kinds().iter().all(|kind| kinds.contains(kind)));
        row.map_or("", |row| row.title)
    }
}

/// What a person would read, without the spaces at the ends of lines.
pub fn text(buf: &Buffer) -> String {
    let area = buf.area;
    let row = |y| {
        let (mut line, mut x) = (String::new(), area.left());
        while x < area.right() {
            let symbol = buf[(x, y)].symbol();
            line.push_str(symbol);
            x += symbol.width().max(1) as u16;
        }
        line.trim_end().to_owned()
    };
    (area.top()..area.bottom()).map(row).collect::<Vec<_>>().join("\n")
}

fn event(key: &str) -> KeyEvent {
    let (modifiers, name) = match key.strip_prefix("ctrl-") {
        Some(rest) => (KeyModifiers::CONTROL, rest),
        None => (KeyModifiers::NONE, key),
    };
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "shift-tab" => KeyCode::BackTab,
        "space" => KeyCode::Char(' '),
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "backspace" => KeyCode::Backspace,
        "f5" => KeyCode::F(5),
        "pgdn" => KeyCode::PageDown,
        "pgup" => KeyCode::PageUp,
        _ => {
            let mut letters = name.chars();
            match (letters.next(), letters.next()) {
                (Some(letter), None) => KeyCode::Char(letter),
                _ => panic!("{key:?} is not a key that tests know"),
            }
        }
    };
    KeyEvent::new(code, modifiers)
}
