//! Where one message goes and as what, or why it cannot go. Pure.

use std::collections::HashMap;

use crate::redrive::{
    journal::{Destination, Origin},
    message::{MOST_BYTES, Message, Outgoing},
    queue::Queue,
    wire::{Refusal, Why},
};

/// The most characters of a deduplication id.
const MOST_DEDUPLICATION: usize = 128;

/// A message on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Routed {
    /// Index among the destination's queues; none where nothing is sent.
    pub to: Option<usize>,
    pub outgoing: Outgoing,
}

/// Decides for all messages of a run.
#[derive(Debug, Clone)]
pub struct Router {
    pub from: Origin,
    pub to: Destination,
    /// What makes this run's deduplication ids its own.
    pub run: String,
    /// Where messages came from that do not say so, because an undo has brought them back: by their ids.
    pub brought_back: HashMap<String, String>,
}

impl Router {
    /// What to send for it, and where to.
    ///
    /// # Errors
    /// When it cannot be taken there, or nobody knows where.
    pub fn route(&self, message: &Message, edited: Option<&Outgoing>) -> Result<Routed, Refusal> {
        let mut outgoing = edited.cloned().unwrap_or_else(|| Outgoing::again(message));
        let to = match &self.to {
            Destination::File(_) | Destination::Journal => return Ok(Routed { to: None, outgoing }),
            Destination::Queue(_) => 0,
            Destination::Sources(queues) => self.source_of(message, queues)?,
        };
        let Some(queue) = self.to.queues().get(to) else { return Err(nowhere(message)) };
        self.fit(&mut outgoing, message, queue)?;
        Ok(Routed { to: Some(to), outgoing })
    }

    fn fit(&self, outgoing: &mut Outgoing, message: &Message, queue: &Queue) -> Result<(), Refusal> {
        let (bytes, most) = (outgoing.bytes(), queue.maximum_message_bytes.min(MOST_BYTES));
        if bytes > most {
            let text = format!("it has {bytes} bytes and {} takes {most} at most", queue.name());
            return Err(Refusal::new(Why::Unacceptable, false, text));
        }
        if outgoing.body.is_empty() {
            return Err(Refusal::new(Why::Unacceptable, false, "its body is empty; SQS takes no empty ones"));
        }
        if queue.is_fifo() {
            if outgoing.group.is_none() {
                let text = format!("{} is a FIFO queue and this message has no MessageGroupId", queue.name());
                return Err(Refusal::new(Why::Unacceptable, false, text));
            }
            // Its own id, or that of its body, may have been used minutes ago: SQS would drop it without a word. The same run asks with
            // the same id, so that a second try within five minutes makes no second message.
            outgoing.deduplication = Some(self.deduplication(&message.id));
        } else {
            outgoing.deduplication = None;
            // On a standard queue a group is for fairness; that of a FIFO queue was for order, which there is none here.
            if self.from.queue().is_some_and(Queue::is_fifo) {
                outgoing.group = None;
            }
        }
        Ok(())
    }

    fn source_of(&self, message: &Message, queues: &[Queue]) -> Result<usize, Refusal> {
        let source = message.source().or_else(|| self.brought_back.get(&message.id).map(String::as_str));
        match (source, queues) {
            (Some(arn), _) => queues.iter().position(|queue| queue.arn.as_str() == arn).ok_or_else(|| nowhere(message)),
            // Some endpoints do not say, and what was sent here by hand has no source.
            (None, [_]) => Ok(0),
            (None, _) => Err(nowhere(message)),
        }
    }

    fn deduplication(&self, id: &str) -> String {
        let text = format!("edatop-{:08x}-{id}", crc32fast::hash(self.run.as_bytes()));
        text.chars().filter(|c| c.is_ascii_graphic()).take(MOST_DEDUPLICATION).collect()
    }
}

fn nowhere(message: &Message) -> Refusal {
    let text = match message.source() {
        Some(arn) => {
            format!("it came from {arn}, which is not there or sends its dead letters elsewhere now; choose a queue")
        }
        None => "it does not say which queue it came from; choose one".to_owned(),
    };
    Refusal::new(Why::Unacceptable, false, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn queue(name: &str) -> Queue {
        let arn = format!("arn:aws:sqs:us-east-1:000000000000:{name}");
        let attributes: BTreeMap<_, _> = [("QueueArn".to_owned(), arn)].into();
        Queue { maximum_message_bytes: 100, ..Queue::from_attributes("http://h", &attributes).unwrap() }
    }

    fn router(from: &str, to: &[&str]) -> Router {
        Router {
            from: Origin::Queue(Box::new(queue(from))),
            to: Destination::Sources(to.iter().map(|name| queue(name)).collect()),
            run: "run".to_owned(),
            brought_back: HashMap::new(),
        }
    }

    fn message(system: &[(&str, &str)]) -> Message {
        let system = system.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Message { id: "1".into(), body: "b".into(), system, ..Message::default() }
    }

    #[test]
    fn what_an_undo_brought_back_goes_to_where_it_came_from() {
        let mut router = router("d", &["b", "a"]);
        router.brought_back.insert("1".to_owned(), A.1.to_owned());
        assert_eq!(router.route(&message(&[]), None).unwrap().to, Some(1));
    }

    const A: (&str, &str) = ("DeadLetterQueueSourceArn", "arn:aws:sqs:us-east-1:000000000000:a");
    const GROUP: (&str, &str) = ("MessageGroupId", "g");

    #[test]
    fn goes_to_where_it_came_from_or_to_the_only_one() {
        assert_eq!(router("d", &["b", "a"]).route(&message(&[A]), None).unwrap().to, Some(1));
        assert_eq!(router("d", &["b"]).route(&message(&[]), None).unwrap().to, Some(0));
        assert!(router("d", &["b"]).route(&message(&[A]), None).unwrap_err().text.contains(A.1));
        for router in [router("d", &["b", "c"]), router("d", &[])] {
            assert_eq!(router.route(&message(&[]), None).unwrap_err().why, Why::Unacceptable);
        }
    }

    #[test]
    fn a_fifo_queue_wants_a_group_and_gets_the_same_deduplication_id_in_the_same_run_alone() {
        let id = |run: &str| {
            let router = Router { run: run.to_owned(), ..router("d.fifo", &["a.fifo"]) };
            router.route(&message(&[GROUP]), None).unwrap().outgoing.deduplication.unwrap()
        };
        assert_eq!(id("one"), id("one"));
        assert_ne!(id("one"), id("two"));
        assert!(router("d", &["a.fifo"]).route(&message(&[]), None).is_err());
    }

    #[test]
    fn a_group_stays_unless_it_was_for_order_and_there_is_none() {
        let group = |from: &str, to: &str| router(from, &[to]).route(&message(&[GROUP]), None).unwrap().outgoing.group;
        assert_eq!((group("d", "a"), group("d.fifo", "a")), (Some("g".to_owned()), None));
    }

    #[test]
    fn what_is_too_large_or_empty_is_refused_before_anything_is_sent() {
        let router = router("d", &["a"]);
        for body in [String::new(), "x".repeat(101)] {
            let edited = Outgoing { body, ..Outgoing::default() };
            assert!(router.route(&message(&[]), Some(&edited)).is_err());
        }
    }
}
