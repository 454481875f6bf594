//! A game server that knows nothing but the official Agones SDK, unchanged. What it hears it prints, for the test to read.
use std::{env, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let mut sdk = agones::Sdk::new(None, None).await?;

    let health = sdk.health_check();
    tokio::spawn(async move {
        while health.send(()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });

    let mut watch = sdk.clone().watch_gameserver().await?;
    tokio::spawn(async move {
        while let Ok(Some(game_server)) = watch.message().await {
            println!("state {}", game_server.status.map(|it| it.state).unwrap_or_default());
        }
    });

    let own = sdk.get_gameserver().await?;
    let port = own.status.as_ref().and_then(|it| it.ports.first()).map(|it| it.port).unwrap_or_default();
    let listener = TcpListener::bind(("127.0.0.1", u16::try_from(port)?)).await?;

    sdk.set_label("map", "hill").await?;
    sdk.set_annotation("note", "from Rust").await?;
    let meta = sdk.get_gameserver().await?.object_meta.ok_or("no metadata")?;
    println!("label {}", meta.labels.get("agones.dev/sdk-map").ok_or("no label")?);
    println!("annotation {}", meta.annotations.get("agones.dev/sdk-note").ok_or("no annotation")?);
    println!("match {}", meta.annotations.get("muster/match").ok_or("no match")?);

    let mut beta = sdk.beta().clone();
    beta.increment_counter("rounds", 2).await?;
    beta.decrement_counter("rounds", 1).await?;
    println!("rounds {} of {}", beta.get_counter_count("rounds").await?, beta.get_counter_capacity("rounds").await?);
    println!("beyond {}", beta.increment_counter("rounds", 100).await.is_err());
    beta.set_list_capacity("players", 2).await?;
    beta.append_list_value("players", "ann").await?;
    println!("twice {}", beta.append_list_value("players", "ann").await.is_err());
    println!("players {}", beta.get_list_values("players").await?.join(" "));
    beta.delete_list_value("players", "ann").await?;

    let mut alpha = sdk.alpha().clone();
    alpha.set_player_capacity(1).await?;
    println!("connected {}", alpha.player_connect("bob").await?);
    println!("full {}", alpha.player_connect("eve").await.is_err());
    println!("count {} of {}", alpha.get_player_count().await?, alpha.get_player_capacity().await?);
    println!("disconnected {}", alpha.player_disconnect("bob").await?);

    sdk.reserve(Duration::from_secs(1)).await?;
    sdk.ready().await?;
    println!("ready {}", env::var("MUSTER_SESSION_ID")?);

    // A player: one line each way, then the match is over.
    let (stream, _) = listener.accept().await?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    stream.get_mut().write_all(format!("hello {line}").as_bytes()).await?;
    sdk.shutdown().await?;
    println!("over");
    tokio::time::sleep(Duration::from_secs(60)).await;
    Ok(())
}
