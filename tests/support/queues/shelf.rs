//! One queue and its messages: who may have which, and when they come back.

use std::collections::{BTreeMap, BTreeSet};

use edatop::redrive::{
    message::{MOST_ATTRIBUTES, MOST_BYTES, Message, Outgoing, system},
    queue::{Queue, Standing},
    wire::{Accepted, Ask, Refusal, Why},
};
use fastrand::Rng;
use tokio::time::{Duration, Instant};

use super::DEDUPLICATION_WINDOW;

/// No lease lasts longer than this from its receive on.
const LONGEST_LEASE: Duration = Duration::from_hours(12);
/// Of so many that are ready a standard queue takes its ten: the order is not to be relied on.
const SAMPLE: usize = 40;

pub(super) struct Shelf {
    pub(super) queue: Queue,
    letters: BTreeMap<u64, Letter>,
    ready: BTreeSet<u64>,
    flight: BTreeSet<(Instant, u64)>,
    /// FIFO groups with so many in flight.
    locked: BTreeMap<String, usize>,
    /// Deduplication ids with when they came and what was said.
    window: BTreeMap<String, (Instant, Accepted)>,
    arrivals: u64,
}

struct Letter {
    message: Message,
    receives: u64,
    received_at: Instant,
    /// While it is in flight: when that ends.
    until: Option<Instant>,
}

/// What a receive took off the shelf.
pub(super) enum Taken {
    Ours(Message),
    /// Received once too often.
    Dead(Message),
}

impl Shelf {
    pub(super) fn new(queue: Queue) -> Self {
        Self {
            queue,
            letters: BTreeMap::new(),
            ready: BTreeSet::new(),
            flight: BTreeSet::new(),
            locked: BTreeMap::new(),
            window: BTreeMap::new(),
            arrivals: 0,
        }
    }

    pub(super) fn add(&mut self, message: Message) {
        self.arrivals += 1;
        let letter = Letter { message, receives: 0, received_at: Instant::now(), until: None };
        self.letters.insert(self.arrivals, letter);
        self.ready.insert(self.arrivals);
    }

