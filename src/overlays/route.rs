//! Where would this go? A message is typed, and the answer follows each letter; enter lights the path on the map.
//!
//! ```text
//! ╭─ where would this go? ◇ EventFork ──────────────────────────────────────────╮
//! │ attributes event=login                                                        │
//! │ {                                                                             │
//! │   "id": 4                                                                     │
//! │ }                                                                             │
//! │ 1 of 3 subscribers get it ─────────────────────────────────────────────────── │
//! │ ✔ ▤ AnalyticsQueue                                                            │
//! │   ✔ ƒ EventAnalytics                                                          │
//! │ ✖ ▤ ChatNotificationQueue      `event` is "login", wanted "signup"            │
//! ╰── enter light the path · tab field · alt-enter new line · esc close ─────────╯
//! ```
//!
//! Nothing is sent: `routing` works it out. It begins with what was typed last, or with what the first filter lets through.

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};
use tui_input::Input;

use super::{
    Overlay, Press, Wish,
    filter::{draw_prompt, insert, request},
};
use crate::{
    domain::{Arn, Kind, LinkKind, ResourceId},
    panes::{Lit, View},
    routing::{
        Cargo, Envelope, Event, EventPattern, Example, Fate, FilterPolicy, Journey, MessageAttribute,
        MessageAttributes, Scope, Step, Terrain, draft, follow,
    },
    theme::Role,
    widgets::{
        panel::{self, Separator, centered},
        text,
        text_area::{Move, TextArea},
    },
};

const PROMPT: &str = "attributes ";

/// What was typed, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    pub target: ResourceId,
    pub body: String,
    pub attributes: String,
}

/// The prompt.
#[derive(Debug)]
pub struct Route {
    target: ResourceId,
    kind: Kind,
    body: TextArea,
    attributes: Input,
    in_attributes: bool,
    /// Steps scrolled past.
    offset: usize,
}

/// The topic or bus that a question about `chosen` is about: itself, or the bus that a rule listens to.
pub fn start(chosen: &ResourceId, view: &View<'_>) -> Option<ResourceId> {
    match view.store.get(chosen)?.resource.kind {
        Kind::Topic | Kind::Bus => Some(chosen.clone()),
        Kind::Rule => {
            view.store.topology().to(chosen).find(|link| link.kind == LinkKind::Routes).map(|link| link.from.clone())
        }
        _ => None,
    }
}

impl Route {
    /// Begins with what was typed last, if that was for the same.
    pub fn new(target: ResourceId, typed: Option<Typed>, view: &View<'_>) -> Self {
        let terrain = terrain(view);
        let kind = terrain.kind(&target);
        let typed = typed.filter(|typed| typed.target == target).unwrap_or_else(|| {
            let example =
                if kind == Kind::Bus { example_event(&terrain, &target) } else { example_message(&terrain, &target) };
            Typed { body: pretty(&example.body), attributes: line_of(&example.attributes), target: target.clone() }
        });
        let attributes = Input::new(typed.attributes);
        Self { target, kind, body: TextArea::new(&typed.body), attributes, in_attributes: false, offset: 0 }
    }

    /// Where it would go, or why it could not even be sent.
    fn journey(&self, view: &View<'_>) -> Result<Journey, String> {
        let body = self.body.text();
        let cargo = if self.kind == Kind::Bus {
            let arn = self.target.arn();
            let (account, region) = arn.map_or(("", ""), |Arn { account, region, .. }| (account, region));
            let event =
                Event::read(&body, Envelope { account, region, now: view.now }).map_err(|error| error.to_string())?;
            Cargo::Event(event.json)
        } else {
            let attributes = draft::read_attribute_line(self.attributes.value()).map_err(|error| error.to_string())?;
            Cargo::Message { body: Some(body), attributes }
        };
        Ok(follow(&terrain(view), &self.target, &cargo))
    }

    fn light(&self, view: &View<'_>) -> Wish {
        let Ok(journey) = self.journey(view) else { return Wish::Stay };
        let typed = Typed {
            target: self.target.clone(),
            body: self.body.text(),
            attributes: self.attributes.value().to_owned(),
        };
        Wish::Light(lit(&journey), typed)
    }

