//! The loop: drain all that has happened, update, draw if something changed, and never more than thirty times a second.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use crossterm::event::{Event as Input, EventStream};
use futures_util::StreamExt;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{App, Effect, Event, clock, desk::Desks, editor, farewell, inspect::Readers, perform};
use crate::{
    aws::Connection,
    domain::Report,
    overlays::{
        desk::model::Ask,
        usage::{OperationUsed, Used},
    },
    panes::header::Cost,
    pollers::{self, Paces, Shared},
    terminal::{self, Screen},
};

pub use crate::terminal::Mouse;

/// The shortest time between two frames.
const FRAME: Duration = Duration::from_millis(33);
/// The time between two steps of moving marks.
const BEAT: Duration = Duration::from_millis(250);
/// How often to look whether the endpoint is still what it was.
const INTRODUCE_EVERY: Duration = Duration::from_secs(15);
/// Reports on their way; a full channel makes the pollers wait.
const REPORTS: usize = 256;
/// Events of our own on their way.
const EVENTS: usize = 64;

/// The theme for a light terminal whose user chose none.
const LIGHT: &str = "light";

/// How to begin.
#[derive(Debug, Clone)]
pub struct Start {
    pub paces: Paces,
    pub mouse: Mouse,
    /// Take the theme that goes with the terminal's background.
    pub follow_background: bool,
    /// The folder of journals and of what looks saw; none without a home.
    pub state: Option<PathBuf>,
    /// Bytes in memory for the lines of each open log reader.
    pub scrollback: usize,
}

/// Runs the screen until the user leaves.
///
/// # Errors
/// The terminal's own.
pub async fn run(mut app: App, aws: Arc<Connection>, start: Start) -> io::Result<()> {
    // Before the terminal is taken: a signal that came between would end us without giving it back.
    let signals = Signals::listen()?;
    let mut screen = Screen::enter(start.mouse)?;
    let (reports, reported) = mpsc::channel::<Report>(REPORTS);
    let (events, happened) = mpsc::channel::<Event>(EVENTS);
    let (scopes, scope) = watch::channel(app.scope());
    let cancel = CancellationToken::new();
    let shared = Shared { aws: Arc::clone(&aws), paces: start.paces, clock: clock::now, out: reports };
    // The first frame is drawn before anything is asked of anyone.
    draw(&mut app, &mut screen)?;
    spawn_introduction(Arc::clone(&aws), events.clone());
    pollers::spawn_all(&shared, &scope, &cancel);
    drop(shared);
    // The terminal may be far away or never answer: the first frame does not wait for it, and the keys are not listened to yet.
    if start.follow_background && terminal::is_light() {
        app.change_theme(LIGHT, clock::now());
    }
    let mut sources = Sources { reported, happened, input: Some(EventStream::new()), signals };
    let readers = Readers::new(Arc::clone(&aws), events.clone(), start.state.clone()).with_scrollback(start.scrollback);
    let desks = Desks::new(Arc::clone(&aws), events, start.state);
    desks.look_for_unfinished();
    let mut tasks = Tasks { desks, readers };
    let result = turn(&mut app, &mut screen, &mut sources, &mut tasks, &scopes).await;
    let mut desks = tasks.desks;
    cancel.cancel();
    // What was held is given back before we go.
    match &result {
        Ok(Leaving::ByKey) => farewell::wait(&mut app, &mut screen, &mut sources, &mut desks).await,
        Ok(Leaving::AtOnce) | Err(_) => desks.close().await,
    }
    result.map(drop)
}

/// How we leave.
enum Leaving {
    /// There is somebody who can wait, or not.
    ByKey,
    /// A signal, or the terminal is gone.
    AtOnce,
}

/// Where events come from.
pub(super) struct Sources {
    reported: mpsc::Receiver<Report>,
    pub(super) happened: mpsc::Receiver<Event>,
    /// None while an editor has the terminal.
    pub(super) input: Option<EventStream>,
    pub(super) signals: Signals,
}

pub(super) struct Signals {
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
    stop: tokio::signal::unix::Signal,
    /// Ctrl-C is a key, except while an editor has the terminal.
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            // SIGTSTP: what `kill -TSTP` and job control send; ctrl-z itself arrives as a key.
            stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    pub(super) async fn next(&mut self) -> Event {
        tokio::select! {
            _ = self.terminate.recv() => Event::Terminate,
            _ = self.hangup.recv() => Event::Terminate,
            _ = self.interrupt.recv() => Event::Terminate,
            _ = self.stop.recv() => Event::Suspend,
        }
    }
}

/// The tasks behind what lies over the panes.
struct Tasks {
    desks: Desks,
    readers: Readers,
}

