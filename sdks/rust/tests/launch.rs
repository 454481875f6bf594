//! The launch contract, variable by variable.

use std::collections::HashMap;

use muster::{json, Keys, Launch, Role, UserDataError};

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

fn given() -> HashMap<&'static str, String> {
    HashMap::from(
        [
            ("MUSTER_CONTRACT", "1"),
            ("MUSTER_API_URL", "http://127.0.0.1:3000/"),
            ("MUSTER_SERVER_ID", "server_1"),
            ("MUSTER_SESSION_ID", "session_1"),
            ("MUSTER_REPORT_TOKEN", "muster_rt_secret"),
            ("MUSTER_PORT", "41000"),
            ("MUSTER_BIND_HOST", "0.0.0.0"),
            ("MUSTER_PUBLIC_ADDRESS", "203.0.113.7:41000"),
            ("MUSTER_MAX_PLAYERS", "4"),
            ("MUSTER_MATCH", r#"{"kind":"private","settings":{"map":"cave"}}"#),
            ("MUSTER_NETCODE_KEY", KEY),
            ("MUSTER_NETCODE_PROTOCOL_ID", "0x00000000c0ffee01"),
            ("MUSTER_NETCODE_ADDRESS", "203.0.113.7:41000"),
        ]
        .map(|(name, value)| (name, value.to_owned())),
    )
}

fn launched(variables: &HashMap<&str, String>) -> Result<Option<Launch>, String> {
    Launch::from_variables(|name| variables.get(name).cloned()).map_err(|error| error.to_string())
}

#[test]
fn reads_all_that_muster_says() {
    let launch = launched(&given()).unwrap().unwrap();
    assert_eq!(launch.api_url, "http://127.0.0.1:3000");
    assert_eq!(launch.bind_address(), ("0.0.0.0", 41_000));
    assert_eq!((launch.max_players, launch.public_address.as_str()), (4, "203.0.113.7:41000"));
    assert_eq!(launch.setting("map"), Some(&json!("cave")));
    assert_eq!(launch.setting("weather"), None);
    let Keys::Netcode(netcode) = &launch.keys else { panic!("{:?}", launch.keys) };
    assert_eq!(netcode.protocol_id, 0xc0ff_ee01);
    assert_eq!(netcode.address, "203.0.113.7:41000".parse().unwrap());
    assert_eq!((netcode.key.0[0], netcode.key.0[1], netcode.key.0[31]), (0x00, 0x11, 0xff));
}

#[test]
fn reads_a_ticket_key_where_there_is_no_other() {
    let mut variables = given();
    variables.remove("MUSTER_NETCODE_KEY");
    variables.insert("MUSTER_TICKET_KEY", KEY.to_owned());
    assert!(matches!(launched(&variables).unwrap().unwrap().keys, Keys::Ticket(_)));
}

#[test]
fn says_none_where_it_was_started_by_hand() {
    assert!(launched(&HashMap::new()).unwrap().is_none());
}

#[test]
fn names_the_variable_that_is_wrong() {
    for (name, value, complaint) in [
        ("MUSTER_CONTRACT", "2", "launch contract 1, not 2"),
        ("MUSTER_API_URL", "", "MUSTER_API_URL is missing"),
        ("MUSTER_PORT", "70000", "MUSTER_PORT must be a whole number from 1 to 65535"),
        ("MUSTER_PORT", "+80", "MUSTER_PORT must be"),
        ("MUSTER_MAX_PLAYERS", "0", "MUSTER_MAX_PLAYERS must be"),
        ("MUSTER_MATCH", "[1]", "MUSTER_MATCH is not a JSON object"),
        ("MUSTER_NETCODE_KEY", "abc", "MUSTER_NETCODE_KEY must have 64 hex digits"),
        ("MUSTER_NETCODE_PROTOCOL_ID", "12", "MUSTER_NETCODE_PROTOCOL_ID must be 0x"),
        ("MUSTER_NETCODE_PROTOCOL_ID", "0x10000000000000000", "MUSTER_NETCODE_PROTOCOL_ID must be 0x"),
        ("MUSTER_NETCODE_ADDRESS", "play.example:41000", "MUSTER_NETCODE_ADDRESS must be an IP address"),
    ] {
        let mut variables = given();
        variables.insert(name, value.to_owned());
        let error = launched(&variables).unwrap_err();
        assert!(error.contains(complaint), "{name}={value}: {error}");
    }
}

#[test]
fn never_shows_a_secret() {
    let mut variables = given();
    let shown = format!("{:?}", launched(&variables).unwrap().unwrap());
    assert!(!shown.contains("muster_rt_secret") && !shown.contains("0, 17, 34"), "{shown}");
    variables.insert("MUSTER_NETCODE_KEY", format!("{}zz", &KEY[2..]));
    assert!(!launched(&variables).unwrap_err().contains("2233"));
}

#[test]
fn admits_whose_token_is_for_this_session() {
    let launch = launched(&given()).unwrap().unwrap();
    let user_data = |session: &str| {
        let mut data = json!({ "session": session, "player": "p", "role": "player", "team": null, "guest": true })
            .to_string()
            .into_bytes();
        data.resize(256, 0);
        data
    };
    assert_eq!(launch.admitted(&user_data("session_1")).unwrap().role, Role::Player);
    assert_eq!(launch.admitted(&user_data("session_2")), Err(UserDataError::OtherSession));
    assert_eq!(launch.admitted(&[0; 256]), Err(UserDataError::NotFromMuster));
}
