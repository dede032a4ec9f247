//! Reads one place of a search within its bounds, and says what it did not read. Must not: know what makes a thread.

use super::{
    ground::{BucketPlace, Log, QueuePlace, TablePlace},
    haul::{Haul, Item, Lying, Object, Ran},
    ids,
    source::{Keys, Listed, Listing, Source},
    step::Gap,
};
use crate::{
    aws::Trouble,
    domain::{FailureKind, date_prefix},
    redrive::why::{
        binary, decode,
        invocations::Assembler,
        lines::{Ask, Span, read},
    },
};

/// Pages of a log that is read whole, and of one that the service searches.
const MOST_PAGES: u32 = 20;
const MOST_SEARCHED: u32 = 5;
/// Times at which a searched log named an id, around which it is read whole; and pages of each.
const MOST_WINDOWS: usize = 8;
const WINDOW_PAGES: u32 = 2;
/// What is read before and after such a line. A run may last longer: then the rest of it is not known.
const AROUND_MS: i64 = 5_000;
/// Pages of keys of a bucket; and folders that lead to the newest date.
const MOST_LISTED: usize = 3;
const DEEPEST: usize = 6;
/// Objects that are looked into, and how large they may be.
const MOST_OBJECTS: usize = 30;
const MOST_BYTES: u64 = 256 << 10;
/// Ids that one pattern asks for.
const MOST_ASKED: usize = 8;

fn gap(place: &str, why: impl Into<String>) -> Gap {
    Gap { place: place.to_owned(), why: why.into() }
}

fn troubled(place: &str, trouble: &Trouble) -> Haul {
    // What went since the listing has nothing to say.
    let gaps = if trouble.kind == FailureKind::NotFound { Vec::new() } else { vec![gap(place, trouble.to_string())] };
    Haul { gaps, ..Haul::default() }
}

/// The runs of a function in a span: all of them, or those around lines that name an id.
pub async fn log(source: &dyn Source, log: &Log, span: Span, ids: &[String]) -> Haul {
    if source.filters_logs() {
        searched(source, log, span, ids).await
    } else {
        whole(source, log, span, MOST_PAGES).await
    }
}

/// All runs of a function in a span.
pub async fn whole(source: &dyn Source, log: &Log, span: Span, most_pages: u32) -> Haul {
    let mut assembler = Assembler::whole();
    let ask = Ask { group: &log.group, span, pattern: None };
    let ending = read(source.logs(), &ask, most_pages, |line| assembler.take(line)).await;
    if let Some(trouble) = &ending.trouble {
        return troubled(&log.group, trouble);
    }
    let (invocations, forgotten) = assembler.finish();
    let mut haul = Haul::default();
    haul.ran.extend(invocations.into_iter().map(|invocation| Ran {
        function: log.function.clone(),
        group: log.group.clone(),
        invocation,
    }));
    if ending.unread_from_ms.is_some() || forgotten > 0 {
        haul.gaps.push(gap(&log.group, "there is more in the log than was read: ask within less time (--within)"));
    }
    haul
}

async fn searched(source: &dyn Source, log: &Log, span: Span, ids: &[String]) -> Haul {
    let pattern = pattern(ids);
    let ask = Ask { group: &log.group, span, pattern: Some(&pattern) };
    let mut hits = Vec::new();
    let ending = read(source.logs(), &ask, MOST_SEARCHED, |line| {
        if ids.iter().any(|id| ids::names(&line.text, id)) {
            hits.push(line.at_ms);
        }
    })
    .await;
    if let Some(trouble) = &ending.trouble {
        return troubled(&log.group, trouble);
    }
    let mut haul = Haul::default();
    if ending.unread_from_ms.is_some() {
        haul.gaps.push(gap(&log.group, "more lines were found than are read: ask within less time (--within)"));
    }
    let windows = windows(&hits);
    if windows.len() > MOST_WINDOWS {
        let why = format!("named at {} times, of which {MOST_WINDOWS} were read", windows.len());
        haul.gaps.push(gap(&log.group, why));
    }
    for window in windows.into_iter().take(MOST_WINDOWS) {
        haul.take(whole(source, log, window, WINDOW_PAGES).await);
    }
    haul
}

