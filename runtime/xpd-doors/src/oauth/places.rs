//! The URLs of a listener, each under the name that the operator configured.

/// Path of the token endpoint.
pub(crate) const TOKEN: &str = "/oauth/token";
/// Path of the MCP door.
const MCP: &str = "/mcp";
/// Path of the public keys.
const JWKS: &str = "/.well-known/jwks.json";
/// Where metadata of protected resources are (RFC 9728, section 3).
pub(super) const RESOURCE: &str = "/.well-known/oauth-protected-resource";
/// Where metadata of an authorization server are (RFC 8414, section 3).
pub(super) const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";

/// The URLs of a listener.
pub(super) struct Places {
    /// Scheme, host and port.
    origin: String,
    /// The path of the base, which a proxy in front of the server may have added. Without a slash at its end.
    path: String,
}

impl Places {
    /// Those of the listener with this base.
    pub fn new(base: &str) -> Self {
        let base = base.trim_end_matches('/');
        let host = base.find("://").map_or(0, |at| at + 3);
        let end = base.get(host..).and_then(|rest| rest.find('/')).map_or(base.len(), |at| host + at);
        let (origin, path) = base.split_at_checked(end).unwrap_or((base, ""));
        Self { origin: origin.to_owned(), path: path.to_owned() }
    }

    fn at(&self, path: &str) -> String {
        let Self { origin, path: base } = self;
        format!("{origin}{base}{path}")
    }

    /// The base, which is the issuer and stands for the HTTP API.
    pub fn base(&self) -> String {
        self.at("")
    }

    /// The MCP door.
    pub fn mcp(&self) -> String {
        self.at(MCP)
    }

    /// The token endpoint.
    pub fn token(&self) -> String {
        self.at(TOKEN)
    }

    /// The public keys.
    pub fn jwks(&self) -> String {
        self.at(JWKS)
    }

    /// Where the metadata of the resource are to which a request for this path goes.
    pub fn metadata_for(&self, path: &str) -> String {
        let Self { origin, path: base } = self;
        let resource = if path == MCP { MCP } else { "" };
        format!("{origin}{RESOURCE}{base}{resource}")
    }

    /// The resource that is described at a path. The path of the base may be missing, since a proxy may have removed it.
    pub fn resource(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix(RESOURCE)?;
        let own = rest.strip_prefix(self.path.as_str()).unwrap_or(rest);
        match own {
            "" => Some(self.base()),
            MCP => Some(self.mcp()),
            _ => None,
        }
    }

    /// Whether the token endpoint is described at a path.
    pub fn is_server(&self, path: &str) -> bool {
        let rest = path.strip_prefix(AUTHORIZATION_SERVER);
        rest.is_some_and(|rest| rest.is_empty() || rest == self.path)
    }

    /// Whether a client may name this as the resource that it wants a token for (RFC 8707).
    pub fn is_resource(&self, named: &str) -> bool {
        let named = named.strip_suffix('/').unwrap_or(named);
        named == self.base() || named == self.mcp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_are_between_the_host_and_the_path() {
        let plain = Places::new("http://127.0.0.1:7411");
        assert_eq!(plain.metadata_for(MCP), format!("http://127.0.0.1:7411{RESOURCE}/mcp"));
        assert_eq!(plain.metadata_for("/v1/sessions"), format!("http://127.0.0.1:7411{RESOURCE}"));
        let behind = Places::new("https://xp.example/agents/");
        assert_eq!(behind.metadata_for(MCP), format!("https://xp.example{RESOURCE}/agents/mcp"));
        assert_eq!(behind.token(), "https://xp.example/agents/oauth/token");
        for path in ["/agents/mcp", "/mcp"] {
            let found = behind.resource(&format!("{RESOURCE}{path}"));
            assert_eq!(found.as_deref(), Some("https://xp.example/agents/mcp"), "{path}");
        }
        for path in ["", "/agents"] {
            let found = behind.resource(&format!("{RESOURCE}{path}"));
            assert_eq!(found.as_deref(), Some("https://xp.example/agents"), "{path}");
            assert!(behind.is_server(&format!("{AUTHORIZATION_SERVER}{path}")), "{path}");
        }
        for path in ["/other", "/agents/mcp/", "/mcp/agents", "/agents/v1"] {
            assert_eq!(behind.resource(&format!("{RESOURCE}{path}")), None, "{path}");
            assert!(!behind.is_server(&format!("{AUTHORIZATION_SERVER}{path}")), "{path}");
        }
    }

    #[test]
    fn tokens_are_for_this_listener_only() {
        let places = Places::new("https://xp.example");
        for own in ["https://xp.example", "https://xp.example/", "https://xp.example/mcp"] {
            assert!(places.is_resource(own), "{own}");
        }
        for other in ["https://xp.example.org", "http://xp.example", "https://xp.example/mcp2", "", "/mcp"] {
            assert!(!places.is_resource(other), "{other}");
        }
    }
}
