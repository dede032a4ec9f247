//! Looking at one place: its last lines, messages or objects, the newest first.
//!
//! A log is read from its end backwards, in spans that grow: the last ten seconds of a busy group are enough, and a quiet one is
//! read over hours. Bounded in calls, and what was not read is said.

use jiff::Timestamp;

use super::{Look, Seen, Sight, Source};
use crate::{
    domain::{
        Level, log_lines,
        units::{Age, Count},
    },
    redrive::why::lines::{Ask, Span, read},
};

/// Lines, messages or objects that are kept, the newest.
pub const MOST_SEEN: usize = 50;
/// Objects that are asked for.
const MOST_OBJECTS: usize = 10;
/// Characters of a line or message.
const MOST_CHARACTERS: usize = 2_000;
/// How far back it is read, in milliseconds: as far as it takes.
const BACK_MS: [i64; 4] = [10_000, 120_000, 15 * 60_000, 3 * 3_600_000];
/// So many lines are enough not to read further back.
const ENOUGH: usize = 10;
/// Calls for one of those spans.
const MOST_PAGES: u32 = 4;
/// What Lambda says around each request, and nobody asked for.
const AROUND: [&str; 3] = ["START RequestId:", "END RequestId:", "INIT_START "];

/// Looks there.
///
/// # Errors
/// In words, with what to do.
pub async fn look(source: &dyn Source, look: &Look, now: Timestamp) -> Result<Sight, String> {
    match look {
        Look::Lines(group) => lines(source, group, now).await,
        Look::Waiting(queue) => {
            let messages = source.waiting(queue).await.map_err(|trouble| trouble.to_string())?;
            let Some(mut messages) = messages else {
                let said = "its messages cannot be seen here without receiving them, which counts against each of them";
                return Ok(Sight { said: said.to_owned(), ..Sight::default() });
            };
            messages.sort_by_key(|message| std::cmp::Reverse(message.sent_at()));
            let said = match messages.len() {
                0 => "it holds nothing now: what came was taken".to_owned(),
                held => format!("{held} held now, seen without receiving them"),
            };
            let seen = messages.iter().take(MOST_SEEN).map(|message| Seen {
                at: message.sent_at(),
                text: cut(&message.body),
                bytes: None,
                is_bad: false,
            });
            Ok(Sight { seen: seen.collect(), said })
        }
        Look::Objects(folder) => {
            let found = source.newest(folder, MOST_OBJECTS).await.map_err(|refused| refused.to_string())?;
            let whole = if found.is_whole { "" } else { "; there may be newer ones beyond what was listed" };
            let listed = Count(found.listed as f64);
            let said = match found.objects.is_empty() {
                true => format!("no object begins with {}{whole}", folder.prefix),
                false => format!("the newest of {listed} listed, in {} calls{whole}", found.pages),
            };
            let seen = found.objects.into_iter().map(|object| Seen {
                at: object.at,
                text: object.key.into(),
                bytes: Some(object.bytes),
                is_bad: false,
            });
            Ok(Sight { seen: seen.collect(), said })
        }
        Look::Nothing(why) => Ok(Sight { seen: Vec::new(), said: why.clone() }),
    }
}

async fn lines(source: &dyn Source, group: &str, now: Timestamp) -> Result<Sight, String> {
    let now_ms = now.as_millisecond();
    let (mut seen, mut to_ms, mut gap) = (Vec::new(), now_ms, false);
    let mut back = 0;
    for back_ms in BACK_MS {
        let span = Span { from_ms: now_ms - back_ms, to_ms };
        let mut older = Vec::new();
        let ask = Ask { group, span, pattern: None };
        let ending = read(source.logs(), &ask, MOST_PAGES, |line| {
            if AROUND.iter().any(|around| line.text.starts_with(around)) {
                return;
            }
            let is_bad = log_lines::level_of(&line.text) == Level::Error;
            let at = Timestamp::from_millisecond(line.at_ms).ok();
            older.push(Seen { at, text: cut(line.text.trim_end()), bytes: None, is_bad });
        })
        .await;
        if let Some(trouble) = ending.trouble {
            return Err(trouble.to_string());
        }
        (back, to_ms) = (back_ms, span.from_ms - 1);
        older.extend(seen);
        seen = older;
        // What is newer than where a span was given up matters more than what is older than it.
        gap |= ending.unread_from_ms.is_some();
        if seen.len() >= ENOUGH || gap {
            break;
        }
    }
    // What was said in the same millisecond keeps its order, the last first.
    seen.reverse();
    seen.sort_by_key(|line| std::cmp::Reverse(line.at));
    let over = Age(back as f64 / 1e3);
    let mut said = match seen.len() {
        0 => format!("no line in the last {over}"),
        1 => format!("1 line of the last {over}"),
        found if found > MOST_SEEN => format!("the newest {MOST_SEEN} of {} lines of the last {over}", found),
        found => format!("{found} lines of the last {over}"),
    };
    if gap {
        said.push_str("; more was written than is read at once: l reads on");
    }
    seen.truncate(MOST_SEEN);
    Ok(Sight { seen, said })
}

fn cut(text: &str) -> String {
    text.chars().take(MOST_CHARACTERS).collect()
}
