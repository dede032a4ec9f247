//! Receives that do not give up at the first throttling or silence.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::redrive::{
    message::Message,
    queue::Queue,
    wire::{Ask, Refusal, Why, Wire},
};

/// Tries beside those of the connection itself, and the first pause between them.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);

/// Receives, patiently.
///
/// # Errors
/// The queue's last word.
pub async fn receive(wire: &Arc<dyn Wire>, from: &Queue, ask: Ask) -> Result<Vec<Message>, Refusal> {
    let mut pause = PAUSE;
    for _ in 1..TRIES {
        match wire.receive(from, ask).await {
            Err(refusal) if refusal.is_passing() => sleep(pause).await,
            answer => return answer.map_err(|refusal| in_words(from, refusal)),
        }
        pause *= 2;
    }
    wire.receive(from, ask).await.map_err(|refusal| in_words(from, refusal))
}

fn in_words(queue: &Queue, refusal: Refusal) -> Refusal {
    let name = queue.name();
    let text = match refusal.why {
        Why::OverLimit => format!(
            "{name} has as many messages in flight as SQS allows (about 120,000) and gives out no more; give some back first"
        ),
        Why::Gone => format!("{name} is not there any more: {}", refusal.text),
        _ => return refusal,
    };
    Refusal { text, ..refusal }
}
