use std::sync::Mutex;
use std::time::{Duration, Instant};

use log::{LevelFilter, Log, Metadata, Record};

const SECOND: Duration = Duration::from_secs(1);
const LINES_MAX: u32 = 10;

/// Why a token was refused is said by renetcode's log alone. Whoever can reach the port can make it say something, so a second
/// has room for a few lines.
struct QuietLog(Mutex<(Instant, u32)>);

impl Log for QuietLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let most = if metadata.target().starts_with("renetcode") { LevelFilter::Debug } else { LevelFilter::Warn };
        metadata.level() <= most
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let Ok(mut second) = self.0.lock() else { return };
        if second.0.elapsed() >= SECOND {
            *second = (Instant::now(), 0);
        }
        second.1 += 1;
        if second.1 <= LINES_MAX {
            eprintln!("{}: {}", record.target(), record.args());
        }
    }

    fn flush(&self) {}
}

/// Logs to standard error, where Muster keeps it.
pub fn begin() {
    let logger = Box::new(QuietLog(Mutex::new((Instant::now(), 0))));
    if log::set_boxed_logger(logger).is_ok() {
        log::set_max_level(LevelFilter::Debug);
    }
}
