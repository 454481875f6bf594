use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use renet::{ConnectionConfig, RenetClient};
use renet_netcode::{ClientAuthentication, ConnectToken, NetcodeClientTransport};

use crate::wire::{ClientMessage, ServerMessage, CHANNEL};

const TURN: Duration = Duration::from_millis(10);

/// Why a player is not, or no longer, on the server.
#[derive(Debug)]
pub enum PlayerError {
    /// The token is none.
    Token(String),
    /// There is no line, and why as far as the client knows: a server that refuses a token is silent.
    Line(String),
    /// It took too long.
    Late,
}

impl fmt::Display for PlayerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(why) => write!(f, "this is no connect token: {why}"),
            Self::Line(why) => write!(f, "there is no line: {why}"),
            Self::Late => f.write_str("it took too long"),
        }
    }
}

impl std::error::Error for PlayerError {}

/// A connect token, as `connect_token` of Muster's answer has it.
pub struct Entry(ConnectToken);

impl Entry {
    /// Reads base64.
    pub fn read(base64: &str) -> Result<Self, PlayerError> {
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(base64.trim())
            .map_err(|error| PlayerError::Token(error.to_string()))?;
        let token = ConnectToken::read(&mut bytes.as_slice()).map_err(|error| PlayerError::Token(error.to_string()))?;
        if token.server_addresses[0].is_none() {
            return Err(PlayerError::Token("it names no server".to_owned()));
        }
        Ok(Self(token))
    }

    fn server(&self) -> Option<SocketAddr> {
        self.0.server_addresses[0]
    }
}

/// A player's line to the server.
pub struct Line {
    client: RenetClient,
    transport: NetcodeClientTransport,
    /// The same socket, to say on it what renet would not.
    socket: UdpSocket,
    server: SocketAddr,
    last: Instant,
}

impl Line {
    /// Connects from a fresh socket, or says why not.
    pub fn open(entry: Entry, within: Duration) -> Result<Self, PlayerError> {
        let server = entry.server().ok_or_else(|| PlayerError::Token("it names no server".to_owned()))?;
        let any: SocketAddr =
            if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
        let line = |error: &dyn fmt::Display| PlayerError::Line(error.to_string());
        let socket = UdpSocket::bind(any).map_err(|error| line(&error))?;
        let transport = NetcodeClientTransport::new(
            SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            ClientAuthentication::Secure { connect_token: entry.0 },
            socket.try_clone().map_err(|error| line(&error))?,
        )
        .map_err(|error| line(&error))?;
        let mut line = Self {
            client: RenetClient::new(ConnectionConfig::default()),
            transport,
            socket,
            server,
            last: Instant::now(),
        };
        let until = Instant::now() + within;
        while !line.client.is_connected() {
            if Instant::now() > until {
                return Err(PlayerError::Late);
            }
            line.turn()?;
        }
        Ok(line)
    }

    /// Sends and receives what there is, and waits a little.
    pub fn turn(&mut self) -> Result<(), PlayerError> {
        let now = Instant::now();
        let passed = now - self.last;
        self.last = now;
        let line = |error: &dyn fmt::Display| PlayerError::Line(error.to_string());
        self.client.update(passed);
        self.transport.update(passed, &mut self.client).map_err(|error| line(&error))?;
        self.transport.send_packets(&mut self.client).map_err(|error| line(&error))?;
        sleep(TURN);
        Ok(())
    }

    /// What the server said next, if anything.
    pub fn hear(&mut self) -> Option<ServerMessage> {
        ServerMessage::read(&self.client.receive_message(CHANNEL)?)
    }

    /// Says it with the next turn.
    pub fn say(&mut self, message: &ClientMessage) {
        self.client.send_message(CHANNEL, message.to_bytes());
    }

    /// Sends bytes that are no packet of renet's, from the address that the server knows.
    pub fn send_raw(&self, bytes: &[u8]) -> Result<(), PlayerError> {
        self.socket.send_to(bytes, self.server).map(drop).map_err(|error| PlayerError::Line(error.to_string()))
    }

    /// Says goodbye, so that the server need not find out by silence.
    pub fn close(mut self) {
        self.transport.disconnect();
    }
}
