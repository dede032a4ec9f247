//! Every symbol edatop draws that is not text, in Unicode and in ASCII (`--ascii`).
//!
//! Both sets fill the same struct, so a symbol cannot exist in one alone. Every symbol is one column wide, except the
//! ones whose doc says otherwise. Symbols of AWS kinds (queue, topic …) belong to the resource kinds, not here.
//!
//! To add a symbol: one field, one value in each set; a test checks widths and that the ASCII set is ASCII.

/// One complete set of symbols.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// Health marks, loudest first.
    pub crit: &'static str,
    pub warn: &'static str,
    pub unknown: &'static str,
    pub ok: &'static str,
    pub quiet: &'static str,
    /// Arrow heads and the lines that end in them.
    pub arrow_right: &'static str,
    pub arrow_left: &'static str,
    pub arrow_up: &'static str,
    pub arrow_down: &'static str,
    /// "A sends to B" in a line of text; three columns.
    pub flows_to: &'static str,
    /// Sparkline levels, lowest (zero) first. The two sets have different numbers of levels.
    pub spark: &'static [&'static str],
    /// A sample that was never taken.
    pub spark_missing: &'static str,
    pub scroll_track: &'static str,
    pub scroll_thumb: &'static str,
    pub sort_ascending: &'static str,
    pub sort_descending: &'static str,
    /// The end of a text that goes on.
    pub ellipsis: &'static str,
    /// Separators and boxes.
    pub horizontal: &'static str,
    pub vertical: &'static str,
    pub top_left: &'static str,
    pub top_right: &'static str,
    pub bottom_left: &'static str,
    pub bottom_right: &'static str,
    /// Where lines meet, by the arms that a cell has: 1 up, 2 down, 4 left, 8 right.
    pub joints: &'static [&'static str; 16],
    /// A level and an upright piece of a line that is less than certain, in two strengths, and of one that nobody likes.
    pub dashed: [&'static str; 2],
    pub declared: [&'static str; 2],
    pub dotted: [&'static str; 2],
    /// Between two things on one line.
    pub dot: &'static str,
    /// The live mark in the header.
    pub live: &'static str,
    pub approx: &'static str,
    /// Never drains; three columns in ASCII.
    pub infinity: &'static str,
    pub times: &'static str,
    pub pointer: &'static str,
    pub checked: &'static str,
    pub unchecked: &'static str,
}

/// What a terminal with a normal font shows.
pub const UNICODE: Glyphs = Glyphs {
    crit: "✖",
    warn: "▲",
    unknown: "?",
    ok: "✔",
    quiet: "·",
    arrow_right: "▸",
    arrow_left: "◂",
    arrow_up: "▴",
    arrow_down: "▾",
    flows_to: "──▶",
    spark: &["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    spark_missing: "·",
    scroll_track: "│",
    scroll_thumb: "┃",
    sort_ascending: "↑",
    sort_descending: "↓",
    ellipsis: "…",
    horizontal: "─",
    vertical: "│",
    top_left: "╭",
    top_right: "╮",
    bottom_left: "╰",
    bottom_right: "╯",
    joints: &[" ", "│", "│", "│", "─", "╯", "╮", "┤", "─", "╰", "╭", "├", "─", "┴", "┬", "┼"],
    dashed: ["╌", "╎"],
    declared: ["┄", "┆"],
    dotted: ["┈", "┊"],
    dot: "·",
    live: "●",
    approx: "≈",
    infinity: "∞",
    times: "×",
    pointer: "▸",
    checked: "☑",
    unchecked: "☐",
};

/// What every terminal shows.
pub const ASCII: Glyphs = Glyphs {
    crit: "X",
    warn: "!",
    unknown: "?",
    ok: "+",
    quiet: ".",
    arrow_right: ">",
    arrow_left: "<",
    arrow_up: "^",
    arrow_down: "v",
    flows_to: "-->",
    spark: &[".", ":", "-", "=", "+", "*", "#"],
    spark_missing: " ",
    scroll_track: "|",
    scroll_thumb: "#",
    sort_ascending: "^",
    sort_descending: "v",
    ellipsis: "~",
    horizontal: "-",
    vertical: "|",
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    joints: &[" ", "|", "|", "|", "-", "+", "+", "+", "-", "+", "+", "+", "-", "+", "+", "+"],
    dashed: [".", ":"],
    declared: ["=", "|"],
    dotted: ["~", ":"],
    dot: "-",
    live: "*",
    approx: "~",
    infinity: "inf",
    times: "x",
    pointer: ">",
    checked: "x",
    unchecked: "o",
};

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    fn one_column(g: &Glyphs) -> Vec<&'static str> {
        let mut all = vec![g.crit, g.warn, g.unknown, g.ok, g.quiet, g.arrow_right, g.arrow_left, g.arrow_up];
        all.extend([g.arrow_down, g.spark_missing, g.scroll_track, g.scroll_thumb, g.sort_ascending]);
        all.extend([g.sort_descending, g.ellipsis, g.horizontal, g.vertical, g.top_left, g.top_right, g.bottom_left]);
        all.extend([g.bottom_right, g.dot, g.live, g.approx, g.times, g.pointer, g.checked, g.unchecked]);
        all.extend(g.spark.iter());
        all.extend(g.joints.iter());
        all.extend([g.dashed, g.declared, g.dotted].concat());
        all
    }

    #[test]
    fn symbols_take_the_columns_they_promise() {
        for set in [&UNICODE, &ASCII] {
            for symbol in one_column(set) {
                assert_eq!(symbol.width(), 1, "{symbol:?}");
            }
            assert_eq!(set.flows_to.width(), 3);
        }
    }

    #[test]
    fn the_ascii_set_is_ascii() {
        for symbol in one_column(&ASCII).into_iter().chain([ASCII.flows_to, ASCII.infinity]) {
            assert!(symbol.is_ascii(), "{symbol:?}");
        }
    }

    #[test]
    fn health_marks_differ_without_colour() {
        for set in [&UNICODE, &ASCII] {
            let marks = std::collections::BTreeSet::from([set.crit, set.warn, set.unknown, set.ok, set.quiet]);
            assert_eq!(marks.len(), 5);
        }
    }
}