    fn type_into_body(&mut self, press: Press) {
        let control = press.event.modifiers.contains(KeyModifiers::CONTROL);
        match (press.event.code, control) {
            (KeyCode::Enter, _) | (KeyCode::Char('j'), true) => self.body.insert("\n"),
            (KeyCode::Char('a'), true) | (KeyCode::Home, _) => self.body.go(Move::LineStart),
            (KeyCode::Char('e'), true) | (KeyCode::End, _) => self.body.go(Move::LineEnd),
            (KeyCode::Char('u'), true) => self.body.clear(),
            (KeyCode::Char(letter), false) => self.body.insert(letter.encode_utf8(&mut [0; 4])),
            (KeyCode::Backspace, _) => self.body.backspace(),
            (KeyCode::Delete, _) => self.body.delete(),
            (KeyCode::Left, _) => self.body.go(Move::Left),
            (KeyCode::Right, _) => self.body.go(Move::Right),
            (KeyCode::Up, _) => self.body.go(Move::Up),
            (KeyCode::Down, _) => self.body.go(Move::Down),
            _ => {}
        }
    }

    fn draw_steps(&mut self, journey: &Journey, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let more =
            journey.doubts.iter().map(|doubt| (0, Role::Unknown, view.theme.glyphs.unknown, None, doubt.clone()));
        let steps = journey.steps.iter().map(|step| {
            let (role, mark, reason) = verdict(step, view);
            (step.depth, role, mark, Some(step), reason)
        });
        let lines: Vec<_> = steps.chain(more).collect();
        self.offset = self.offset.min(lines.len().saturating_sub(usize::from(area.height)));
        let theme = view.theme;
        for (y, (depth, role, mark, step, reason)) in (area.y..area.bottom()).zip(lines.into_iter().skip(self.offset)) {
            let indent = u16::try_from(depth * 2).unwrap_or(u16::MAX).min(area.width);
            let mut rest = Rect { x: area.x + indent, y, width: area.width - indent, height: 1 };
            let mut pen = |piece: &str, role: Role, wide: u16| {
                let place = Rect { width: rest.width.min(wide), ..rest };
                let used = text::put(buf, place, piece, theme.style(role), theme.glyphs.ellipsis);
                rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
            };
            pen(&format!("{mark} "), role, u16::MAX);
            if let Some(step) = step {
                pen(&format!("{} ", view.glyph(step.kind)), Role::Dim, u16::MAX);
                let name = view.store.name_of(&step.to);
                let is_in = step.fate == Fate::Gets;
                let named = text::pad_right(name, 32_usize.saturating_sub(depth * 2));
                pen(&named, if is_in { Role::Text } else { Role::Dim }, area.width / 2);
                pen("  ", Role::Dim, 2);
            }
            pen(&reason, Role::Dim, u16::MAX);
        }
    }
}

/// Mark, colour and reason of one step.
fn verdict(step: &Step, view: &View<'_>) -> (Role, &'static str, String) {
    let glyphs = view.theme.glyphs;
    let (role, mark, reason) = match &step.fate {
        Fate::Gets => (Role::Ok, glyphs.ok, String::new()),
        Fate::Filtered(miss) => (Role::Dim, glyphs.crit, miss.to_string()),
        Fate::Barred(why) => (Role::Warn, glyphs.crit, why.clone()),
        Fate::NotKnown(why) => (Role::Unknown, glyphs.unknown, why.clone()),
        Fate::Later(when) => (Role::Dim, glyphs.arrow_down, when.clone()),
    };
    let gap = if reason.is_empty() || step.notes.is_empty() { "" } else { " · " };
    (role, mark, format!("{reason}{gap}{}", step.notes.join(" · ")))
}

