//! JSON as CBOR, as far as CloudWatch's answers need it: RFC 8949, definite lengths, doubles for all numbers.

use serde_json::Value;

const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
/// An instant in seconds since 1970 follows.
const TIME: u8 = 0xc1;
const NULL: u8 = 0xf6;
const DOUBLE: u8 = 0xfb;

/// `{"@time": 1}` becomes an instant; what is null is left out of a map, as the services do.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(true) => out.push(0xf5),
        Value::Bool(false) => out.push(0xf4),
        Value::Number(number) => {
            out.push(DOUBLE);
            out.extend(number.as_f64().unwrap().to_be_bytes());
        }
        Value::String(text) => {
            head(TEXT, text.len(), out);
            out.extend(text.as_bytes());
        }
        Value::Array(items) => {
            head(ARRAY, items.len(), out);
            items.iter().for_each(|item| write(item, out));
        }
        Value::Object(fields) if fields.contains_key("@time") => {
            out.push(TIME);
            write(&fields["@time"], out);
        }
        Value::Object(fields) => {
            let fields: Vec<_> = fields.iter().filter(|(_, value)| !value.is_null()).collect();
            head(MAP, fields.len(), out);
            for (name, value) in fields {
                write(&Value::String(name.clone()), out);
                write(value, out);
            }
        }
    }
}

fn head(kind: u8, length: usize, out: &mut Vec<u8>) {
    // The longest of the forms does for every length.
    out.push(kind << 5 | 27);
    out.extend((length as u64).to_be_bytes());
}
