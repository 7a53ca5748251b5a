//! Declared requests with the actions that they belong to: as they are declared, and whether one is such as the compiler makes.

use crate::http::rules::{
    KEPT, SUCCESS, is_pair, is_pointer, is_readable_header, is_reserved_header, is_segment, is_token,
};
use crate::http::{Answered, Argument, BodyFormat, Filler, Http, Method, Part, Place, Segment};
use crate::mcp::{Mcp, Told, is_tool};
use crate::workflow::{Action, Repeat};

/// A path as it is declared, with the names of arguments between braces.
#[must_use]
pub fn template(path: &[Segment], action: &Action) -> String {
    if path.is_empty() {
        return "/".to_owned();
    }
    let segments = path.iter().map(|segment| match segment {
        Segment::Literal(literal) => format!("/{literal}"),
        Segment::Argument(argument) => format!("/{{{}}}", named(argument, action)),
    });
    segments.collect()
}

/// An argument as it is declared.
#[must_use]
pub fn named(argument: &Argument, action: &Action) -> String {
    let param = usize::try_from(argument.index).ok().and_then(|index| action.params.get(index));
    let fields: String = argument.fields.iter().map(|field| format!(".{field}")).collect();
    format!("{}{fields}", param.map_or("", |param| param.name.as_str()))
}

/// A repetition of the request is known to the upstream by a key only.
#[must_use]
pub fn needs_key(method: Method, repeat: Repeat, harmless: bool) -> bool {
    repeat == Repeat::Idempotent && !harmless && !method.is_idempotent()
}

/// A repetition of the call is known to the server by a key only.
#[must_use]
pub fn call_needs_key(repeat: Repeat, harmless: bool) -> bool {
    repeat == Repeat::Idempotent && !harmless
}

/// Why a request is not one that the compiler makes, where it is not. A server that reads a declaration does not rely on its author
/// having compiled it.
pub(crate) fn fault(action: &Action, http: &Http) -> Option<&'static str> {
    let places = http.query.iter().map(|part| (Place::Query, part));
    let places = places.chain(http.headers.iter().map(|part| (Place::Header, part)));
    let body = http.body.iter().flat_map(|body| {
        let place = if body.format == BodyFormat::Json { Place::Json } else { Place::Form };
        body.parts.iter().map(move |part| (place, part))
    });
    let probe = http.probe.iter().flat_map(|probe| probe.query.iter().map(|part| (Place::Query, part)));
    let marker = http.marker.iter().map(|marker| (marker.place, marker.at.as_str()));
    let named = places.chain(body).chain(probe);
    let names = named.clone().map(|(place, part)| (place, part.name.as_str())).chain(marker);
    let segments = http.path.iter().chain(http.probe.iter().flat_map(|probe| &probe.path));
    let arguments = segments.clone().filter_map(|segment| match segment {
        Segment::Argument(argument) => Some(argument),
        Segment::Literal(_) => None,
    });
    let fillers = named.filter_map(|(_, Part { value, .. })| match value {
        Filler::Argument(argument) => Some(argument),
        Filler::Literal(_) => None,
    });
    let exists =
        |argument: &Argument| usize::try_from(argument.index).is_ok_and(|index| index < action.params.len());
    let is_name = |(place, name): (Place, &str)| match place {
        Place::Query | Place::Form => is_pair(name),
        Place::Header => is_token(name) && !is_reserved_header(name),
        Place::Json => is_pointer(name),
    };
    let literal = |segment: &Segment| match segment {
        Segment::Literal(text) => is_segment(text),
        Segment::Argument(_) => true,
    };
    let answered = |from: &Answered| match from {
        Answered::Body(at) => is_pointer(at),
        Answered::Header(name) => is_readable_header(name),
    };
    let statuses = &http.success.statuses;
    let checks = [
        (names.clone().all(is_name), "a name in the request cannot be one, or is the server's"),
        (segments.clone().all(literal), "a segment of the path cannot be one"),
        (arguments.chain(fillers).all(exists), "an argument that the request names does not exist"),
        (
            !statuses.is_empty() && statuses.iter().all(|status| SUCCESS.contains(status)),
            "a success has another status",
        ),
        (
            http.results.iter().all(|reading| answered(&reading.from)),
            "a field of the result is read from where nothing is",
        ),
        (http.body.is_none() || http.method.has_body(), "a request with this method has no body"),
        (
            http.key.iter().all(|key| is_name((Place::Header, &key.header))),
            "the header of keys is the server's",
        ),
        (http.key.iter().all(|key| KEPT.contains(&key.seconds)), "keys are kept for another time"),
        (
            http.key.is_some() || !needs_key(http.method, action.repeat, action.is_harmless()),
            "the action is said to be idempotent and has no key",
        ),
        (
            action.repeat != Repeat::Probe || (http.probe.is_some() && http.marker.is_some()),
            "the action is said to be probed and does not say how",
        ),
    ];
    checks.into_iter().find(|(holds, _)| !holds).map(|(_, why)| why)
}

/// Why a call is not one that the compiler makes, where it is not.
pub(crate) fn fault_of_call(action: &Action, mcp: &Mcp) -> Option<&'static str> {
    let exists = |part: &Part| match &part.value {
        Filler::Argument(argument) => {
            usize::try_from(argument.index).is_ok_and(|index| index < action.params.len())
        }
        Filler::Literal(_) => true,
    };
    let told = |from: &Told| match from {
        Told::Structured(at) | Told::TextJson(at) => is_pointer(at),
        Told::Text => true,
    };
    let checks = [
        (is_tool(&mcp.tool), "no tool has such a name"),
        (mcp.arguments.iter().all(|part| is_pointer(&part.name)), "a name in the call cannot be one"),
        (mcp.arguments.iter().all(exists), "an argument that the call names does not exist"),
        (
            mcp.results.iter().all(|reading| told(&reading.from)),
            "a field of the result is read from where nothing is",
        ),
        (mcp.key.iter().all(|key| is_pointer(&key.at)), "the argument of keys cannot be one"),
        (mcp.key.iter().all(|key| KEPT.contains(&key.seconds)), "keys are kept for another time"),
        (
            mcp.key.is_some() || !call_needs_key(action.repeat, action.is_harmless()),
            "the action is said to be idempotent and has no key",
        ),
        (action.repeat != Repeat::Probe, "a call of a tool is not probed"),
    ];
    checks.into_iter().find(|(holds, _)| !holds).map(|(_, why)| why)
}
