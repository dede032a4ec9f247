//! The page of a probe: first line, hops, what stands beside them, what is to be said, keys.

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::{Blank, Probe, model::Stage};
use crate::{
    commands::{COMMANDS, Command, Place},
    domain::units::Age,
    inspect::probe::{Course, Expect, State},
    overlays::{
        desk::draw_word,
        filter::draw_prompt,
        page::{apart, blank, put, scrolled},
    },
    panes::View,
    routing::MessageAttribute,
    theme::Role,
    widgets::{
        json_view::{JsonDocument, Limits},
        panel::Separator,
        status_line::{Segment, StatusLine},
        text,
    },
};

/// Columns of a time or of a word for what is expected.
const FIRST: usize = 10;
/// Levels that are indented.
const DEEPEST: usize = 8;
/// Lines of what is to be said.
const MOST_SAID: usize = 3;

impl Probe {
    pub(super) fn page(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        blank(area, buf, view);
        let line = |y: u16| Rect { y, height: 1.min(area.height), ..area };
        self.header(line(area.y), buf, view);
        if area.height < 4 {
            return;
        }
        let foot = line(area.bottom() - 1);
        match &self.typing {
            Some((Blank::Event, input)) => draw_prompt(" event ", input, foot, buf, view),
            Some((Blank::Name, input)) => {
                let name = text::clean(self.errand.name.as_deref().unwrap_or_default()).into_owned();
                draw_prompt(&format!(" type {name} if you mean it: "), input, foot, buf, view);
            }
            None => self.keys(foot, buf, view),
        }
        let mut body = Rect { y: area.y + 1, height: area.height - 2, ..area };
        if let Some(word) = &self.word {
            body.height -= draw_word(word, body, buf, view);
        }
        body.height -= self.said(body, buf, view);
        let (hops, beside) = apart(body, 12, body.height / 2);
        let is_choosing = self.picture.route.is_none();
        match self.choices.as_mut().filter(|_| is_choosing) {
            Some(choices) => {
                let list = below("through which route?", true, hops, buf, view);
                choices.draw(list, buf, view);
            }
            None => self.hops(hops, buf, view),
        }
        self.beside(beside, buf, view);
    }

    fn header(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let plan = &self.errand.plan;
        let (theme, dot) = (view.theme, view.theme.glyphs.dot);
        let title = Segment::new(Role::Footer, " probe ", 255).then(Role::Title, plan.name.clone());
        let through = self.picture.route.clone().or_else(|| Some(plan.kind.row().one.to_owned()));
        let left = [
            title,
            Segment::new(Role::Dim, through.unwrap_or_default(), 240),
            Segment::new(Role::Dim, plan.probe.clone(), 200),
        ];
        let course = self.picture.course.as_deref();
        let (role, now) = match (&self.picture.stage, course) {
            (Stage::Finding, _) => (Role::Accent, "reading its routes".to_owned()),
            (Stage::Ready, _) => (Role::Dim, "not sent yet".to_owned()),
            (Stage::Sending, _) => (Role::Accent, "sending".to_owned()),
            (Stage::Refused(_), _) => (Role::Crit, "not followed".to_owned()),
            (Stage::Following, Some(course)) => {
                let ((made, all), age) = (course.made(), view.now.duration_since(course.sent_at).as_secs_f64());
                (Role::Accent, format!("{made} of {all} arrived {dot} {}", Age(age.max(0.0))))
            }
            (Stage::Stopped, Some(_)) => (Role::Warn, "watched no longer".to_owned()),
            (_, Some(course)) => (outcome_role(course), course.outcome().to_owned()),
            (_, None) => (Role::Dim, String::new()),
        };
        let right = [Segment::new(role, format!("{now} "), 254)];
        StatusLine { left: &left, right: &right, theme }.render(area, buf);
    }

