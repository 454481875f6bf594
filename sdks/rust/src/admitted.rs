use std::fmt;

use serde_json::Value;

/// What a player may do on this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// Made the private game, and decides what only its host may.
    Host,
    /// Plays.
    Player,
    /// Watches.
    Spectator,
}

/// Who was let in, as the user data of a connect token says. Only Muster can have written it, for it is sealed with the
/// server's key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Admitted {
    /// The session that the token is for.
    pub session: String,
    /// The player's id: what reports and results name.
    pub player: String,
    /// What the player may do.
    pub role: Role,
    /// The index into the match's factions, where it has any.
    pub team: Option<u32>,
    /// Whether the player is a guest.
    pub guest: bool,
    /// The name to show; it is left out where it does not fit into the token.
    pub nick: Option<String>,
}

/// Why user data names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserDataError {
    /// It is not what Muster writes.
    NotFromMuster,
    /// It is for a session that another server runs.
    OtherSession,
}

impl fmt::Display for UserDataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFromMuster => "the user data of the connect token is not what Muster writes",
            Self::OtherSession => "the connect token is for another session",
        })
    }
}

impl std::error::Error for UserDataError {}

impl Admitted {
    /// Reads the user data of an opened connect token: JSON, filled up with zeros.
    pub fn from_user_data(user_data: &[u8]) -> Result<Self, UserDataError> {
        let end = user_data.iter().position(|byte| *byte == 0).unwrap_or(user_data.len());
        let said: Value = serde_json::from_slice(&user_data[..end]).map_err(|_| UserDataError::NotFromMuster)?;
        Self::read(&said).ok_or(UserDataError::NotFromMuster)
    }

    fn read(said: &Value) -> Option<Self> {
        Some(Self {
            session: said.get("session")?.as_str()?.to_owned(),
            player: said.get("player")?.as_str()?.to_owned(),
            role: match said.get("role")?.as_str()? {
                "host" => Role::Host,
                "player" => Role::Player,
                "spectator" => Role::Spectator,
                _ => return None,
            },
            team: match said.get("team") {
                None | Some(Value::Null) => None,
                Some(team) => Some(u32::try_from(team.as_u64()?).ok()?),
            },
            guest: said.get("guest")?.as_bool()?,
            nick: said.get("nick").and_then(Value::as_str).map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> [u8; 256] {
        let mut data = [0; 256];
        data[..text.len()].copy_from_slice(text.as_bytes());
        data
    }

    #[test]
    fn reads_what_muster_writes() {
        let told = r#"{"session":"session_1","player":"player_1","role":"host","team":0,"guest":false,"nick":"Ann ✓"}"#;
        let admitted = Admitted::from_user_data(&filled(told)).unwrap();
        assert_eq!(admitted.role, Role::Host);
        assert_eq!((admitted.team, admitted.guest, admitted.nick.as_deref()), (Some(0), false, Some("Ann ✓")));

        let short = r#"{"session":"session_1","player":"player_2","role":"player","team":null,"guest":true}"#;
        let admitted = Admitted::from_user_data(&filled(short)).unwrap();
        assert_eq!((admitted.role, admitted.team, admitted.nick), (Role::Player, None, None));
    }

    #[test]
    fn refuses_what_muster_does_not_write() {
        for wrong in [
            "",
            "no JSON",
            "[]",
            r#"{"session":"s","player":"p","role":"king","team":0,"guest":false}"#,
            r#"{"session":"s","player":"p","role":"host","team":-1,"guest":false}"#,
            r#"{"session":"s","player":7,"role":"host","team":0,"guest":false}"#,
        ] {
            assert_eq!(Admitted::from_user_data(&filled(wrong)), Err(UserDataError::NotFromMuster), "{wrong}");
        }
        assert_eq!(Admitted::from_user_data(&[0xff; 256]), Err(UserDataError::NotFromMuster));
    }
}
