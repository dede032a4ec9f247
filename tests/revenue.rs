//! Architecture 5 on an emulator that already runs: what lands in the bucket is on the screen within one window, and its chart says what
//! a plain client adds up.
//!
//! `EDATOP_TEST_ENDPOINTS=localstack=http://127.0.0.1:4566 cargo test --test revenue -- --ignored --nocapture`
//! The demo is deployed there if it is not yet, and left; its traffic runs as long as the test does.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use crossterm::event::KeyCode;
use edatop::{
    app::{Effect, Event, clock, inspect::Readers},
    aws::{ConnectOptions, connect::Timeouts},
    demo::{Clients, architectures::ALL, deploy, traffic},
    domain::reading::NEWEST,
    inspect::objects::preview::Preview,
    overlays::inspect::{News, objects::model::Inside},
    pollers::Paces,
};
use jiff::Timestamp;
use serde_json::Value;
use support::{
    driver::{self, Driver},
    emulators,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const BUCKET: &str = "store-revenue-analytics";
const PREFIX: &str = "sales_revenue/";
/// The window over which the architecture adds up: so soon an object must be seen.
const WINDOW: Duration = Duration::from_secs(60);
/// Windows are added up, buffered, transformed and written, on a machine that does more than this.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long things go on between two looks at them.
const TURN: Duration = Duration::from_millis(100);
/// Objects that are waited for.
const OBJECTS: usize = 2;

/// The real App with its pollers and its readers.
struct Screen {
    driver: Driver,
    readers: Readers,
    events: mpsc::Receiver<Event>,
    /// What is read of the object under the cursor: its key, and the preview.
    shown: Option<(String, Box<Preview>)>,
}

impl Screen {
    async fn new(url: &str) -> Self {
        let options = ConnectOptions { timeouts: Timeouts::default(), ..driver::options(url) };
        let driver = Driver::start(options, Paces::default()).await;
        let (out, events) = mpsc::channel(64);
        let readers = Readers::new(Arc::clone(&driver.aws), out, None);
        Self { driver, readers, events, shown: None }
    }

    fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            let code = if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) };
            let effects = self.driver.app.update(Event::Key(code.into()), clock::now());
            self.perform(effects);
        }
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::Inspect(number, ask) = effect {
                self.readers.ask(number, ask);
            }
        }
    }

    async fn turn(&mut self) {
        self.driver.go_on_for(TURN).await;
        while let Ok(event) = self.events.try_recv() {
            if let Event::Inspected(_, News::Objects(picture)) = &event
                && let Some(shown) = &picture.shown
                && let Inside::Read(preview) = &shown.inside
            {
                self.shown = Some((shown.key.clone(), preview.clone()));
            }
            let effects = self.driver.app.update(event, clock::now());
            self.perform(effects);
        }
    }

    /// The instant of the newest object, as the pane knows it.
    fn newest(&self) -> Option<i64> {
        let id = format!("arn:aws:s3:::{BUCKET}").as_str().into();
        self.driver.app.store().get(&id)?.value(NEWEST).map(|seconds| seconds as i64)
    }
}

/// All objects, as a plain client lists them.
async fn listed(clients: &Clients) -> BTreeMap<String, Timestamp> {
    let mut objects = BTreeMap::new();
    let mut pages = clients.s3.list_objects_v2().bucket(BUCKET).prefix(PREFIX).into_paginator().send();
    while let Some(page) = pages.next().await {
        objects.extend(page.unwrap().contents.unwrap_or_default().into_iter().map(|object| {
            let at = Timestamp::from_second(object.last_modified.unwrap().secs()).unwrap();
            (object.key.unwrap(), at)
        }));
    }
    objects
}

