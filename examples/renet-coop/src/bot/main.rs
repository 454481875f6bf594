//! A bot that plays the raid: it signs up as a guest, hosts a private game or joins one, and looks its result up.

mod api;
mod play;
mod probe;

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Duration;

use api::{Api, Failure};

const USAGE: &str = "\
renet-coop-bot host --url http://127.0.0.1:3000 --mode MODE --difficulty 1..5 [--friends N] [--give-up]
renet-coop-bot join --url http://127.0.0.1:3000 --passcode ABC123
renet-coop-bot connect --token BASE64 [--within MS] [--hold] [--broken-packet]

Each prints what happens, a line of JSON each, and ends with 0 where it came to its end.";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let words: Vec<String> = words.collect();
    if asks_for_help(&command, &words) {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let options = match Options::read(words.into_iter()) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&command, &options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn asks_for_help(command: &str, words: &[String]) -> bool {
    std::iter::once(command).chain(words.iter().map(String::as_str)).any(|word| word == "--help" || word == "-h")
}

fn run(command: &str, options: &Options) -> Result<(), Failure> {
    match command {
        "host" => {
            let api = Api::as_guest(options.text("url")?)?;
            let game = api.host(options.text("mode")?)?;
            play::say(&[("event", "hosting".into()), ("passcode", game.text("passcode")?.into())]);
            let choice = play::Choice {
                difficulty: options.number("difficulty")?.unwrap_or(1),
                friends: options.number("friends")?.unwrap_or(0) as usize,
                gives_up: options.has("give-up"),
            };
            play::play(&api, &game, Some(choice))
        }
        "join" => {
            let api = Api::as_guest(options.text("url")?)?;
            let game = api.join(options.text("passcode")?)?;
            play::play(&api, &game, None)
        }
        "connect" => {
            let within = Duration::from_millis(options.number("within")?.unwrap_or(10_000).into());
            probe::connect(options.text("token")?, within, options.has("hold"), options.has("broken-packet"))
        }
        _ => Err(USAGE.into()),
    }
}

/// `--name value`, and `--name` alone.
struct Options(HashMap<String, String>);

const ALONE: [&str; 3] = ["hold", "broken-packet", "give-up"];

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = HashMap::new();
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").ok_or_else(|| format!("{word} is no option."))?;
            let value = if ALONE.contains(&name) { Some(String::new()) } else { words.next() };
            options.insert(name.to_owned(), value.ok_or_else(|| format!("{word} needs a value."))?);
        }
        Ok(Self(options))
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn text(&self, name: &str) -> Result<&str, Failure> {
        self.0.get(name).map(String::as_str).ok_or_else(|| format!("--{name} is missing.\n\n{USAGE}").into())
    }

    fn number(&self, name: &str) -> Result<Option<u32>, Failure> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        value.parse().map(Some).map_err(|_| format!("--{name} must be a whole number, but is {value}.").into())
    }
}
