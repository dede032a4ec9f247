//! What can be done in panes, on the map, and everywhere.

use super::{Command, Place, Row, row};

pub(super) const PANES: &[Row] = &[
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
    row(Command::Probe, "probe", &["P"], "what one marked event would become; send it, watch it")
        .at(Place::List)
        .dangerous(),
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
];

pub(super) const LEAVING: &[Row] = &[
    row(Command::Suspend, "suspend", &["ctrl-z"], "back to the shell; `fg` returns"),
    row(Command::Quit, "quit", &["q", "ctrl-c"], "leave").footer("quit", 85),
];
