//! The protocol, by `rmcp`: negotiation, envelopes and headers of both revisions. Its reading of a message reaches neither the
//! arguments of a call nor the choice of a tool.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ErrorData, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{RoleServer, ServerHandler};
use serde_json::{Value as Json, json};
use tokio::sync::watch;
use xp_machine::Machine;
use xp_wire::RefusalCode;

use super::act::Calls;
use super::kept::Kept;
use super::refusal::{refusal, success};
use super::state::Turn;
use super::tools::{self, Entry};
use crate::api::problem::Problem;
use crate::api::{App, Limits};

/// How long a list of tools may be kept: as long as a session lasts.
const LIST_MS: u64 = 900_000;

/// Headers that reach the protocol library.
const PASSED: &[&str] = &["accept", "content-type", "mcp-protocol-version", "mcp-method", "mcp-name"];

/// The door.
pub(super) struct Door {
    service: StreamableHttpService<Handler, NeverSessionManager>,
}

impl Door {
    pub fn new(app: App, limits: Limits, stop: watch::Receiver<bool>) -> Self {
        let calls = Arc::new(Calls::new(app, stop));
        let contracts = Arc::new(Kept::default());
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_sse_keep_alive(None)
            .with_sse_retry(None)
            // Checked on every route of the listener.
            .disable_allowed_hosts()
            .with_max_request_body_bytes(limits.body_bytes);
        let make = move || Ok(Handler { calls: Arc::clone(&calls), contracts: Arc::clone(&contracts) });
        Self { service: StreamableHttpService::new(make, Arc::default(), config) }
    }

    /// Hands a message to the protocol library.
    pub async fn serve(&self, headers: &HeaderMap, body: Bytes, turn: Turn) -> Response {
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = Method::POST;
        for name in PASSED {
            for value in headers.get_all(*name) {
                request.headers_mut().append(*name, value.clone());
            }
        }
        request.headers_mut().insert(header::HOST, axum::http::HeaderValue::from_static("localhost"));
        request.extensions_mut().insert(turn);
        let mut response = self.service.handle(request).await.map(Body::new);
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"));
        if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
            return Problem::new(RefusalCode::Internal, "the server failed inside").into_response();
        }
        response
    }
}

/// Answers messages.
struct Handler {
    calls: Arc<Calls>,
    contracts: Arc<Kept<Machine, Contract>>,
}

/// The tools of a contract, or why there are none.
type Contract = Result<Vec<Entry>, String>;

fn internal(why: impl Into<Cow<'static, str>>) -> ErrorData {
    ErrorData::internal_error(why, None)
}

/// The authenticated message that a request came from.
fn turn(context: &RequestContext<RoleServer>) -> Result<Turn, ErrorData> {
    let parts = context.extensions.get::<Parts>();
    let turn = parts.and_then(|parts| parts.extensions.get::<Turn>());
    turn.cloned().ok_or_else(|| internal("a message without a caller"))
}

impl Handler {
    /// The tools of the caller's contract, of every role.
    fn tools(&self, turn: &Turn) -> Result<Arc<Contract>, ErrorData> {
        let tools = self.contracts.of(&turn.seat.machine, tools::all);
        if let Err(why) = tools.as_ref() { Err(internal(why.clone())) } else { Ok(tools) }
    }

    async fn list(&self, context: RequestContext<RoleServer>) -> Result<ListToolsResult, ErrorData> {
        let turn = turn(&context)?;
        let tools = self.tools(&turn)?;
        let own = tools.iter().flatten().filter(|tool| tool.is_of(&turn.seat.roles));
        let own = own.map(|tool| tool.listed().clone()).collect();
        Ok(ListToolsResult::with_all_items(own).with_ttl_ms(LIST_MS).with_cache_scope(CacheScope::Private))
    }

    async fn call(&self, context: RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
        let turn = turn(&context)?;
        let call = turn.call.clone().ok_or_else(|| internal("a call that was not read"))?;
        let tools = self.tools(&turn)?;
        let done = match tools.iter().flatten().find(|tool| tool.name == call.name) {
            // A tool of another role is refused by the decision, which is recorded.
            Some(tool) => {
                let mut connection = turn.connection.clone();
                tokio::select! {
                    done = self.calls.call(&turn, &tool.does, &call.arguments) => done,
                    _ = connection.changed() => return Err(internal("the connection was closed")),
                }
            }
            None => Err(Problem::new(RefusalCode::Unknown, "there is no such tool")),
        };
        let answer: Json = match done {
            Ok(content) => success(&content),
            Err(problem) => {
                let own = tools.iter().flatten().filter(|tool| tool.is_of(&turn.seat.roles));
                refusal(&problem, &self.calls.open_tools(&turn, own).await)
            }
        };
        let result: CallToolResult =
            serde_json::from_value(answer).map_err(|error| internal(error.to_string()))?;
        Ok(CallToolResponse::Complete(result))
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let info = json!({
            "protocolVersion": ProtocolVersion::V_2025_11_25.as_str(),
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "xpd", "version": env!("CARGO_PKG_VERSION") },
            "instructions": "Tools are what the contract of your run grants to your role; the list does not change. \
                `offers` says what is open now, `await` waits for a change. A refusal says why; do not work around it.",
        });
        serde_json::from_value(info).unwrap_or_default()
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(&[
            ProtocolVersion::V_2025_06_18,
            ProtocolVersion::V_2025_11_25,
            ProtocolVersion::V_2026_07_28,
        ])
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        self.list(context).await
    }

    // There are no prompts and no resources. Clients that ask all the same get an empty list that they may keep.
    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let none = ListPromptsResult::with_all_items(Vec::new());
        Ok(none.with_ttl_ms(LIST_MS).with_cache_scope(CacheScope::Private))
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let none = ListResourcesResult::with_all_items(Vec::new());
        Ok(none.with_ttl_ms(LIST_MS).with_cache_scope(CacheScope::Private))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let none = ListResourceTemplatesResult::with_all_items(Vec::new());
        Ok(none.with_ttl_ms(LIST_MS).with_cache_scope(CacheScope::Private))
    }

    async fn read_resource(
        &self,
        asked: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let about = json!({ "uri": asked.uri });
        Err(ErrorData::invalid_params(
            "there are no resources; the tool `view` shows data of the run",
            Some(about),
        ))
    }

    async fn call_tool(
        &self,
        _: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.call(context).await
    }
}
