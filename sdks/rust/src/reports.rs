use std::collections::VecDeque;
use std::fmt;
use std::sync::mpsc::{sync_channel, Receiver, SyncSender, TryRecvError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{json, Value};

use crate::attendance::Attendance;
use crate::http::Api;

/// Reports that wait at most; a game says each of them once.
const WAITING_MAX: usize = 16;

/// For how long, and how often, a report is repeated while Muster does not answer.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The pause after the first try; it doubles with each that follows.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// How long one report is repeated.
    pub total: Duration,
    /// How often Muster is asked whom to drop, while anybody plays.
    pub look_every: Duration,
}

impl Default for Patience {
    /// A report outlives a restart of Muster: it is repeated for ten minutes.
    fn default() -> Self {
        Self {
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(5),
            total: Duration::from_secs(600),
            look_every: Duration::from_secs(2),
        }
    }
}

/// Why a report was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportError {
    /// Muster refused it; repeating would change nothing.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The refusal's code, as `INVALID_RESULT`.
        code: String,
        /// What a person can act on.
        detail: String,
    },
    /// No answer came before patience was over.
    Unanswered {
        /// What went wrong last.
        trouble: String,
    },
    /// Too many reports wait already.
    TooMany,
    /// The `Reports` were dropped before it was sent.
    Dropped,
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, detail, .. } => write!(f, "{code}: {detail}"),
            Self::Unanswered { trouble } => write!(f, "Muster did not answer: {trouble}"),
            Self::TooMany => f.write_str("too many reports wait already"),
            Self::Dropped => f.write_str("reporting has ended"),
        }
    }
}

impl std::error::Error for ReportError {}

/// A report on its way.
#[derive(Debug)]
#[must_use = "a report may be refused: wait for it, or poll it"]
pub struct Pending(Receiver<Result<(), ReportError>>);

impl Pending {
    /// Blocks until Muster has answered, or patience is over.
    pub fn wait(self) -> Result<(), ReportError> {
        self.0.recv().unwrap_or(Err(ReportError::Dropped))
    }

    /// The outcome once there is one, for a loop that must not block. It is told once.
    pub fn poll(&self) -> Option<Result<(), ReportError>> {
        match self.0.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(ReportError::Dropped)),
        }
    }
}

struct Report {
    what: &'static str,
    body: Value,
    told: SyncSender<Result<(), ReportError>>,
}

#[derive(Default)]
struct State {
    attendance: Attendance,
    waiting: VecDeque<Report>,
    /// Whoever goes after the end is no news any more.
    ends: bool,
    is_over: bool,
    is_dropped: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    /// A thread that panicked while it held the lock left nothing half done: each change is one step.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits; false where nobody wants the outcome any more.
    fn pause(&self, span: Duration) -> bool {
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), span, |state| !state.is_dropped)
            .unwrap_or_else(PoisonError::into_inner);
        !state.is_dropped
    }
}

/// Tells Muster what happens in the session, from a thread of its own: nothing here blocks the game. Reports go out in the
/// order in which they were made, comings and goings first, and each is repeated until it is answered.
///
/// Dropping it ends the thread; wait for what must be told.
pub struct Reports {
    shared: Arc<Shared>,
}

impl fmt::Debug for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reports").field("is_over", &self.is_over()).finish_non_exhaustive()
    }
}

impl Reports {
    pub(crate) fn start(api_url: &str, session: &str, token: &str, patience: Patience) -> Self {
        let shared = Arc::new(Shared::default());
        let api = Api::new(api_url, session, token, patience);
        let its = Arc::clone(&shared);
        thread::spawn(move || run(&its, &api, patience.look_every));
        Self { shared }
    }

    /// This server can take players now; `port` where it chose one itself.
    pub fn ready(&self, port: Option<u16>) -> Pending {
        self.report("ready", port.map_or_else(|| json!({}), |port| json!({ "port": port })))
    }

    /// A player was let in.
    pub fn joined(&self, player: &str) {
        self.shared.lock().attendance.came(player);
        self.shared.changed.notify_all();
    }

    /// A player's connection is gone.
    pub fn left(&self, player: &str) {
        let mut state = self.shared.lock();
        if !state.ends {
            state.attendance.went(player);
            self.shared.changed.notify_all();
        }
    }

