//! The simulated SQS itself: it must be as hard as the real one, or what is proven on it is worth nothing.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use edatop::redrive::{
    message::{Outgoing, system},
    queue::Queue,
    wire::{Ask, Why, Wire},
};
use support::queues::{
    Queues, Shape,
    consumer::Consumer,
    faults::{Fault, Faults, Operation},
};
use tokio::time::{Instant, advance, sleep};

const NOW: Ask = Ask { most: 10, lease: Duration::from_secs(30), wait: Duration::ZERO };
const PATIENT: Ask = Ask { wait: Duration::from_secs(20), ..NOW };

fn pair(queues: &Queues, suffix: &str) -> (Queue, Queue) {
    let dead = queues.queue(&format!("orders-dlq{suffix}"), &Shape::default());
    let source = queues.queue(&format!("orders{suffix}"), &Shape { redrive: Some((&dead, 3)), ..Shape::default() });
    (dead, source)
}

async fn all_receipts(wire: &dyn Wire, queue: &Queue, count: usize) -> Vec<String> {
    let mut receipts = Vec::new();
    while receipts.len() < count {
        receipts.extend(wire.receive(queue, NOW).await.unwrap().into_iter().map(|message| message.receipt.unwrap()));
    }
    receipts
}

fn outgoing(queues: &Queues, on: &Queue) -> Outgoing {
    let message = &queues.messages(on)[0];
    Outgoing { deduplication: on.is_fifo().then(|| "one".to_owned()), ..Outgoing::again(message) }
}