/// CloudWatch's pattern for any of these texts.
fn pattern(ids: &[String]) -> String {
    let quoted = |id: &String| format!("\"{}\"", id.replace('\\', "\\\\").replace('"', "\\\""));
    match ids {
        [one] => quoted(one),
        several => {
            let any: Vec<String> = several.iter().take(MOST_ASKED).map(|id| format!("?{}", quoted(id))).collect();
            any.join(" ")
        }
    }
}

/// Spans around these instants; those that touch are one.
fn windows(hits: &[i64]) -> Vec<Span> {
    let mut sorted = hits.to_vec();
    sorted.sort_unstable();
    let mut windows: Vec<Span> = Vec::new();
    for at in sorted {
        let next = Span { from_ms: at.saturating_sub(AROUND_MS), to_ms: at.saturating_add(AROUND_MS) };
        match windows.last_mut() {
            Some(last) if next.from_ms <= last.to_ms => *last = last.and(next),
            _ => windows.push(next),
        }
    }
    windows
}

/// What lies in a queue, if it can be seen for nothing.
pub async fn queue(source: &dyn Source, place: &QueuePlace) -> Haul {
    match source.messages(&place.id).await {
        Ok(Some(messages)) => {
            let lying = messages.into_iter().map(|message| {
                let decoded = decode(&message);
                Lying { queue: place.id.clone(), message, decoded }
            });
            Haul { lying: lying.collect(), ..Haul::default() }
        }
        Ok(None) => {
            let why =
                "its messages can only be received here, which counts as a receive: --receive does, for dead letters";
            Haul { gaps: vec![gap(place.id.short_name(), why)], ..Haul::default() }
        }
        Err(trouble) => troubled(place.id.short_name(), &trouble),
    }
}

/// The items that have an id as their key.
pub async fn table(source: &dyn Source, place: &TablePlace, ids: &[String], scan: bool) -> Haul {
    let mut haul = Haul::default();
    let mut take = |items: Vec<serde_json::Value>| {
        haul.items.extend(items.into_iter().map(|value| Item { table: place.id.clone(), value }));
    };
    let mut gaps = Vec::new();
    if let Some(key) = &place.key {
        for id in ids.iter().take(MOST_ASKED) {
            match source.query(&place.name, key, id).await {
                Ok(found) => take(found.items),
                Err(trouble) => gaps.extend(troubled(&place.name, &trouble).gaps),
            }
        }
    } else {
        gaps.push(gap(&place.name, "its key is not known"));
    }
    if scan {
        match source.scan(&place.name).await {
            Ok(found) => {
                take(found.items);
                if found.more {
                    gaps.push(gap(&place.name, "one page was scanned, and there are more"));
                }
            }
            Err(trouble) => gaps.extend(troubled(&place.name, &trouble).gaps),
        }
    } else {
        gaps.push(gap(&place.name, "only the key was asked for: --scan reads a page of its items too"));
    }
    haul.gaps = gaps;
    haul
}

