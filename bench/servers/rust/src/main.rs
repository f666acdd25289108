//! The contract's server (contract.mjs) on tokio-tungstenite: `<program> <port>`, on one thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{signal, SignalKind};
use tokio::sync::mpsc;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::Message;

const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// Listeners of /fan: each gets what the others send.
type Room = Rc<RefCell<HashMap<u64, mpsc::Sender<Message>>>>;

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(listen())
}

async fn listen() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or_default();
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("READY {}", listener.local_addr()?.port());
    let room: Room = Rc::default();
    let local = tokio::task::LocalSet::new();
    local.spawn_local(collect());
    local.spawn_local(end_with_input());
    local
        .run_until(async move {
            for id in 0.. {
                let (stream, _) = listener.accept().await?;
                tokio::task::spawn_local(serve(stream, id, room.clone()));
            }
            Ok(())
        })
        .await
}

async fn serve(stream: TcpStream, id: u64, room: Room) {
    let _ = stream.set_nodelay(true);
    let mut is_fan = false;
    let read_path = |request: &Request, response: Response| {
        is_fan = request.uri().path() == "/fan";
        Ok(response)
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    let Ok(socket) = accept_hdr_async_with_config(stream, read_path, Some(config)).await else {
        return;
    };
    let (mut sink, mut source) = socket.split();
    if !is_fan {
        while let Some(Ok(message)) = source.next().await {
            if message.is_text() || message.is_binary() {
                if sink.send(message).await.is_err() {
                    return;
                }
            }
        }
        return;
    }
    let (sender, mut receiver) = mpsc::channel::<Message>(1024);
    room.borrow_mut().insert(id, sender);
    tokio::task::spawn_local(async move {
        while let Some(message) = receiver.recv().await {
            if sink.send(message).await.is_err() {
                return;
            }
        }
    });
    while let Some(Ok(message)) = source.next().await {
        if message.is_text() || message.is_binary() {
            for (other, sender) in room.borrow().iter() {
                if *other != id {
                    let _ = sender.try_send(message.clone());
                }
            }
        }
    }
    room.borrow_mut().remove(&id);
}

/// Rust has no garbage: it says so at once.
async fn collect() {
    let mut signals = signal(SignalKind::user_defined2()).expect("SIGUSR2");
    while signals.recv().await.is_some() {
        println!("COLLECTED");
    }
}

async fn end_with_input() {
    let mut bytes = [0; 64];
    let mut input = tokio::io::stdin();
    while matches!(input.read(&mut bytes).await, Ok(count) if count > 0) {}
    std::process::exit(0);
}
