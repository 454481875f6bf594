use std::fmt;
use std::net::SocketAddr;

use serde_json::{Map, Value};

use crate::admitted::{Admitted, UserDataError};
use crate::reports::{Patience, Reports};

const CONTRACT: &str = "1";
const MAX_PLAYERS_MAX: u64 = 1_000_000;

/// A key of 32 bytes. Its `Debug` form does not show it, for what is printed may be logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(pub [u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// What players are let in by: the one or the other, as the mode's `transport` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Tickets are verified with this key.
    Ticket(Key),
    /// Connect tokens of netcode are opened with a key of this launch.
    Netcode(Netcode),
}

/// What a netcode server is configured with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Netcode {
    /// The private key. It is another one at each launch.
    pub key: Key,
    /// Of the game and its version; the clients' tokens say the same.
    pub protocol_id: u64,
    /// What the server must believe its address to be: it refuses, in silence, tokens that do not name it. It is not always
    /// the one that it binds.
    pub address: SocketAddr,
}

/// Why the environment is not what the launch contract promises. Names the variable, and never shows a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchError(String);

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LaunchError {}

/// What Muster told this process when it launched it.
#[derive(Clone)]
#[non_exhaustive]
pub struct Launch {
    /// Where Muster answers, as `http://127.0.0.1:3000`.
    pub api_url: String,
    /// Who this server is.
    pub server: String,
    /// The session that it runs.
    pub session: String,
    /// Where to listen: the host.
    pub bind_host: String,
    /// Where to listen: the port.
    pub port: u16,
    /// Where players are sent.
    pub public_address: String,
    /// How many players there are at most.
    pub max_players: usize,
    /// The match: a JSON object with `mode`, `kind`, `factions`, `nicknames`, `settings` and more.
    pub match_info: Map<String, Value>,
    /// What players are let in by.
    pub keys: Keys,
    report_token: String,
}

impl fmt::Debug for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Launch")
            .field("api_url", &self.api_url)
            .field("server", &self.server)
            .field("session", &self.session)
            .field("bind_host", &self.bind_host)
            .field("port", &self.port)
            .field("public_address", &self.public_address)
            .field("max_players", &self.max_players)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

impl Launch {
    /// What this process was launched with; `None` where it was started by hand.
    pub fn from_environment() -> Result<Option<Self>, LaunchError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// The same, from variables that are looked up by `variable`.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, LaunchError> {
        match variable("MUSTER_CONTRACT").as_deref() {
            None => return Ok(None),
            Some(CONTRACT) => {}
            Some(other) => {
                return Err(LaunchError(format!("This server speaks launch contract {CONTRACT}, not {other}.")));
            }
        }
        let given = Given(&variable);
        let bind_host = given.text("MUSTER_BIND_HOST")?;
        Ok(Some(Self {
            api_url: given.text("MUSTER_API_URL")?.trim_end_matches('/').to_owned(),
            server: given.text("MUSTER_SERVER_ID")?,
            session: given.text("MUSTER_SESSION_ID")?,
            port: given.whole("MUSTER_PORT", u64::from(u16::MAX))? as u16,
            public_address: given.maybe("MUSTER_PUBLIC_ADDRESS").unwrap_or_else(|| bind_host.clone()),
            bind_host,
            max_players: given.whole("MUSTER_MAX_PLAYERS", MAX_PLAYERS_MAX)? as usize,
            match_info: given.object("MUSTER_MATCH")?,
            keys: given.keys()?,
            report_token: given.text("MUSTER_REPORT_TOKEN")?,
        }))
    }

    /// Where to listen, for `UdpSocket::bind` and the like.
    pub fn bind_address(&self) -> (&str, u16) {
        (&self.bind_host, self.port)
    }

    /// What a mode's or a host's `settings` say under that name.
    pub fn setting(&self, name: &str) -> Option<&Value> {
        self.match_info.get("settings")?.get(name)
    }

    /// Who came, by the user data of an opened connect token. A token of another session is refused.
    pub fn admitted(&self, user_data: &[u8]) -> Result<Admitted, UserDataError> {
        let admitted = Admitted::from_user_data(user_data)?;
        if admitted.session == self.session {
            Ok(admitted)
        } else {
            Err(UserDataError::OtherSession)
        }
    }

    /// Begins to report to Muster, in a thread of its own.
    pub fn reports(&self) -> Reports {
        self.reports_with(Patience::default())
    }

    /// The same, with a patience of your own.
    pub fn reports_with(&self, patience: Patience) -> Reports {
        Reports::start(&self.api_url, &self.session, &self.report_token, patience)
    }

    /// Says on standard output that players can come, in place of `Reports::ready`. `port` is the one that it listens on.
    pub fn print_ready(&self, port: u16) {
        println!("MUSTER_READY port={port}");
    }
}

struct Given<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Given<'_> {
    fn maybe(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn text(&self, name: &str) -> Result<String, LaunchError> {
        self.maybe(name).ok_or_else(|| LaunchError(format!("{name} is missing from the environment.")))
    }

    fn whole(&self, name: &str, max: u64) -> Result<u64, LaunchError> {
        let value = self.text(name)?;
        let is_digits = value.bytes().all(|byte| byte.is_ascii_digit());
        match value.parse::<u64>() {
            Ok(number) if is_digits && (1..=max).contains(&number) => Ok(number),
            _ => Err(LaunchError(format!("{name} must be a whole number from 1 to {max}, but is {value}."))),
        }
    }

    fn object(&self, name: &str) -> Result<Map<String, Value>, LaunchError> {
        match serde_json::from_str(&self.text(name)?) {
            Ok(Value::Object(object)) => Ok(object),
            _ => Err(LaunchError(format!("{name} is not a JSON object."))),
        }
    }

    fn key(&self, name: &str) -> Result<Key, LaunchError> {
        let wrong = || LaunchError(format!("{name} must have 64 hex digits."));
        let text = self.text(name)?;
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut key = [0; 32];
        for (at, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Key(key))
    }

    fn keys(&self) -> Result<Keys, LaunchError> {
        if self.maybe("MUSTER_NETCODE_KEY").is_none() {
            return Ok(Keys::Ticket(self.key("MUSTER_TICKET_KEY")?));
        }
        let id = self.text("MUSTER_NETCODE_PROTOCOL_ID")?;
        let digits = id.strip_prefix("0x").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let address = self.text("MUSTER_NETCODE_ADDRESS")?;
        Ok(Keys::Netcode(Netcode {
            key: self.key("MUSTER_NETCODE_KEY")?,
            protocol_id: digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or_else(|| {
                LaunchError(format!("MUSTER_NETCODE_PROTOCOL_ID must be 0x and up to 16 hex digits, but is {id}."))
            })?,
            address: address.parse().map_err(|_| {
                LaunchError(format!("MUSTER_NETCODE_ADDRESS must be an IP address and a port, but is {address}."))
            })?,
        }))
    }
}
