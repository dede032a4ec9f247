//! Pictures of small graphs, and what holds for any graph.

use proptest::prelude::*;
use rstest::rstest;

use super::{Direction, Edge, EdgeFace, Graph, Line, Node, NodeFace, Picture, Spot, Window, layout, step};
use crate::{
    theme::{ASCII, Role, Theme},
    widgets::testing::{blank, lines},
};

fn graph(names: &[&str], edges: &[(usize, usize)]) -> Graph {
    let node = |name: &&str| Node { width: name.len() as u16 + 4, height: 3 };
    let edge = |&(from, to): &(usize, usize)| Edge { from, to, hangs: false, label: 0, above: false, class: 0 };
    Graph { nodes: names.iter().map(node).collect(), edges: edges.iter().map(edge).collect() }
}

fn drawn(graph: &Graph, names: &[&str], theme: &Theme) -> String {
    let picture = Picture::new(graph.clone());
    let mut buf = blank(picture.layout.width as u16, picture.layout.height as u16);
    let faces: Vec<NodeFace> = names
        .iter()
        .map(|name| NodeFace { lines: vec![vec![(Role::Text, (*name).to_owned())]], ..NodeFace::default() })
        .collect();
    let edges = vec![EdgeFace::default(); graph.edges.len()];
    let window = Window { area: buf.area, from: Spot::default(), beat: 0, theme };
    picture.draw(&window, &faces, &edges, &mut buf);
    lines(&buf).join("\n")
}

/// Pictures are kept beside those of the screen.
fn hold(name: &str, picture: &str) {
    insta::with_settings!({ snapshot_path => "../../../tests/snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, picture);
    });
}

#[test]
fn a_fork_and_what_hangs_below_it() {
    let names = ["topic", "one", "two", "dead"];
    let mut fork = graph(&names, &[(0, 1), (0, 2), (1, 3)]);
    fork.edges[2].hangs = true;
    hold("graph_fork", &drawn(&fork, &names, &Theme::default()));
    let ascii = drawn(&fork, &names, &Theme::default().with_glyphs(&ASCII));
    assert!(ascii.is_ascii(), "{ascii}");
    hold("graph_fork_ascii", &ascii);
}

#[test]
fn what_leads_back_goes_round() {
    let names = ["a", "b", "c"];
    hold("graph_loops", &drawn(&graph(&names, &[(0, 1), (1, 2), (2, 0), (1, 1)]), &names, &Theme::default()));
}

#[test]
fn lines_that_arrive_at_one_box_join() {
    let names = ["a", "b", "c", "table"];
    hold("graph_join", &drawn(&graph(&names, &[(0, 3), (1, 3), (2, 3)]), &names, &Theme::default()));
}

#[rstest]
#[case::nothing(&[], &[])]
#[case::alone(&["a"], &[])]
#[case::itself(&["a"], &[(0, 0)])]
#[case::nowhere(&["a"], &[(0, 7), (7, 0)])]
#[case::twice(&["a", "b"], &[(0, 1), (0, 1), (1, 0)])]
fn odd_graphs_are_laid_out(#[case] names: &[&str], #[case] edges: &[(usize, usize)]) {
    let graph = graph(names, edges);
    let layout = layout(&graph);
    assert_eq!((layout.nodes.len(), layout.routes.len()), (names.len(), edges.len()));
    assert_eq!(layout.left_out, edges.iter().filter(|(from, to)| *from >= names.len() || *to >= names.len()).count());
}

#[test]
fn a_long_wide_name_stays_in_its_box_and_says_that_it_goes_on() {
    let name = "漢".repeat(256);
    let graph = Graph { nodes: vec![Node { width: 12, height: 3 }], edges: Vec::new() };
    let text = drawn(&graph, &[&name], &Theme::default());
    assert!(text.contains("│ 漢漢漢…  │"), "{text}");
}

#[test]
fn marks_move_on_with_each_beat_and_stay_on_the_line() {
    let names = ["a", "b"];
    let mut graph = graph(&names, &[(0, 1)]);
    graph.edges[0].label = 20;
    let picture = Picture::new(graph);
    let theme = Theme::default();
    let faces = [EdgeFace { moves: Some(Role::Text), line: Line::Dashed, ..EdgeFace::default() }];
    let row = |beat| {
        let mut buf = blank(picture.layout.width as u16, 3);
        let window = Window { area: buf.area, from: Spot::default(), beat, theme: &theme };
        picture.draw(&window, &[], &faces, &mut buf);
        lines(&buf)[1].clone()
    };
    assert_ne!(row(0), row(1));
    assert_eq!(row(0), row(7), "seven cells apart");
    assert!((0..7).all(|beat| row(beat).matches('▸').count() > 2), "{}", row(0));
}

#[test]
fn a_window_shows_a_part_and_nothing_beside_it() {
    let names = ["first", "second"];
    let picture = Picture::new(graph(&names, &[(0, 1)]));
    let theme = Theme::default();
    let mut buf = blank(20, 5);
    let area = ratatui::layout::Rect::new(4, 1, 9, 3);
    let faces: Vec<NodeFace> = names
        .iter()
        .map(|name| NodeFace { lines: vec![vec![(Role::Text, (*name).to_owned())]], ..NodeFace::default() })
        .collect();
    let window = Window { area, from: Spot { x: 4, y: 0 }, beat: 0, theme: &theme };
    picture.draw(&window, &faces, &[EdgeFace::default()], &mut buf);
    hold("graph_window", &lines(&buf).join("\n"));
}

