//! Which messages go into one call together: to the same queue, ten at most, 1 MiB at most, and on FIFO queues one of each group, since
//! of a batch one message may be refused and the next of its group taken, which would turn their order round. Pure.

use std::collections::HashSet;

use crate::redrive::message::{MOST_BYTES, MOST_IN_BATCH, Outgoing};

/// What decides about a message.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    pub to: usize,
    pub ordered: bool,
    pub outgoing: &'a Outgoing,
}

/// The indexes of those that go first; what is left goes later, in the same order.
pub fn next_wave(pieces: &[Piece<'_>]) -> Vec<usize> {
    let Some(first) = pieces.first() else { return Vec::new() };
    let (mut wave, mut bytes) = (Vec::new(), 0);
    let mut groups: HashSet<&str> = HashSet::new();
    for (index, piece) in pieces.iter().enumerate().filter(|(_, piece)| piece.to == first.to) {
        let group = piece.outgoing.group.as_deref().filter(|_| piece.ordered);
        // The first of a group that waits makes all of its group wait.
        let is_first_of_its_group = group.is_none_or(|group| groups.insert(group));
        let fits = wave.len() < MOST_IN_BATCH && bytes + piece.outgoing.bytes() <= MOST_BYTES;
        if is_first_of_its_group && (fits || wave.is_empty()) {
            bytes += piece.outgoing.bytes();
            wave.push(index);
        }
    }
    wave
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn outgoing(group: &str, bytes: usize) -> Outgoing {
        Outgoing { body: "x".repeat(bytes), group: Some(group.to_owned()), ..Outgoing::default() }
    }

    #[test]
    fn one_of_each_group_and_the_rest_later() {
        let sent: Vec<_> = ["a", "a", "b", "a", "c"].into_iter().map(|group| outgoing(group, 1)).collect();
        let piece = |ordered| move |outgoing| Piece { to: 0, ordered, outgoing };
        assert_eq!(next_wave(&sent.iter().map(piece(true)).collect::<Vec<_>>()), [0, 2, 4]);
        assert_eq!(next_wave(&sent.iter().map(piece(false)).collect::<Vec<_>>()), [0, 1, 2, 3, 4]);
    }

    proptest! {
        #[test]
        fn waves_keep_limits_and_order_and_end(
            messages in prop::collection::vec((0..3usize, 0..4u8, 0..500_000usize), 0..25), ordered: bool
        ) {
            let sent: Vec<_> = messages.iter().map(|(_, group, bytes)| outgoing(&group.to_string(), *bytes)).collect();
            let mut left: Vec<usize> = (0..sent.len()).collect();
            let mut order: Vec<usize> = Vec::new();
            while !left.is_empty() {
                let pieces: Vec<_> =
                    left.iter().map(|at| Piece { to: messages[*at].0, ordered, outgoing: &sent[*at] }).collect();
                let wave = next_wave(&pieces);
                prop_assert!(!wave.is_empty() && wave.len() <= MOST_IN_BATCH);
                prop_assert!(wave.len() == 1 || wave.iter().map(|at| pieces[*at].outgoing.bytes()).sum::<usize>() <= MOST_BYTES);
                prop_assert!(wave.iter().all(|at| pieces[*at].to == pieces[wave[0]].to));
                let gone: Vec<usize> = wave.iter().map(|at| left[*at]).collect();
                left.retain(|at| !gone.contains(at));
                order.extend(gone);
            }
            if ordered {
                for (at, later) in order.iter().enumerate().flat_map(|(at, one)| order[at + 1..].iter().map(move |two| (one, two))) {
                    let same = messages[*at].0 == messages[*later].0 && messages[*at].1 == messages[*later].1;
                    prop_assert!(!same || at < later);
                }
            }
        }
    }
}