/// What the map shows of it: who gets it, and why the others do not.
fn lit(journey: &Journey) -> Lit {
    let mut lit = Lit::default();
    lit.nodes.insert(journey.start.clone());
    for step in &journey.steps {
        match &step.fate {
            Fate::Gets => {
                lit.nodes.insert(step.to.clone());
            }
            Fate::Filtered(miss) => {
                lit.notes.entry(step.to.clone()).or_insert_with(|| miss.to_string());
            }
            Fate::Barred(why) | Fate::NotKnown(why) => {
                lit.notes.entry(step.to.clone()).or_insert_with(|| why.clone());
            }
            Fate::Later(_) => {}
        }
    }
    // Two ways may lead to one: by one of them it gets it.
    lit.notes.retain(|id, _| !lit.nodes.contains(id));
    lit
}

fn terrain<'a>(view: &View<'a>) -> Terrain<'a> {
    let there = view.store.entries().filter(|entry| entry.gone.is_none()).map(|entry| &entry.resource);
    Terrain::new(there, view.store.topology().links(), view.store.failures()).without(view.store.missing())
}

/// What the first filter of a topic lets through.
fn example_message(terrain: &Terrain<'_>, topic: &ResourceId) -> Example {
    let policies = terrain.from(topic).iter().filter_map(|link| {
        let scope = Scope::from_attribute(link.attribute("FilterPolicyScope"));
        FilterPolicy::parse(link.attribute("FilterPolicy")?, scope).ok()
    });
    policies
        .map(|policy| policy.example())
        .next()
        .unwrap_or_else(|| Example { body: "{}".to_owned(), ..Example::default() })
}

/// What the first rule of a bus lets through.
fn example_event(terrain: &Terrain<'_>, bus: &ResourceId) -> Example {
    let patterns = terrain
        .from(bus)
        .iter()
        .filter(|link| link.kind == LinkKind::Routes)
        .filter_map(|link| EventPattern::parse(terrain.resource(&link.to)?.attribute("EventPattern")?).ok());
    let event = patterns.map(|pattern| pattern.example().to_string()).next();
    let plain = || r#"{"source":"example","detail-type":"example","detail":{}}"#.to_owned();
    Example { body: event.unwrap_or_else(plain), ..Example::default() }
}

fn pretty(json: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(json);
    value.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| json.to_owned())
}

/// As they are typed: `name=value` each, or JSON where a value has spaces.
fn line_of(attributes: &MessageAttributes) -> String {
    let typed = |one: &MessageAttribute| match one {
        MessageAttribute::String(text) => ("String", text.clone()),
        MessageAttribute::Number(text) => ("Number", text.clone()),
        MessageAttribute::StringArray(text) => ("String.Array", text.clone()),
        MessageAttribute::Binary => ("Binary", "AA==".to_owned()),
    };
    let all = || attributes.iter().map(|(name, one)| (name, typed(one)));
    let is_plain =
        |name: &str, value: &str| !name.contains([' ', ':', '=', '{']) && !value.contains(char::is_whitespace);
    if all().all(|(name, (_, value))| is_plain(name, &value)) {
        let word = |(name, (data_type, value)): (&String, (&str, String))| match data_type {
            "String" => format!("{name}={value}"),
            _ => format!("{name}:{data_type}={value}"),
        };
        return all().map(word).collect::<Vec<_>>().join(" ");
    }
    let object = all().map(|(name, (data_type, value))| {
        (name.clone(), serde_json::json!({ "DataType": data_type, "StringValue": value }))
    });
    serde_json::Value::Object(object.collect()).to_string()
}

impl Overlay for Route {
    fn key(&mut self, press: Press, view: &View<'_>) -> Wish {
        let alt = press.event.modifiers.contains(KeyModifiers::ALT);
        match press.event.code {
            KeyCode::Esc => return Wish::Close,
            KeyCode::Enter if self.in_attributes || !alt => return self.light(view),
            KeyCode::Tab | KeyCode::BackTab => self.in_attributes = !self.in_attributes && self.kind != Kind::Bus,
            KeyCode::PageUp => self.wheel(-5),
            KeyCode::PageDown => self.wheel(5),
            _ if !self.in_attributes => self.type_into_body(press),
            _ => {
                if let Some(request) = request(press) {
                    self.attributes.handle(request);
                }
            }
        }
        Wish::Stay
    }

