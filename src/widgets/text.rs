//! Text on its way to the screen: made safe, fitted to a width, written into cells.
//!
//! Message bodies, names, log lines and tags come from outside and may hold escape sequences (which could drive the
//! terminal), bidirectional overrides (which reorder what is read) or invisible characters (which make two names look
//! alike). [`clean`] replaces them so that they are seen, and [`scrub`] sweeps the finished frame, so no pane can forget.
//!
//! Widths are columns, counted grapheme by grapheme. Must not: know roles beyond the style it is given, or use regexes.
//! To treat another character as unsafe: [`is_unsafe`].

use std::borrow::Cow;

use ratatui::buffer::{Buffer, CellWidth};
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

/// Stands in for a character that must not reach the terminal.
pub const REPLACEMENT: char = '·';

/// A grapheme longer than this is a stack of combining marks meant to hurt; real ones stay below.
const MAX_SYMBOL_BYTES: usize = 32;

/// Whether a character must never reach the terminal: controls, bidi controls, format and other invisible characters.
pub fn is_unsafe(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    matches!(c,
        '\u{80}'..='\u{9f}'            // C1 controls; U+009B is an escape sequence in one character
        | '\u{ad}' | '\u{34f}' | '\u{61c}'
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers: letters that show nothing
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'      // zero width, and left-to-right and right-to-left marks
        | '\u{2028}'..='\u{202e}'      // line and paragraph separators, bidi embeddings and overrides
        | '\u{2060}'..='\u{206f}'      // word joiner, invisible operators, bidi isolates
        | '\u{fe00}'..='\u{fe0f}'      // variation selectors: terminals disagree on the width they make
        | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
        | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'    // tags and more variation selectors
    )
}

fn is_plain_ascii(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x20..0x7f))
}

/// The text with nothing in it that could act on the terminal or hide from the reader.
///
/// A line feed is shown as `␊`, a tab as a space; the carriage return of a line ending and ANSI colours, which logs are full of,
/// are dropped; emoji are taken apart where a joiner held them together. Everything else unsafe becomes [`REPLACEMENT`].
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_plain_ascii(text) || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    let mut previous = ' ';
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = after;
        match c {
            '\n' => safe.push('␊'),
            '\t' => safe.push(' '),
            '\r' if after.starts_with('\n') => {}
            '\u{1b}' => match after_colour(after) {
                Some(after) => rest = after,
                None => safe.push(REPLACEMENT),
            },
            // Ordinary inside emoji; between letters they hide something and are shown.
            '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' if !previous.is_ascii() && !previous.is_alphanumeric() => {}
            c if is_unsafe(c) => safe.push(REPLACEMENT),
            c => safe.push(c),
        }
        previous = c;
    }
    Cow::Owned(safe)
}

/// What follows the rest of an SGR sequence (`[1;31m`), if `text` starts with one.
fn after_colour(text: &str) -> Option<&str> {
    let parameters = text.strip_prefix('[')?;
    let end = parameters.bytes().take(32).position(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':'))?;
    parameters.get(end..)?.strip_prefix('m')
}

/// Columns a grapheme takes, by the same rule ratatui draws by, which refuses controls: one that was not cleaned counts as the
/// [`REPLACEMENT`] it will become.
fn grapheme_width(grapheme: &str) -> usize {
    if let [0x20..0x7f] = grapheme.as_bytes() {
        return 1;
    }
    if grapheme.chars().any(char::is_control) { 1 } else { usize::from(grapheme.cell_width()) }
}

/// The graphemes of a text. Segmenting is slow and most text is ASCII: a printable ASCII byte before another ASCII byte, or at the
/// end, is a grapheme by itself, whatever surrounds it.
#[derive(Debug, Clone)]
struct Graphemes<'a>(&'a str);

impl<'a> Iterator for Graphemes<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let length = match self.0.as_bytes() {
            [] => return None,
            [0x20..0x7f] | [0x20..0x7f, 0..0x80, ..] => 1,
            _ => self.0.graphemes(true).next().map_or(self.0.len(), str::len),
        };
        let (grapheme, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(grapheme)
    }
}

/// Columns a text takes.
pub fn width(text: &str) -> usize {
    if is_plain_ascii(text) { text.len() } else { Graphemes(text).map(grapheme_width).sum() }
}

