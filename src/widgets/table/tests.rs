//! The table drawn: text, styles, which rows are asked for.

use super::*;
use crate::theme::ASCII;
use crate::widgets::sparkline::Scale;
use crate::widgets::testing::{blank, lines, style_at};

const COLUMNS: &[Column<'static>] = &[
    Column::fixed("", 1).gap(1).priority(255),
    Column::flex("NAME", 8, 1).priority(255),
    Column::fixed("VISIBLE", 8).right().priority(90),
    Column::fixed("LAST", 4).priority(10),
];

const SORTED: Option<Sort> = Some(Sort { column: 2, descending: true });

fn table(rows: usize, theme: &Theme) -> Table<'_> {
    Table { columns: COLUMNS, rows, sort: SORTED, empty: "no queues here", theme }
}

fn queue(index: usize, row: &mut RowWriter<'_>) {
    let role = if index == 1 { Role::Crit } else { Role::Dim };
    let mark = if index == 1 { row.theme().glyphs.crit } else { row.theme().glyphs.quiet };
    row.text(role, mark)
        .name(Role::Text, &format!("queue-{index}-of-many"))
        .value(Role::Estimate, format_args!("{}", index * 100))
        .spark(Role::Spark, Scale::Own, [0.0, 1.0, 2.0, 7.0].into_iter().map(Some));
}

#[test]
fn it_shows_header_rows_selection_and_scrollbar() {
    let (theme, mut buf) = (Theme::default(), blank(34, 4));
    let mut scroll = ScrollState { offset: 0, selected: 1 };
    let layout = table(50, &theme).render(buf.area, &mut buf, &mut scroll, queue);
    assert_eq!(
        lines(&buf),
        [
            "  NAME            VISIBLE↓  LAST",
            "· queue-0…f-many         0  ▁▂▃█ ┃",
            "✖ queue-1…f-many       100  ▁▂▃█ │",
            "· queue-2…f-many       200  ▁▂▃█ │",
        ]
    );
    assert_eq!(layout.row_at(0, 2), Some(1));
}

#[test]
fn the_chosen_row_is_highlighted_whole_and_health_stays_readable() {
    let (theme, mut buf) = (Theme::default(), blank(30, 4));
    let mut scroll = ScrollState { offset: 0, selected: 1 };
    table(3, &theme).render(buf.area, &mut buf, &mut scroll, queue);
    let selection = theme.style(Role::Selection).bg;
    for x in 0..30 {
        assert_eq!(style_at(&buf, x, 2).bg, selection, "column {x}");
        assert_ne!(style_at(&buf, x, 1).bg, selection, "column {x}");
    }
    assert_eq!(style_at(&buf, 0, 2).fg, theme.style(Role::Crit).fg);
    assert_eq!(style_at(&buf, 2, 0).fg, theme.style(Role::Header).fg);
}

#[test]
fn only_visible_rows_are_asked_for() {
    let (theme, mut buf) = (Theme::default(), blank(30, 11));
    let mut asked = Vec::new();
    let mut scroll = ScrollState { offset: 0, selected: 700_000 };
    table(1_000_000, &theme).render(buf.area, &mut buf, &mut scroll, |index, _| asked.push(index));
    assert_eq!(asked, (699_991..=700_000).collect::<Vec<_>>());
}

#[test]
fn an_empty_table_says_so() {
    let (theme, mut buf) = (Theme::default(), blank(20, 3));
    table(0, &theme).render(buf.area, &mut buf, &mut ScrollState::default(), |_, _| panic!("there are no rows"));
    assert_eq!(lines(&buf)[1], "no queues here");
    assert_eq!(style_at(&buf, 0, 1).fg, theme.style(Role::Dim).fg);
}

#[test]
fn a_hidden_column_takes_its_cell_with_it() {
    let columns = [Column::fixed("A", 3).priority(1), Column::fixed("B", 3).priority(2)];
    let theme = Theme::default();
    let narrow = Table { columns: &columns, rows: 1, sort: None, empty: "", theme: &theme };
    let mut buf = blank(4, 2);
    narrow.render(buf.area, &mut buf, &mut ScrollState::default(), |_, row| {
        row.cell(&Cell::new(Role::Text, "one"))
            .cell(&Cell::Spans(&[(Role::Warn, "t".into()), (Role::Text, "wo".into())]));
    });
    assert_eq!(lines(&buf), ["B", "two"]);
    assert_eq!(style_at(&buf, 0, 1).fg, theme.style(Role::Warn).fg);
}

#[test]
fn hostile_names_are_shown_harmless() {
    let (theme, mut buf) = (Theme::default(), blank(24, 2));
    table(1, &theme).render(buf.area, &mut buf, &mut ScrollState::default(), |_, row| {
        row.text(Role::Text, "\u{1b}").text(Role::Text, "a\u{202e}b\u{1b}[2J").value(Role::Text, format_args!("\n1"));
    });
    let before = buf.clone();
    text::scrub(&mut buf);
    assert_eq!(buf, before, "nothing was left to scrub");
    assert!(lines(&buf)[1].starts_with("· a·b·[2J"), "{:?}", lines(&buf));
}

#[test]
fn ascii_is_ascii() {
    let theme = Theme::default().with_glyphs(&ASCII);
    let mut buf = blank(22, 3);
    table(50, &theme).render(buf.area, &mut buf, &mut ScrollState::default(), queue);
    assert!(lines(&buf).concat().is_ascii(), "{:?}", lines(&buf));
}

#[test]
fn no_size_is_too_small_to_survive() {
    let theme = Theme::default();
    for width in 0..12 {
        for height in 0..4 {
            let mut buf = blank(width, height);
            table(9, &theme).render(Rect::new(0, 0, 40, 40), &mut buf, &mut ScrollState::default(), queue);
        }
    }
}
