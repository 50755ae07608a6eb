//! What a flow record means, worked out from in-memory tables: scopes, names, direction, Community ID.
