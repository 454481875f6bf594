//! The raid on renet: friends against one beast, whose strength their host chooses. What the server and the bot share.

mod player;
mod raid;
mod wire;

pub use player::{Entry, Line, PlayerError};
pub use raid::{Raid, DIFFICULTY_MAX, STRIKE_PAUSE};
pub use wire::{ClientMessage, ServerMessage, CHANNEL};
