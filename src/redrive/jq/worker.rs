//! A program on a thread of its own: with a stack of known size, and such that it can be left alone if it does not come back.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use super::{
    Mistake,
    meter::{MOST_TIME, STACK_BYTES},
    object::{self, Value, Yielded},
    program::{Compiled, Failure},
};
use crate::redrive::message::Message;

/// How long to wait for an answer. The program stops itself long before, unless it is busy in one long native function.
const PATIENCE: Duration = MOST_TIME.saturating_mul(2);
/// For how many messages a program may have to be stopped before it is not run any more, and how many threads it may leave behind.
const MOST_STOPPED: u32 = 8;
const MOST_LEFT_BEHIND: u32 = 2;

/// A compiled jq program. Cheap to clone; clones take turns on its thread.
#[derive(Clone)]
pub struct Program {
    code: Arc<str>,
    state: Arc<Mutex<State>>,
}

struct State {
    jobs: Option<SyncSender<Job>>,
    stopped: u32,
    left_behind: u32,
    patience: Duration,
}

struct Job {
    input: Input,
    question: Question,
    answer: SyncSender<Result<Answer, Failure>>,
}

/// What a program gets.
enum Input {
    Message(Box<Message>),
    Text(String),
}

#[derive(Debug, Clone, Copy)]
enum Question {
    Truth,
    Edit,
    /// Its outputs, at most so many.
    Values(usize),
}

enum Answer {
    Truth(bool),
    Edit(Yielded),
    Values(Vec<Value>),
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Program").field(&self.code).finish()
    }
}

impl Program {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What is wrong with it and where, in one sentence.
    pub fn new(code: &str) -> Result<Self, Mistake> {
        let code: Arc<str> = code.into();
        let jobs = start(&code)?;
        let state = State { jobs: Some(jobs), stopped: 0, left_behind: 0, patience: PATIENCE };
        Ok(Self { code, state: Arc::new(Mutex::new(state)) })
    }

    /// The expression.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether its first output is anything but `false` and `null`. It may take seconds: never from a task of the runtime.
    ///
    /// # Errors
    /// What went wrong with this message, in one sentence.
    pub fn is_true(&self, message: &Message) -> Result<bool, String> {
        self.truth(Input::Message(Box::new(message.clone())))
    }

    /// Whether its first output for what this JSON says, or for this text if it is none, is anything but `false` and `null`. It may take
    /// seconds.
    ///
    /// # Errors
    /// What went wrong with this text, in one sentence.
    pub fn is_true_of(&self, text: &str) -> Result<bool, String> {
        self.truth(Input::Text(text.to_owned()))
    }

    /// Its first outputs for what this JSON says, or for this text if it is none. It may take seconds.
    ///
    /// # Errors
    /// What went wrong with this text, in one sentence.
    pub fn values_of(&self, text: &str, most: usize) -> Result<Vec<Value>, String> {
        match self.ask(Input::Text(text.to_owned()), Question::Values(most))? {
            Answer::Values(values) => Ok(values),
            _ => Err(beside_the_point()),
        }
    }

    fn truth(&self, input: Input) -> Result<bool, String> {
        match self.ask(input, Question::Truth)? {
            Answer::Truth(truth) => Ok(truth),
            _ => Err(beside_the_point()),
        }
    }

    /// The fields of the one object that it yields. It may take seconds: never from a task of the runtime.
    ///
    /// # Errors
    /// What went wrong with this message, in one sentence.
    pub fn edit(&self, message: &Message) -> Yielded {
        match self.ask(Input::Message(Box::new(message.clone())), Question::Edit)? {
            Answer::Edit(yielded) => yielded,
            _ => Err(beside_the_point()),
        }
    }

    fn ask(&self, input: Input, question: Question) -> Result<Answer, String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.left_behind >= MOST_LEFT_BEHIND || state.stopped >= MOST_STOPPED {
            return Err("the expression had to be stopped for several messages, and is not tried any more".to_owned());
        }
        let jobs = match state.jobs.take() {
            Some(jobs) => jobs,
            None => start(&self.code).map_err(|mistake| mistake.text)?,
        };
        let (answer, answers) = sync_channel(1);
        let job = Job { input, question, answer };
        let broken = || "the interpreter broke down over this message".to_owned();
        jobs.send(job).map_err(|_| broken())?;
        match answers.recv_timeout(state.patience) {
            Ok(Ok(answer)) => {
                state.jobs = Some(jobs);
                Ok(answer)
            }
            Ok(Err(Failure::Error(error))) => {
                state.jobs = Some(jobs);
                Err(error)
            }
            // Its thread ends with it, and so does the memory of a deep stack.
            Ok(Err(Failure::Stopped(why))) => {
                state.stopped += 1;
                Err(why)
            }
            Err(RecvTimeoutError::Timeout) => {
                state.left_behind += 1;
                Err(format!("it did not come back within {} seconds; does it ever end?", state.patience.as_secs()))
            }
            Err(RecvTimeoutError::Disconnected) => Err(broken()),
        }
    }
}

/// Starts the thread, which compiles the program first.
fn start(code: &Arc<str>) -> Result<SyncSender<Job>, Mistake> {
    let (jobs, todo) = sync_channel(1);
    let (ready, is_ready) = sync_channel(1);
    let code = Arc::clone(code);
    let work = move || work(&code, &ready, &todo);
    thread::Builder::new()
        .name("jq".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(work)
        .map_err(|error| Mistake::new(format!("no thread for the expression: {error}")))?;
    let broken = Mistake::new("the expression breaks the interpreter; write it in another way");
    is_ready.recv_timeout(PATIENCE).unwrap_or(Err(broken)).map(|()| jobs)
}

fn work(code: &str, ready: &SyncSender<Result<(), Mistake>>, todo: &Receiver<Job>) {
    let compiled = match Compiled::new(code) {
        Ok(compiled) => compiled,
        Err(mistake) => {
            let _ = ready.send(Err(mistake));
            return;
        }
    };
    let _ = ready.send(Ok(()));
    for job in todo {
        // Nobody waits any more if this took too long.
        let _ = job.answer.send(answer(&compiled, job.input, job.question));
    }
}

fn beside_the_point() -> String {
    "the answer is not to the question".to_owned()
}

fn answer(program: &Compiled, input: Input, question: Question) -> Result<Answer, Failure> {
    let object = match input {
        Input::Message(message) => object::object(&message),
        Input::Text(text) => object::of_text(&text),
    };
    match question {
        Question::Values(most) => Ok(Answer::Values(program.run(object, most)?.iter().map(object::value).collect())),
        Question::Truth => {
            let first = program.run(object, 1)?;
            Ok(Answer::Truth(first.first().is_some_and(jaq_core::ValT::as_bool)))
        }
        Question::Edit => {
            let outputs = program.run(object, 2)?;
            Ok(Answer::Edit(match &outputs[..] {
                [output] => fields(object::value(output)),
                [] => Err("it yields nothing; it must yield the message's object, as `.body.x = 1` does".to_owned()),
                _ => Err("it yields more than one value; it must yield one object, as `.body.x = 1` does".to_owned()),
            }))
        }
    }
}

fn fields(value: Value) -> Yielded {
    value.fields.ok_or_else(|| {
        format!("it yields {}, not the message's object, as `.body.x = 1` does", super::brief(&value.json))
    })
}
