//! A stream of server-sent events (HTML Living Standard, section 9.2), as far as messages are sent in it.

/// Reads events from pieces of a stream.
#[derive(Debug, Default)]
pub(super) struct Events {
    rest: Vec<u8>,
    data: Option<Vec<u8>>,
    skip_feed: bool,
}

impl Events {
    /// The data of the events that this piece completes.
    pub fn read(&mut self, piece: &[u8]) -> Vec<Vec<u8>> {
        let mut complete = Vec::new();
        for &byte in piece {
            // A line ends with CR, LF, or both.
            if std::mem::take(&mut self.skip_feed) && byte == b'\n' {
                continue;
            }
            match byte {
                b'\r' | b'\n' => {
                    self.skip_feed = byte == b'\r';
                    let line = std::mem::take(&mut self.rest);
                    complete.extend(self.line(&line));
                }
                byte => self.rest.push(byte),
            }
        }
        complete
    }

    fn line(&mut self, line: &[u8]) -> Option<Vec<u8>> {
        if line.is_empty() {
            return self.data.take().filter(|data| !data.is_empty());
        }
        let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        let value = line.strip_prefix(b"data")?;
        let value = match value.split_first() {
            None => value,
            Some((b':', value)) => value.strip_prefix(b" ").unwrap_or(value),
            // Another field that begins so.
            Some(_) => return None,
        };
        match &mut self.data {
            Some(data) => {
                data.push(b'\n');
                data.extend_from_slice(value);
            }
            None => self.data = Some(value.to_vec()),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_and_line_ends_make_no_difference() {
        let stream = ": hello\r\nevent: message\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\nid: 7\ndata\n\ndatax: no\ndata:two\n\n: \r\rdata: cut";
        let whole = Events::default().read(stream.as_bytes());
        assert_eq!(whole, [b"{\"a\":\n1}".to_vec(), b"two".to_vec()]);
        for size in 1..7 {
            let mut events = Events::default();
            let pieces = stream.as_bytes().chunks(size).flat_map(|piece| events.read(piece));
            assert_eq!(pieces.collect::<Vec<_>>(), whole, "{size}");
        }
    }
}