/// The objects that were written in a span, and what is in the newest small ones.
pub async fn bucket(source: &dyn Source, place: &BucketPlace, span: Span) -> Haul {
    let mut haul = Haul::default();
    let listed = match keys(source, &place.name).await {
        Ok((listed, is_all)) => {
            if !is_all {
                let why =
                    format!("only the first {} keys and those of the newest date were looked at", MOST_LISTED * 1000);
                haul.gaps.push(gap(&place.name, why));
            }
            listed
        }
        Err(trouble) => return troubled(&place.name, &trouble),
    };
    let is_in = |listed: &Listed| listed.written.is_none_or(|at| span.contains(at.as_millisecond()));
    let mut recent: Vec<Listed> = listed.into_iter().filter(is_in).collect();
    recent.sort_by_key(|listed| std::cmp::Reverse(listed.written));
    let mut looked_into = 0;
    for listed in recent {
        let mut contents = None;
        if is_telling(&listed) && looked_into < MOST_OBJECTS {
            looked_into += 1;
            match source.get(&place.name, &listed.key, MOST_BYTES).await {
                Ok(bytes) => contents = text(bytes),
                Err(trouble) => haul.gaps.extend(troubled(&place.name, &trouble).gaps),
            }
        } else if looked_into >= MOST_OBJECTS {
            haul.gaps.push(gap(&place.name, format!("only the newest {MOST_OBJECTS} objects were looked into")));
        }
        let (key, bytes, written) = (listed.key, listed.bytes, listed.written);
        haul.objects.push(Object { bucket: place.id.clone(), key, bytes, written, contents });
    }
    haul.gaps.dedup();
    haul
}

/// Keys in their order, as far as the pages go; then those of the newest date. And whether that is all.
async fn keys(source: &dyn Source, bucket: &str) -> Result<(Vec<Listed>, bool), Trouble> {
    let mut all = Vec::new();
    let mut token = None;
    for _ in 0..MOST_LISTED {
        let listing = Listing { bucket, prefix: "", by_folder: false, token: token.as_deref() };
        let Keys { objects, next, .. } = source.list(listing).await?;
        all.extend(objects);
        token = next;
        if token.is_none() {
            return Ok((all, true));
        }
    }
    let Some(mut prefix) = all.last().and_then(|last| date_prefix::root(&last.key)).map(ToOwned::to_owned) else {
        return Ok((all, false));
    };
    for _ in 0..DEEPEST {
        let listing = Listing { bucket, prefix: &prefix, by_folder: true, token: None };
        let folders = source.list(listing).await?.folders;
        match date_prefix::last(folders.iter().map(String::as_str)) {
            Some(last) => prefix = last.to_owned(),
            None => break,
        }
    }
    let newest = source.list(Listing { bucket, prefix: &prefix, by_folder: false, token: None }).await?;
    all.extend(newest.objects);
    all.sort_by(|a, b| a.key.cmp(&b.key));
    all.dedup_by(|a, b| a.key == b.key);
    Ok((all, false))
}

/// Small, and of a kind that is text within. What a delivery stream writes has no ending at all.
fn is_telling(listed: &Listed) -> bool {
    let name = listed.key.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let is_text =
        ending.is_none_or(|ending| ["json", "jsonl", "ndjson", "gz", "txt", "log", "csv"].contains(&&*ending));
    is_text && (1..=MOST_BYTES).contains(&listed.bytes)
}

fn text(bytes: Vec<u8>) -> Option<String> {
    let bytes = match binary::compression(&bytes) {
        Some(compression) => binary::inflate(&bytes, compression)?.bytes,
        None => bytes,
    };
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_touch_are_one() {
        let spans: Vec<_> =
            windows(&[40_000, 1_000, 9_000]).into_iter().map(|span| (span.from_ms, span.to_ms)).collect();
        assert_eq!(spans, [(-4_000, 14_000), (35_000, 45_000)]);
    }

    #[test]
    fn an_id_is_quoted_for_the_service() {
        assert_eq!(pattern(&["order-4".to_owned()]), r#""order-4""#);
        assert_eq!(pattern(&["a\"b".to_owned(), r"c\d".to_owned()]), r#"?"a\"b" ?"c\\d""#);
    }

    #[test]
    fn small_text_is_looked_into() {
        let listed = |key: &str, bytes| Listed { key: key.to_owned(), bytes, written: None };
        for key in ["a/b.json", "2026/11/21/stream-1-2026-11-21-21-00-00-uuid", "x.JSONL", "x.gz"] {
            assert!(is_telling(&listed(key, 10)), "{key}");
        }
        assert!(!is_telling(&listed("a.png", 10)) && !is_telling(&listed("a.json", MOST_BYTES + 1)));
    }
}