    /// Whom to drop: players who gave up, or whom their host removed. Told anew until `left` says that they are gone.
    pub fn kicked(&self) -> Vec<String> {
        self.shared.lock().attendance.take_kicked()
    }

    /// Play has begun, with what was chosen: an object, or `Value::Null` for nothing. Begin when Muster has acknowledged it:
    /// from then on nobody joins any more.
    pub fn started(&self, settings: Value) -> Pending {
        self.report("started", if settings.is_null() { json!({}) } else { json!({ "settings": settings }) })
    }

    /// What happened: `{"teams": [{"players": [..], "rank": 1}, ..], "stats": {..}, "duration_s": ..}`. After it the session
    /// is over.
    pub fn result(&self, result: Value) -> Pending {
        self.shared.lock().ends = true;
        self.report("result", result)
    }

    /// There will be no result, and why. After it the session is over.
    pub fn abandoned(&self, reason: &str) -> Pending {
        self.shared.lock().ends = true;
        self.report("abandoned", json!({ "reason": reason }))
    }

    /// Whether the session has ended, by this server's word or by Muster's: then there is nothing left to do.
    pub fn is_over(&self) -> bool {
        self.shared.lock().is_over
    }

    fn report(&self, what: &'static str, body: Value) -> Pending {
        let (told, pending) = sync_channel(1);
        let mut state = self.shared.lock();
        if state.waiting.len() < WAITING_MAX {
            state.waiting.push_back(Report { what, body, told });
            self.shared.changed.notify_all();
        } else {
            // The channel has room for one, so this neither blocks nor fails.
            let _ = told.send(Err(ReportError::TooMany));
        }
        Pending(pending)
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        self.shared.lock().is_dropped = true;
        self.shared.changed.notify_all();
    }
}

enum Step {
    News(Value),
    Report(Report),
    Look,
    End,
}

fn run(shared: &Shared, api: &Api, look_every: Duration) {
    let mut last_look = Instant::now();
    loop {
        match next_step(shared, last_look + look_every) {
            Step::News(body) => {
                last_look = Instant::now();
                let outcome = api.post("players", &body, |span| shared.pause(span));
                if let Err(error) = &outcome {
                    log::warn!("Muster was not told who came and went: {error}");
                }
                heard(shared, &outcome);
            }
            Step::Look => {
                last_look = Instant::now();
                heard(shared, &api.post_once("players", &json!({ "joined": [], "left": [] })));
            }
            Step::Report(Report { what, body, told }) => {
                let outcome = api.post(what, &body, |span| shared.pause(span));
                heard(shared, &outcome);
                if outcome.is_ok() && (what == "result" || what == "abandoned") {
                    shared.lock().is_over = true;
                }
                // Nobody may wait for it any more.
                let _ = told.send(outcome.map(drop));
            }
            Step::End => return,
        }
    }
}

fn next_step(shared: &Shared, look_at: Instant) -> Step {
    let mut state = shared.lock();
    loop {
        if state.is_dropped {
            return Step::End;
        }
        if let Some(news) = state.attendance.next(now_ms()) {
            return Step::News(json!({ "joined": news.joined, "left": news.left, "seq": news.seq }));
        }
        if let Some(report) = state.waiting.pop_front() {
            return Step::Report(report);
        }
        let looks = !state.is_over && state.attendance.is_anybody_present();
        let wait = look_at.saturating_duration_since(Instant::now());
        if looks && wait.is_zero() {
            return Step::Look;
        }
        state = if looks {
            shared.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0
        } else {
            shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
        };
    }
}

/// What every answer may tell beside: whom to drop, and that the session has ended.
fn heard(shared: &Shared, outcome: &Result<Value, ReportError>) {
    match outcome {
        Ok(answer) => {
            let mut state = shared.lock();
            for player in answer.get("kick").and_then(Value::as_array).into_iter().flatten() {
                state.attendance.kick(player.as_str().unwrap_or_default());
            }
        }
        Err(ReportError::Refused { code, .. }) if code == "SESSION_ENDED" || code == "SESSION_NOT_FOUND" => {
            shared.lock().is_over = true;
        }
        Err(_) => {}
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
