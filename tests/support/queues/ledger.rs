//! Counts every message by the token in its body, apart from the queues: what is nowhere any more is lost.

use std::{collections::BTreeMap, fmt::Write as _};

use edatop::redrive::{message::Message, queue::Queue};
use tokio::time::Instant;

/// What a token begins with; six digits follow.
pub const TOKEN: &str = "token-";
const DIGITS: usize = 6;

/// Says whether a token is safe outside the queues.
type Safe = Box<dyn Fn(&str) -> bool + Send>;

/// A message that came to a queue by a send.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub token: String,
    pub queue: String,
    pub group: String,
    pub at: Instant,
    /// Whether the program under test sent it.
    pub id: String,
}

#[derive(Default)]
pub struct Ledger {
    /// Copies in queues.
    held: BTreeMap<String, u32>,
    consumed: BTreeMap<String, u32>,
    arrivals: Vec<Arrival>,
    dead: Vec<String>,
    with_queue: Vec<String>,
    lost: Vec<String>,
    safe: Option<Safe>,
}

/// Where the tokens are at one instant: in queues, with how many copies, or consumed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    pub queues: BTreeMap<String, BTreeMap<String, u32>>,
    pub consumed: BTreeMap<String, u32>,
}

impl Ledger {
    /// What counts as safe outside the queues: a journal that holds the token, say. Asked whenever a last copy goes.
    pub fn safe_if(&mut self, safe: impl Fn(&str) -> bool + Send + 'static) {
        self.safe = Some(Box::new(safe));
    }

    /// Messages whose last copy went and that were not safe elsewhere at that instant.
    pub fn lost(&self) -> &[String] {
        &self.lost
    }

    /// Sends that put something on a queue, in their order.
    pub fn arrivals(&self, queue: &Queue) -> Vec<Arrival> {
        self.arrivals.iter().filter(|arrival| arrival.queue == queue.name()).cloned().collect()
    }

    /// Tokens that were sent more than once, with how often.
    pub fn sent_again(&self) -> BTreeMap<String, u32> {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for arrival in &self.arrivals {
            *counts.entry(arrival.token.clone()).or_default() += 1;
        }
        counts.retain(|_, count| *count > 1);
        counts
    }

    /// Dead-lettered in the course of the simulation, in that order.
    pub fn dead_lettered(&self) -> &[String] {
        &self.dead
    }

    pub(super) fn came(&mut self, message: &Message) {
        *self.held.entry(token_of(message)).or_default() += 1;
    }

    pub(super) fn sent(&mut self, message: &Message, queue: &Queue, at: Instant) {
        self.came(message);
        self.arrivals.push(Arrival {
            token: token_of(message),
            queue: queue.name().to_owned(),
            group: message.group().unwrap_or_default().to_owned(),
            at,
            id: message.id.clone(),
        });
    }

    pub(super) fn died(&mut self, message: &Message) {
        self.dead.push(token_of(message));
    }

    pub(super) fn was_consumed(&mut self, message: &Message) {
        *self.consumed.entry(token_of(message)).or_default() += 1;
        self.went(message);
    }

    pub(super) fn was_deleted(&mut self, message: &Message) {
        let token = token_of(message);
        self.went(message);
        // What went with a queue is not lost by this.
        let is_known = self.held.contains_key(&token) || self.consumed.contains_key(&token);
        let is_somewhere = is_known || self.with_queue.contains(&token);
        if !is_somewhere && !self.safe.as_ref().is_some_and(|safe| safe(&token)) {
            self.lost.push(token);
        }
    }

    pub(super) fn went_with_its_queue(&mut self, message: &Message) {
        self.with_queue.push(token_of(message));
        self.went(message);
    }

    /// Tokens that went with a queue that was deleted.
    pub fn gone_with_queues(&self) -> &[String] {
        &self.with_queue
    }

    fn went(&mut self, message: &Message) {
        let token = token_of(message);
        if let Some(count) = self.held.get_mut(&token) {
            *count -= 1;
            if *count == 0 {
                self.held.remove(&token);
            }
        }
    }

    pub(super) fn census<'a, M: Iterator<Item = &'a Message>>(
        &self,
        shelves: impl Iterator<Item = (&'a str, M)>,
    ) -> Census {
        let mut census = Census { consumed: self.consumed.clone(), ..Census::default() };
        for (name, messages) in shelves {
            let tokens = census.queues.entry(name.to_owned()).or_default();
            for message in messages {
                *tokens.entry(token_of(message)).or_default() += 1;
            }
        }
        census
    }
}

impl Census {
    /// Copies of a token, everywhere.
    pub fn copies(&self, token: &str) -> u32 {
        let in_queues = self.queues.values().filter_map(|tokens| tokens.get(token)).sum::<u32>();
        in_queues + self.consumed.get(token).copied().unwrap_or(0)
    }

    /// Tokens on a queue, each once.
    pub fn on(&self, queue: &Queue) -> Vec<&str> {
        self.queues.get(queue.name()).into_iter().flatten().map(|(token, _)| token.as_str()).collect()
    }

    /// Those of the tokens that are nowhere.
    pub fn missing<'a>(&self, tokens: &'a [String]) -> Vec<&'a str> {
        tokens.iter().map(String::as_str).filter(|token| self.copies(token) == 0).collect()
    }

    /// Copies beyond the first, of all tokens.
    pub fn surplus(&self, tokens: &[String]) -> u32 {
        tokens.iter().map(|token| self.copies(token).saturating_sub(1)).sum()
    }

    /// In a few lines, for a failure's message.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        for (queue, tokens) in &self.queues {
            let _ = writeln!(text, "{queue}: {} messages, {} tokens", tokens.values().sum::<u32>(), tokens.len());
        }
        let _ = writeln!(text, "consumed: {} tokens", self.consumed.len());
        text
    }
}

/// The token in a message's body; a body without one stands for itself.
pub fn token_of(message: &Message) -> String {
    tokens_in(&message.body).next().unwrap_or(&message.body).to_owned()
}

/// All tokens in a text, a journal's for example.
pub fn tokens_in(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(TOKEN).filter_map(|(at, _)| {
        let token = text.get(at..at + TOKEN.len() + DIGITS)?;
        token[TOKEN.len()..].bytes().all(|byte| byte.is_ascii_digit()).then_some(token)
    })
}