#[test]
fn steps_follow_lines_and_lead_back_the_way_one_came() {
    let picture = Picture::new(graph(&["a", "b", "c", "d"], &[(0, 1), (0, 2), (1, 3), (2, 3)]));
    let walk = |at, direction, back| step(&picture, at, direction, back);
    assert_eq!(walk(1, Direction::Down, None), Some(2));
    assert_eq!(walk(2, Direction::Up, None), Some(1));
    assert_eq!(walk(3, Direction::Left, Some(2)), Some(2));
    assert_eq!(walk(2, Direction::Left, None), Some(0));
    assert_eq!(walk(0, Direction::Right, Some(2)), Some(2));
    assert_eq!(walk(3, Direction::Right, None), None);
}

fn any_graph() -> impl Strategy<Value = Graph> {
    (0_usize..40).prop_flat_map(|count| {
        let node = (3_u16..30, 3_u16..6).prop_map(|(width, height)| Node { width, height });
        let ends = 0..count + 2;
        let edge = (ends.clone(), ends, any::<bool>(), 0_u16..20, any::<bool>(), 0_u8..3)
            .prop_map(|(from, to, hangs, label, above, class)| Edge { from, to, hangs, label, above, class });
        (prop::collection::vec(node, count), prop::collection::vec(edge, 0..80))
            .prop_map(|(nodes, edges)| Graph { nodes, edges })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn boxes_never_overlap_and_lines_end_at_boxes(graph in any_graph()) {
        let layout = layout(&graph);
        prop_assert_eq!(&layout, &super::layout(&graph), "the same graph, another picture");
        for (at, a) in layout.nodes.iter().enumerate() {
            prop_assert!(a.x >= 0 && a.y >= 0 && a.right() <= layout.width && a.bottom() <= layout.height);
            for b in &layout.nodes[..at] {
                prop_assert!(a.right() <= b.x || b.right() <= a.x || a.bottom() <= b.y || b.bottom() <= a.y, "{:?} {:?}", a, b);
            }
        }
        for (edge, route) in graph.edges.iter().zip(&layout.routes) {
            let known = edge.from < graph.nodes.len() && edge.to < graph.nodes.len();
            prop_assert_eq!(known, !route.corners.is_empty());
            let (Some(first), Some(last)) = (route.corners.first(), route.corners.last()) else { continue };
            let (from, to) = (&layout.nodes[edge.from], &layout.nodes[edge.to]);
            let leaves_right = (first.x, first.y) == (from.right(), from.port());
            prop_assert!(leaves_right || first.y == from.bottom() && (from.x..from.right()).contains(&first.x));
            prop_assert_eq!((last.x, last.y), (to.x - 1, to.port()));
            for pair in route.corners.windows(2) {
                prop_assert!(pair[0].x == pair[1].x || pair[0].y == pair[1].y, "{:?}", route.corners);
                for frame in &layout.nodes {
                    let (left, right) = (pair[0].x.min(pair[1].x), pair[0].x.max(pair[1].x));
                    let (top, bottom) = (pair[0].y.min(pair[1].y), pair[0].y.max(pair[1].y));
                    let beside = right < frame.x || frame.right() <= left || bottom < frame.y || frame.bottom() <= top;
                    prop_assert!(beside, "a line runs through a box: {:?} {:?}", pair, frame);
                }
            }
            if let Some(room) = route.label {
                let holds = |frame: &super::Frame| (0..=i32::from(room.width))
                    .any(|x| frame.holds(Spot { x: room.at.x + x - 1, y: room.at.y }));
                prop_assert!(!layout.nodes.iter().any(holds), "a label in a box");
                if room.above {
                    let (left, right) = (room.at.x, room.at.x + i32::from(room.width));
                    let runs = |pair: &[Spot]| {
                        let rows = pair[0].y.min(pair[1].y)..=pair[0].y.max(pair[1].y);
                        let columns = pair[0].x.min(pair[1].x)..=pair[0].x.max(pair[1].x);
                        rows.contains(&room.at.y) && left <= *columns.end() && *columns.start() < right
                    };
                    let hidden = layout.routes.iter().any(|route| route.corners.windows(2).any(runs));
                    prop_assert!(!hidden, "a line runs through a label above another");
                }
            }
        }
    }

    #[test]
    fn any_window_can_be_drawn(graph in any_graph(), x in -20_i32..400, y in -20_i32..300, beat in any::<u64>()) {
        let picture = Picture::new(graph);
        let theme = Theme::default();
        let mut buf = blank(40, 12);
        let faces = vec![NodeFace { chosen: true, lines: vec![vec![(Role::Text, "漢字 name".into())]; 3], ..NodeFace::default() }; picture.graph.nodes.len()];
        let edges = vec![EdgeFace { moves: Some(Role::Text), label: vec![(Role::Dim, "label".into())], ..EdgeFace::default() }; picture.graph.edges.len()];
        let window = Window { area: buf.area, from: Spot { x, y }, beat, theme: &theme };
        picture.draw(&window, &faces, &edges, &mut buf);
    }
}
