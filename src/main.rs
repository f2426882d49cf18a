//! The `prmdesk` binary: parse, dispatch, exit code.

fn main() {}
