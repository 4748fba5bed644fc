//! A server for one test: as much of HTTP/1.1 as a client of ours needs, one answer per connection.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

const MOST_CONNECTIONS: usize = 500;
const MOST_HEADERS: usize = 100;
const LARGEST_BODY: u64 = 4 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);

/// A request, as it came over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Names in lowercase, in the order they came.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Returns every value of a header.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .collect()
    }
}

/// What a server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Answers.
    Answer { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// Closes the connection without a word.
    HangUp,
    /// Says nothing until the client gives up.
    Silence,
    /// Sends an answer that never ends, byte by byte, until the client gives up.
    Drip,
}

/// A running server. Dropping it ends it.
pub(crate) struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server on a free port of the loopback address.
    pub(crate) fn start(answer: impl Fn(Request) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopping, answer) = (Arc::clone(&stop), Arc::new(answer));
        let accept = move || {
            let mut connections: Vec<JoinHandle<()>> = Vec::new();
            for stream in listener.incoming().take(MOST_CONNECTIONS) {
                if stopping.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (answer, stopping) = (Arc::clone(&answer), Arc::clone(&stopping));
                connections.push(std::thread::spawn(move || {
                    serve(&stream, &*answer, &stopping);
                }));
            }
            for connection in connections {
                connection.join().unwrap();
            }
        };
        Server { address, stop, thread: Some(std::thread::spawn(accept)) }
    }

    /// Returns the server's address, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // One more connection, so that waiting for one ends.
        let _ = TcpStream::connect(self.address);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(
            std::thread::panicking() || matches!(ended, Some(Ok(()))),
            "a thread of the stand-in failed"
        );
    }
}

fn serve(stream: &TcpStream, answer: &(impl Fn(Request) -> Reply + ?Sized), stopping: &AtomicBool) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let Some(request) = read(&mut BufReader::new(stream)) else {
        return;
    };
    match answer(request) {
        Reply::Answer { status, headers, body } => write(stream, status, &headers, &body),
        Reply::HangUp => {}
        Reply::Drip => drip(stream, stopping),
        Reply::Silence => {
            // Ends when the client closes, when the server is dropped, or when patience does.
            stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            for _ in 0..500 {
                let closed = matches!(Read::read(&mut &*stream, &mut [0; 16]), Ok(0));
                if closed || stopping.load(Ordering::SeqCst) {
                    break;
                }
            }
        }
    }
}

fn drip(mut stream: &TcpStream, stopping: &AtomicBool) {
    let mut text: &[u8] = b"HTTP/1.1 200 Status\r\ncontent-length: 1000000\r\n\r\n";
    for _ in 0..500 {
        let gone = stream.write_all(text).and_then(|()| stream.flush()).is_err();
        if gone || stopping.load(Ordering::SeqCst) {
            break;
        }
        text = b" ";
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn read(stream: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut line = String::new();
    stream.take(65_536).read_line(&mut line).ok()?;
    let mut words = line.split_ascii_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    for _ in 0..MOST_HEADERS {
        let mut line = String::new();
        stream.take(65_536).read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: u64 = length.map_or(0, |(_, value)| value.parse().unwrap());
    assert!(length <= LARGEST_BODY, "a request of {length} bytes");
    let mut body = Vec::new();
    stream.take(length).read_to_end(&mut body).ok()?;
    Some(Request { method, target, headers, body })
}

fn write(mut stream: &TcpStream, status: u16, headers: &[(String, String)], body: &[u8]) {
    let mut lines = vec![format!("HTTP/1.1 {status} Status"), "connection: close".to_owned()];
    if status != 204 {
        lines.push(format!("content-length: {}", body.len()));
    }
    lines.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
    let head = format!("{}\r\n\r\n", lines.join("\r\n"));
    // A client that has gone away is what some tests are about.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body))
        .and_then(|()| stream.flush());
}
