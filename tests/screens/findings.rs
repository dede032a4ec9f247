//! What is wrong with the configuration, on its pane.

use edatop::app::Effect;

use crate::screen::Screen;

#[test]
fn what_is_copied_is_the_command_of_the_chosen_one() {
    let mut screen = Screen::example(120, 40);
    screen.press("!");
    screen.draw();
    let effects = screen.press("j y");
    let copied = effects.iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.clone()),
        _ => None,
    });
    let copied = copied.expect("something is copied");
    assert!(copied.starts_with("aws ") || copied.starts_with("https://docs.aws.amazon.com/"), "{copied}");
}
