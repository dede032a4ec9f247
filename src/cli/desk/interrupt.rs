//! ctrl-c and SIGTERM: once is a wish to end well, twice to leave at once. What is half done then is in the journal.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::complain;

/// What the user wishes.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Finish what is in hand, give back what is held, and end.
    pub stop: CancellationToken,
    /// End now.
    pub leave: CancellationToken,
}

/// Listens from now on.
pub fn listen() -> Wishes {
    let wishes = Wishes::default();
    let heard = wishes.clone();
    tokio::spawn(async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            // Then the system's own way of ending holds: as good as a crash, and the journal is made for that.
            return;
        };
        for wish in [&heard.stop, &heard.leave] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if !heard.stop.is_cancelled() {
                complain("ending: what is in hand is finished and given back; once more leaves at once");
            }
            wish.cancel();
        }
    });
    wishes
}
