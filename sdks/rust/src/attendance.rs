use std::collections::BTreeSet;

/// How many names one report has at most on either side.
const NAMES_MAX: usize = 100;

/// What one report says of who came and went.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct News {
    pub joined: Vec<String>,
    pub left: Vec<String>,
    pub seq: u64,
}

/// Gathers comings and goings while an earlier report is under way, and numbers the reports, so that one which was held up
/// somewhere cannot undo a newer one.
#[derive(Debug, Default)]
pub(crate) struct Attendance {
    present: BTreeSet<String>,
    joined: BTreeSet<String>,
    left: BTreeSet<String>,
    kicked: BTreeSet<String>,
    last_seq: u64,
}

impl Attendance {
    pub fn came(&mut self, player: &str) {
        self.left.remove(player);
        self.joined.insert(player.to_owned());
        self.present.insert(player.to_owned());
    }

    /// Who came and went between two reports did come: Muster reads `joined` before `left`.
    pub fn went(&mut self, player: &str) {
        self.left.insert(player.to_owned());
        self.present.remove(player);
        self.kicked.remove(player);
    }

    pub fn is_anybody_present(&self) -> bool {
        !self.present.is_empty()
    }

    /// The next report, or none where all is told. Its number is counted from the clock, in milliseconds, so that the numbers
    /// of a server that was restarted go on where the last ones ended.
    pub fn next(&mut self, now_ms: u64) -> Option<News> {
        let joined = first_of(&mut self.joined);
        // Nobody's going is told before the coming.
        let left = if self.joined.is_empty() { first_of(&mut self.left) } else { Vec::new() };
        if joined.is_empty() && left.is_empty() {
            return None;
        }
        self.last_seq = now_ms.max(self.last_seq + 1);
        Some(News { joined, left, seq: self.last_seq })
    }

    /// Whom Muster's answer names is to be dropped, as long as the player is here.
    pub fn kick(&mut self, player: &str) {
        if self.present.contains(player) {
            self.kicked.insert(player.to_owned());
        }
    }

    pub fn take_kicked(&mut self) -> Vec<String> {
        std::mem::take(&mut self.kicked).into_iter().collect()
    }
}

fn first_of(names: &mut BTreeSet<String>) -> Vec<String> {
    std::iter::from_fn(|| names.pop_first()).take(NAMES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_reports_by_the_clock_and_never_backwards() {
        let mut attendance = Attendance::default();
        assert_eq!(attendance.next(5_000), None);
        attendance.came("a");
        assert_eq!(attendance.next(5_000).unwrap().seq, 5_000);
        attendance.came("b");
        assert_eq!(attendance.next(4_000).unwrap().seq, 5_001);
    }

    #[test]
    fn tells_of_who_came_and_went_in_between_both_that_they_came_and_that_they_went() {
        let mut attendance = Attendance::default();
        attendance.came("a");
        attendance.went("a");
        let news = attendance.next(1).unwrap();
        assert_eq!((news.joined, news.left), (vec!["a".to_owned()], vec!["a".to_owned()]));

        attendance.went("b");
        attendance.came("b");
        let news = attendance.next(2).unwrap();
        assert_eq!((news.joined, news.left), (vec!["b".to_owned()], vec![]));
    }

    #[test]
    fn splits_what_is_too_much_for_one_report_and_tells_comings_first() {
        let mut attendance = Attendance::default();
        for number in 0..150 {
            attendance.came(&format!("player_{number:03}"));
        }
        attendance.went("player_149");
        let first = attendance.next(1).unwrap();
        assert_eq!((first.joined.len(), first.left.len()), (100, 0));
        let second = attendance.next(1).unwrap();
        assert_eq!((second.joined.len(), second.left), (50, vec!["player_149".to_owned()]));
        assert_eq!(attendance.next(1), None);
    }

    #[test]
    fn hands_over_each_player_to_drop_who_is_here() {
        let mut attendance = Attendance::default();
        attendance.came("a");
        attendance.kick("a");
        attendance.kick("a stranger");
        assert_eq!(attendance.take_kicked(), ["a"]);
        assert!(attendance.take_kicked().is_empty());
        attendance.kick("a");
        attendance.went("a");
        assert!(attendance.take_kicked().is_empty());
        assert!(!attendance.is_anybody_present());
    }
}
