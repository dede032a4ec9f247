//! What a user can do: one row a command. Dispatch, footer, help, palette and the README's key list all follow from [`COMMANDS`].
//!
//! To add a command: a variant, a row, and one arm where it acts (`app::update`, or the pane that it is for).

pub mod key;
pub mod keymap;
mod rows;

pub use key::Key;
pub use keymap::Keymap;
pub use rows::COMMANDS;

/// A thing that the user can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    Quit,
    Help,
    Palette,
    Filter,
    Open,
    Back,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    NextPane,
    PreviousPane,
    /// To the pane of this number, from 1.
    Pane(u8),
    NextAlarm,
    PreviousAlarm,
    Sort,
    ReverseSort,
    Hold,
    Refresh,
    CopyId,
    ChooseTheme,
    ShowUsage,
    WhereTo,
    Suspend,
    /// Along a link to what is sent to.
    Along,
    /// Against it, to what sends.
    Against,
    NextFlow,
    PreviousFlow,
    DeadLetters,
    Logs,
    /// Only what is near the chosen one.
    Near,
    /// Log groups as boxes of their own.
    LogGroups,
    /// The dead letters of the chosen one, on the desk.
    Desk,
    NextColumn,
    PreviousColumn,
    Choose,
    ChooseAll,
    ChooseCluster,
    ChooseRange,
    FindText,
    FindWhere,
    EditOne,
    EditAll,
    Redrive,
    WriteFile,
    DeleteChosen,
    PurgeQueue,
    UndoRun,
    ResumeRuns,
    LookAgain,
    CopyMessageId,
    /// What is in the chosen one, on request.
    LookInside,
    /// Of a reader of rows: the one under the cursor.
    CopyShown,
    PageShown,
    /// Of the items of a table.
    FindKey,
    ScanPage,
    MorePage,
    ChooseIndex,
    WatchNew,
    ShowTypes,
    AboutTable,
    TableStream,
    FollowStream,
    /// Of the records of a stream.
    ReadLatest,
    ReadOldest,
    ReadFrom,
    StopReading,
    /// Among the objects of a bucket.
    OpenPrefix,
    UpPrefix,
    OtherColumn,
    BeginWith,
    FollowNewest,
    ReadMore,
    NextSums,
    ObjectVersions,
    ObjectTags,
    SignAddress,
    DownloadObject,
    CopyUri,
    ListAgain,
    /// Stand still, or follow the end.
    StandStill,
    NextError,
    PreviousError,
    /// All lines around the chosen one.
    AroundLine,
    Exclude,
    /// How loud a line must be.
    Loudness,
    JqColumns,
    JumpToTime,
    ErrorClusters,
    WhichGroups,
    Further,
    CopyLine,
    PageLines,
    /// The logs of a whole flow.
    FlowLogs,
    /// One marked event: what would become of it, and what does.
    Probe,
    SendProbe,
    /// What names an id that is under the cursor.
    FollowThis,
    /// What names an id, wherever it is kept.
    Follow,
    FollowMessage,
    FollowAnother,
    OpenHit,
    SearchAgain,
    CopyEvidence,
    WriteThread,
    EvidenceDown,
    EvidenceUp,
}

/// Where a command works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    Everywhere,
    /// In the list of a pane, or in any overlay that lists something.
    List,
    Pane,
    /// On the map, where its keys mean this and nothing else.
    Map,
    /// On the desk, likewise.
    Desk,
    /// In the lines of logs, likewise.
    Tail,
    /// Among the items of a table, likewise.
    Items,
    /// Among the objects of a bucket, likewise.
    Objects,
    /// Among the records of a stream, likewise.
    Records,
    /// Among what a bus or a delivery stream handed on, likewise.
    Deliveries,
    /// On the thread of one id, likewise.
    Thread,
    /// Among the hops of a probe, likewise.
    Probe,
}

impl Place {
    /// Whether keys may mean something here that they mean nowhere else.
    pub fn has_own_keys(self) -> bool {
        !matches!(self, Self::Everywhere | Self::List | Self::Pane)
    }

    /// Whether what is done here lies over all panes.
    pub fn fills(self) -> bool {
        self.has_own_keys() && self != Self::Map
    }

    /// What help calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Everywhere | Self::List | Self::Pane => "",
            Self::Map => "the map",
            Self::Desk => "the desk",
            Self::Tail => "the log lines",
            Self::Items => "the items",
            Self::Objects => "the objects",
            Self::Records => "the records",
            Self::Deliveries => "what was handed on",
            Self::Thread => "the thread",
            Self::Probe => "the probe",
        }
    }
}

/// What a command of the desk is for: its help is in these parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Look,
    Choose,
    Edit,
    Move,
    TakeBack,
}

impl Group {
    pub fn name(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Choose => "choose",
            Self::Edit => "edit",
            Self::Move => "move",
            Self::TakeBack => "take back",
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub command: Command,
    /// What the palette calls it.
    pub name: &'static str,
    /// The first is the one that the footer shows.
    pub keys: &'static [&'static str],
    /// What it does, for help and README.
    pub does: &'static str,
    pub place: Place,
    /// Its word in the footer, and how long it stays there as the terminal narrows (0: not in the footer).
    pub footer: (&'static str, u8),
    /// Its part of the desk's help.
    pub group: Option<Group>,
    /// Upper-case, confirmed, and gone under `--read-only`.
    pub dangerous: bool,
}

const fn row(command: Command, name: &'static str, keys: &'static [&'static str], does: &'static str) -> Row {
    Row { command, name, keys, does, place: Place::Everywhere, footer: ("", 0), group: None, dangerous: false }
}

impl Row {
    const fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    const fn on_desk(self, group: Group) -> Self {
        Self { place: Place::Desk, group: Some(group), ..self }
    }

    const fn dangerous(self) -> Self {
        Self { dangerous: true, ..self }
    }

    const fn footer(self, word: &'static str, priority: u8) -> Self {
        Self { footer: (word, priority), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_and_no_name_means_two_things() {
        // On the map, on the desk and in readers a key may mean something else than in lists.
        let mut keys = HashSet::new();
        let mut names = HashSet::new();
        for row in COMMANDS.iter() {
            assert!(names.insert(row.name), "{} twice", row.name);
            for key in row.keys {
                let own = Some(row.place).filter(|place| place.has_own_keys());
                assert!(keys.insert((own, key)), "{key} twice");
                assert!(key.parse::<Key>().is_ok(), "{key} is no key");
            }
        }
    }

    #[test]
    fn what_is_dangerous_needs_shift() {
        for row in COMMANDS.iter().filter(|row| row.dangerous) {
            assert!(row.keys.iter().all(|key| key.chars().all(char::is_uppercase)), "{}", row.name);
        }
    }
}
