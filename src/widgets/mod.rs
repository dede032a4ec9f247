//! (widgets)
