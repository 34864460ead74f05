//! A network camera that follows a script: RTSP with RTP over the same connection, JPEG
//! as RFC 2435 packs it, H.264 as RFC 6184 does.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use base64::Engine;

/// What the camera does with one connection.
#[derive(Clone, Debug)]
pub enum Visit {
    /// Takes the connection and says nothing.
    Silent,
    /// Refuses the description with these words.
    Refuse(&'static str),
    /// Sends parts one after the other, then hangs up or, if it `stalls`, nothing more.
    Play { parts: Vec<Part>, stalls: bool },
}

/// So many pictures of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub codec: Codec,
    pub size_px: (u16, u16),
    pub pictures: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    Jpeg,
    H264,
}

pub struct Camera {
    pub port: u16,
}

const PERIOD: Duration = Duration::from_millis(50);
const TICKS: u32 = 90_000 / 20;
const PACKET_BYTES: usize = 1200;

impl Camera {
    /// One that does all of these, visit by visit, and the last for ever. With a `login`
    /// it wants to know who asks.
    pub fn doing(visits: Vec<Visit>, login: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for (number, stream) in listener.incoming().flatten().enumerate() {
                let visit = visits[number.min(visits.len() - 1)].clone();
                thread::spawn(move || serve(stream, &visit, login));
            }
        });
        Self { port }
    }

    pub fn url(&self) -> String {
        format!("rtsp://127.0.0.1:{}/live", self.port)
    }
}

fn serve(mut stream: TcpStream, visit: &Visit, login: Option<&str>) -> Option<()> {
    let mut requests = BufReader::new(stream.try_clone().ok()?);
    loop {
        let (method, headers) = request(&mut requests)?;
        if matches!(visit, Visit::Silent) {
            continue;
        }
        let header = |name: &str| {
            let value =
                |line: &String| line.strip_prefix(name).map(|value| value.trim().to_owned());
            headers.iter().find_map(value)
        };
        let number = header("CSeq:")?;
        let mut answer = |status: &str, more: &str, body: &str| {
            let length = body.len();
            let text = format!(
                "RTSP/1.0 {status}\r\nCSeq: {number}\r\n{more}Content-Length: {length}\r\n\r\n{body}"
            );
            stream.write_all(text.as_bytes()).ok()
        };
        match (&*method, visit) {
            ("OPTIONS", _) => answer("200 OK", "Public: DESCRIBE, SETUP, PLAY\r\n", "")?,
            ("DESCRIBE", _)
                if login.is_some_and(|login| !is_from(header("Authorization:"), login)) =>
            {
                answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"cam\"\r\n", "")?;
            }
            ("DESCRIBE", Visit::Refuse(status)) => answer(status, "", "")?,
            ("DESCRIBE", Visit::Play { parts, .. }) => {
                answer(
                    "200 OK",
                    "Content-Type: application/sdp\r\n",
                    &description(parts[0].codec),
                )?;
            }
            ("SETUP", _) => {
                let way = "RTP/AVP/TCP;unicast;interleaved=0-1";
                answer("200 OK", &format!("Transport: {way}\r\nSession: 7\r\n"), "")?;
            }
            ("PLAY", Visit::Play { parts, stalls }) => {
                answer("200 OK", "Session: 7\r\n", "")?;
                play(&mut stream, parts)?;
                while *stalls && request(&mut requests).is_some() {}
                return None;
            }
            _ => answer("200 OK", "Session: 7\r\n", "")?,
        }
    }
}

fn is_from(header: Option<String>, login: &str) -> bool {
    let right = base64::engine::general_purpose::STANDARD.encode(login);
    header.is_some_and(|header| header == format!("Basic {right}"))
}

fn request(requests: &mut impl BufRead) -> Option<(String, Vec<String>)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        match requests.read_line(&mut line) {
            Ok(1..) if line.trim().is_empty() => break,
            Ok(1..) => lines.push(line.trim().to_owned()),
            _ => return None,
        }
    }
    let method = lines.first()?.split(' ').next()?.to_owned();
    Some((method, lines.split_off(1)))
}

