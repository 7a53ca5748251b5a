//! Signed notes: a text followed by signature lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::vkey::Vkey;

const MAX_BYTES: usize = 1_000_000;
const MAX_SIGNATURES: usize = 100;

/// A text with its signatures, which may include some by unknown keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// A signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// Name of the signer.
    pub name: String,
    /// Id of the key.
    pub id: [u8; 4],
    /// The signature.
    pub bytes: Vec<u8>,
}

/// Why a note is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a text, an empty line and signature lines.
    #[error("not a signed note")]
    Form,
    /// No signature by the key.
    #[error("note is not signed by the key")]
    Unsigned,
    /// A signature names the key and does not verify.
    #[error("signature of the note is wrong")]
    Signature,
}

impl NoteSignature {
    /// The signature as a line of a note.
    #[must_use]
    pub fn to_line(&self) -> String {
        let bytes: Vec<u8> = self.id.iter().chain(&self.bytes).copied().collect();
        format!("\u{2014} {} {}\n", self.name, STANDARD.encode(bytes))
    }

    /// Parses signature lines, each ended by a line feed.
    ///
    /// # Errors
    /// There is none, or a line is not a signature line.
    pub fn parse_lines(lines: &str) -> Result<Vec<Self>, NoteError> {
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Form)?;
        lines.split('\n').map(line).collect::<Option<Vec<_>>>().ok_or(NoteError::Form)
    }
}

impl Note {
    /// Signs a text, which must end with a line feed. `sign` makes the Ed25519 signature of the key.
    pub fn sign(text: &str, key: &Vkey, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Result<Self, NoteError> {
        if !is_text(text) {
            return Err(NoteError::Form);
        }
        let bytes = sign(text.as_bytes());
        if !key.verifies(text.as_bytes(), &bytes) {
            return Err(NoteError::Signature);
        }
        let signature = NoteSignature { name: key.name().to_owned(), id: key.id(), bytes: bytes.to_vec() };
        Ok(Self { text: text.to_owned(), signatures: vec![signature] })
    }

    /// Parses a note. Verifies no signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_BYTES {
            return Err(NoteError::Form);
        }
        let message = std::str::from_utf8(bytes).map_err(|_| NoteError::Form)?;
        let at = message.rfind("\n\n").ok_or(NoteError::Form)?;
        let (text, lines) = message.split_at(at + 1);
        let signatures = NoteSignature::parse_lines(lines.strip_prefix('\n').ok_or(NoteError::Form)?)?;
        if !is_text(text) || signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::Form);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The text, if a signature by the key verifies.
    pub fn verify(&self, key: &Vkey) -> Result<&str, NoteError> {
        let mut own = self.signatures_of(key.name(), key.id()).peekable();
        if own.peek().is_none() {
            return Err(NoteError::Unsigned);
        }
        let verifies = |line: &NoteSignature| {
            line.bytes.as_slice().try_into().is_ok_and(|bytes| key.verifies(self.text.as_bytes(), bytes))
        };
        if own.all(verifies) { Ok(&self.text) } else { Err(NoteError::Signature) }
    }

    /// The signature lines of a key.
    pub(super) fn signatures_of(&self, name: &str, id: [u8; 4]) -> impl Iterator<Item = &NoteSignature> {
        self.signatures.iter().filter(move |line| line.name == name && line.id == id)
    }

    /// Adds a signature line and removes earlier ones by the same key.
    pub fn add(&mut self, signature: NoteSignature) {
        self.signatures.retain(|line| (&line.name, line.id) != (&signature.name, signature.id));
        self.signatures.push(signature);
    }

    /// Removes the signatures of all other keys.
    pub fn retain(&mut self, key: &Vkey) {
        self.signatures.retain(|line| line.name == key.name() && line.id == key.id());
    }

    /// The text, without verification.
    #[must_use]
    pub fn unverified_text(&self) -> &str {
        &self.text
    }

    /// Every signature line.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The serialised note.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut message = format!("{}\n", self.text);
        for line in &self.signatures {
            message += &line.to_line();
        }
        message.into_bytes()
    }
}

fn is_text(text: &str) -> bool {
    text.ends_with('\n') && !text.chars().any(|c| c != '\n' && c < ' ')
}

fn line(line: &str) -> Option<NoteSignature> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (id, bytes) = bytes.split_first_chunk::<4>()?;
    let usable = !name.is_empty() && !name.contains('+') && !bytes.is_empty();
    usable.then(|| NoteSignature { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
}