/// The text cut to `width` columns, with `…` where it was cut.
pub fn fit(text: &str, width: usize) -> Cow<'_, str> {
    fit_with(text, width, "…")
}

/// [`fit`] with another mark than `…`.
pub fn fit_with<'a>(text: &'a str, columns: usize, ellipsis: &str) -> Cow<'a, str> {
    let Some(room) = room_if_cut(text, columns, ellipsis) else {
        return Cow::Borrowed(text);
    };
    let mut cut = head(text, room).to_owned();
    if width(ellipsis) <= columns {
        cut.push_str(ellipsis);
    }
    Cow::Owned(cut)
}

/// The text cut in its middle to `width` columns: for ARNs and long names, whose ends tell them apart.
pub fn fit_middle(text: &str, width: usize) -> Cow<'_, str> {
    fit_middle_with(text, width, "…")
}

/// [`fit_middle`] with another mark than `…`.
pub fn fit_middle_with<'a>(text: &'a str, columns: usize, ellipsis: &str) -> Cow<'a, str> {
    let Some(room) = room_if_cut(text, columns, ellipsis) else {
        return Cow::Borrowed(text);
    };
    if width(ellipsis) > columns {
        return Cow::Borrowed("");
    }
    Cow::Owned(without_middle(text, (room.div_ceil(2), room), ellipsis))
}

/// [`fit_middle_with`], keeping more of the end: for names that begin alike and end in `DLQ.fifo`.
pub fn fit_name_with<'a>(text: &'a str, columns: usize, ellipsis: &str) -> Cow<'a, str> {
    match room_if_cut(text, columns, ellipsis) {
        None => Cow::Borrowed(text),
        Some(_) if width(ellipsis) > columns => Cow::Borrowed(""),
        Some(room) => Cow::Owned(without_middle(text, (room * 2 / 5, room), ellipsis)),
    }
}

fn without_middle(text: &str, (start, room): (usize, usize), ellipsis: &str) -> String {
    let start = head(text, start);
    let end = tail(text, room - width(start).min(room));
    [start, ellipsis, end].concat()
}

/// Columns left for text beside the ellipsis, or nothing if the text fits uncut.
fn room_if_cut(text: &str, columns: usize, ellipsis: &str) -> Option<usize> {
    (width(text) > columns).then(|| columns.saturating_sub(width(ellipsis)))
}

/// The text in lines of at most `columns`, broken at spaces where there are any. A wide character in a narrower line stands alone.
pub fn wrap(text: &str, columns: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    loop {
        let mut line = head(rest, columns);
        if line.len() == rest.len() {
            lines.push(rest);
            return lines;
        }
        let after = rest.get(line.len()..).unwrap_or_default();
        if line.is_empty() {
            line = Graphemes(rest).next().unwrap_or(rest);
        } else if !after.starts_with(' ') {
            line = line.rfind(' ').filter(|at| *at > 0).and_then(|at| line.get(..at)).unwrap_or(line);
        }
        rest = rest.get(line.len()..).unwrap_or_default();
        rest = rest.strip_prefix(' ').unwrap_or(rest);
        lines.push(line);
        if rest.is_empty() {
            return lines;
        }
    }
}

/// The longest beginning that takes at most `columns`.
pub fn head(text: &str, columns: usize) -> &str {
    let (mut used, mut end) = (0, 0);
    for grapheme in Graphemes(text) {
        used += grapheme_width(grapheme);
        if used > columns {
            break;
        }
        end += grapheme.len();
    }
    text.get(..end).unwrap_or(text)
}

/// The longest end that takes at most `columns`.
fn tail(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let start = text.grapheme_indices(true).rev().find(|(_, grapheme)| {
        used += grapheme_width(grapheme);
        used > columns
    });
    start.and_then(|(index, grapheme)| text.get(index + grapheme.len()..)).unwrap_or(text)
}

/// The text moved to the right edge of `width` columns. A text that is too long is left alone: fit it first.
pub fn pad_left(text: &str, columns: usize) -> Cow<'_, str> {
    match columns.saturating_sub(width(text)) {
        0 => Cow::Borrowed(text),
        missing => Cow::Owned([" ".repeat(missing).as_str(), text].concat()),
    }
}

/// The text filled with spaces to `width` columns. A text that is too long is left alone: fit it first.
pub fn pad_right(text: &str, columns: usize) -> Cow<'_, str> {
    match columns.saturating_sub(width(text)) {
        0 => Cow::Borrowed(text),
        missing => Cow::Owned([text, " ".repeat(missing).as_str()].concat()),
    }
}

