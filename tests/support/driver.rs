//! The real App on the real pollers, without a terminal: what `app::run` does, with a condition in place of a user.

use std::{sync::Arc, time::Duration};

use crossterm::event::KeyCode;
use edatop::{
    app::{App, Event, Look, clock},
    aws::{ConnectOptions, Connection, connect::Timeouts},
    domain::{Report, Scope},
    panes::header::{Cost, Session},
    pollers::{self, POLLERS, Paces, Shared},
    theme::{ColorDepth, Shelf, Theme},
};
use jiff::tz::TimeZone;
use ratatui::{buffer::Buffer, layout::Rect};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, interval, timeout},
};
use tokio_util::sync::CancellationToken;

const SCREEN: Rect = Rect { x: 0, y: 0, width: 160, height: 50 };
/// How often a condition is looked at.
const TICK: Duration = Duration::from_millis(50);

/// The App with its pollers; they stop when it is dropped.
pub struct Driver {
    pub app: App,
    pub aws: Arc<Connection>,
    reports: mpsc::Receiver<Report>,
    scopes: watch::Sender<Scope>,
    cancel: CancellationToken,
}

/// Connects to an endpoint of a test, with timeouts that a test can wait for.
pub fn options(url: &str) -> ConnectOptions {
    ConnectOptions {
        endpoint: Some(url.to_owned()),
        region: Some("us-east-1".to_owned()),
        timeouts: Timeouts {
            connect: Duration::from_millis(500),
            attempt: Duration::from_secs(1),
            operation: Duration::from_secs(2),
        },
        ..ConnectOptions::default()
    }
}

impl Driver {
    pub async fn start(options: ConnectOptions, paces: Paces) -> Self {
        let aws = Arc::new(Connection::open(&options).await.unwrap());
        aws.dialect.detect(aws.endpoint()).await;
        let session = Session { place: "endpoint test".to_owned(), services: POLLERS.len(), ..Session::default() };
        let look = Look { theme: Theme::default(), depth: ColorDepth::None, ascii: false, shelf: Shelf::default() };
        let app = App::new(session, look, TimeZone::UTC);
        let (out, reports) = mpsc::channel(256);
        let (scopes, scope) = watch::channel(app.scope());
        let cancel = CancellationToken::new();
        let shared = Shared { aws: Arc::clone(&aws), paces, clock: clock::now, out };
        pollers::spawn_all(&shared, &scope, &cancel);
        Self { app, aws, reports, scopes, cancel }
    }

    pub async fn account(&self) -> String {
        self.aws.identity().await.unwrap().account
    }

    /// Goes on until `met`.
    pub async fn until(&mut self, patience: Duration, what: &str, met: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !met(self) {
            assert!(began.elapsed() < patience, "no {what} in {patience:?}; the screen is\n{}", self.screen());
            self.turn().await;
        }
    }

    /// Goes on for so long: to count what happens meanwhile.
    pub async fn go_on_for(&mut self, span: Duration) {
        let began = Instant::now();
        while began.elapsed() < span {
            self.turn().await;
        }
    }

    pub fn press(&mut self, code: KeyCode) {
        self.app.update(Event::Key(code.into()), clock::now());
    }

    /// All that would be on the terminal.
    pub fn screen(&mut self) -> String {
        let mut buffer = Buffer::empty(SCREEN);
        let now = clock::now();
        self.app.prepare(now);
        self.app.draw(SCREEN, &mut buffer, now);
        let line = |row: &[ratatui::buffer::Cell]| row.iter().map(|cell| cell.symbol()).collect::<String>();
        buffer.content.chunks(SCREEN.width.into()).map(line).collect::<Vec<_>>().join("\n")
    }

    /// Takes in what has happened; a quiet moment is a tick.
    async fn turn(&mut self) {
        match timeout(TICK, self.reports.recv()).await {
            Ok(Some(report)) => drop(self.app.update(Event::Report(report), clock::now())),
            Ok(None) => panic!("all pollers have ended"),
            Err(_) => drop(self.app.update(Event::Tick(Cost::default()), clock::now())),
        }
        while let Ok(report) = self.reports.try_recv() {
            self.app.update(Event::Report(report), clock::now());
        }
        self.app.prepare(clock::now());
        let scope = self.app.scope();
        self.scopes.send_if_modified(|sent| std::mem::replace(sent, scope.clone()) != scope);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// Asks again and again until the answer is yes.
pub async fn until(patience: Duration, what: &str, met: impl AsyncFn() -> bool) {
    let mut ticks = interval(Duration::from_millis(200));
    let asking = async {
        loop {
            ticks.tick().await;
            if met().await {
                return;
            }
        }
    };
    assert!(timeout(patience, asking).await.is_ok(), "no {what} in {patience:?}");
}
