use std::collections::BTreeMap;

use muster::{json, Value};
use renet::{Bytes, DefaultChannel};

/// What is said here must come, and in order.
pub const CHANNEL: DefaultChannel = DefaultChannel::ReliableOrdered;

/// No message of a player is longer.
const CLIENT_BYTES_MAX: usize = 256;

/// What a player says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// The host says how strong the beast is, and play begins.
    Choose {
        /// From 1 to `DIFFICULTY_MAX`.
        difficulty: u32,
    },
    /// Hits the beast.
    Strike,
    /// The host gives the game up: there is no result.
    GiveUp,
}

impl ClientMessage {
    /// As it goes over the line.
    pub fn to_bytes(&self) -> Bytes {
        let said = match self {
            Self::Choose { difficulty } => json!({ "type": "choose", "difficulty": difficulty }),
            Self::Strike => json!({ "type": "strike" }),
            Self::GiveUp => json!({ "type": "give_up" }),
        };
        said.to_string().into()
    }

    /// None for what is no message at all.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > CLIENT_BYTES_MAX {
            return None;
        }
        let said: Value = serde_json::from_slice(bytes).ok()?;
        Some(match said.get("type")?.as_str()? {
            "choose" => Self::Choose { difficulty: said.get("difficulty")?.as_u64()?.try_into().ok()? },
            "strike" => Self::Strike,
            "give_up" => Self::GiveUp,
            _ => return None,
        })
    }
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerMessage {
    /// Who waits for play to begin.
    Lobby {
        /// Whether the player who is told is the host.
        host: bool,
        /// The names to show.
        players: Vec<String>,
    },
    /// Play has begun.
    Started {
        /// What the host chose.
        difficulty: u32,
        /// What the beast can still take.
        health: u32,
    },
    /// Somebody hit.
    Hit {
        /// Who.
        by: String,
        /// What the beast can still take.
        health: u32,
    },
    /// The beast fell, and Muster has the result.
    Won {
        /// By player id.
        strikes: BTreeMap<String, u32>,
    },
    /// It ended without a result.
    Ended {
        /// Why.
        reason: String,
    },
}

impl ServerMessage {
    /// As it goes over the line.
    pub fn to_bytes(&self) -> Bytes {
        let said = match self {
            Self::Lobby { host, players } => json!({ "type": "lobby", "host": host, "players": players }),
            Self::Started { difficulty, health } => {
                json!({ "type": "started", "difficulty": difficulty, "health": health })
            }
            Self::Hit { by, health } => json!({ "type": "hit", "by": by, "health": health }),
            Self::Won { strikes } => json!({ "type": "won", "strikes": strikes }),
            Self::Ended { reason } => json!({ "type": "ended", "reason": reason }),
        };
        said.to_string().into()
    }

    /// None for what is no message at all.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let said: Value = serde_json::from_slice(bytes).ok()?;
        let number = |name: &str| -> Option<u32> { said.get(name)?.as_u64()?.try_into().ok() };
        let text = |name: &str| -> Option<String> { Some(said.get(name)?.as_str()?.to_owned()) };
        Some(match said.get("type")?.as_str()? {
            "lobby" => Self::Lobby {
                host: said.get("host")?.as_bool()?,
                players: said
                    .get("players")?
                    .as_array()?
                    .iter()
                    .filter_map(|name| Some(name.as_str()?.to_owned()))
                    .collect(),
            },
            "started" => Self::Started { difficulty: number("difficulty")?, health: number("health")? },
            "hit" => Self::Hit { by: text("by")?, health: number("health")? },
            "won" => Self::Won {
                strikes: (said.get("strikes")?.as_object()?.iter())
                    .filter_map(|(player, count)| Some((player.clone(), count.as_u64()?.try_into().ok()?)))
                    .collect(),
            },
            "ended" => Self::Ended { reason: text("reason")? },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for message in [ClientMessage::Choose { difficulty: 3 }, ClientMessage::Strike, ClientMessage::GiveUp] {
            assert_eq!(ClientMessage::read(&message.to_bytes()), Some(message));
        }
        for message in [
            ServerMessage::Lobby { host: true, players: vec!["Ann".to_owned()] },
            ServerMessage::Started { difficulty: 2, health: 24 },
            ServerMessage::Hit { by: "Ann".to_owned(), health: 23 },
            ServerMessage::Won { strikes: BTreeMap::from([("player_1".to_owned(), 24)]) },
            ServerMessage::Ended { reason: "The host gave up.".to_owned() },
        ] {
            assert_eq!(ServerMessage::read(&message.to_bytes()), Some(message));
        }
    }

    #[test]
    fn passes_by_what_is_no_message() {
        let long = format!(r#"{{"type":"strike","x":"{}"}}"#, "x".repeat(CLIENT_BYTES_MAX));
        for wrong in ["", "{", "[]", r#"{"type":"fly"}"#, r#"{"type":"choose","difficulty":-1}"#, &long] {
            assert_eq!(ClientMessage::read(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
