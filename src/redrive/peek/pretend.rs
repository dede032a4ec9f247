//! A queue of a few lines, for tests: leases, receive counts, FIFO groups, and refusals on demand. On tokio's paused clock.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::{Instant, sleep};

use crate::{
    domain::ResourceId,
    redrive::{
        message::{Message, Outgoing, system},
        queue::{Queue, RedrivePolicy, Standing},
        wire::{Accepted, Ask, Each, Refusal, Why, Wire},
    },
};

/// What a test may look at and change.
#[derive(Default)]
pub struct Pretend {
    state: Mutex<State>,
    pub receives: AtomicUsize,
    pub leases: AtomicUsize,
}

#[derive(Default)]
struct State {
    slots: VecDeque<Slot>,
    receipts: usize,
    /// Answers to the next calls of `receive` and of `lease`, one each.
    spoil_receive: VecDeque<Refusal>,
    spoil_lease: VecDeque<Refusal>,
    /// Of the next receives that find something, so many find nothing.
    blind: usize,
    /// Gives out messages of a group though others of it are leased, as no real queue does.
    sloppy: bool,
    free: bool,
}

struct Slot {
    message: Message,
    count: u32,
    until: Instant,
    receipt: usize,
}

impl fmt::Debug for Pretend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pretend")
    }
}

