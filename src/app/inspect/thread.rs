//! The task of an open thread: searches in a task of its own, and hands on what is known so far.

use std::{io::Write, path::PathBuf, sync::Arc};

use jiff::Timestamp;
use tokio::{sync::watch, task::JoinHandle};

use super::Start;
use crate::{
    app::clock,
    inspect::thread::{Ground, Search, Window, endpoint::Endpoint, search, source::Source},
    overlays::inspect::{
        Ask, News,
        thread::{Follow, Picture, Wanted},
    },
};

/// Characters of an id in the name of a file.
const MOST_NAMED: usize = 40;

/// Serves a thread until its asks end.
pub async fn serve(mut start: Start, follow: Follow) {
    let source: Arc<dyn Source> = Arc::new(Endpoint::new(Arc::clone(&start.aws)));
    let (tells, mut told) = watch::channel(Picture::default());
    let window = Window::default();
    let mut work = Work { source, ground: follow.ground, tells, id: String::new(), window, task: None };
    if follow.at_once {
        work.search(follow.id);
    }
    loop {
        tokio::select! {
            biased;
            ask = start.asks.recv() => match ask {
                Some(Ask::Thread(Wanted::Id(id))) => work.search(id),
                Some(Ask::Thread(Wanted::Around(window))) => {
                    work.window = window;
                    work.search(work.id.clone());
                }
                Some(Ask::Thread(Wanted::Again)) => work.search(work.id.clone()),
                Some(Ask::Thread(Wanted::Write)) => {
                    let picture = told.borrow().clone();
                    let (text, bad) = write(picture).await;
                    start.tell(News::Said(text, bad)).await;
                }
                Some(_) => {}
                None => break,
            },
            Ok(()) = told.changed() => {
                let picture = told.borrow_and_update().clone();
                if !start.tell(News::Thread(Box::new(picture))).await {
                    break;
                }
            }
        }
    }
    work.stop();
}

struct Work {
    source: Arc<dyn Source>,
    ground: Arc<Ground>,
    tells: watch::Sender<Picture>,
    id: String,
    window: Window,
    task: Option<JoinHandle<()>>,
}

impl Work {
    fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }

    fn search(&mut self, id: String) {
        self.stop();
        if id.is_empty() {
            return;
        }
        self.id.clone_from(&id);
        let (window, span) = (self.window, self.window.span(clock::now()));
        let wanted = search::Wanted { id: id.clone(), also: Vec::new(), span, scan: false };
        let mut searched = Search::new(Arc::clone(&self.source), Arc::clone(&self.ground), wanted);
        let tells = self.tells.clone();
        self.task = Some(tokio::spawn(async move {
            let picture = |thread: &crate::inspect::thread::Thread, progress, searching| Picture {
                id: id.clone(),
                window,
                thread: Arc::new(thread.clone()),
                progress,
                searching,
            };
            let mut last = search::Progress::default();
            searched
                .run(|thread, progress| {
                    last = progress;
                    tells.send_replace(picture(thread, progress, true));
                })
                .await;
            tells.send_replace(picture(searched.thread(), last, false));
        }));
    }
}

/// Writes it beside where the program was started; what is there is never overwritten.
async fn write(picture: Picture) -> (String, bool) {
    if picture.thread.is_empty() {
        return ("there is nothing to write yet".to_owned(), true);
    }
    let written = tokio::task::spawn_blocking(move || {
        let path = PathBuf::from(file_name(&picture.id, clock::now()));
        let document = serde_json::json!({ "schema": 1, "id": picture.id, "thread": *picture.thread });
        let mut file = std::fs::File::create_new(&path)?;
        serde_json::to_writer_pretty(&mut file, &document)?;
        file.write_all(b"\n")?;
        Ok::<_, std::io::Error>(path)
    });
    match written.await {
        Ok(Ok(path)) => (format!("written to {}", path.display()), false),
        Ok(Err(error)) => (format!("it cannot be written: {error}"), true),
        Err(error) => (format!("it cannot be written: {error}"), true),
    }
}

fn file_name(id: &str, now: Timestamp) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let id: String = id.chars().take(MOST_NAMED).map(safe).collect();
    format!("thread-{id}-{}.json", now.strftime("%Y%m%dT%H%M%SZ"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_lead_out_of_the_folder() {
        let name = file_name("../../etc/passwd\u{1b}", "2026-11-21T14:03:07Z".parse().unwrap());
        assert_eq!(name, "thread-______etc_passwd_-20261121T140307Z.json");
    }
}
