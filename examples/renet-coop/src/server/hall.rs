use std::collections::{BTreeMap, HashMap};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::time::{Duration, Instant};

use muster::{json, Admitted, Launch, Pending, Reports, Role};
use renet::{ClientId, ConnectionConfig, RenetServer, ServerEvent};
use renet_coop::{ClientMessage, Raid, ServerMessage, CHANNEL};
use renet_netcode::{NetcodeServerTransport, NetcodeTransportError};

/// How many packets that renetcode panics over are passed by in one turn.
const BROKEN_MAX: usize = 64;
/// What one player says in one turn; the rest is heard in the next.
const MESSAGES_MAX: usize = 16;

type Failure = Box<dyn std::error::Error>;

/// What Muster is being told, and play waits for.
enum Telling {
    Nothing,
    Started { difficulty: u32, pending: Pending },
    Result { pending: Pending },
    Abandoned { pending: Pending },
}

/// Where the players' lines meet the raid and the reports.
pub struct Hall<'a> {
    launch: &'a Launch,
    reports: &'a Reports,
    server: RenetServer,
    transport: NetcodeServerTransport,
    players: HashMap<ClientId, Admitted>,
    raid: Raid,
    telling: Telling,
    is_done: bool,
    last: Instant,
}

impl<'a> Hall<'a> {
    pub fn new(launch: &'a Launch, reports: &'a Reports, transport: NetcodeServerTransport) -> Self {
        Self {
            launch,
            reports,
            server: RenetServer::new(ConnectionConfig::default()),
            transport,
            players: HashMap::new(),
            raid: Raid::default(),
            telling: Telling::Nothing,
            is_done: false,
            last: Instant::now(),
        }
    }

    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// Whether a report is under way whose answer everybody will hear of.
    pub fn is_telling(&self) -> bool {
        !matches!(self.telling, Telling::Nothing)
    }

    /// Hears everybody, moves the game on, answers.
    pub fn turn(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        let passed = now - self.last;
        self.last = now;
        self.server.update(passed);
        self.receive(passed)?;
        while let Some(event) = self.server.get_event() {
            match event {
                ServerEvent::ClientConnected { client_id } => self.enter(client_id),
                ServerEvent::ClientDisconnected { client_id, .. } => self.leave(client_id),
            }
        }
        for client in self.server.clients_id() {
            for _ in 0..MESSAGES_MAX {
                let Some(bytes) = self.server.receive_message(client, CHANNEL) else { break };
                if let Some(message) = ClientMessage::read(&bytes) {
                    self.hear(client, message, now);
                }
            }
        }
        for player in self.reports.kicked() {
            let lines: Vec<_> =
                self.players.iter().filter(|(_, one)| one.player == player).map(|(id, _)| *id).collect();
            for client in lines {
                self.server.disconnect(client);
            }
        }
        self.look_at_telling(now)?;
        self.transport.send_packets(&mut self.server);
        Ok(())
    }

    /// Ends without a result.
    pub fn end(&mut self, reason: &str) {
        if !self.is_done {
            self.tell_all(&ServerMessage::Ended { reason: reason.to_owned() });
            self.is_done = true;
        }
    }

    /// Everybody is told that the line ends, so that nobody waits for a time-out.
    pub fn close(mut self) {
        self.transport.disconnect_all(&mut self.server);
    }

    /// renetcode 2.0.0 panics over a packet whose first byte promises a sequence number of more than eight bytes, where the
    /// sender's address is known: one player could end the game for all. The packet is gone by then and nothing was changed,
    /// so the rest is received as if it had not come.
    fn receive(&mut self, passed: Duration) -> Result<(), NetcodeTransportError> {
        let mut passed = passed;
        for _ in 0..BROKEN_MAX {
            let received = catch_unwind(AssertUnwindSafe(|| self.transport.update(passed, &mut self.server)));
            if let Ok(received) = received {
                return received;
            }
            passed = Duration::ZERO;
        }
        Ok(())
    }

