//! The page of the thread: first line, steps, evidence, keys.

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::{Blank, Reader};
use crate::{
    commands::{COMMANDS, Place},
    inspect::thread::{Step, step::Fold},
    overlays::{
        desk::draw_word,
        filter::draw_prompt,
        page::{apart, below_title, blank, put, scrolled},
    },
    panes::View,
    theme::Role,
    widgets::{
        panel::Separator,
        status_line::{Segment, StatusLine},
        text,
    },
};

/// Levels that are indented.
const DEEPEST: usize = 6;

impl Reader {
    pub(super) fn page(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        blank(area, buf, view);
        let line = |y: u16| Rect { y, height: 1.min(area.height), ..area };
        self.header(line(area.y), buf, view);
        if area.height < 4 {
            return;
        }
        let foot = line(area.bottom() - 1);
        match &self.typing {
            Some((Blank::Id, input)) => draw_prompt(" follow ", input, foot, buf, view),
            Some((Blank::When, input)) => {
                draw_prompt(" when ", input, foot, buf, view);
                let hint = "10m · 14:03 · 14:03 10m · 2026-11-21T14:03 · enter searches · esc back ";
                let used = 8 + text::width(input.value()) as u16;
                if foot.width > used + text::width(hint) as u16 {
                    text::put_right(buf, foot, hint, view.theme.style(Role::Dim), "");
                }
            }
            None => keys(foot, buf, view),
        }
        let mut body = Rect { y: area.y + 1, height: area.height - 2, ..area };
        if let Some(word) = &self.word {
            body.height -= draw_word(word, body, buf, view);
        }
        let (steps, evidence) = apart(body, 11, body.height * 3 / 5);
        self.steps(steps, buf, view);
        self.evidence(evidence, buf, view);
    }

    fn header(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let picture = &self.picture;
        let title =
            Segment::new(Role::Footer, " thread ", 255).then(Role::Title, text::clean(&picture.id).into_owned());
        let mut left = vec![title];
        let thread = &picture.thread;
        let steps = thread.steps.len();
        if steps > 0 {
            left.push(Segment::new(Role::Text, format!("{steps} step{}", if steps == 1 { "" } else { "s" }), 250));
        }
        if picture.searching {
            let far = format!("{} of {} places read", picture.progress.done, picture.progress.all);
            left.push(Segment::new(Role::Accent, far, 252));
        }
        if !thread.gaps.is_empty() {
            left.push(Segment::new(Role::Warn, format!("{} not searched", thread.gaps.len()), 240));
        }
        let when = Segment::new(Role::Dim, format!("{} ", picture.window.says(view.zone)), 230);
        let right = if picture.id.is_empty() { Vec::new() } else { vec![when] };
        StatusLine { left: &left, right: &right, theme: view.theme }.render(area, buf);
    }

    fn steps(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let separator = Separator { title: "what happened", right: "", focused: true, theme: view.theme };
        separator.render(Rect { height: 1, ..area }, buf);
        let list = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let folds = self.folds();
        let room = usize::from(list.height).max(1);
        let first = (self.at + 1).saturating_sub(room);
        for (y, (place, fold)) in (list.y..list.bottom()).zip(folds.iter().enumerate().skip(first)) {
            let line = Rect { y, height: 1, ..list };
            draw_step(fold, line, buf, view);
            if place == self.at {
                buf.set_style(line, view.theme.style(Role::Selection));
            }
        }
        if folds.is_empty() {
            let said = format!("nothing names it {}", self.picture.window.says(view.zone));
            let says = if self.picture.searching {
                "searching logs, queues, tables and buckets"
            } else if self.picture.id.is_empty() || self.typing.is_some() {
                "an id of a message, a request, a trace, an order: everything that names it is searched"
            } else {
                said.as_str()
            };
            put(says, Role::Dim, Rect { x: list.x + 1, height: 1.min(list.height), ..list }, buf, view);
        }
        (self.places.steps, self.places.first) = (list, first);
    }

