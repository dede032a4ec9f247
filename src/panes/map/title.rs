//! What stands first in a box: sign, name, and the mark of its log group.

use super::{
    scene::Thing,
    words::{Words, name},
};
use crate::{domain::Kind, panes::View, store::flows::End, theme::Role, widgets::text};

/// The first line of a box.
pub(super) fn of(thing: &Thing, view: &View<'_>, columns: usize) -> Words {
    let mut words = vec![(Role::Dim, format!("{} ", view.glyph(thing.kind)))];
    let gone = thing.members.len() == 1 && view.store.end(&thing.id) == End::Missing;
    let sign = if thing.logs.is_empty() { String::new() } else { format!(" {}", view.glyph(Kind::LogGroup)) };
    let used = crate::widgets::graph::width(&words) + text::width(&sign);
    let name = name(thing, view);
    let name = text::fit_name_with(&name, columns.saturating_sub(used), view.theme.glyphs.ellipsis).into_owned();
    words.push((if gone { Role::Stale } else { Role::Text }, name));
    if !sign.is_empty() {
        words.push((Role::Dim, sign));
    }
    words
}

/// A name that one line does not hold, broken where a word of it begins; what is too long for two is cut in its middle.
pub(super) fn in_two(thing: &Thing, view: &View<'_>, columns: usize) -> [Words; 2] {
    let mut first = of(thing, view, columns);
    let name = name(thing, view);
    let sign = if thing.logs.is_empty() { 0 } else { 2 };
    let room = columns.saturating_sub(2);
    let (start, rest) = name.split_at(break_of(&name, room.saturating_sub(sign)));
    let rest = text::fit_name_with(rest, room, view.theme.glyphs.ellipsis).into_owned();
    let role = first.get(1).map_or(Role::Text, |(role, _)| *role);
    if let Some(word) = first.get_mut(1) {
        start.clone_into(&mut word.1);
    }
    [first, vec![(role, format!("  {rest}"))]]
}

/// Where to break a name into two lines, the first of at most so many columns: as late as a word begins there, so long as the first
/// line keeps a third of its room.
fn break_of(name: &str, columns: usize) -> usize {
    let (mut fits, mut word, mut before) = (0, None, ' ');
    for (at, c) in name.char_indices() {
        let used = text::width(name.get(..at).unwrap_or_default());
        if used > columns {
            break;
        }
        fits = at;
        let begins = matches!(before, '-' | '_' | '.' | '/') || (before.is_lowercase() && c.is_uppercase());
        if begins && used * 3 >= columns {
            word = Some(at);
        }
        before = c;
    }
    word.unwrap_or(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("AnalyticsJobEvents.fifo", 14, "AnalyticsJob", "Events.fifo")]
    #[case("fh_data_transformer", 10, "fh_data_", "transformer")]
    #[case("abcdefghijkl", 5, "abcde", "fghijkl")]
    #[case("", 5, "", "")]
    fn names_break_where_words_begin(
        #[case] name: &str,
        #[case] columns: usize,
        #[case] start: &str,
        #[case] rest: &str,
    ) {
        assert_eq!(name.split_at(break_of(name, columns)), (start, rest));
    }

    proptest! {
        #[test]
        fn the_first_line_never_is_too_long(name in "\\PC*", columns in 0_usize..20) {
            let at = break_of(&name, columns);
            prop_assert!(text::width(&name[..at]) <= columns);
        }
    }
}