    fn enter(&mut self, client: ClientId) {
        let user_data = self.transport.user_data(client).unwrap_or([0; 256]);
        match self.launch.admitted(&user_data) {
            Ok(admitted) => {
                self.reports.joined(&admitted.player);
                self.raid.enter(&admitted.player);
                self.players.insert(client, admitted);
                match self.raid.standing() {
                    None => self.tell_lobby(),
                    Some((difficulty, health)) => self.tell(client, &ServerMessage::Started { difficulty, health }),
                }
            }
            Err(error) => {
                eprintln!("{error}");
                self.server.disconnect(client);
            }
        }
    }

    fn leave(&mut self, client: ClientId) {
        let Some(admitted) = self.players.remove(&client) else { return };
        self.reports.left(&admitted.player);
        self.raid.leave(&admitted.player);
        if self.raid.standing().is_none() {
            self.tell_lobby();
        }
    }

    fn hear(&mut self, client: ClientId, message: ClientMessage, now: Instant) {
        let Some(admitted) = self.players.get(&client) else { return };
        let is_host = admitted.role == Role::Host;
        let is_idle = !self.is_telling() && !self.is_done;
        match message {
            ClientMessage::Choose { difficulty } if is_host && is_idle && self.raid.may_begin(difficulty) => {
                let pending = self.reports.started(json!({ "difficulty": difficulty }));
                self.telling = Telling::Started { difficulty, pending };
            }
            ClientMessage::GiveUp if is_host && is_idle => {
                self.telling = Telling::Abandoned { pending: self.reports.abandoned("the host gave up") };
            }
            ClientMessage::Strike if is_idle => {
                let Some(health) = self.raid.strike(&admitted.player, now) else { return };
                let by = name_of(admitted).to_owned();
                self.tell_all(&ServerMessage::Hit { by, health });
                if health == 0 {
                    self.telling = Telling::Result { pending: self.reports.result(self.raid.result(now)) };
                }
            }
            _ => {}
        }
    }

    /// Play begins and ends once Muster has acknowledged it.
    fn look_at_telling(&mut self, now: Instant) -> Result<(), Failure> {
        let outcome = match &self.telling {
            Telling::Nothing => return Ok(()),
            Telling::Started { pending, .. } | Telling::Result { pending } | Telling::Abandoned { pending } => {
                pending.poll()
            }
        };
        let Some(outcome) = outcome else { return Ok(()) };
        let told = std::mem::replace(&mut self.telling, Telling::Nothing);
        // Muster may have ended the session meanwhile; the loop around sees that, and says so.
        if self.reports.is_over() && outcome.is_err() {
            return Ok(());
        }
        outcome?;
        match told {
            Telling::Nothing => {}
            Telling::Started { difficulty, .. } => {
                self.raid.begin(difficulty, now);
                if let Some((difficulty, health)) = self.raid.standing() {
                    self.tell_all(&ServerMessage::Started { difficulty, health });
                }
            }
            Telling::Result { .. } => {
                self.tell_all(&ServerMessage::Won { strikes: self.raid.strikes() });
                self.is_done = true;
            }
            Telling::Abandoned { .. } => self.end("The host gave up."),
        }
        Ok(())
    }

    fn tell_lobby(&mut self) {
        let names: BTreeMap<&str, &str> =
            self.players.values().map(|admitted| (admitted.player.as_str(), name_of(admitted))).collect();
        let players: Vec<String> = names.into_values().map(str::to_owned).collect();
        let hosts: Vec<(ClientId, bool)> =
            self.players.iter().map(|(client, admitted)| (*client, admitted.role == Role::Host)).collect();
        for (client, host) in hosts {
            self.tell(client, &ServerMessage::Lobby { host, players: players.clone() });
        }
    }

    fn tell(&mut self, client: ClientId, message: &ServerMessage) {
        self.server.send_message(client, CHANNEL, message.to_bytes());
    }

    fn tell_all(&mut self, message: &ServerMessage) {
        self.server.broadcast_message(CHANNEL, message.to_bytes());
    }
}

fn name_of(admitted: &Admitted) -> &str {
    admitted.nick.as_deref().unwrap_or("somebody")
}