    fn evidence(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let title = "what it is known from";
        Separator { title, right: "", focused: false, theme: view.theme }.render(Rect { height: 1, ..area }, buf);
        let room = below_title(area);
        let lines = self.chosen().map_or_else(|| self.gaps(), |step| lines(step, usize::from(room.width), view));
        scrolled(&lines, &mut self.offset, room, buf, view);
        self.places.evidence = room;
    }

    /// Where nothing was found, what was not searched matters most.
    fn gaps(&self) -> Vec<(Role, String)> {
        let thread = &self.picture.thread;
        thread.gaps.iter().map(|gap| (Role::Dim, format!("not searched: {}: {}", gap.place, gap.why))).collect()
    }
}

fn role_of(step: &Step) -> Role {
    use crate::inspect::thread::What::{DeadLettered, Failed, Passed, Waiting};
    match step.what {
        Failed | DeadLettered => Role::Crit,
        Waiting => Role::Warn,
        Passed => Role::Dim,
        _ => Role::Ok,
    }
}

fn draw_step(fold: &Fold<'_>, mut area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let step = fold.step;
    let at = step.at.map_or_else(String::new, |at| at.to_zoned(view.zone.clone()).strftime("%H:%M:%S%.3f").to_string());
    let mut pen = |piece: &str, role: Role| {
        let used = put(piece, role, area, buf, view);
        area = Rect { x: area.x + used, width: area.width - used, ..area };
    };
    pen(&format!(" {at:<12} "), Role::Dim);
    let what = if view.ascii { step.what.ascii() } else { step.what.glyph() };
    pen(&format!("{what} {}", "  ".repeat(step.depth.min(DEEPEST))), role_of(step));
    pen(&format!("{} ", view.glyph(step.kind)), Role::Dim);
    pen(&format!("{}  ", step.name), Role::Text);
    if fold.more > 0 {
        pen(&format!("×{} ", fold.more + 1), Role::Warn);
    }
    let doubt = if step.sure.is_certain() { "" } else { "probably " };
    pen(&format!("{doubt}{}", step.says.lines().next().unwrap_or_default()), Role::Dim);
}

/// How sure the chosen step is, when the last like it was, and its evidence, wrapped.
fn lines(step: &Step, columns: usize, view: &View<'_>) -> Vec<(Role, String)> {
    let mut lines = Vec::new();
    let mut add = |role: Role, indent: &str, text: &str| {
        for line in text.lines() {
            let clean = text::clean(line).into_owned();
            let pieces = text::wrap(&clean, columns.saturating_sub(indent.len()).max(1));
            lines.extend(pieces.into_iter().map(|piece| (role, format!("{indent}{piece}"))));
        }
    };
    add(role_of(step), "", &step.says);
    let (role, word) = if step.sure.is_certain() { (Role::Ok, "certain") } else { (Role::Warn, "probably") };
    add(role, "", &format!("{word}: {}", step.sure.why()));
    if let (Some(at), Some(until)) = (step.at, step.until) {
        let until = until.to_zoned(view.zone.clone()).strftime("%H:%M:%S%.3f");
        add(Role::Dim, "", &format!("from {} to {until}", at.to_zoned(view.zone.clone()).strftime("%F %H:%M:%S%.3f")));
    }
    let mut kind = "";
    for evidence in &step.evidence {
        if kind != evidence.kind {
            add(Role::Title, "", evidence.kind);
            kind = evidence.kind;
        }
        add(Role::Text, "  ", &evidence.text);
    }
    lines
}

fn keys(area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let rows = COMMANDS.iter().filter(|row| row.place == Place::Thread && row.footer.1 > 0);
    let own = rows.filter_map(|row| Some(Segment::key(*row.keys.first()?, row.footer.0, row.footer.1)));
    let mut left = vec![Segment::new(Role::Footer, "", 255)];
    left.extend(own);
    left.push(Segment::key("esc", "back", 85));
    let right = [Segment::key("?", "more ", 253)];
    StatusLine { left: &left, right: &right, theme: view.theme }.render(area, buf);
}
