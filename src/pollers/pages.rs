//! Listings of services for which the SDK has no paginator: tokens are followed by hand.

/// What came so far of a listing in pages.
#[derive(Debug)]
pub struct Pages<T> {
    pub all: Vec<T>,
    /// What to ask the next page with.
    pub token: Option<String>,
}

impl<T> Pages<T> {
    pub fn new() -> Self {
        Self { all: Vec::new(), token: None }
    }

    /// Takes one page in; false when it was the last. A token that does not move is the end too.
    pub fn turn(&mut self, page: Option<Vec<T>>, next: Option<String>) -> bool {
        self.all.extend(page.unwrap_or_default());
        let more = next.as_deref().is_some_and(|token| !token.is_empty()) && next != self.token;
        self.token = next;
        more
    }
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_does_not_move_ends_the_pages() {
        let mut pages = Pages::new();
        assert!(pages.turn(Some(vec![1]), Some("a".into())));
        assert!(pages.turn(None, Some("b".into())));
        assert!(!pages.turn(Some(vec![2]), Some("b".into())));
        assert_eq!(pages.all, [1, 2]);
    }
}
