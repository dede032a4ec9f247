//! Reading a buffer back in tests: its text line by line, and the style at a place.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// An empty buffer.
pub(crate) fn blank(width: u16, height: u16) -> Buffer {
    Buffer::empty(Rect::new(0, 0, width, height))
}

/// What a person would read, without the spaces at the end of lines.
pub(crate) fn lines(buf: &Buffer) -> Vec<String> {
    use unicode_width::UnicodeWidthStr;
    let area = buf.area;
    let row = |y| {
        let (mut text, mut x) = (String::new(), area.left());
        while x < area.right() {
            let symbol = buf[(x, y)].symbol();
            text.push_str(symbol);
            x += symbol.width().max(1) as u16;
        }
        text.trim_end().to_owned()
    };
    (area.top()..area.bottom()).map(row).collect()
}

/// The style of the cell at a place.
pub(crate) fn style_at(buf: &Buffer, x: u16, y: u16) -> Style {
    buf[(x, y)].style()
}
