//! Files from the homes of data sets, over HTTP(S): resumed where they were cut, whole or absent under their name.
//!
//! What has arrived stands in `FILE.part`, which a later download of the same file goes on with where the server allows it. What a file
//! holds is not believed: the data set's digests decide.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use super::error::{Cause, DataError};

/// Most bytes of a file; the largest that is asked for has 170 MB.
const MOST: u64 = 1 << 29;
/// To find a server, and to wait for its answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes from one progress report to the next.
const CHUNK: usize = 1 << 16;

/// Downloads `url` to `file`, unless it is there. `progress` is told the bytes that have arrived and, where the server says it, of how many.
///
/// # Errors
/// [`Cause::Download`] with the address and why; what has arrived is kept for the next time.
pub(crate) fn download(url: &str, file: &Path, progress: &mut dyn FnMut(u64, Option<u64>)) -> Result<(), DataError> {
    if file.exists() {
        return Ok(());
    }
    let fail = |why: String| DataError::new(file, "", Cause::Download { url: url.to_owned(), why });
    let part = file.with_extension(file.extension().map_or("part".into(), |e| format!("{}.part", e.to_string_lossy())));
    let kept = fs::metadata(&part).map_or(0, |data| data.len());
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .http_status_as_error(false)
        .build()
        .into();
    let mut request = agent.get(url);
    if kept > 0 {
        request = request.header("Range", format!("bytes={kept}-"));
    }
    let mut answer = request.call().map_err(|error| fail(error.to_string()))?;
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let begins = match answer.status().as_u16() {
        200 => 0,
        // `Content-Range: bytes FIRST-LAST/ALL`; another first byte than the one asked for would leave a gap.
        206 if header("content-range").is_some_and(|range| range.starts_with(&format!("bytes {kept}-"))) => kept,
        416 | 206 => {
            // What is kept is no beginning of the file: the next download starts again.
            fs::remove_file(&part).map_err(|e| DataError::io(&part, e))?;
            return Err(fail("what was downloaded before is no part of it and was removed; run it again".into()));
        }
        status => return Err(fail(format!("the server answers {status}"))),
    };
    let all = header("content-length").and_then(|length| length.parse::<u64>().ok()).map(|rest| begins + rest);
    if all.is_some_and(|all| all > MOST) {
        return Err(fail(format!("it has {} bytes, at most {MOST} are expected", all.unwrap_or_default())));
    }
    let mut out = if begins > 0 { OpenOptions::new().append(true).open(&part) } else { File::create(&part) }
        .map_err(|e| DataError::io(&part, e))?;
    let mut body = answer.body_mut().as_reader();
    let (mut arrived, mut chunk) = (begins, vec![0; CHUNK]);
    loop {
        let n = match body.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(fail(format!("{e} after {arrived} bytes, which are kept: run it again to go on"))),
        };
        arrived += n as u64;
        if arrived > MOST {
            return Err(fail(format!("it goes on beyond {MOST} bytes")));
        }
        out.write_all(&chunk[..n]).map_err(|e| DataError::io(&part, e))?;
        progress(arrived, all);
    }
    if let Some(all) = all.filter(|&all| arrived < all) {
        return Err(fail(format!("it ends after {arrived} of {all} bytes, which are kept: run it again to go on")));
    }
    out.sync_all().map_err(|e| DataError::io(&part, e))?;
    fs::rename(&part, file).map_err(|e| DataError::io(file, e))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers one request per entry: header lines and body as they are; returns the `Range` headers that were sent.
    fn server(answers: Vec<(String, Vec<u8>)>) -> (String, thread::JoinHandle<Vec<Option<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/x.bin", listener.local_addr().expect("an address"));
        let handle = thread::spawn(move || {
            let mut ranges = Vec::new();
            for (head, body) in answers {
                let (mut stream, _) = listener.accept().expect("a request");
                let mut range = None;
                for line in BufReader::new(stream.try_clone().expect("a stream")).lines() {
                    let line = line.expect("text");
                    if line.is_empty() {
                        break;
                    }
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("range: ") {
                        range = Some(value.to_owned());
                    }
                }
                ranges.push(range);
                let _ = stream.write_all(format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").as_bytes());
                let _ = stream.write_all(&body);
            }
            ranges
        });
        (url, handle)
    }

    fn quiet(_: u64, _: Option<u64>) {}

    #[test]
    fn a_cut_download_goes_on_where_it_was() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("x.bin");
        let body: Vec<u8> = (0..200_000u32).map(|i| i as u8).collect();
        let (first, rest) = body.split_at(70_000);
        let (url, served) = server(vec![
            ("200 OK\r\nContent-Length: 200000".into(), first.to_vec()),
            (
                "206 Partial Content\r\nContent-Length: 130000\r\nContent-Range: bytes 70000-199999/200000".into(),
                rest.to_vec(),
            ),
        ]);
        let error = download(&url, &file, &mut quiet).expect_err("it was cut").to_string();
        assert!(error.contains(&url) && error.contains("run it again"), "{error}");
        assert!(!file.exists());
        let mut last = (0, None);
        download(&url, &file, &mut |arrived, all| last = (arrived, all)).expect("the rest");
        assert_eq!(last, (200_000, Some(200_000)));
        assert!(fs::read(&file).expect("it is whole") == body);
        assert_eq!(served.join().expect("served"), [None, Some("bytes=70000-".to_owned())]);
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1, "no part is left");
        download("http://127.0.0.1:1/x.bin", &file, &mut quiet).expect("it is there already");
    }

    #[test]
    fn a_server_that_cannot_resume_sends_it_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("x.bin");
        fs::write(dir.path().join("x.bin.part"), "old").expect("writable");
        let (url, served) = server(vec![("200 OK\r\nContent-Length: 5".into(), b"whole".to_vec())]);
        download(&url, &file, &mut quiet).expect("it is sent");
        assert_eq!((fs::read(&file).expect("whole"), served.join().expect("served").len()), (b"whole".to_vec(), 1));
    }

    #[test]
    fn wrong_answers_are_errors_and_leave_no_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("x.bin");
        let cases: [(&str, Option<&str>, &str); 4] = [
            ("404 Not Found\r\nContent-Length: 0", None, "the server answers 404"),
            ("200 OK\r\nContent-Length: 99999999999", None, "at most"),
            ("416 Range Not Satisfiable\r\nContent-Length: 0", Some("longer than it is"), "was removed"),
            ("206 Partial Content\r\nContent-Length: 1\r\nContent-Range: bytes 7-7/8", Some("abc"), "was removed"),
        ];
        for (head, kept, part) in cases {
            if let Some(kept) = kept {
                fs::write(dir.path().join("x.bin.part"), kept).expect("writable");
            }
            let (url, served) = server(vec![(head.into(), Vec::new())]);
            let error = download(&url, &file, &mut quiet).expect_err(head).to_string();
            assert!(error.contains(part) && error.contains(&url), "{head}: {error}");
            served.join().expect("served");
            assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 0, "{head}");
        }
        assert!(download("http://127.0.0.1:1/x.bin", &file, &mut quiet).is_err(), "nobody answers");
    }
}