fn description(codec: Codec) -> String {
    let media = match codec {
        Codec::Jpeg => "m=video 0 RTP/AVP 26\r\n",
        Codec::H264 => {
            "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\n"
        }
    };
    format!("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=cam\r\nt=0 0\r\n{media}a=control:track1\r\n")
}

fn play(stream: &mut TcpStream, parts: &[Part]) -> Option<()> {
    let (mut sequence, mut time) = (0u16, 1000u32);
    for part in parts {
        let pictures = match part.codec {
            Codec::Jpeg => (0..part.pictures).map(|n| jpeg_payloads(part.size_px, n)).collect(),
            Codec::H264 => h264_payloads(part.size_px, part.pictures),
        };
        for payloads in pictures {
            for (at, payload) in payloads.iter().enumerate() {
                let marker = if at + 1 == payloads.len() { 0x80 } else { 0 };
                let kind = if part.codec == Codec::Jpeg { 26 } else { 96 };
                let mut packet = vec![0x80, marker | kind];
                packet.extend(sequence.to_be_bytes());
                packet.extend(time.to_be_bytes());
                packet.extend([0, 0, 0, 9]);
                packet.extend(payload);
                sequence = sequence.wrapping_add(1);
                let length = u16::try_from(packet.len()).unwrap().to_be_bytes();
                stream.write_all(&[&[b'$', 0][..], &length, &packet].concat()).ok()?;
            }
            time = time.wrapping_add(TICKS);
            thread::sleep(PERIOD);
        }
    }
    Some(())
}

/// A picture in which a bar has moved so far.
fn jpeg_payloads((width, height): (u16, u16), number: usize) -> Vec<Vec<u8>> {
    let pixel = |i: usize| {
        let x = i % usize::from(width);
        let grey = if x.abs_diff(number * 2 % usize::from(width)) < 8 { 220 } else { 60 };
        [grey, grey, grey / 2]
    };
    let pixels: Vec<u8> = (0..usize::from(width) * usize::from(height)).flat_map(pixel).collect();
    let mut jpeg = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut jpeg, 80);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    encoder.encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    let (mut tables, mut at) = (Vec::new(), 2);
    let scan = loop {
        let length = usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        let segment = &jpeg[at + 4..at + 2 + length];
        match jpeg[at + 1] {
            0xdb => segment.chunks(65).for_each(|table| tables.extend(&table[1..])),
            0xda => break &jpeg[at + 2 + length..jpeg.len() - 2],
            _ => {}
        }
        at += 2 + length;
    };
    let mut offset = 0;
    let mut packets = Vec::new();
    for part in scan.chunks(PACKET_BYTES) {
        let mut payload = vec![0, 0, (offset >> 8) as u8, offset as u8, 1, 255];
        payload.extend([(width / 8) as u8, (height / 8) as u8]);
        if offset == 0 {
            payload.extend([0, 0]);
            payload.extend((tables.len() as u16).to_be_bytes());
            payload.extend(&tables);
        }
        payload.extend(part);
        packets.push(payload);
        offset += part.len();
    }
    packets
}

/// Pictures by `ffmpeg`'s own encoder, each with what belongs before it.
fn h264_payloads((width, height): (u16, u16), pictures: usize) -> Vec<Vec<Vec<u8>>> {
    let source = format!("testsrc=size={width}x{height}:rate=20");
    let out = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-f", "lavfi", "-i", &source, "-frames:v"])
        .arg(pictures.to_string())
        .args(["-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-g", "10"])
        .args(["-x264-params", "slices=1:bframes=0:repeat-headers=1", "-f", "h264", "-"])
        .output()
        .expect("`cargo xtask setup` installs ffmpeg");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let bytes = out.stdout;
    let starts: Vec<usize> =
        (0..bytes.len() - 3).filter(|&at| bytes[at..at + 3] == [0, 0, 1]).collect();
    let ends = starts[1..].iter().copied().chain([bytes.len()]);
    let (mut all, mut one) = (Vec::new(), Vec::new());
    for (start, end) in starts.iter().zip(ends) {
        let mut unit = &bytes[start + 3..end];
        while let [rest @ .., 0] = unit {
            unit = rest;
        }
        one.push(unit.to_vec());
        if matches!(unit[0] & 0x1f, 1 | 5) {
            all.push(std::mem::take(&mut one));
        }
    }
    all
}
