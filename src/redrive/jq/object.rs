//! A message as a program sees it, and what it yields, as text that may leave the program's thread.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use jaq_json::{Map, Val, read};

use super::json;
use crate::{
    domain::ResourceId,
    redrive::message::{AttributeValue, Message, Payload, system},
};

/// SQS's attributes that are numbers. A sequence number has too many digits to be counted with.
const NUMBERS: [&str; 3] = [system::SENT, system::FIRST_RECEIVED, system::RECEIVE_COUNT];

/// A value that a program yielded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// As JSON without white space. Not JSON if the program built what JSON has no words for.
    pub json: String,
    /// The text, if it is one.
    pub text: Option<String>,
    pub is_number: bool,
    /// Its fields, if it is an object.
    pub fields: Option<Vec<(String, Value)>>,
}

/// What a program yielded that should be a message's new object: its fields.
pub type Yielded = Result<Vec<(String, Value)>, String>;

/// The object that programs get.
pub fn object(message: &Message) -> Val {
    let attributes = message.attributes.iter().map(|(name, value)| (text(name), attribute(value)));
    object_of([
        (text("body"), of_text(&message.body)),
        (text("attributes"), object_of(attributes)),
        (text("system"), system_of(message)),
    ])
}

/// What a JSON text says, or the text itself if it is none.
pub fn of_text(said: &str) -> Val {
    let value = json::is_json(said).then(|| read::parse_single(said.as_bytes()).ok()).flatten();
    value.unwrap_or_else(|| text(said))
}

fn attribute(value: &AttributeValue) -> Val {
    match &value.payload {
        Payload::Binary(bytes) => text(&STANDARD.encode(bytes)),
        Payload::Text(digits) if is_number(&value.data_type) => number(digits),
        Payload::Text(value) => text(value),
    }
}

fn system_of(message: &Message) -> Val {
    let of = |(name, value): (&String, &String)| {
        let value = if NUMBERS.contains(&name.as_str()) { number(value) } else { text(value) };
        (text(name), value)
    };
    let own = message.system.iter().map(of);
    let source = message.source().map(|arn| (text("SourceQueue"), text(ResourceId::from(arn).short_name())));
    let id = [(text("MessageId"), text(&message.id)), (text("Bytes"), Val::from(message.bytes()))];
    object_of(own.chain(source).chain(id))
}

/// Whether a data type, which may have a label, is that of numbers.
pub fn is_number(data_type: &str) -> bool {
    data_type.split('.').next() == Some("Number")
}

fn text(text: &str) -> Val {
    Val::utf8_str(text.to_owned().into_bytes())
}

/// A number, or the text as it is if it is none. SQS takes a plus sign and leading zeros, which JSON does not.
fn number(digits: &str) -> Val {
    let unsigned = digits.trim_start_matches(['+', '-']);
    let zeros = unsigned.bytes().zip(unsigned.bytes().skip(1)).take_while(|(a, b)| *a == b'0' && b.is_ascii_digit());
    let sign = if digits.starts_with('-') { "-" } else { "" };
    let digits_of_json = [sign, &unsigned[zeros.count()..]].concat();
    let has_one_sign = digits.len() - unsigned.len() <= 1;
    let is_number = has_one_sign && json::is_json(&digits_of_json);
    let number = is_number.then(|| read::parse_single_num(digits_of_json.as_bytes())).flatten();
    number.map_or_else(|| text(digits), Val::Num)
}

fn object_of(fields: impl IntoIterator<Item = (Val, Val)>) -> Val {
    Val::obj(fields.into_iter().collect::<Map>())
}

/// A value for outside, three levels of fields deep, down to those of an attribute: more is not asked for.
pub fn value(value: &Val) -> Value {
    value_to(value, 3)
}

fn value_to(value: &Val, levels: usize) -> Value {
    let fields = match value {
        Val::Obj(fields) if levels > 0 => {
            let fields = fields.iter().map(|(name, value)| (name_of(name), value_to(value, levels - 1)));
            Some(fields.collect())
        }
        _ => None,
    };
    let text = match value {
        Val::TStr(text) => String::from_utf8(text.to_vec()).ok(),
        _ => None,
    };
    Value { json: value.to_string(), text, is_number: matches!(value, Val::Num(_)), fields }
}

fn name_of(name: &Val) -> String {
    match name {
        Val::TStr(text) => String::from_utf8_lossy(text).into_owned(),
        name => name.to_string(),
    }
}

/// The parts of a message's own object, to see what a program changed.
pub fn parts(message: &Message) -> BTreeMap<String, Value> {
    value(&object(message)).fields.unwrap_or_default().into_iter().collect()
}
