use std::error::Error;
use std::time::Duration;

use muster::{json, Value};
use ureq::Agent;

pub type Failure = Box<dyn Error>;

/// Longer than Muster waits for a server to be ready.
const ONE_CALL: Duration = Duration::from_secs(60);

/// A player at Muster's HTTP API.
pub struct Api {
    agent: Agent,
    url: String,
    token: String,
}

/// An answer, of which single fields are asked.
pub struct Answer(pub Value);

impl Answer {
    pub fn text(&self, name: &str) -> Result<&str, Failure> {
        self.0.get(name).and_then(Value::as_str).ok_or_else(|| format!("Muster's answer has no {name}.").into())
    }
}

impl Api {
    /// Signs up as a guest.
    pub fn as_guest(url: &str) -> Result<Self, Failure> {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(ONE_CALL)).build();
        let mut api = Self { agent: config.into(), url: url.trim_end_matches('/').to_owned(), token: String::new() };
        api.token = api.post("/auth/guest", &json!({}))?.text("access_token")?.to_owned();
        Ok(api)
    }

    pub fn host(&self, mode: &str) -> Result<Answer, Failure> {
        self.post("/games", &json!({ "mode": mode }))
    }

    pub fn join(&self, passcode: &str) -> Result<Answer, Failure> {
        self.post("/games/join", &json!({ "passcode": passcode }))
    }

    /// The game that the player is in, with a fresh token.
    pub fn own_game(&self) -> Result<Answer, Failure> {
        self.get("/games/me")
    }

    /// What became of the session.
    pub fn session(&self, session: &str) -> Result<Answer, Failure> {
        self.get(&format!("/sessions/{session}"))
    }

    /// The session's result, once there is one.
    pub fn result_of(&self, session: &str) -> Result<Option<Value>, Failure> {
        let found = self.get(&format!("/results?session={session}"))?;
        Ok(found.0.get("results").and_then(|results| results.get(0)).cloned())
    }

    fn post(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        let mut request = self.agent.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        answer(path, request.send(body.to_string())?)
    }

    fn get(&self, path: &str) -> Result<Answer, Failure> {
        let request = self.agent.get(format!("{}{path}", self.url));
        answer(path, request.header("authorization", format!("Bearer {}", self.token)).call()?)
    }
}

fn answer(path: &str, mut response: ureq::http::Response<ureq::Body>) -> Result<Answer, Failure> {
    let status = response.status();
    let text = response.body_mut().read_to_string()?;
    if status.is_success() {
        Ok(Answer(serde_json::from_str(&text)?))
    } else {
        Err(format!("{path}: {status} {text}").into())
    }
}
