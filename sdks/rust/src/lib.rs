#![doc = include_str!("../README.md")]

mod admitted;
mod attendance;
mod http;
mod launch;
mod reports;

pub use admitted::{Admitted, Role, UserDataError};
pub use launch::{Key, Keys, Launch, LaunchError, Netcode};
pub use reports::{Patience, Pending, ReportError, Reports};

#[doc(no_inline)]
pub use serde_json::{json, Value};
