//! The message under the cursor, read from the hold and unwrapped.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::SignedDuration;

use super::{
    bench::{Bench, Note},
    editing::Change,
};
use crate::{
    domain::ResourceId,
    overlays::desk::model::{Body, Opened},
    redrive::{
        message::{AttributeValue, Message, Payload},
        why::{Content, binary, decode},
    },
};

/// Bytes of a binary attribute that are shown.
const MOST_BINARY: usize = 48;
/// The sender's and SQS's attributes that are shown.
const MOST_ATTRIBUTES: usize = 40;

impl Bench {
    /// Reads the message under the cursor, unless that is done or being done.
    pub(super) fn read_chosen(&mut self) {
        let Some(row) = self.sheet.row() else { return };
        let is_read = self.opened.as_ref().is_some_and(|(read, _)| *read == row);
        if is_read || self.reading.is_some() {
            return;
        }
        let (Some(laid), Some(known)) = (self.laid.clone(), self.rows.get(row as usize)) else { return };
        let (id, retention) = (Arc::clone(&known.id), laid.queue().retention);
        let (why, change) = (self.causes.get(&row).cloned(), self.edits.get(&row).cloned());
        self.reading = Some(row);
        self.start_blocking(move || match laid.hold.message(&id) {
            Ok(message) => Note::Read(row, Arc::new(open(&message, change.as_ref(), why.as_deref(), retention))),
            Err(refusal) => {
                let body = Body::Lines(vec![refusal.text]);
                Note::Read(row, Arc::new(Opened { id: id.to_string(), body, ..Opened::default() }))
            }
        });
    }

    pub(super) fn read(&mut self, row: u32, opened: Arc<Opened>) {
        self.reading = None;
        self.opened = Some((row, opened));
    }

    /// Something about a message changed: it is read again.
    pub(super) fn forget_opened(&mut self) {
        self.opened = None;
    }
}

fn open(message: &Message, change: Option<&Change>, why: Option<&[String]>, retention: Duration) -> Opened {
    let outgoing = change.and_then(|change| change.apply(message).ok());
    let edited = outgoing.is_some();
    let shown = match outgoing {
        Some(outgoing) => Message { body: outgoing.body, attributes: outgoing.attributes, ..message.clone() },
        None => message.clone(),
    };
    let decoded = decode(&shown);
    let kept = SignedDuration::try_from(retention).unwrap_or_default();
    let of_sender = shown.attributes.iter().map(|(name, value)| (name.clone(), written(value)));
    let of_sqs = shown.system.iter().map(|(name, value)| (name.clone(), value.clone()));
    Opened {
        id: message.id.clone(),
        sent_at: message.sent_at(),
        expires_at: message.sent_at().and_then(|at| at.checked_add(kept).ok()),
        receives: message.receive_count(),
        bytes: shown.bytes(),
        group: message.group().map(ToOwned::to_owned),
        source: message.source().map(|arn| ResourceId::from(arn).short_name().to_owned()),
        why: why.map(<[String]>::to_vec).unwrap_or_default(),
        inside: decoded.inside(),
        layers: decoded.layers.iter().map(ToString::to_string).chain(decoded.notes.iter().cloned()).collect(),
        body: match decoded.content {
            Content::Json(value) => Body::Json(value),
            Content::Text(text) => Body::Lines(text.lines().map(ToOwned::to_owned).collect()),
            Content::Bytes(bytes) => Body::Lines(binary::hex(&bytes)),
        },
        attributes: of_sender.chain(of_sqs).take(MOST_ATTRIBUTES).collect(),
        edited,
    }
}

/// A value, with its type where that is not plain text.
fn written(value: &AttributeValue) -> String {
    let text = match &value.payload {
        Payload::Text(text) => text.clone(),
        Payload::Binary(bytes) if bytes.len() > MOST_BINARY => {
            let beginning = STANDARD.encode(bytes.get(..MOST_BINARY).unwrap_or_default());
            format!("{beginning}… {} bytes", bytes.len())
        }
        Payload::Binary(bytes) => STANDARD.encode(bytes),
    };
    if value.data_type == "String" { text } else { format!("{text}  {}", value.data_type) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redrive::message::{Outgoing, system};

    #[test]
    fn a_message_is_opened_as_it_would_be_sent() {
        let system = [(system::SENT, "1000"), (system::RECEIVE_COUNT, "3"), (system::SOURCE, "arn:aws:sqs:r:1:stats")];
        let message = Message {
            id: "1".into(),
            body: r#"{"a":1}"#.into(),
            system: system.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            ..Message::default()
        };
        let plain = open(&message, None, None, Duration::from_secs(60));
        assert_eq!(plain.body, Body::Json(serde_json::json!({"a": 1})));
        assert_eq!((plain.receives, plain.source.as_deref(), plain.edited), (Some(3), Some("stats"), false));
        assert_eq!(plain.expires_at.map(|at| at.as_second()), Some(61));
        let change = Change::ByHand(Arc::new(Outgoing { body: "b".into(), ..Outgoing::default() }));
        let edited = open(&message, Some(&change), None, Duration::from_secs(60));
        assert_eq!((edited.body, edited.edited), (Body::Lines(vec!["b".into()]), true));
    }
}
