use std::thread::sleep;
use std::time::{Duration, Instant};

use muster::{json, Value};
use renet_coop::{ClientMessage, Entry, Line, ServerMessage, STRIKE_PAUSE};

use crate::api::{Answer, Api, Failure};

const CONNECT: Duration = Duration::from_secs(20);
const CONNECTS_MAX: usize = 3;
const GAME: Duration = Duration::from_secs(120);
const RESULT: Duration = Duration::from_secs(20);

/// What a host does.
pub struct Choice {
    pub difficulty: u32,
    /// How many friends to wait for.
    pub friends: usize,
    /// Ends it, in place of choosing.
    pub gives_up: bool,
}

/// Prints a line of JSON.
pub fn say(facts: &[(&str, Value)]) {
    let line: serde_json::Map<String, Value> =
        facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    println!("{}", Value::Object(line));
}

/// Plays from the token to the result; `choice` where this is the host.
pub fn play(api: &Api, game: &Answer, mut choice: Option<Choice>) -> Result<(), Failure> {
    let session = game.text("session_id")?;
    let mut line = connect(api, game)?;
    say(&[("event", "connected".into()), ("session", session.into())]);
    let until = Instant::now() + GAME;
    let mut next_strike: Option<Instant> = None;
    let strikes = loop {
        if Instant::now() > until {
            return Err("The game took too long.".into());
        }
        line.turn()?;
        match line.hear() {
            Some(ServerMessage::Lobby { host, players }) => {
                let ready = |choice: &mut Choice| host && players.len() > choice.friends;
                if let Some(choice) = choice.take_if(ready) {
                    line.say(&if choice.gives_up {
                        ClientMessage::GiveUp
                    } else {
                        ClientMessage::Choose { difficulty: choice.difficulty }
                    });
                }
            }
            Some(ServerMessage::Started { difficulty, health }) => {
                say(&[("event", "started".into()), ("difficulty", difficulty.into()), ("health", health.into())]);
                next_strike = Some(Instant::now());
            }
            Some(ServerMessage::Won { strikes }) => break strikes,
            Some(ServerMessage::Ended { reason }) => {
                let seen = api.session(session)?.0;
                say(&[("event", "ended".into()), ("reason", reason.into()), ("session", seen)]);
                return Ok(());
            }
            Some(ServerMessage::Hit { .. }) | None => {}
        }
        if next_strike.is_some_and(|next| Instant::now() >= next) {
            line.say(&ClientMessage::Strike);
            next_strike = Some(Instant::now() + STRIKE_PAUSE);
        }
    };
    say(&[("event", "won".into()), ("strikes", json!(strikes))]);
    line.close();
    let result = result_of(api, session)?;
    say(&[("event", "result".into()), ("result", result)]);
    Ok(())
}

/// A connection that fails is tried again with a fresh token: the one before belongs to the socket that used it. The server
/// takes nobody twice, so whoever lost the line waits until the server has noticed.
fn connect(api: &Api, game: &Answer) -> Result<Line, Failure> {
    let mut trouble = match Line::open(Entry::read(game.text("connect_token")?)?, CONNECT) {
        Ok(line) => return Ok(line),
        Err(error) => error,
    };
    for _ in 1..CONNECTS_MAX {
        match Line::open(Entry::read(api.own_game()?.text("connect_token")?)?, CONNECT) {
            Ok(line) => return Ok(line),
            Err(error) => trouble = error,
        }
    }
    Err(trouble.into())
}

fn result_of(api: &Api, session: &str) -> Result<Value, Failure> {
    let until = Instant::now() + RESULT;
    loop {
        if let Some(result) = api.result_of(session)? {
            return Ok(result);
        }
        if Instant::now() > until {
            return Err("Muster has no result.".into());
        }
        sleep(Duration::from_millis(100));
    }
}
