//! Reports, against a server on loopback that answers as it is told.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{channel, Receiver};
use std::thread;
use std::time::Duration;

use muster::{json, Launch, Patience, ReportError, Reports, Value};

const LONG: Duration = Duration::from_secs(10);

/// An answer: status, headers, body. `None` ends the line without one.
type Answer = Option<(u16, &'static str, String)>;

fn taken() -> Answer {
    Some((200, "", json!({ "state": "loading" }).to_string()))
}

fn refused(status: u16, code: &str) -> Answer {
    Some((status, "", json!({ "code": code, "detail": "because" }).to_string()))
}

struct Heard {
    what: String,
    token: String,
    body: Value,
}

/// Answers one request after another as `script` says, and says what it heard.
fn muster(script: Vec<Answer>, patience: Patience) -> (Reports, Receiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (said, heard) = channel();
    thread::spawn(move || {
        for answer in script {
            let (mut line, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(line.try_clone().unwrap());
            let mut next = || {
                let mut text = String::new();
                reader.read_line(&mut text).unwrap();
                text.trim_end().to_owned()
            };
            let path = next().split(' ').nth(1).unwrap().to_owned();
            let mut headers = HashMap::new();
            while let Some((name, value)) = next().split_once(": ") {
                headers.insert(name.to_ascii_lowercase(), value.to_owned());
            }
            let mut body = vec![0; headers["content-length"].parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            let heard = Heard {
                what: path.strip_prefix("/sessions/session_1/").unwrap().to_owned(),
                token: headers["authorization"].clone(),
                body: serde_json::from_slice(&body).unwrap(),
            };
            if said.send(heard).is_err() {
                return;
            }
            if let Some((status, headers, body)) = answer {
                let length = body.len();
                write!(
                    line,
                    "HTTP/1.1 {status} x\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
                )
                .unwrap();
            }
        }
    });
    let variables = HashMap::from([
        ("MUSTER_CONTRACT", "1".to_owned()),
        ("MUSTER_API_URL", url),
        ("MUSTER_SERVER_ID", "server_1".to_owned()),
        ("MUSTER_SESSION_ID", "session_1".to_owned()),
        ("MUSTER_REPORT_TOKEN", "muster_rt_secret".to_owned()),
        ("MUSTER_PORT", "41000".to_owned()),
        ("MUSTER_BIND_HOST", "127.0.0.1".to_owned()),
        ("MUSTER_MAX_PLAYERS", "4".to_owned()),
        ("MUSTER_MATCH", "{}".to_owned()),
        ("MUSTER_TICKET_KEY", "00".repeat(32)),
    ]);
    let launch = Launch::from_variables(|name| variables.get(name).cloned()).unwrap().unwrap();
    (launch.reports_with(patience), heard)
}

fn hasty() -> Patience {
    Patience {
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(4),
        total: LONG,
        look_every: LONG,
    }
}

#[test]
fn tells_in_order_with_the_report_token() {
    let (reports, heard) = muster(vec![taken(); 6], hasty());
    reports.ready(Some(41_007)).wait().unwrap();
    reports.joined("a");
    reports.started(json!({ "difficulty": 3 })).wait().unwrap();
    reports.left("a");
    assert!(!reports.is_over());
    reports.result(json!({ "teams": [{ "players": ["a"], "rank": 1 }] })).wait().unwrap();
    assert!(reports.is_over());
    let all: Vec<Heard> = heard.try_iter().collect();
    assert!(all.iter().all(|one| one.token == "Bearer muster_rt_secret"));
    let said: Vec<&str> = all.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(said, ["ready", "players", "started", "players", "result"]);
    assert_eq!(all[0].body, json!({ "port": 41_007 }));
    assert_eq!((&all[1].body["joined"], &all[1].body["left"]), (&json!(["a"]), &json!([])));
    assert_eq!(all[2].body, json!({ "settings": { "difficulty": 3 } }));
    assert_eq!(all[3].body["left"], json!(["a"]));
    assert!(all[3].body["seq"].as_u64() > all[1].body["seq"].as_u64());
}

#[test]
fn repeats_the_same_until_it_is_answered() {
    let trouble = vec![None, refused(503, "BUSY"), refused(429, "RATE_LIMITED"), Some((200, "", "{}".to_owned()))];
    let (reports, heard) = muster(trouble, hasty());
    reports.joined("a");
    let bodies: Vec<Value> = (0..4).map(|_| heard.recv_timeout(LONG).unwrap().body).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0] && body["joined"] == json!(["a"])), "{bodies:?}");
}

