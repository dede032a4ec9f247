//! What a user can do: one row a command. Dispatch, footer, help, palette and the README's key list all follow from [`COMMANDS`].
//!
//! To add a command: a variant, a row, and one arm where it acts (`app::update`, or the pane that it is for).

pub mod key;
pub mod keymap;

pub use key::Key;
pub use keymap::Keymap;

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
    /// What names an id, wherever it is kept.
    Follow,
    FollowMessage,
    FollowAnother,
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
    /// On the thread of one id, likewise.
    Thread,
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
            Self::Thread => "the thread",
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

/// All commands, in the order of the help.
pub const COMMANDS: &[Row] = &[
    row(Command::NextAlarm, "next alarm", &["n"], "go to the next thing that is not well").footer("next alarm", 80),
    row(Command::PreviousAlarm, "previous alarm", &["N"], "go to the one before"),
    row(Command::NextPane, "next pane", &["tab", "right"], "show the next pane").at(Place::Pane).footer("panes", 70),
    row(Command::PreviousPane, "previous pane", &["shift-tab", "left"], "show the one before").at(Place::Pane),
    row(Command::Pane(1), "queues", &["1"], "show the queues").at(Place::Pane),
    row(Command::Pane(2), "functions", &["2"], "show the functions").at(Place::Pane),
    row(Command::Pane(3), "logs", &["3"], "show the log groups").at(Place::Pane),
    row(Command::Pane(4), "tables", &["4"], "show the tables").at(Place::Pane),
    row(Command::Pane(5), "buckets", &["5"], "show the buckets").at(Place::Pane),
    row(Command::Pane(6), "topics", &["6"], "show the topics and their subscribers").at(Place::Pane),
    row(Command::Pane(7), "rules", &["7"], "show the buses and rules").at(Place::Pane),
    row(Command::Pane(8), "streams", &["8"], "show the streams, delivery streams and applications").at(Place::Pane),
    row(Command::Pane(9), "entries", &["9"], "show the APIs, schedules, pipes and state machines").at(Place::Pane),
    row(Command::Pane(10), "findings", &["!"], "show what is wrong with how things are configured").at(Place::Pane),
    row(Command::Pane(11), "map", &["m"], "show the flow of the chosen one, as boxes and lines")
        .at(Place::Pane)
        .footer("map", 72),
    row(Command::Along, "along", &["right"], "along a link, to what is sent to").at(Place::Map),
    row(Command::Against, "against", &["left", "h"], "against a link, to what sends").at(Place::Map),
    row(Command::NextFlow, "next flow", &["]"], "show the next flow").at(Place::Map).footer("flow", 68),
    row(Command::PreviousFlow, "previous flow", &["["], "show the one before").at(Place::Map),
    row(Command::DeadLetters, "dead letters", &["d"], "go to its dead-letter queue; from there, to the desk")
        .at(Place::Map)
        .footer("dead letters", 67),
    row(Command::Near, "near", &["f"], "show only what is near the chosen one, or all again")
        .at(Place::Map)
        .footer("near", 64),
    row(Command::FlowLogs, "logs of the flow", &["A"], "read the log lines of all functions of this flow")
        .at(Place::Map),
    row(Command::LogGroups, "log groups", &["L"], "show log groups as boxes, or as signs again").at(Place::Map),
    row(Command::Up, "up", &["k", "up"], "one line up").at(Place::List),
    row(Command::Down, "down", &["j", "down"], "one line down").at(Place::List).footer("choose", 50),
    row(Command::PageUp, "page up", &["pgup", "ctrl-u", "ctrl-b"], "one screen up").at(Place::List),
    row(Command::PageDown, "page down", &["pgdn", "ctrl-d", "ctrl-f"], "one screen down").at(Place::List),
    row(Command::Top, "top", &["g", "home"], "to the first line").at(Place::List),
    row(Command::Bottom, "bottom", &["G", "end"], "to the last line").at(Place::List),
    row(Command::Open, "open", &["enter"], "everything known about the chosen one and its neighbours")
        .at(Place::List)
        .footer("detail", 75),
    row(Command::Logs, "its logs", &["l"], "read its log lines; of a queue those of its consumers")
        .at(Place::List)
        .footer("logs", 66),
    row(Command::Desk, "desk", &["d"], "its dead letters: look, know why, choose, edit, move")
        .at(Place::List)
        .footer("desk", 67),
    row(Command::LookInside, "look inside", &["i"], "what is in it: items, objects, records, when you ask")
        .at(Place::List),
    row(Command::Back, "back", &["esc", "h"], "close what is open, or clear the filter"),
    row(Command::Filter, "filter", &["/"], "show only the names that contain a text")
        .at(Place::Pane)
        .footer("filter", 60),
    row(Command::Sort, "sort", &["s"], "sort by the next column").at(Place::Pane).footer("sort", 30),
    row(Command::ReverseSort, "reverse sort", &["S"], "turn the order round").at(Place::Pane),
    row(Command::Hold, "hold", &["space"], "hold the picture still; reading goes on behind it").footer("hold", 40),
    row(Command::Refresh, "refresh", &["r", "f5"], "read everything now"),
    row(Command::WhereTo, "where would this go", &["w"], "type an event: who would get it, who would not, and why")
        .at(Place::Pane),
    row(Command::Follow, "follow", &["t"], "type an id: everything that names it, as one thread").at(Place::Pane),
    row(Command::CopyId, "copy id", &["y"], "copy the ARN of the chosen one; a finding's advice").at(Place::List),
    row(Command::ShowUsage, "calls", &["$"], "what looking costs: calls, errors and times by operation"),
    row(Command::ChooseTheme, "theme", &["T"], "choose a theme"),
    row(Command::Palette, "palette", &[":"], "find a command or a resource by name").footer("command", 65),
    row(Command::Help, "help", &["?"], "show this help").footer("help", 90),
    row(Command::NextColumn, "next column", &["tab", "right"], "clusters, messages, message").on_desk(Group::Look),
    row(Command::PreviousColumn, "previous column", &["shift-tab", "left", "h"], "the column before")
        .on_desk(Group::Look),
    row(Command::LookAgain, "look again", &["r", "f5"], "receive what came since, or is no longer held")
        .on_desk(Group::Look)
        .footer("look", 48),
    row(Command::CopyMessageId, "copy message id", &["y"], "copy the id of the message under the cursor")
        .on_desk(Group::Look),
    row(Command::FollowMessage, "follow message", &["t"], "what happened to the message")
        .on_desk(Group::Look)
        .footer("follow", 46),
    row(Command::FindText, "find text", &["/"], "list only what holds a text or fits a /regex/")
        .on_desk(Group::Look)
        .footer("find", 70),
    row(Command::FindWhere, "find where", &["="], "list only where a jq expression is true")
        .on_desk(Group::Look)
        .footer("jq", 66),
    row(Command::Choose, "choose", &["space"], "choose the one under the cursor, or no longer")
        .on_desk(Group::Choose)
        .footer("choose", 84),
    row(Command::ChooseAll, "choose all", &["a"], "choose all that are listed, or none of them")
        .on_desk(Group::Choose)
        .footer("all", 80),
    row(Command::ChooseCluster, "choose cluster", &["*"], "choose the whole cluster, or none of it")
        .on_desk(Group::Choose)
        .footer("cluster", 76),
    row(Command::ChooseRange, "choose range", &["v"], "choose from here on; or shift with arrows")
        .on_desk(Group::Choose)
        .footer("range", 52),
    row(Command::EditOne, "edit", &["e"], "edit the message under the cursor in $EDITOR")
        .on_desk(Group::Edit)
        .footer("edit", 72),
    row(Command::EditAll, "edit all", &["E"], "edit the chosen ones by a jq expression")
        .on_desk(Group::Edit)
        .footer("edit by jq", 56),
    row(Command::Redrive, "redrive", &["R"], "move what is chosen, or else listed, by a plan")
        .on_desk(Group::Move)
        .footer("redrive", 100)
        .dangerous(),
    row(Command::WriteFile, "write", &["w"], "write chosen or listed to a file; they stay")
        .on_desk(Group::Move)
        .footer("write", 60),
    row(Command::DeleteChosen, "delete", &["D"], "delete what is chosen; a file gets it first")
        .on_desk(Group::Move)
        .footer("delete", 50)
        .dangerous(),
    row(Command::PurgeQueue, "purge", &["X"], "delete all in the queue; a file gets it first")
        .on_desk(Group::Move)
        .footer("purge", 40)
        .dangerous(),
    row(Command::UndoRun, "undo", &["U"], "bring back what the last run moved, if it can")
        .on_desk(Group::TakeBack)
        .footer("undo", 44)
        .dangerous(),
    row(Command::ResumeRuns, "resume", &["C"], "go on with runs that were cut off, by a plan")
        .on_desk(Group::TakeBack)
        .footer("resume", 42)
        .dangerous(),
    row(Command::FindKey, "items by key", &["/"], "read a page of the items of one partition key")
        .at(Place::Items)
        .footer("by key", 100),
    row(Command::ScanPage, "scan a page", &["s"], "read one page of a scan; again: the next page")
        .at(Place::Items)
        .footer("scan a page", 96),
    row(Command::MorePage, "more items", &["m"], "read the next page of what is shown")
        .at(Place::Items)
        .footer("more", 92),
    row(Command::ChooseIndex, "index", &["x"], "read by the next index, or by the table's own keys")
        .at(Place::Items)
        .footer("index", 70),
    row(Command::FindText, "find among items", &["f"], "list only what holds a text or fits a /regex/")
        .at(Place::Items)
        .footer("find", 88),
    row(Command::FindWhere, "items where", &["="], "list only where a jq expression is true")
        .at(Place::Items)
        .footer("jq", 86),
    row(Command::LookAgain, "items again", &["r", "f5"], "read the same pages again: what is new is marked")
        .at(Place::Items)
        .footer("look", 80),
    row(Command::WatchNew, "watch for items", &["a"], "look again by itself, or no longer; each look costs")
        .at(Place::Items)
        .footer("watch", 72),
    row(Command::ShowTypes, "types of items", &["t"], "each value with its type, or without")
        .at(Place::Items)
        .footer("types", 66),
    row(Command::AboutTable, "about the table", &["d"], "keys, indexes, stream and capacity of the table")
        .at(Place::Items)
        .footer("table", 60),
    row(
        Command::TableStream,
        "stream of the table",
        &["S"],
        "the records of its stream: what was written, as it comes",
    )
    .at(Place::Items)
    .footer("stream", 64),
    row(Command::NextColumn, "item beside", &["tab", "right"], "between the items and the one under the cursor")
        .at(Place::Items),
    row(Command::CopyShown, "copy item", &["y"], "copy the item under the cursor as JSON")
        .at(Place::Items)
        .footer("copy", 78),
    row(Command::WriteFile, "write items", &["w"], "write all that is listed to a file, as JSON lines")
        .at(Place::Items)
        .footer("write", 76),
    row(Command::PageShown, "item in a pager", &["p"], "the item under the cursor in $PAGER")
        .at(Place::Items)
        .footer("pager", 58),
    row(Command::ReadLatest, "records from now on", &["n"], "read what comes from now on")
        .at(Place::Records)
        .footer("from now", 100),
    row(Command::ReadOldest, "records from the oldest", &["o"], "read from the oldest record that is kept")
        .at(Place::Records)
        .footer("from the oldest", 96),
    row(Command::ReadFrom, "records from a time", &["@"], "read from an instant")
        .at(Place::Records)
        .footer("from a time", 92),
    row(Command::StopReading, "stop reading", &["space"], "read no more").at(Place::Records).footer("stop", 90),
    row(Command::FindText, "find among records", &["f", "/"], "list only what holds a text or fits a /regex/")
        .at(Place::Records)
        .footer("find", 88),
    row(Command::FindWhere, "records where", &["="], "list only where a jq expression is true")
        .at(Place::Records)
        .footer("jq", 86),
    row(Command::NextColumn, "record beside", &["tab", "right"], "between the records and the one under the cursor")
        .at(Place::Records),
    row(Command::CopyShown, "copy record", &["y"], "copy the record under the cursor as JSON")
        .at(Place::Records)
        .footer("copy", 78),
    row(Command::WriteFile, "write records", &["w"], "write all that is listed to a file, as JSON lines")
        .at(Place::Records)
        .footer("write", 76),
    row(Command::PageShown, "record in a pager", &["p"], "the record under the cursor in $PAGER")
        .at(Place::Records)
        .footer("pager", 58),
    row(
        Command::OpenPrefix,
        "open prefix",
        &["enter", "l", "right"],
        "list a prefix, or close it; an object's contents",
    )
    .at(Place::Objects)
    .footer("open", 90),
    row(Command::UpPrefix, "up a prefix", &["h", "left"], "close the prefix, or go to the one above")
        .at(Place::Objects),
    row(Command::OtherColumn, "list or contents", &["tab", "shift-tab"], "from the list to the contents, and back")
        .at(Place::Objects)
        .footer("contents", 60),
    row(Command::BeginWith, "begin with", &["/"], "list only keys that begin with a text")
        .at(Place::Objects)
        .footer("begin", 70),
    row(Command::FollowNewest, "follow the newest", &["f"], "go to the newest object, and along with what comes")
        .at(Place::Objects)
        .footer("follow", 80),
    row(Command::ReadMore, "read more", &["m"], "read up to 8 MiB of the object, not only its head")
        .at(Place::Objects)
        .footer("more of it", 50),
    row(Command::NextSums, "other sums", &["c"], "add up another number, or by another field")
        .at(Place::Objects)
        .footer("sums", 55),
    row(Command::ObjectVersions, "versions", &["v"], "the object's versions").at(Place::Objects).footer("versions", 46),
    row(Command::ObjectTags, "tags", &["t"], "the object's tags").at(Place::Objects).footer("tags", 44),
    row(Command::SignAddress, "sign an address", &["u"], "copy an address with which anybody can read it for 15 min")
        .at(Place::Objects)
        .footer("address", 42),
    row(Command::DownloadObject, "download", &["w"], "write the object to a file that is not there yet")
        .at(Place::Objects)
        .footer("download", 65),
    row(Command::CopyUri, "copy uri", &["y"], "copy s3://bucket/key").at(Place::Objects).footer("copy", 40),
    row(Command::ListAgain, "list again", &["r", "f5"], "list the level under the cursor anew").at(Place::Objects),
    row(
        Command::StandStill,
        "stand still",
        &["space"],
        "stay where it is and count what comes, or follow the end again",
    )
    .at(Place::Tail)
    .footer("pause", 78),
    row(Command::StandStill, "stand still", &["space"], "stay here and count what comes, or follow the end")
        .at(Place::Tail)
        .footer("pause", 78),
    row(Command::NextError, "next error", &["n"], "go to the next error").at(Place::Tail).footer("next error", 74),
    row(Command::PreviousError, "previous error", &["N"], "go to the error before")
        .at(Place::Tail)
        .footer("error before", 73),
    row(Command::FindText, "find lines", &["/"], "show only lines with a text or a /regex/")
        .at(Place::Tail)
        .footer("find", 72),
    row(Command::Exclude, "exclude lines", &["x"], "show only lines without a text or a /regex/")
        .at(Place::Tail)
        .footer("exclude", 56),
    row(Command::Loudness, "loudness", &["v"], "show all lines, warnings and errors, or errors")
        .at(Place::Tail)
        .footer("level", 60),
    row(Command::FindWhere, "find lines where", &["="], "show only lines for which a jq expression is true")
        .at(Place::Tail)
        .footer("jq", 58),
    row(Command::JqColumns, "columns", &["t"], "show fields as columns, by jq: `.level .order_id`")
        .at(Place::Tail)
        .footer("columns", 50),
    row(Command::AroundLine, "around", &["c"], "show all lines around the chosen one, or go back")
        .at(Place::Tail)
        .footer("context", 66),
    row(Command::JumpToTime, "jump", &["@"], "go to a time: 14:03, -15m, 2026-11-21 14:03")
        .at(Place::Tail)
        .footer("time", 48),
    row(Command::ErrorClusters, "error clusters", &["*"], "errors by kind: how many, when, where")
        .at(Place::Tail)
        .footer("clusters", 64),
    row(Command::WhichGroups, "which groups", &["s"], "groups: lines a second, gaps; show or hide one")
        .at(Place::Tail)
        .footer("groups", 54),
    row(Command::Further, "further back", &["b"], "read from twice as far back").at(Place::Tail).footer("further", 40),
    row(Command::CopyLine, "copy line", &["y"], "copy the line under the cursor, all of it")
        .at(Place::Tail)
        .footer("copy", 38),
    row(Command::WriteFile, "write lines", &["w"], "write what is shown to a new file")
        .at(Place::Tail)
        .footer("write", 52),
    row(Command::PageLines, "page lines", &["p"], "open what is shown in $PAGER").at(Place::Tail).footer("pager", 36),
    row(Command::EditOne, "edit lines", &["e"], "open what is shown in $EDITOR, as a copy")
        .at(Place::Tail)
        .footer("editor", 34),
    row(Command::FollowAnother, "follow another", &["t", "/"], "type another id")
        .at(Place::Thread)
        .footer("follow", 80),
    row(Command::SearchAgain, "search again", &["r", "f5"], "search for the same once more")
        .at(Place::Thread)
        .footer("search again", 60),
    row(Command::CopyEvidence, "copy evidence", &["y"], "copy what the chosen step is known from")
        .at(Place::Thread)
        .footer("copy", 70),
    row(Command::WriteThread, "write thread", &["w"], "write the thread to a file, as JSON")
        .at(Place::Thread)
        .footer("write", 65),
    row(Command::EvidenceDown, "evidence down", &["J"], "scroll the evidence down").at(Place::Thread),
    row(Command::EvidenceUp, "evidence up", &["K"], "scroll the evidence up").at(Place::Thread),
    row(Command::Suspend, "suspend", &["ctrl-z"], "back to the shell; `fg` returns"),
    row(Command::Quit, "quit", &["q", "ctrl-c"], "leave").footer("quit", 85),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_and_no_name_means_two_things() {
        // On the map, on the desk and in readers a key may mean something else than in lists.
        let mut keys = HashSet::new();
        let mut names = HashSet::new();
        for row in COMMANDS {
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