    /// What is to be known before the next key; how many lines it took.
    fn said(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
        let course = self.picture.course.as_deref();
        let (role, said) = match (&self.picture.stage, course) {
            (Stage::Ready, _) if view.read_only => (Role::Warn, super::READ_ONLY.to_owned()),
            (Stage::Ready, _) => (Role::Match, self.warning()),
            (Stage::Refused(why), _) => (Role::Crit, why.clone()),
            (Stage::Stopped, Some(_)) => (Role::Warn, "watched no longer; what was sent goes on".to_owned()),
            (Stage::Over, Some(course)) => (outcome_role(course), ended(course, view)),
            _ => return 0,
        };
        let clean = text::clean(&said);
        let pieces = text::wrap(&clean, usize::from(area.width.saturating_sub(2)).max(1));
        let lines = pieces.len().min(MOST_SAID).min(usize::from(area.height)) as u16;
        for (y, piece) in (area.bottom() - lines..area.bottom()).zip(pieces) {
            let place = Rect { x: area.x + 1, y, width: area.width.saturating_sub(1), height: 1 };
            text::put(buf, place, piece, view.theme.style(role), view.theme.glyphs.ellipsis);
        }
        lines
    }

    fn warning(&self) -> String {
        let hops = &self.errand.plan.hops;
        let (gets, rejects) = (
            hops.iter().filter(|hop| hop.expect == Expect::Arrives).count(),
            hops.iter().filter(|hop| matches!(hop.expect, Expect::Never(_))).count(),
        );
        let how = if self.errand.name.is_some() { "enter, then its name, sends" } else { "enter sends" };
        let then = if gets == 0 { "nobody gets it".to_owned() } else { format!("{gets} get it and act on it") };
        format!("{how} one marked event: {then}, {rejects} reject it")
    }

    fn hops(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let plan = &self.errand.plan;
        let title = if self.picture.course.is_some() { "where it went" } else { "where it would go" };
        let list = below(title, true, area, buf, view);
        self.start(Rect { height: 1.min(list.height), ..list }, buf, view);
        let list = Rect { y: list.y + 1.min(list.height), height: list.height.saturating_sub(1), ..list };
        let first = (self.at + 1).saturating_sub(usize::from(list.height).max(1));
        for (y, place) in (list.y..list.bottom()).zip(first..plan.hops.len()) {
            let line = Rect { y, height: 1, ..list };
            self.hop(place, line, buf, view);
            if place == self.at {
                buf.set_style(line, view.theme.style(Role::Selection));
            }
        }
        if plan.hops.is_empty() && list.height > 0 {
            put("nothing takes from it: it would stay there", Role::Dim, list, buf, view);
        }
        (self.hops, self.first) = (list, first);
    }

    /// What it is sent to.
    fn start(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let plan = &self.errand.plan;
        let mut pen = Pen { area, buf, view };
        let (first, mark, says) = match &self.picture.course {
            Some(_) if self.picture.ids.is_empty() => ("0 ms", "◆", "sent".to_owned()),
            Some(_) => ("0 ms", "◆", format!("sent as {}", self.picture.ids.join(", "))),
            None => ("", "◇", String::new()),
        };
        pen.write(&text::pad_left(first, FIRST), Role::Dim);
        pen.write(&format!(" {mark} {} ", view.glyph(plan.kind)), Role::Accent);
        pen.write(&format!("{}  ", plan.name), Role::Title);
        pen.write(&says, Role::Dim);
    }

    fn hop(&self, place: usize, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let Some(hop) = self.errand.plan.hops.get(place) else { return };
        let mut pen = Pen { area, buf, view };
        let indent = "  ".repeat(hop.depth.min(DEEPEST));
        let name = format!("{} {}  ", view.glyph(hop.kind), view.store.name_of(&hop.to));
        match self.picture.course.as_ref().and_then(|course| Some((course, course.states.get(place)?))) {
            None => {
                let role = expected(&hop.expect);
                pen.write(&text::pad_left(hop.expect.word(), FIRST), role);
                pen.write(&format!("   {indent}{name}"), if role == Role::Ok { Role::Text } else { Role::Dim });
                pen.write(hop.expect.why(), Role::Dim);
            }
            Some((course, state)) => {
                let role = role_of(state);
                pen.write(&text::pad_left(&course.took(place), FIRST), Role::Dim);
                let mark = if view.ascii { state.ascii() } else { state.glyph() };
                pen.write(&format!("   {indent}{mark} "), role);
                pen.write(&name, if matches!(role, Role::Ok | Role::Crit) { Role::Text } else { Role::Dim });
                let is_awaited = matches!(state, State::Waiting) && self.picture.stage == Stage::Following;
                let doubt = state.sure().filter(|sure| !sure.is_certain()).map_or("", |_| "probably ");
                let says = if is_awaited { "on its way" } else { state.says() };
                pen.write(&format!("{doubt}{}", says.lines().next().unwrap_or_default()), Role::Dim);
            }
        }
    }

