//! How a command that is no screen begins: warnings said, connection opened, dialect asked for, and, if it wants to know everything,
//! one look. What comes to nothing is one line on stderr and an exit code. It prints nothing on stdout and decides nothing.

use std::{process::ExitCode, sync::Arc};

use super::{MISUSED, UNREACHED, complain, look};
use crate::{
    aws::{Connection, Identity, Trouble},
    config::Config,
    domain::Failure,
    store::Store,
};

/// What came to nothing: why, in a sentence, and the exit code that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    pub code: u8,
    pub why: String,
}

impl GivenUp {
    pub fn misused(why: impl Into<String>) -> Self {
        Self { code: MISUSED, why: why.into() }
    }

    pub fn unreached(why: impl Into<String>) -> Self {
        Self { code: UNREACHED, why: why.into() }
    }

    /// Says why, and gives the code.
    pub fn said(&self) -> ExitCode {
        complain(&self.why);
        ExitCode::from(self.code)
    }
}

/// Everything, as one look saw it.
pub struct Seen {
    pub aws: Arc<Connection>,
    pub identity: Result<Identity, Trouble>,
    pub store: Store,
}

impl Seen {
    /// The account number, if it is known.
    pub fn account(&self) -> Option<&str> {
        self.identity.as_ref().ok().map(|identity| identity.account.as_str()).filter(|account| !account.is_empty())
    }
}

/// Says the configuration's warnings and opens the connection. Beside the question of what answers there, nothing is sent.
///
/// # Errors
/// An endpoint, profile or Region that cannot be one.
pub async fn connect(config: &Config) -> Result<Arc<Connection>, GivenUp> {
    for warning in &config.warnings {
        complain(warning);
    }
    let aws = Connection::open(&config.connect).await.map_err(|error| GivenUp::misused(error.to_string()))?;
    aws.dialect.detect(aws.endpoint()).await;
    Ok(Arc::new(aws))
}

/// Connects and looks at everything once.
///
/// # Errors
/// As [`connect`]; and where nothing at all could be read.
pub async fn see(config: &Config) -> Result<Seen, GivenUp> {
    let aws = connect(config).await?;
    let (identity, store) = tokio::join!(aws.identity(), look::look(&aws, config));
    if let Some(failure) = nothing_read(&store) {
        let unknown = identity.as_ref().err().filter(|trouble| trouble.is_total());
        let of_one = || format!("{}: {}", failure.operation, failure.error);
        let why = unknown.map_or_else(of_one, ToString::to_string);
        return Err(GivenUp::unreached(format!("{}: {why}", place(&aws))));
    }
    Ok(Seen { aws, identity, store })
}

/// Why nothing at all could be read, if nothing could: no permission for anything, say.
fn nothing_read(store: &Store) -> Option<&Failure> {
    let first = store.polls().iter().find_map(|(_, poll)| poll.total_failure())?;
    store.polls().iter().all(|(_, poll)| poll.total_failure().is_some() || !poll.has_answered()).then_some(first)
}

/// Where we are, in a few words.
pub fn place(aws: &Connection) -> String {
    aws.endpoint().map_or_else(|| format!("AWS {}", aws.region()), |endpoint| endpoint.url().to_owned())
}
