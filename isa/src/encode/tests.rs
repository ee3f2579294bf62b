//! Round trips, and refusal of everything else.

use super::*;
use crate::op::Instruction;
use crate::testing::{any_program, tiny};
use proptest::prelude::*;

fn error(bytes: &[u8]) -> String {
    decode(bytes).expect_err("the bytes are damaged").to_string()
}

/// Recomputes all checksums, so that damage reaches the inner decoders.
fn resign(bytes: &mut [u8]) {
    let word = |b: &[u8], at: usize| u64::from_le_bytes(b[at..at + 8].try_into().expect("8 bytes")) as usize;
    let n = u32::from_le_bytes(bytes[8..12].try_into().expect("4 bytes")) as usize;
    for i in 0..n {
        let entry = HEADER + i * ENTRY;
        let (Some(_), true) = (bytes.get(entry..entry + ENTRY), n < 1 << 16) else { return };
        let (offset, length) = (word(bytes, entry + 8), word(bytes, entry + 16));
        let Some(body) = offset.checked_add(length).and_then(|end| bytes.get(offset..end)) else { return };
        let crc = crc32fast::hash(body);
        bytes[entry + 24..entry + 28].copy_from_slice(&crc.to_le_bytes());
    }
    let crc = crc32fast::hash(&bytes[HEADER..HEADER + n * ENTRY]);
    bytes[12..16].copy_from_slice(&crc.to_le_bytes());
}

#[test]
fn wrong_magic_version_and_length_are_named() {
    let good = encode(&tiny());
    assert_eq!(
        error(b"PK\x03\x04...."),
        "file header at byte 0: the file begins with [50, 4b, 03, 04], not with `SNB1`: it is not a compiled program"
    );
    let mut newer = good.clone();
    newer[4] = 3;
    assert_eq!(
        error(&newer),
        "file header at byte 4: container version 3, but this build reads version 2: compile the network again"
    );
    assert!(error(&good[..good.len() - 3]).contains("the file is truncated"));
    assert!(error(&[]).starts_with("file header at byte 0"));
    let mut long = good;
    long.push(0);
    assert!(error(&long).contains("1 bytes after the last value"));
}

#[test]
fn damage_is_located() {
    let mut bytes = encode(&tiny());
    let last = bytes.len() - 12;
    bytes[last] ^= 1;
    assert!(error(&bytes).starts_with("section CORE[1] at byte "), "{}", error(&bytes));
    assert!(error(&bytes).contains("checksum"));
}

#[test]
fn instruction_words_refuse_what_they_do_not_know() {
    for word in [Instruction::NeuronUpdate(crate::DescriptorId(9)), Instruction::End].map(Instruction::word) {
        assert_eq!(Instruction::from_word(word).map(Instruction::word), Ok(word));
    }
    assert_eq!(Instruction::from_word(0), Err(WordError::Opcode(0)));
    assert_eq!(Instruction::from_word(63 << 26), Err(WordError::Opcode(63)));
    assert_eq!(Instruction::from_word(7 << 26 | 1), Err(WordError::Reserved(1)));
    assert_eq!(Instruction::from_word(4 << 26 | 1 << 16), Err(WordError::Reserved(1 << 16)));
}

#[test]
fn weights_take_one_byte_up_to_eight_bits() {
    let size = |bits, value| {
        let mut program = tiny();
        program.weights = vec![crate::WeightBlock { bits, data: vec![value; 1000] }];
        encode(&program).len()
    };
    assert_eq!(size(9, 1) - size(8, 1), 1000);
}

proptest! {
    #[test]
    fn decoding_inverts_encoding(program in any_program()) {
        let bytes = encode(&program);
        prop_assert_eq!(decode(&bytes).expect("encoded by us"), program.clone());
        prop_assert_eq!(encode(&program), bytes);
    }

    #[test]
    fn every_truncation_is_refused(program in any_program(), cut in any::<prop::sample::Index>()) {
        let bytes = encode(&program);
        prop_assert!(decode(&bytes[..cut.index(bytes.len())]).is_err());
    }

    #[test]
    fn every_flipped_bit_is_refused(program in any_program(), at in any::<prop::sample::Index>(), bit in 0..8u32) {
        let mut bytes = encode(&program);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(decode(&bytes).is_err());
    }

    #[test]
    fn damage_behind_valid_checksums_never_panics_and_has_one_meaning(
        program in any_program(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = encode(&program);
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        resign(&mut bytes);
        if let Ok(decoded) = decode(&bytes) {
            prop_assert_eq!(encode(&decoded), bytes);
        }
    }

    #[test]
    fn noise_never_panics(mut bytes in prop::collection::vec(any::<u8>(), 0..300), valid_start in any::<bool>()) {
        if valid_start {
            bytes.iter_mut().zip(*b"SNB1\x01\0\0\0").for_each(|(b, v)| *b = v);
        }
        prop_assert!(decode(&bytes).is_err());
    }
}