/// Writes a text into the first line of `area`, cleaned, cut with `ellipsis`. Returns the columns used.
///
/// A printable ASCII text allocates nothing, and of a very long one only the beginning is looked at.
pub fn put(buf: &mut Buffer, area: Rect, text: &str, style: Style, ellipsis: &str) -> u16 {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return 0;
    }
    let columns = usize::from(area.width);
    // One byte more than fits: it decides whether the text is cut, and shows that no combining mark follows.
    let looked_at = text.as_bytes().get(..=columns).unwrap_or(text.as_bytes());
    if looked_at.iter().all(|byte| matches!(byte, 0x20..0x7f)) {
        let cut = looked_at.len() > columns;
        let kept = if cut { columns.saturating_sub(width(ellipsis)) } else { looked_at.len() };
        let used = put_ascii(buf, area, looked_at.get(..kept).unwrap_or_default(), style);
        let rest = Rect { x: area.x + used, width: area.width - used, ..area };
        return if cut { used + put_graphemes(buf, rest, ellipsis, style) } else { used };
    }
    let safe = clean(beginning(text, 256 + 16 * columns));
    put_graphemes(buf, area, &fit_with(&safe, columns, ellipsis), style)
}

/// [`put`] at the right edge of `area`.
pub fn put_right(buf: &mut Buffer, area: Rect, text: &str, style: Style, ellipsis: &str) -> u16 {
    let safe = clean(beginning(text, 256 + 16 * usize::from(area.width)));
    let used = width(&safe);
    let indent = usize::from(area.width).saturating_sub(used) as u16;
    let place = Rect { x: area.x.saturating_add(indent), width: area.width - indent, ..area };
    put(buf, place, &safe, style, ellipsis)
}