impl Pretend {
    /// Messages `0`, `1`, … with these groups; an empty one is none.
    pub fn holding<'a>(groups: impl IntoIterator<Item = &'a str>) -> Arc<Self> {
        let pretend = Self::default();
        for (number, group) in groups.into_iter().enumerate() {
            pretend.add(&number.to_string(), group, "body");
        }
        Arc::new(pretend)
    }

    pub fn add(&self, id: &str, group: &str, body: &str) {
        let mut system: std::collections::BTreeMap<String, String> = [(system::SENT.into(), "1000".into())].into();
        if !group.is_empty() {
            system.insert(system::GROUP.into(), group.into());
        }
        let message = Message { id: id.into(), body: body.into(), system, ..Message::default() };
        self.state().slots.push_back(Slot { message, count: 0, until: Instant::now(), receipt: 0 });
    }

    /// Somebody else has received it so often.
    pub fn counts(&self, id: &str, count: u32) {
        self.state().slots.iter_mut().filter(|slot| slot.message.id == id).for_each(|slot| slot.count = count);
    }

    /// Somebody else's deed.
    pub fn remove(&self, id: &str) {
        self.state().slots.retain(|slot| slot.message.id != id);
    }

    pub fn spoil_receives(&self, why: Why, times: usize) {
        self.state().spoil_receive.extend(refusals(why, times));
    }

    pub fn spoil_leases(&self, why: Why, times: usize) {
        self.state().spoil_lease.extend(refusals(why, times));
    }

    pub fn be_blind(&self, receives: usize) {
        self.state().blind = receives;
    }

    pub fn be_sloppy(&self) {
        self.state().sloppy = true;
    }

    /// Has a free look.
    pub fn be_free(&self) {
        self.state().free = true;
    }

    pub fn visible(&self) -> Vec<String> {
        let now = Instant::now();
        self.state().slots.iter().filter(|slot| slot.until <= now).map(|slot| slot.message.id.clone()).collect()
    }

    pub fn all(&self) -> usize {
        self.state().slots.len()
    }

    pub fn highest_count(&self) -> u32 {
        self.state().slots.iter().map(|slot| slot.count).max().unwrap_or(0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn refusals(why: Why, times: usize) -> impl Iterator<Item = Refusal> {
    (0..times).map(move |_| Refusal::new(why, false, format!("{why:?}")))
}

/// A queue without a redrive policy.
pub fn queue(name: &str) -> Queue {
    Queue {
        url: format!("http://localhost/{name}"),
        arn: ResourceId::from(format!("arn:aws:sqs:us-east-1:000000000000:{name}").as_str()),
        visibility_timeout: Duration::from_secs(30),
        retention: Duration::from_secs(345_600),
        maximum_message_bytes: 1 << 20,
        redrive_policy: None,
        content_based_deduplication: false,
    }
}

/// One that dead-letters.
pub fn queue_with_policy(name: &str, max_receive_count: u32) -> Queue {
    let target = ResourceId::from(format!("arn:aws:sqs:us-east-1:000000000000:{name}-dlq").as_str());
    Queue { redrive_policy: Some(RedrivePolicy { target, max_receive_count }), ..queue(name) }
}

#[async_trait]
impl Wire for Pretend {
    async fn find(&self, queue: &str) -> Result<Queue, Refusal> {
        Ok(self::queue(queue))
    }

    async fn sources(&self, _: &Queue) -> Result<Vec<Queue>, Refusal> {
        Ok(Vec::new())
    }

    async fn standing(&self, _: &Queue) -> Result<Standing, Refusal> {
        let now = Instant::now();
        let state = self.state();
        let in_flight = state.slots.iter().filter(|slot| slot.until > now).count() as u64;
        Ok(Standing { visible: state.slots.len() as u64 - in_flight, in_flight, delayed: 0 })
    }

    async fn glimpse(&self, _: &Queue) -> Option<Vec<Message>> {
        let state = self.state();
        state.free.then(|| state.slots.iter().map(|slot| Message { receipt: None, ..slot.message.clone() }).collect())
    }

    async fn receive(&self, _: &Queue, ask: Ask) -> Result<Vec<Message>, Refusal> {
        self.receives.fetch_add(1, Ordering::Relaxed);
        // As long as an answer takes.
        sleep(Duration::from_millis(10)).await;
        if let Some(refusal) = self.state().spoil_receive.pop_front() {
            return Err(refusal);
        }
        let messages = self.state().give(ask);
        if messages.is_empty() {
            sleep(ask.wait).await;
        }
        Ok(messages)
    }

    async fn send(&self, _: &Queue, batch: &[&Outgoing]) -> Each<Accepted> {
        batch.iter().map(|_| Err(Refusal::new(Why::ReadOnly, false, "not here"))).collect()
    }

    async fn delete(&self, _: &Queue, receipts: &[String]) -> Each<()> {
        let mut state = self.state();
        let mut delete = |receipt: &String| {
            state.slots.retain(|slot| format!("r{}", slot.receipt) != *receipt);
            Ok(())
        };
        receipts.iter().map(&mut delete).collect()
    }

    async fn lease(&self, _: &Queue, receipts: &[String], lease: Duration) -> Each<()> {
        self.leases.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(10)).await;
        let mut state = self.state();
        if let Some(refusal) = state.spoil_lease.pop_front() {
            return receipts.iter().map(|_| Err(refusal.clone())).collect();
        }
        let now = Instant::now();
        let by_receipt: HashMap<String, &mut Slot> =
            state.slots.iter_mut().map(|slot| (format!("r{}", slot.receipt), slot)).collect();
        let mut by_receipt = by_receipt;
        let mut change = |receipt: &String| match by_receipt.get_mut(receipt).filter(|slot| slot.until > now) {
            Some(slot) => {
                slot.until = now + lease;
                Ok(())
            }
            None => Err(Refusal::new(Why::LeaseOver, false, "not in flight")),
        };
        receipts.iter().map(&mut change).collect()
    }
}

impl State {
    fn give(&mut self, ask: Ask) -> Vec<Message> {
        let now = Instant::now();
        if self.blind > 0 {
            self.blind -= 1;
            return Vec::new();
        }
        let group = |slot: &Slot| slot.message.group().map(ToOwned::to_owned);
        let mut locked: HashSet<String> = self.slots.iter().filter(|slot| slot.until > now).filter_map(group).collect();
        if self.sloppy {
            locked.clear();
        }
        let mut given = Vec::new();
        for slot in &mut self.slots {
            let is_locked = slot.message.group().is_some_and(|group| locked.contains(group));
            if given.len() >= ask.most || slot.until > now || is_locked {
                continue;
            }
            self.receipts += 1;
            slot.count += 1;
            (slot.until, slot.receipt) = (now + ask.lease, self.receipts);
            slot.message.receipt = Some(format!("r{}", self.receipts));
            slot.message.system.insert(system::RECEIVE_COUNT.into(), slot.count.to_string());
            given.push(slot.message.clone());
        }
        given
    }
}
