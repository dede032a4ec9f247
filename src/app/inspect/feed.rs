//! A stream that is being followed, as its reader's task has it: what comes of it, and how it stands.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::{
    aws::Trouble,
    inspect::records::{At, News, Record, Stream, follow},
};

/// Batches on their way: a screen that cannot keep up slows the reading down.
const ON_THEIR_WAY: usize = 4;

/// A stream, followed or not.
#[derive(Debug, Default)]
pub(super) struct Feed {
    /// Dropping it ends the following.
    news: Option<mpsc::Receiver<News>>,
    pub(super) shards: usize,
    /// Everything was read up to now, once.
    pub(super) caught_up: bool,
    /// Why it cannot be read at the moment.
    pub(super) trouble: Option<String>,
    /// What may be missing, and stays so.
    gap: Option<String>,
}

/// What news of it come to, for whoever follows.
pub(super) enum Heard {
    Records(Vec<Record>),
    /// A sentence in passing.
    Said(String),
    Nothing,
}

impl Feed {
    /// Follows from there on, and nothing from elsewhere any more; what is given back does that until nobody listens.
    pub(super) fn follow(
        &mut self,
        stream: Arc<dyn Stream>,
        from: At,
    ) -> impl Future<Output = Result<(), Trouble>> + Send + 'static {
        let (out, news) = mpsc::channel(ON_THEIR_WAY);
        *self = Self { news: Some(news), ..Self::default() };
        follow(stream, from, out)
    }

    /// How it stood stays.
    pub(super) fn stop(&mut self) {
        self.news = None;
    }

    pub(super) fn is_on(&self) -> bool {
        self.news.is_some()
    }

    /// Why it cannot be read, or what may be missing.
    pub(super) fn complaint(&self) -> Option<String> {
        self.trouble.clone().or_else(|| self.gap.clone())
    }

    /// What comes next. Where nothing is followed, or after its end, nothing ever comes.
    pub(super) async fn next(&mut self) -> News {
        if let Some(news) = &mut self.news {
            if let Some(next) = news.recv().await {
                return next;
            }
            self.news = None;
        }
        std::future::pending().await
    }

    pub(super) fn take(&mut self, news: News) -> Heard {
        match news {
            News::Records(records) => return Heard::Records(records),
            News::Said(text, false) => return Heard::Said(text),
            News::Shards(shards) => self.shards = shards,
            News::Said(text, true) => self.gap = Some(text),
            News::Trouble(trouble) => self.trouble = trouble,
            News::CaughtUp => self.caught_up = true,
        }
        Heard::Nothing
    }
}
