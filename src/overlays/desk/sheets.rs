//! What lies over the columns for a while: what looking costs, a difference, the plan, how the move goes, what it came to.

use ratatui::{buffer::Buffer, layout::Rect};

use super::model::{Cost, Diff, DiffLine, Moving, Picture, Plan, Stage, Summary};
use crate::{
    domain::units::{Age, Count, PerSecond},
    panes::View,
    redrive::mover::Stage as Daring,
    theme::{Glyphs, Role},
    widgets::{
        panel::{self, centered},
        text,
    },
};

/// Wide enough for a sentence, and no wider than is read with ease.
const WIDTH: u16 = 104;
/// Cells of the bar that fills while messages move.
const BAR: usize = 40;

/// A box with its lines.
struct Sheet {
    title: String,
    lines: Vec<(Role, String)>,
    hints: String,
}

/// Draws what is going on, if it is more than the columns. `asked` is whether the user was asked if he means it.
pub(super) fn draw(
    picture: &Picture,
    (asked, offset): (bool, &mut usize),
    area: Rect,
    buf: &mut Buffer,
    view: &View<'_>,
) {
    let sheet = match &picture.stage {
        Stage::Columns => return,
        Stage::Opening => plain("desk", vec!["finding the queue…".to_owned()], "esc leave"),
        Stage::Failed(why) => plain("not opened", vec![why.clone()], "esc leave"),
        Stage::Asking(cost) => of_cost(cost),
        Stage::Diff(diff) => of_diff(diff),
        Stage::Plan(plan) => of_plan(plan),
        Stage::Moving(moving) => of_moving(moving, asked, view.theme.glyphs),
        Stage::Ended(summary) => of_summary(summary, summary.moved && picture.can_undo && !view.read_only),
    };
    sheet.draw(area, offset, buf, view);
}

impl Sheet {
    fn draw(&self, area: Rect, offset: &mut usize, buf: &mut Buffer, view: &View<'_>) {
        let theme = view.theme;
        let width = WIDTH.min(area.width);
        let room = usize::from(width.saturating_sub(4)).max(1);
        let mut lines: Vec<(Role, String)> = Vec::new();
        for (role, line) in &self.lines {
            let clean = text::clean(line);
            lines.extend(text::wrap(&clean, room).into_iter().map(|piece| (*role, piece.to_owned())));
        }
        let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
        let place = centered(area, width, wanted.min(area.height));
        let title = text::clean(&self.title);
        let inner = panel::Overlay { title: &title, hints: &self.hints, theme }.render(place, buf);
        let fit = usize::from(inner.height);
        *offset = (*offset).min(lines.len().saturating_sub(fit));
        for (y, (role, line)) in (inner.top()..inner.bottom()).zip(lines.iter().skip(*offset)) {
            let place = Rect { x: inner.x + 1, y, width: inner.width.saturating_sub(2), height: 1 };
            text::put(buf, place, line, theme.style(*role), theme.glyphs.ellipsis);
        }
    }
}

fn plain(title: &str, lines: Vec<String>, hints: &str) -> Sheet {
    let lines = lines.into_iter().map(|line| (Role::Text, line)).collect();
    Sheet { title: title.to_owned(), lines, hints: hints.to_owned() }
}

fn of_cost(cost: &Cost) -> Sheet {
    let hints =
        if cost.name.is_some() { "type the queue's name below · esc leave" } else { "enter look · esc leave" };
    plain("what looking costs", cost.lines.clone(), hints)
}

fn of_diff(diff: &Diff) -> Sheet {
    let line = |line: &DiffLine| match line {
        DiffLine::Same(text) => (Role::Dim, format!("  {text}")),
        DiffLine::Added(text) => (Role::Ok, format!("+ {text}")),
        DiffLine::Removed(text) => (Role::Crit, format!("- {text}")),
        DiffLine::Head(text) => (Role::Title, text.clone()),
    };
    let refused = diff.refused.iter().map(|why| (Role::Warn, why.clone()));
    let lines = refused.chain(diff.lines.iter().map(line)).collect();
    let hints = if diff.refused.is_empty() {
        "enter keep · esc leave as it was · j/k scroll"
    } else {
        "esc back · j/k scroll"
    };
    Sheet { title: diff.title.clone(), lines, hints: hints.to_owned() }
}

