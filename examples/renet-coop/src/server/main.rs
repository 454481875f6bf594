//! The raid's server: Muster launches it, for one private game.

mod hall;
mod quiet_log;

use std::error::Error;
use std::net::UdpSocket;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hall::Hall;
use muster::{Keys, Launch};
use renet_netcode::{NetcodeServerTransport, ServerAuthentication, ServerConfig};

const TURN: Duration = Duration::from_millis(10);
/// The last words are on their way.
const FAREWELL: Duration = Duration::from_millis(300);
/// renetcode has room for no more, and panics when it is asked to.
const CLIENTS_MAX: usize = 1_024;

fn main() -> ExitCode {
    quiet_log::begin();
    let launch = match Launch::from_environment() {
        Ok(Some(launch)) => launch,
        Ok(None) => {
            eprintln!("Muster launches this server, for a private game. There is nothing to run by hand.");
            return ExitCode::from(2);
        }
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    match serve(&launch) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(launch: &Launch) -> Result<(), Box<dyn Error>> {
    let Keys::Netcode(netcode) = &launch.keys else {
        return Err("The mode's transport must be netcode: this server takes connect tokens.".into());
    };
    let stop = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, Arc::clone(&stop))?;

    let transport = NetcodeServerTransport::new(
        ServerConfig {
            current_time: SystemTime::now().duration_since(UNIX_EPOCH)?,
            max_clients: launch.max_players.min(CLIENTS_MAX),
            protocol_id: netcode.protocol_id,
            // Not what it binds, but what its tokens name: it refuses others.
            public_addresses: vec![netcode.address],
            authentication: ServerAuthentication::Secure { private_key: netcode.key.0 },
        },
        UdpSocket::bind(launch.bind_address())?,
    )?;
    let reports = launch.reports();
    let mut hall = Hall::new(launch, &reports, transport);
    reports.ready(None).wait()?;
    println!("A raid waits on {}.", netcode.address);

    while !hall.is_done() {
        hall.turn()?;
        // A server that ends by its own word is told to stop, too: what it says of its end comes first.
        if !hall.is_telling() && (stop.load(Ordering::Relaxed) || reports.is_over()) {
            hall.end("The game was ended by Muster.");
        }
        sleep(TURN);
    }
    let until = Instant::now() + FAREWELL;
    while Instant::now() < until {
        hall.turn()?;
        sleep(TURN);
    }
    hall.close();
    Ok(())
}