async fn turn(
    app: &mut App,
    screen: &mut Screen,
    sources: &mut Sources,
    tasks: &mut Tasks,
    scopes: &watch::Sender<crate::domain::Scope>,
) -> io::Result<Leaving> {
    let mut tick = interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut drawn = Instant::now();
    let mut beaten = drawn;
    loop {
        let frame_due = drawn + FRAME;
        let event = tokio::select! {
            Some(report) = sources.reported.recv() => Some(Event::Report(report)),
            Some(event) = sources.happened.recv() => Some(event),
            input = next_input(&mut sources.input) => Some(from_terminal(input)),
            event = sources.signals.next() => Some(event),
            _ = tick.tick() => {
                let (cost, used) = usage(tasks.desks.connection());
                app.update(Event::Used(used), clock::now());
                Some(Event::Tick(cost))
            }
            () = sleep_until(frame_due), if app.is_dirty() => None,
            () = sleep_until(beaten + BEAT), if app.moves() => {
                beaten = Instant::now();
                Some(Event::Beat)
            }
        };
        let mut effects = Vec::new();
        let is_key = matches!(event, Some(Event::Key(_)));
        if let Some(event) = event {
            effects.extend(app.update(event, clock::now()));
        }
        while let Ok(report) = sources.reported.try_recv() {
            effects.extend(app.update(Event::Report(report), clock::now()));
        }
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(if is_key { Leaving::ByKey } else { Leaving::AtOnce }),
                Effect::Suspend => suspend(app, screen)?,
                Effect::Copy(text) => {
                    if let Err(error) = perform::copy(&text, &mut io::stdout()) {
                        app.update(Event::Failed(format!("not copied: {error}")), clock::now());
                    }
                }
                Effect::Desk(ask) => tasks.desks.ask(ask),
                Effect::Inspect(number, ask) => tasks.readers.ask(number, ask),
                Effect::Edit(text) => match lend(app, screen, sources, move || editor::edit(&text)).await? {
                    Some(edited) => tasks.desks.ask(Ask::Edited(edited)),
                    None => return Ok(Leaving::AtOnce),
                },
                Effect::Show(text) => match lend(app, screen, sources, move || editor::edit(&text)).await? {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => {
                        app.update(Event::Failed(error), clock::now());
                    }
                    None => return Ok(Leaving::AtOnce),
                },
                Effect::Page(text) => match lend(app, screen, sources, move || editor::page(&text)).await? {
                    Some(Ok(())) => {}
                    Some(Err(error)) => {
                        app.update(Event::Failed(error), clock::now());
                    }
                    None => return Ok(Leaving::AtOnce),
                },
            }
        }
        if app.is_dirty() && Instant::now() >= frame_due {
            draw(app, screen)?;
            drawn = Instant::now();
        }
        let scope = app.scope();
        scopes.send_if_modified(|sent| {
            let changed = *sent != scope;
            *sent = scope;
            changed
        });
    }
}

pub(super) fn draw(app: &mut App, screen: &mut Screen) -> io::Result<()> {
    let now = clock::now();
    app.prepare(now);
    screen.draw(|frame| app.draw(frame.area(), frame.buffer_mut(), now))
}

pub(super) async fn next_input(input: &mut Option<EventStream>) -> Option<io::Result<Input>> {
    match input {
        Some(input) => input.next().await,
        None => std::future::pending().await,
    }
}

pub(super) fn from_terminal(input: Option<io::Result<Input>>) -> Event {
    match input {
        Some(Ok(Input::Key(key))) => Event::Key(key),
        Some(Ok(Input::Mouse(mouse))) => Event::Mouse(mouse),
        Some(Ok(Input::Paste(text))) => Event::Paste(text),
        Some(Ok(_)) => Event::Resize,
        // The terminal is gone: so are we.
        Some(Err(_)) | None => Event::Terminate,
    }
}

fn suspend(app: &mut App, screen: &mut Screen) -> io::Result<()> {
    terminal::leave();
    terminal::stop_job()?;
    screen.resume()?;
    app.update(Event::Resumed, clock::now());
    Ok(())
}

/// Gives the terminal to the user's editor or pager until that ends; none if we are to end ourselves.
async fn lend<T: Send + 'static>(
    app: &mut App,
    screen: &mut Screen,
    sources: &mut Sources,
    to: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> io::Result<Option<Result<T, String>>> {
    terminal::leave();
    // The task that reads the keys would take them from the editor. Another one can begin only when this one has let go.
    sources.input = None;
    let mut lent = tokio::task::spawn_blocking(to);
    let came = loop {
        tokio::select! {
            came = &mut lent => break came.unwrap_or_else(|error| Err(format!("what was started failed: {error}"))),
            // The other's own, as long as it has the terminal.
            _ = sources.signals.interrupt.recv() => {}
            // It has stopped itself, and the shell waits for all of us.
            _ = sources.signals.stop.recv() => terminal::stop_job()?,
            _ = sources.signals.terminate.recv() => return Ok(None),
            _ = sources.signals.hangup.recv() => return Ok(None),
        }
    };
    screen.resume()?;
    sources.input = Some(EventStream::new());
    app.update(Event::Resumed, clock::now());
    Ok(Some(came))
}

/// What the meter and the dialect say, as the screen shows it.
fn usage(aws: &Connection) -> (Cost, Used) {
    let usage = aws.meter.usage();
    let cost = Cost::new(usage.calls_per_second, usage.dollars_per_day, usage.throttles);
    let operations = usage.by_operation.into_iter().map(|(name, one)| OperationUsed {
        name,
        calls: one.calls,
        errors: one.errors,
        throttles: one.throttles,
        mean_ms: one.mean_ms,
        max_ms: one.max_ms,
    });
    (cost, Used { operations: operations.collect(), missing: aws.dialect.missing() })
}

/// Asks what the endpoint is and who we are, again and again: an endpoint may come up late, be restarted as another one, or let us in
/// only after a login.
fn spawn_introduction(aws: Arc<Connection>, events: mpsc::Sender<Event>) {
    tokio::spawn(async move {
        let mut known = None;
        loop {
            aws.dialect.detect(aws.endpoint()).await;
            let recognised = Event::Recognised { flavour: aws.dialect.flavour(), missing: aws.dialect.missing().len() };
            if events.send(recognised).await.is_err() {
                return;
            }
            if known.as_ref() != Some(&aws.dialect.flavour()) {
                let identity = aws.identity().await;
                known = identity.is_ok().then(|| aws.dialect.flavour());
                if events.send(Event::Identified(identity)).await.is_err() {
                    return;
                }
            }
            tokio::time::sleep(INTRODUCE_EVERY).await;
        }
    });
}
