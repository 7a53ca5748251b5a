//! A form, read in one way only.

use std::collections::BTreeMap;

use url::form_urlencoded;

use super::failure::{Error, Failure};

/// Parameters of a form.
const MAX_PARAMETERS: usize = 32;

/// The parameters of a form that have a value (RFC 6749, section 3.2).
pub(super) struct Form(BTreeMap<String, String>);

fn wrong(why: &str) -> Failure {
    Failure::new(Error::InvalidRequest, why)
}

impl Form {
    /// Reads a form. A parameter that is named twice is an error.
    pub fn read(body: &[u8]) -> Result<Self, Failure> {
        let text = std::str::from_utf8(body).ok().filter(|text| text.bytes().all(|b| b.is_ascii_graphic()));
        let text = text.ok_or_else(|| wrong("the body is not an encoded form"))?;
        let is_escape =
            |rest: &str| rest.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        if !text.split('%').skip(1).all(is_escape) {
            return Err(wrong("a percent sign in the form begins no escape"));
        }
        let mut parameters = BTreeMap::new();
        for (at, (name, value)) in form_urlencoded::parse(text.as_bytes()).enumerate() {
            if at >= MAX_PARAMETERS {
                return Err(wrong("the form has more than 32 parameters"));
            }
            let is_plain = |text: &str| text.chars().all(|one| !one.is_control() && one != '\u{FFFD}');
            if name.is_empty() || !is_plain(&name) || !is_plain(&value) {
                return Err(wrong("a parameter has no name, or is not plain text"));
            }
            if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(wrong("a parameter is named twice"));
            }
        }
        // Those without a value count as left out.
        parameters.retain(|_, value| !value.is_empty());
        Ok(Self(parameters))
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a parameter that must be there.
    pub fn must(&self, name: &str) -> Result<&str, Failure> {
        self.get(name).ok_or_else(|| wrong(&format!("`{name}` is missing")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_one_reading() {
        let form = Form::read(b"scope=xp%3Arun%3a1&client_id=&a+b=c+d").ok().unwrap();
        assert_eq!((form.get("scope"), form.get("client_id")), (Some("xp:run:1"), None));
        assert_eq!(form.get("a b"), Some("c d"));
        assert!(Form::read(b"").is_ok_and(|form| form.must("scope").is_err()));
        let many = (0..33).map(|at| format!("p{at}=x")).collect::<Vec<_>>().join("&");
        let bad: [&[u8]; 11] = [
            b"a=1&a=1",
            b"a=1&%61=2",
            b"a=&a=1",
            b"a=%",
            b"a=%4",
            b"a=%zz",
            b"a=%ff",
            b"a=%00",
            b"=x",
            b"a=b c",
            many.as_bytes(),
        ];
        for body in bad {
            assert!(Form::read(body).is_err(), "{}", String::from_utf8_lossy(body));
        }
        assert!(Form::read("a=\u{e9}".as_bytes()).is_err());
    }
}
