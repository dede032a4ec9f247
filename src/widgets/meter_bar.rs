//! A small gauge: how much of something is used.
//!
//! ```text
//! ████▌·····
//! ```
//!
//! The caller decides from which share on it is bad and gives it the role; the bar only shows length. Something above nothing
//! shows at least the smallest step, and only a full share fills the bar.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use crate::theme::{Role, Theme};

/// A gauge.
#[derive(Debug, Clone, Copy)]
pub struct MeterBar<'a> {
    /// The share that is used, 0 to 1; not a number if it is not known.
    pub ratio: f64,
    /// [`Role::Spark`], or a health role when the length is bad news.
    pub role: Role,
    /// Where styles and glyphs come from.
    pub theme: &'a Theme,
}

impl Widget for MeterBar<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = Rect { height: area.height.min(1), ..area }.intersection(buf.area);
        let glyphs = self.theme.glyphs;
        let steps_in_cell = glyphs.meter.len().max(1);
        let steps = steps(self.ratio, usize::from(area.width) * steps_in_cell);
        for (index, x) in (area.left()..area.right()).enumerate() {
            let filled = steps.map(|steps| steps.saturating_sub(index * steps_in_cell).min(steps_in_cell));
            let (symbol, role) = match filled {
                None => (glyphs.unknown, Role::Unknown),
                Some(0) => (glyphs.meter_track, Role::Border),
                Some(filled) => (glyphs.meter.get(filled - 1).copied().unwrap_or(" "), self.role),
            };
            if let Some(cell) = buf.cell_mut((x, area.y)) {
                cell.set_symbol(symbol).set_style(self.theme.style(role));
            }
        }
    }
}

/// How many of `all` steps a share fills; nothing if it is not a number.
fn steps(ratio: f64, all: usize) -> Option<usize> {
    match ratio {
        r if r.is_nan() => None,
        r if r <= 0.0 => Some(0),
        r if r >= 1.0 => Some(all),
        r => Some(((r * all as f64).round() as usize).clamp(1, all.saturating_sub(1).max(1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::ASCII;
    use crate::widgets::testing::{blank, lines, style_at};
    use rstest::rstest;

    #[rstest]
    #[case(0.0, "····", "....")]
    #[case(-1.0, "····", "....")]
    #[case(0.0001, "▏···", "-...")]
    #[case(0.5, "██··", "##..")]
    #[case(0.6, "██▍·", "##-.")]
    #[case(0.9999, "███▉", "###=")]
    #[case(1.0, "████", "####")]
    #[case(7.0, "████", "####")]
    #[case(f64::NAN, "????", "????")]
    fn lengths(#[case] ratio: f64, #[case] unicode: &str, #[case] ascii: &str) {
        let theme = Theme::default();
        for (theme, want) in [(theme.clone(), unicode), (theme.with_glyphs(&ASCII), ascii)] {
            let mut buf = blank(4, 1);
            MeterBar { ratio, role: Role::Warn, theme: &theme }.render(Rect::new(0, 0, 9, 9), &mut buf);
            assert_eq!(lines(&buf), [want]);
            if ratio >= 1.0 {
                assert_eq!(style_at(&buf, 0, 0).fg, theme.style(Role::Warn).fg);
            }
        }
    }
}
