//! The style sheet, the script and the icon, which are part of the binary.

use axum::http::header;
use axum::response::{IntoResponse as _, Response};

pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../assets/console.css"))
        .into_response()
}

pub(super) async fn script() -> Response {
    let kind = "text/javascript; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], include_str!("../../assets/console.js")).into_response()
}

pub(super) async fn icon() -> Response {
    let icon = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><rect x=\"2.5\" y=\"2.5\" width=\"11\" height=\"11\" \
                rx=\"3\" fill=\"none\" stroke=\"#5b83f0\" stroke-width=\"4\"/></svg>";
    ([(header::CONTENT_TYPE, "image/svg+xml")], icon).into_response()
}
