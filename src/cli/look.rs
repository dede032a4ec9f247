//! One look at everything, for the commands that print and leave. The dashboard looks again and again: see [`crate::app`].

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::{
    app::clock,
    aws::Connection,
    config::Config,
    domain::Scope,
    pollers::{self, Shared},
    store::Store,
};

const REPORTS: usize = 256;

/// One round of every poller, looking at everything.
pub async fn look(aws: &Arc<Connection>, config: &Config) -> Store {
    let (out, mut reports) = mpsc::channel(REPORTS);
    let shared = Shared { aws: Arc::clone(aws), paces: config.paces, clock: clock::now, out };
    let scope =
        Scope { kinds: crate::domain::resource::KINDS.iter().map(|row| row.kind).collect(), ..Scope::default() };
    let polling = tokio::spawn(async move { pollers::once(&shared, &scope).await });
    let mut store = Store::default();
    store.declare(config.links.clone());
    store.ignore(config.ignores.clone());
    while let Some(report) = reports.recv().await {
        store.apply(report);
    }
    let _ = polling.await;
    store.assess(clock::now());
    store
}
