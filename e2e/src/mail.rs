//! A mail server: it speaks SMTP over TLS, asks for a login, and keeps what it is handed.

use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::tls::Authority;

/// Who may log in.
pub const USERNAME: &str = "tword";
/// With which password.
pub const PASSWORD: &str = "a secret of the mail server";

/// A running mail server.
pub struct MailServer {
    /// Where it is, such as `127.0.0.1:2525`.
    pub address: String,
    inner: Arc<Inner>,
}

struct Inner {
    acceptor: TlsAcceptor,
    wraps: bool,
    silent: AtomicBool,
    taken: Mutex<Vec<Mail>>,
}

/// What was handed over by someone who had logged in, under TLS.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's only recipient.
    pub to: String,
    /// Headers and body as they came, with plain line ends.
    pub text: String,
}

impl Mail {
    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        let head = self.text.split("\n\n").next().unwrap_or_default();
        let field = |line: &'_ str| line.split_once(": ").is_some_and(|(found, _)| found.eq_ignore_ascii_case(name));
        head.lines().find(|line| field(line)).and_then(|line| line.split_once(": ")).map_or("", |(_, text)| text)
    }

    /// The body in words, whatever it was encoded as.
    pub fn body(&self) -> String {
        let body = self.text.split_once("\n\n").map_or("", |(_, body)| body);
        let bytes = match self.header("content-transfer-encoding") {
            "quoted-printable" => unquoted(body),
            "base64" => STANDARD.decode(body.replace('\n', "")).expect("base64"),
            _ => body.as_bytes().to_vec(),
        };
        String::from_utf8(bytes).expect("UTF-8").trim_end().to_owned()
    }
}

/// What quoted-printable stands for.
fn unquoted(text: &str) -> Vec<u8> {
    let text = text.replace("=\n", "");
    let mut parts = text.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two digits"));
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}

/// Where a dialogue stands.
#[derive(Default)]
struct Session {
    greeted: bool,
    secure: bool,
    known: bool,
    from: Option<String>,
    to: Option<String>,
}

enum Next {
    Go,
    StartTls,
    Bye,
}

impl MailServer {
    /// Starts one on a free port: with TLS from the first byte on where it `wraps`, else with STARTTLS.
    pub async fn start(authority: &Authority, wraps: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (acceptor, silent, taken) = (authority.acceptor(), AtomicBool::new(false), Mutex::default());
        let inner = Arc::new(Inner { acceptor, wraps, silent, taken });
        let server = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&server).talk(stream));
            }
        });
        Self { address, inner }
    }

    /// From now on connections are taken and never answered.
    pub fn fall_silent(&self) {
        self.inner.silent.store(true, Ordering::SeqCst);
    }

    /// Everything handed over so far.
    pub fn taken(&self) -> Vec<Mail> {
        self.inner.taken.lock().expect("no test panics while it is held").clone()
    }
}

impl Inner {
    async fn talk(self: Arc<Self>, stream: TcpStream) {
        if self.silent.load(Ordering::SeqCst) {
            return pending().await;
        }
        // A client that breaks off is none of the server's troubles.
        let _broken = self.serve(stream).await;
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        if self.wraps {
            let mut stream = BufStream::new(self.acceptor.accept(stream).await?);
            stream.write_all(b"220 test\r\n").await?;
            return self.dialogue(&mut stream, Session { secure: true, ..Session::default() }).await.map(drop);
        }
        let mut stream = BufStream::new(stream);
        stream.write_all(b"220 test\r\n").await?;
        if let Next::StartTls = self.dialogue(&mut stream, Session::default()).await? {
            let mut stream = BufStream::new(self.acceptor.accept(stream.into_inner()).await?);
            self.dialogue(&mut stream, Session { secure: true, ..Session::default() }).await?;
        }
        Ok(())
    }

    async fn dialogue<S>(&self, stream: &mut BufStream<S>, mut session: Session) -> std::io::Result<Next>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        loop {
            stream.flush().await?;
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(Next::Bye);
            }
            let (answer, next) = session.hear(line.trim_end());
            if answer.starts_with("354") {
                stream.write_all(answer.as_bytes()).await?;
                stream.flush().await?;
                let text = letter(stream).await?;
                let (from, to) = (session.from.take().unwrap_or_default(), session.to.take().unwrap_or_default());
                self.taken.lock().expect("no test panics while it is held").push(Mail { from, to, text });
                stream.write_all(b"250 taken\r\n").await?;
                continue;
            }
            stream.write_all(answer.as_bytes()).await?;
            if !matches!(next, Next::Go) {
                stream.flush().await?;
                return Ok(next);
            }
        }
    }
}

impl Session {
    /// What is answered to a command.
    fn hear(&mut self, line: &str) -> (&'static str, Next) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" if self.secure => {
                self.greeted = true;
                "250-test\r\n250 AUTH PLAIN\r\n"
            }
            "EHLO" => "250-test\r\n250 STARTTLS\r\n",
            "STARTTLS" if !self.secure => return ("220 go on\r\n", Next::StartTls),
            "AUTH" if self.greeted && self.login(rest) => "235 welcome\r\n",
            "AUTH" => "535 nobody\r\n",
            "MAIL" if self.known => {
                self.from = Some(address(rest));
                "250 fine\r\n"
            }
            "RCPT" if self.from.is_some() && self.to.is_none() => {
                self.to = Some(address(rest));
                "250 fine\r\n"
            }
            "DATA" if self.to.is_some() => "354 go on\r\n",
            "QUIT" => return ("221 bye\r\n", Next::Bye),
            _ => "503 not now\r\n",
        };
        (answer, Next::Go)
    }

    fn login(&mut self, rest: &str) -> bool {
        let given = rest.strip_prefix("PLAIN ").and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
        self.known = given == format!("\0{USERNAME}\0{PASSWORD}").into_bytes();
        self.known
    }
}

/// What stands between the angle brackets.
fn address(text: &str) -> String {
    text.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(address, _)| address).to_owned()
}

/// Reads up to the line with nothing but a dot.
async fn letter<S>(stream: &mut BufStream<S>) -> std::io::Result<String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end_matches(['\r', '\n']) {
            "." => return Ok(text),
            other => {
                text.push_str(other.strip_prefix('.').unwrap_or(other));
                text.push('\n');
            }
        }
    }
}
