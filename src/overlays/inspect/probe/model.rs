//! What the probe's overlay shows, and what its keys ask for, as data. Sending and following are in its task (`app::inspect::probe`).

use std::sync::Arc;

use crate::inspect::{
    probe::{Course, Plan},
    thread::Ground,
};

/// What is to be sent, once the user says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Errand {
    pub plan: Arc<Plan>,
    /// Where it is looked for.
    pub ground: Arc<Ground>,
    /// The API whose route is to be found first.
    pub api: Option<String>,
    /// The name that is typed before it is sent, where what is sent is real.
    pub name: Option<String>,
}

/// What the user wants of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Through the route at this place.
    Route(usize),
    /// Send this. Only ever once: an ask for more is nothing.
    Send(Box<Errand>),
    /// Look for it no longer.
    Stop,
    /// Look for it once more, as long as before.
    Again,
}

/// How it is now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    pub stage: Stage,
    /// The routes of an API that take a body, if there are several; and the one it goes through.
    pub routes: Vec<String>,
    pub route: Option<String>,
    /// What the answer to the send called it.
    pub ids: Vec<String>,
    /// From when it was sent on.
    pub course: Option<Arc<Course>>,
}

/// How far it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Stage {
    /// The routes of the API are being read.
    Finding,
    /// Nothing was sent yet.
    #[default]
    Ready,
    Sending,
    Following,
    /// The user looks for it no longer.
    Stopped,
    /// It is where it should be, or its time is over.
    Over,
    /// It was not sent, or that is in doubt: which, and why. It is not tried again.
    Refused(String),
}