#[tokio::test(start_paused = true)]
async fn leases_end_and_receives_are_counted() {
    let queues = Queues::new(1);
    let (dead, source) = pair(&queues, "");
    queues.dead_letters(&dead, &source, 1, 1);
    let wire = queues.wire();
    let first = wire.receive(&dead, NOW).await.unwrap();
    assert_eq!((first[0].receive_count(), first[0].source()), (Some(4), Some(source.arn.as_str())));
    assert_eq!(wire.receive(&dead, NOW).await.unwrap(), []);
    advance(Duration::from_secs(30)).await;
    let second = wire.receive(&dead, NOW).await.unwrap();
    assert_eq!((second[0].receive_count(), second[0].first_received_at()), (Some(5), first[0].first_received_at()));
    let began = Instant::now();
    assert_eq!(wire.receive(&dead, PATIENT).await.unwrap(), []);
    assert_eq!(began.elapsed(), Duration::from_secs(20));
    // The lease ends within the wait.
    assert_eq!(wire.receive(&dead, PATIENT).await.unwrap().len(), 1);
    assert_eq!(began.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_stale_handle_says_yes_on_a_standard_queue_and_may_not_delete() {
    let outcomes: BTreeSet<usize> = {
        let mut outcomes = BTreeSet::new();
        for seed in 0..20 {
            let queues = Queues::new(seed);
            let (dead, source) = pair(&queues, "");
            queues.dead_letters(&dead, &source, 1, 1);
            let wire = queues.wire();
            let stale = all_receipts(&*wire, &dead, 1).await;
            advance(Duration::from_secs(31)).await;
            all_receipts(&*wire, &dead, 1).await;
            assert_eq!(wire.delete(&dead, &stale).await, [Ok(())]);
            outcomes.insert(queues.messages(&dead).len());
        }
        outcomes
    };
    assert_eq!(outcomes, BTreeSet::from([0, 1]));
}

#[tokio::test(start_paused = true)]
async fn a_stale_handle_is_refused_on_a_fifo_queue() {
    let queues = Queues::new(1);
    let (dead, source) = pair(&queues, ".fifo");
    queues.dead_letters(&dead, &source, 1, 1);
    let wire = queues.wire();
    let stale = all_receipts(&*wire, &dead, 1).await;
    advance(Duration::from_secs(31)).await;
    let refusal = wire.delete(&dead, &stale).await.remove(0).unwrap_err();
    assert_eq!((refusal.why, refusal.in_doubt), (Why::LeaseOver, false));
    assert_eq!(wire.lease(&dead, &stale, NOW.lease).await.remove(0).unwrap_err().why, Why::LeaseOver);
    let fresh = all_receipts(&*wire, &dead, 1).await;
    assert_eq!(wire.delete(&dead, &fresh).await, [Ok(())]);
    assert_eq!(wire.delete(&dead, &fresh).await.remove(0).unwrap_err().why, Why::LeaseOver);
}

#[tokio::test(start_paused = true)]
async fn a_group_is_locked_while_in_flight_and_comes_in_order() {
    for seed in 0..20 {
        let queues = Queues::new(seed);
        let (dead, source) = pair(&queues, ".fifo");
        let tokens = queues.dead_letters(&dead, &source, 30, 3);
        let wire = queues.wire();
        let mut came: Vec<String> = Vec::new();
        while came.len() < tokens.len() {
            let first = wire.receive(&dead, NOW).await.unwrap();
            let groups: BTreeSet<_> = first.iter().map(|message| message.group().unwrap().to_owned()).collect();
            for other in wire.receive(&dead, NOW).await.unwrap() {
                assert!(!groups.contains(other.group().unwrap()));
                assert_eq!(wire.lease(&dead, &[other.receipt.unwrap()], Duration::ZERO).await, [Ok(())]);
            }
            let receipts: Vec<_> = first.iter().map(|message| message.receipt.clone().unwrap()).collect();
            came.extend(first.iter().map(support::queues::ledger::token_of));
            wire.delete(&dead, &receipts).await;
        }
        for group in 0..3 {
            let of_group = |all: &[String]| -> Vec<String> {
                all.iter()
                    .filter(|token| tokens.iter().position(|t| t == *token).unwrap() % 3 == group)
                    .cloned()
                    .collect()
            };
            assert_eq!(of_group(&came), of_group(&tokens), "seed {seed}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deduplication_id_is_known_for_five_minutes() {
    let queues = Queues::new(1);
    let (dead, source) = pair(&queues, ".fifo");
    queues.dead_letters(&dead, &source, 1, 1);
    let wire = queues.wire();
    let one = outgoing(&queues, &dead);
    let first = wire.send(&source, &[&one]).await.remove(0).unwrap();
    advance(Duration::from_secs(299)).await;
    assert_eq!(wire.send(&source, &[&one]).await.remove(0).unwrap(), first);
    assert_eq!(queues.messages(&source).len(), 1);
    advance(Duration::from_secs(1)).await;
    assert_ne!(wire.send(&source, &[&one]).await.remove(0).unwrap().id, first.id);
    assert_eq!(queues.messages(&source).len(), 2);
    assert_eq!(queues.ledger(|ledger| ledger.sent_again()).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_fails_dead_letters_again_and_one_that_does_not_takes() {
    for suffix in ["", ".fifo"] {
        let queues = Queues::new(1);
        let (dead, source) = pair(&queues, suffix);
        let tokens = queues.dead_letters(&dead, &source, 2, 2);
        let wire = queues.wire();
        let bad = tokens[0].clone();
        let _at_work = queues.consume(&source, Consumer::failing(move |message| message.body.contains(&bad)));
        let again: Vec<_> = queues
            .messages(&dead)
            .iter()
            .zip(["a", "b"])
            .map(|(message, id)| Outgoing {
                deduplication: source.is_fifo().then(|| id.to_owned()),
                ..Outgoing::again(message)
            })
            .collect();
        let receipts = all_receipts(&*wire, &dead, 2).await;
        let sent = wire.send(&source, &again.iter().collect::<Vec<_>>()).await;
        wire.delete(&dead, &receipts).await;
        sleep(Duration::from_secs(120)).await;
        let census = queues.census();
        assert_eq!(census.consumed.keys().collect::<Vec<_>>(), [&tokens[1]]);
        assert_eq!(queues.ledger(|ledger| ledger.dead_lettered().to_vec()), [tokens[0].clone()]);
        let bounced = &queues.messages(&dead)[0];
        assert_eq!(bounced.id, sent[0].as_ref().unwrap().id, "it keeps the id that it was sent under");
        if source.is_fifo() {
            assert_eq!(bounced.system(system::DEDUPLICATION), Some(bounced.id.as_str()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_ledger_sees_a_loss_and_a_safe_place() {
    let queues = Queues::new(1);
    let (dead, source) = pair(&queues, "");
    let tokens = queues.dead_letters(&dead, &source, 2, 1);
    let safe = tokens[1].clone();
    queues.ledger(|ledger| ledger.safe_if(move |token| token == safe));
    let wire = queues.wire();
    let receipts = all_receipts(&*wire, &dead, 2).await;
    wire.delete(&dead, &receipts).await;
    assert_eq!(queues.ledger(|ledger| ledger.lost().to_vec()), [tokens[0].clone()]);
    assert_eq!(queues.census().missing(&tokens), tokens);
}

/// Each fault tells what it claims to tell, and does or does not do.
#[tokio::test(start_paused = true)]
async fn faults_happen_or_not_as_they_say() {
    let done_and_told = [
        (Fault::Refused, 0, Some(false)),
        (Fault::Throttled, 0, Some(false)),
        (Fault::Denied, 0, Some(false)),
        (Fault::Unreached, 0, Some(true)),
        (Fault::AnswerLost, 1, Some(true)),
        (Fault::Slow(Duration::from_secs(3)), 1, None),
        (Fault::Late(Duration::from_secs(3)), 0, Some(true)),
    ];
    for (fault, arrived, in_doubt) in done_and_told {
        let queues = Queues::new(1);
        let (dead, source) = pair(&queues, "");
        queues.dead_letters(&dead, &source, 1, 1);
        queues.next(Operation::Send, fault);
        let answer = queues.wire().send(&source, &[&outgoing(&queues, &dead)]).await.remove(0);
        assert_eq!(answer.err().map(|refusal| refusal.in_doubt), in_doubt, "{fault:?}");
        assert_eq!(queues.messages(&source).len(), arrived, "{fault:?}");
        sleep(Duration::from_secs(4)).await;
        let later = usize::from(matches!(fault, Fault::Late(_)));
        assert_eq!(queues.messages(&source).len(), arrived + later, "{fault:?}");
    }
}

/// Of half a batch what is said to be there is there, what is surely not is not, and all cases come up.
#[tokio::test(start_paused = true)]
async fn half_a_batch_is_told_truly_or_in_doubt() {
    let mut cases = BTreeSet::new();
    for seed in 0..20 {
        let queues = Queues::new(seed);
        let (dead, source) = pair(&queues, "");
        queues.dead_letters(&dead, &source, 10, 1);
        let batch: Vec<_> = queues.messages(&dead).iter().map(Outgoing::again).collect();
        queues.next(Operation::Send, Fault::Half);
        let answer = queues.wire().send(&source, &batch.iter().collect::<Vec<_>>()).await;
        let there: BTreeSet<_> = queues.messages(&source).into_iter().map(|message| message.body).collect();
        for (result, outgoing) in answer.iter().zip(&batch) {
            let is_there = there.contains(&outgoing.body);
            match result {
                Ok(_) => assert!(is_there),
                Err(refusal) if !refusal.in_doubt => assert!(!is_there),
                Err(_) => {}
            }
            cases.insert((result.as_ref().err().map(|refusal| refusal.in_doubt), is_there));
        }
    }
    assert_eq!(cases.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_killed_process_asks_nothing_any_more_and_another_goes_on() {
    let queues = Queues::new(1);
    let (dead, source) = pair(&queues, "");
    queues.dead_letters(&dead, &source, 1, 1);
    // After the first send has happened, before its answer is there.
    let process = queues.process(Some(1));
    let one = outgoing(&queues, &dead);
    assert!(process.live(process.send(&source, &[&one])).await.is_none());
    assert_eq!(queues.messages(&source).len(), 1);
    let leaked = tokio::spawn({
        let (process, source, one) = (Arc::clone(&process), source.clone(), one.clone());
        async move { process.send(&source, &[&one]).await }
    });
    sleep(Duration::from_secs(60)).await;
    assert!(!leaked.is_finished());
    assert_eq!(queues.messages(&source).len(), 1);
    assert!(queues.wire().send(&source, &[&one]).await.remove(0).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_receive_that_does_not_wait_may_find_nothing_and_one_that_waits_does_not() {
    let queues = Queues::new(1);
    let (dead, source) = pair(&queues, "");
    queues.dead_letters(&dead, &source, 50, 1);
    queues.fail(Faults { empty: 0.5, ..Faults::default() });
    let wire = queues.wire();
    let lease = Ask { lease: Duration::ZERO, ..NOW };
    let mut found = [0, 0];
    for _ in 0..40 {
        found[usize::from(!wire.receive(&dead, lease).await.unwrap().is_empty())] += 1;
        assert!(!wire.receive(&dead, Ask { wait: Duration::from_secs(1), ..lease }).await.unwrap().is_empty());
    }
    assert!(found.iter().all(|count| *count > 5), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_queue_does_not_take_is_refused_one_by_one() {
    let queues = Queues::new(1);
    let (dead, source) = pair(&queues, ".fifo");
    queues.dead_letters(&dead, &source, 1, 1);
    let good = outgoing(&queues, &dead);
    let batch = [
        Outgoing { group: None, ..good.clone() },
        Outgoing { deduplication: None, ..good.clone() },
        Outgoing { body: String::new(), ..good.clone() },
        good,
    ];
    let answer = queues.wire().send(&source, &batch.iter().collect::<Vec<_>>()).await;
    let refused = |refusal: &edatop::redrive::wire::Refusal| refusal.why == Why::Unacceptable && !refusal.in_doubt;
    assert!(answer[..3].iter().all(|result| result.as_ref().is_err_and(refused)));
    assert!(answer[3].is_ok());
    queues.remove(&source);
    assert_eq!(queues.wire().find("orders.fifo").await.unwrap_err().why, Why::Gone);
    assert_eq!(queues.ledger(|ledger| ledger.gone_with_queues().len()), 1);
}
