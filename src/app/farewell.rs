//! Leaving while messages are still being given back: it is said how many, and a second key leaves at once. Nothing is lost either way:
//! what is not given back comes back by itself.

use std::time::Duration;

use crossterm::event::{Event as Input, KeyCode};
use tokio::time::interval;

use super::{
    App, Effect, Event, clock,
    desk::Desks,
    run::{Sources, draw, from_terminal, next_input},
};
use crate::{domain::units::Count, redrive::peek::lease::Owed, terminal::Screen};

/// Between two looks at how many are left.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Waits until all is given back, for as long as the user wants to. A signal or a screen that is gone ends it.
pub(super) async fn wait(app: &mut App, screen: &mut Screen, sources: &mut Sources, desks: &mut Desks) {
    desks.leave();
    let mut tick = interval(LOOK_EVERY);
    // The first is at once, and most leave at once.
    tick.tick().await;
    loop {
        tokio::select! {
            () = desks.all_closed() => return,
            _ = tick.tick() => {
                if let Some(text) = giving_back(desks.owed()) {
                    app.update(Event::Failed(text), clock::now());
                }
                if draw(app, screen).is_err() {
                    return;
                }
            }
            input = next_input(&mut sources.input) => {
                let is_q = matches!(&input, Some(Ok(Input::Key(key))) if key.code == KeyCode::Char('q'));
                if is_q || app.update(from_terminal(input), clock::now()).contains(&Effect::Quit) {
                    return;
                }
            }
            // What the desk says last; it must not wait for us.
            Some(event) = sources.happened.recv() => {
                app.update(event, clock::now());
            }
            _ = sources.signals.next() => return,
        }
    }
}

/// What is said while it lasts.
fn giving_back(owed: Owed) -> Option<String> {
    let back_in = owed.back_in.filter(|_| owed.messages > 0)?;
    let (messages, minutes) = (Count(owed.messages as f64), back_in.as_secs().div_ceil(60).max(1));
    Some(format!(
        "giving back {messages} messages … q again leaves at once (they come back by themselves in at most {minutes} min)"
    ))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, Some(60), None)]
    #[case(3, None, None)]
    #[case(
        37_000,
        Some(741),
        Some("giving back 37.0k messages … q again leaves at once (they come back by themselves in at most 13 min)")
    )]
    #[case(
        1,
        Some(0),
        Some("giving back 1 messages … q again leaves at once (they come back by themselves in at most 1 min)")
    )]
    fn says_how_many_and_for_how_long(#[case] messages: u64, #[case] seconds: Option<u64>, #[case] said: Option<&str>) {
        let owed = Owed { messages, back_in: seconds.map(Duration::from_secs) };
        assert_eq!(giving_back(owed).as_deref(), said);
    }
}
