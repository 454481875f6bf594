use std::time::{Duration, Instant};

use renet_coop::{Entry, Line, PlayerError};

use crate::api::Failure;
use crate::play::say;

/// How long a line is looked at after the broken packet.
const AFTER: Duration = Duration::from_millis(500);

/// Tries one token, and says whether it lets in.
pub fn connect(token: &str, within: Duration, hold: bool, breaks: bool) -> Result<(), Failure> {
    let mut line = match Line::open(Entry::read(token)?, within) {
        Ok(line) => line,
        Err(error @ (PlayerError::Line(_) | PlayerError::Late)) => {
            say(&[("event", "refused".into()), ("reason", error.to_string().into())]);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    say(&[("event", "connected".into())]);
    if breaks {
        // A first byte that promises fifteen bytes of a sequence number, which has eight at most.
        line.send_raw(&[0xf5; 64])?;
        stay(&mut line, Some(AFTER))?;
        say(&[("event", "still there".into())]);
    }
    if hold {
        stay(&mut line, None)?;
    }
    line.close();
    Ok(())
}

fn stay(line: &mut Line, span: Option<Duration>) -> Result<(), PlayerError> {
    let begun = Instant::now();
    while span.is_none_or(|span| begun.elapsed() < span) {
        line.turn()?;
        line.hear();
    }
    Ok(())
}