#[test]
fn does_not_repeat_what_is_refused_for_good() {
    let (reports, heard) = muster(vec![refused(400, "INVALID_RESULT"), taken()], hasty());
    let refusal = reports.result(json!({ "teams": [] })).wait().unwrap_err();
    assert_eq!(
        refusal,
        ReportError::Refused { status: 400, code: "INVALID_RESULT".to_owned(), detail: "because".to_owned() }
    );
    assert!(!reports.is_over());
    reports.abandoned("no result was right").wait().unwrap();
    assert!(reports.is_over());
    assert_eq!(heard.try_iter().count(), 2);
}

#[test]
fn gives_up_when_patience_is_over_and_heeds_retry_after() {
    // To come back in an hour is longer than anybody waits here.
    let later = Some((503, "retry-after: 3600\r\n", "{}".to_owned()));
    let (reports, heard) = muster(vec![later, taken()], hasty());
    assert!(matches!(reports.ready(None).wait(), Err(ReportError::Unanswered { .. })));
    reports.ready(None).wait().unwrap();
    assert_eq!(heard.try_iter().count(), 2);

    let (reports, _) = muster(vec![None; 1_000], Patience { total: Duration::from_millis(20), ..hasty() });
    assert!(matches!(reports.ready(None).wait(), Err(ReportError::Unanswered { .. })));
}

#[test]
fn looks_for_whom_to_drop_only_while_somebody_plays() {
    let kick = Some((200, "", json!({ "state": "loading", "kick": ["b", "a stranger"] }).to_string()));
    let (reports, heard) = muster(
        vec![taken(), taken(), kick, taken(), taken()],
        Patience { look_every: Duration::from_millis(5), ..hasty() },
    );
    reports.ready(None).wait().unwrap();
    assert_eq!(heard.recv_timeout(LONG).unwrap().what, "ready");
    reports.joined("b");
    assert_eq!(heard.recv_timeout(LONG).unwrap().body["joined"], json!(["b"]));
    let look = heard.recv_timeout(LONG).unwrap();
    assert_eq!(look.body, json!({ "joined": [], "left": [] }));
    // The next look is heard once the answer to this one has been read.
    heard.recv_timeout(LONG).unwrap();
    assert_eq!(reports.kicked(), ["b"]);
}

#[test]
fn learns_that_muster_has_ended_the_session() {
    let (reports, _heard) = muster(vec![refused(409, "SESSION_ENDED")], hasty());
    assert!(reports.started(Value::Null).wait().is_err());
    assert!(reports.is_over());
}

#[test]
fn says_nothing_of_who_goes_after_the_end() {
    let (reports, heard) = muster(vec![taken(); 4], hasty());
    reports.joined("a");
    let pending = reports.abandoned("the host gave up");
    reports.left("a");
    pending.wait().unwrap();
    let said: Vec<String> = heard.try_iter().map(|one| one.what).collect();
    assert_eq!(said, ["players", "abandoned"]);
}

#[test]
fn bounds_what_waits_and_lets_go_of_it_when_dropped() {
    let (reports, _heard) = muster(vec![None; 1_000], Patience { longest_pause: LONG, first_pause: LONG, ..hasty() });
    let all: Vec<_> = (0..40).map(|_| reports.started(Value::Null)).collect();
    let too_many = all.iter().filter(|pending| matches!(pending.poll(), Some(Err(ReportError::TooMany)))).count();
    assert!((40 - 17..=40 - 16).contains(&too_many), "{too_many}");
    drop(reports);
    let ends: Vec<_> = all.into_iter().map(muster::Pending::wait).collect();
    assert!(ends.contains(&Err(ReportError::Dropped)));
}
