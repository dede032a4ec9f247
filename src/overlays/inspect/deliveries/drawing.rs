//! The page: first line, places, what is known and seen of the chosen one, keys.

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::{Deliveries, model::State};
use crate::{
    commands::{COMMANDS, Place as Where},
    domain::{Kind, units::Bytes},
    inspect::{
        deliveries::{Look, Place, Seen},
        tail::requests::Report,
    },
    overlays::page::{apart, below_title, blank, put, scrolled},
    panes::View,
    theme::Role,
    widgets::{
        panel::Separator,
        status_line::{Segment, StatusLine},
        table::ScrollState,
        text,
    },
};

/// Columns of the names of facts.
const NAMES: usize = 18;
/// Lines of one event that are shown.
const MOST_LINES: usize = 8;

type Lines = Vec<(Role, String)>;

impl Deliveries {
    pub(super) fn page(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        blank(area, buf, view);
        let line = |y: u16| Rect { y, height: 1.min(area.height), ..area };
        self.header(line(area.y), buf, view);
        if area.height < 4 {
            return;
        }
        keys(line(area.bottom() - 1), buf, view);
        let body = Rect { y: area.y + 1, height: area.height - 2, ..area };
        // What is there needs no more room than it has lines.
        let upper = (body.height * 2 / 5).min(self.places.len() as u16 + 1).max(2);
        let (places, beside) = apart(body, 9, upper);
        self.list(places, buf, view);
        self.beside(beside, buf, view);
    }

    fn header(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let kind = view.store.kind_of(&self.id);
        let name = format!("{} {}", view.glyph(kind), view.store.name_of(&self.id));
        let mut left = vec![Segment::new(Role::Footer, " handed on ", 255).then(Role::Title, name)];
        let rules = self.places.iter().filter(|place| place.kind == Kind::Rule).count();
        if kind == Kind::Bus {
            left.push(Segment::new(Role::Text, Kind::Rule.counted(rules), 250));
        }
        if let Some(at) = self.picture.at {
            let at = at.to_zoned(view.zone.clone()).strftime("%H:%M:%S");
            let said = match self.picture.every_seconds {
                Some(seconds) => format!("looked at {at}, every {seconds} s"),
                None => format!("looked at {at}; r looks again"),
            };
            left.push(Segment::new(Role::Dim, said, 200));
        }
        StatusLine { left: &left, right: &[], theme: view.theme }.render(area, buf);
    }

    fn list(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let of_bus = matches!(view.store.kind_of(&self.id), Kind::Bus | Kind::Rule);
        let title = if of_bus { "rules and targets" } else { "from, through, to" };
        Separator { title, right: "", focused: true, theme: view.theme }.render(Rect { height: 1, ..area }, buf);
        let list = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let mut scroll = ScrollState { offset: self.drawn.first, selected: self.at };
        scroll.settle(self.places.len(), usize::from(list.height));
        for (y, (index, place)) in (list.y..list.bottom()).zip(self.places.iter().enumerate().skip(scroll.offset)) {
            let line = Rect { y, height: 1, ..list };
            draw_place(place, line, buf, view);
            if index == self.at {
                buf.set_style(line, view.theme.style(Role::Selection));
            }
        }
        if self.places.is_empty() {
            let says = if of_bus { "no rule listens to it: what comes is dropped" } else { "it is gone" };
            put(says, Role::Dim, Rect { x: list.x + 1, height: 1.min(list.height), ..list }, buf, view);
        }
        (self.drawn.places, self.drawn.first) = (list, scroll.offset);
    }

    fn beside(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let title = "what is known of it";
        Separator { title, right: "", focused: false, theme: view.theme }.render(Rect { height: 1, ..area }, buf);
        let room = below_title(area);
        let lines = self.lines(usize::from(room.width), view);
        scrolled(&lines, &mut self.offset, room, buf, view);
        self.drawn.beside = room;
    }

    fn lines(&self, columns: usize, view: &View<'_>) -> Lines {
        let mut lines = Lines::new();
        let Some(place) = self.chosen() else { return lines };
        for (name, value) in &place.facts {
            wrapped(&mut lines, (Role::Text, &format!("{name:<NAMES$}")), value, columns);
        }
        lines.push((Role::Text, String::new()));
        self.seen(place, columns, view, &mut lines);
        lines
    }