    fn wheel(&mut self, lines: isize) {
        self.offset = self.offset.saturating_add_signed(lines);
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn takes_document(&self) -> bool {
        true
    }

    fn paste(&mut self, text: &str, _view: &View<'_>) -> Wish {
        if self.in_attributes {
            insert(&mut self.attributes, &text.replace('\n', " "));
        } else {
            self.body.insert(text);
        }
        Wish::Stay
    }

    fn subject(&self) -> Option<&ResourceId> {
        Some(&self.target)
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let theme = view.theme;
        let name = view.store.name_of(&self.target);
        let title = text::clean(&format!("where would this go? {} {name}", view.glyph(self.kind))).into_owned();
        let hints = match self.kind {
            Kind::Bus => "enter light the path · alt-enter new line · esc close",
            _ => "enter light the path · tab field · alt-enter new line · esc close",
        };
        let place = centered(area, 110, area.height.saturating_sub(4).min(34));
        let inner = panel::Overlay { title: &title, hints, theme }.render(place, buf);
        let mut rest = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
        let mut take = |height: u16| {
            let taken = Rect { height: height.min(rest.height), ..rest };
            rest = Rect { y: taken.bottom(), height: rest.height - taken.height, ..rest };
            taken
        };
        if self.kind != Kind::Bus {
            let line = take(1);
            if self.in_attributes {
                draw_prompt(PROMPT, &self.attributes, line, buf, view);
            } else {
                let used = text::put(buf, line, PROMPT, theme.style(Role::Dim), "");
                let value = Rect { x: line.x + used, width: line.width - used, ..line };
                text::put(buf, value, self.attributes.value(), theme.style(Role::Text), theme.glyphs.ellipsis);
            }
        }
        let body = take(inner.height / 3);
        self.body.draw(body, buf, !self.in_attributes, theme);
        let (line, below) = (take(1), take(u16::MAX));
        match self.journey(view) {
            Ok(journey) => {
                Separator { title: &journey.summary(), right: "", focused: false, theme }.render(line, buf);
                self.draw_steps(&journey, below, buf, view);
            }
            Err(problem) => {
                Separator { title: "not yet a message", right: "", focused: false, theme }.render(line, buf);
                for (y, part) in (below.y..below.bottom()).zip(text::wrap(&problem, usize::from(below.width))) {
                    text::put(
                        buf,
                        Rect { y, height: 1, ..below },
                        part,
                        theme.style(Role::Warn),
                        theme.glyphs.ellipsis,
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::Miss;

    fn step(to: &str, fate: Fate) -> Step {
        let (from, link) = ("t".into(), LinkKind::Subscribes);
        Step { depth: 0, from, to: to.into(), kind: Kind::Queue, link, fate, notes: Vec::new() }
    }

    #[test]
    fn who_gets_it_is_lit_and_who_does_not_has_a_note() {
        let miss = Miss { path: "event".into(), condition: "\"signup\"".into(), found: "absent".into() };
        let journey = Journey {
            start: "t".into(),
            start_kind: Kind::Topic,
            steps: vec![
                step("a", Fate::Gets),
                step("b", Fate::Filtered(miss.clone())),
                step("a", Fate::Filtered(miss)),
                step("d", Fate::Later("after 3 receives".into())),
            ],
            doubts: Vec::new(),
            is_cut: false,
        };
        let lit = lit(&journey);
        assert_eq!(lit.nodes.iter().map(ResourceId::as_str).collect::<Vec<_>>(), ["a", "t"]);
        assert_eq!(
            lit.notes.into_iter().collect::<Vec<_>>(),
            [("b".into(), "`event` is absent, wanted \"signup\"".into())]
        );
    }

    #[test]
    fn attributes_are_written_so_that_they_can_be_read() {
        for written in ["", "event=login n:Number=3", r#"s:String.Array=["a","b"]"#, r#"{"a":"two words"}"#] {
            let attributes = draft::read_attribute_line(written).unwrap();
            assert_eq!(draft::read_attribute_line(&line_of(&attributes)), Ok(attributes), "{written}");
        }
    }
}