/// What each store earned, as a plain client adds it up.
async fn added_up(clients: &Clients, key: &str) -> BTreeMap<String, i64> {
    let body = clients.s3.get_object().bucket(BUCKET).key(key).send().await.unwrap().body.collect().await.unwrap();
    let mut sums = BTreeMap::new();
    for line in String::from_utf8(body.to_vec()).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        *sums.entry(line["store_id"].as_str().unwrap().to_owned()).or_default() += line["revenue"].as_i64().unwrap();
    }
    sums
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs emulators, named in EDATOP_TEST_ENDPOINTS"]
async fn what_lands_is_shown_within_a_window_and_its_chart_is_the_sum_of_it() {
    for (name, url) in emulators::that_deliver() {
        let clients = Clients::new(&url).unwrap();
        deploy::deploy(&clients, &ALL).await.unwrap();
        let (stop, plan) = (CancellationToken::new(), traffic::Plan { seed: 5, speed: traffic::EMULATOR_SPEED });
        let (sender, stopped) = (clients.clone(), stop.clone());
        let revenue = ALL.iter().copied().filter(|architecture| architecture.name == "revenue").collect::<Vec<_>>();
        let sending = tokio::spawn(async move { traffic::drive(&sender, &revenue, plan, stopped).await });

        let mut screen = Screen::new(&url).await;
        screen.press("5");
        let began = Instant::now();
        while screen.newest().is_none() && began.elapsed() < PATIENCE {
            screen.turn().await;
        }
        screen.press(&format!("/{BUCKET}\n"));
        screen.press("i");
        for _ in 0..OBJECTS {
            one_object(&name, &clients, &mut screen).await;
        }
        stop.cancel();
        sending.await.unwrap().unwrap();
    }
}

/// Waits for the next object to land, and for the screen to show it.
async fn one_object(name: &str, clients: &Clients, screen: &mut Screen) {
    let before = listed(clients).await;
    let began = Instant::now();
    let (key, landed) = loop {
        assert!(began.elapsed() < PATIENCE, "{name}: nothing landed in {PATIENCE:?}");
        for _ in 0..5 {
            screen.turn().await;
        }
        let new = listed(clients).await.into_iter().filter(|(key, _)| !before.contains_key(key));
        if let Some(newest) = new.max_by_key(|(_, at)| *at) {
            break newest;
        }
    };
    let since = Instant::now();
    let (mut in_pane, mut in_reader) = (None, None);
    while in_pane.is_none() || in_reader.is_none() {
        assert!(
            since.elapsed() < WINDOW,
            "{name}: {key} landed at {landed}; pane {in_pane:?}, reader {in_reader:?}\n{}",
            screen.driver.screen()
        );
        if screen.newest().is_some_and(|newest| newest >= landed.as_second()) {
            in_pane.get_or_insert(since.elapsed());
        }
        if screen.shown.as_ref().is_some_and(|(shown, _)| *shown >= key) {
            in_reader.get_or_insert(since.elapsed());
        }
        screen.turn().await;
    }
    let (shown, preview) = screen.shown.clone().unwrap();
    let chart = preview.charts.iter().find(|chart| (chart.by.as_str(), chart.of.as_str()) == ("store_id", "revenue"));
    let chart = chart.unwrap_or_else(|| panic!("{name}: {shown} has no chart of revenue: {:?}", preview.charts));
    let drawn: BTreeMap<String, i64> =
        chart.bars.iter().map(|(store, sum)| (store.clone(), sum.as_f64() as i64)).collect();
    let expected = added_up(clients, &shown).await;
    assert_eq!(drawn, expected, "{name}: {shown}");
    let total: i64 = expected.values().sum();
    assert_eq!(chart.total.as_f64() as i64, total, "{name}: {shown}");
    let text = screen.driver.screen();
    assert!(text.contains(&total.to_string()), "{name}: {total} is not on the screen\n{text}");
    let (pane, reader) = (in_pane.unwrap_or_default(), in_reader.unwrap_or_default());
    eprintln!(
        "{name}: an object of {landed}; {pane:.1?} after a plain client saw it it is in the pane, {reader:.1?} after its chart: {} stores, total {total}",
        expected.len()
    );
}
