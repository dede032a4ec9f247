//! The recent past in one line of blocks, newest at the right.
//!
//! ```text
//! ··▁▂▂▃▅▇▇▆▅▅
//! ```
//!
//! A zero is the lowest block and anything above zero is higher than that, so a trickle is never drawn as nothing. A sample that
//! was not taken is a dim dot, and before the first one there is nothing.
//!
//! To change the blocks: `theme::glyphs`.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use crate::theme::{Role, Theme};

/// What the highest block stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// The largest sample shown: good for shape.
    Own,
    /// This value, shared by lines that are to be compared.
    Max(f64),
}

/// A sparkline of a slice, oldest sample first.
#[derive(Debug, Clone, Copy)]
pub struct Sparkline<'a> {
    /// One sample per column, oldest first; `None` was not measured.
    pub samples: &'a [Option<f64>],
    /// What the highest block stands for.
    pub scale: Scale,
    /// Usually [`Role::Spark`]; a health role if the line itself is the bad news.
    pub role: Role,
    /// Where styles and blocks come from.
    pub theme: &'a Theme,
}

impl Widget for Sparkline<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let pen = Pen { scale: self.scale, role: self.role, theme: self.theme };
        pen.draw(area, buf, self.samples.iter().copied());
    }
}

/// Draws a sparkline of any iterator, such as the two halves of a ring, without collecting it.
#[derive(Debug, Clone, Copy)]
pub struct Pen<'a> {
    /// What the highest block stands for.
    pub scale: Scale,
    /// The style of measured samples.
    pub role: Role,
    /// Where styles and blocks come from.
    pub theme: &'a Theme,
}

impl Pen<'_> {
    /// Draws the newest samples that fit into the first line of `area`.
    pub fn draw<I>(&self, area: Rect, buf: &mut Buffer, samples: I)
    where
        I: DoubleEndedIterator<Item = Option<f64>> + Clone,
    {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let newest_first = samples.rev().map(|sample| sample.filter(|value| value.is_finite()));
        let max = match self.scale {
            Scale::Max(max) => max,
            Scale::Own => newest_first.clone().take(usize::from(area.width)).flatten().fold(0.0, f64::max),
        };
        let (style, missing) = (self.theme.style(self.role), self.theme.style(Role::Dim));
        for (x, sample) in (area.left()..area.right()).rev().zip(newest_first) {
            let Some(cell) = buf.cell_mut((x, area.y)) else { continue };
            match sample {
                Some(value) => cell.set_symbol(block(value, max, self.theme.glyphs.spark)).set_style(style),
                None => cell.set_symbol(self.theme.glyphs.spark_missing).set_style(missing),
            };
        }
    }
}

/// The block for a value: the lowest for zero (or less), the others in equal steps up to `max`.
fn block<'g>(value: f64, max: f64, blocks: &[&'g str]) -> &'g str {
    let top = blocks.len().saturating_sub(1);
    let level = match value {
        v if v <= 0.0 => 0,
        v if v >= max => top,
        v => ((v / max * top as f64).ceil() as usize).clamp(1, top),
    };
    blocks.get(level).copied().unwrap_or(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::ASCII;
    use crate::widgets::testing::{blank, lines, style_at};
    use proptest::prelude::*;

    fn drawn(samples: &[Option<f64>], scale: Scale, width: u16, theme: &Theme) -> String {
        let mut buf = blank(width, 1);
        Sparkline { samples, scale, role: Role::Spark, theme }.render(buf.area, &mut buf);
        lines(&buf).remove(0)
    }

    fn all(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    #[test]
    fn newest_is_at_the_right_and_zero_is_the_lowest() {
        let theme = Theme::default();
        let rising = all(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(drawn(&rising, Scale::Own, 8, &theme), "▁▂▃▄▅▆▇█");
        assert_eq!(drawn(&rising, Scale::Own, 3, &theme), "▆▇█");
        assert_eq!(drawn(&rising, Scale::Max(14.0), 8, &theme), "▁▂▂▃▃▄▄▅");
        assert_eq!(drawn(&rising, Scale::Own, 10, &theme), "  ▁▂▃▄▅▆▇█");
        assert_eq!(drawn(&all(&[0.0, 0.0]), Scale::Own, 2, &theme), "▁▁");
        assert_eq!(drawn(&all(&[1e9, 1.0]), Scale::Own, 2, &theme), "█▂", "a trickle is not nothing");
        assert_eq!(drawn(&[], Scale::Own, 4, &theme), "");
    }

    #[test]
    fn what_was_not_measured_is_a_dim_dot() {
        let theme = Theme::default();
        let mut buf = blank(4, 1);
        let samples = [Some(1.0), None, Some(f64::NAN), Some(1.0)];
        Sparkline { samples: &samples, scale: Scale::Own, role: Role::Spark, theme: &theme }.render(buf.area, &mut buf);
        assert_eq!(lines(&buf), ["█··█"]);
        assert_eq!(style_at(&buf, 1, 0).fg, theme.style(Role::Dim).fg);
        assert_eq!(style_at(&buf, 0, 0).fg, theme.style(Role::Spark).fg);
    }

    #[test]
    fn ascii_has_its_own_levels() {
        let theme = Theme::default().with_glyphs(&ASCII);
        assert_eq!(drawn(&all(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), Scale::Own, 7, &theme), ".:-=+*#");
    }

    proptest! {
        #[test]
        fn more_is_never_lower(a in any::<f64>(), b in any::<f64>(), max in any::<f64>()) {
            prop_assume!(!a.is_nan() && !b.is_nan());
            let blocks = ["0", "1", "2", "3", "4", "5", "6", "7"];
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(block(low, max, &blocks) <= block(high, max, &blocks));
        }
    }
}