    fn beside(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let was_sent = self.picture.course.is_some();
        let title = if was_sent { "this hop" } else { "what would be sent" };
        let room = below(title, false, area, buf, view);
        let room = Rect { x: room.x + 1, width: room.width.saturating_sub(2), ..room };
        let columns = usize::from(room.width);
        let mut lines = Vec::new();
        if was_sent {
            self.of_hop(&mut lines, view);
            lines.push((Role::Title, "what was sent".to_owned()));
            self.of_event(&mut lines);
        } else {
            self.of_event(&mut lines);
            if !self.errand.plan.hops.is_empty() {
                lines.push((Role::Title, "this hop".to_owned()));
                self.of_hop(&mut lines, view);
            }
        }
        for doubt in &self.errand.plan.doubts {
            lines.push((Role::Unknown, format!("not known: {doubt}")));
        }
        let lines: Vec<(Role, String)> = lines.into_iter().flat_map(|line| wrapped(line, columns)).collect();
        scrolled(&lines, &mut self.offset, room, buf, view);
        self.beside = room;
    }

    /// The event as it goes out.
    fn of_event(&self, lines: &mut Vec<(Role, String)>) {
        let plan = &self.errand.plan;
        match serde_json::from_str(&plan.body) {
            Ok(value) => {
                let document = JsonDocument::new(&value, Limits::default());
                let line = |row: Vec<(Role, String)>| row.into_iter().map(|(_, piece)| piece).collect::<String>();
                lines.extend(document.rows().map(|row| (Role::Text, line(row))));
            }
            Err(_) => lines.push((Role::Text, plan.body.clone())),
        }
        for (name, value) in &plan.attributes {
            let value = match value {
                MessageAttribute::String(text) => text.clone(),
                MessageAttribute::Number(text) | MessageAttribute::StringArray(text) => text.clone(),
                MessageAttribute::Binary => "bytes".to_owned(),
            };
            lines.push((Role::Dim, format!("attribute {name} = {value}")));
        }
    }

    /// All that is known of the hop under the cursor.
    fn of_hop(&self, lines: &mut Vec<(Role, String)>, view: &View<'_>) {
        let Some(hop) = self.errand.plan.hops.get(self.at) else { return };
        let name = |id| view.store.name_of(id).to_owned();
        let way = format!("{} {} {}", name(&hop.from), view.theme.glyphs.arrow_right, name(&hop.to));
        lines.push((Role::Text, way));
        let Some((course, state)) =
            self.picture.course.as_ref().and_then(|course| Some((course, course.states.get(self.at)?)))
        else {
            let why = hop.expect.why();
            let colon = if why.is_empty() { "" } else { ": " };
            lines.push((expected(&hop.expect), format!("{}{colon}{why}", hop.expect.word())));
            return;
        };
        lines.push((role_of(state), format!("{}: {}", state.word(), state.says())));
        if let Some(sure) = state.sure() {
            let (role, word) = if sure.is_certain() { (Role::Dim, "certain") } else { (Role::Warn, "probably") };
            lines.push((role, format!("{word}: {}", sure.why())));
        }
        if let Some(at) = state.at() {
            let since = (at.as_millisecond() - course.sent_at.as_millisecond()).max(0);
            let at = at.to_zoned(view.zone.clone()).strftime("%H:%M:%S%.3f");
            let whole = if hop.kind == crate::domain::Kind::Bucket { ", as S3 has it, in whole seconds" } else { "" };
            lines.push((Role::Dim, format!("at {at}, {since} ms after it was sent{whole}")));
        }
    }

