//! Messages fall into the clusters of what they died of, whatever order things are learnt in.

use super::*;
use crate::redrive::{message::Message, why::decode::decode};
use proptest::prelude::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn traits(body: &str) -> Traits {
    let message = Message { body: body.to_owned(), ..Message::default() };
    Traits::of(&message, &decode(&message), Some(&"arn:aws:sqs:r:1:orders".into()))
}

fn cause(line: &str) -> Arc<Cause> {
    Arc::new(Cause::of_line(line))
}

#[test]
fn the_largest_is_first_and_numbers_stay() {
    let mut clusters = Clusters::default();
    assert_eq!(clusters.insert("a", Some(at(5)), traits(r#"{"id": 1}"#)), 1);
    assert_eq!(clusters.insert("b", Some(at(1)), traits(r#"{"name": "x"}"#)), 2);
    assert_eq!(clusters.insert("c", Some(at(9)), traits(r#"{"name": "y"}"#)), 2);
    assert_eq!(clusters.insert("c", Some(at(9)), traits(r#"{"name": "y"}"#)), 2, "seen again");
    let list = clusters.list();
    assert_eq!(list.iter().map(|c| (c.number, c.count)).collect::<Vec<_>>(), [(2, 2), (1, 1)]);
    assert_eq!((list[0].first, list[0].last), (Some(at(1)), Some(at(9))));
    assert_eq!((list[0].example.as_deref(), list[0].title.as_str()), (Some("b"), "{name}"));
    assert_eq!(list[0].sparkline(at(1), at(9)).iter().sum::<u32>(), 2);
    assert_eq!(clusters.span(), Some((at(1), at(9))));
}

#[test]
fn a_cause_that_comes_late_moves_a_message() {
    let mut clusters = Clusters::default();
    for (id, n) in [("a", 1), ("b", 2), ("c", 3)] {
        clusters.insert(id, Some(at(n)), traits(&format!(r#"{{"type": "login", "id": {n}}}"#)));
    }
    let (one, other) =
        (cause("[ERROR] ValueError: cannot price cart 1"), cause("[ERROR] ValueError: cannot price cart 2"));
    assert_eq!(clusters.learn("a", &one, Sureness::Likely), Some(2));
    assert_eq!(clusters.learn("b", &other, Sureness::Certain), Some(2));
    assert_eq!(clusters.learn("nobody", &other, Sureness::Certain), None);
    // What is less sure does not drive out what is surer; what is surer stays in its cluster and counts there.
    assert_eq!(clusters.learn("b", &cause("KeyError: 'id'"), Sureness::Possible), None);
    assert_eq!(clusters.learn("a", &one, Sureness::Certain), None);
    let list = clusters.list();
    assert_eq!((list[0].title.as_str(), list[0].count), ("ValueError: cannot price cart ‹n› (login)", 2));
    assert_eq!((list[0].sureness, list[0].surest()), ([0, 0, 2], Some(Sureness::Certain)));
    assert_eq!((list[1].title.as_str(), list[1].count, list[1].example.as_deref()), ("login {id, type}", 1, Some("c")));
    assert_eq!((list[1].first, list[1].last), (Some(at(3)), Some(at(3))), "the first of them moved away");
    assert_eq!((clusters.of("a"), clusters.of("c")), (Some(2), Some(1)));
    clusters.remove("c");
    assert_eq!((clusters.get(1).is_none(), clusters.messages()), (true, 2));
    assert_eq!(clusters.span(), Some((at(1), at(2))));
}

#[test]
fn clusters_are_found_by_number_and_key() {
    let mut clusters = Clusters::default();
    clusters.insert("a", None, traits("{}"));
    clusters.insert("b", None, traits("text"));
    let key = clusters.get(2).unwrap().key.clone();
    assert_eq!(key.len(), KEY_DIGITS);
    for name in [key.as_str(), &key[..5], &key.to_uppercase(), "2", "#2"] {
        assert_eq!(clusters.find(name).map(|cluster| cluster.number), Some(2), "{name}");
    }
    for name in ["", "3", "0", "zz", &key[..2]] {
        assert!(clusters.find(name).is_none_or(|cluster| cluster.number != 2), "{name}");
    }
}

#[test]
fn the_number_of_clusters_is_bounded_and_the_rest_is_said() {
    let mut clusters = Clusters::default();
    for n in 0..10_000 {
        let letters: String = format!("{n}").bytes().map(|c| char::from(c + b'a' - b'0')).collect();
        clusters.insert(&n.to_string(), Some(at(n)), traits(&format!(r#"{{"{letters}": 1}}"#)));
    }
    assert_eq!(clusters.list().len(), MOST + 1);
    assert_eq!(clusters.beyond(), 9_000);
    assert_eq!(clusters.list().last().map(|cluster| (cluster.number, cluster.key.as_str())), Some((OTHER, "other")));
    assert_eq!(clusters.find("other").map(|cluster| cluster.count), Some(9_000));
    assert!(clusters.bases.len() <= 2 * MOST_BASES);
}

/// `cargo test --release clusters_are_fast -- --ignored --nocapture`
#[test]
#[ignore = "measures; run it with --release"]
fn clusters_are_fast() {
    let bodies: Vec<Message> = (0..100_000)
        .map(|n| {
            let inner = format!(
                r#"{{"id": {n}, "eventType": "Type{}", "customer": {{"id": "c-{n}", "name": "n"}}, "lines": [{{"sku": "a", "quantity": {n}}}, {{"sku": "b", "quantity": 1}}]{}}}"#,
                ["A", "B", "C", "D", "E"][n % 5],
                if n % 3 == 0 { r#", "note": null"# } else { "" }
            );
            let body = serde_json::json!({"Type": "Notification", "TopicArn": "arn:aws:sns:r:1:T", "Message": inner});
            Message { id: format!("{n:08x}-0000-4000-8000-000000000000"), body: body.to_string(), ..Message::default() }
        })
        .collect();
    let mut clusters = Clusters::default();
    let begun = std::time::Instant::now();
    for (n, message) in bodies.iter().enumerate() {
        clusters.insert(&message.id, Some(at(n as i64)), Traits::of(message, &decode(message), None));
    }
    let inserted = begun.elapsed();
    let listed = std::time::Instant::now();
    let count = clusters.list().len();
    let listed = listed.elapsed();
    let learning = std::time::Instant::now();
    for (n, message) in bodies.iter().enumerate() {
        clusters.learn(&message.id, &cause(&format!("[ERROR] ValueError: no price for {n}")), Sureness::Likely);
    }
    let learnt = learning.elapsed();
    let relisting = std::time::Instant::now();
    assert_eq!((count, clusters.list().len()), (10, 5));
    let each = |took: std::time::Duration| took / 100_000;
    println!(
        "insert {:?} each, list {listed:?}, learn {:?} each, list {:?}",
        each(inserted),
        each(learnt),
        relisting.elapsed()
    );
}

proptest! {
    #[test]
    fn every_message_is_in_one_cluster(steps in proptest::collection::vec((0_u8..4, 0_u8..20, 0_u8..5), 0..200)) {
        let mut clusters = Clusters::default();
        let mut known = HashSet::new();
        for (what, id, kind) in steps {
            let name = id.to_string();
            match what {
                0 | 1 => { clusters.insert(&name, Some(at(i64::from(id))), traits(&format!(r#"{{"{}": 1}}"#, "k".repeat(kind.into())))); known.insert(id); }
                2 => { clusters.learn(&name, &cause(&format!("KeyError: '{}'", "k".repeat(kind.into()))), Sureness::Likely); }
                _ => { clusters.remove(&name); known.remove(&id); }
            }
            let total: u64 = clusters.list().iter().map(|cluster| cluster.count).sum();
            prop_assert_eq!(total as usize, known.len());
        }
        for cluster in clusters.list().into_iter().cloned().collect::<Vec<_>>() {
            let members: Vec<u8> = known.iter().copied().filter(|id| clusters.of(&id.to_string()) == Some(cluster.number)).collect();
            prop_assert_eq!(members.len() as u64, cluster.count);
            prop_assert_eq!(cluster.first, members.iter().min().map(|id| at(i64::from(*id))));
            prop_assert_eq!(cluster.last, members.iter().max().map(|id| at(i64::from(*id))));
            let example = cluster.example.clone().unwrap();
            prop_assert_eq!(clusters.of(&example), Some(cluster.number));
            prop_assert_eq!(cluster.sparkline(at(0), at(20)).iter().sum::<u32>() as usize, members.len());
        }
    }
}
