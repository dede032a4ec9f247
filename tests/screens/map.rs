//! The map: one flow as boxes and lines, or as a tree where there are no columns for it.

use crate::{
    picture,
    screen::Screen,
    svg::DARK,
};

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (160, 45), (200, 60)];

#[test]
fn the_map_at_every_size() {
    for (width, height) in SIZES {
        let mut screen = Screen::example(width, height);
        screen.press("m");
        insta::assert_snapshot!(format!("map_{width}x{height}"), screen.text());
    }
    let mut screen = Screen::example(160, 45);
    screen.press("m");
    picture("map", &mut screen, DARK);
}
