//! Whose log to read: from a dead-letter queue back to its source, to the functions that take from it, to their log groups.
//!
//! Pure: the store's topology is asked. Must not: read a log.

use crate::{
    domain::{Kind, LinkKind, ResourceId},
    store::Store,
};

/// Consumers of one queue whose logs are read.
const MOST_CONSUMERS: usize = 4;

/// The way from a dead letter to the log of whoever failed on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// The queue that gave it up.
    pub source: Option<ResourceId>,
    pub consumers: Vec<Consumer>,
    /// Why there is no log to read, in a sentence.
    pub gap: Option<String>,
}

/// A function that takes from the source, and where it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    pub function: ResourceId,
    /// The name of its log group.
    pub log_group: String,
}

impl Consumer {
    /// By Lambda's own naming.
    pub fn named(function: ResourceId) -> Self {
        Self { log_group: format!("/aws/lambda/{}", function.short_name()), function }
    }
}

impl Route {
    /// The way of a message in `dlq` that names `source`; without one, that of the only source there is.
    pub fn of(store: &Store, dlq: &ResourceId, source: Option<&ResourceId>) -> Self {
        match source.cloned().map_or_else(|| only_source(store, dlq), Ok) {
            Ok(source) => Self::from_source(store, source),
            Err(gap) => Self { gap: Some(gap), ..Self::default() },
        }
    }

    /// A way whose functions were found otherwise.
    pub fn through(source: ResourceId, functions: impl IntoIterator<Item = ResourceId>) -> Self {
        let consumers: Vec<_> = functions.into_iter().take(MOST_CONSUMERS).map(Consumer::named).collect();
        let gap = consumers.is_empty().then(|| no_function(source.short_name()));
        Self { source: Some(source), consumers, gap }
    }

    fn from_source(store: &Store, source: ResourceId) -> Self {
        let name = store.name_of(&source).to_owned();
        // What Lambda or a topic gave up itself: the function is the source.
        let is_function = |id: &ResourceId| kind_of(store, id) == Kind::Function;
        let consumers: Vec<_> = if is_function(&source) {
            vec![consumer(store, source.clone())]
        } else {
            let readers = store.topology().readers(&source).map(|link| &link.to).filter(|id| is_function(id));
            readers.take(MOST_CONSUMERS).map(|id| consumer(store, id.clone())).collect()
        };
        let gap = consumers.is_empty().then(|| match kind_of(store, &source) {
            Kind::Topic => format!("topic '{name}' could not deliver it: no function has seen it"),
            Kind::Rule | Kind::Bus => format!("'{name}' could not deliver it: no function has seen it"),
            _ => no_function(&name),
        });
        Self { source: Some(source), consumers, gap }
    }
}

fn no_function(source: &str) -> String {
    format!("no function is known to take from '{source}': whoever does keeps its log elsewhere")
}

fn kind_of(store: &Store, id: &ResourceId) -> Kind {
    let of_arn = || id.arn().map_or(Kind::External, |arn| Kind::of_arn(&arn));
    store.get(id).map_or_else(of_arn, |entry| entry.resource.kind)
}

fn consumer(store: &Store, function: ResourceId) -> Consumer {
    match store.topology().log_group(&function) {
        Some(group) => Consumer { log_group: store.name_of(group).to_owned(), function },
        None => Consumer::named(function),
    }
}

/// The only resource whose failed messages go to a queue.
fn only_source(store: &Store, dlq: &ResourceId) -> Result<ResourceId, String> {
    let links = store.topology().to(dlq).filter(|link| matches!(link.kind, LinkKind::DeadLetters | LinkKind::Reports));
    let mut sources: Vec<&ResourceId> = links.map(|link| &link.from).collect();
    sources.sort();
    sources.dedup();
    match sources.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err("nothing is known to send its dead letters here".to_owned()),
        several => Err(format!("the message does not say which of {} sources gave it up", several.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Fact, Link, Report, Resource};
    use jiff::Timestamp;
    use rstest::rstest;

    const DLQ: &str = "arn:aws:sqs:r:1:dlq";
    const QUEUE: &str = "arn:aws:sqs:r:1:orders";
    const FUNCTION: &str = "arn:aws:lambda:r:1:function:price";
    const GROUP: &str = "arn:aws:logs:r:1:log-group:/custom/price";
    const TOPIC: &str = "arn:aws:sns:r:1:news";

    fn store(links: &[(&str, LinkKind, &str)]) -> Store {
        let mut store = Store::default();
        let mut facts: Vec<Fact> = [(QUEUE, Kind::Queue, "orders"), (GROUP, Kind::LogGroup, "/custom/price")]
            .into_iter()
            .map(|(id, kind, name)| Fact::Found(Resource::new(id, kind, name)))
            .collect();
        facts.extend(links.iter().map(|(from, kind, to)| Fact::Linked(Link::configured(from, *kind, to))));
        store.apply(Report { poller: "test", at: Timestamp::UNIX_EPOCH, facts, round: None });
        store
    }

    const WAY: [(&str, LinkKind, &str); 3] =
        [(QUEUE, LinkKind::DeadLetters, DLQ), (QUEUE, LinkKind::Invokes, FUNCTION), (FUNCTION, LinkKind::Logs, GROUP)];

    #[test]
    fn leads_to_the_log_of_the_function_that_takes_from_the_source() {
        let route = Route::of(&store(&WAY), &DLQ.into(), None);
        let consumer = Consumer { function: FUNCTION.into(), log_group: "/custom/price".into() };
        assert_eq!(route, Route { source: Some(QUEUE.into()), consumers: vec![consumer], gap: None });
        // By Lambda's naming where nothing else is known.
        let route = Route::of(&store(&WAY[..2]), &DLQ.into(), Some(&QUEUE.into()));
        assert_eq!(route.consumers[0].log_group, "/aws/lambda/price");
    }

    #[rstest]
    #[case(&[], None, "nothing is known to send")]
    #[case(&[(QUEUE, LinkKind::DeadLetters, DLQ)], None, "no function is known to take from 'orders'")]
    #[case(&[(TOPIC, LinkKind::DeadLetters, DLQ)], None, "topic 'news' could not deliver it")]
    #[case(&[(QUEUE, LinkKind::DeadLetters, DLQ), (TOPIC, LinkKind::DeadLetters, DLQ)], None, "which of 2 sources")]
    #[case(&[(QUEUE, LinkKind::DeadLetters, DLQ), (TOPIC, LinkKind::DeadLetters, DLQ)], Some(QUEUE), "no function is known")]
    fn says_where_the_way_ends(
        #[case] links: &[(&str, LinkKind, &str)],
        #[case] source: Option<&str>,
        #[case] gap: &str,
    ) {
        let route = Route::of(&store(links), &DLQ.into(), source.map(ResourceId::from).as_ref());
        assert!(route.gap.as_ref().is_some_and(|said| said.contains(gap)), "{route:?}");
        assert!(route.consumers.is_empty());
    }

    #[test]
    fn a_function_that_gave_an_event_up_is_its_own_source() {
        let route = Route::of(&store(&[(FUNCTION, LinkKind::DeadLetters, DLQ)]), &DLQ.into(), None);
        assert_eq!(route.consumers[0].function.as_str(), FUNCTION);
    }
}