/// At most `bytes` of a text, ending where a character ends.
fn beginning(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

fn put_ascii(buf: &mut Buffer, area: Rect, bytes: &[u8], style: Style) -> u16 {
    let start = buf.index_of(area.x, area.y);
    let Some(cells) = buf.content.get_mut(start..start + bytes.len()) else { return 0 };
    for (cell, byte) in cells.iter_mut().zip(bytes) {
        cell.set_char(char::from(*byte)).set_style(style);
    }
    bytes.len() as u16
}

fn put_graphemes(buf: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    let mut used = 0_u16;
    for grapheme in Graphemes(text) {
        let mut symbol = grapheme;
        if grapheme.len() > MAX_SYMBOL_BYTES {
            symbol = "·";
        }
        let columns = symbol.cell_width();
        if columns == 0 {
            continue;
        }
        if used + columns > area.width {
            break;
        }
        for covered in 0..columns {
            if let Some(cell) = buf.cell_mut((area.x + used + covered, area.y)) {
                // The cells a wide grapheme covers are blank, or the terminal would print what was there before.
                cell.set_symbol(if covered == 0 { symbol } else { " " }).set_style(style);
            }
        }
        used += columns;
    }
    used
}

/// The last pass over a frame: no cell leaves with a character that could act on the terminal.
///
/// This is the guarantee behind everything above: it holds even for a pane that wrote into the buffer by itself.
pub fn scrub(buf: &mut Buffer) {
    for cell in &mut buf.content {
        let symbol = cell.symbol();
        match symbol.as_bytes() {
            [0x20..0x7f] => {}
            _ if symbol.len() <= MAX_SYMBOL_BYTES && !symbol.chars().any(is_unsafe) => {}
            _ => {
                cell.set_char(REPLACEMENT);
            }
        }
    }
}

/// The pass after [`scrub`] on a terminal that shows ASCII alone: our own signs by what looks like them, the rest as `?`.
pub fn to_ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        let stand_in = match cell.symbol() {
            symbol if symbol.is_ascii() => continue,
            "≈" => '~',
            "≥" => '>',
            "↑" => '^',
            "↓" => 'v',
            "×" => 'x',
            "·" | "─" => '-',
            "…" => '~',
            "␊" => ' ',
            _ => '?',
        };
        cell.set_char(stand_in);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::testing::{blank, lines};
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("plain", "plain")]
    #[case("naïve 日本 ≈∞", "naïve 日本 ≈∞")]
    #[case("a\nb\r\nc\td", "a␊b␊c d")]
    #[case("\u{1b}[1;31mred\u{1b}[0m", "red")]
    #[case("\u{1b}[2J\u{1b}]0;title\u{7}x", "·[2J·]0;title·x")]
    #[case("\u{9b}31m\r\u{7f}", "·31m··")]
    #[case("user\u{202e}gpj.exe\u{2066}", "user·gpj.exe·")]
    #[case("que\u{200b}ue", "que·ue")]
    #[case("a\u{200d}b", "a·b")]
    #[case("👩\u{200d}💻 ✉\u{fe0f}", "👩💻 ✉")]
    #[case("\u{1b}", "·")]
    #[case("\u{1b}[", "·[")]
    fn cleaning_shows_what_hid(#[case] from: &str, #[case] to: &str) {
        assert_eq!(clean(from), to);
    }

    #[test]
    fn clean_text_is_borrowed() {
        assert!(matches!(clean("orders-dlq"), Cow::Borrowed(_)));
        assert!(matches!(clean("≈ 日本"), Cow::Borrowed(_)));
    }

    #[rstest]
    #[case("orders", 6, "orders", "orders")]
    #[case("orders", 5, "orde…", "or…rs")]
    #[case("orders", 1, "…", "…")]
    #[case("orders", 0, "", "")]
    #[case("日本語", 5, "日本…", "日…語")]
    #[case("日本語", 4, "日…", "日…")]
    #[case("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…", "e\u{301}…")]
    fn fitting(#[case] text: &str, #[case] columns: usize, #[case] end: &str, #[case] middle: &str) {
        assert_eq!(fit(text, columns), end);
        assert_eq!(fit_middle(text, columns), middle);
    }

    #[test]
    fn an_arn_keeps_both_ends() {
        assert_eq!(fit_middle("arn:aws:sqs:eu-west-1:000000000000:orders-dlq", 24), "arn:aws:sqs:…:orders-dlq");
    }

    #[rstest]
    #[case("three dead letters", 10, &["three dead", "letters"])]
    #[case("three dead letters", 9, &["three", "dead", "letters"])]
    #[case("unbreakable", 5, &["unbre", "akabl", "e"])]
    #[case("日本語", 1, &["日", "本", "語"])]
    #[case("", 5, &[""])]
    fn wrapping(#[case] text: &str, #[case] columns: usize, #[case] want: &[&str]) {
        assert_eq!(wrap(text, columns), want);
    }

    #[test]
    fn padding_counts_columns() {
        assert_eq!(pad_left("日", 4), "  日");
        assert_eq!(pad_right("日", 4), "日  ");
        assert_eq!(pad_left("long", 2), "long");
    }

    #[test]
    fn putting_cuts_aligns_and_blanks_behind_wide_characters() {
        let mut buf = blank(8, 5);
        let line = |y| Rect::new(1, y, 6, 1);
        buf.set_string(0, 3, "xxxxxxxx", Style::new());
        assert_eq!(put(&mut buf, line(0), "ordersdlq", Style::new(), "…"), 6);
        assert_eq!(put_right(&mut buf, line(1), "412", Style::new(), "…"), 3);
        assert_eq!(put_right(&mut buf, line(2), "ordersdlq", Style::new(), "~"), 6);
        assert_eq!(put(&mut buf, line(3), "日本", Style::new(), "…"), 4);
        assert_eq!(put(&mut buf, line(4), "a\u{1b}[2Jb", Style::new(), "…"), 6);
        assert_eq!(lines(&buf), [" order…", "    412", " order~", "x日本xxx", " a·[2Jb"]);
        assert_eq!(buf[(2, 3)].symbol(), " ");
        assert_eq!(put(&mut buf, Rect::new(40, 40, 5, 1), "x", Style::new(), "…"), 0);
    }

    #[test]
    fn a_stack_of_combining_marks_becomes_one_dot() {
        let zalgo = format!("a{}", "\u{301}".repeat(500));
        let mut buf = blank(4, 2);
        put(&mut buf, Rect::new(0, 0, 4, 1), &zalgo, Style::new(), "…");
        buf[(0, 1)].set_symbol(&zalgo);
        scrub(&mut buf);
        assert_eq!(lines(&buf), ["·", "·"]);
    }

    #[test]
    fn scrubbing_leaves_honest_cells_alone() {
        let mut buf = blank(12, 1);
        buf.set_string(0, 0, "a≈日é▁│", Style::new());
        let before = buf.clone();
        scrub(&mut buf);
        assert_eq!(buf, before);
        for hostile in ["\u{1b}", "\u{1b}[31m", "\u{202e}", "a\u{2066}", "\u{200b}", "\n", "\u{9b}"] {
            buf[(0, 0)].set_symbol(hostile);
            scrub(&mut buf);
            assert_eq!(buf[(0, 0)].symbol(), "·", "{hostile:?}");
        }
    }

    /// Mostly what attackers and the world send, rather than mostly unassigned code points.
    fn any_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => "[ -~]{0,8}",
            1 => prop::sample::select(vec![
                "\u{1b}[31m", "\u{1b}]8;;http://x\u{1b}\\", "\u{1b}", "\u{202e}", "\u{2066}", "\u{200b}", "\u{200d}", "日本",
                "e\u{301}", "\u{301}", "👩\u{200d}💻", "🇩🇪", "\r\n", "\t", "\u{9b}", "\u{fe0f}", "ｶﾞ", "한", "\u{e0041}", "ﷺ",
            ]).prop_map(str::to_owned),
            1 => any::<String>(),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    #[test]
    fn ascii_keeps_the_meaning_of_our_signs() {
        let mut buf = blank(24, 1);
        put(&mut buf, Rect::new(0, 0, 24, 1), "≈3 · ≥0.2/s ↑ 日本 é", Style::new(), "");
        to_ascii(&mut buf);
        assert_eq!(lines(&buf), ["~3 - >0.2/s ^ ? ?  ?"]);
    }

    proptest! {
        #[test]
        fn clean_text_holds_nothing_unsafe_and_stays_clean(text in any_text()) {
            let safe = clean(&text).into_owned();
            prop_assert!(!safe.chars().any(|c| is_unsafe(c) || c.is_control()));
            prop_assert_eq!(clean(&safe), safe.as_str());
        }

        #[test]
        fn the_shortcut_through_ascii_segments_as_unicode_says(text in any_text()) {
            let whole: Vec<&str> = text.graphemes(true).collect();
            prop_assert_eq!(Graphemes(&text).collect::<Vec<_>>(), whole);
        }

        #[test]
        fn fitted_text_fits_and_uncut_text_is_untouched(text in any_text(), columns in 0_usize..40) {
            for fitted in [fit(&text, columns), fit_middle(&text, columns)] {
                prop_assert!(width(&fitted) <= columns, "{:?} is {} wide", fitted, width(&fitted));
            }
            if width(&text) <= columns {
                prop_assert_eq!(fit(&text, columns), text.as_str());
                prop_assert_eq!(fit_middle(&text, columns), text.as_str());
                prop_assert!(width(&pad_left(&text, columns)) <= columns.max(width(&text)) + 1);
            }
        }

        #[test]
        fn wrapping_loses_nothing_but_spaces(text in any_text(), columns in 0_usize..20) {
            let lines = wrap(&text, columns);
            let without = |text: &str| text.replace(' ', "");
            prop_assert_eq!(without(&lines.concat()), without(&text));
            let alone = |line: &str| Graphemes(line).nth(1).is_none();
            prop_assert!(lines.iter().all(|line| width(line) <= columns || alone(line)), "{lines:?}");
        }

        #[test]
        fn what_is_put_stays_inside_and_needs_no_scrubbing(text in any_text(), x in 0_u16..30, columns in 0_u16..30) {
            let mut buf = blank(24, 1);
            let used = put(&mut buf, Rect::new(x, 0, columns, 1), &text, Style::new(), "…");
            prop_assert!(used <= columns);
            for outside in (0..24).filter(|at| *at < x || *at >= x.saturating_add(columns)) {
                prop_assert_eq!(buf[(outside, 0)].symbol(), " ");
            }
            let before = buf.clone();
            scrub(&mut buf);
            prop_assert_eq!(buf, before);
        }

        #[test]
        fn nothing_unsafe_leaves_a_frame(text in any_text()) {
            let mut buf = blank(16, 1);
            for (x, c) in text.chars().take(16).enumerate() {
                buf[(x as u16, 0)].set_symbol(&format!("a{c}"));
            }
            scrub(&mut buf);
            for cell in &buf.content {
                prop_assert!(!cell.symbol().chars().any(|c| is_unsafe(c) || c.is_control()));
            }
        }
    }
}
