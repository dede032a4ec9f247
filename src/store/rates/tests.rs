//! Each source with the architecture in which it is the best there is.