    fn keys(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let stage = &self.picture.stage;
        let was_sent = self.picture.course.is_some();
        let works = |command: Command| match command {
            Command::SendProbe => was_sent || (*stage == Stage::Ready && !view.read_only),
            Command::EditOne => *stage == Stage::Ready,
            Command::LookAgain => matches!(stage, Stage::Stopped | Stage::Over),
            Command::FollowThis | Command::Logs | Command::LookInside => was_sent,
            _ => true,
        };
        let rows = COMMANDS.iter().filter(|row| row.place == Place::Probe && row.footer.1 > 0 && works(row.command));
        let word = |command: Command, word: &'static str| match command {
            Command::SendProbe if was_sent => "open",
            Command::SendProbe => "send",
            _ => word,
        };
        let mut left = vec![Segment::new(Role::Footer, "", 255)];
        left.extend(
            rows.filter_map(|row| {
                Some(Segment::key(*row.keys.first()?, word(row.command, row.footer.0), row.footer.1))
            }),
        );
        let back = match stage {
            Stage::Following | Stage::Sending => "stop watching",
            _ if was_sent => "back",
            _ => "back, sending nothing",
        };
        left.push(Segment::key("esc", back, 95));
        let right = [Segment::key("?", "more ", 253)];
        StatusLine { left: &left, right: &right, theme: view.theme }.render(area, buf);
    }
}

/// What it came to, and all that was never seen by name.
fn ended(course: &Course, view: &View<'_>) -> String {
    let (made, all) = course.made();
    let mut said = format!("{}: {made} of {all}, {} rejected", course.outcome(), course.count("rejected"));
    let name = |place: usize| course.plan.hops.get(place).map(|hop| view.store.name_of(&hop.to));
    let failed = course.states.iter().enumerate().filter(|(_, state)| matches!(state, State::Failed { .. }));
    let failed: Vec<&str> = failed.filter_map(|(place, _)| name(place)).collect();
    let unseen: Vec<&str> = course.unseen().into_iter().filter_map(name).collect();
    for (what, names) in [("it failed at", failed), ("nothing was seen of it at", unseen)] {
        if !names.is_empty() {
            said.push_str(&format!("; {what} {}", names.join(", ")));
        }
    }
    said
}

fn outcome_role(course: &Course) -> Role {
    if course.end() == crate::inspect::probe::course::End::Everywhere { Role::Ok } else { Role::Warn }
}

fn expected(expect: &Expect) -> Role {
    match expect {
        Expect::Arrives => Role::Ok,
        Expect::Perhaps(_) | Expect::Later(_) => Role::Dim,
        Expect::Never(_) => Role::Warn,
    }
}

fn role_of(state: &State) -> Role {
    match state {
        State::Arrived { .. } => Role::Ok,
        State::Failed { .. } => Role::Crit,
        State::Rejected(_) => Role::Warn,
        State::Waiting => Role::Accent,
        State::Open(_) => Role::Dim,
    }
}

/// One line, written piece by piece.
struct Pen<'a, 'b> {
    area: Rect,
    buf: &'a mut Buffer,
    view: &'a View<'b>,
}

impl Pen<'_, '_> {
    fn write(&mut self, piece: &str, role: Role) {
        let used = put(piece, role, self.area, self.buf, self.view);
        self.area = Rect { x: self.area.x + used, width: self.area.width - used, ..self.area };
    }
}

/// A title, and what is left below it.
fn below(title: &str, focused: bool, area: Rect, buf: &mut Buffer, view: &View<'_>) -> Rect {
    let line = Rect { height: 1.min(area.height), ..area };
    Separator { title, right: "", focused, theme: view.theme }.render(line, buf);
    Rect { y: area.y + line.height, height: area.height - line.height, ..area }
}

fn wrapped((role, line): (Role, String), columns: usize) -> Vec<(Role, String)> {
    let clean = text::clean(&line).into_owned();
    text::wrap(&clean, columns.max(1)).into_iter().map(|piece| (role, piece.to_owned())).collect()
}
