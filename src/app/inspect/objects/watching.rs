//! Looking again at what may have changed: the level of the newest date and that of the cursor each time, the levels above now and then.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Stand, calls::Note};
use crate::inspect::objects::{LIST_DOLLARS, List, Page, Refused};

/// Between two looks, where a look costs money and where it does not.
const PACE_ON_AWS: Duration = Duration::from_secs(15);
const PACE: Duration = Duration::from_secs(2);
/// Every how many looks the levels above are looked at too: a new hour begins there.
const ABOVE_EVERY: u64 = 4;

/// Between two looks.
pub(super) fn pace(on_aws: bool) -> Duration {
    if on_aws { PACE_ON_AWS } else { PACE }
}

/// What a look at a level asks for.
struct Look {
    level: Arc<str>,
    /// Only what comes after this key; else from the start.
    after: Option<String>,
}

impl Stand {
    /// Looks at the levels that are watched, one after the other.
    pub(super) fn look_again(&mut self) {
        self.looks += 1;
        let looks = self.due(self.looks.is_multiple_of(ABOVE_EVERY));
        if looks.is_empty() {
            self.look_at = Instant::now() + pace(self.on_aws);
            return;
        }
        self.is_looking = true;
        let (reader, notes, planted) = (Arc::clone(&self.reader), self.notes.clone(), self.planted);
        tokio::spawn(async move {
            for Look { level, after } in looks {
                let page = reader.list(List { prefix: &level, token: None, after: after.as_deref() }).await;
                if notes.send(Note::Looked { planted, level, from_start: after.is_none(), page }).await.is_err() {
                    return;
                }
            }
            let _ = notes.send(Note::LookedAll).await;
        });
    }

    pub(super) fn looked_all(&mut self) {
        self.is_looking = false;
        self.look_at = Instant::now() + pace(self.on_aws);
    }

    pub(super) fn looked(&mut self, level: &Arc<str>, from_start: bool, page: Result<Page, Refused>) {
        let page = match page {
            Ok(page) => page,
            Err(refused) => {
                self.trouble = Some(refused);
                return;
            }
        };
        self.trouble = None;
        let Some(known) = self.tree.level_mut(level) else { return };
        let led_to = known.leads_on().map(str::to_owned);
        known.look_again(page, from_start, Self::now());
        let leads_elsewhere = known.leads_on() != led_to.as_deref();
        self.settle();
        // A new hour has begun.
        if leads_elsewhere {
            self.go_down(level);
        }
    }

    fn due(&self, with_above: bool) -> Vec<Look> {
        let mut levels = self.tree.along_dates();
        let newest = levels.pop();
        if !with_above {
            levels.clear();
        }
        levels.extend(newest);
        levels.extend(self.row().map(|row| self.tree.level_of(row)));
        let mut looks: Vec<Look> = Vec::new();
        for level in levels {
            let from = self.tree.level(&level).and_then(|known| known.look_from());
            if let Some(after) = from.filter(|_| looks.iter().all(|look| look.level != level)) {
                looks.push(Look { level, after: after.map(str::to_owned) });
            }
        }
        looks
    }

    /// What is watched, and what that costs.
    pub(super) fn watching(&self) -> String {
        let looks = self.due(false);
        if looks.is_empty() {
            return "not watched: not listed to its end".to_owned();
        }
        let every = pace(self.on_aws).as_secs();
        if !self.on_aws {
            return format!("watched every {every} s");
        }
        let above = self.due(true).len().saturating_sub(looks.len()) as f64 / ABOVE_EVERY as f64;
        let an_hour = 3600.0 / every as f64 * (looks.len() as f64 + above) * LIST_DOLLARS / 1000.0;
        format!("watched every {every} s: ≈${an_hour:.3} an hour")
    }
}
