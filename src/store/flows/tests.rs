//! Flows of small architectures, and of odd ones.

use super::*;
