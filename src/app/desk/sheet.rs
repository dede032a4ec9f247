//! Which messages are listed, chosen and under the cursor: numbers of rows, nothing of what is in them.
//!
//! Rows are numbered as they came and never change places, so a list of them is ascending and a cursor that stands on a row finds it
//! again by bisection, whatever is listed around it. Pure; the texts are the hold's.

use std::collections::HashMap;

use crate::overlays::desk::model::{Choice, MARGIN, Step};

/// What is known of one row.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    cluster: u32,
    chosen: bool,
    /// Moved or deleted: it is not listed any more.
    gone: bool,
    /// What is looked for lets it pass.
    hit: bool,
}

/// The rows and the two cursors.
#[derive(Debug, Default)]
pub struct Sheet {
    marks: Vec<Mark>,
    /// The rows that are listed, ascending.
    listed: Vec<u32>,
    /// The row under the cursor.
    row: u32,
    /// Clusters by their order on screen, and the one that is listed; none is all.
    ranking: Vec<u32>,
    cluster: Option<u32>,
    /// Until the user goes elsewhere, the cursor stays on the largest.
    is_led: bool,
    /// Only hits are listed.
    finding: bool,
    /// Some that are listed went.
    is_stale: bool,
    chosen: u64,
    chosen_in: HashMap<u32, u64>,
}

impl Sheet {
    pub fn new() -> Self {
        Self { is_led: true, ..Self::default() }
    }

    /// One more row; while something is looked for it is not listed before it is found.
    pub fn push(&mut self, cluster: u32) -> u32 {
        let row = u32::try_from(self.marks.len()).unwrap_or(u32::MAX);
        self.marks.push(Mark { cluster, ..Mark::default() });
        if self.passes(row) {
            self.listed.push(row);
        }
        row
    }

    /// Rows that are still there.
    pub fn held(&self) -> u64 {
        self.marks.iter().filter(|mark| !mark.gone).count() as u64
    }

    pub fn cluster_of(&self, row: u32) -> Option<u32> {
        self.mark(row).map(|mark| mark.cluster)
    }

    /// More is known of why it failed. The caller says [`Sheet::list`] when all such news are in.
    pub fn recluster(&mut self, row: u32, cluster: u32) {
        let was_chosen = self.is_chosen(row);
        self.choose(row, false);
        if let Some(mark) = self.marks.get_mut(row as usize) {
            mark.cluster = cluster;
        }
        self.choose(row, was_chosen);
    }

    /// It is where it was moved to. It leaves the list with [`Sheet::gone`], together with others.
    pub fn goes(&mut self, row: u32) {
        self.choose(row, false);
        if let Some(mark) = self.marks.get_mut(row as usize) {
            self.is_stale |= !mark.gone;
            mark.gone = true;
        }
    }

    pub fn is_gone(&self, row: u32) -> bool {
        self.mark(row).is_none_or(|mark| mark.gone)
    }

    /// The cluster that is listed; none is all.
    pub fn cluster(&self) -> Option<u32> {
        self.cluster
    }

    /// Takes what went off the list.
    pub fn gone(&mut self) {
        if std::mem::take(&mut self.is_stale) {
            self.list();
        }
    }

    /// All rows that are still there.
    pub fn all(&self) -> Vec<u32> {
        let rows = 0..u32::try_from(self.marks.len()).unwrap_or(u32::MAX);
        rows.filter(|row| self.mark(*row).is_some_and(|mark| !mark.gone)).collect()
    }

    /// Clusters in the order of the screen. The cursor stays on its cluster, or with the largest if the user never chose one.
    pub fn rank(&mut self, ranking: Vec<u32>) {
        self.ranking = ranking;
        let leads = self.ranking.first().copied();
        if self.is_led && self.cluster != leads {
            self.cluster = leads;
            self.list();
        }
    }

    /// From now on only hits are listed, and there are none yet; or all are.
    pub fn find(&mut self, finding: bool) {
        self.finding = finding;
        self.marks.iter_mut().for_each(|mark| mark.hit = false);
        self.list();
    }

