//! The roles: everything a piece of screen can mean.
//!
//! One table makes the enum, the keys a theme file may use and the documentation, so they cannot drift apart.
//!
//! Must not: hold a colour. To add a role: one row here, and its line in `themes/dark.toml` and `themes/light.toml`.

/// One role as the table knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleRow {
    /// The role.
    pub role: Role,
    /// Its key under `[roles]` in a theme file.
    pub key: &'static str,
    /// Where it is seen, in a sentence for the documentation.
    pub seen: &'static str,
}

macro_rules! roles {
    ($($variant:ident $key:literal $seen:literal),+ $(,)?) => {
        /// What a piece of screen means. The theme decides how that looks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Role { $(#[doc = $seen] $variant,)+ }

        /// Every role, in the order of the enum: the parser, the warnings and the documentation read this.
        pub const ROLES: &[RoleRow] = &[$(RoleRow { role: Role::$variant, key: $key, seen: $seen },)+];

        impl Role {
            /// How many roles there are.
            pub const COUNT: usize = [$($key),+].len();
        }
    };
}

roles! {
    Text "text" "Ordinary text; its bg, if the theme sets one, is painted behind the whole screen.",
    Dim "dim" "What is quiet: healthy rows, punctuation, explanations, an idle value.",
    Title "title" "Names of sections and overlays, and the name of the selected thing.",
    Accent "accent" "Focus and nothing else: the active pane's title, the cursor of an input, a thumb being dragged.",
    Ok "ok" "Health: fine. Seen on the mark, rarely on words.",
    Warn "warn" "Health: going wrong, nothing lost yet.",
    Crit "crit" "Health: something is lost or stuck now.",
    Unknown "unknown" "Health: cannot be known (no permission, no answer, not supported here).",
    Selection "selection" "The chosen row, over its whole width. Usually only a bg, so that health stays readable in it.",
    Header "header" "Titles of table columns.",
    Footer "footer" "The lines at the top and bottom of the screen.",
    Key "key" "A key to press, in the footer, in help and in the palette.",
    Border "border" "Separators, rounded boxes, the track of a scrollbar.",
    Spark "spark" "Sparklines and gauges whose height is the message, not their colour.",
    Estimate "estimate" "A number that is approximate or derived: depths, drain times, costs.",
    Stale "stale" "A reading kept from before its poller failed.",
    Match "match" "The letters that matched a filter or a search.",
    Link "link" "Edges of the map and arrows in a flow.",
    Voice1 "voice1" "Who said a line, where several do: the first of five colours that tell log groups apart.",
    Voice2 "voice2" "The second.",
    Voice3 "voice3" "The third.",
    Voice4 "voice4" "The fourth.",
    Voice5 "voice5" "The fifth.",
    Overlay "overlay" "Behind an overlay: help, palette, confirmation.",
}

impl Role {
    /// The role a theme file means by `key`.
    pub fn from_key(key: &str) -> Option<Self> {
        ROLES.iter().find(|row| row.key == key).map(|row| row.role)
    }

    /// Its key in a theme file.
    pub fn key(self) -> &'static str {
        ROLES.get(self as usize).map_or("", |row| row.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_sits_at_its_own_index_under_its_own_key() {
        assert_eq!(ROLES.len(), Role::COUNT);
        for (index, row) in ROLES.iter().enumerate() {
            assert_eq!(row.role as usize, index);
            assert_eq!(Role::from_key(row.key), Some(row.role));
            assert_eq!(row.role.key(), row.key);
            assert!(row.seen.ends_with('.'), "{} is not documented by a sentence", row.key);
        }
        assert_eq!(Role::from_key("Crit"), None);
    }
}
