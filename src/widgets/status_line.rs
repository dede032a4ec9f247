//! One line of segments, left and right: the header, the footer, the title of a detail.
//!
//! ```text
//!  edatop ● live   LocalStack localhost:4566            38 resources  12 calls/s  14:03:22
//! ```
//!
//! When it gets narrow whole segments go, the least important first, because half a number is a wrong number. Only the
//! last one standing is ever cut.
//!
//! To show something new: another [`Segment`] from the caller.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::text;
use crate::theme::{Role, Theme};

/// Columns between two segments.
const GAP: u16 = 2;

/// A piece of the line that is shown whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment<'a> {
    parts: Vec<(Role, Cow<'a, str>)>,
    priority: u8,
}

impl<'a> Segment<'a> {
    /// A text in a role. The lowest priority goes first.
    pub fn new(role: Role, text: impl Into<Cow<'a, str>>, priority: u8) -> Self {
        Self { parts: Vec::with_capacity(2), priority }.then(role, text)
    }

    /// A key and what it does: `q quit`.
    pub fn key(key: impl Into<Cow<'a, str>>, does: &'a str, priority: u8) -> Self {
        Self::new(Role::Key, key, priority).then(Role::Footer, " ").then(Role::Footer, does)
    }

    /// Goes on, without a gap, in another role.
    #[must_use]
    pub fn then(mut self, role: Role, text: impl Into<Cow<'a, str>>) -> Self {
        let text = match text.into() {
            Cow::Borrowed(text) => text::clean(text),
            Cow::Owned(text) => Cow::Owned(text::clean(&text).into_owned()),
        };
        self.parts.push((role, text));
        self
    }

    fn width(&self) -> usize {
        self.parts.iter().map(|(_, text)| text::width(text)).sum()
    }
}

/// A line of segments.
#[derive(Debug, Clone, Copy)]
pub struct StatusLine<'a> {
    /// From the left edge.
    pub left: &'a [Segment<'a>],
    /// To the right edge.
    pub right: &'a [Segment<'a>],
    /// Where styles come from.
    pub theme: &'a Theme,
}

impl Widget for StatusLine<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = Rect { height: area.height.min(1), ..area }.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        buf.set_style(area, self.theme.style(Role::Footer));
        let kept = kept(self.left.iter().chain(self.right), usize::from(area.width));
        let stays = |(index, segment)| kept.get(index).copied().unwrap_or(false).then_some(segment);
        let left = self.left.iter().enumerate().filter_map(stays);
        let right = (self.left.len()..).zip(self.right).filter_map(stays);
        let right_width = total_width(right.clone());
        self.draw(left, area, buf);
        let indent = area.width.saturating_sub(u16::try_from(right_width).unwrap_or(u16::MAX));
        self.draw(right, Rect { x: area.x + indent, width: area.width - indent, ..area }, buf);
    }
}

impl StatusLine<'_> {
    /// Whether nothing has to go for all to be seen.
    pub fn fits(&self, columns: u16) -> bool {
        total_width(self.left.iter().chain(self.right)) <= usize::from(columns)
    }

    fn draw<'s>(&self, segments: impl Iterator<Item = &'s Segment<'s>>, mut area: Rect, buf: &mut Buffer) {
        for (index, segment) in segments.enumerate() {
            if index > 0 {
                area = after(area, GAP);
            }
            for (role, text) in &segment.parts {
                let used = text::put(buf, area, text, self.theme.style(*role), self.theme.glyphs.ellipsis);
                area = after(area, used);
            }
        }
    }
}

/// What is left of a line after `used` columns.
fn after(area: Rect, used: u16) -> Rect {
    let used = used.min(area.width);
    Rect { x: area.x + used, width: area.width - used, ..area }
}

fn total_width<'s>(segments: impl Iterator<Item = &'s Segment<'s>>) -> usize {
    let (mut width, mut count) = (0, 0_usize);
    for segment in segments {
        width += segment.width();
        count += 1;
    }
    width + count.saturating_sub(1) * usize::from(GAP)
}

/// Which of the segments stay, so that all fit: the lowest priority goes first, of equals the last.
fn kept<'s>(segments: impl Iterator<Item = &'s Segment<'s>>, columns: usize) -> Vec<bool> {
    let gap = usize::from(GAP);
    let widths: Vec<(usize, u8)> = segments.map(|segment| (segment.width() + gap, segment.priority)).collect();
    let mut kept = vec![true; widths.len()];
    let mut total: usize = widths.iter().map(|(width, _)| width).sum();
    let mut count = widths.len();
    while count > 1 && total > columns + gap {
        let still = widths.iter().enumerate().filter(|(index, _)| kept.get(*index).copied().unwrap_or(false));
        let Some((lowest, (width, _))) = still.rev().min_by_key(|(_, (_, priority))| *priority) else { break };
        total -= width;
        count -= 1;
        if let Some(slot) = kept.get_mut(lowest) {
            *slot = false;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::testing::{blank, lines, style_at};
    use proptest::prelude::*;
    use rstest::rstest;

    fn drawn(width: u16) -> Buffer {
        let theme = Theme::default();
        let left = [
            Segment::new(Role::Title, "edatop", 200).then(Role::Ok, " live"),
            Segment::new(Role::Text, "eu-west-1", 50),
        ];
        let right = [Segment::new(Role::Dim, "12 calls/s", 20), Segment::new(Role::Text, "14:03:22", 90)];
        let mut buf = blank(width, 1);
        StatusLine { left: &left, right: &right, theme: &theme }.render(buf.area, &mut buf);
        buf
    }

    #[rstest]
    #[case(50, "edatop live  eu-west-1        12 calls/s  14:03:22")]
    #[case(44, "edatop live  eu-west-1  12 calls/s  14:03:22")]
    #[case(43, "edatop live  eu-west-1             14:03:22")]
    #[case(31, "edatop live            14:03:22")]
    #[case(21, "edatop live  14:03:22")]
    #[case(20, "edatop live")]
    #[case(8, "edatop …")]
    #[case(3, "ed…")]
    #[case(0, "")]
    fn whole_segments_go_least_important_first(#[case] width: u16, #[case] want: &str) {
        assert_eq!(lines(&drawn(width)).first().map_or("", String::as_str), want);
    }

    #[test]
    fn each_part_has_its_role() {
        let (theme, buf) = (Theme::default(), drawn(50));
        assert_eq!(style_at(&buf, 0, 0).fg, theme.style(Role::Title).fg);
        assert_eq!(style_at(&buf, 7, 0).fg, theme.style(Role::Ok).fg);
        assert_eq!(style_at(&buf, 49, 0).fg, theme.style(Role::Text).fg);
    }

    proptest! {
        #[test]
        fn no_number_is_ever_cut_while_something_else_could_go(width in 11_u16..60) {
            let text = lines(&drawn(width)).remove(0);
            for word in text.split_whitespace() {
                prop_assert!("edatop live eu-west-1 12 calls/s 14:03:22".split(' ').any(|whole| whole == word), "{text:?}");
            }
        }
    }
}