    pub fn hits(&mut self, rows: impl IntoIterator<Item = u32>) {
        for row in rows {
            if let Some(mark) = self.marks.get_mut(row as usize) {
                mark.hit = true;
            }
        }
        self.list();
    }

    /// Lists anew. The cursor stays on its row, or goes to the nearest one that is listed.
    pub fn list(&mut self) {
        let rows = 0..u32::try_from(self.marks.len()).unwrap_or(u32::MAX);
        self.listed = rows.filter(|row| self.passes(*row)).collect();
        let at = self.at();
        self.row = self.listed.get(at).copied().unwrap_or(self.row);
    }

    fn passes(&self, row: u32) -> bool {
        self.mark(row).is_some_and(|mark| {
            !mark.gone && (mark.hit || !self.finding) && self.cluster.is_none_or(|cluster| cluster == mark.cluster)
        })
    }

    fn mark(&self, row: u32) -> Option<&Mark> {
        self.marks.get(row as usize)
    }

    /// The cursor's place in the list.
    pub fn at(&self) -> usize {
        self.listed.partition_point(|row| *row < self.row).min(self.listed.len().saturating_sub(1))
    }

    /// The row under the cursor.
    pub fn row(&self) -> Option<u32> {
        self.listed.get(self.at()).copied()
    }

    pub fn listed(&self) -> &[u32] {
        &self.listed
    }

    /// The rows around the cursor, and the place of the first of them.
    pub fn window(&self) -> (usize, &[u32]) {
        let from = self.at().saturating_sub(MARGIN);
        let to = (self.at() + MARGIN).min(self.listed.len());
        (from, self.listed.get(from..to).unwrap_or_default())
    }

    pub fn step(&mut self, step: Step) {
        let at = stepped(self.at(), step, self.listed.len());
        self.row = self.listed.get(at).copied().unwrap_or(self.row);
    }

    /// The place of the cluster cursor; the first is all of them.
    pub fn cluster_at(&self) -> usize {
        let place = |cluster| self.ranking.iter().position(|one| *one == cluster);
        self.cluster.and_then(place).map_or(0, |place| place + 1)
    }

    pub fn step_cluster(&mut self, step: Step) {
        let at = stepped(self.cluster_at(), step, self.ranking.len() + 1);
        self.is_led = false;
        self.cluster = at.checked_sub(1).and_then(|at| self.ranking.get(at)).copied();
        self.row = 0;
        self.list();
    }

    pub fn is_chosen(&self, row: u32) -> bool {
        self.mark(row).is_some_and(|mark| mark.chosen)
    }

    pub fn chosen(&self) -> u64 {
        self.chosen
    }

    pub fn chosen_in(&self, cluster: u32) -> u64 {
        self.chosen_in.get(&cluster).copied().unwrap_or(0)
    }

    /// The chosen ones that are not listed.
    pub fn chosen_elsewhere(&self) -> u64 {
        let here = self.listed.iter().filter(|row| self.is_chosen(**row)).count();
        self.chosen - here as u64
    }

    pub fn chosen_rows(&self) -> Vec<u32> {
        let rows = 0..u32::try_from(self.marks.len()).unwrap_or(u32::MAX);
        rows.filter(|row| self.is_chosen(*row)).collect()
    }

    /// What a deed is about: the chosen ones, or all that are listed.
    pub fn meant(&self) -> Vec<u32> {
        if self.chosen > 0 { self.chosen_rows() } else { self.listed.clone() }
    }

