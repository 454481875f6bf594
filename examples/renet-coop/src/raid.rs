use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use muster::{json, Value};

/// The strongest beast.
pub const DIFFICULTY_MAX: u32 = 5;
/// Whoever strikes again sooner misses.
pub const STRIKE_PAUSE: Duration = Duration::from_millis(40);
const HEALTH_PER_DIFFICULTY: u32 = 12;

#[derive(Debug)]
struct Fight {
    difficulty: u32,
    health: u32,
    begun: Instant,
}

#[derive(Debug, Default)]
struct Fighter {
    strikes: u32,
    last: Option<Instant>,
}

/// The game, without lines or clocks of its own.
#[derive(Debug, Default)]
pub struct Raid {
    fighters: BTreeMap<String, Fighter>,
    fight: Option<Fight>,
}

impl Raid {
    /// A player is there; one who comes back keeps what was struck.
    pub fn enter(&mut self, player: &str) {
        self.fighters.entry(player.to_owned()).or_default();
    }

    /// Who leaves before play is none of the party.
    pub fn leave(&mut self, player: &str) {
        if self.fight.is_none() {
            self.fighters.remove(player);
        }
    }

    /// Whether the host may choose that.
    pub fn may_begin(&self, difficulty: u32) -> bool {
        self.fight.is_none() && (1..=DIFFICULTY_MAX).contains(&difficulty)
    }

    /// The beast comes.
    pub fn begin(&mut self, difficulty: u32, now: Instant) {
        self.fight = Some(Fight { difficulty, health: difficulty * HEALTH_PER_DIFFICULTY, begun: now });
    }

    /// What was chosen, and what the beast can still take.
    pub fn standing(&self) -> Option<(u32, u32)> {
        self.fight.as_ref().map(|fight| (fight.difficulty, fight.health))
    }

    /// What the beast can still take after a hit; none for a miss.
    pub fn strike(&mut self, player: &str, now: Instant) -> Option<u32> {
        let fight = self.fight.as_mut().filter(|fight| fight.health > 0)?;
        let fighter = self.fighters.get_mut(player)?;
        if fighter.last.is_some_and(|last| now.duration_since(last) < STRIKE_PAUSE) {
            return None;
        }
        fighter.last = Some(now);
        fighter.strikes += 1;
        fight.health -= 1;
        Some(fight.health)
    }

    /// How often each player hit.
    pub fn strikes(&self) -> BTreeMap<String, u32> {
        self.fighters.iter().map(|(player, fighter)| (player.clone(), fighter.strikes)).collect()
    }

    /// What Muster is told once the beast fell: all won together.
    pub fn result(&self, now: Instant) -> Value {
        let players: Vec<&String> = self.fighters.keys().collect();
        let stats: BTreeMap<&String, Value> =
            self.fighters.iter().map(|(player, fighter)| (player, json!({ "strikes": fighter.strikes }))).collect();
        let begun = self.fight.as_ref().map_or(now, |fight| fight.begun);
        json!({
            "teams": [{ "players": players, "rank": 1 }],
            "stats": stats,
            "duration_s": now.duration_since(begun).as_secs_f64(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_from_the_first_strike_to_the_result() {
        let begun = Instant::now();
        let at = |count: u32| begun + STRIKE_PAUSE * count;
        let mut raid = Raid::default();
        for player in ["ann", "bob", "cid"] {
            raid.enter(player);
        }
        raid.leave("cid");
        assert_eq!(raid.strike("ann", at(0)), None);
        raid.begin(1, begun);
        assert_eq!(raid.standing(), Some((1, 12)));
        // Whoever leaves now may come back, and was there.
        raid.leave("bob");
        raid.enter("bob");
        for count in 0..6 {
            assert_eq!(raid.strike("ann", at(count)), Some(11 - 2 * count));
            assert_eq!(raid.strike("bob", at(count)), Some(10 - 2 * count));
        }
        assert_eq!(raid.strike("ann", at(7)), None);
        let result = raid.result(at(25));
        assert_eq!(result["teams"], json!([{ "players": ["ann", "bob"], "rank": 1 }]));
        assert_eq!(result["stats"], json!({ "ann": { "strikes": 6 }, "bob": { "strikes": 6 } }));
        assert_eq!(result["duration_s"], json!(1.0));
    }

    #[test]
    fn lets_nobody_hit_faster_than_the_pause_and_no_stranger_at_all() {
        let begun = Instant::now();
        let mut raid = Raid::default();
        raid.enter("ann");
        raid.begin(1, begun);
        assert_eq!(raid.strike("ann", begun), Some(11));
        assert_eq!(raid.strike("ann", begun + STRIKE_PAUSE / 2), None);
        assert_eq!(raid.strike("ann", begun + STRIKE_PAUSE), Some(10));
        assert_eq!(raid.strike("dan", begun + STRIKE_PAUSE), None);
    }

    #[test]
    fn begins_once_with_what_may_be_chosen() {
        let mut raid = Raid::default();
        assert!(raid.may_begin(1) && raid.may_begin(DIFFICULTY_MAX));
        assert!(!raid.may_begin(0) && !raid.may_begin(DIFFICULTY_MAX + 1));
        raid.begin(2, Instant::now());
        assert!(!raid.may_begin(2));
    }
}
