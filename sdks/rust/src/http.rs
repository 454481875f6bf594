use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::http::{HeaderMap, StatusCode};
use ureq::Agent;

use crate::reports::{Patience, ReportError};

const ONE_TRY: Duration = Duration::from_secs(40);
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: u64 = 256 * 1024;

/// Posts reports, and repeats each until it is answered: all may be repeated safely.
pub(crate) struct Api {
    agent: Agent,
    url: String,
    token: String,
    patience: Patience,
}

enum Outcome {
    Answered(Value),
    Refused(ReportError),
    MayPass(String, Duration),
}

impl Api {
    pub fn new(api_url: &str, session: &str, token: &str, patience: Patience) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(ONE_TRY))
            .timeout_connect(Some(CONNECT))
            .user_agent(concat!("muster-rust/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into(), url: format!("{api_url}/sessions/{session}"), token: token.to_owned(), patience }
    }

    /// Posts until there is an answer, or patience is over. `pause` waits, and says whether to go on at all.
    pub fn post(&self, what: &str, body: &Value, pause: impl Fn(Duration) -> bool) -> Result<Value, ReportError> {
        let begun = Instant::now();
        let mut next = self.patience.first_pause;
        loop {
            let (trouble, asked) = match self.attempt(what, body) {
                Outcome::Answered(answer) => return Ok(answer),
                Outcome::Refused(error) => return Err(error),
                Outcome::MayPass(trouble, asked) => (trouble, asked),
            };
            let wait = jittered(next).max(asked);
            if begun.elapsed() + wait > self.patience.total || !pause(wait) {
                return Err(ReportError::Unanswered { trouble });
            }
            next = (next * 2).min(self.patience.longest_pause);
        }
    }

    /// Posts once.
    pub fn post_once(&self, what: &str, body: &Value) -> Result<Value, ReportError> {
        match self.attempt(what, body) {
            Outcome::Answered(answer) => Ok(answer),
            Outcome::Refused(error) => Err(error),
            Outcome::MayPass(trouble, _) => Err(ReportError::Unanswered { trouble }),
        }
    }

    fn attempt(&self, what: &str, body: &Value) -> Outcome {
        let sent = self
            .agent
            .post(format!("{}/{what}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .send(body.to_string());
        let mut response = match sent {
            Ok(response) => response,
            Err(error) => return Outcome::MayPass(error.to_string(), Duration::ZERO),
        };
        let status = response.status();
        let asked = retry_after(response.headers());
        let text = match response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string() {
            Ok(text) => text,
            Err(error) => return Outcome::MayPass(error.to_string(), asked),
        };
        if status.is_success() {
            // A proxy on the way may answer in words of its own: no news then.
            return Outcome::Answered(serde_json::from_str(&text).unwrap_or(Value::Null));
        }
        let refusal = refusal(status, &text);
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            return Outcome::MayPass(refusal.to_string(), asked);
        }
        Outcome::Refused(refusal)
    }
}

fn refusal(status: StatusCode, text: &str) -> ReportError {
    let problem: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    let said = |name: &str, otherwise: &str| problem.get(name).and_then(Value::as_str).unwrap_or(otherwise).to_owned();
    ReportError::Refused {
        status: status.as_u16(),
        code: said("code", "UNKNOWN"),
        detail: said("detail", status.canonical_reason().unwrap_or_default()),
    }
}

fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse::<u32>().ok());
    Duration::from_secs(seconds.unwrap_or(0).into())
}

/// Stretched or shrunk by up to a quarter, so that a whole fleet does not come back in one instant. The hasher of the standard
/// library is keyed by chance, which is all that is needed here.
fn jittered(span: Duration) -> Duration {
    let chance = RandomState::new().build_hasher().finish() % 1_000;
    span.mul_f64(0.75 + chance as f64 / 2_000.0)
}