    pub fn choice(&mut self, choice: Choice) {
        match choice {
            Choice::Toggle => {
                if let Some(row) = self.row() {
                    self.choose(row, !self.is_chosen(row));
                    self.step(Step::By(1));
                }
            }
            Choice::Along(by) => {
                let here = self.row();
                self.step(Step::By(by));
                here.into_iter().chain(self.row()).for_each(|row| self.choose(row, true));
            }
            Choice::From(place) => {
                let (first, last) = (place.min(self.at()), place.max(self.at()));
                let rows = self.listed.get(first..=last.min(self.listed.len().saturating_sub(1)));
                self.choose_or_not(rows.unwrap_or_default().to_vec(), false);
            }
            Choice::Listed => self.choose_or_not(self.listed.clone(), true),
            Choice::Cluster => {
                let cluster = self.cluster.or_else(|| self.cluster_of(self.row()?));
                let all = 0..u32::try_from(self.marks.len()).unwrap_or(u32::MAX);
                let is_in = |row: &u32| self.mark(*row).is_some_and(|mark| !mark.gone && Some(mark.cluster) == cluster);
                self.choose_or_not(all.filter(is_in).collect(), true);
            }
            Choice::Nothing => self.choose_or_not(self.chosen_rows(), true),
        }
    }

    /// Chooses all of them; where they all are already, and that is wanted, none.
    fn choose_or_not(&mut self, rows: Vec<u32>, turns: bool) {
        let all = rows.iter().all(|row| self.is_chosen(*row));
        for row in rows {
            self.choose(row, !(all && turns));
        }
    }

    fn choose(&mut self, row: u32, chosen: bool) {
        let Some(mark) = self.marks.get_mut(row as usize) else { return };
        if mark.chosen == chosen || (chosen && mark.gone) {
            return;
        }
        mark.chosen = chosen;
        let count = self.chosen_in.entry(mark.cluster).or_default();
        if chosen {
            (self.chosen, *count) = (self.chosen + 1, *count + 1);
        } else {
            (self.chosen, *count) = (self.chosen - 1, *count - 1);
        }
    }
}