    fn seen(&self, place: &Place, columns: usize, view: &View<'_>, lines: &mut Lines) {
        if let Look::Nothing(why) = &place.look {
            return wrapped(lines, (Role::Dim, ""), why, columns);
        }
        if self.picture.look.as_ref() != Some(&place.look) {
            return wrapped(lines, (Role::Dim, ""), "not looked at yet: r looks", columns);
        }
        let sight = match &self.picture.state {
            State::Looking => return wrapped(lines, (Role::Dim, ""), "looking", columns),
            State::Refused(why) => return wrapped(lines, (Role::Warn, ""), why, columns),
            State::Seen(sight) => sight,
        };
        let of = match &place.look {
            Look::Lines(group) => format!("{group}: {}", sight.said),
            Look::Objects(folder) => format!("s3://{}/{}: {}", folder.name, folder.prefix, sight.said),
            _ => sight.said.clone(),
        };
        wrapped(lines, (Role::Title, ""), &of, columns);
        for seen in &sight.seen {
            draw_seen(seen, columns, view, lines);
        }
    }
}

fn draw_seen(seen: &Seen, columns: usize, view: &View<'_>, lines: &mut Lines) {
    let (mut at, is_today) =
        (String::new(), |zoned: &jiff::Zoned| zoned.date() == view.now.to_zoned(view.zone.clone()).date());
    if let Some(zoned) = seen.at.map(|at| at.to_zoned(view.zone.clone())) {
        at = zoned.strftime(if is_today(&zoned) { "%H:%M:%S " } else { "%-d %b %H:%M " }).to_string();
    }
    let size = seen.bytes.map(|bytes| format!("{} ", Bytes(bytes as f64))).unwrap_or_default();
    // What Lambda reports of a request, as the log reader has it.
    let report = Report::of(&seen.text).map(|report| format!("request took {report}"));
    let role = match (seen.is_bad, &report) {
        (true, _) => Role::Crit,
        (false, Some(_)) => Role::Dim,
        (false, None) => Role::Text,
    };
    let begun = lines.len();
    wrapped(lines, (role, &format!("{at}{size}")), report.as_deref().unwrap_or(&seen.text), columns);
    if lines.len() > begun + MOST_LINES {
        lines.truncate(begun + MOST_LINES);
        lines.push((Role::Dim, "  the rest of it: enter".to_owned()));
    }
}

/// A text behind a label; what is too long goes on below, indented.
fn wrapped(lines: &mut Lines, (role, label): (Role, &str), value: &str, columns: usize) {
    let indent = text::width(label).min(columns / 2);
    let mut before = label.to_owned();
    for line in value.lines() {
        let clean = text::clean(line).into_owned();
        for piece in text::wrap(&clean, columns.saturating_sub(indent).max(1)) {
            lines.push((role, format!("{before}{piece}")));
            before = " ".repeat(indent);
        }
    }
}

fn draw_place(place: &Place, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let role = if place.is_bad { Role::Crit } else { Role::Dim };
    let says = text::clean(&place.says).into_owned();
    let indent = 1 + 2 * place.depth.min(area.width / 4);
    // A long name leaves room for half of it, a short one for all.
    let name = (text::width(&place.name) as u16).min(area.width / 2) + indent + 4;
    let width = (text::width(&says) as u16).min(area.width.saturating_sub(name));
    let right = Rect { x: area.right().saturating_sub(width + 1), width, ..area };
    text::put_right(buf, right, &says, view.theme.style(role), view.theme.glyphs.ellipsis);
    let name = Rect { x: area.x + indent, width: area.width.saturating_sub(indent + width + 2), ..area };
    let used = put(&format!("{} ", view.glyph(place.kind)), Role::Dim, name, buf, view);
    let name = Rect { x: name.x + used, width: name.width.saturating_sub(used), ..name };
    put(&place.name, Role::Text, name, buf, view);
}

fn keys(area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let rows = COMMANDS.iter().filter(|row| row.place == Where::Deliveries && row.footer.1 > 0);
    let own = rows.filter_map(|row| Some(Segment::key(*row.keys.first()?, row.footer.0, row.footer.1)));
    let mut left = vec![Segment::key(" enter", "go there", 90), Segment::key("l", "logs", 84)];
    left.extend(own);
    left.push(Segment::key("esc", "back", 85));
    let right = [Segment::key("?", "more ", 253)];
    StatusLine { left: &left, right: &right, theme: view.theme }.render(area, buf);
}
