//! What can be done on the desk.

use super::{Command, Group, Row, row};

pub(super) const DESK: &[Row] = &[
    row(Command::NextColumn, "next column", &["tab", "right"], "clusters, messages, message").on_desk(Group::Look),
    row(Command::PreviousColumn, "previous column", &["shift-tab", "left", "h"], "the column before")
        .on_desk(Group::Look),
    row(Command::LookAgain, "look again", &["r", "f5"], "receive what came since, or is no longer held")
        .on_desk(Group::Look)
        .footer("look", 48),
    row(Command::CopyMessageId, "copy message id", &["y"], "copy the id of the message under the cursor")
        .on_desk(Group::Look),
    row(Command::FollowMessage, "follow message", &["t"], "what happened to the message, or an id in it")
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
];
