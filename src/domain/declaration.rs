//! A link that the user declares, as it stands in the configuration file: what no API tells.

use serde::Deserialize;

use super::LinkKind;

/// One `[[link]]`. Its ends are ARNs or exact names, `queue:orders` where two things have one name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    pub from: String,
    pub to: String,
    /// Without it: what things of these kinds do with each other.
    #[serde(default)]
    pub kind: Option<LinkKind>,
    /// A few words for the edge.
    #[serde(default)]
    pub label: String,
}