    pub(super) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.letters.values().map(|letter| &letter.message)
    }

    pub(super) fn into_messages(self) -> impl Iterator<Item = Message> {
        self.letters.into_values().map(|letter| letter.message)
    }

    pub(super) fn standing(&mut self, now: Instant) -> Standing {
        self.settle(now);
        Standing { visible: self.ready.len() as u64, in_flight: self.flight.len() as u64, delayed: 0 }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.flight.len()
    }

    /// When the next lease ends.
    pub(super) fn next_return(&self) -> Option<Instant> {
        self.flight.first().map(|(until, _)| *until)
    }

    /// Leases that are over end.
    fn settle(&mut self, now: Instant) {
        while let Some(&(until, number)) = self.flight.first()
            && until <= now
        {
            self.land(number);
        }
    }

    fn land(&mut self, number: u64) {
        let Some(letter) = self.letters.get_mut(&number) else { return };
        let Some(until) = letter.until.take() else { return };
        let group = letter.message.group().map(str::to_owned);
        self.flight.remove(&(until, number));
        self.ready.insert(number);
        self.unlock(group);
    }

    fn unlock(&mut self, group: Option<String>) {
        let Some(group) = group.filter(|_| self.queue.is_fifo()) else { return };
        if let Some(count) = self.locked.get_mut(&group) {
            *count -= 1;
            if *count == 0 {
                self.locked.remove(&group);
            }
        }
    }

    /// Whether a receive could have something.
    pub(super) fn has_ready(&mut self, now: Instant) -> bool {
        self.settle(now);
        self.ready.iter().any(|number| !self.is_locked(*number))
    }

    fn is_locked(&self, number: u64) -> bool {
        let group = self.letters.get(&number).and_then(|letter| letter.message.group());
        self.queue.is_fifo() && group.is_some_and(|group| self.locked.contains_key(group))
    }

    pub(super) fn receive(&mut self, ask: Ask, (now, wall): (Instant, &str), rng: &mut Rng) -> Vec<Taken> {
        self.settle(now);
        let picked = if self.queue.is_fifo() { self.pick_groups(ask.most, rng) } else { self.sample(ask.most, rng) };
        picked.into_iter().filter_map(|number| self.take(number, ask.lease, (now, wall))).collect()
    }

    fn sample(&self, most: usize, rng: &mut Rng) -> Vec<u64> {
        let mut numbers: Vec<u64> = self.ready.iter().copied().take(SAMPLE).collect();
        rng.shuffle(&mut numbers);
        // Sometimes fewer than asked for, though there are more.
        let most = if rng.u8(..) < 40 { rng.usize(1..=most.max(1)) } else { most };
        numbers.truncate(most);
        numbers
    }

    /// From groups that are not locked, each from its first on. Mostly of one group, as many as there are.
    fn pick_groups(&self, most: usize, rng: &mut Rng) -> Vec<u64> {
        let mut groups: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for number in self.ready.iter().filter(|number| !self.is_locked(**number)) {
            let group = self.letters.get(number).and_then(|letter| letter.message.group()).unwrap_or_default();
            groups.entry(group).or_default().push(*number);
        }
        let mut groups: Vec<Vec<u64>> = groups.into_values().collect();
        rng.shuffle(&mut groups);
        let mut picked = Vec::new();
        for group in groups {
            let of_this = if rng.u8(..) < 60 { rng.usize(1..=group.len()) } else { group.len() };
            picked.extend(group.into_iter().take(of_this.min(most - picked.len())));
            if picked.len() == most {
                break;
            }
        }
        picked
    }

    fn take(&mut self, number: u64, lease: Duration, (now, wall): (Instant, &str)) -> Option<Taken> {
        let policy = self.queue.redrive_policy.clone();
        let letter = self.letters.get_mut(&number)?;
        let count = letter.message.receive_count().unwrap_or(0) + 1;
        if policy.is_some_and(|policy| count > policy.max_receive_count) {
            self.ready.remove(&number);
            return self.letters.remove(&number).map(|letter| Taken::Dead(letter.message));
        }
        letter.receives += 1;
        letter.received_at = now;
        letter.message.system.insert(system::RECEIVE_COUNT.to_owned(), count.to_string());
        letter.message.system.entry(system::FIRST_RECEIVED.to_owned()).or_insert_with(|| wall.to_owned());
        let mut ours = letter.message.clone();
        ours.receipt = Some(format!("{}#{number}#{}", self.queue.url, letter.receives));
        if lease > Duration::ZERO {
            letter.until = Some(now + lease);
            self.ready.remove(&number);
            self.flight.insert((now + lease, number));
            if let Some(group) = ours.group().filter(|_| self.queue.is_fifo()) {
                *self.locked.entry(group.to_owned()).or_default() += 1;
            }
        }
        Some(Taken::Ours(ours))
    }

    /// A message for this queue, or why it cannot be one.
    pub(super) fn accept(&self, outgoing: &Outgoing) -> Result<(), Refusal> {
        let no = |text: &str| Err(Refusal::new(Why::Unacceptable, false, text));
        if outgoing.body.is_empty() {
            return no("the body is empty");
        }
        if outgoing.bytes() > self.queue.maximum_message_bytes {
            return no("the message is too long");
        }
        if outgoing.attributes.len() > MOST_ATTRIBUTES {
            return no("the message has too many attributes");
        }
        if self.queue.is_fifo() && outgoing.group.is_none() {
            return no("the message has no group");
        }
        if self.queue.is_fifo() && outgoing.deduplication.is_none() && !self.queue.content_based_deduplication {
            return no("the message has no deduplication id");
        }
        Ok(())
    }

    pub(super) fn fits(batch: &[Outgoing]) -> bool {
        batch.iter().map(Outgoing::bytes).sum::<usize>() <= MOST_BYTES
    }

    /// What was said to the same deduplication id less than five minutes ago.
    pub(super) fn duplicate(&mut self, outgoing: &Outgoing, now: Instant) -> Option<Accepted> {
        self.window.retain(|_, (at, _)| now.saturating_duration_since(*at) < DEDUPLICATION_WINDOW);
        self.window.get(self.deduplication(outgoing)?).map(|(_, said)| said.clone())
    }

    /// Puts a message there that was sent.
    pub(super) fn sent(&mut self, outgoing: &Outgoing, message: Message, now: Instant) -> Accepted {
        let sequence = self.queue.is_fifo().then(|| format!("{:020}", self.arrivals + 1));
        let accepted = Accepted { id: message.id.clone(), sequence };
        if let Some(id) = self.deduplication(outgoing) {
            self.window.insert(id.to_owned(), (now, accepted.clone()));
        }
        let mut message = message;
        if let Some(sequence) = &accepted.sequence {
            message.system.insert(system::SEQUENCE.to_owned(), sequence.clone());
        }
        self.add(message);
        accepted
    }

    /// With content-based deduplication the body stands for its hash.
    fn deduplication<'a>(&self, outgoing: &'a Outgoing) -> Option<&'a str> {
        let of_content = self.queue.content_based_deduplication.then_some(outgoing.body.as_str());
        outgoing.deduplication.as_deref().or(of_content).filter(|_| self.queue.is_fifo())
    }

    /// The message, if it is gone now.
    pub(super) fn delete(&mut self, receipt: &str, now: Instant, rng: &mut Rng) -> Result<Option<Message>, Refusal> {
        let (number, receive) = self.parse(receipt)?;
        self.settle(now);
        let Some(letter) = self.letters.get(&number) else {
            // A standard queue says yes to what is gone already; FIFO queues and some endpoints do not.
            let over = Refusal::new(Why::LeaseOver, false, "the receipt handle is not valid");
            return if self.queue.is_fifo() || rng.bool() { Err(over) } else { Ok(None) };
        };
        let is_last = letter.receives == receive;
        if self.queue.is_fifo() && (!is_last || letter.until.is_none()) {
            return Err(Refusal::new(Why::LeaseOver, false, "the receipt handle has expired"));
        }
        // Somebody else has received it since: SQS says yes and may leave it there.
        if !is_last && rng.bool() {
            return Ok(None);
        }
        self.land(number);
        self.ready.remove(&number);
        Ok(self.letters.remove(&number).map(|letter| letter.message))
    }

    pub(super) fn lease(&mut self, receipt: &str, lease: Duration, now: Instant) -> Result<(), Refusal> {
        let (number, receive) = self.parse(receipt)?;
        self.settle(now);
        let over = || Refusal::new(Why::LeaseOver, false, "the message is not available for visibility timeout change");
        let letter = self.letters.get_mut(&number).filter(|letter| letter.receives == receive).ok_or_else(over)?;
        let until = letter.until.ok_or_else(over)?;
        if now + lease > letter.received_at + LONGEST_LEASE {
            return Err(Refusal::new(Why::Unacceptable, false, "no lease lasts longer than 12 hours"));
        }
        if lease == Duration::ZERO {
            self.land(number);
            return Ok(());
        }
        letter.until = Some(now + lease);
        self.flight.remove(&(until, number));
        self.flight.insert((now + lease, number));
        Ok(())
    }

    fn parse(&self, receipt: &str) -> Result<(u64, u64), Refusal> {
        let parts = receipt.rsplit_once('#').and_then(|(rest, receive)| {
            let (url, number) = rest.rsplit_once('#')?;
            Some((url, number.parse().ok()?, receive.parse().ok()?))
        });
        match parts {
            Some((url, number, receive)) if url == self.queue.url => Ok((number, receive)),
            _ => Err(Refusal::new(Why::LeaseOver, false, "the receipt handle is not valid")),
        }
    }
}