fn of_plan(plan: &Plan) -> Sheet {
    let mut lines: Vec<(Role, String)> = plan.lines.iter().map(|line| (Role::Text, line.clone())).collect();
    if let Some(why) = &plan.refused {
        lines.push((Role::Warn, why.clone()));
    }
    let switch = |on: bool| if on { "on" } else { "off" };
    let mut hints = match (&plan.refused, &plan.name) {
        (Some(_), _) => Vec::new(),
        (None, Some(_)) => vec!["enter, then the queue's name".to_owned()],
        (None, None) => vec!["enter go".to_owned()],
    };
    hints.extend(plan.canary.map(|on| format!("c canary {}", switch(on))));
    hints.extend(plan.rate.map(|rate| rate.map_or("r rate".to_owned(), |rate| format!("r {}/s", PerSecond(rate)))));
    hints.extend(plan.to.as_ref().map(|_| "t to".to_owned()));
    hints.extend(plan.file.as_ref().map(|_| "f file".to_owned()));
    hints.extend(plan.native.map(|on| format!("n AWS's own move {}", switch(on))));
    hints.push("esc back".to_owned());
    Sheet { title: plan.title.clone(), lines, hints: hints.join(" · ") }
}

fn of_moving(moving: &Moving, asked: bool, glyphs: &Glyphs) -> Sheet {
    let progress = &moving.progress;
    let done = progress.moved + progress.refused;
    let share = if progress.total > 0 { (done as f64 / progress.total as f64).min(1.0) } else { 0.0 };
    let filled = (share * BAR as f64) as usize;
    let full = glyphs.spark.last().copied().unwrap_or("#");
    let bar = format!("{}{}", full.repeat(filled), glyphs.quiet.repeat(BAR - filled));
    let number = |count: u64| Count(count as f64).to_string();
    let mut lines = vec![(Role::Text, format!("{bar}  {} of {}", number(progress.moved), number(progress.total)))];
    let stage = match progress.stage {
        Daring::Canary { size, watching: true } => format!("canary of {size}: sent; watching whether they come back"),
        Daring::Canary { size, watching: false } => format!("canary of {size}: sending"),
        Daring::All => "sending".to_owned(),
    };
    let rate = progress.rate().map(|rate| format!("{}/s", PerSecond(rate)));
    let left = progress.left().map(|left| format!("{} left", Age(left.as_secs_f64())));
    let pace = [Some(stage), rate, left].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    lines.push((Role::Text, pace));
    if let Some(waiting) = progress.waiting {
        lines.push((Role::Text, format!("{} wait at their destination", number(waiting))));
    }
    for (count, what) in [
        (progress.bounced, "came back: their consumer still fails"),
        (progress.refused, "refused; they stay where they were"),
        (progress.maybe_twice, "may have arrived twice: an earlier send was never settled"),
    ] {
        if count > 0 {
            lines.push((Role::Warn, format!("{} {what}", number(count))));
        }
    }
    lines.extend(progress.trouble.clone().map(|trouble| (Role::Warn, trouble)));
    let hints = match (moving.cancelled, asked) {
        (true, _) => "stopping: the batch in hand is finished first",
        (false, true) => "stop after the batch in hand?  enter stop · esc go on",
        (false, false) => "esc stop",
    };
    Sheet { title: moving.title.clone(), lines, hints: hints.to_owned() }
}

fn of_summary(summary: &Summary, can_undo: bool) -> Sheet {
    let role = if summary.bad { Role::Warn } else { Role::Text };
    let rest = summary.lines.iter().skip(1).map(|line| (Role::Text, line.clone()));
    let lines = summary.lines.first().map(|line| (role, line.clone())).into_iter().chain(rest).collect();
    let hints = if can_undo { "enter back to the desk · U undo" } else { "enter back to the desk" };
    Sheet { title: summary.title.clone(), lines, hints: hints.to_owned() }
}