fn stepped(at: usize, step: Step, count: usize) -> usize {
    let last = count.saturating_sub(1);
    match step {
        Step::By(lines) => at.saturating_add_signed(lines).min(last),
        Step::To(place) => place.min(last),
        Step::Top => 0,
        Step::Bottom => last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Rows in these clusters, and the first cluster leads.
    fn sheet(clusters: &[u32]) -> Sheet {
        let mut sheet = Sheet::new();
        for cluster in clusters {
            sheet.push(*cluster);
        }
        sheet
    }

    #[test]
    fn the_cursor_stays_with_the_largest_cluster_until_the_user_goes_elsewhere() {
        let mut sheet = sheet(&[0, 1, 1]);
        sheet.rank(vec![0, 1]);
        assert_eq!((sheet.cluster_at(), sheet.listed()), (1, &[0][..]));
        sheet.rank(vec![1, 0]);
        assert_eq!((sheet.cluster_at(), sheet.listed()), (1, &[1, 2][..]));
        sheet.step_cluster(Step::By(1));
        assert_eq!(sheet.listed(), [0]);
        sheet.rank(vec![0, 1]);
        assert_eq!((sheet.cluster_at(), sheet.listed()), (1, &[0][..]), "its cluster moved, the cursor with it");
        sheet.step_cluster(Step::Top);
        assert_eq!(sheet.listed(), [0, 1, 2], "all");
    }

    #[test]
    fn choosing_goes_by_what_is_listed_and_counts_what_is_not() {
        let mut sheet = sheet(&[0, 1, 1, 0, 1]);
        sheet.rank(vec![1, 0]);
        assert_eq!(sheet.meant(), [1, 2, 4], "nothing is chosen: what is listed is meant");
        sheet.choice(Choice::Listed);
        assert_eq!((sheet.chosen(), sheet.chosen_in(1), sheet.chosen_in(0)), (3, 3, 0));
        sheet.step_cluster(Step::By(1));
        assert_eq!((sheet.listed(), sheet.chosen_elsewhere()), (&[0, 3][..], 3));
        sheet.choice(Choice::Toggle);
        assert_eq!((sheet.chosen_rows(), sheet.row()), (vec![0, 1, 2, 4], Some(3)), "and on to the next");
        sheet.choice(Choice::Cluster);
        assert_eq!(sheet.chosen(), 5);
        sheet.choice(Choice::Cluster);
        assert_eq!(sheet.chosen_rows(), [1, 2, 4], "once more takes it back");
        sheet.choice(Choice::Nothing);
        assert_eq!(sheet.chosen(), 0);
    }

    #[test]
    fn ranges_and_the_shift_key() {
        let mut sheet = sheet(&[0; 6]);
        sheet.rank(vec![0]);
        sheet.step(Step::To(3));
        sheet.choice(Choice::From(1));
        assert_eq!(sheet.chosen_rows(), [1, 2, 3]);
        sheet.choice(Choice::From(2));
        assert_eq!(sheet.chosen_rows(), [1, 2, 3], "a range never takes back");
        sheet.choice(Choice::Nothing);
        sheet.choice(Choice::Along(1));
        assert_eq!((sheet.chosen_rows(), sheet.row()), (vec![3, 4], Some(4)));
        sheet.choice(Choice::Along(1));
        assert_eq!((sheet.chosen_rows(), sheet.row()), (vec![3, 4, 5], Some(5)));
    }

    #[test]
    fn what_is_found_is_listed_as_it_is_found_and_the_cursor_keeps_its_row() {
        let mut sheet = sheet(&[0; 5]);
        sheet.step_cluster(Step::Top);
        sheet.step(Step::To(3));
        sheet.find(true);
        assert_eq!((sheet.listed().len(), sheet.row()), (0, None));
        sheet.hits([1, 3]);
        assert_eq!((sheet.listed(), sheet.row()), (&[1, 3][..], Some(3)));
        sheet.push(0);
        assert_eq!(sheet.listed(), [1, 3], "not before it is looked at");
        sheet.find(false);
        assert_eq!((sheet.listed().len(), sheet.at()), (6, 3));
        sheet.goes(3);
        sheet.gone();
        assert_eq!((sheet.held(), sheet.row()), (5, Some(4)), "the next one takes its place");
    }

    #[test]
    fn a_hundred_thousand_rows_are_a_window() {
        let mut sheet = sheet(&vec![7; 100_000]);
        sheet.rank(vec![7]);
        sheet.step(Step::Bottom);
        let (from, rows) = sheet.window();
        assert_eq!((from, rows.len()), (100_000 - 1 - MARGIN, MARGIN + 1));
        sheet.choice(Choice::Listed);
        assert_eq!(sheet.chosen(), 100_000);
    }

    proptest! {
        #[test]
        fn what_is_chosen_is_counted_whatever_happens(steps in prop::collection::vec((0..9_u8, 0..20_u32), 1..60)) {
            let mut sheet = Sheet::new();
            for (what, number) in steps {
                match what {
                    0 | 1 => drop(sheet.push(number % 3)),
                    2 => sheet.step(Step::To(number as usize)),
                    3 => sheet.choice(Choice::Toggle),
                    4 => sheet.choice(Choice::Cluster),
                    5 => sheet.recluster(number, (number + 1) % 3),
                    6 => { sheet.goes(number); sheet.gone(); }
                    7 => { sheet.find(number % 2 == 0); sheet.hits([number]); }
                    _ => { sheet.rank(vec![number % 3, (number + 1) % 3]); sheet.choice(Choice::From(number as usize)); }
                }
                prop_assert_eq!(sheet.chosen(), sheet.chosen_rows().len() as u64);
                prop_assert_eq!(sheet.chosen(), (0..3).map(|cluster| sheet.chosen_in(cluster)).sum::<u64>());
                prop_assert!(sheet.chosen_elsewhere() <= sheet.chosen());
                prop_assert!(sheet.listed().is_sorted());
                let (from, rows) = sheet.window();
                prop_assert!(sheet.listed().is_empty() || rows.get(sheet.at() - from).copied() == sheet.row());
            }
        }
    }
}
