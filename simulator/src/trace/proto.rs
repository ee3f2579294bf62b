//! Writing of Protocol Buffers messages (wire format of the Protocol Buffers encoding specification): fields of wire types 0
//! (varint) and 2 (length-delimited) only.

/// A message under construction.
#[derive(Clone, Debug, Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// Its encoding.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Adds an unsigned field.
    pub(super) fn uint(mut self, field: u32, value: u64) -> Self {
        varint(&mut self.0, u64::from(field) << 3);
        varint(&mut self.0, value);
        self
    }

    /// Adds a text.
    pub(super) fn text(self, field: u32, text: &str) -> Self {
        self.delimited(field, text.as_bytes())
    }

    /// Adds a message.
    pub(super) fn message(self, field: u32, message: &Message) -> Self {
        self.delimited(field, &message.0)
    }

    fn delimited(mut self, field: u32, bytes: &[u8]) -> Self {
        varint(&mut self.0, u64::from(field) << 3 | 2);
        varint(&mut self.0, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }
}

/// Base 128, lowest group first; bit 7 says that more follow.
fn varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::Message;

    #[test]
    fn equals_the_examples_of_the_encoding_specification() {
        // "Protocol Buffers: Encoding": a = 150 in field 1; "testing" in field 2; the first one as a message in field 3.
        let a = Message::default().uint(1, 150);
        assert_eq!(a.bytes(), [0x08, 0x96, 0x01]);
        assert_eq!(Message::default().text(2, "testing").bytes(), b"\x12\x07testing");
        assert_eq!(Message::default().message(3, &a).bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        assert_eq!(Message::default().uint(1, u64::MAX).bytes(), [&[8][..], &[0xff; 9], &[1]].concat());
    }
}
