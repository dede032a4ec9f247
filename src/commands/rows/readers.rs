//! What can be done in each reader, where keys mean this and nothing else.

use super::{Command, Place, Row, row};

pub(super) const TAIL: &[Row] = &[
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
    row(Command::JqColumns, "columns", &["f"], "show fields as columns, by jq: `.level .order_id`")
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
    row(Command::FollowThis, "follow line", &["t"], "everything that names an id of the line")
        .at(Place::Tail)
        .footer("thread", 51),
    row(Command::WriteFile, "write lines", &["w"], "write what is shown to a new file")
        .at(Place::Tail)
        .footer("write", 52),
    row(Command::PageLines, "page lines", &["p"], "open what is shown in $PAGER").at(Place::Tail).footer("pager", 36),
    row(Command::EditOne, "edit lines", &["e"], "open what is shown in $EDITOR, as a copy")
        .at(Place::Tail)
        .footer("editor", 34),
];

pub(super) const ITEMS: &[Row] = &[
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
    row(Command::FollowThis, "follow item", &["t"], "everything that names an id of the item under the cursor")
        .at(Place::Items)
        .footer("thread", 77),
    row(Command::ShowTypes, "types of items", &["v"], "each value with its type, or without")
        .at(Place::Items)
        .footer("types", 66),
    row(Command::AboutTable, "about the table", &["d"], "keys, indexes, stream and capacity of the table")
        .at(Place::Items)
        .footer("table", 60),
    row(Command::FollowStream, "live items", &["S"], "follow its stream and mark what is written, or no longer")
        .at(Place::Items)
        .footer("live", 74),
    row(
        Command::TableStream,
        "stream of the table",
        &["R"],
        "the records of its stream: what was written, as it comes",
    )
    .at(Place::Items)
    .footer("records", 64),
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
    row(Command::EditOne, "item in an editor", &["e"], "the item under the cursor in $EDITOR, as a copy")
        .at(Place::Items)
        .footer("editor", 56),
];

pub(super) const RECORDS: &[Row] = &[
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
    row(Command::FollowThis, "follow record", &["t"], "everything that names an id of the record under the cursor")
        .at(Place::Records)
        .footer("thread", 77),
    row(Command::CopyShown, "copy record", &["y"], "copy the record under the cursor as JSON")
        .at(Place::Records)
        .footer("copy", 78),
    row(Command::WriteFile, "write records", &["w"], "write all that is listed to a file, as JSON lines")
        .at(Place::Records)
        .footer("write", 76),
    row(Command::PageShown, "record in a pager", &["p"], "the record under the cursor in $PAGER")
        .at(Place::Records)
        .footer("pager", 58),
    row(Command::EditOne, "record in an editor", &["e"], "the record under the cursor in $EDITOR, as a copy")
        .at(Place::Records)
        .footer("editor", 56),
];

pub(super) const OBJECTS: &[Row] = &[
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
    row(Command::FollowThis, "follow object", &["t"], "everything that names an id of the key or the contents")
        .at(Place::Objects)
        .footer("thread", 62),
    row(Command::ObjectTags, "tags", &["a"], "the object's tags").at(Place::Objects).footer("tags", 44),
    row(Command::SignAddress, "sign an address", &["u"], "copy an address with which anybody can read it for 15 min")
        .at(Place::Objects)
        .footer("address", 42),
    row(Command::DownloadObject, "download", &["w"], "write the object to a file that is not there yet")
        .at(Place::Objects)
        .footer("download", 65),
    row(Command::CopyUri, "copy uri", &["y"], "copy s3://bucket/key").at(Place::Objects).footer("copy", 40),
    row(Command::ListAgain, "list again", &["r", "f5"], "list the level under the cursor anew").at(Place::Objects),
];

pub(super) const DELIVERIES: &[Row] = &[
    row(Command::LookAgain, "look there again", &["r", "f5"], "look at the chosen rule, target or destination again")
        .at(Place::Deliveries)
        .footer("look again", 80),
    row(Command::CopyShown, "copy the newest", &["y"], "copy the newest line, message or object address seen there")
        .at(Place::Deliveries)
        .footer("copy", 70),
    row(Command::EvidenceDown, "what is known down", &["J"], "scroll what is known of it down")
        .at(Place::Deliveries)
        .footer("down", 50),
    row(Command::EvidenceUp, "what is known up", &["K"], "scroll what is known of it up").at(Place::Deliveries),
];

pub(super) const THREAD: &[Row] = &[
    row(Command::OpenHit, "open the hit", &["enter"], "the item, object or letter of the step; else where it was")
        .at(Place::Thread)
        .footer("open", 90),
    row(Command::Logs, "lines of the hit", &["l"], "the log lines around the chosen step")
        .at(Place::Thread)
        .footer("lines", 88),
    row(Command::JumpToTime, "search another time", &["@"], "search around 14:03, 14:03 10m, or the last 2h")
        .at(Place::Thread)
        .footer("when", 75),
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
];

pub(super) const PROBE: &[Row] = &[
    row(Command::SendProbe, "send or open", &["enter"], "send it; then: a function's lines, or all known of a hop")
        .at(Place::Probe)
        .footer("send", 100),
    row(Command::EditOne, "another event", &["e"], "type what is sent; {probe} becomes the probe's id")
        .at(Place::Probe)
        .footer("event", 90),
    row(Command::Logs, "lines of the hop", &["l"], "the log lines of the hop, when it got there")
        .at(Place::Probe)
        .footer("lines", 80),
    row(Command::LookInside, "inside of the hop", &["i"], "what is in the hop: items, objects, records")
        .at(Place::Probe)
        .footer("inside", 60),
    row(Command::FollowThis, "follow probe", &["t"], "what names the probe, wherever it is kept")
        .at(Place::Probe)
        .footer("thread", 75),
    row(Command::CopyId, "copy probe", &["y"], "copy the id of the probe").at(Place::Probe).footer("copy id", 70),
    row(Command::LookAgain, "watch again", &["r", "f5"], "look for it once more, for a minute")
        .at(Place::Probe)
        .footer("watch again", 65),
    row(Command::EvidenceDown, "hop down", &["J"], "scroll what is known of the hop down").at(Place::Probe),
    row(Command::EvidenceUp, "hop up", &["K"], "scroll what is known of the hop up").at(Place::Probe),
];
